//! Wrong tries at a sign-in: how many, since when, and until when nobody may try again.

use super::{Conn, StoreError, Tx, moment, on, statements};
use crate::clock::Moment;

statements! {
    FIND = "SELECT until_us FROM attempt WHERE scope = $1";
    COUNT = "INSERT INTO attempt (scope, wrong, since_us) VALUES ($1, 1, $2) ON CONFLICT (scope) DO UPDATE SET \
             wrong = CASE WHEN attempt.since_us < $3 THEN 1 ELSE attempt.wrong + 1 END, \
             since_us = CASE WHEN attempt.since_us < $3 THEN $2 ELSE attempt.since_us END RETURNING wrong";
    HOLD = "UPDATE attempt SET until_us = $2 WHERE scope = $1";
    UNCOUNT = "UPDATE attempt SET wrong = wrong - 1, until_us = 0 WHERE scope = $1 AND wrong > 0";
    DELETE = "DELETE FROM attempt WHERE scope = $1";
    DELETE_OLD = "DELETE FROM attempt WHERE since_us < $1 AND until_us < $2";
}

/// Until when nobody may try.
pub async fn find(conn: &mut Conn, scope: &[u8]) -> Result<Option<Moment>, StoreError> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(FIND).bind(scope).fetch_optional(c).await)?;
    Ok(row.and_then(|(until,)| moment(until)))
}

/// Counts a try; tries before `begin` are forgotten. Returns how many there are by now.
pub async fn count(tx: &mut Tx, scope: &[u8], now: Moment, begin: Moment) -> Result<i64, StoreError> {
    let (wrong,): (i64,) =
        on!(tx, |c| sqlx::query_as(COUNT).bind(scope).bind(now.micros()).bind(begin.micros()).fetch_one(c).await)?;
    Ok(wrong)
}

/// Nobody may try before that moment.
pub async fn hold(tx: &mut Tx, scope: &[u8], until: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(HOLD).bind(scope).bind(until.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// A try was none of those that count.
pub async fn uncount(tx: &mut Tx, scope: &[u8]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(UNCOUNT).bind(scope).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Forgets all tries.
pub async fn delete(tx: &mut Tx, scope: &[u8]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE).bind(scope).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Forgets what began before `begin` and holds nobody any more.
pub async fn delete_old(tx: &mut Tx, begin: Moment, now: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_OLD).bind(begin.micros()).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}
