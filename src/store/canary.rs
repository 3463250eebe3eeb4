//! Canaries: letters without content that prove that the road is open.

use super::{Conn, NOTHING, StoreError, Tx, moment, on, statements};
use crate::clock::Moment;
use crate::ids::CanaryId;
use crate::seal::SealedBlob;

/// How the canaries fare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The oldest one that is remembered was sent then.
    pub first_sent: Option<Moment>,
    /// The last one that came back did so then.
    pub last_returned: Option<Moment>,
}

statements! {
    INSERT = "INSERT INTO canary (id, sent_us, body) VALUES ($1, $2, $3)";
    COUNT_OPEN = "SELECT COUNT(*) FROM canary WHERE id = $1 AND returned_us = 0";
    STORE = "UPDATE canary SET stored_us = $2, body = $3 WHERE id = $1 AND stored_us = 0";
    RETURN = "UPDATE canary SET returned_us = $2 WHERE id = $1 AND stored_us > 0 AND returned_us = 0";
    FIRST_SENT = "SELECT MIN(sent_us) FROM canary";
    LAST_RETURNED = "SELECT MAX(returned_us) FROM canary";
    DELETE_OLD = "DELETE FROM canary WHERE sent_us < $1";
}

/// A canary sets out.
pub async fn insert(tx: &mut Tx, id: CanaryId, now: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(INSERT).bind(id.bytes()).bind(now.micros()).bind(NOTHING).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Whether this canary is on its way.
pub async fn is_on_its_way(conn: &mut Conn, id: CanaryId) -> Result<bool, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT_OPEN).bind(id.bytes()).fetch_one(c).await)?;
    Ok(row.0 == 1)
}

/// It came through a door; false when it had come before.
pub async fn store(tx: &mut Tx, id: CanaryId, body: &SealedBlob, now: Moment) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(STORE)
        .bind(id.bytes())
        .bind(now.micros())
        .bind(body.bytes())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// It came back through the outbox.
pub async fn note_return(tx: &mut Tx, id: CanaryId, now: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(RETURN).bind(id.bytes()).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// How they fare.
pub async fn standing(conn: &mut Conn) -> Result<Standing, StoreError> {
    let first: (Option<i64>,) = on!(conn, |c| sqlx::query_as(FIRST_SENT).fetch_one(c).await)?;
    let last: (Option<i64>,) = on!(conn, |c| sqlx::query_as(LAST_RETURNED).fetch_one(c).await)?;
    Ok(Standing { first_sent: first.0.and_then(moment), last_returned: last.0.and_then(moment) })
}

/// Forgets those sent before.
pub async fn delete_old(tx: &mut Tx, before: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_OLD).bind(before.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}
