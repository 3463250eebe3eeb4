//! A letter arrives: from a mail door or a form into its thread, or onto the shelf.
//!
//! `RawLetter -> Letter -> ScreenedLetter -> SealedLetter -> store`: each step consumes the one before. The caller
//! acknowledges only after this returned, and this returns only after the commit is durable.

use super::canary::{self, Canary};
use super::session::{Realm, folded_name, kind};
use super::wrapping;
use super::write::{Place, STALE_TRIES};
use crate::address::MailAddress;
use crate::clock::Moment;
use crate::house::{Failure, House, Owner};
use crate::ids::{AttachmentId, DeskId, HeldId, LetterId};
use crate::limits::MAIL_INLINE_BYTES_MAX;
use crate::parse::{self, Letter, RawLetter};
use crate::provenance::Provenance;
use crate::screen::{self, Reason, ScreenedLetter, SenderFit};
use crate::seal::{
    AttachmentInfo, Author, BlobContext, Cert, Content, Entity, SealedBlob, ThreadToken, TokenError, seal_blob,
    seal_letter,
};
use crate::secret::{PlainBytes, PlainText};
use crate::store::held::{self, NewHeld};
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
    /// Proves that the road is open.
    Canary(Canary),
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
    /// It was there already.
    Duplicate,
    /// A canary.
    Canary,
}

/// Finds out where mail to an address goes. `domain` is lower-case ASCII and empty for a bare `postmaster`.
pub async fn destination(house: &House, local: &str, domain: &str) -> Result<Destination, NoDestination> {
    if !domain.is_empty() && domain != house.rules.mail_domain {
        return Err(NoDestination::NotOurs);
    }
    let local = local.to_ascii_lowercase();
    if local == "no-reply" || local == "noreply" {
        return Err(NoDestination::NoReply);
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
    let dedup = parse::dedup_digest(mail.reveal());
    // A large mail takes long enough to read and encrypt that other connections would wait for it.
    let outcome = if mail.reveal().len() <= MAIL_INLINE_BYTES_MAX {
        judge(house, to, null_sender, provenance, mail)
    } else {
        tokio::task::block_in_place(|| judge(house, to, null_sender, provenance, mail))
    };
    match outcome {
        Judged::Enters(letter, wrapped) => enter(house, to, *letter, wrapped, dedup).await,
        Judged::Waits(raw, reasons) => shelve(house, to, raw, &reasons, dedup).await,
    }
}

enum Judged {
    Enters(Box<ScreenedLetter>, Option<Wrapped>),
    Waits(PlainBytes, Vec<Reason>),
}

fn judge(house: &House, to: &Destination, null_sender: bool, provenance: &Provenance, mail: PlainBytes) -> Judged {
    let letter = match parse::read(RawLetter::from_plain(mail)) {
        Ok(letter) => letter,
        Err((raw, _)) => return Judged::Waits(raw.into_plain(), vec![Reason::Unreadable]),
    };
    let Unwrapped { letter, wrapped } = wrapping::open(house, letter);
    let fit = sender_fit(house, to, &letter);
    let screened = screen::screen(letter, fit, null_sender, provenance);
    if screened.reasons().is_empty() {
        Judged::Enters(Box::new(screened), wrapped)
    } else {
        let reasons = screened.reasons().to_vec();
        Judged::Waits(wrapping::received(screened.into_letter(), wrapped), reasons)
    }
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
    letter: ScreenedLetter,
    wrapped: Option<Wrapped>,
    digest: [u8; 32],
) -> Result<Received, Failure> {
    let Destination::Thread(target) = to else {
        return Err(Failure::NotAllowed);
    };
    let unwrapped = Unwrapped { letter: letter.into_letter(), wrapped };
    let Unwrapped { letter, wrapped } = wrapping::recognize(house, target.thread, unwrapped).await?;
    let mut target = target.clone();
    let dedup = house.keys.house.hash(kind::DEDUP, [target.thread.bytes(), &digest[..]].concat());
    for _ in 0..STALE_TRIES {
        let cert = house.cert(Owner::Epoch(target.epoch.bytes()), &target.epoch_cert)?;
        let place = Place { thread: target.thread, epoch: target.epoch, cert: &cert, received: house.now() };
        let new = seal_mail(house, &place, &letter, wrapped.as_ref(), dedup)?;
        match house.gathering.put(&house.db, new).await? {
            Stored::New => {
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
    })
}

async fn shelve(
    house: &House,
    to: &Destination,
    raw: PlainBytes,
    reasons: &[Reason],
    digest: [u8; 32],
) -> Result<Received, Failure> {
    let (desk, vouched, thread) = match to {
        Destination::Thread(t) => (t.desk, &t.desk_cert, Some(t.thread)),
        Destination::Desk { id, cert } => (*id, cert, None),
        Destination::Canary(_) => return Err(Failure::NotAllowed),
    };
    let cert = house.cert(Owner::Desk(desk.bytes()), vouched)?;
    let id = HeldId::draw(&*house.chance);
    let received = house.now();
    let body = seal_held(house, raw, &cert, desk, id, received)?;
    let scope = thread.map_or_else(|| desk.bytes().to_vec(), |t| t.bytes().to_vec());
    let dedup = house.keys.house.hash(kind::DEDUP, [&scope, &digest[..]].concat());
    let new = NewHeld { id, desk, thread, reasons: Reason::write(reasons), received, body, dedup };
    let mut tx = house.db.begin().await?;
    let is_new = held::insert(&mut tx, &new).await?;
    tx.commit().await?;
    Ok(if is_new { Received::Held } else { Received::Duplicate })
}

fn seal_held(
    house: &House,
    raw: PlainBytes,
    cert: &Cert,
    desk: DeskId,
    id: HeldId,
    received: Moment,
) -> Result<SealedBlob, Failure> {
    let ids = [desk.bytes(), id.bytes()];
    Ok(seal_blob(raw, cert, house.signer(), received, &BlobContext { kind: "held", ids: &ids })?)
}
