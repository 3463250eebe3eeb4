//! How far hosted mailboxes have been fetched, and which of their mails could not be taken.
//!
//! A mailbox is worked on by whoever holds its lease; what is written about it is written under that lease.

use super::{Conn, StoreError, Tx, moment, on, statements};
use crate::clock::Moment;

/// What is known of a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The server's word for "the numbers still mean the same mails" (RFC 3501, 2.3.1.1).
    pub uid_validity: i64,
    /// Every mail up to this number was taken, or is in trouble.
    pub last_uid: i64,
    /// When it was last looked through to the end.
    pub done: Option<Moment>,
    /// Since when it cannot be fetched.
    pub failed: Option<Moment>,
    /// Why not, in a word.
    pub reason: String,
}

statements! {
    CLAIM_MAILBOX = "INSERT INTO fetched (account, holder, leased_until_us) VALUES ($1, $2, $3) \
                     ON CONFLICT (account) DO UPDATE SET holder = excluded.holder, leased_until_us = excluded.leased_until_us \
                     WHERE fetched.leased_until_us <= $4 OR fetched.holder = excluded.holder";
    RELEASE_MAILBOX = "UPDATE fetched SET leased_until_us = 0 WHERE account = $1 AND holder = $2";
    FIND_PROGRESS = "SELECT uid_validity, last_uid, done_us, failed_us, reason FROM fetched WHERE account = $1";
    ADVANCE = "UPDATE fetched SET uid_validity = $3, last_uid = $4, leased_until_us = $5 WHERE account = $1 AND holder = $2";
    LOOKED = "UPDATE fetched SET done_us = $2, failed_us = 0, reason = '' WHERE account = $1";
    FAILED = "UPDATE fetched SET failed_us = CASE WHEN failed_us = 0 THEN $2 ELSE failed_us END, reason = $3 WHERE account = $1";
    ADD_TROUBLE = "INSERT INTO fetch_trouble (account, uid, tries, reason) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (account, uid) DO UPDATE SET tries = fetch_trouble.tries + excluded.tries, reason = excluded.reason";
    END_TROUBLE = "DELETE FROM fetch_trouble WHERE account = $1 AND uid = $2";
    END_ALL_TROUBLE = "DELETE FROM fetch_trouble WHERE account = $1";
    LIST_TROUBLE = "SELECT uid FROM fetch_trouble WHERE account = $1 AND tries < $2 ORDER BY uid LIMIT $3";
    COUNT_TROUBLE = "SELECT COUNT(*) FROM fetch_trouble WHERE account = $1";
}

/// Takes or prolongs the lease; false when somebody else holds it.
pub async fn claim(tx: &mut Tx, account: &[u8], holder: &[u8], now: Moment, lease: Moment) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(CLAIM_MAILBOX)
        .bind(account)
        .bind(holder)
        .bind(lease.micros())
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Gives the lease back.
pub async fn release(tx: &mut Tx, account: &[u8], holder: &[u8]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(RELEASE_MAILBOX).bind(account).bind(holder).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// What is known of a mailbox; nothing before its first lease.
pub async fn progress(conn: &mut Conn, account: &[u8]) -> Result<Option<Progress>, StoreError> {
    let row: Option<(i64, i64, i64, i64, String)> =
        on!(conn, |c| sqlx::query_as(FIND_PROGRESS).bind(account).fetch_optional(c).await)?;
    Ok(row.map(|r| Progress { uid_validity: r.0, last_uid: r.1, done: moment(r.2), failed: moment(r.3), reason: r.4 }))
}

/// Everything up to `uid` is done; prolongs the lease. False when the lease is somebody else's by now.
pub async fn advance(
    tx: &mut Tx,
    account: &[u8],
    holder: &[u8],
    uid_validity: i64,
    uid: i64,
    lease: Moment,
) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(ADVANCE)
        .bind(account)
        .bind(holder)
        .bind(uid_validity)
        .bind(uid)
        .bind(lease.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// The mailbox was looked through to its end.
pub async fn looked(tx: &mut Tx, account: &[u8], now: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(LOOKED).bind(account).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The mailbox cannot be fetched.
pub async fn failed(tx: &mut Tx, account: &[u8], now: Moment, reason: &str) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(FAILED).bind(account).bind(now.micros()).bind(reason).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// A mail could not be taken; `tries` more.
pub async fn add_trouble(tx: &mut Tx, account: &[u8], uid: i64, tries: i64, reason: &str) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(ADD_TROUBLE)
        .bind(account)
        .bind(uid)
        .bind(tries)
        .bind(reason)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// A mail in trouble was taken after all, or is gone.
pub async fn end_trouble(tx: &mut Tx, account: &[u8], uid: i64) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(END_TROUBLE).bind(account).bind(uid).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The numbers mean other mails by now.
pub async fn end_all_trouble(tx: &mut Tx, account: &[u8]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(END_ALL_TROUBLE).bind(account).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Mails in trouble that were tried less than `tries` times, the oldest first.
pub async fn trouble(conn: &mut Conn, account: &[u8], tries: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> =
        on!(conn, |c| sqlx::query_as(LIST_TROUBLE).bind(account).bind(tries).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// How many mails are in trouble.
pub async fn count_trouble(conn: &mut Conn, account: &[u8]) -> Result<i64, StoreError> {
    let (count,): (i64,) = on!(conn, |c| sqlx::query_as(COUNT_TROUBLE).bind(account).fetch_one(c).await)?;
    Ok(count)
}
