//! A client takes their letters along: an mbox of PGP/MIME mails and the key to them, locked with the client's secret.

use super::read::{self, OpenLetter};
use super::session::{self, Realm, Visit};
use super::throttle::Source;
use crate::audit::{self, Action};
use crate::house::{Failure, House};
use crate::seal::{AttachmentInfo, Author, Content, Entity, ExportKey, ExportedFile, ExportedLetter, Secret, mbox};
use crate::store::letters::Side;
use crate::store::threads::Thread;
use zeroize::Zeroizing;

/// What is taken along, per thread.
pub struct Takeaway {
    /// Short name of the desk, for file names.
    pub desk: String,
    /// `thread-key.asc`: the secret key, locked with the client's secret, as GnuPG imports it.
    pub key: Zeroizing<Vec<u8>>,
    /// The letters.
    pub mbox: Vec<u8>,
    /// How many letters.
    pub letters: usize,
    /// How many letters could not be opened and are left out.
    pub damaged: usize,
}

/// Makes the takeaway of every thread of a mailbox. Needs the client's own secret: nobody else can do it.
pub async fn make(house: &House, name: &str, secret: &str) -> Result<Vec<Takeaway>, Failure> {
    let (cookie, person, _) = session::sign_in(house, Realm::Clients, name, secret, Source::UNKNOWN).await?;
    let Visit::Open(reader) = session::visit(house, &cookie).await? else {
        return Err(Failure::NotAllowed);
    };
    let mut all = Vec::new();
    for (thread, desk) in read::own_threads(house, &reader).await? {
        let letters = read::whole(house, &reader, &thread).await?;
        let key = ExportKey::generate(house.now())?;
        let mut mails = Vec::new();
        let mut damaged = 0;
        for letter in letters {
            let received = letter.received;
            match exported(house, &reader, &thread, letter).await? {
                Some(letter) => mails.push((received, key.mail(&letter, &*house.chance)?)),
                None => damaged += 1,
            }
        }
        let count = mails.len();
        all.push(Takeaway {
            desk: desk.slug,
            key: key.to_armored(&Secret::words(secret))?,
            mbox: mbox(mails.iter().map(|(at, mail)| (*at, mail.as_slice()))),
            letters: count,
            damaged,
        });
        let mut tx = house.db.begin().await?;
        audit::note(&mut tx, house, house.now(), Some(person), Action::Exported, Some(thread.id)).await?;
        tx.commit().await?;
    }
    session::sign_out(house, &reader.who.session).await?;
    Ok(all)
}

async fn exported(
    house: &House,
    reader: &session::Reader,
    thread: &Thread,
    letter: OpenLetter,
) -> Result<Option<ExportedLetter>, Failure> {
    let Some(words) = letter.words else { return Ok(None) };
    let mut files = Vec::with_capacity(words.files.len());
    let mut list = Vec::with_capacity(words.files.len());
    for number in 0..words.files.len() {
        let file = read::file(house, reader, thread, letter.id, number).await?;
        list.push(AttachmentInfo {
            id: crate::ids::AttachmentId::draw(&*house.chance),
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            bytes: u64::try_from(file.bytes.reveal().len()).unwrap_or(u64::MAX),
        });
        files.push(ExportedFile { name: file.name, media_type: file.media_type, bytes: file.bytes });
    }
    let author = if letter.side == Side::Client { Author::Client } else { Author::Counselor };
    let content = Content::Text { text: words.text, attachments: list };
    let entity = Entity {
        thread: thread.id,
        letter: letter.id,
        received: letter.received,
        author,
        subject: words.subject,
        content,
        wrap: None,
    };
    Ok(Some(ExportedLetter { letter: entity, files }))
}
