//! How a mail becomes a sealed letter: at the door, or later, when it was kept elsewhere first.

use super::habits::{self, Look};
use super::letter_mail::mail_hash;
use super::receive::address_hash;
use super::session::kind;
use super::write::Place;
use super::{keyring, wrapping};
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::{AttachmentId, LetterId, ThreadId};
use crate::limits::MAIL_INLINE_BYTES_MAX;
use crate::parse::{self, Letter, RawLetter};
use crate::seal::{AttachmentInfo, Author, BlobContext, Content, Entity, seal_blob, seal_letter};
use crate::secret::{PlainBytes, PlainText};
use crate::store::letters::{Door, NewLetter, Side};
use crate::store::threads::Thread;
use crate::unwrap::{Learned, Wrapped};

/// Recognizes the same mail coming to a thread, or to the shelf for it, again.
pub(super) fn dedup(house: &House, thread: ThreadId, digest: &[u8; 32]) -> [u8; 32] {
    house.keys.house.hash(kind::DEDUP, [thread.bytes(), &digest[..]].concat())
}

/// A kept mail as a letter.
pub(super) struct Kept {
    /// To be stored.
    pub(super) letter: NewLetter,
    /// What a redelivery is recognized by.
    pub(super) digest: [u8; 32],
    /// Keyed hash of the sender's address; no bytes where there is none.
    pub(super) sender: Vec<u8>,
    /// What its writer's mails have in common.
    pub(super) look: Look,
    /// The keys that came along.
    pub(super) learned: Vec<Learned>,
}

/// A mail that was kept elsewhere becomes a letter of a thread, counted from its first receipt.
pub(super) async fn keep(
    house: &House,
    raw: PlainBytes,
    thread: &Thread,
    received: Moment,
    flags: &str,
) -> Result<Kept, Failure> {
    let cert = keyring::epoch_cert(house, &mut house.db.read().await?, thread.epoch).await?;
    let digest = parse::dedup_digest(raw.reveal());
    let letter = parse::read(RawLetter::from_plain(raw)).map_err(|_| Failure::NotAllowed)?;
    let sender = letter.from.as_ref().map(|f| address_hash(house, f).to_vec()).unwrap_or_default();
    let unwrapped = wrapping::recognize(house, thread.id, wrapping::open(house, letter)).await?;
    let look = habits::look_at(house, thread.id, &unwrapped.letter, received);
    let learned = wrapping::brought(&unwrapped.letter, unwrapped.wrapped.as_ref());
    let place = Place { thread: thread.id, epoch: thread.epoch, cert: &cert, received };
    let dedup = dedup(house, thread.id, &digest);
    let sealed = seal_mail(house, &place, &unwrapped.letter, unwrapped.wrapped.as_ref(), dedup)?;
    Ok(Kept { letter: NewLetter { flags: flags.to_owned(), ..sealed }, digest, sender, look, learned })
}

/// The Message-ID a mail came with: outside of what it was wrapped in.
fn message_id(letter: &Letter, wrapped: Option<&Wrapped>) -> Option<String> {
    match wrapped {
        None => letter.message_id.clone(),
        Some(_) => parse::mail_ids(wrapping::outside(letter, wrapped), &["Message-ID"]).into_iter().next(),
    }
}

/// A small mail is sealed as it came. A large one becomes a reading copy, so that a page need not open all of it, and its
/// original beside it. Of one that came encrypted or signed, what was opened is sealed so, and the mail as received
/// beside it.
pub(super) fn seal_mail(
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
        mail_hash: message_id(letter, wrapped)
            .map(|id| mail_hash(house, place.thread, &id).to_vec())
            .unwrap_or_default(),
    })
}
