//! Mail that waits for a person's decision.

use super::{Conn, StoreError, Tx, id, maybe_id, on, one, statements};
use crate::clock::Moment;
use crate::ids::{DeskId, HeldId, ThreadId};
use crate::seal::SealedBlob;

/// A mail on its way to the shelf.
pub struct NewHeld {
    /// Row.
    pub id: HeldId,
    /// Whose shelf.
    pub desk: DeskId,
    /// The thread whose address it used, if any.
    pub thread: Option<ThreadId>,
    /// Why it waits: words of `screen::Reason`, comma between.
    pub reasons: String,
    /// When our server took it.
    pub received: Moment,
    /// The mail, encrypted to the desk.
    pub body: SealedBlob,
    /// Recognises the same mail coming again.
    pub dedup: [u8; 32],
}

/// A mail on the shelf.
pub struct Held {
    /// Row.
    pub id: HeldId,
    /// Whose shelf.
    pub desk: DeskId,
    /// The thread whose address it used, if any.
    pub thread: Option<ThreadId>,
    /// Why it waits.
    pub reasons: String,
    /// When our server took it.
    pub received: Moment,
    /// The mail, encrypted to the desk.
    pub body: Vec<u8>,
}

statements! {
    INSERT = "INSERT INTO held (id, desk_id, thread_id, reasons, received_us, body, dedup) VALUES ($1, $2, $3, $4, $5, $6, $7) \
              ON CONFLICT (dedup) DO NOTHING";
    FIND = "SELECT id, desk_id, thread_id, reasons, received_us, body FROM held WHERE id = $1";
    LIST = "SELECT id, desk_id, thread_id, reasons, received_us FROM held WHERE desk_id = $1 ORDER BY received_us, id LIMIT $2";
    DELETE = "DELETE FROM held WHERE id = $1";
}

type Row = (Vec<u8>, Vec<u8>, Option<Vec<u8>>, String, i64, Vec<u8>);
type ListRow = (Vec<u8>, Vec<u8>, Option<Vec<u8>>, String, i64);

fn held(row: Row) -> Result<Held, StoreError> {
    Ok(Held {
        id: id(&row.0, "held.id")?,
        desk: id(&row.1, "held.desk_id")?,
        thread: maybe_id(row.2.as_deref(), "held.thread_id")?,
        reasons: row.3,
        received: Moment::from_micros(row.4),
        body: row.5,
    })
}

/// Puts a mail on the shelf; false when it lies there already.
pub async fn insert(tx: &mut Tx, h: &NewHeld) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT)
        .bind(h.id.bytes())
        .bind(h.desk.bytes())
        .bind(h.thread.as_ref().map(|t| t.bytes()))
        .bind(&h.reasons)
        .bind(h.received.micros())
        .bind(h.body.bytes())
        .bind(&h.dedup[..])
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// By id.
pub async fn find(conn: &mut Conn, held_id: HeldId) -> Result<Option<Held>, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(FIND).bind(held_id.bytes()).fetch_optional(c).await)?;
    row.map(held).transpose()
}

/// The oldest of a desk's shelf, without their bodies.
pub async fn list(conn: &mut Conn, desk: DeskId, limit: usize) -> Result<Vec<Held>, StoreError> {
    let rows: Vec<ListRow> = on!(conn, |c| sqlx::query_as(LIST)
        .bind(desk.bytes())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(|r| held((r.0, r.1, r.2, r.3, r.4, Vec::new()))).collect()
}

/// Takes a mail off the shelf; [`StoreError::Gone`] when somebody was quicker.
pub async fn delete(tx: &mut Tx, held_id: HeldId) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(DELETE).bind(held_id.bytes()).execute(c).await.map(|d| d.rows_affected()))?;
    one(done, "held mail")
}
