//! Addresses threads had before: mail to them is recognized, and the address itself is forgotten.

use super::threads::{Target, TargetRow, target};
use super::{Conn, StoreError, Tx, on, statements};
use crate::clock::Moment;
use crate::ids::ThreadId;

statements! {
    INSERT = "INSERT INTO retired_address (token_hash, thread_id, retired_us) VALUES ($1, $2, $3)";
    FIND_TARGET = "SELECT r.token_hash, t.id, t.desk_id, t.epoch_id, e.cert, d.cert, n.address_hash, n.address_sealed, t.client_id, t.traits, COALESCE(n.confirmed_us, 0), \
                   (SELECT COUNT(*) FROM thread o WHERE o.client_id = t.client_id), t.urgent \
                   FROM retired_address r JOIN thread t ON t.id = r.thread_id JOIN epoch e ON e.id = t.epoch_id JOIN desk d ON d.id = t.desk_id \
                   LEFT JOIN notice n ON n.person_id = t.client_id WHERE r.token_hash = $1";
    COUNT = "SELECT COUNT(*) FROM retired_address WHERE thread_id = $1";
    DELETE_SURPLUS = "DELETE FROM retired_address WHERE thread_id = $1 AND token_hash NOT IN \
                      (SELECT token_hash FROM retired_address WHERE thread_id = $1 ORDER BY retired_us DESC, token_hash LIMIT $2)";
}

/// Retires an address; [`StoreError::Taken`] when it is retired already.
pub async fn insert(tx: &mut Tx, token_hash: &[u8], thread: ThreadId, now: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(INSERT)
        .bind(token_hash)
        .bind(thread.bytes())
        .bind(now.micros())
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The thread that had this address before.
pub async fn find_target(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<Target>, StoreError> {
    let row: Option<TargetRow> = on!(conn, |c| sqlx::query_as(FIND_TARGET).bind(token_hash).fetch_optional(c).await)?;
    let found = row.map(target).transpose()?;
    Ok(found.map(|(_, target)| Target { is_retired: true, ..target }))
}

/// How many addresses a thread had before the present one.
pub async fn count(conn: &mut Conn, thread: ThreadId) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT).bind(thread.bytes()).fetch_one(c).await)?;
    Ok(row.0)
}

/// Keeps only the newest addresses of a thread.
pub async fn delete_surplus(tx: &mut Tx, thread: ThreadId, kept: i64) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_SURPLUS).bind(thread.bytes()).bind(kept).execute(c).await.map(|_| ()))?;
    Ok(())
}
