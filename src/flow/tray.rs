//! The sorting tray: a client's own letters that came to an address or a thread where they may not belong (M19).
//!
//! A mail in the tray is encrypted to its client alone, and the client chooses the thread. The desk whose address was used
//! sees that something waits, not what; where it may be pressing, the mail waits on the desk's shelf as well.

use super::receive::{Destination, JudgedLetter, Received};
use super::session::{Reader, kind};
use super::{hold, letter_mail, sealing, shelf, wrapping};
use crate::audit::{self, Action};
use crate::clock::Moment;
use crate::house::{Failure, House, Owner};
use crate::ids::{HeldId, PersonId, ThreadId};
use crate::limits::{REFERENCES_MAX, TRAY_SHOWN_MAX};
use crate::parse::{self, RawLetter};
use crate::screen::{SenderFit, Signal};
use crate::seal::{BlobContext, SealedBlob, seal_blob};
use crate::secret::{PlainBytes, PlainText};
use crate::store::held::{self, Held, HeldState, NewHeld};
use crate::store::letters::{self, Stored};
use crate::store::threads::{self, Target, Thread};
use crate::store::{decisions, people};

/// A letter in the tray, opened for its client.
pub struct TrayLetter {
    /// Row.
    pub id: HeldId,
    /// The thread whose address it used.
    pub thread: ThreadId,
    /// Why it is here.
    pub reasons: Vec<Signal>,
    /// When our server took it.
    pub received: Moment,
    /// One line.
    pub subject: PlainText,
    /// What it says; `None` when the row is not what was once stored.
    pub text: Option<PlainText>,
}

/// What says that a mail may belong elsewhere: it used an address its thread had before, or it answers a mail of another
/// thread of the same client. The nearest mail it refers to that we know decides.
pub(super) async fn is_astray(
    house: &House,
    to: &Destination,
    judged: &JudgedLetter,
) -> Result<Option<Signal>, Failure> {
    let Destination::Thread(target) = to else { return Ok(None) };
    if target.is_retired {
        return Ok(Some(Signal::RetiredAddress));
    }
    if !target.has_siblings || judged.fit != SenderFit::Confirmed {
        return Ok(None);
    }
    let raw = wrapping::outside(judged.screened.letter(), judged.wrapped.as_ref());
    let mut named = parse::mail_ids(raw, &["In-Reply-To"]);
    named.extend(parse::mail_ids(raw, &["References"]).into_iter().rev());
    named.truncate(REFERENCES_MAX);
    if named.is_empty() {
        return Ok(None);
    }
    let mut conn = house.db.read().await?;
    let others = threads::list_of_client(&mut conn, target.client).await?.into_iter().map(|t| t.id);
    // A mail that went to several threads is of this one first.
    let all: Vec<ThreadId> = [target.thread].into_iter().chain(others.filter(|t| *t != target.thread)).collect();
    for id in &named {
        for thread in &all {
            let hash = letter_mail::mail_hash(house, *thread, id);
            if letters::find_mail(&mut conn, &hash).await?.is_some() {
                return Ok((*thread != target.thread).then_some(Signal::AnswersOtherThread));
            }
        }
    }
    Ok(None)
}

/// Whether somebody of the desk should look at it although its client is to sort it. Danger words (when there is a list of
/// them) belong here too.
const fn is_pressing(target: &Target) -> bool {
    target.urgent
}

/// Recognizes the same mail coming to the tray again.
pub(super) fn dedup(house: &House, used: ThreadId, digest: &[u8; 32]) -> [u8; 32] {
    house.keys.house.hash(kind::DEDUP, [&b"tray"[..], used.bytes(), &digest[..]].concat())
}

async fn seal(
    house: &House,
    client: PersonId,
    id: HeldId,
    received: Moment,
    raw: PlainBytes,
) -> Result<SealedBlob, Failure> {
    let person = people::find(&mut house.db.read().await?, client).await?.ok_or(Failure::NotFound)?;
    let cert = house.cert(Owner::Person(client.bytes()), &person.cert)?;
    let ids = [client.bytes(), id.bytes()];
    Ok(seal_blob(raw, &cert, house.signer(), received, &BlobContext { kind: "tray", ids: &ids })?)
}

/// Puts a mail into its client's tray, encrypted to them.
pub(super) async fn put(
    house: &House,
    to: &Destination,
    raw: PlainBytes,
    signals: &[Signal],
    digest: [u8; 32],
    provenance: String,
) -> Result<Received, Failure> {
    let Destination::Thread(target) = to else { return Err(Failure::NotAllowed) };
    if is_pressing(target) {
        hold::shelve(house, to, raw.clone(), signals, HeldState::Waiting, digest, provenance.clone()).await?;
    }
    let (id, received) = (HeldId::draw(&*house.chance), house.now());
    let new = NewHeld {
        id,
        desk: target.desk,
        thread: Some(target.thread),
        reasons: Signal::write(signals.iter().copied()),
        received,
        body: seal(house, target.client, id, received, raw).await?,
        dedup: dedup(house, target.thread, &digest),
        state: HeldState::Tray,
        provenance,
    };
    let mut tx = house.db.begin().await?;
    let is_new = held::insert(&mut tx, &new).await?;
    tx.commit().await?;
    Ok(if is_new { Received::Held } else { Received::Duplicate })
}

/// "Let the client decide": a counselor puts a waiting mail into the tray of the client whose address it used.
pub async fn give(house: &House, reader: &Reader, id: HeldId) -> Result<(), Failure> {
    let (row, raw) = shelf::open_raw(house, reader, id).await?;
    let used = row.thread.ok_or(Failure::NotAllowed)?;
    let client = threads::find(&mut house.db.read().await?, used).await?.ok_or(Failure::NotFound)?.client;
    let dedup = dedup(house, used, &parse::dedup_digest(raw.reveal()));
    let body = seal(house, client, id, row.received, raw).await?;
    let mut tx = house.db.begin().await?;
    held::delete_twin(&mut tx, &dedup).await?;
    held::update_tray(&mut tx, id, &body, &dedup).await?;
    audit::note(&mut tx, house, house.now(), Some(reader.who.person), Action::HeldTray, Some(used)).await?;
    Ok(tx.commit().await?)
}

/// How much waits in the signed-in client's tray.
pub async fn count(house: &House, reader: &Reader) -> Result<i64, Failure> {
    Ok(held::count_tray(&mut house.db.read().await?, reader.who.person).await?)
}

/// What waits there, oldest first.
pub async fn list(house: &House, reader: &Reader) -> Result<Vec<TrayLetter>, Failure> {
    let rows = held::list_tray(&mut house.db.read().await?, reader.who.person, TRAY_SHOWN_MAX).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let thread = row.thread.ok_or(Failure::NotFound)?;
        let letter = open(house, reader, &row).ok().and_then(|raw| parse::read(RawLetter::from_plain(raw)).ok());
        let letter = letter.map(|l| wrapping::open(house, l).letter);
        let (subject, text) = letter.map_or_else(Default::default, |l| (l.subject, Some(l.text)));
        let reasons = Signal::read(&row.reasons);
        all.push(TrayLetter { id: row.id, thread, reasons, received: row.received, subject, text });
    }
    Ok(all)
}

fn open(house: &House, reader: &Reader, row: &Held) -> Result<PlainBytes, Failure> {
    let ids = [reader.who.person.bytes(), row.id.bytes()];
    let signers = [house.practice_cert().clone()];
    Ok(reader.keys.open_signed(&row.body, &signers, row.received, &BlobContext { kind: "tray", ids: &ids })?)
}

/// A letter in the client's own tray, and the thread whose address it used.
async fn own(house: &House, reader: &Reader, id: HeldId) -> Result<(Held, ThreadId), Failure> {
    let mut conn = house.db.read().await?;
    let row = held::find(&mut conn, id).await?.filter(|h| h.state == HeldState::Tray).ok_or(Failure::NotFound)?;
    let used = row.thread.ok_or(Failure::NotFound)?;
    let thread = threads::find(&mut conn, used).await?.filter(|t| t.client == reader.who.person);
    thread.ok_or(Failure::NotFound)?;
    Ok((row, used))
}

/// The client says where it belongs: it becomes a letter there, dated when it first arrived.
pub async fn sort(house: &House, reader: &Reader, id: HeldId, into: &Thread) -> Result<(), Failure> {
    if into.client != reader.who.person {
        return Err(Failure::NotFound);
    }
    let (row, used) = own(house, reader, id).await?;
    let raw = open(house, reader, &row)?;
    let kept = sealing::keep(house, raw, into, row.received, &row.reasons).await?;
    let (me, now) = (Some(reader.who.person), house.now());
    let mut tx = house.db.begin().await?;
    held::delete(&mut tx, id).await?;
    held::delete_twin(&mut tx, &sealing::dedup(house, used, &kept.digest)).await?;
    if letters::insert_group(&mut tx, &[&kept.letter]).await?.first() == Some(&Stored::Stale) {
        return Err(Failure::Changed);
    }
    audit::note(&mut tx, house, now, me, Action::TraySorted, Some(into.id)).await?;
    tx.commit().await?;
    wrapping::learn_candidates(house, into.id, kept.learned).await;
    Ok(())
}

/// The client throws it away; [`super::undo`] brings it back for a while.
pub async fn throw_away(house: &House, reader: &Reader, id: HeldId) -> Result<(), Failure> {
    let (_, used) = own(house, reader, id).await?;
    let (me, now) = (reader.who.person, house.now());
    let mut tx = house.db.begin().await?;
    decisions::decide(&mut tx, id, HeldState::Discarded, me, now, None).await?;
    audit::note(&mut tx, house, now, Some(me), Action::HeldDeleted, Some(used)).await?;
    Ok(tx.commit().await?)
}
