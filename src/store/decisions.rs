//! Held mail that was decided on: out of every list, and kept a little while so that the decision can be undone.

use super::held::HeldState;
use super::{Conn, NOTHING, StoreError, Tx, id, on, one, statements, word};
use crate::clock::Moment;
use crate::ids::{HeldId, LetterId, PersonId};

/// A decision that can be undone.
pub struct Decision {
    /// The held mail.
    pub held: HeldId,
    /// What became of it.
    pub state: HeldState,
    /// Where it stood before.
    pub was: HeldState,
    /// When.
    pub at: Moment,
    /// The letter it became.
    pub letter: Option<LetterId>,
}

statements! {
    DECIDE = "UPDATE held SET was = state, state = $2, decided_by = $3, decided_us = $4, letter_id = $5 \
              WHERE id = $1 AND state IN ('waiting', 'filed', 'note', 'tray')";
    LIST = "SELECT id, state, was, decided_us, letter_id FROM held \
            WHERE decided_us > 0 AND decided_us >= $2 AND decided_by = $1 ORDER BY decided_us DESC, id LIMIT $3";
    UNDO = "UPDATE held SET state = was, was = '', decided_by = $2, decided_us = 0, letter_id = $2 WHERE id = $1 AND decided_us = $3";
    DELETE_OLD = "DELETE FROM held WHERE decided_us > 0 AND decided_us < $1";
}

type Row = (Vec<u8>, String, String, i64, Vec<u8>);

/// Notes a decision; [`StoreError::Gone`] when somebody was quicker.
pub async fn decide(
    tx: &mut Tx,
    held: HeldId,
    state: HeldState,
    by: PersonId,
    at: Moment,
    letter: Option<LetterId>,
) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(DECIDE)
        .bind(held.bytes())
        .bind(state.word())
        .bind(by.bytes())
        .bind(at.micros())
        .bind(letter.as_ref().map_or(NOTHING, |l| l.bytes()))
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "held mail")
}

/// What somebody decided since then, the latest first.
pub async fn list(conn: &mut Conn, by: PersonId, since: Moment, limit: usize) -> Result<Vec<Decision>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST)
        .bind(by.bytes())
        .bind(since.micros())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(c)
        .await)?;
    let decision = |r: Row| {
        let letter = if r.4.is_empty() { None } else { Some(id(&r.4, "held.letter_id")?) };
        Ok(Decision {
            held: id(&r.0, "held.id")?,
            state: word(&r.1, "held.state", &r.0)?,
            was: word(&r.2, "held.was", &r.0)?,
            at: Moment::from_micros(r.3),
            letter,
        })
    };
    rows.into_iter().map(decision).collect()
}

/// Puts a mail back where it stood before the decision of that moment; [`StoreError::Gone`] when that was undone already.
pub async fn undo(tx: &mut Tx, held: HeldId, at: Moment) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UNDO)
        .bind(held.bytes())
        .bind(NOTHING)
        .bind(at.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "held mail")
}

/// Forgets what was decided on before then.
pub async fn delete_old(tx: &mut Tx, before: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_OLD).bind(before.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}
