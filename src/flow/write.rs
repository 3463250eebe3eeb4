//! A client hands a letter in through a form; and how letters from forms, of either side, are sealed.

use super::keyring;
use super::session::{Reader, kind};
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::{AttachmentId, EpochId, LetterId, ThreadId};
use crate::seal::{
    AttachmentInfo, Author, BlobContext, Cert, Content, Entity, SealedBlob, SealedLetter, Signer, seal_blob,
    seal_letter,
};
use crate::secret::{PlainBytes, PlainText};
use crate::store::drafts;
use crate::store::letters::{self, Door, NewLetter, Side, Stored};
use crate::store::threads::{self, Thread};

/// A new period may begin while a letter is being encrypted: how often it is encrypted again.
pub(crate) const STALE_TRIES: usize = 3;

/// A file that comes with a letter from a form.
pub struct FormFile {
    /// Its safe name.
    pub name: PlainText,
    /// What it is.
    pub media_type: String,
    /// Its content.
    pub bytes: PlainBytes,
}

/// A letter from a form.
pub struct FormLetter {
    /// One line; may be empty.
    pub subject: PlainText,
    /// The letter.
    pub text: PlainText,
    /// Files, cleaned.
    pub files: Vec<FormFile>,
    /// The client is not sure to be safe.
    pub urgent: bool,
    /// Drawn with the form: a form sent twice is one letter.
    pub form_id: LetterId,
}

/// A signed-in client hands a letter in. The draft it was written as goes in the same commit.
pub async fn by_form(house: &House, reader: &Reader, thread: &Thread, letter: FormLetter) -> Result<LetterId, Failure> {
    if thread.client != reader.who.person {
        return Err(Failure::NotFound);
    }
    let dedup = form_dedup(house, thread, letter.form_id);
    let mut epoch = thread.epoch;
    for _ in 0..STALE_TRIES {
        let cert = keyring::epoch_cert(house, &mut house.db.read().await?, epoch).await?;
        let written =
            Written { subject: &letter.subject, text: &letter.text, files: &letter.files, author: Author::Client };
        let received = house.now();
        let place = Place { thread: thread.id, epoch, cert: &cert, received };
        let (id, body, attachments) = seal_written(house, house.signer(), &place, &written)?;
        let new = NewLetter {
            id,
            thread: thread.id,
            epoch,
            side: Side::Client,
            author: Some(reader.who.person),
            door: Door::Web,
            received,
            released: Some(received),
            covers: None,
            body,
            attachments,
            dedup,
            flags: String::new(),
            mail_hash: Vec::new(),
        };
        let mut tx = house.db.begin().await?;
        let stored = letters::insert_group(&mut tx, &[&new]).await?;
        match stored.first() {
            Some(Stored::Stale) => {}
            Some(Stored::New | Stored::Duplicate) => {
                if letter.urgent {
                    threads::update_urgent(&mut tx, thread.id, true).await?;
                }
                drafts::delete(&mut tx, thread.id, reader.who.person).await?;
                tx.commit().await?;
                return Ok(id);
            }
            None => return Err(Failure::Changed),
        }
        drop(tx);
        epoch = threads::find(&mut house.db.read().await?, thread.id).await?.ok_or(Failure::NotFound)?.epoch;
    }
    Err(Failure::Busy)
}

fn form_dedup(house: &House, thread: &Thread, form_id: LetterId) -> [u8; 32] {
    house.keys.house.hash(kind::DEDUP, [thread.id.bytes(), &b"form"[..], form_id.bytes()].concat())
}

/// Whether the letter of this form was handed in already.
pub async fn is_sent(house: &House, thread: &Thread, form_id: LetterId) -> Result<bool, Failure> {
    Ok(letters::has_dedup(&mut house.db.read().await?, &form_dedup(house, thread, form_id)).await?)
}

/// What somebody wrote in a form.
pub(crate) struct Written<'a> {
    pub(crate) subject: &'a PlainText,
    pub(crate) text: &'a PlainText,
    pub(crate) files: &'a [FormFile],
    pub(crate) author: Author,
}

/// Where it goes.
pub(crate) struct Place<'a> {
    pub(crate) thread: ThreadId,
    pub(crate) epoch: EpochId,
    pub(crate) cert: &'a Cert,
    pub(crate) received: Moment,
}

type SealedParts = (LetterId, SealedLetter, Vec<(AttachmentId, SealedBlob)>);

/// Seals a letter from a form and its files.
pub(crate) fn seal_written(
    house: &House,
    signer: &Signer,
    place: &Place<'_>,
    written: &Written<'_>,
) -> Result<SealedParts, Failure> {
    let id = LetterId::draw(&*house.chance);
    let mut attachments = Vec::with_capacity(written.files.len());
    let mut list = Vec::with_capacity(written.files.len());
    for file in written.files {
        let attachment = AttachmentId::draw(&*house.chance);
        let ids = [place.thread.bytes(), id.bytes(), attachment.bytes()];
        let context = BlobContext { kind: "attachment", ids: &ids };
        list.push(AttachmentInfo {
            id: attachment,
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            bytes: u64::try_from(file.bytes.reveal().len()).unwrap_or(u64::MAX),
        });
        attachments.push((attachment, seal_blob(file.bytes.clone(), place.cert, signer, place.received, &context)?));
    }
    let entity = Entity {
        thread: place.thread,
        letter: id,
        received: place.received,
        author: written.author,
        subject: written.subject.clone(),
        content: Content::Text { text: written.text.clone(), attachments: list },
        wrap: None,
    };
    Ok((id, seal_letter(entity, place.cert, signer)?, attachments))
}
