//! Mail that did not become a letter: it waits for a decision, lies beside a thread, or is a third party's note.
//!
//! What was decided on stays for a little while in a state that no list shows (`decisions`).

use super::{Conn, StoreError, Tx, id, maybe_id, on, one, statements, word};
use crate::clock::Moment;
use crate::ids::{DeskId, HeldId, PersonId, ThreadId};
use crate::seal::SealedBlob;

/// Where a mail on the shelf stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldState {
    /// It waits for a person's decision.
    Waiting,
    /// A machine's note, beside a thread or at a desk: nobody has to decide.
    Filed,
    /// What a third party wrote about somebody: kept outside every thread.
    Note,
    /// In its client's sorting tray: the client decides, and the body is encrypted to them.
    Tray,
    /// Deleted; kept a little while so that it can be undone.
    Discarded,
    /// It became a letter; kept a little while so that it can be undone.
    Entered,
}

impl HeldState {
    /// The word in the table and in text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Filed => "filed",
            Self::Note => "note",
            Self::Tray => "tray",
            Self::Discarded => "discarded",
            Self::Entered => "entered",
        }
    }

    /// Whether a desk's people may open it.
    pub const fn is_on_shelf(self) -> bool {
        matches!(self, Self::Waiting | Self::Filed | Self::Note)
    }

    /// Whether a desk's people may know of it.
    pub const fn is_listed(self) -> bool {
        self.is_on_shelf() || matches!(self, Self::Tray)
    }
}

impl std::str::FromStr for HeldState {
    type Err = crate::role::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Waiting, Self::Filed, Self::Note, Self::Tray, Self::Discarded, Self::Entered]
            .into_iter()
            .find(|s| s.word() == text)
            .ok_or(crate::role::UnknownWord)
    }
}

/// A mail on its way to the shelf.
pub struct NewHeld {
    /// Row.
    pub id: HeldId,
    /// Whose shelf.
    pub desk: DeskId,
    /// The thread whose address it used, if any.
    pub thread: Option<ThreadId>,
    /// Why it waits: words of `screen::Signal`, comma between.
    pub reasons: String,
    /// When our server took it.
    pub received: Moment,
    /// The mail, encrypted to the desk; in a tray to the client.
    pub body: SealedBlob,
    /// Recognises the same mail coming again.
    pub dedup: [u8; 32],
    /// Where it stands.
    pub state: HeldState,
    /// What was found out about the sender, in the words of `provenance`.
    pub provenance: String,
}

/// A mail on the shelf.
pub struct Held {
    /// Row.
    pub id: HeldId,
    /// Whose shelf.
    pub desk: DeskId,
    /// The thread whose address it used, if any.
    pub thread: Option<ThreadId>,
    /// Why it waits.
    pub reasons: String,
    /// When our server took it.
    pub received: Moment,
    /// Where it stands.
    pub state: HeldState,
    /// See [`NewHeld::provenance`].
    pub provenance: String,
    /// The mail, encrypted to the desk; in a tray to the client.
    pub body: Vec<u8>,
}

statements! {
    INSERT = "INSERT INTO held (id, desk_id, thread_id, reasons, received_us, body, dedup, state, provenance) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
              ON CONFLICT (dedup) DO NOTHING";
    FIND = "SELECT id, desk_id, thread_id, reasons, received_us, state, provenance, body FROM held WHERE id = $1";
    LIST = "SELECT id, desk_id, thread_id, reasons, received_us, state, provenance FROM held \
            WHERE desk_id = $1 AND state = $2 AND (received_us, id) > ($3, $4) ORDER BY received_us, id LIMIT $5";
    LIST_OF_THREAD = "SELECT id, desk_id, thread_id, reasons, received_us, state, provenance FROM held \
                      WHERE thread_id = $1 AND state = $2 ORDER BY received_us DESC LIMIT $3";
    UPDATE_NOTE = "UPDATE held SET state = 'note', thread_id = NULL WHERE id = $1 AND state = 'waiting'";
    LIST_TRAY = "SELECT h.id, h.desk_id, h.thread_id, h.reasons, h.received_us, h.state, h.provenance, h.body FROM held h \
                 JOIN thread t ON t.id = h.thread_id WHERE t.client_id = $1 AND h.state = 'tray' ORDER BY h.received_us, h.id LIMIT $2";
    COUNT_TRAY = "SELECT COUNT(*) FROM held h JOIN thread t ON t.id = h.thread_id WHERE t.client_id = $1 AND h.state = 'tray'";
    UPDATE_TRAY = "UPDATE held SET state = 'tray', body = $2, dedup = $3 WHERE id = $1 AND state = 'waiting'";
    DELETE_TWIN = "DELETE FROM held WHERE dedup = $1 AND state IN ('waiting', 'tray')";
    DELETE = "DELETE FROM held WHERE id = $1";
}

type Row = (Vec<u8>, Vec<u8>, Option<Vec<u8>>, String, i64, String, String, Vec<u8>);
type ListRow = (Vec<u8>, Vec<u8>, Option<Vec<u8>>, String, i64, String, String);

fn held(row: Row) -> Result<Held, StoreError> {
    Ok(Held {
        id: id(&row.0, "held.id")?,
        desk: id(&row.1, "held.desk_id")?,
        thread: maybe_id(row.2.as_deref(), "held.thread_id")?,
        reasons: row.3,
        received: Moment::from_micros(row.4),
        state: word(&row.5, "held.state", &row.0)?,
        provenance: row.6,
        body: row.7,
    })
}

fn listed(rows: Vec<ListRow>) -> Result<Vec<Held>, StoreError> {
    rows.into_iter().map(|r| held((r.0, r.1, r.2, r.3, r.4, r.5, r.6, Vec::new()))).collect()
}

/// Puts a mail on the shelf; false when it lies there already.
pub async fn insert(tx: &mut Tx, h: &NewHeld) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT)
        .bind(h.id.bytes())
        .bind(h.desk.bytes())
        .bind(h.thread.as_ref().map(|t| t.bytes()))
        .bind(&h.reasons)
        .bind(h.received.micros())
        .bind(h.body.bytes())
        .bind(&h.dedup[..])
        .bind(h.state.word())
        .bind(&h.provenance)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// By id.
pub async fn find(conn: &mut Conn, held_id: HeldId) -> Result<Option<Held>, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(FIND).bind(held_id.bytes()).fetch_optional(c).await)?;
    row.map(held).transpose()
}

/// A page of a desk's shelf, oldest first, without the bodies: what stands after this mail's receipt and id.
pub async fn list(
    conn: &mut Conn,
    desk: DeskId,
    state: HeldState,
    after: Option<(Moment, HeldId)>,
    limit: usize,
) -> Result<Vec<Held>, StoreError> {
    let at = after.map_or(i64::MIN, |a| a.0.micros());
    let last = after.map_or_else(Vec::new, |a| a.1.bytes().to_vec());
    let rows: Vec<ListRow> = on!(conn, |c| sqlx::query_as(LIST)
        .bind(desk.bytes())
        .bind(state.word())
        .bind(at)
        .bind(&last)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(c)
        .await)?;
    listed(rows)
}

/// The newest of those that used a thread's address, without the bodies.
pub async fn list_of_thread(
    conn: &mut Conn,
    thread: ThreadId,
    state: HeldState,
    limit: usize,
) -> Result<Vec<Held>, StoreError> {
    let rows: Vec<ListRow> = on!(conn, |c| sqlx::query_as(LIST_OF_THREAD)
        .bind(thread.bytes())
        .bind(state.word())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(c)
        .await)?;
    listed(rows)
}

/// Makes a waiting mail a third party's note, outside every thread; [`StoreError::Gone`] when somebody was quicker.
pub async fn update_note(tx: &mut Tx, held_id: HeldId) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_NOTE).bind(held_id.bytes()).execute(c).await.map(|d| d.rows_affected()))?;
    one(done, "held mail")
}

/// What waits in a client's sorting tray, oldest first, with the bodies.
pub async fn list_tray(conn: &mut Conn, client: PersonId, limit: usize) -> Result<Vec<Held>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST_TRAY)
        .bind(client.bytes())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(held).collect()
}

/// How much waits there.
pub async fn count_tray(conn: &mut Conn, client: PersonId) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT_TRAY).bind(client.bytes()).fetch_one(c).await)?;
    Ok(row.0)
}

/// Puts a waiting mail into its client's tray, encrypted to them; [`StoreError::Gone`] when somebody was quicker.
pub async fn update_tray(tx: &mut Tx, held_id: HeldId, body: &SealedBlob, dedup: &[u8; 32]) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_TRAY)
        .bind(held_id.bytes())
        .bind(body.bytes())
        .bind(&dedup[..])
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "held mail")
}

/// Takes the other copy of a mail away, from a shelf or a tray, if there is one that still waits.
pub async fn delete_twin(tx: &mut Tx, dedup: &[u8; 32]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_TWIN).bind(&dedup[..]).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Takes a mail off the shelf; [`StoreError::Gone`] when somebody was quicker.
pub async fn delete(tx: &mut Tx, held_id: HeldId) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(DELETE).bind(held_id.bytes()).execute(c).await.map(|d| d.rows_affected()))?;
    one(done, "held mail")
}
