//! Sealed letters and their attachments.

use super::{Conn, StoreError, Tx, id, maybe_id, moment, on, statements, word};
use crate::clock::Moment;
use crate::ids::{AttachmentId, EpochId, LetterId, PersonId, ThreadId};

pub use super::arrivals::{GROUP_MAX, NewLetter, Stored, insert_group, insert_group_text, touch_threads_text};

/// Whose letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client's.
    Client,
    /// The desk's.
    Counselor,
}

impl Side {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Counselor => "counselor",
        }
    }
}

impl std::str::FromStr for Side {
    type Err = crate::role::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Client, Self::Counselor].into_iter().find(|s| s.word() == text).ok_or(crate::role::UnknownWord)
    }
}

/// Which way it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A form.
    Web,
    /// SMTP, LMTP or the pipe.
    Mail,
}

impl Door {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Mail => "mail",
        }
    }
}

impl std::str::FromStr for Door {
    type Err = crate::role::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Web, Self::Mail].into_iter().find(|s| s.word() == text).ok_or(crate::role::UnknownWord)
    }
}

/// A letter as stored.
pub struct Letter {
    /// Row.
    pub id: LetterId,
    /// Where it belongs.
    pub thread: ThreadId,
    /// The period it is encrypted to.
    pub epoch: EpochId,
    /// Whose.
    pub side: Side,
    /// Who wrote it, where we know.
    pub author: Option<PersonId>,
    /// How it came.
    pub door: Door,
    /// When our server took it.
    pub received: Moment,
    /// When the other side may see it.
    pub released: Option<Moment>,
    /// When the client first saw it.
    pub read: Option<Moment>,
    /// See [`NewLetter::covers`].
    pub covers: Option<Moment>,
    /// How many attachment rows it has.
    pub files: i64,
    /// What labels it: words of `screen::Signal`, comma between.
    pub flags: String,
    /// What it says, encrypted.
    pub body: Vec<u8>,
}

statements! {
    FIND = "SELECT id, thread_id, epoch_id, author, author_id, door, received_us, released_us, read_us, covers_us, files, flags, body FROM letter WHERE id = $1";
    LIST_BEFORE = "SELECT id, thread_id, epoch_id, author, author_id, door, received_us, released_us, read_us, covers_us, files, flags, body FROM letter \
                   WHERE thread_id = $1 AND received_us < $2 AND (author = 'client' OR released_us >= $3) \
                   ORDER BY received_us DESC, id DESC LIMIT $4";
    LIST_ALL = "SELECT id, thread_id, epoch_id, author, author_id, door, received_us, released_us, read_us, covers_us, files, flags, body FROM letter \
                WHERE thread_id = $1 ORDER BY received_us, id";
    COUNT = "SELECT COUNT(*) FROM letter WHERE thread_id = $1 AND (author = 'client' OR released_us >= $2)";
    OLDEST_AFTER = "SELECT MIN(received_us) FROM letter WHERE thread_id = $1 AND author = 'client' AND received_us > $2";
    LAST_COVERED = "SELECT MAX(covers_us) FROM letter WHERE thread_id = $1 AND author = 'counselor' AND released_us > 0";
    COUNT_UNREAD = "SELECT COUNT(*) FROM letter WHERE thread_id = $1 AND author = 'counselor' AND released_us > 0 AND read_us = 0";
    COUNT_UNREAD_OF_CLIENT = "SELECT COUNT(*) FROM letter l JOIN thread t ON t.id = l.thread_id \
                              WHERE t.client_id = $1 AND l.author = 'counselor' AND l.released_us > 0 AND l.read_us = 0";
    MARK_READ = "UPDATE letter SET read_us = $2 WHERE thread_id = $1 AND author = 'counselor' AND released_us > 0 AND read_us = 0";
    RELEASE = "UPDATE letter SET released_us = $2 WHERE id = $1 AND released_us = 0";
    DELETE_UNRELEASED = "DELETE FROM letter WHERE id = $1 AND author_id = $2 AND released_us = 0";
    LIST_UNRELEASED = "SELECT id, thread_id, epoch_id, author, author_id, door, received_us, released_us, read_us, covers_us, files, flags, body FROM letter \
                       WHERE thread_id = $1 AND author = 'counselor' AND released_us = 0 ORDER BY received_us, id";
    FIND_ATTACHMENT = "SELECT body FROM attachment WHERE id = $1 AND letter_id = $2";
    LIST_ATTACHMENTS = "SELECT id, body FROM attachment WHERE letter_id = $1 ORDER BY position";
    DELETE = "DELETE FROM letter WHERE id = $1";
    UPDATE_FLAGS = "UPDATE letter SET flags = $2 WHERE id = $1";
    FIND_DEDUP = "SELECT id FROM letter WHERE dedup = $1";
    FIND_MAIL = "SELECT thread_id FROM letter WHERE mail_hash = $1 AND length(mail_hash) > 0 LIMIT 1";
    UPDATE_MAIL = "UPDATE letter SET mail_hash = $2 WHERE id = $1";
    LAST = "SELECT MAX(CASE WHEN author = 'client' THEN received_us ELSE released_us END) FROM letter WHERE thread_id = $1";
    COUNT_COVERING = "SELECT COUNT(*) FROM letter WHERE thread_id = $1 AND author = 'counselor' AND covers_us >= $2";
}

type Row = (Vec<u8>, Vec<u8>, Vec<u8>, String, Option<Vec<u8>>, String, i64, i64, i64, i64, i64, String, Vec<u8>);

fn letter(row: Row) -> Result<Letter, StoreError> {
    Ok(Letter {
        id: id(&row.0, "letter.id")?,
        thread: id(&row.1, "letter.thread_id")?,
        epoch: id(&row.2, "letter.epoch_id")?,
        side: word(&row.3, "letter.author", &row.0)?,
        author: maybe_id(row.4.as_deref(), "letter.author_id")?,
        door: word(&row.5, "letter.door", &row.0)?,
        received: Moment::from_micros(row.6),
        released: moment(row.7),
        read: moment(row.8),
        covers: moment(row.9),
        files: row.10,
        flags: row.11,
        body: row.12,
    })
}

/// By id.
pub async fn find(conn: &mut Conn, letter_id: LetterId) -> Result<Option<Letter>, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(FIND).bind(letter_id.bytes()).fetch_optional(c).await)?;
    row.map(letter).transpose()
}

/// Whether a letter with this recognition mark is there.
pub async fn has_dedup(conn: &mut Conn, dedup: &[u8; 32]) -> Result<bool, StoreError> {
    let row: Option<(Vec<u8>,)> = on!(conn, |c| sqlx::query_as(FIND_DEDUP).bind(&dedup[..]).fetch_optional(c).await)?;
    Ok(row.is_some())
}

/// The thread of the letter that came or left as the mail with this hash of thread and Message-ID.
pub async fn find_mail(conn: &mut Conn, mail_hash: &[u8]) -> Result<Option<ThreadId>, StoreError> {
    let row: Option<(Vec<u8>,)> = on!(conn, |c| sqlx::query_as(FIND_MAIL).bind(mail_hash).fetch_optional(c).await)?;
    row.map(|r| id(&r.0, "letter.thread_id")).transpose()
}

/// A reply leaves as a mail: its hash of thread and Message-ID.
pub async fn update_mail(tx: &mut Tx, letter_id: LetterId, mail_hash: &[u8]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(UPDATE_MAIL).bind(letter_id.bytes()).bind(mail_hash).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// When the last letter of a thread came or was released.
pub async fn last(conn: &mut Conn, thread: ThreadId) -> Result<Option<Moment>, StoreError> {
    let row: (Option<i64>,) = on!(conn, |c| sqlx::query_as(LAST).bind(thread.bytes()).fetch_one(c).await)?;
    Ok(row.0.and_then(moment))
}

/// Replies, released or not, whose authors had the letter received at `at` before them.
pub async fn count_covering(conn: &mut Conn, thread: ThreadId, at: Moment) -> Result<i64, StoreError> {
    let row: (i64,) =
        on!(conn, |c| sqlx::query_as(COUNT_COVERING).bind(thread.bytes()).bind(at.micros()).fetch_one(c).await)?;
    Ok(row.0)
}

/// Who looks at a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Sees replies only once they are released.
    Client,
    /// Sees what waits to be released as well.
    Staff,
}

impl Viewer {
    const fn released_from(self) -> i64 {
        match self {
            Self::Client => 1,
            Self::Staff => 0,
        }
    }
}

/// The newest letters before a moment, newest first.
pub async fn list_before(
    conn: &mut Conn,
    thread: ThreadId,
    before: Moment,
    viewer: Viewer,
    limit: usize,
) -> Result<Vec<Letter>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST_BEFORE)
        .bind(thread.bytes())
        .bind(before.micros())
        .bind(viewer.released_from())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(letter).collect()
}

/// Every letter of a thread, oldest first.
pub async fn list_all(conn: &mut Conn, thread: ThreadId) -> Result<Vec<Letter>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST_ALL).bind(thread.bytes()).fetch_all(c).await)?;
    rows.into_iter().map(letter).collect()
}

/// How many letters this viewer sees.
pub async fn count(conn: &mut Conn, thread: ThreadId, viewer: Viewer) -> Result<i64, StoreError> {
    let row: (i64,) =
        on!(conn, |c| sqlx::query_as(COUNT).bind(thread.bytes()).bind(viewer.released_from()).fetch_one(c).await)?;
    Ok(row.0)
}

/// Receipt of the client's oldest letter after `after`: what a reply that had shown everything up to then did not cover.
pub async fn oldest_after(conn: &mut Conn, thread: ThreadId, after: Moment) -> Result<Option<Moment>, StoreError> {
    let row: (Option<i64>,) =
        on!(conn, |c| sqlx::query_as(OLDEST_AFTER).bind(thread.bytes()).bind(after.micros()).fetch_one(c).await)?;
    Ok(row.0.map(Moment::from_micros))
}

/// Up to which receipt the client's letters are answered.
pub async fn last_covered(conn: &mut Conn, thread: ThreadId) -> Result<Moment, StoreError> {
    let row: (Option<i64>,) = on!(conn, |c| sqlx::query_as(LAST_COVERED).bind(thread.bytes()).fetch_one(c).await)?;
    Ok(Moment::from_micros(row.0.unwrap_or(0)))
}

/// Released replies the client has not seen, in one thread.
pub async fn count_unread(conn: &mut Conn, thread: ThreadId) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT_UNREAD).bind(thread.bytes()).fetch_one(c).await)?;
    Ok(row.0)
}

/// Released replies the client has not seen, in all threads.
pub async fn count_unread_of_client(conn: &mut Conn, client: PersonId) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT_UNREAD_OF_CLIENT).bind(client.bytes()).fetch_one(c).await)?;
    Ok(row.0)
}

/// The client has the thread before them.
pub async fn mark_read(tx: &mut Tx, thread: ThreadId, now: Moment) -> Result<u64, StoreError> {
    Ok(on!(tx, |c| sqlx::query(MARK_READ)
        .bind(thread.bytes())
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?)
}

/// Lets the client see a reply; false when it was released or recalled meanwhile.
pub async fn release(tx: &mut Tx, letter_id: LetterId, now: Moment) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(RELEASE)
        .bind(letter_id.bytes())
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Takes a reply back that is not released yet; false when it is too late.
pub async fn recall(tx: &mut Tx, letter_id: LetterId, author: PersonId) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(DELETE_UNRELEASED)
        .bind(letter_id.bytes())
        .bind(author.bytes())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Replies that wait for their release.
pub async fn list_unreleased(conn: &mut Conn, thread: ThreadId) -> Result<Vec<Letter>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST_UNRELEASED).bind(thread.bytes()).fetch_all(c).await)?;
    rows.into_iter().map(letter).collect()
}

/// Removes a letter that was stored elsewhere; [`StoreError::Gone`] when it is not there.
pub async fn delete(tx: &mut Tx, letter_id: LetterId) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(DELETE).bind(letter_id.bytes()).execute(c).await.map(|d| d.rows_affected()))?;
    super::one(done, "letter")
}

/// Labels a letter anew.
pub async fn update_flags(tx: &mut Tx, letter_id: LetterId, flags: &str) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(UPDATE_FLAGS).bind(letter_id.bytes()).bind(flags).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// One attachment of one letter, encrypted.
pub async fn find_attachment(
    conn: &mut Conn,
    letter_id: LetterId,
    attachment: AttachmentId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row: Option<(Vec<u8>,)> = on!(conn, |c| sqlx::query_as(FIND_ATTACHMENT)
        .bind(attachment.bytes())
        .bind(letter_id.bytes())
        .fetch_optional(c)
        .await)?;
    Ok(row.map(|r| r.0))
}

/// All attachments of a letter, encrypted, in order.
pub async fn list_attachments(
    conn: &mut Conn,
    letter_id: LetterId,
) -> Result<Vec<(AttachmentId, Vec<u8>)>, StoreError> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        on!(conn, |c| sqlx::query_as(LIST_ATTACHMENTS).bind(letter_id.bytes()).fetch_all(c).await)?;
    rows.into_iter().map(|r| Ok((id(&r.0, "attachment.id")?, r.1))).collect()
}
