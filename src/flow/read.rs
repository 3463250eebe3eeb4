//! Opening a thread: what its client sees, what a counselor sees, and files to take along.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::keyring::{self, ThreadKeys};
use super::letter_mail::thread_address;
use super::session::{Reader, Realm, open_name};
use super::words::Words;
use crate::classify::{Voices, voices, voices_of_text};
use crate::clock::Moment;
use crate::house::{Failure, House, Owner};
use crate::ids::{LetterId, PersonId, ThreadId};
use crate::limits::THREAD_PAGE_LETTERS;
use crate::parse::{self, RawLetter};
use crate::role::Role;
use crate::screen::Signal;
use crate::seal::{BlobContext, Cert, Content, Entity, Expected, Wrap, open_blob, open_letter};
use crate::secret::{PlainBytes, PlainText};
use crate::store::desks::{self, Desk};
use crate::store::letters::{self, Door, Letter, Side, Viewer};
use crate::store::threads::{self, Thread};
use crate::store::{Conn, people};
use crate::texts::Texts;

/// A file in a list.
pub struct FileLine {
    /// Its name.
    pub name: PlainText,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl FileLine {
    /// Its size in words.
    pub fn size(&self, texts: &Texts) -> String {
        texts.size(self.bytes)
    }
}

/// A letter, opened for a page.
pub struct OpenLetter {
    /// Row.
    pub id: LetterId,
    /// Whose.
    pub side: Side,
    /// The counselor who signed it.
    pub author: Option<PersonId>,
    /// That counselor's name.
    pub author_name: Option<PlainText>,
    /// How it came.
    pub door: Door,
    /// When our server took it.
    pub received: Moment,
    /// When the client may see it, where that has come.
    pub released: Option<Moment>,
    /// When the client first saw it.
    pub read: Option<Moment>,
    /// What labels it.
    pub flags: Vec<Signal>,
    /// What it says; `None` when the row is not what was once stored.
    pub words: Option<Words>,
    /// How its mail was wrapped when it came.
    pub wrap: Option<Wrap>,
}

/// One page of a thread, oldest letter first.
pub struct ThreadPage {
    /// The letters.
    pub letters: Vec<OpenLetter>,
    /// Older ones exist before this moment.
    pub older: Option<Moment>,
}

/// The client's own thread, or [`Failure::NotFound`].
pub async fn own_thread(house: &House, reader: &Reader, thread: ThreadId) -> Result<Thread, Failure> {
    let found = threads::find(&mut house.db.read().await?, thread).await?;
    found.filter(|t| t.client == reader.who.person).ok_or(Failure::NotFound)
}

/// What a counselor may do with a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is theirs, or nobody's yet.
    Open,
    /// A colleague answers it: they may take it over, with a reason.
    WithColleague(PersonId),
}

/// A thread a counselor may know of, or [`Failure::NotFound`].
pub async fn staff_thread(house: &House, reader: &Reader, thread: ThreadId) -> Result<(Thread, Access), Failure> {
    if !reader.who.roles.has(Role::Counselor) {
        return Err(Failure::NotAllowed);
    }
    let mut conn = house.db.read().await?;
    let found = threads::find(&mut conn, thread).await?.ok_or(Failure::NotFound)?;
    let me = reader.who.person;
    let seated = desks::find_grant(&mut conn, found.desk, me).await?.is_some_and(|g| !g.is_empty());
    let granted =
        found.assignee == Some(me) && threads::find_grant(&mut conn, found.epoch, me.bytes()).await?.is_some();
    match found.assignee {
        _ if !seated && !granted => Err(Failure::NotFound),
        Some(other) if other != me => Ok((found, Access::WithColleague(other))),
        _ => Ok((found, Access::Open)),
    }
}

/// Opens a page of a thread for somebody whose access was checked. The client's look marks replies as read.
pub async fn page(
    house: &House,
    reader: &Reader,
    thread: &Thread,
    before: Option<Moment>,
) -> Result<ThreadPage, Failure> {
    let viewer = viewer(reader);
    let mut conn = house.db.read().await?;
    let until = before.unwrap_or(Moment::from_micros(i64::MAX));
    let mut rows = letters::list_before(&mut conn, thread.id, until, viewer, THREAD_PAGE_LETTERS + 1).await?;
    let more = rows.len() > THREAD_PAGE_LETTERS;
    rows.truncate(THREAD_PAGE_LETTERS);
    let older = rows.last().filter(|_| more).map(|l| l.received);
    rows.reverse();
    let opened = open_rows(house, &mut conn, reader, thread, &rows).await?;
    drop(conn);
    let unread = rows.iter().any(|l| l.side == Side::Counselor && l.read.is_none());
    if viewer == Viewer::Client && unread {
        let mut tx = house.db.begin().await?;
        letters::mark_read(&mut tx, thread.id, house.now()).await?;
        tx.commit().await?;
    }
    Ok(ThreadPage { letters: opened, older })
}

/// Opens every letter of a thread, for its client to take along.
pub async fn whole(house: &House, reader: &Reader, thread: &Thread) -> Result<Vec<OpenLetter>, Failure> {
    let mut conn = house.db.read().await?;
    let mut rows = letters::list_all(&mut conn, thread.id).await?;
    rows.retain(|l| l.side == Side::Client || l.released.is_some());
    open_rows(house, &mut conn, reader, thread, &rows).await
}

/// What a client wrote last, for the guard. The caller may read the thread.
pub(crate) async fn client_texts(
    house: &House,
    conn: &mut Conn,
    reader: &Reader,
    thread: &Thread,
    limit: usize,
) -> Result<Vec<PlainText>, Failure> {
    let end = Moment::from_micros(i64::MAX);
    let mut rows = letters::list_before(conn, thread.id, end, Viewer::Staff, 2 * limit).await?;
    rows.retain(|l| l.side == Side::Client);
    rows.truncate(limit);
    let opened = open_rows(house, conn, reader, thread, &rows).await?;
    Ok(opened.into_iter().filter_map(|l| l.words).map(|w| w.text).collect())
}

fn viewer(reader: &Reader) -> Viewer {
    if reader.who.roles.has(Role::Client) { Viewer::Client } else { Viewer::Staff }
}

async fn open_rows(
    house: &House,
    conn: &mut Conn,
    reader: &Reader,
    thread: &Thread,
    rows: &[Letter],
) -> Result<Vec<OpenLetter>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let keys = keyring::open(conn, reader, thread).await?;
    let mut opened = Vec::with_capacity(rows.len());
    let mut authors = HashMap::new();
    for row in rows {
        // One look-up for each author, not for each letter.
        let (signers, author_name) = match authors.entry((row.side == Side::Client, row.author)) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(free) => free.insert(signers(house, conn, row).await?),
        };
        let mut entity = open_row(&keys, row, signers).ok();
        let wrap = entity.as_mut().and_then(|e| e.wrap.take());
        let mut said = entity.map(|entity| words(entity, row.side));
        if wrap.as_ref().is_some_and(|w| w.lock.is_shut()) {
            said = said.map(without_ciphertext);
        }
        opened.push(OpenLetter {
            id: row.id,
            side: row.side,
            author: row.author,
            author_name: author_name.clone(),
            door: row.door,
            received: row.received,
            released: row.released,
            read: row.read,
            flags: Signal::read(&row.flags),
            words: said,
            wrap,
        });
    }
    Ok(opened)
}

/// Whose signature a row must bear: the house's on what came through a door, the counselor's on a reply.
async fn signers(house: &House, conn: &mut Conn, row: &Letter) -> Result<(Vec<Cert>, Option<PlainText>), Failure> {
    if row.side == Side::Client {
        return Ok((vec![house.practice_cert().clone()], None));
    }
    let Some(author) = row.author else {
        return Ok((Vec::new(), None));
    };
    let person = people::find(conn, author).await?.ok_or(Failure::NotFound)?;
    // A row that names somebody else as its author is damaged; the letters beside it are not.
    let name = open_name(house, Realm::Staff, author, &person.name_sealed).ok();
    let certs = house.cert(Owner::Person(author.bytes()), &person.cert).map(|c| vec![c]).unwrap_or_default();
    Ok((certs, name))
}

fn open_row(keys: &ThreadKeys, row: &Letter, signers: &[Cert]) -> Result<Entity, Failure> {
    let expected = Expected { thread: row.thread, letter: row.id, received: row.received };
    Ok(open_letter(&row.body, keys.get(row.epoch)?, signers, &expected)?)
}

fn words(entity: Entity, side: Side) -> Words {
    match entity.content {
        Content::Text { text, attachments } => {
            let files =
                attachments.into_iter().map(|a| FileLine { name: a.name, media_type: a.media_type, bytes: a.bytes });
            let voices = match side {
                Side::Client => voices_of_text(entity.subject.reveal(), text.reveal()),
                // A counselor's reply holds nobody else's words.
                Side::Counselor => Voices::of_one(text.reveal()),
            };
            Words { subject: entity.subject, files: files.collect(), text, voices }
        }
        Content::Mail { original } => match parse::read(RawLetter::from_plain(original)) {
            Ok(letter) => {
                let files = letter.files.iter().map(|f| FileLine {
                    name: PlainText::new(f.name.clone()),
                    media_type: f.media_type.clone(),
                    bytes: u64::try_from(f.bytes).unwrap_or(u64::MAX),
                });
                Words { files: files.collect(), voices: voices(&letter), subject: letter.subject, text: letter.text }
            }
            // It could be read when it came in; if a later version cannot, the original is still there.
            Err((raw, _)) => {
                let text = PlainText::new(String::from_utf8_lossy(raw.bytes()).into_owned());
                Words { subject: entity.subject, voices: Voices::of_one(text.reveal()), text, files: Vec::new() }
            }
        },
    }
}

/// What nobody can read is not shown; the mail as it came is kept.
fn without_ciphertext(words: Words) -> Words {
    let text = words.text.reveal().split("-----BEGIN PGP MESSAGE-----").next().unwrap_or_default().trim_end();
    Words { voices: Voices::of_one(text), text: PlainText::new(text.to_owned()), ..words }
}

/// A file to take along.
pub struct OpenFile {
    /// Its name.
    pub name: PlainText,
    /// Its media type.
    pub media_type: String,
    /// Its content.
    pub bytes: PlainBytes,
}

/// Opens the `number`th file of a letter for somebody whose access to the thread was checked.
pub async fn file(
    house: &House,
    reader: &Reader,
    thread: &Thread,
    letter: LetterId,
    number: usize,
) -> Result<OpenFile, Failure> {
    let mut conn = house.db.read().await?;
    let row = letters::find(&mut conn, letter).await?.ok_or(Failure::NotFound)?;
    let hidden = viewer(reader) == Viewer::Client && row.released.is_none();
    if row.thread != thread.id || hidden {
        return Err(Failure::NotFound);
    }
    let keys = keyring::open(&mut conn, reader, thread).await?;
    let (signers, _) = signers(house, &mut conn, &row).await?;
    let entity = open_row(&keys, &row, &signers)?;
    let from_mail = |raw: &[u8]| {
        let file = parse::file(raw, number).ok_or(Failure::NotFound)?;
        Ok(OpenFile { name: PlainText::new(file.name), media_type: file.media_type, bytes: file.bytes })
    };
    match entity.content {
        Content::Mail { original } => from_mail(original.reveal()),
        Content::Text { attachments, .. } => {
            let info = attachments.into_iter().nth(number).ok_or(Failure::NotFound)?;
            let sealed = letters::find_attachment(&mut conn, row.id, info.id).await?.ok_or(Failure::NotFound)?;
            let kind = if row.door == Door::Mail { "original" } else { "attachment" };
            let ids = [row.thread.bytes(), row.id.bytes(), info.id.bytes()];
            let bytes =
                open_blob(&sealed, keys.get(row.epoch)?, &signers, row.received, &BlobContext { kind, ids: &ids })?;
            match row.door {
                Door::Mail => from_mail(bytes.reveal()),
                Door::Web => Ok(OpenFile { name: info.name, media_type: info.media_type, bytes }),
            }
        }
    }
}

/// The bytes of a mail as received, for somebody whose access was checked.
pub(super) async fn original(
    house: &House,
    reader: &Reader,
    thread: &Thread,
    row: &Letter,
) -> Result<PlainBytes, Failure> {
    let mut conn = house.db.read().await?;
    let keys = keyring::open(&mut conn, reader, thread).await?;
    let (signers, _) = signers(house, &mut conn, row).await?;
    let entity = open_row(&keys, row, &signers)?;
    let received = entity.wrap.and_then(|w| w.original);
    let kind = match (&received, entity.content) {
        // What is shown was opened; the mail as it came lies beside it.
        (Some(_), _) => "as-received",
        (None, Content::Mail { original }) => return Ok(original),
        (None, Content::Text { .. }) => "original",
    };
    let mut all = letters::list_attachments(&mut conn, row.id).await?.into_iter();
    let found = all.find(|(id, _)| received.is_none_or(|wanted| wanted == *id));
    let (id, sealed) = found.ok_or(Failure::NotFound)?;
    let ids = [row.thread.bytes(), row.id.bytes(), id.bytes()];
    Ok(open_blob(&sealed, keys.get(row.epoch)?, &signers, row.received, &BlobContext { kind, ids: &ids })?)
}

/// All threads of a client with their desks.
pub async fn own_threads(house: &House, reader: &Reader) -> Result<Vec<(Thread, Desk)>, Failure> {
    let mut conn = house.db.read().await?;
    let mut all = Vec::new();
    for thread in threads::list_of_client(&mut conn, reader.who.person).await? {
        let desk = desks::find(&mut conn, thread.desk).await?.ok_or(Failure::NotFound)?;
        all.push((thread, desk));
    }
    Ok(all)
}

/// Released replies the client has not seen in a thread of theirs.
pub async fn count_unread(house: &House, thread: &Thread) -> Result<i64, Failure> {
    Ok(letters::count_unread(&mut house.db.read().await?, thread.id).await?)
}

/// The desk of a thread.
pub async fn desk_of(house: &House, thread: &Thread) -> Result<Desk, Failure> {
    desks::find(&mut house.db.read().await?, thread.desk).await?.ok_or(Failure::NotFound)
}

/// The secret mail addresses of a client's threads: thread, desk name, address.
pub async fn own_addresses(house: &House, reader: &Reader) -> Result<Vec<(ThreadId, String, PlainText)>, Failure> {
    let all = own_threads(house, reader).await?;
    all.into_iter()
        .map(|(thread, desk)| Ok((thread.id, desk.name, PlainText::new(thread_address(house, &thread)?.text()))))
        .collect()
}
