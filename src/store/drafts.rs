//! Unfinished letters, the files put beside them, and private notes. All are encrypted to their author.

use super::{Conn, StoreError, Tx, id, on, one, statements};
use crate::clock::Moment;
use crate::ids::{AttachmentId, NoteId, PersonId, ThreadId};

statements! {
    UPSERT = "INSERT INTO draft (thread_id, author_id, body, updated_us) VALUES ($1, $2, $3, $4) \
              ON CONFLICT (thread_id, author_id) DO UPDATE SET body = excluded.body, updated_us = excluded.updated_us";
    FIND = "SELECT body, updated_us FROM draft WHERE thread_id = $1 AND author_id = $2";
    DELETE = "DELETE FROM draft WHERE thread_id = $1 AND author_id = $2";
    INSERT_FILE = "INSERT INTO draft_file (id, thread_id, author_id, body, created_us) VALUES ($1, $2, $3, $4, $5)";
    LIST_FILES = "SELECT id, body FROM draft_file WHERE thread_id = $1 AND author_id = $2 ORDER BY created_us, id";
    COUNT_FILES = "SELECT COUNT(*) FROM draft_file WHERE thread_id = $1 AND author_id = $2";
    DELETE_FILE = "DELETE FROM draft_file WHERE id = $1 AND author_id = $2";
    DELETE_FILES = "DELETE FROM draft_file WHERE thread_id = $1 AND author_id = $2";
    DELETE_OLD = "DELETE FROM draft WHERE updated_us < $1";
    DELETE_OLD_FILES = "DELETE FROM draft_file WHERE created_us < $1";
    INSERT_NOTE = "INSERT INTO note (id, thread_id, author_id, body, created_us) VALUES ($1, $2, $3, $4, $5)";
    LIST_NOTES = "SELECT id, body, created_us FROM note WHERE thread_id = $1 AND author_id = $2 ORDER BY created_us, id";
    DELETE_NOTE = "DELETE FROM note WHERE id = $1 AND author_id = $2";
}

/// Saves a draft over the last one.
pub async fn upsert(
    tx: &mut Tx,
    thread: ThreadId,
    author: PersonId,
    body: &[u8],
    now: Moment,
) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPSERT)
        .bind(thread.bytes())
        .bind(author.bytes())
        .bind(body)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "draft")
}

/// An author's draft in a thread, and when it was saved.
pub async fn find(
    conn: &mut Conn,
    thread: ThreadId,
    author: PersonId,
) -> Result<Option<(Vec<u8>, Moment)>, StoreError> {
    let row: Option<(Vec<u8>, i64)> =
        on!(conn, |c| sqlx::query_as(FIND).bind(thread.bytes()).bind(author.bytes()).fetch_optional(c).await)?;
    Ok(row.map(|r| (r.0, Moment::from_micros(r.1))))
}

/// Forgets a draft and its files.
pub async fn delete(tx: &mut Tx, thread: ThreadId, author: PersonId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE).bind(thread.bytes()).bind(author.bytes()).execute(c).await.map(|_| ()))?;
    on!(tx, |c| sqlx::query(DELETE_FILES).bind(thread.bytes()).bind(author.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Puts a file beside a draft.
pub async fn insert_file(
    tx: &mut Tx,
    file: AttachmentId,
    thread: ThreadId,
    author: PersonId,
    body: &[u8],
    now: Moment,
) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT_FILE)
        .bind(file.bytes())
        .bind(thread.bytes())
        .bind(author.bytes())
        .bind(body)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "draft file")
}

/// The files beside a draft, encrypted, oldest first.
pub async fn list_files(
    conn: &mut Conn,
    thread: ThreadId,
    author: PersonId,
) -> Result<Vec<(AttachmentId, Vec<u8>)>, StoreError> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        on!(conn, |c| sqlx::query_as(LIST_FILES).bind(thread.bytes()).bind(author.bytes()).fetch_all(c).await)?;
    rows.into_iter().map(|r| Ok((id(&r.0, "draft_file.id")?, r.1))).collect()
}

/// How many files lie beside a draft.
pub async fn count_files(conn: &mut Conn, thread: ThreadId, author: PersonId) -> Result<i64, StoreError> {
    let row: (i64,) =
        on!(conn, |c| sqlx::query_as(COUNT_FILES).bind(thread.bytes()).bind(author.bytes()).fetch_one(c).await)?;
    Ok(row.0)
}

/// Takes a file away from a draft.
pub async fn delete_file(tx: &mut Tx, file: AttachmentId, author: PersonId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_FILE).bind(file.bytes()).bind(author.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Forgets drafts and files not touched since `before`.
pub async fn delete_old(tx: &mut Tx, before: Moment) -> Result<u64, StoreError> {
    let drafts =
        on!(tx, |c| sqlx::query(DELETE_OLD).bind(before.micros()).execute(c).await.map(|d| d.rows_affected()))?;
    let files =
        on!(tx, |c| sqlx::query(DELETE_OLD_FILES).bind(before.micros()).execute(c).await.map(|d| d.rows_affected()))?;
    Ok(drafts + files)
}

/// Adds a private note.
pub async fn insert_note(
    tx: &mut Tx,
    note: NoteId,
    thread: ThreadId,
    author: PersonId,
    body: &[u8],
    now: Moment,
) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT_NOTE)
        .bind(note.bytes())
        .bind(thread.bytes())
        .bind(author.bytes())
        .bind(body)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "note")
}

/// An author's private notes on a thread, encrypted, oldest first.
pub async fn list_notes(
    conn: &mut Conn,
    thread: ThreadId,
    author: PersonId,
) -> Result<Vec<(NoteId, Vec<u8>, Moment)>, StoreError> {
    let rows: Vec<(Vec<u8>, Vec<u8>, i64)> =
        on!(conn, |c| sqlx::query_as(LIST_NOTES).bind(thread.bytes()).bind(author.bytes()).fetch_all(c).await)?;
    rows.into_iter().map(|r| Ok((id(&r.0, "note.id")?, r.1, Moment::from_micros(r.2)))).collect()
}

/// Deletes a private note of one's own.
pub async fn delete_note(tx: &mut Tx, note: NoteId, author: PersonId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_NOTE).bind(note.bytes()).bind(author.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}
