//! The triage queue: the same work per page however many threads exist.
//!
//! Each list walks one partial index from where the last page ended (a keyset, never an offset) and each count stops at
//! [`limits::QUEUE_COUNT_MAX`](crate::limits::QUEUE_COUNT_MAX).

use super::threads::ThreadState;
use super::{Conn, StoreError, id, maybe_id, moment, on, statements, word};
use crate::clock::Moment;
use crate::ids::{DeskId, PersonId, ThreadId};
use crate::limits::QUEUE_COUNT_MAX;

/// A row of the queue: metadata only.
pub struct Waiting {
    /// The thread.
    pub thread: ThreadId,
    /// Its desk.
    pub desk: DeskId,
    /// The client's mailbox name, sealed to the house key.
    pub name_sealed: Vec<u8>,
    /// Whose name that is.
    pub client: PersonId,
    /// The client's language.
    pub language: String,
    /// Not sure to be safe.
    pub urgent: bool,
    /// Who answers.
    pub assignee: Option<PersonId>,
    /// Receipt of the oldest unanswered letter.
    pub waiting: Option<Moment>,
    /// The last letter of either side.
    pub last: Option<Moment>,
    /// Where it stands.
    pub state: ThreadState,
}

/// Where a page begins: after this row.
#[derive(Clone, Copy)]
pub struct After {
    /// Its urgency.
    pub urgent: bool,
    /// The time it is sorted by.
    pub at: Moment,
    /// Itself.
    pub thread: ThreadId,
}

statements! {
    LIST_UNASSIGNED = "SELECT t.id, t.desk_id, p.name_sealed, t.client_id, p.language, t.urgent, t.assignee_id, t.waiting_us, t.last_us, t.state \
        FROM thread t JOIN person p ON p.id = t.client_id \
        WHERE t.desk_id = $1 AND t.state = 'waiting' AND t.assignee_id IS NULL \
        AND (t.urgent < $2 OR (t.urgent = $2 AND (t.waiting_us > $3 OR (t.waiting_us = $3 AND t.id > $4)))) \
        ORDER BY t.urgent DESC, t.waiting_us, t.id LIMIT $5";
    LIST_MINE = "SELECT t.id, t.desk_id, p.name_sealed, t.client_id, p.language, t.urgent, t.assignee_id, t.waiting_us, t.last_us, t.state \
        FROM thread t JOIN person p ON p.id = t.client_id \
        WHERE t.assignee_id = $1 AND t.state = 'waiting' \
        AND (t.urgent < $2 OR (t.urgent = $2 AND (t.waiting_us > $3 OR (t.waiting_us = $3 AND t.id > $4)))) \
        ORDER BY t.urgent DESC, t.waiting_us, t.id LIMIT $5";
    LIST_ANSWERED = "SELECT t.id, t.desk_id, p.name_sealed, t.client_id, p.language, t.urgent, t.assignee_id, t.waiting_us, t.last_us, t.state \
        FROM thread t JOIN person p ON p.id = t.client_id \
        WHERE t.assignee_id = $1 AND t.state IN ('answered', 'leaving') AND (t.last_us > $2 OR (t.last_us = $2 AND t.id > $3)) \
        ORDER BY t.last_us, t.id LIMIT $4";
    RECENT_ANSWERED = "SELECT t.id, t.desk_id, p.name_sealed, t.client_id, p.language, t.urgent, t.assignee_id, t.waiting_us, t.last_us, t.state \
        FROM thread t JOIN person p ON p.id = t.client_id \
        WHERE t.assignee_id = $1 AND t.state IN ('answered', 'leaving') ORDER BY t.last_us DESC, t.id DESC LIMIT $2";
    /// The order holds SQLite to the list's own index; without it, it walks everything that waits, taken or not.
    COUNT_UNASSIGNED = "SELECT COUNT(*) FROM (SELECT 1 AS x FROM thread WHERE desk_id = $1 AND state = 'waiting' AND assignee_id IS NULL \
        ORDER BY urgent DESC, waiting_us LIMIT $2) AS n";
    COUNT_MINE = "SELECT COUNT(*) FROM (SELECT 1 AS x FROM thread WHERE assignee_id = $1 AND state = 'waiting' LIMIT $2) AS n";
    COUNT_ANSWERED = "SELECT COUNT(*) FROM (SELECT 1 AS x FROM thread WHERE assignee_id = $1 AND state IN ('answered', 'leaving') LIMIT $2) AS n";
    COUNT_HELD = "SELECT COUNT(*) FROM (SELECT 1 AS x FROM held WHERE desk_id = $1 LIMIT $2) AS n";
    COUNT_WAITING = "SELECT COUNT(*) FROM (SELECT 1 AS x FROM thread WHERE desk_id = $1 AND state = 'waiting' LIMIT $2) AS n";
    OLDEST_WAITING = "SELECT MIN(waiting_us) FROM thread WHERE desk_id = $1 AND state = 'waiting'";
}

type Row = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, String, i64, Option<Vec<u8>>, i64, i64, String);

fn waiting(row: Row) -> Result<Waiting, StoreError> {
    Ok(Waiting {
        thread: id(&row.0, "thread.id")?,
        desk: id(&row.1, "thread.desk_id")?,
        name_sealed: row.2,
        client: id(&row.3, "thread.client_id")?,
        language: row.4,
        urgent: row.5 == 1,
        assignee: maybe_id(row.6.as_deref(), "thread.assignee_id")?,
        waiting: moment(row.7),
        last: moment(row.8),
        state: word(&row.9, "thread.state", &row.0)?,
    })
}

/// Which list.
#[derive(Clone, Copy)]
pub enum List {
    /// Nobody's yet, of one desk.
    Unassigned(DeskId),
    /// One person's, to be answered.
    Mine(PersonId),
    /// One person's, where the client has the word.
    Answered(PersonId),
}

/// One page of a list: urgent first, then the longest waiting.
pub async fn list(conn: &mut Conn, list: List, after: Option<After>, limit: usize) -> Result<Vec<Waiting>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let urgent = after.map_or(2, |a| i64::from(a.urgent));
    let at = after.map_or(0, |a| a.at.micros());
    let last = after.map_or_else(Vec::new, |a| a.thread.bytes().to_vec());
    let rows: Vec<Row> = match list {
        List::Unassigned(desk) => on!(conn, |c| sqlx::query_as(LIST_UNASSIGNED)
            .bind(desk.bytes())
            .bind(urgent)
            .bind(at)
            .bind(&last)
            .bind(limit)
            .fetch_all(c)
            .await)?,
        List::Mine(person) => on!(conn, |c| sqlx::query_as(LIST_MINE)
            .bind(person.bytes())
            .bind(urgent)
            .bind(at)
            .bind(&last)
            .bind(limit)
            .fetch_all(c)
            .await)?,
        List::Answered(person) => on!(conn, |c| sqlx::query_as(LIST_ANSWERED)
            .bind(person.bytes())
            .bind(at)
            .bind(&last)
            .bind(limit)
            .fetch_all(c)
            .await)?,
    };
    rows.into_iter().map(waiting).collect()
}

/// The threads somebody worked on last: half of them waiting for an answer, half just answered.
pub async fn recent(conn: &mut Conn, person: PersonId, limit: usize) -> Result<Vec<Waiting>, StoreError> {
    let mut all = list(conn, List::Mine(person), None, limit.div_ceil(2)).await?;
    let rest = i64::try_from(limit - all.len()).unwrap_or(i64::MAX);
    let rows: Vec<Row> =
        on!(conn, |c| sqlx::query_as(RECENT_ANSWERED).bind(person.bytes()).bind(rest).fetch_all(c).await)?;
    for row in rows {
        all.push(waiting(row)?);
    }
    Ok(all)
}

/// How long a list is, up to the cap.
pub async fn count(conn: &mut Conn, list: List) -> Result<i64, StoreError> {
    let row: (i64,) = match list {
        List::Unassigned(desk) => {
            on!(conn, |c| sqlx::query_as(COUNT_UNASSIGNED).bind(desk.bytes()).bind(QUEUE_COUNT_MAX).fetch_one(c).await)?
        }
        List::Mine(person) => {
            on!(conn, |c| sqlx::query_as(COUNT_MINE).bind(person.bytes()).bind(QUEUE_COUNT_MAX).fetch_one(c).await)?
        }
        List::Answered(person) => {
            on!(conn, |c| sqlx::query_as(COUNT_ANSWERED).bind(person.bytes()).bind(QUEUE_COUNT_MAX).fetch_one(c).await)?
        }
    };
    Ok(row.0)
}

/// How many mails lie on a desk's shelf, up to the cap.
pub async fn count_held(conn: &mut Conn, desk: DeskId) -> Result<i64, StoreError> {
    let row: (i64,) =
        on!(conn, |c| sqlx::query_as(COUNT_HELD).bind(desk.bytes()).bind(QUEUE_COUNT_MAX).fetch_one(c).await)?;
    Ok(row.0)
}

/// What a desk owes in numbers: threads waiting (up to the cap) and the oldest receipt.
pub async fn load(conn: &mut Conn, desk: DeskId) -> Result<(i64, Option<Moment>), StoreError> {
    let row: (i64,) =
        on!(conn, |c| sqlx::query_as(COUNT_WAITING).bind(desk.bytes()).bind(QUEUE_COUNT_MAX).fetch_one(c).await)?;
    let oldest: (Option<i64>,) = on!(conn, |c| sqlx::query_as(OLDEST_WAITING).bind(desk.bytes()).fetch_one(c).await)?;
    Ok((row.0, oldest.0.and_then(moment)))
}
