//! A letter arrives: from a mail door or a form into its thread, or onto the shelf.
//!
//! `RawLetter -> Letter -> ScreenedLetter -> SealedLetter -> store`: each step consumes the one before. The caller
//! acknowledges only after this returned, and this returns only after the commit is durable.

use super::canary::{self, Canary};
use super::habits::Look;
use super::sealing::{self, seal_mail};
use super::session::{Realm, folded_name, kind};
use super::wrapping;
use super::write::{Place, STALE_TRIES};
use super::{bounce, habits, hold, notify, tray};
use crate::address::MailAddress;
use crate::house::{Failure, House, Names, Owner};
use crate::ids::{DeskId, OutboxId};
use crate::limits::MAIL_INLINE_BYTES_MAX;
use crate::parse::{self, Letter, RawLetter};
use crate::provenance::Provenance;
use crate::screen::{self, DeskName, Disposition, Facts, ScreenedLetter, SenderFit, Signal};
use crate::seal::{ThreadToken, TokenError, read_bounce_local};
use crate::secret::PlainBytes;
use crate::store::held::HeldState;
use crate::store::letters::{NewLetter, Stored};
use crate::store::threads::{self, Target};
use crate::store::{desks, people, retired};
use crate::unwrap::{Unwrapped, Wrapped};

/// Where a mail goes.
#[derive(Clone)]
pub enum Destination {
    /// The thread whose address was used.
    Thread(Box<Target>),
    /// A desk's shelf.
    Desk {
        /// Whose.
        id: DeskId,
        /// Its certificate, as stored.
        cert: Vec<u8>,
    },
    /// The return address of one of our own mails.
    Bounce(OutboxId),
    /// Proves that the road is open.
    Canary(Canary),
}

impl Destination {
    /// Whose people see it.
    pub const fn desk(&self) -> Option<DeskId> {
        match self {
            Self::Thread(target) => Some(target.desk),
            Self::Desk { id, .. } => Some(*id),
            Self::Bounce(_) | Self::Canary(_) => None,
        }
    }
}

/// Why an address takes no mail.
#[derive(Debug)]
pub enum NoDestination {
    /// Another domain.
    NotOurs,
    /// It looks like a thread's address and is none: mistyped.
    Mistyped,
    /// The sender of our notifications.
    NoReply,
    /// Nobody of this name.
    Unknown,
    /// The database does not answer.
    Failure(Failure),
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// In its thread.
    Letter,
    /// On the shelf.
    Held,
    /// A machine wrote it: kept beside the thread, or counted as a report.
    Filed,
    /// It was there already.
    Duplicate,
    /// It is not taken: the sender's server is told why.
    Refused(Refused),
    /// A canary.
    Canary,
}

/// Why a mail is not taken although its address is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It goes in circles.
    Loop,
    /// A person wrote to an address that is for reports only.
    NobodyReads,
}

/// Finds out where mail to an address goes. `domain` is lower-case ASCII and empty for a bare `postmaster`.
pub async fn destination(house: &House, local: &str, domain: &str) -> Result<Destination, NoDestination> {
    let local = house.rules.own_name(local, domain).ok_or(NoDestination::NotOurs)?;
    if local == "no-reply" || local == "noreply" {
        return Err(NoDestination::NoReply);
    }
    if let Some(mail) = read_bounce_local(&local, &house.keys.house) {
        return Ok(Destination::Bounce(mail));
    }
    let failed = |e: crate::store::StoreError| NoDestination::Failure(e.into());
    if let Some(found) = canary::recognize(house, &local).await.map_err(NoDestination::Failure)? {
        return Ok(Destination::Canary(found));
    }
    match ThreadToken::read(&local, &house.keys.house) {
        Ok(token) => {
            let hash = house.keys.house.hash(kind::THREAD_TOKEN, token.bytes());
            let mut found = house.lookups.find(&house.db, hash).await.map_err(failed)?;
            if found.is_none() {
                let mut conn = house.db.read().await.map_err(failed)?;
                found = retired::find_target(&mut conn, &hash).await.map_err(failed)?;
            }
            return found.map(|t| Destination::Thread(Box::new(t))).ok_or(NoDestination::Unknown);
        }
        Err(TokenError::Mistyped) => return Err(NoDestination::Mistyped),
        Err(TokenError::NotAToken) => {}
    }
    let mut conn = house.db.read().await.map_err(failed)?;
    let desk = if local == "postmaster" {
        desks::list(&mut conn).await.map_err(failed)?.into_iter().find(|d| !d.cert.is_empty())
    } else {
        desks::find_by_slug(&mut conn, &local).await.map_err(failed)?
    };
    match desk.filter(|d| !d.cert.is_empty()) {
        Some(desk) => Ok(Destination::Desk { id: desk.id, cert: desk.cert }),
        None => Err(NoDestination::Unknown),
    }
}

/// The first thread of a mailbox, by its name: for samples and tests.
pub async fn destination_of_mailbox(house: &House, name: &str) -> Result<Destination, Failure> {
    let hash = house.keys.house.hash(Realm::Clients.name_kind(), folded_name(name));
    let mut conn = house.db.read().await?;
    let person = people::find_by_name(&mut conn, &hash).await?.ok_or(Failure::NotFound)?;
    let thread = threads::list_of_client(&mut conn, person.id).await?.into_iter().next().ok_or(Failure::NotFound)?;
    let target = threads::find_target(&mut conn, &thread.token_hash).await?.ok_or(Failure::NotFound)?;
    Ok(Destination::Thread(Box::new(target)))
}

/// Takes one mail for one destination. `null_sender`: the empty envelope sender of machines. `provenance`: what the door
/// found out about the sender.
///
/// Whatever becomes of it, the answer at the door is the same for every address, and no mail goes back: nobody learns
/// that a client exists. Only a mail that goes in circles is refused.
pub async fn by_mail(
    house: &House,
    to: &Destination,
    null_sender: bool,
    provenance: &Provenance,
    mail: PlainBytes,
) -> Result<Received, Failure> {
    if let Destination::Canary(found) = to {
        canary::take(house, *found, mail).await?;
        return Ok(Received::Canary);
    }
    let digest = parse::dedup_digest(mail.reveal());
    let names = hold::names(house).await?;
    let arrival = Arrival { to, null_sender, provenance, names: &names };
    // A large mail takes long enough to read and encrypt that other connections would wait for it.
    let judged = if mail.reveal().len() <= MAIL_INLINE_BYTES_MAX {
        judge(house, &arrival, mail)
    } else {
        tokio::task::block_in_place(|| judge(house, &arrival, mail))
    };
    if let Destination::Bounce(mail) = to {
        return bounce::take(house, *mail, &judged).await;
    }
    match judged {
        Judged::Unreadable(raw) => {
            let found = provenance.write();
            hold::shelve(house, to, raw, &[Signal::Unreadable], HeldState::Waiting, digest, found).await
        }
        Judged::Read(judged) => carry_out(house, &arrival, *judged, digest).await,
    }
}

/// Does with a mail what its findings ask for, once the people were asked who said something of earlier mail.
async fn carry_out(
    house: &House,
    arrival: &Arrival<'_>,
    judged: JudgedLetter,
    digest: [u8; 32],
) -> Result<Received, Failure> {
    let (to, fit, found) = (arrival.to, judged.fit, arrival.provenance.write());
    let known = hold::known(house, to, &judged).await?;
    let astray = tray::is_astray(house, to, &judged).await?;
    let screened = judged.screened.reconsider(fit, &known);
    let signals: Vec<Signal> = screened.findings().iter().map(|f| f.signal).chain(astray).collect();
    let disposition = screened.disposition();
    let labels = screened.labels(&known);
    let letter = screened.into_letter();
    if disposition == Disposition::Deliver && astray.is_none() {
        let unwrapped = Unwrapped { letter, wrapped: judged.wrapped };
        return enter(house, to, unwrapped, &labels, &judged.look, digest).await;
    }
    let raw = wrapping::received(letter, judged.wrapped);
    match disposition {
        Disposition::Deliver if fit == SenderFit::Confirmed => tray::put(house, to, raw, &signals, digest, found).await,
        // Where somebody else writes to an address that was replaced, a person decides, whatever was fine before.
        Disposition::Deliver | Disposition::Hold => {
            let received = hold::shelve(house, to, raw, &signals, HeldState::Waiting, digest, found).await?;
            // What nobody can open waits, and its client is told once how to send it again.
            if let (Destination::Thread(target), SenderFit::Confirmed, Received::Held) = (to, fit, received)
                && signals.contains(&Signal::Locked)
                && !target.is_retired
                && let Err(failure) = notify::unreadable(house, target.client).await
            {
                tracing::warn!(thread = %target.thread, %failure, "a client was not told that a mail stays shut");
            }
            Ok(received)
        }
        Disposition::File => hold::shelve(house, to, raw, &signals, HeldState::Filed, digest, found).await,
        Disposition::Refuse => {
            hold::record_loop(house, to).await?;
            Ok(Received::Refused(Refused::Loop))
        }
    }
}

/// A mail at the door.
struct Arrival<'a> {
    to: &'a Destination,
    null_sender: bool,
    provenance: &'a Provenance,
    names: &'a Names,
}

/// A mail that was looked at.
pub(super) enum Judged {
    Read(Box<JudgedLetter>),
    Unreadable(PlainBytes),
}

pub(super) struct JudgedLetter {
    /// How it came, where it came encrypted or signed.
    pub(super) wrapped: Option<Wrapped>,
    pub(super) screened: ScreenedLetter,
    pub(super) fit: SenderFit,
    /// What it looks like beside the thread's other mails.
    pub(super) look: Look,
    /// Keyed hash of the sender's address; no bytes where there is none.
    pub(super) sender_hash: Vec<u8>,
}

/// Reads and judges. Danger words (when there is a list of them) are to be looked for here, before anything is decided:
/// a mail that waits must not keep them from being seen.
fn judge(house: &House, arrival: &Arrival<'_>, mail: PlainBytes) -> Judged {
    let letter = match parse::read(RawLetter::from_plain(mail)) {
        Ok(letter) => letter,
        Err((raw, _)) => return Judged::Unreadable(raw.into_plain()),
    };
    let Unwrapped { letter, wrapped } = wrapping::open(house, letter);
    let fit = sender_fit(house, arrival.to, &letter);
    let look = match arrival.to {
        Destination::Thread(target) => habits::look_at(house, target.thread, &letter, house.now()),
        _ => Look::default(),
    };
    let confirmed = (fit == SenderFit::Other).then(|| hold::confirmed(house, arrival.to)).flatten();
    let desk = arrival.to.desk();
    let names = arrival.names;
    let other_desks: Vec<DeskName> = names.desks.iter().filter(|d| Some(d.0) != desk).map(|d| d.1.clone()).collect();
    let facts = Facts {
        fit,
        null_sender: arrival.null_sender,
        our_domain: &house.rules.mail_domain,
        provenance: arrival.provenance.clone(),
        confirmed: confirmed.as_ref(),
        staff: &names.staff,
        other_desks: &other_desks,
        strange: habits::strange(arrival.to, fit, &look),
        locked: wrapped.as_ref().is_some_and(|w| w.wrap.lock.is_shut()),
    };
    let sender_hash = letter.from.as_ref().map(|f| address_hash(house, f).to_vec()).unwrap_or_default();
    let screened = screen::screen(letter, &facts);
    Judged::Read(Box::new(JudgedLetter { wrapped, screened, fit, look, sender_hash }))
}

fn sender_fit(house: &House, to: &Destination, letter: &Letter) -> SenderFit {
    let Destination::Thread(target) = to else {
        return SenderFit::NoThread;
    };
    match (&target.sender_hash, &letter.from) {
        (None, _) => SenderFit::NoneConfirmed,
        (Some(hash), Some(from)) if address_hash(house, from) == hash.as_slice() => SenderFit::Confirmed,
        _ => SenderFit::Other,
    }
}

/// The keyed hash under which an address is found.
pub(crate) fn address_hash(house: &House, address: &MailAddress) -> [u8; 32] {
    house.keys.house.hash(kind::ADDRESS, address.folded())
}

async fn enter(
    house: &House,
    to: &Destination,
    unwrapped: Unwrapped,
    labels: &str,
    look: &Look,
    digest: [u8; 32],
) -> Result<Received, Failure> {
    let Destination::Thread(target) = to else {
        return Err(Failure::NotAllowed);
    };
    let Unwrapped { letter, wrapped } = wrapping::recognize(house, target.thread, unwrapped).await?;
    let mut target = target.clone();
    let dedup = sealing::dedup(house, target.thread, &digest);
    for _ in 0..STALE_TRIES {
        let cert = house.cert(Owner::Epoch(target.epoch.bytes()), &target.epoch_cert)?;
        let place = Place { thread: target.thread, epoch: target.epoch, cert: &cert, received: house.now() };
        let new = NewLetter { flags: labels.to_owned(), ..seal_mail(house, &place, &letter, wrapped.as_ref(), dedup)? };
        let id = new.id;
        match house.gathering.put(&house.db, new).await? {
            Stored::New => {
                // The letter is stored: a failure here is no reason to refuse it, or the next step would be skipped.
                if let Err(failure) = hold::learn(house, &target, look, labels, id).await {
                    tracing::warn!(thread = %target.thread, %failure, "what a letter looked like was not remembered");
                }
                wrapping::afterwards(house, target.thread, &letter, wrapped.as_ref()).await;
                return Ok(Received::Letter);
            }
            Stored::Duplicate => return Ok(Received::Duplicate),
            Stored::Stale => {
                let mut conn = house.db.read().await?;
                let thread = threads::find(&mut conn, target.thread).await?.ok_or(Failure::NotFound)?;
                let epoch = threads::find_epoch(&mut conn, thread.epoch).await?.ok_or(Failure::NotFound)?;
                (target.epoch, target.epoch_cert) = (epoch.id, epoch.cert);
            }
        }
    }
    Err(Failure::Busy)
}
