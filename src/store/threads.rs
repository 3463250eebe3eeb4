//! Threads, their epochs and the grants that open them.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;

use super::{Conn, StoreError, Tx, id, maybe_id, moment, on, one, statements, word};
use crate::clock::Moment;
use crate::ids::{DeskId, EpochId, PersonId, ThreadId};

use super::epochs::insert_epoch;
pub use super::epochs::{Epoch, delete_grants, find_epoch, find_grant, insert_grant, list_epochs, list_grants};

/// Where a thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadState {
    /// Opened; no letter yet.
    Fresh,
    /// The client wrote last.
    Waiting,
    /// A reply is in its recall window.
    Leaving,
    /// Every letter of the client is answered.
    Answered,
}

impl ThreadState {
    /// The word in tables and text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Waiting => "waiting",
            Self::Leaving => "leaving",
            Self::Answered => "answered",
        }
    }
}

impl std::str::FromStr for ThreadState {
    type Err = crate::role::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Fresh, Self::Waiting, Self::Leaving, Self::Answered]
            .into_iter()
            .find(|s| s.word() == text)
            .ok_or(crate::role::UnknownWord)
    }
}

/// A thread as stored.
pub struct Thread {
    /// Row.
    pub id: ThreadId,
    /// Whose desk.
    pub desk: DeskId,
    /// Whose letters.
    pub client: PersonId,
    /// Where it stands.
    pub state: ThreadState,
    /// The client was not sure to be safe.
    pub urgent: bool,
    /// Who answers.
    pub assignee: Option<PersonId>,
    /// The present period.
    pub epoch: EpochId,
    /// Keyed hash of its mail address.
    pub token_hash: Vec<u8>,
    /// The token, sealed to the house key.
    pub token_sealed: Vec<u8>,
    /// Opened when.
    pub created: Moment,
    /// Receipt of the oldest unanswered letter.
    pub waiting: Option<Moment>,
    /// The last letter of either side.
    pub last: Option<Moment>,
}

/// What a mail door needs to know of a thread.
#[derive(Clone)]
pub struct Target {
    /// The thread.
    pub thread: ThreadId,
    /// Its desk.
    pub desk: DeskId,
    /// The present period and its public certificate.
    pub epoch: EpochId,
    /// See there.
    pub epoch_cert: Vec<u8>,
    /// The desk's certificate, for what must be held.
    pub desk_cert: Vec<u8>,
    /// Keyed hash of the client's confirmed address.
    pub sender_hash: Option<Vec<u8>>,
    /// The same address, sealed to the house key.
    pub sender_sealed: Option<Vec<u8>>,
    /// Whose letters.
    pub client: PersonId,
    /// Keyed hashes of mail programs and names heard from before, eight bytes each.
    pub traits: Vec<u8>,
    /// Its client has other threads too.
    pub has_siblings: bool,
    /// The client marked it as not safe, or a counselor did.
    pub urgent: bool,
    /// The address that was used is one the thread had before.
    pub is_retired: bool,
}

statements! {
    INSERT = "INSERT INTO thread (id, desk_id, client_id, state, epoch_id, token_hash, token_sealed, created_us) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    FIND = "SELECT id, desk_id, client_id, state, urgent, assignee_id, epoch_id, token_hash, token_sealed, created_us, waiting_us, last_us \
            FROM thread WHERE id = $1";
    LIST_OF_CLIENT = "SELECT id, desk_id, client_id, state, urgent, assignee_id, epoch_id, token_hash, token_sealed, created_us, waiting_us, last_us \
                      FROM thread WHERE client_id = $1 ORDER BY created_us, id";
    FIND_TARGET = "SELECT t.token_hash, t.id, t.desk_id, t.epoch_id, e.cert, d.cert, n.address_hash, n.address_sealed, t.client_id, t.traits, COALESCE(n.confirmed_us, 0), \
                   (SELECT COUNT(*) FROM thread o WHERE o.client_id = t.client_id), t.urgent \
                   FROM thread t JOIN epoch e ON e.id = t.epoch_id JOIN desk d ON d.id = t.desk_id \
                   LEFT JOIN notice n ON n.person_id = t.client_id WHERE t.token_hash = $1";
    ASSIGN = "UPDATE thread SET assignee_id = $2 WHERE id = $1 AND assignee_id IS NULL";
    REASSIGN = "UPDATE thread SET assignee_id = $3 WHERE id = $1 AND assignee_id = $2";
    UNASSIGN = "UPDATE thread SET assignee_id = NULL WHERE id = $1 AND assignee_id = $2";
    UPDATE_URGENT = "UPDATE thread SET urgent = $2 WHERE id = $1";
    UPDATE_ANSWERED = "UPDATE thread SET state = 'answered', urgent = 0, waiting_us = 0, last_us = $2 WHERE id = $1";
    UPDATE_PARTLY_ANSWERED = "UPDATE thread SET state = 'waiting', waiting_us = $3, last_us = $2 WHERE id = $1";
    UPDATE_LEAVING = "UPDATE thread SET state = 'leaving' WHERE id = $1 AND state = 'waiting'";
    UPDATE_WAITING = "UPDATE thread SET state = 'waiting', waiting_us = $2 WHERE id = $1";
    UPDATE_TOKEN = "UPDATE thread SET token_hash = $2, token_sealed = $3 WHERE id = $1";
    UPDATE_TRAITS = "UPDATE thread SET traits = $2 WHERE id = $1";
    SETTLE = "UPDATE thread SET state = $2, waiting_us = $3, last_us = $4 WHERE id = $1";
    UPDATE_EPOCH = "UPDATE thread SET epoch_id = $3 WHERE id = $1 AND epoch_id = $2";
}

type Row = (Vec<u8>, Vec<u8>, Vec<u8>, String, i64, Option<Vec<u8>>, Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, i64);
/// A row of the texts that find targets.
pub(super) type TargetRow = (
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Vec<u8>,
    Vec<u8>,
    i64,
    i64,
    i64,
);

/// Addresses looked up with one statement, at the most.
pub const TARGETS_MAX: usize = 32;

/// The text that finds the targets of so many addresses (1 to [`TARGETS_MAX`]).
pub fn find_targets_text(addresses: usize) -> String {
    let marks: Vec<_> = (1..=addresses).map(|n| format!("${n}")).collect();
    format!("{} IN ({})", FIND_TARGET.trim_end_matches(" = $1"), marks.join(", "))
}

fn thread(row: Row) -> Result<Thread, StoreError> {
    Ok(Thread {
        id: id(&row.0, "thread.id")?,
        desk: id(&row.1, "thread.desk_id")?,
        client: id(&row.2, "thread.client_id")?,
        state: word(&row.3, "thread.state", &row.0)?,
        urgent: row.4 == 1,
        assignee: maybe_id(row.5.as_deref(), "thread.assignee_id")?,
        epoch: id(&row.6, "thread.epoch_id")?,
        token_hash: row.7,
        token_sealed: row.8,
        created: Moment::from_micros(row.9),
        waiting: moment(row.10),
        last: moment(row.11),
    })
}

/// Adds a thread with its first epoch.
pub async fn insert(tx: &mut Tx, t: &Thread, first: &Epoch) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT)
        .bind(t.id.bytes())
        .bind(t.desk.bytes())
        .bind(t.client.bytes())
        .bind(t.state.word())
        .bind(t.epoch.bytes())
        .bind(&t.token_hash)
        .bind(&t.token_sealed)
        .bind(t.created.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "thread")?;
    insert_epoch(tx, first).await
}

/// By id.
pub async fn find(conn: &mut Conn, thread_id: ThreadId) -> Result<Option<Thread>, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(FIND).bind(thread_id.bytes()).fetch_optional(c).await)?;
    row.map(thread).transpose()
}

/// All threads of a client, oldest first.
pub async fn list_of_client(conn: &mut Conn, client: PersonId) -> Result<Vec<Thread>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST_OF_CLIENT).bind(client.bytes()).fetch_all(c).await)?;
    rows.into_iter().map(thread).collect()
}

/// By the keyed hash of its mail address.
pub async fn find_target(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<Target>, StoreError> {
    let row: Option<TargetRow> = on!(conn, |c| sqlx::query_as(FIND_TARGET).bind(token_hash).fetch_optional(c).await)?;
    Ok(row.map(target).transpose()?.map(|(_, target)| target))
}

/// By the keyed hashes of up to [`TARGETS_MAX`] mail addresses; the answers stand in their order.
pub async fn find_targets(conn: &mut Conn, token_hashes: &[[u8; 32]]) -> Result<Vec<Option<Target>>, StoreError> {
    let Some(last) = token_hashes.last() else { return Ok(Vec::new()) };
    // A few sizes, filled up with repetitions: a text of its own for each number would have to be prepared each time.
    let size = token_hashes.len().next_power_of_two();
    let padded = token_hashes.iter().chain(std::iter::repeat(last)).take(size);
    let rows: Vec<TargetRow> = on!(conn, |c| {
        let mut query = sqlx::query_as(AssertSqlSafe(find_targets_text(size)));
        for hash in padded {
            query = query.bind(&hash[..]);
        }
        query.fetch_all(c).await
    })?;
    let found: HashMap<Vec<u8>, Target> = rows.into_iter().map(target).collect::<Result<_, StoreError>>()?;
    Ok(token_hashes.iter().map(|hash| found.get(&hash[..]).cloned()).collect())
}

pub(super) fn target(row: TargetRow) -> Result<(Vec<u8>, Target), StoreError> {
    let target = Target {
        thread: id(&row.1, "thread.id")?,
        desk: id(&row.2, "thread.desk_id")?,
        epoch: id(&row.3, "thread.epoch_id")?,
        epoch_cert: row.4,
        desk_cert: row.5,
        sender_hash: row.6.filter(|_| row.10 != 0),
        sender_sealed: row.7.filter(|_| row.10 != 0),
        client: id(&row.8, "thread.client_id")?,
        traits: row.9,
        has_siblings: row.11 > 1,
        urgent: row.12 == 1,
        is_retired: false,
    };
    Ok((row.0, target))
}

/// Gives a thread nobody has to `person`; false when somebody was quicker.
pub async fn assign(tx: &mut Tx, thread_id: ThreadId, person: PersonId) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(ASSIGN)
        .bind(thread_id.bytes())
        .bind(person.bytes())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Hands a thread from one to another; false when `from` no longer has it.
pub async fn reassign(tx: &mut Tx, thread_id: ThreadId, from: PersonId, to: PersonId) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(REASSIGN)
        .bind(thread_id.bytes())
        .bind(from.bytes())
        .bind(to.bytes())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Puts a thread back; false when `from` no longer has it.
pub async fn unassign(tx: &mut Tx, thread_id: ThreadId, from: PersonId) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(UNASSIGN)
        .bind(thread_id.bytes())
        .bind(from.bytes())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Marks or unmarks "not sure to be safe".
pub async fn update_urgent(tx: &mut Tx, thread_id: ThreadId, urgent: bool) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_URGENT)
        .bind(thread_id.bytes())
        .bind(i64::from(urgent))
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "thread")
}

/// A reply went out at `at`. `still_waiting` is the receipt of the oldest letter it did not cover (it crossed).
pub async fn update_answered(
    tx: &mut Tx,
    thread_id: ThreadId,
    at: Moment,
    still_waiting: Option<Moment>,
) -> Result<(), StoreError> {
    let done = match still_waiting {
        None => on!(tx, |c| sqlx::query(UPDATE_ANSWERED)
            .bind(thread_id.bytes())
            .bind(at.micros())
            .execute(c)
            .await
            .map(|d| d.rows_affected()))?,
        Some(since) => on!(tx, |c| sqlx::query(UPDATE_PARTLY_ANSWERED)
            .bind(thread_id.bytes())
            .bind(at.micros())
            .bind(since.micros())
            .execute(c)
            .await
            .map(|d| d.rows_affected()))?,
    };
    one(done, "thread")
}

/// A reply was handed in and waits to leave.
pub async fn update_leaving(tx: &mut Tx, thread_id: ThreadId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(UPDATE_LEAVING).bind(thread_id.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The client has been waiting since this receipt (again).
pub async fn update_waiting(tx: &mut Tx, thread_id: ThreadId, since: Moment) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_WAITING)
        .bind(thread_id.bytes())
        .bind(since.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "thread")
}

/// Replaces the mail address.
pub async fn update_token(
    tx: &mut Tx,
    thread_id: ThreadId,
    token_hash: &[u8],
    token_sealed: &[u8],
) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_TOKEN)
        .bind(thread_id.bytes())
        .bind(token_hash)
        .bind(token_sealed)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "thread")
}

/// A letter left a thread: where it stands without it.
pub async fn settle(
    tx: &mut Tx,
    thread_id: ThreadId,
    state: ThreadState,
    waiting: Option<Moment>,
    last: Option<Moment>,
) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(SETTLE)
        .bind(thread_id.bytes())
        .bind(state.word())
        .bind(waiting.map_or(0, Moment::micros))
        .bind(last.map_or(0, Moment::micros))
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "thread")
}

/// Remembers what a thread has heard from.
pub async fn update_traits(tx: &mut Tx, thread_id: ThreadId, traits: &[u8]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(UPDATE_TRAITS).bind(thread_id.bytes()).bind(traits).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Begins a new period; false when another one began meanwhile.
pub async fn update_epoch(tx: &mut Tx, thread_id: ThreadId, from: EpochId, to: &Epoch) -> Result<bool, StoreError> {
    insert_epoch(tx, to).await?;
    let done = on!(tx, |c| sqlx::query(UPDATE_EPOCH)
        .bind(thread_id.bytes())
        .bind(from.bytes())
        .bind(to.id.bytes())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}
