//! Work for later, and when repeated housekeeping runs next.
//!
//! A job is claimed by a lease: exactly one worker runs it, and when that worker dies another takes over after the lease.
//! The guard stands in the outer WHERE too, because on PostgreSQL the inner SELECT alone would let two workers in.

use super::{Conn, StoreError, Tx, id, on, statements};
use crate::clock::Moment;
use crate::ids::JobId;

/// A claimed job.
pub struct Job {
    /// Row.
    pub id: JobId,
    /// What to do.
    pub kind: String,
    /// With what: an id's bytes.
    pub subject: Vec<u8>,
    /// Which try this is, counted from 1.
    pub tries: i64,
    /// Since when it was due.
    pub due: Moment,
}

/// A job that gave up.
pub struct Dead {
    /// Row.
    pub id: JobId,
    /// What was to be done.
    pub kind: String,
    /// Why not, in a word.
    pub reason: String,
    /// After how many tries.
    pub tries: i64,
    /// When.
    pub at: Moment,
}

statements! {
    /// The empty update locks the row: whoever does that job at this moment sees what this transaction wrote, or lets it
    /// insert a new one.
    INSERT = "INSERT INTO job (id, kind, subject, state, due_us, created_us) VALUES ($1, $2, $3, 'waiting', $4, $5) \
              ON CONFLICT (kind, subject) WHERE state = 'waiting' DO UPDATE SET kind = excluded.kind";
    CLAIM = "UPDATE job SET leased_until_us = $2, tries = tries + 1 WHERE id = (SELECT id FROM job \
             WHERE state = 'waiting' AND due_us <= $1 AND leased_until_us <= $1 ORDER BY due_us LIMIT 1) \
             AND state = 'waiting' AND due_us <= $1 AND leased_until_us <= $1 RETURNING id, kind, subject, tries, due_us";
    FINISH = "UPDATE job SET state = $2, reason = $3, done_us = $4 WHERE id = $1 AND state = 'waiting'";
    RETRY = "UPDATE job SET due_us = $2, leased_until_us = 0, reason = $3 WHERE id = $1 AND state = 'waiting' AND tries = $4";
    FIND_DUE = "SELECT due_us FROM job WHERE kind = $1 AND subject = $2 AND state = 'waiting'";
    CANCEL = "DELETE FROM job WHERE kind = $1 AND subject = $2 AND state = 'waiting'";
    NEXT_DUE = "SELECT MIN(due_us) FROM job WHERE state = 'waiting' AND leased_until_us <= $1";
    COUNT_DEAD = "SELECT COUNT(*) FROM job WHERE state = 'dead'";
    LIST_DEAD = "SELECT id, kind, reason, tries, done_us FROM job WHERE state = 'dead' ORDER BY done_us DESC LIMIT $1";
    DELETE_DONE = "DELETE FROM job WHERE state = 'done' AND done_us < $1";
    FIND_SCHEDULE = "SELECT next_us FROM schedule WHERE name = $1";
    INSERT_SCHEDULE = "INSERT INTO schedule (name, next_us) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    ADVANCE_SCHEDULE = "UPDATE schedule SET next_us = $3 WHERE name = $1 AND next_us = $2";
}

type Row = (Vec<u8>, String, Vec<u8>, i64, i64);
type DeadRow = (Vec<u8>, String, String, i64, i64);

/// When a waiting job is due; `None` when there is none.
pub async fn find_due(conn: &mut Conn, kind: &str, subject: &[u8]) -> Result<Option<Moment>, StoreError> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(FIND_DUE).bind(kind).bind(subject).fetch_optional(c).await)?;
    Ok(row.map(|r| Moment::from_micros(r.0)))
}

/// Adds a job, unless the same one waits already.
pub async fn insert(
    tx: &mut Tx,
    job: JobId,
    kind: &str,
    subject: &[u8],
    due: Moment,
    now: Moment,
) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(INSERT)
        .bind(job.bytes())
        .bind(kind)
        .bind(subject)
        .bind(due.micros())
        .bind(now.micros())
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Claims the next due job until `lease`. `None` may mean that another worker was quicker: look again before sleeping.
pub async fn claim(tx: &mut Tx, now: Moment, lease: Moment) -> Result<Option<Job>, StoreError> {
    let row: Option<Row> =
        on!(tx, |c| sqlx::query_as(CLAIM).bind(now.micros()).bind(lease.micros()).fetch_optional(c).await)?;
    row.map(|r| Ok(Job { id: id(&r.0, "job.id")?, kind: r.1, subject: r.2, tries: r.3, due: Moment::from_micros(r.4) }))
        .transpose()
}

/// Ends a job: done, or dead with a reason.
pub async fn finish(tx: &mut Tx, job: JobId, dead: Option<&str>, now: Moment) -> Result<bool, StoreError> {
    let (state, reason) = dead.map_or(("done", ""), |reason| ("dead", reason));
    let done = on!(tx, |c| sqlx::query(FINISH)
        .bind(job.bytes())
        .bind(state)
        .bind(reason)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Lets a job rest until `due` after try number `tries`; false when another worker has begun a later try since.
pub async fn retry(tx: &mut Tx, job: JobId, tries: i64, due: Moment, reason: &str) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(RETRY)
        .bind(job.bytes())
        .bind(due.micros())
        .bind(reason)
        .bind(tries)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Removes a waiting job.
pub async fn cancel(tx: &mut Tx, kind: &str, subject: &[u8]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(CANCEL).bind(kind).bind(subject).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// When the next job is due that nobody holds a lease on.
pub async fn next_due(conn: &mut Conn, now: Moment) -> Result<Option<Moment>, StoreError> {
    let row: (Option<i64>,) = on!(conn, |c| sqlx::query_as(NEXT_DUE).bind(now.micros()).fetch_one(c).await)?;
    Ok(row.0.map(Moment::from_micros))
}

/// Jobs that gave up.
pub async fn count_dead(conn: &mut Conn) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT_DEAD).fetch_one(c).await)?;
    Ok(row.0)
}

/// Jobs that gave up, the latest first.
pub async fn list_dead(conn: &mut Conn, limit: i64) -> Result<Vec<Dead>, StoreError> {
    let rows: Vec<DeadRow> = on!(conn, |c| sqlx::query_as(LIST_DEAD).bind(limit).fetch_all(c).await)?;
    let dead = |r: DeadRow| {
        Ok(Dead { id: id(&r.0, "job.id")?, kind: r.1, reason: r.2, tries: r.3, at: Moment::from_micros(r.4) })
    };
    rows.into_iter().map(dead).collect()
}

/// Forgets jobs done before `before`; dead ones stay.
pub async fn delete_done(tx: &mut Tx, before: Moment) -> Result<u64, StoreError> {
    Ok(on!(tx, |c| sqlx::query(DELETE_DONE).bind(before.micros()).execute(c).await.map(|d| d.rows_affected()))?)
}

/// When a schedule runs next; `first` when it is new.
pub async fn schedule(tx: &mut Tx, name: &str, first: Moment) -> Result<Moment, StoreError> {
    on!(tx, |c| sqlx::query(INSERT_SCHEDULE).bind(name).bind(first.micros()).execute(c).await.map(|_| ()))?;
    let row: (i64,) = on!(tx, |c| sqlx::query_as(FIND_SCHEDULE).bind(name).fetch_one(c).await)?;
    Ok(Moment::from_micros(row.0))
}

/// Moves a schedule on; false when another node did.
pub async fn advance(tx: &mut Tx, name: &str, from: Moment, to: Moment) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(ADVANCE_SCHEDULE)
        .bind(name)
        .bind(from.micros())
        .bind(to.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}
