//! The counselor's desk: the queue, taking, giving back, handing over, colleagues to let in, private notes.

use super::keyring;
use super::session::{Reader, Realm, open_name};
use crate::audit::{self, Action};
use crate::clock::Moment;
use crate::house::{Failure, House, Owner};
use crate::ids::{DeskId, NoteId, PersonId, ThreadId};
use crate::limits::QUEUE_PAGE_ROWS;
use crate::role::{Language, Role};
use crate::seal::{BlobContext, GrantContext, Held, seal_to};
use crate::secret::{PlainBytes, PlainText};
use crate::store::desks::{Desk, Member};
use crate::store::letters::{self, Viewer};
use crate::store::queue::{self, After, List, Waiting};
use crate::store::threads::{self, Thread};
use crate::store::{Conn, desks, drafts, people};

/// Which tab of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tab {
    /// Nobody's yet.
    #[default]
    Unassigned,
    /// Mine to answer.
    Mine,
    /// Mine, where the client has the word.
    Waiting,
    /// Mail that waits for a decision.
    Held,
}

impl Tab {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Unassigned, Self::Mine, Self::Waiting, Self::Held];

    /// The word in URLs and text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unassigned => "unassigned",
            Self::Mine => "mine",
            Self::Waiting => "waiting",
            Self::Held => "held",
        }
    }
}

impl std::str::FromStr for Tab {
    type Err = crate::role::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|t| t.word() == text).ok_or(crate::role::UnknownWord)
    }
}

/// How long each tab's list is, up to the cap.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    /// See [`Tab::Unassigned`].
    pub unassigned: i64,
    /// See [`Tab::Mine`].
    pub mine: i64,
    /// See [`Tab::Waiting`].
    pub waiting: i64,
    /// See [`Tab::Held`].
    pub held: i64,
}

impl Counts {
    /// The count of one tab.
    pub const fn of(&self, tab: Tab) -> i64 {
        match tab {
            Tab::Unassigned => self.unassigned,
            Tab::Mine => self.mine,
            Tab::Waiting => self.waiting,
            Tab::Held => self.held,
        }
    }
}

/// A line of the queue with its name opened.
pub struct QueueLine {
    /// Metadata.
    pub row: Waiting,
    /// The client's mailbox name.
    pub name: PlainText,
    /// Name of the desk.
    pub desk: String,
}

/// A page of the queue.
pub struct QueuePage {
    /// The desks this counselor sits at.
    pub desks: Vec<Desk>,
    /// Of those, the ones whose letters they cannot read yet.
    pub waiting_for_key: Vec<DeskId>,
    /// Counts beside the tabs.
    pub counts: Counts,
    /// The lines.
    pub lines: Vec<QueueLine>,
    /// There are more after the last one.
    pub more: Option<After>,
    /// Colleagues who wait to be let in, by desk.
    pub newcomers: Vec<(DeskId, PersonId, PlainText)>,
}

/// Opens a page of the queue, of one desk or of all the counselor sits at. The same work however many threads exist.
pub async fn queue(
    house: &House,
    reader: &Reader,
    tab: Tab,
    desk: Option<DeskId>,
    after: Option<After>,
) -> Result<QueuePage, Failure> {
    if !reader.who.roles.has(Role::Counselor) {
        return Err(Failure::NotAllowed);
    }
    let me = reader.who.person;
    let mut conn = house.db.read().await?;
    let seats = desks::list_of_person(&mut conn, me).await?;
    let mut counts = Counts { mine: queue::count(&mut conn, List::Mine(me)).await?, ..Counts::default() };
    counts.waiting = queue::count(&mut conn, List::Answered(me)).await?;
    let mut rows = Vec::new();
    let mut newcomers = Vec::new();
    let mut waiting_for_key = Vec::new();
    for seat in &seats {
        let members = desks::list_members(&mut conn, seat.id).await?;
        if members.iter().any(|m| m.person == me && m.desk_grant.is_empty()) {
            waiting_for_key.push(seat.id);
            continue;
        }
        newcomers.extend(waiting_members(house, seat.id, &members)?);
        counts.unassigned += queue::count(&mut conn, List::Unassigned(seat.id)).await?;
        counts.held += queue::count_held(&mut conn, seat.id).await?;
        if tab == Tab::Unassigned && desk.is_none_or(|d| d == seat.id) {
            rows.extend(queue::list(&mut conn, List::Unassigned(seat.id), after, QUEUE_PAGE_ROWS + 1).await?);
        }
    }
    match tab {
        Tab::Mine => rows = queue::list(&mut conn, List::Mine(me), after, QUEUE_PAGE_ROWS + 1).await?,
        Tab::Waiting => rows = queue::list(&mut conn, List::Answered(me), after, QUEUE_PAGE_ROWS + 1).await?,
        Tab::Unassigned => rows.sort_by_key(|r| (!r.urgent, r.waiting, r.thread)),
        Tab::Held => {}
    }
    let more = rows.get(QUEUE_PAGE_ROWS).is_some();
    rows.truncate(QUEUE_PAGE_ROWS);
    let last_time = |r: &Waiting| if tab == Tab::Waiting { r.last } else { r.waiting };
    let more = rows
        .last()
        .filter(|_| more)
        .and_then(|r| Some(After { urgent: r.urgent, at: last_time(r)?, thread: r.thread }));
    let lines = rows
        .into_iter()
        .filter(|r| desk.is_none_or(|d| d == r.desk))
        .map(|row| line(house, &seats, row))
        .collect::<Result<_, _>>()?;
    Ok(QueuePage { desks: seats, waiting_for_key, counts, lines, more, newcomers })
}

fn line(house: &House, seats: &[Desk], row: Waiting) -> Result<QueueLine, Failure> {
    let name = open_name(house, Realm::Clients, row.client, &row.name_sealed)?;
    let desk = seats.iter().find(|d| d.id == row.desk).map(|d| d.name.clone()).unwrap_or_default();
    Ok(QueueLine { row, name, desk })
}

fn waiting_members(
    house: &House,
    desk: DeskId,
    members: &[Member],
) -> Result<Vec<(DeskId, PersonId, PlainText)>, Failure> {
    members
        .iter()
        .filter(|m| m.desk_grant.is_empty() && m.roles.has(Role::Counselor) && !m.disabled)
        .map(|m| Ok((desk, m.person, open_name(house, Realm::Staff, m.person, &m.name_sealed)?)))
        .collect()
}

/// Who can answer at a thread's desk: id and name.
pub async fn colleagues(house: &House, desk: DeskId) -> Result<Vec<(PersonId, PlainText)>, Failure> {
    let members = desks::list_members(&mut house.db.read().await?, desk).await?;
    members
        .iter()
        .filter(|m| m.roles.has(Role::Counselor) && !m.disabled && !m.desk_grant.is_empty())
        .map(|m| Ok((m.person, open_name(house, Realm::Staff, m.person, &m.name_sealed)?)))
        .collect()
}

/// Hands the desk's key to a colleague who waits for it.
pub async fn admit(house: &House, reader: &Reader, desk: DeskId, colleague: PersonId) -> Result<(), Failure> {
    let mut conn = house.db.read().await?;
    let key = keyring::desk_key(&mut conn, reader, desk).await?;
    let members = desks::list_members(&mut conn, desk).await?;
    drop(conn);
    let member =
        members.into_iter().find(|m| m.person == colleague && m.roles.has(Role::Counselor)).ok_or(Failure::NotFound)?;
    let cert = house.cert(Owner::Person(colleague.bytes()), &member.cert)?;
    let grant = key.grant(&cert, &GrantContext { held: Held::Desk(desk), reader: colleague.bytes() })?;
    let mut tx = house.db.begin().await?;
    desks::update_member(&mut tx, desk, colleague, &grant).await?;
    audit::note(&mut tx, house, house.now(), Some(reader.who.person), Action::ColleagueAdmitted, None).await?;
    Ok(tx.commit().await?)
}

/// Takes a thread nobody has: assignment and own grant in one commit. [`Failure::Changed`] when somebody was quicker.
pub async fn take(house: &House, reader: &Reader, thread: &Thread) -> Result<(), Failure> {
    let me = reader.who.person;
    let grant = grant_to(house, reader, thread, me).await?;
    let now = house.now();
    let mut tx = house.db.begin().await?;
    if !threads::assign(&mut tx, thread.id, me).await? {
        return Err(Failure::Changed);
    }
    threads::insert_grant(&mut tx, thread.epoch, me.bytes(), &grant, now).await?;
    audit::note(&mut tx, house, now, Some(me), Action::Taken, Some(thread.id)).await?;
    Ok(tx.commit().await?)
}

/// Puts a thread back for others; the own grants go.
pub async fn give_back(house: &House, reader: &Reader, thread: &Thread) -> Result<(), Failure> {
    let me = reader.who.person;
    let mut tx = house.db.begin().await?;
    if !threads::unassign(&mut tx, thread.id, me).await? {
        return Err(Failure::Changed);
    }
    threads::delete_grants(&mut tx, thread.id, me.bytes()).await?;
    audit::note(&mut tx, house, house.now(), Some(me), Action::GivenBack, Some(thread.id)).await?;
    Ok(tx.commit().await?)
}

/// Hands a thread to a colleague: one grant, however long the history.
pub async fn hand_over(house: &House, reader: &Reader, thread: &Thread, to: PersonId) -> Result<(), Failure> {
    let me = reader.who.person;
    if to == me || thread.assignee != Some(me) {
        return Err(Failure::NotAllowed);
    }
    let grant = grant_to(house, reader, thread, to).await?;
    let now = house.now();
    let mut tx = house.db.begin().await?;
    if !threads::reassign(&mut tx, thread.id, me, to).await? {
        return Err(Failure::Changed);
    }
    threads::insert_grant(&mut tx, thread.epoch, to.bytes(), &grant, now).await?;
    threads::delete_grants(&mut tx, thread.id, me.bytes()).await?;
    audit::note(&mut tx, house, now, Some(me), Action::HandedOver, Some(thread.id)).await?;
    Ok(tx.commit().await?)
}

/// Takes a thread over from a colleague of the same desk; the reason goes into the audit.
pub async fn take_over(
    house: &House,
    reader: &Reader,
    thread: &Thread,
    from: PersonId,
    reason: &str,
) -> Result<(), Failure> {
    let me = reader.who.person;
    let grant = grant_to(house, reader, thread, me).await?;
    let now = house.now();
    let mut tx = house.db.begin().await?;
    if !threads::reassign(&mut tx, thread.id, from, me).await? {
        return Err(Failure::Changed);
    }
    threads::insert_grant(&mut tx, thread.epoch, me.bytes(), &grant, now).await?;
    threads::delete_grants(&mut tx, thread.id, from.bytes()).await?;
    audit::note_why(&mut tx, house, now, Some(me), Action::TakenOver, Some(thread.id), reason).await?;
    Ok(tx.commit().await?)
}

async fn grant_to(house: &House, reader: &Reader, thread: &Thread, to: PersonId) -> Result<Vec<u8>, Failure> {
    let mut conn = house.db.read().await?;
    let key = keyring::present_key(&mut conn, reader, thread).await?;
    let cert = member_cert(house, &mut conn, thread.desk, to).await?;
    Ok(key.grant(&cert, &GrantContext { held: Held::Epoch(thread.epoch), reader: to.bytes() })?)
}

async fn member_cert(
    house: &House,
    conn: &mut Conn,
    desk: DeskId,
    person: PersonId,
) -> Result<crate::seal::Cert, Failure> {
    let members = desks::list_members(conn, desk).await?;
    let member = members
        .into_iter()
        .find(|m| m.person == person && m.roles.has(Role::Counselor) && !m.disabled)
        .ok_or(Failure::NotFound)?;
    Ok(house.cert(Owner::Person(person.bytes()), &member.cert)?)
}

/// The client is safe after all, or was not sure: the counselor's mark.
pub async fn mark_urgent(house: &House, thread: &Thread, urgent: bool) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    threads::update_urgent(&mut tx, thread.id, urgent).await?;
    Ok(tx.commit().await?)
}

/// A private note, opened.
pub struct OpenNote {
    /// Row.
    pub id: NoteId,
    /// What it says.
    pub text: PlainText,
    /// Written when.
    pub written: Moment,
}

/// Adds a private note: encrypted to its author, nobody else reads it.
pub async fn add_note(house: &House, reader: &Reader, thread: ThreadId, text: &PlainText) -> Result<(), Failure> {
    let me = reader.who.person;
    let id = NoteId::draw(&*house.chance);
    let ids = [thread.bytes(), me.bytes(), id.bytes()];
    let plain = PlainBytes::new(text.reveal().as_bytes().to_vec());
    let sealed = seal_to(&reader.who.cert, &BlobContext { kind: "note", ids: &ids }, &plain)?;
    let mut tx = house.db.begin().await?;
    drafts::insert_note(&mut tx, id, thread, me, sealed.bytes(), house.now()).await?;
    Ok(tx.commit().await?)
}

/// The author's private notes on a thread.
pub async fn notes(house: &House, reader: &Reader, thread: ThreadId) -> Result<Vec<OpenNote>, Failure> {
    let me = reader.who.person;
    let rows = drafts::list_notes(&mut house.db.read().await?, thread, me).await?;
    rows.into_iter()
        .map(|(id, sealed, written)| {
            let ids = [thread.bytes(), me.bytes(), id.bytes()];
            let plain = reader.keys.open_sealed(&sealed, &BlobContext { kind: "note", ids: &ids })?;
            Ok(OpenNote { id, text: PlainText::new(String::from_utf8_lossy(plain.reveal()).into_owned()), written })
        })
        .collect()
}

/// Deletes a private note of one's own.
pub async fn delete_note(house: &House, reader: &Reader, note: NoteId) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    drafts::delete_note(&mut tx, note, reader.who.person).await?;
    Ok(tx.commit().await?)
}

/// What stands beside the letters of a thread.
pub struct Beside {
    /// The client's mailbox name.
    pub name: PlainText,
    /// The language the client reads.
    pub language: Language,
    /// The desk.
    pub desk: Desk,
    /// How many letters there are.
    pub letters: i64,
    /// Name of whoever answers.
    pub answerer: Option<PlainText>,
}

/// What a counselor of the desk may know of a thread without opening a letter.
pub async fn beside(house: &House, thread: &Thread) -> Result<Beside, Failure> {
    let mut conn = house.db.read().await?;
    let client = people::find(&mut conn, thread.client).await?.ok_or(Failure::NotFound)?;
    let desk = desks::find(&mut conn, thread.desk).await?.ok_or(Failure::NotFound)?;
    let letters = letters::count(&mut conn, thread.id, Viewer::Staff).await?;
    let answerer = match thread.assignee {
        Some(id) => people::find(&mut conn, id)
            .await?
            .map(|p| open_name(house, Realm::Staff, id, &p.name_sealed))
            .transpose()?,
        None => None,
    };
    let name = open_name(house, Realm::Clients, thread.client, &client.name_sealed)?;
    Ok(Beside { name, language: client.language, desk, letters, answerer })
}

/// The desks a counselor sits at.
pub async fn seats(house: &House, reader: &Reader) -> Result<Vec<Desk>, Failure> {
    Ok(desks::list_of_person(&mut house.db.read().await?, reader.who.person).await?)
}

/// A client's mailbox name, for the pages of the counselor who answers.
pub async fn client_name(house: &House, client: PersonId) -> Result<PlainText, Failure> {
    let person = people::find(&mut house.db.read().await?, client).await?.ok_or(Failure::NotFound)?;
    open_name(house, Realm::Clients, client, &person.name_sealed)
}

/// A colleague's name.
pub async fn staff_name(house: &House, person: PersonId) -> Result<PlainText, Failure> {
    let found = people::find(&mut house.db.read().await?, person).await?.ok_or(Failure::NotFound)?;
    open_name(house, Realm::Staff, person, &found.name_sealed)
}
