//! The held shelf: mail that waits for a person's decision.

use super::keyring;
use super::session::{Reader, kind};
use super::wrapping;
use crate::audit::{self, Action};
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::{DeskId, HeldId, ThreadId};
use crate::parse::{self, RawLetter};
use crate::role::Role;
use crate::screen::Reason;
use crate::seal::{BlobContext, open_blob};
use crate::secret::{PlainBytes, PlainText};
use crate::store::held::{self, Held};
use crate::store::letters::{self, Stored};
use crate::store::threads;

/// A mail on the shelf, as listed.
pub struct HeldLine {
    /// Row.
    pub id: HeldId,
    /// Whose shelf.
    pub desk: DeskId,
    /// The thread whose address it used.
    pub thread: Option<ThreadId>,
    /// Why it waits.
    pub reasons: Vec<Reason>,
    /// When our server took it.
    pub received: Moment,
}

/// A mail on the shelf, opened.
pub struct OpenHeld {
    /// As listed.
    pub line: HeldLine,
    /// Who the mail says it is from.
    pub from: PlainText,
    /// One line.
    pub subject: PlainText,
    /// What it says; `None` when it cannot be read.
    pub text: Option<PlainText>,
    /// Names of its files.
    pub files: Vec<PlainText>,
}

fn line(h: &Held) -> HeldLine {
    HeldLine { id: h.id, desk: h.desk, thread: h.thread, reasons: Reason::read(&h.reasons), received: h.received }
}

/// The oldest mails on a desk's shelf.
pub async fn list(house: &House, reader: &Reader, desk: DeskId, limit: usize) -> Result<Vec<HeldLine>, Failure> {
    let mut conn = house.db.read().await?;
    keyring::desk_key(&mut conn, reader, desk).await?;
    Ok(held::list(&mut conn, desk, limit).await?.iter().map(line).collect())
}

async fn open_raw(house: &House, reader: &Reader, id: HeldId) -> Result<(Held, PlainBytes), Failure> {
    if !reader.who.roles.has(Role::Counselor) {
        return Err(Failure::NotAllowed);
    }
    let mut conn = house.db.read().await?;
    let row = held::find(&mut conn, id).await?.ok_or(Failure::NotFound)?;
    let key = keyring::desk_key(&mut conn, reader, row.desk).await?;
    let ids = [row.desk.bytes(), row.id.bytes()];
    let signers = [house.practice_cert().clone()];
    let raw = open_blob(&row.body, &key, &signers, row.received, &BlobContext { kind: "held", ids: &ids })?;
    Ok((row, raw))
}

/// Opens a held mail for a counselor of its desk.
pub async fn open(house: &House, reader: &Reader, id: HeldId) -> Result<OpenHeld, Failure> {
    let (row, raw) = open_raw(house, reader, id).await?;
    let line = line(&row);
    let from = PlainText::new(parse::header(raw.reveal(), "From").join(", "));
    Ok(match parse::read(RawLetter::from_plain(raw)).map(|letter| wrapping::open(house, letter).letter) {
        Ok(letter) => OpenHeld {
            line,
            from,
            files: letter.files.iter().map(|f| PlainText::new(f.name.clone())).collect(),
            subject: letter.subject,
            text: Some(letter.text),
        },
        Err(_) => OpenHeld { line, from, subject: PlainText::default(), text: None, files: Vec::new() },
    })
}

/// "This is fine": the mail becomes a letter of its thread, counted from its first receipt.
pub async fn let_in(house: &House, reader: &Reader, id: HeldId) -> Result<ThreadId, Failure> {
    let (row, raw) = open_raw(house, reader, id).await?;
    let thread = row.thread.ok_or(Failure::NotAllowed)?;
    let mut conn = house.db.read().await?;
    let target = threads::find(&mut conn, thread).await?.ok_or(Failure::NotFound)?;
    let cert = keyring::epoch_cert(house, &mut conn, target.epoch).await?;
    drop(conn);
    let digest = parse::dedup_digest(raw.reveal());
    let letter = parse::read(RawLetter::from_plain(raw)).map_err(|_| Failure::NotAllowed)?;
    let unwrapped = wrapping::recognize(house, thread, wrapping::open(house, letter)).await?;
    let dedup = house.keys.house.hash(kind::DEDUP, [thread.bytes(), &digest[..]].concat());
    let place = super::write::Place { thread, epoch: target.epoch, cert: &cert, received: row.received };
    let new = super::receive::seal_mail(house, &place, &unwrapped.letter, unwrapped.wrapped.as_ref(), dedup)?;
    let mut tx = house.db.begin().await?;
    held::delete(&mut tx, id).await?;
    if letters::insert_group(&mut tx, &[&new]).await?.first() == Some(&Stored::Stale) {
        return Err(Failure::Changed);
    }
    audit::note(&mut tx, &*house.chance, house.now(), Some(reader.who.person), Action::HeldLetIn, Some(thread)).await?;
    tx.commit().await?;
    Ok(thread)
}

/// "Not for us": the mail is deleted, nobody is told.
pub async fn discard(house: &House, reader: &Reader, id: HeldId) -> Result<(), Failure> {
    let (row, _) = open_raw(house, reader, id).await?;
    let mut tx = house.db.begin().await?;
    held::delete(&mut tx, id).await?;
    audit::note(&mut tx, &*house.chance, house.now(), Some(reader.who.person), Action::HeldDeleted, row.thread).await?;
    Ok(tx.commit().await?)
}
