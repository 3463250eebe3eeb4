//! A reply leaves: draft, hand in, recall, release. Clients' drafts live here too.
//!
//! Writing a reply and letting it go are two things: between them lies the recall window, in which the author can take it
//! back. The release is a job, so it happens whatever becomes of this process.

use super::hold;
use super::keyring;
use super::letter_mail;
use super::notify;
use super::session::{Reader, kind};
use super::write::{FormFile, Place, Written, seal_written};
use crate::audit::{self, Action};
use crate::clock::Moment;
use crate::commitments::opening::next_open;
use crate::house::{Failure, House};
use crate::ids::{AttachmentId, JobId, LetterId, ThreadId};
use crate::limits::ATTACHMENTS_MAX;
use crate::seal::{Author, BlobContext, Content, Expected, open_letter, seal_to};
use crate::secret::{PlainBytes, PlainText};
use crate::store::desks::Desk;
use crate::store::letters::{self, Door, NewLetter, Side, Stored};
use crate::store::threads::{self, Thread};
use crate::store::{delivery, desks, drafts, jobs, people};

/// The job that releases a reply; its subject is the letter.
pub const RELEASE_JOB: &str = "release";

/// An unfinished letter.
pub struct Draft {
    /// One line.
    pub subject: PlainText,
    /// The text so far.
    pub text: PlainText,
    /// When it was saved.
    pub saved: Moment,
}

/// A file beside a draft.
pub struct DraftFile {
    /// Row.
    pub id: AttachmentId,
    /// The file.
    pub file: FormFile,
}

/// Saves a draft, encrypted to its author.
pub async fn save_draft(
    house: &House,
    reader: &Reader,
    thread: ThreadId,
    subject: &PlainText,
    text: &PlainText,
) -> Result<Moment, Failure> {
    let me = reader.who.person;
    let sealed = seal_draft(reader, thread, subject, text)?;
    let now = house.now();
    let mut tx = house.db.begin().await?;
    drafts::upsert(&mut tx, thread, me, &sealed, now).await?;
    tx.commit().await?;
    Ok(now)
}

fn seal_draft(reader: &Reader, thread: ThreadId, subject: &PlainText, text: &PlainText) -> Result<Vec<u8>, Failure> {
    let ids = [thread.bytes(), reader.who.person.bytes()];
    // The subject is one line, so the first line break ends it.
    let plain = PlainBytes::new([subject.reveal().as_bytes(), b"\n", text.reveal().as_bytes()].concat());
    Ok(seal_to(&reader.who.cert, &BlobContext { kind: "draft", ids: &ids }, &plain)?.into_bytes())
}

/// An author's draft.
pub async fn draft(house: &House, reader: &Reader, thread: ThreadId) -> Result<Option<Draft>, Failure> {
    let me = reader.who.person;
    let Some((sealed, saved)) = drafts::find(&mut house.db.read().await?, thread, me).await? else {
        return Ok(None);
    };
    let ids = [thread.bytes(), me.bytes()];
    let plain = reader.keys.open_sealed(&sealed, &BlobContext { kind: "draft", ids: &ids })?;
    let whole = String::from_utf8_lossy(plain.reveal());
    let (subject, text) = whole.split_once('\n').unwrap_or(("", &whole));
    Ok(Some(Draft { subject: subject.into(), text: text.into(), saved }))
}

/// Forgets a draft and its files.
pub async fn discard_draft(house: &House, reader: &Reader, thread: ThreadId) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    drafts::delete(&mut tx, thread, reader.who.person).await?;
    Ok(tx.commit().await?)
}

/// Puts a file beside a draft; [`Failure::Busy`] when there are enough.
pub async fn add_draft_file(house: &House, reader: &Reader, thread: ThreadId, file: &FormFile) -> Result<(), Failure> {
    let me = reader.who.person;
    let id = AttachmentId::draw(&*house.chance);
    let ids = [thread.bytes(), me.bytes(), id.bytes()];
    let head = format!("{}\n{}\n", file.media_type, file.name.reveal());
    let plain = PlainBytes::new([head.as_bytes(), file.bytes.reveal()].concat());
    let sealed = tokio::task::block_in_place(|| {
        seal_to(&reader.who.cert, &BlobContext { kind: "draft-file", ids: &ids }, &plain)
    })?;
    let mut tx = house.db.begin().await?;
    if drafts::count_files(&mut tx, thread, me).await? >= i64::try_from(ATTACHMENTS_MAX).unwrap_or(i64::MAX) {
        return Err(Failure::Busy);
    }
    drafts::insert_file(&mut tx, id, thread, me, sealed.bytes(), house.now()).await?;
    Ok(tx.commit().await?)
}

/// The files beside a draft.
pub async fn draft_files(house: &House, reader: &Reader, thread: ThreadId) -> Result<Vec<DraftFile>, Failure> {
    let me = reader.who.person;
    let rows = drafts::list_files(&mut house.db.read().await?, thread, me).await?;
    rows.into_iter()
        .map(|(id, sealed)| {
            let ids = [thread.bytes(), me.bytes(), id.bytes()];
            let plain = reader.keys.open_sealed(&sealed, &BlobContext { kind: "draft-file", ids: &ids })?;
            let mut parts = plain.reveal().splitn(3, |b| *b == b'\n');
            let mut next = || parts.next().unwrap_or_default();
            let (media_type, name, bytes) = (next(), next(), next());
            let file = FormFile {
                media_type: String::from_utf8_lossy(media_type).into_owned(),
                name: PlainText::new(String::from_utf8_lossy(name).into_owned()),
                bytes: PlainBytes::new(bytes.to_vec()),
            };
            Ok(DraftFile { id, file })
        })
        .collect()
}

/// Takes a file away from a draft.
pub async fn remove_draft_file(house: &House, reader: &Reader, file: AttachmentId) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    drafts::delete_file(&mut tx, file, reader.who.person).await?;
    Ok(tx.commit().await?)
}

/// A reply as the form brings it.
pub struct Reply {
    /// One line; may be empty.
    pub subject: PlainText,
    /// The letter.
    pub text: PlainText,
    /// Receipt of the client's last letter that the page had shown.
    pub covers: Moment,
    /// Drawn with the form: a form sent twice is one reply.
    pub form_id: LetterId,
    /// What the guard doubted and why the author lets it go all the same, for the audit.
    pub passed: Option<String>,
}

/// Hands a reply in; it leaves after the recall window, when the desk is at work. Only who answers the thread may.
pub async fn hand_in(house: &House, reader: &Reader, thread: &Thread, reply: Reply) -> Result<LetterId, Failure> {
    let me = reader.who.person;
    if thread.assignee != Some(me) {
        return Err(Failure::NotAllowed);
    }
    let cert = keyring::epoch_cert(house, &mut house.db.read().await?, thread.epoch).await?;
    let received = house.now();
    let files = draft_files(house, reader, thread.id).await?.into_iter().map(|f| f.file).collect::<Vec<_>>();
    let written = Written { subject: &reply.subject, text: &reply.text, files: &files, author: Author::Counselor };
    let place = Place { thread: thread.id, epoch: thread.epoch, cert: &cert, received };
    let (id, body, attachments) = seal_written(house, &reader.keys.signer()?, &place, &written)?;
    let dedup = house.keys.house.hash(kind::DEDUP, [thread.id.bytes(), &b"reply"[..], reply.form_id.bytes()].concat());
    let new = NewLetter {
        id,
        thread: thread.id,
        epoch: thread.epoch,
        side: Side::Counselor,
        author: Some(me),
        door: Door::Web,
        received,
        released: None,
        covers: Some(reply.covers),
        body,
        attachments,
        dedup,
        flags: String::new(),
        mail_hash: Vec::new(),
    };
    let draft = letter_mail::Draft { letter: id, subject: &reply.subject, text: &reply.text, files: &files };
    let mail = letter_mail::prepare(house, thread, &draft).await?;
    let mut tx = house.db.begin().await?;
    let desk = desks::find(&mut tx, thread.desk).await?.ok_or(Failure::NotFound)?;
    let leaves = leaves(&desk, thread.urgent, received.plus(house.rules.recall));
    let now_there = threads::find(&mut tx, thread.id).await?.ok_or(Failure::NotFound)?;
    if now_there.epoch != thread.epoch || now_there.assignee != Some(me) {
        return Err(Failure::Changed);
    }
    if letters::insert_group(&mut tx, &[&new]).await?.first() == Some(&Stored::New) {
        threads::update_leaving(&mut tx, thread.id).await?;
        if let Some(mail) = &mail {
            delivery::insert_mail(&mut tx, mail, received).await?;
        }
        jobs::insert(&mut tx, JobId::draw(&*house.chance), RELEASE_JOB, id.bytes(), leaves, received).await?;
        audit::note(&mut tx, house, received, Some(me), Action::ReplyWritten, Some(thread.id)).await?;
        if let Some(why) = &reply.passed {
            let action = Action::GuardPassed;
            audit::note_why(&mut tx, house, received, Some(me), action, Some(thread.id), why).await?;
        }
    }
    drafts::delete(&mut tx, thread.id, me).await?;
    tx.commit().await?;
    house.bell.jobs.notify_one();
    Ok(id)
}

/// When a reply leaves whose recall window ends at `at`: then, if the desk is at work or the client is not safe, else when
/// the desk works next (R37). A desk whose hours cannot be read keeps nobody waiting.
pub fn leaves(desk: &Desk, urgent: bool, at: Moment) -> Moment {
    let next = || next_open(&desk.hours.parse().ok()?, desk.zone.parse().unwrap_or(chrono_tz::UTC), at);
    if urgent { at } else { next().unwrap_or(at) }
}

/// When a reply that was handed in leaves; `None` once it has.
pub async fn leaves_at(house: &House, letter: LetterId) -> Result<Option<Moment>, Failure> {
    Ok(jobs::find_due(&mut house.db.read().await?, RELEASE_JOB, letter.bytes()).await?)
}

/// Takes a reply back before it leaves; its text is the author's draft again. [`Failure::Changed`] when it is too late.
pub async fn recall(house: &House, reader: &Reader, thread: &Thread, letter: LetterId) -> Result<(), Failure> {
    let me = reader.who.person;
    let mut conn = house.db.read().await?;
    let row = letters::find(&mut conn, letter)
        .await?
        .filter(|l| l.thread == thread.id && l.author == Some(me))
        .ok_or(Failure::NotFound)?;
    let keys = keyring::open(&mut conn, reader, thread).await?;
    drop(conn);
    let expected = Expected { thread: row.thread, letter: row.id, received: row.received };
    let entity = open_letter(&row.body, keys.get(row.epoch)?, std::slice::from_ref(&reader.who.cert), &expected)?;
    let Content::Text { text, .. } = entity.content else {
        return Err(Failure::NotFound);
    };
    let sealed = seal_draft(reader, thread.id, &entity.subject, &text)?;
    let now = house.now();
    let mut tx = house.db.begin().await?;
    if !letters::recall(&mut tx, letter, me).await? {
        return Err(Failure::Changed);
    }
    jobs::cancel(&mut tx, RELEASE_JOB, letter.bytes()).await?;
    let covered = letters::last_covered(&mut tx, thread.id).await?;
    // A letter written without being asked leaves nobody waiting when it is taken back.
    if let Some(since) = letters::oldest_after(&mut tx, thread.id, covered).await? {
        threads::update_waiting(&mut tx, thread.id, since).await?;
    }
    drafts::upsert(&mut tx, thread.id, me, &sealed, now).await?;
    audit::note(&mut tx, house, now, Some(me), Action::ReplyRecalled, Some(thread.id)).await?;
    Ok(tx.commit().await?)
}

/// Lets a reply go: the client may see it, the thread is answered, the notification is in the outbox, in one commit.
/// Doing it twice does it once.
pub async fn release(house: &House, letter: LetterId) -> Result<(), Failure> {
    let now = house.now();
    let mut tx = house.db.begin().await?;
    let Some(row) = letters::find(&mut tx, letter).await? else {
        return Ok(());
    };
    if !letters::release(&mut tx, letter, now).await? {
        return Ok(());
    }
    let thread = threads::find(&mut tx, row.thread).await?.ok_or(Failure::NotFound)?;
    let covers = row.covers.unwrap_or(row.received);
    let crossing = letters::oldest_after(&mut tx, thread.id, covers).await?;
    threads::update_answered(&mut tx, thread.id, now, crossing).await?;
    audit::note(&mut tx, house, now, row.author, Action::ReplyReleased, Some(thread.id)).await?;
    let client = people::find(&mut tx, thread.client).await?.ok_or(Failure::NotFound)?;
    let is_doubtful = hold::is_doubtful(&mut tx, thread.id).await?;
    let rings = notify::announce(house, &mut tx, &client, thread.desk, &row, is_doubtful).await?;
    tx.commit().await?;
    if rings {
        house.bell.outbox.notify_one();
    }
    Ok(())
}
