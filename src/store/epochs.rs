//! Periods of threads and the grants that open them.

use super::{Conn, StoreError, Tx, id, on, one, statements};
use crate::clock::Moment;
use crate::ids::{EpochId, ThreadId};

/// A period of a thread.
pub struct Epoch {
    /// Row.
    pub id: EpochId,
    /// Whose.
    pub thread: ThreadId,
    /// Counted from 1.
    pub number: i64,
    /// Public certificate.
    pub cert: Vec<u8>,
    /// The secret of the period before, encrypted to this one; empty where the history must stay shut.
    pub previous_sealed: Vec<u8>,
    /// Since when.
    pub created: Moment,
}

statements! {
    INSERT_EPOCH = "INSERT INTO epoch (id, thread_id, number, cert, previous_sealed, created_us) VALUES ($1, $2, $3, $4, $5, $6)";
    LIST_EPOCHS = "SELECT id, thread_id, number, cert, previous_sealed, created_us FROM epoch WHERE thread_id = $1 ORDER BY number DESC";
    FIND_EPOCH = "SELECT id, thread_id, number, cert, previous_sealed, created_us FROM epoch WHERE id = $1";
    INSERT_GRANT = "INSERT INTO epoch_grant (epoch_id, reader_id, body, created_us) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT (epoch_id, reader_id) DO NOTHING";
    FIND_GRANT = "SELECT body FROM epoch_grant WHERE epoch_id = $1 AND reader_id = $2";
    LIST_GRANTS = "SELECT reader_id, body FROM epoch_grant WHERE epoch_id = $1 ORDER BY reader_id";
    DELETE_GRANT = "DELETE FROM epoch_grant WHERE reader_id = $2 AND epoch_id IN (SELECT id FROM epoch WHERE thread_id = $1)";
}

type EpochRow = (Vec<u8>, Vec<u8>, i64, Vec<u8>, Vec<u8>, i64);

fn epoch(row: EpochRow) -> Result<Epoch, StoreError> {
    Ok(Epoch {
        id: id(&row.0, "epoch.id")?,
        thread: id(&row.1, "epoch.thread_id")?,
        number: row.2,
        cert: row.3,
        previous_sealed: row.4,
        created: Moment::from_micros(row.5),
    })
}

pub(super) async fn insert_epoch(tx: &mut Tx, e: &Epoch) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT_EPOCH)
        .bind(e.id.bytes())
        .bind(e.thread.bytes())
        .bind(e.number)
        .bind(&e.cert)
        .bind(&e.previous_sealed)
        .bind(e.created.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "epoch")
}

/// All periods, the present one first.
pub async fn list_epochs(conn: &mut Conn, thread_id: ThreadId) -> Result<Vec<Epoch>, StoreError> {
    let rows: Vec<EpochRow> = on!(conn, |c| sqlx::query_as(LIST_EPOCHS).bind(thread_id.bytes()).fetch_all(c).await)?;
    rows.into_iter().map(epoch).collect()
}

/// One period.
pub async fn find_epoch(conn: &mut Conn, epoch_id: EpochId) -> Result<Option<Epoch>, StoreError> {
    let row: Option<EpochRow> =
        on!(conn, |c| sqlx::query_as(FIND_EPOCH).bind(epoch_id.bytes()).fetch_optional(c).await)?;
    row.map(epoch).transpose()
}

/// Lets a reader (a person or a desk, by id bytes) in; keeps an older grant.
pub async fn insert_grant(
    tx: &mut Tx,
    epoch_id: EpochId,
    reader: &[u8],
    body: &[u8],
    now: Moment,
) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(INSERT_GRANT)
        .bind(epoch_id.bytes())
        .bind(reader)
        .bind(body)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// A reader's grant.
pub async fn find_grant(conn: &mut Conn, epoch_id: EpochId, reader: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let row: Option<(Vec<u8>,)> =
        on!(conn, |c| sqlx::query_as(FIND_GRANT).bind(epoch_id.bytes()).bind(reader).fetch_optional(c).await)?;
    Ok(row.map(|r| r.0))
}

/// All grants of a period: reader, body.
pub async fn list_grants(conn: &mut Conn, epoch_id: EpochId) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(LIST_GRANTS).bind(epoch_id.bytes()).fetch_all(c).await)?)
}

/// Takes a reader's grants of all periods away.
pub async fn delete_grants(tx: &mut Tx, thread_id: ThreadId, reader: &[u8]) -> Result<u64, StoreError> {
    Ok(on!(tx, |c| sqlx::query(DELETE_GRANT)
        .bind(thread_id.bytes())
        .bind(reader)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?)
}
