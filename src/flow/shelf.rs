//! The held shelf: mail that waits for a person's decision, machines' notes, third parties' notes.

use super::hints::{self, HintKind};
use super::session::Reader;
use super::{habits, hold, keyring, sealing, tray, wrapping};
use crate::address::MailAddress;
use crate::audit::{self, Action};
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::{DeskId, HeldId, LetterId, ThreadId};
use crate::limits::FILED_SHOWN_MAX;
use crate::parse::{self, Letter, Mailbox, Outline, RawLetter};
use crate::provenance::Provenance;
use crate::role::Role;
use crate::screen::{Case, Signal};
use crate::seal::{BlobContext, Wrap, open_blob};
use crate::secret::{PlainBytes, PlainText};
use crate::store::held::{self, Held, HeldState};
use crate::store::letters::{self, Stored};
use crate::store::threads::{self, Thread};
use crate::store::{Tx, decisions, doubts};
use crate::unwrap::Unwrapped;

/// A mail on the shelf, as listed.
pub struct HeldLine {
    /// Row.
    pub id: HeldId,
    /// Whose shelf.
    pub desk: DeskId,
    /// The thread whose address it used.
    pub thread: Option<ThreadId>,
    /// Why it waits.
    pub reasons: Vec<Signal>,
    /// When our server took it.
    pub received: Moment,
    /// Where it stands.
    pub state: HeldState,
}

/// A mail on the shelf, opened.
pub struct OpenHeld {
    /// As listed.
    pub line: HeldLine,
    /// Who the mail says it is from.
    pub from: PlainText,
    /// The same as an address, where it is one.
    pub from_address: Option<MailAddress>,
    /// The mail program it names.
    pub mailer: Option<PlainText>,
    /// Addresses in To and Cc that are neither ours nor the sender's.
    pub others: Vec<PlainText>,
    /// One line.
    pub subject: PlainText,
    /// What it says; `None` when it cannot be read.
    pub text: Option<PlainText>,
    /// Names of its files.
    pub files: Vec<PlainText>,
    /// How it was wrapped, where it came encrypted or signed.
    pub wrap: Option<Wrap>,
    /// What was found out about its sender when it came.
    pub provenance: Option<Provenance>,
}

fn line(h: &Held) -> HeldLine {
    HeldLine {
        id: h.id,
        desk: h.desk,
        thread: h.thread,
        reasons: Signal::read(&h.reasons),
        received: h.received,
        state: h.state,
    }
}

/// A page of a desk's shelf, oldest first, from where the last one ended.
pub async fn list(
    house: &House,
    reader: &Reader,
    desk: DeskId,
    state: HeldState,
    after: Option<(Moment, HeldId)>,
    limit: usize,
) -> Result<Vec<HeldLine>, Failure> {
    let mut conn = house.db.read().await?;
    keyring::desk_key(&mut conn, reader, desk).await?;
    Ok(held::list(&mut conn, desk, state, after, limit).await?.iter().map(line).collect())
}

/// What waits, or was filed, for a thread whose access was checked: newest first.
pub async fn of_thread(house: &House, thread: ThreadId, state: HeldState) -> Result<Vec<HeldLine>, Failure> {
    let mut conn = house.db.read().await?;
    Ok(held::list_of_thread(&mut conn, thread, state, FILED_SHOWN_MAX).await?.iter().map(line).collect())
}

/// Whether somebody else may be writing for a thread's client.
pub async fn is_doubtful(house: &House, thread: ThreadId) -> Result<bool, Failure> {
    hold::is_doubtful(&mut house.db.read().await?, thread).await
}

pub(super) async fn open_raw(house: &House, reader: &Reader, id: HeldId) -> Result<(Held, PlainBytes), Failure> {
    if !reader.who.roles.has(Role::Counselor) {
        return Err(Failure::NotAllowed);
    }
    let mut conn = house.db.read().await?;
    let row = held::find(&mut conn, id).await?.filter(|h| h.state.is_on_shelf()).ok_or(Failure::NotFound)?;
    let key = keyring::desk_key(&mut conn, reader, row.desk).await?;
    let ids = [row.desk.bytes(), row.id.bytes()];
    let signers = [house.practice_cert().clone()];
    let raw = open_blob(&row.body, &key, &signers, row.received, &BlobContext { kind: "held", ids: &ids })?;
    Ok((row, raw))
}

/// Opens a held mail for a counselor of its desk.
pub async fn open(house: &House, reader: &Reader, id: HeldId) -> Result<OpenHeld, Failure> {
    let (row, raw) = open_raw(house, reader, id).await?;
    let mut opened = OpenHeld {
        line: line(&row),
        from: PlainText::new(parse::header(raw.reveal(), "From").join(", ")),
        from_address: None,
        mailer: None,
        others: Vec::new(),
        subject: PlainText::default(),
        text: None,
        files: Vec::new(),
        wrap: None,
        provenance: Provenance::read(&row.provenance),
    };
    let Ok(letter) = parse::read(RawLetter::from_plain(raw)) else {
        return Ok(opened);
    };
    if let Ok(outline) = Outline::read(letter.raw.bytes()) {
        let mailer = ["User-Agent", "X-Mailer"].iter().find_map(|f| outline.value(f));
        opened.mailer = mailer.map(PlainText::new);
        opened.others = others(&outline, &letter, &house.rules.mail_domain);
    }
    let Unwrapped { letter, wrapped } = wrapping::open(house, letter);
    opened.wrap = wrapped.map(|w| w.wrap);
    opened.from_address = letter.from;
    opened.files = letter.files.iter().map(|f| PlainText::new(f.name.clone())).collect();
    opened.subject = letter.subject;
    opened.text = Some(letter.text);
    Ok(opened)
}

/// Whoever else got a mail.
pub(super) fn others(outline: &Outline<'_>, letter: &Letter, our_domain: &str) -> Vec<PlainText> {
    let all: Vec<Mailbox> = ["To", "Cc"].iter().flat_map(|f| outline.mailboxes(f)).collect();
    crate::screen::others(&all, letter, our_domain).map(|m| PlainText::new(m.address.text())).collect()
}

/// Everybody else who got a letter that came by mail, for somebody whose access to the thread was checked.
pub async fn others_of_letter(
    house: &House,
    reader: &Reader,
    thread: &Thread,
    letter: LetterId,
) -> Result<Vec<PlainText>, Failure> {
    let row = letters::find(&mut house.db.read().await?, letter).await?.ok_or(Failure::NotFound)?;
    if row.thread != thread.id || row.door != letters::Door::Mail {
        return Err(Failure::NotFound);
    }
    let raw = super::read::original(house, reader, thread, &row).await?;
    let letter = parse::read(RawLetter::from_plain(raw)).map_err(|_| Failure::NotFound)?;
    let outline = Outline::read(letter.raw.bytes()).map_err(|_| Failure::NotFound)?;
    Ok(others(&outline, &letter, &house.rules.mail_domain))
}

/// The threads of the client whose address a held mail used: where it may be let in.
pub async fn threads_of(house: &House, line: &HeldLine) -> Result<Vec<Thread>, Failure> {
    let Some(thread) = line.thread else { return Ok(Vec::new()) };
    let mut conn = house.db.read().await?;
    let thread = threads::find(&mut conn, thread).await?.ok_or(Failure::NotFound)?;
    Ok(threads::list_of_client(&mut conn, thread.client).await?)
}

/// "This is fine": the mail becomes a letter of its thread, or of another thread of the same client, counted from its
/// first receipt. What was odd about it is remembered for this thread and signal.
pub async fn let_in(house: &House, reader: &Reader, id: HeldId, into: Option<ThreadId>) -> Result<ThreadId, Failure> {
    let (row, raw) = open_raw(house, reader, id).await?;
    let used = row.thread.ok_or(Failure::NotAllowed)?;
    let thread = into.unwrap_or(used);
    if !threads_of(house, &line(&row)).await?.iter().any(|t| t.id == thread) {
        return Err(Failure::NotAllowed);
    }
    let target = threads::find(&mut house.db.read().await?, thread).await?.ok_or(Failure::NotFound)?;
    let kept = sealing::keep(house, raw, &target, row.received, &row.reasons).await?;
    let now = house.now();
    let mut tx = house.db.begin().await?;
    decisions::decide(&mut tx, id, HeldState::Entered, reader.who.person, now, Some(kept.letter.id)).await?;
    held::delete_twin(&mut tx, &tray::dedup(house, used, &kept.digest)).await?;
    if letters::insert_group(&mut tx, &[&kept.letter]).await?.first() == Some(&Stored::Stale) {
        return Err(Failure::Changed);
    }
    for signal in Signal::read(&row.reasons) {
        if row.state == HeldState::Waiting {
            doubts::count_alarm(&mut tx, row.desk, signal.word(), true).await?;
        }
        remember(&mut tx, used, signal, &kept.sender, now).await?;
    }
    audit::note(&mut tx, house, now, Some(reader.who.person), Action::HeldLetIn, Some(thread)).await?;
    tx.commit().await?;
    wrapping::learn_candidates(house, thread, kept.learned).await;
    // What the client's own address sent is no surprise the next time; what another one sent proves nothing.
    let is_clients = Signal::read(&row.reasons).iter().all(|s| !s.is_about_sender());
    if is_clients && let Err(failure) = habits::learn_let_in(house, thread, &kept.look).await {
        tracing::warn!(%thread, %failure, "what a letter looked like was not remembered");
    }
    Ok(thread)
}

async fn remember(tx: &mut Tx, thread: ThreadId, signal: Signal, sender: &[u8], now: Moment) -> Result<(), Failure> {
    let about: &[u8] = if signal.is_about_sender() { sender } else { &[] };
    if !signal.can_be_fine() || (signal.is_about_sender() && about.is_empty()) {
        return Ok(());
    }
    Ok(doubts::insert_fine(tx, thread, signal.word(), about, now).await?)
}

/// "This is fine" about the labels of one case on a letter: they go, and do not come again in this thread.
pub async fn label_is_fine(
    house: &House,
    reader: &Reader,
    thread: &Thread,
    letter: LetterId,
    case: Case,
) -> Result<(), Failure> {
    let row = letters::find(&mut house.db.read().await?, letter).await?.filter(|l| l.thread == thread.id);
    let row = row.ok_or(Failure::NotFound)?;
    let (gone, left): (Vec<_>, Vec<_>) = Signal::read(&row.flags).into_iter().partition(|s| s.case() == case);
    let now = house.now();
    let mut tx = house.db.begin().await?;
    letters::update_flags(&mut tx, letter, &Signal::write(left)).await?;
    for signal in gone {
        doubts::count_alarm(&mut tx, thread.desk, signal.word(), true).await?;
        if !signal.is_about_sender() {
            remember(&mut tx, thread.id, signal, &[], now).await?;
        }
    }
    audit::note(&mut tx, house, now, Some(reader.who.person), Action::LabelFine, Some(thread.id)).await?;
    Ok(tx.commit().await?)
}

/// "Not for us": the mail is deleted. A client whose own letter went astray is told so; nobody else is told anything.
/// Until [`super::undo`] has no way back it is kept, out of every list.
pub async fn discard(house: &House, reader: &Reader, id: HeldId) -> Result<(), Failure> {
    let (row, _) = open_raw(house, reader, id).await?;
    let now = house.now();
    let mut tx = house.db.begin().await?;
    decisions::decide(&mut tx, id, HeldState::Discarded, reader.who.person, now, None).await?;
    was_right(&mut tx, &row).await?;
    if let Some(thread) = row.thread.filter(|_| hints::is_slip_of_client(&Signal::read(&row.reasons))) {
        hints::tell(&mut tx, thread, HintKind::NotForUs, id.bytes(), now).await?;
    }
    audit::note(&mut tx, house, now, Some(reader.who.person), Action::HeldDeleted, row.thread).await?;
    Ok(tx.commit().await?)
}

/// "Third-party note": kept with the desk, outside every thread, never linked by itself.
pub async fn make_note(house: &House, reader: &Reader, id: HeldId) -> Result<(), Failure> {
    let (row, _) = open_raw(house, reader, id).await?;
    let mut tx = house.db.begin().await?;
    held::update_note(&mut tx, id).await?;
    was_right(&mut tx, &row).await?;
    // The trail must not link it either.
    audit::note(&mut tx, house, house.now(), Some(reader.who.person), Action::HeldNoted, None).await?;
    Ok(tx.commit().await?)
}

/// The signals of a mail that waited for good reason.
async fn was_right(tx: &mut Tx, row: &Held) -> Result<(), Failure> {
    if row.state == HeldState::Waiting {
        for signal in Signal::read(&row.reasons) {
            doubts::count_alarm(tx, row.desk, signal.word(), false).await?;
        }
    }
    Ok(())
}

/// Signals that are only a grey tag at a desk, because they were wrong so often.
pub async fn grey_signals(house: &House, desk: DeskId) -> Result<Vec<Signal>, Failure> {
    hold::grey(&mut house.db.read().await?, desk).await
}

/// The client's confirmed address, masked, to lay beside the one a mail came from.
pub async fn confirmed_masked(house: &House, line: &HeldLine) -> Result<Option<PlainText>, Failure> {
    let Some(thread) = line.thread else { return Ok(None) };
    let mut conn = house.db.read().await?;
    let thread = threads::find(&mut conn, thread).await?.ok_or(Failure::NotFound)?;
    let target = threads::find_target(&mut conn, &thread.token_hash).await?.ok_or(Failure::NotFound)?;
    let to = super::receive::Destination::Thread(Box::new(target));
    Ok(hold::confirmed(house, &to).map(|a| PlainText::new(a.masked())))
}
