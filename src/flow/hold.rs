//! A mail that does not simply enter: what is known of its thread, the shelf, what its client is told.

use std::sync::Arc;

use super::habits::{self, Look};
use super::hints::{self, HintKind};
use super::receive::{Destination, JudgedLetter, Received};
use super::session::{Realm, kind, open_name};
use crate::address::MailAddress;
use crate::clock::Moment;
use crate::house::{Failure, House, Names, Owner};
use crate::ids::{HeldId, LetterId, ThreadId};
use crate::limits::{ALARM_CASES_MIN, FALSE_ALARMS_PERCENT_MAX, FILED_SHOWN_MAX};
use crate::role::Role;
use crate::screen::{Case, DeskName, Known, Signal};
use crate::seal::{BlobContext, seal_blob};
use crate::secret::PlainBytes;
use crate::store::held::{self, HeldState, NewHeld};
use crate::store::hints::CodeResult;
use crate::store::threads::{self, Target};
use crate::store::{Conn, desks, doubts, people};

/// The kind of incident when our own mail comes back.
const LOOP: &str = "loop";
const DAY_MICROS: i64 = 86_400_000_000;

/// The names mail is compared with, looked up once a minute.
pub(super) async fn names(house: &House) -> Result<Arc<Names>, Failure> {
    if let Some(kept) = house.kept_names() {
        return Ok(kept);
    }
    let mut conn = house.db.read().await?;
    let mut names = Names::default();
    for person in people::list_staff(&mut conn).await? {
        if person.roles.has(Role::Counselor) && person.disabled.is_none() {
            names.staff.push(open_name(house, Realm::Staff, person.id, &person.name_sealed)?);
        }
    }
    names
        .desks
        .extend(desks::list(&mut conn).await?.into_iter().map(|d| (d.id, DeskName { name: d.name, slug: d.slug })));
    Ok(house.keep_names(names))
}

/// The address a thread's client confirmed.
pub(super) fn confirmed(house: &House, to: &Destination) -> Option<MailAddress> {
    let Destination::Thread(target) = to else { return None };
    let sealed = target.sender_sealed.as_deref()?;
    let bytes = house.keys.house.open(kind::ADDRESS, target.client.bytes(), sealed).ok()?;
    MailAddress::parse(&String::from_utf8_lossy(bytes.reveal())).ok()
}

/// What people said of earlier mail with these signals. Most mail has none, and then nothing is looked up.
pub(super) async fn known(house: &House, to: &Destination, judged: &JudgedLetter) -> Result<Known, Failure> {
    let Destination::Thread(target) = to else { return Ok(Known::default()) };
    if judged.screened.findings().is_empty() {
        return Ok(Known::default());
    }
    let mut conn = house.db.read().await?;
    let mut known = Known { grey: grey(&mut conn, target.desk).await?, ..Known::default() };
    for (word, sender) in doubts::list_fine(&mut conn, target.thread).await? {
        if sender.is_empty() || sender == judged.sender_hash {
            known.fine.extend(Signal::read(&word));
        }
    }
    Ok(known)
}

/// Signals that were a false alarm so often at a desk that they are only a grey tag.
pub(crate) async fn grey(conn: &mut Conn, desk: crate::ids::DeskId) -> Result<Vec<Signal>, Failure> {
    let alarms = doubts::list_alarms(conn, desk).await?;
    let often = |a: &(String, i64, i64)| a.1 >= ALARM_CASES_MIN && a.2 * 100 > a.1 * FALSE_ALARMS_PERCENT_MAX;
    Ok(alarms.iter().filter(|a| often(a)).flat_map(|a| Signal::read(&a.0)).collect())
}

/// A letter entered: its thread learns what it looked like, and its client is told what they should know. These are
/// helps, not records: they come after the letter's own commit.
pub(super) async fn learn(
    house: &House,
    target: &Target,
    look: &Look,
    labels: &str,
    letter: LetterId,
) -> Result<(), Failure> {
    let traits = habits::learned(&target.traits, look);
    let signals = Signal::read(labels);
    let hints = match signals.as_slice() {
        [] => Vec::new(),
        signals => hints::for_letter(&mut house.db.read().await?, target, signals).await?,
    };
    if traits.is_none() && hints.is_empty() {
        return Ok(());
    }
    let mut tx = house.db.begin().await?;
    if let Some(traits) = traits {
        threads::update_traits(&mut tx, target.thread, &traits).await?;
    }
    for hint in hints {
        hints::tell(&mut tx, target.thread, hint, letter.bytes(), house.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// Puts a mail on the shelf of its desk, encrypted to the desk, with its reasons in words; and tells the client what
/// they should know in the same commit.
pub(super) async fn shelve(
    house: &House,
    to: &Destination,
    raw: PlainBytes,
    signals: &[Signal],
    state: HeldState,
    digest: [u8; 32],
    provenance: String,
) -> Result<Received, Failure> {
    let (desk, vouched, thread) = match to {
        Destination::Thread(t) => (t.desk, &t.desk_cert, Some(t.thread)),
        Destination::Desk { id, cert } => (*id, cert, None),
        Destination::Bounce(_) | Destination::Canary(_) => return Err(Failure::NotAllowed),
    };
    let cert = house.cert(Owner::Desk(desk.bytes()), vouched)?;
    let id = HeldId::draw(&*house.chance);
    let received = house.now();
    let ids = [desk.bytes(), id.bytes()];
    let body = seal_blob(raw, &cert, house.signer(), received, &BlobContext { kind: "held", ids: &ids })?;
    let scope = thread.map_or_else(|| desk.bytes().to_vec(), |t| t.bytes().to_vec());
    let dedup = house.keys.house.hash(kind::DEDUP, [&scope, &digest[..]].concat());
    let reasons = Signal::write(signals.iter().copied());
    let new = NewHeld { id, desk, thread, reasons, received, body, dedup, state, provenance };
    let mut tx = house.db.begin().await?;
    let is_new = held::insert(&mut tx, &new).await?;
    if let Some(thread) = thread.filter(|_| is_new && state == HeldState::Waiting) {
        tell(&mut tx, thread, signals, id, received).await?;
    }
    tx.commit().await?;
    Ok(match (is_new, state) {
        (false, _) => Received::Duplicate,
        (true, HeldState::Filed) => Received::Filed,
        (true, _) => Received::Held,
    })
}

async fn tell(
    tx: &mut crate::store::Tx,
    thread: ThreadId,
    signals: &[Signal],
    held: HeldId,
    now: Moment,
) -> Result<(), Failure> {
    for hint in HintKind::for_held(signals) {
        hints::tell(tx, thread, hint, held.bytes(), now).await?;
    }
    Ok(())
}

/// Whether somebody else may be writing for a thread's client (M3): such mail waits, or a code word was wrong. Nothing is
/// sent to the client's address while that is so.
pub(super) async fn is_doubtful(conn: &mut Conn, thread: ThreadId) -> Result<bool, Failure> {
    let waiting = held::list_of_thread(conn, thread, HeldState::Waiting, FILED_SHOWN_MAX).await?;
    let doubts = |h: &held::Held| Signal::read(&h.reasons).iter().any(|s| s.case() == Case::M3);
    let missed = crate::store::hints::find_code(conn, thread).await?.is_some_and(|q| q.result == CodeResult::Miss);
    Ok(missed || waiting.iter().any(doubts))
}

/// Our own mail came back, or a mail goes in circles: counted for the operator and the scheduler (M8).
pub(super) async fn record_loop(house: &House, to: &Destination) -> Result<(), Failure> {
    let now = house.now();
    let day = Moment::from_micros(now.micros() - now.micros().rem_euclid(DAY_MICROS));
    let desk = to.desk().map(|d| d.bytes().to_vec()).unwrap_or_default();
    let mut tx = house.db.begin().await?;
    doubts::count_incident(&mut tx, LOOP, &desk, day, now).await?;
    Ok(tx.commit().await?)
}
