//! The audit: who did what, when and why. Append only; never content, subject or address.
//!
//! Nothing here or elsewhere changes or deletes a line, and triggers of both engines refuse it. `chain` numbers the lines.

use super::{Conn, StoreError, Tx, id, maybe_id, on, one, statements};
use crate::clock::Moment;
use crate::ids::{AuditId, PersonId, ThreadId};

/// A line of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Moment,
    /// Who; nobody for the house itself.
    pub actor: Option<PersonId>,
    /// What: a word of `audit::Action`.
    pub action: String,
    /// On which thread.
    pub thread: Option<ThreadId>,
    /// Why, in words of ours or of staff.
    pub detail: String,
}

/// A line as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Row.
    pub id: AuditId,
    /// What it says.
    pub line: Line,
    /// The keyed hash of what it says; empty on lines from before there was one.
    pub tag: Vec<u8>,
}

statements! {
    INSERT = "INSERT INTO audit (id, at_us, actor_id, action, thread_id, detail, tag) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    WAIT = "INSERT INTO audit_unchained (line_id) VALUES ($1)";
    /// Of a client: their thread's lines and their mailbox's, newest first.
    LIST_OF_CLIENT = "SELECT id, at_us, actor_id, action, thread_id, detail, tag FROM audit \
        WHERE (thread_id = $1 OR (thread_id IS NULL AND actor_id = $2)) AND (at_us < $3 OR (at_us = $3 AND id < $4)) \
        ORDER BY at_us DESC, id DESC LIMIT $5";
    /// Whose replies the client has got.
    LIST_KNOWN = "SELECT DISTINCT author_id FROM letter \
        WHERE thread_id = $1 AND author_id IS NOT NULL AND author = 'counselor' AND released_us > 0";
}

pub(super) type Row = (Vec<u8>, i64, Option<Vec<u8>>, String, Option<Vec<u8>>, String, Vec<u8>);

pub(super) fn kept(row: Row) -> Result<Kept, StoreError> {
    Ok(Kept {
        id: id(&row.0, "audit.id")?,
        line: Line {
            at: Moment::from_micros(row.1),
            actor: maybe_id(row.2.as_deref(), "audit.actor_id")?,
            action: row.3,
            thread: maybe_id(row.4.as_deref(), "audit.thread_id")?,
            detail: row.5,
        },
        tag: row.6,
    })
}

/// Adds a line with the keyed hash of it; the chain takes it up within seconds.
pub async fn insert(tx: &mut Tx, line_id: AuditId, line: &Line, tag: &[u8]) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT)
        .bind(line_id.bytes())
        .bind(line.at.micros())
        .bind(line.actor.as_ref().map(|a| a.bytes()))
        .bind(&line.action)
        .bind(line.thread.as_ref().map(|t| t.bytes()))
        .bind(&line.detail)
        .bind(tag)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "audit line")?;
    on!(tx, |c| sqlx::query(WAIT).bind(line_id.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Where a page of a client's lines begins: before the line of this time and row.
pub type Before = (Moment, AuditId);

/// Lines of a client's thread and of their mailbox, newest first.
pub async fn list_of_client(
    conn: &mut Conn,
    thread: ThreadId,
    client: PersonId,
    before: Option<Before>,
    limit: usize,
) -> Result<Vec<Kept>, StoreError> {
    let (at, id) = before.unwrap_or((Moment::from_micros(i64::MAX), AuditId::from([0; 16])));
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST_OF_CLIENT)
        .bind(thread.bytes())
        .bind(client.bytes())
        .bind(at.micros())
        .bind(id.bytes())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(kept).collect()
}

/// Who wrote the replies a thread's client has got.
pub async fn list_known(conn: &mut Conn, thread: ThreadId) -> Result<Vec<PersonId>, StoreError> {
    let rows: Vec<(Vec<u8>,)> = on!(conn, |c| sqlx::query_as(LIST_KNOWN).bind(thread.bytes()).fetch_all(c).await)?;
    rows.iter().map(|r| id(&r.0, "letter.author_id")).collect()
}
