//! The audit: who did what, when and why. Append only; never content, subject or address.

use super::{Conn, StoreError, Tx, maybe_id, on, one, statements};
use crate::clock::Moment;
use crate::ids::{AuditId, PersonId, ThreadId};

/// A line of the audit.
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

statements! {
    INSERT = "INSERT INTO audit (id, at_us, actor_id, action, thread_id, detail) VALUES ($1, $2, $3, $4, $5, $6)";
    LIST_OF_THREAD = "SELECT at_us, actor_id, action, thread_id, detail FROM audit WHERE thread_id = $1 ORDER BY at_us, id LIMIT $2";
}

type Row = (i64, Option<Vec<u8>>, String, Option<Vec<u8>>, String);

/// Adds a line.
pub async fn insert(tx: &mut Tx, line_id: AuditId, line: &Line) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT)
        .bind(line_id.bytes())
        .bind(line.at.micros())
        .bind(line.actor.as_ref().map(|a| a.bytes()))
        .bind(&line.action)
        .bind(line.thread.as_ref().map(|t| t.bytes()))
        .bind(&line.detail)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "audit line")
}

/// The first lines of a thread.
pub async fn list_of_thread(conn: &mut Conn, thread: ThreadId, limit: usize) -> Result<Vec<Line>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST_OF_THREAD)
        .bind(thread.bytes())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(c)
        .await)?;
    rows.into_iter()
        .map(|r| {
            Ok(Line {
                at: Moment::from_micros(r.0),
                actor: maybe_id(r.1.as_deref(), "audit.actor_id")?,
                action: r.2,
                thread: maybe_id(r.3.as_deref(), "audit.thread_id")?,
                detail: r.4,
            })
        })
        .collect()
}
