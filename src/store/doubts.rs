//! What people said of doubtful mail: fine for this thread, false alarm at this desk, our own mail coming back.

use super::{Conn, StoreError, Tx, on, statements};
use crate::clock::Moment;
use crate::ids::{DeskId, ThreadId};

statements! {
    INSERT_FINE = "INSERT INTO fine (thread_id, signal, sender_hash, since_us) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    LIST_FINE = "SELECT signal, sender_hash FROM fine WHERE thread_id = $1";
    COUNT_ALARM = "INSERT INTO alarm (desk_id, signal, cases, false_alarms) VALUES ($1, $2, 1, $3) ON CONFLICT (desk_id, signal) \
                   DO UPDATE SET cases = alarm.cases + 1, false_alarms = alarm.false_alarms + $3";
    UNCOUNT_ALARM = "UPDATE alarm SET cases = cases - 1, false_alarms = false_alarms - $3 WHERE desk_id = $1 AND signal = $2 AND cases > 0";
    FORGET_FINE = "DELETE FROM fine WHERE thread_id = $1 AND since_us = $2";
    LIST_ALARMS = "SELECT signal, cases, false_alarms FROM alarm WHERE desk_id = $1 ORDER BY signal";
    COUNT_INCIDENT = "INSERT INTO incident (kind, desk_id, day_us, last_us, times) VALUES ($1, $2, $3, $4, 1) \
                      ON CONFLICT (kind, desk_id, day_us) DO UPDATE SET last_us = $4, times = incident.times + 1";
    LIST_INCIDENTS = "SELECT kind, desk_id, last_us, times FROM incident WHERE last_us >= $1 ORDER BY last_us DESC LIMIT 50";
}

/// "This is fine" for this thread and signal. `sender_hash` is empty where the signal is not about the sender.
pub async fn insert_fine(
    tx: &mut Tx,
    thread: ThreadId,
    signal: &str,
    sender_hash: &[u8],
    now: Moment,
) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(INSERT_FINE)
        .bind(thread.bytes())
        .bind(signal)
        .bind(sender_hash)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// What was called fine in a thread: signal, and the sender it is about.
pub async fn list_fine(conn: &mut Conn, thread: ThreadId) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(LIST_FINE).bind(thread.bytes()).fetch_all(c).await)?)
}

/// A person decided on a mail with this signal.
pub async fn count_alarm(tx: &mut Tx, desk: DeskId, signal: &str, was_false: bool) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(COUNT_ALARM)
        .bind(desk.bytes())
        .bind(signal)
        .bind(i64::from(was_false))
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// A decision on a mail with this signal was undone.
pub async fn uncount_alarm(tx: &mut Tx, desk: DeskId, signal: &str, was_false: bool) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(UNCOUNT_ALARM)
        .bind(desk.bytes())
        .bind(signal)
        .bind(i64::from(was_false))
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// What was called fine in a thread at that moment counts no more.
pub async fn forget_fine(tx: &mut Tx, thread: ThreadId, at: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(FORGET_FINE).bind(thread.bytes()).bind(at.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// How a desk's signals did: word, cases, false alarms.
pub async fn list_alarms(conn: &mut Conn, desk: DeskId) -> Result<Vec<(String, i64, i64)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(LIST_ALARMS).bind(desk.bytes()).fetch_all(c).await)?)
}

/// Mail of ours came back; `desk` is no bytes where it reached none.
pub async fn count_incident(tx: &mut Tx, kind: &str, desk: &[u8], day: Moment, now: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(COUNT_INCIDENT)
        .bind(kind)
        .bind(desk)
        .bind(day.micros())
        .bind(now.micros())
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Mail of ours that came back.
pub struct Incident {
    /// A word of the kind.
    pub kind: String,
    /// The desk's id bytes; no bytes where it reached none.
    pub desk: Vec<u8>,
    /// The last time.
    pub last: Moment,
    /// How often that day.
    pub times: i64,
}

/// What happened since then, the latest first.
pub async fn list_incidents(conn: &mut Conn, since: Moment) -> Result<Vec<Incident>, StoreError> {
    let rows: Vec<(String, Vec<u8>, i64, i64)> =
        on!(conn, |c| sqlx::query_as(LIST_INCIDENTS).bind(since.micros()).fetch_all(c).await)?;
    let incident =
        |r: (String, Vec<u8>, i64, i64)| Incident { kind: r.0, desk: r.1, last: Moment::from_micros(r.2), times: r.3 };
    Ok(rows.into_iter().map(incident).collect())
}
