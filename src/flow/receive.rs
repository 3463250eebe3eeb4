//! A letter arrives: from a mail door or a form into its thread, or onto the shelf.
//!
//! `RawLetter -> Letter -> ScreenedLetter -> SealedLetter -> store`: each step consumes the one before. The caller
//! acknowledges only after this returned, and this returns only after the commit is durable.

use super::canary::{self, Canary};
use super::session::{Realm, folded_name, kind};
use super::wrapping;
use super::write::{Place, STALE_TRIES};
use super::{bounce, hold, notify};
use crate::address::MailAddress;
use crate::house::{Failure, House, Names, Owner};
use crate::ids::{AttachmentId, DeskId, LetterId, OutboxId};
use crate::limits::MAIL_INLINE_BYTES_MAX;
use crate::parse::{self, Letter, RawLetter};
use crate::provenance::Provenance;
use crate::screen::{self, Disposition, Facts, ScreenedLetter, SenderFit, Signal};
use crate::seal::{
    AttachmentInfo, Author, BlobContext, Content, Entity, ThreadToken, TokenError, read_bounce_local, seal_blob,
    seal_letter,
};
use crate::secret::{PlainBytes, PlainText};
use crate::store::held::HeldState;
use crate::store::letters::{Door, NewLetter, Side, Stored};
use crate::store::threads::{self, Target};
use crate::store::{desks, people};
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
            let found = house.lookups.find(&house.db, hash).await.map_err(failed)?;
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
    let judged = match judged {
        Judged::Unreadable(raw) => {
            return hold::shelve(house, to, raw, &[Signal::Unreadable], HeldState::Waiting, digest).await;
        }
        Judged::Read(judged) => judged,
    };
    let fit = judged.fit;
    let known = hold::known(house, to, &judged).await?;
    let screened = judged.screened.reconsider(fit, &known);
    let signals: Vec<Signal> = screened.findings().iter().map(|f| f.signal).collect();
    match screened.disposition() {
        Disposition::Deliver => {
            let labels = screened.labels(&known);
            let unwrapped = Unwrapped { letter: screened.into_letter(), wrapped: judged.wrapped };
            enter(house, to, unwrapped, &labels, &judged.traits, digest).await
        }
        Disposition::Hold => {
            let raw = wrapping::received(screened.into_letter(), judged.wrapped);
            let received = hold::shelve(house, to, raw, &signals, HeldState::Waiting, digest).await?;
            // What nobody can open waits, and its client is told once how to send it again.
            if let (Destination::Thread(target), SenderFit::Confirmed, Received::Held) = (to, fit, received)
                && signals.contains(&Signal::Locked)
                && let Err(failure) = notify::unreadable(house, target.client).await
            {
                tracing::warn!(thread = %target.thread, %failure, "a client was not told that a mail stays shut");
            }
            Ok(received)
        }
        Disposition::File => {
            let raw = wrapping::received(screened.into_letter(), judged.wrapped);
            hold::shelve(house, to, raw, &signals, HeldState::Filed, digest).await
        }
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
    /// Keyed hashes of the mail program and the name, as the thread keeps them.
    pub(super) traits: Vec<[u8; hold::TRAIT_BYTES]>,
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
    let traits = parse::Outline::read(letter.raw.bytes()).map(|o| screen::traits(&o));
    let traits = traits.map_or_else(|_| Vec::new(), |t| hold::trait_hashes(house, arrival.to, &t));
    let strange = hold::strange(arrival.to, fit, &traits);
    let confirmed = (fit == SenderFit::Other).then(|| hold::confirmed(house, arrival.to)).flatten();
    let desk = arrival.to.desk();
    let names = arrival.names;
    let other_desks: Vec<String> = names.desks.iter().filter(|d| Some(d.0) != desk).map(|d| d.1.clone()).collect();
    let facts = Facts {
        fit,
        null_sender: arrival.null_sender,
        our_domain: &house.rules.mail_domain,
        provenance: arrival.provenance.clone(),
        confirmed: confirmed.as_ref(),
        staff: &names.staff,
        other_desks: &other_desks,
        new_mailer: strange.0,
        other_name: strange.1,
        locked: wrapped.as_ref().is_some_and(|w| w.wrap.lock.is_shut()),
    };
    let sender_hash = letter.from.as_ref().map(|f| address_hash(house, f).to_vec()).unwrap_or_default();
    let screened = screen::screen(letter, &facts);
    Judged::Read(Box::new(JudgedLetter { wrapped, screened, fit, traits, sender_hash }))
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
    traits: &[[u8; hold::TRAIT_BYTES]],
    digest: [u8; 32],
) -> Result<Received, Failure> {
    let Destination::Thread(target) = to else {
        return Err(Failure::NotAllowed);
    };
    let Unwrapped { letter, wrapped } = wrapping::recognize(house, target.thread, unwrapped).await?;
    let mut target = target.clone();
    let dedup = house.keys.house.hash(kind::DEDUP, [target.thread.bytes(), &digest[..]].concat());
    for _ in 0..STALE_TRIES {
        let cert = house.cert(Owner::Epoch(target.epoch.bytes()), &target.epoch_cert)?;
        let place = Place { thread: target.thread, epoch: target.epoch, cert: &cert, received: house.now() };
        let new = NewLetter { flags: labels.to_owned(), ..seal_mail(house, &place, &letter, wrapped.as_ref(), dedup)? };
        let id = new.id;
        match house.gathering.put(&house.db, new).await? {
            Stored::New => {
                // The letter is stored: a failure here is no reason to refuse it, or the next step would be skipped.
                if let Err(failure) = hold::learn(house, &target, traits, labels, id).await {
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

/// A small mail is sealed as it came. A large one becomes a reading copy, so that a page need not open all of it, and its
/// original beside it. Of one that came encrypted or signed, what was opened is sealed so, and the mail as received
/// beside it.
pub(crate) fn seal_mail(
    house: &House,
    place: &Place<'_>,
    letter: &Letter,
    wrapped: Option<&Wrapped>,
    dedup: [u8; 32],
) -> Result<NewLetter, Failure> {
    let id = LetterId::draw(&*house.chance);
    let raw = letter.raw.bytes();
    let mut attachments = Vec::new();
    let mut beside = |bytes: PlainBytes, kind: &'static str| -> Result<AttachmentId, Failure> {
        let blob = AttachmentId::draw(&*house.chance);
        let ids = [place.thread.bytes(), id.bytes(), blob.bytes()];
        let context = BlobContext { kind, ids: &ids };
        attachments.push((blob, seal_blob(bytes, place.cert, house.signer(), place.received, &context)?));
        Ok(blob)
    };
    let content = if raw.len() <= MAIL_INLINE_BYTES_MAX {
        Content::Mail { original: PlainBytes::new(raw.to_vec()) }
    } else {
        let original = beside(PlainBytes::new(raw.to_vec()), "original")?;
        let list = letter.files.iter().map(|f| AttachmentInfo {
            id: original,
            name: PlainText::new(f.name.clone()),
            media_type: f.media_type.clone(),
            bytes: u64::try_from(f.bytes).unwrap_or(u64::MAX),
        });
        Content::Text { text: letter.text.clone(), attachments: list.collect() }
    };
    let mut wrap = wrapped.map(|w| w.wrap.clone());
    if let (Some(wrap), Some(received)) = (&mut wrap, wrapped.and_then(|w| w.received.as_ref())) {
        wrap.original = Some(beside(received.clone(), "as-received")?);
    }
    let entity = Entity {
        thread: place.thread,
        letter: id,
        received: place.received,
        author: Author::Client,
        subject: letter.subject.clone(),
        content,
        wrap,
    };
    Ok(NewLetter {
        id,
        thread: place.thread,
        epoch: place.epoch,
        side: Side::Client,
        author: None,
        door: Door::Mail,
        received: place.received,
        released: Some(place.received),
        covers: None,
        body: seal_letter(entity, place.cert, house.signer())?,
        attachments,
        dedup,
        flags: String::new(),
    })
}
