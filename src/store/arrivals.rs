//! Letters on their way in: written by the group, each once.
//!
//! Letters of clients come in groups: [`insert_group`] writes many with two statements, because a statement costs more
//! than a row. `dedup` makes a letter that arrives twice a letter that is stored once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use super::letters::{Door, Side};
use super::{Each, StoreError, Tx, on, one, statements};
use crate::clock::Moment;
use crate::ids::{AttachmentId, EpochId, LetterId, PersonId, ThreadId};
use crate::seal::{SealedBlob, SealedLetter};

/// A letter on its way into the store: nothing in it is readable.
pub struct NewLetter {
    /// Row.
    pub id: LetterId,
    /// Where it belongs.
    pub thread: ThreadId,
    /// The period it is encrypted to.
    pub epoch: EpochId,
    /// Whose.
    pub side: Side,
    /// Who wrote it, where we know.
    pub author: Option<PersonId>,
    /// How it came.
    pub door: Door,
    /// When our server took it.
    pub received: Moment,
    /// When the other side may see it; `None`: not before somebody or something releases it.
    pub released: Option<Moment>,
    /// For a reply: receipt of the last letter of the client that its author had before them.
    pub covers: Option<Moment>,
    /// What it says, encrypted.
    pub body: SealedLetter,
    /// Files, encrypted, in order.
    pub attachments: Vec<(AttachmentId, SealedBlob)>,
    /// Recognises the same letter coming again.
    pub dedup: [u8; 32],
    /// What labels it: words of `screen::Signal`, comma between.
    pub flags: String,
    /// Keyed hash of its Message-ID; no bytes where it has none.
    pub mail_hash: Vec<u8>,
}

/// What became of a letter of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is there now.
    New,
    /// It was there already.
    Duplicate,
    /// Its thread began a new period meanwhile: encrypt it again.
    Stale,
}

statements! {
    INSERT_ATTACHMENT = "INSERT INTO attachment (id, letter_id, position, body) VALUES ($1, $2, $3, $4)";
}

const INSERT_GROUP: &str = "INSERT INTO letter (id, thread_id, epoch_id, author, author_id, door, received_us, released_us, covers_us, files, body, dedup, flags, mail_hash) VALUES ";

/// Rows of one group at the most.
pub const GROUP_MAX: usize = 64;

/// The text that inserts `rows` letters (1 to [`GROUP_MAX`]).
pub fn insert_group_text(rows: usize) -> String {
    let mut text = String::from(INSERT_GROUP);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=14 {
            let _ = write!(text, "{}${}", if column == 1 { "" } else { ", " }, row * 14 + column);
        }
        text.push(')');
    }
    text.push_str(" ON CONFLICT (dedup) DO NOTHING RETURNING id");
    text
}

/// Stores up to [`GROUP_MAX`] letters and moves their threads to "waiting" where the client wrote. The answers stand in
/// the order of the letters; on [`Stored::Stale`] the caller must drop the transaction and go one by one.
pub async fn insert_group(tx: &mut Tx, letters: &[&NewLetter]) -> Result<Vec<Stored>, StoreError> {
    let inserted = insert_rows(tx, letters).await?;
    let mut touched: BTreeMap<ThreadId, (EpochId, Moment, Moment)> = BTreeMap::new();
    for new in letters.iter().filter(|l| l.side == Side::Client && inserted.contains(l.id.bytes())) {
        let entry = touched.entry(new.thread).or_insert((new.epoch, new.received, new.received));
        entry.1 = entry.1.min(new.received);
        entry.2 = entry.2.max(new.received);
    }
    let present = touch_threads(tx, &touched).await?;
    let stale: HashSet<ThreadId> = touched
        .iter()
        .filter(|(thread, (epoch, _, _))| present.get(thread.bytes()).is_none_or(|p| p != epoch.bytes()))
        .map(|(thread, _)| *thread)
        .collect();
    for new in letters.iter().filter(|l| inserted.contains(l.id.bytes())) {
        for (position, (attachment, body)) in (0i64..).zip(&new.attachments) {
            let done = on!(tx, |c| sqlx::query(INSERT_ATTACHMENT)
                .bind(attachment.bytes())
                .bind(new.id.bytes())
                .bind(position)
                .bind(body.bytes())
                .execute(c)
                .await
                .map(|d| d.rows_affected()))?;
            one(done, "attachment")?;
        }
    }
    Ok(letters
        .iter()
        .map(|l| match (inserted.contains(l.id.bytes()), stale.contains(&l.thread)) {
            (false, _) => Stored::Duplicate,
            (true, true) => Stored::Stale,
            (true, false) => Stored::New,
        })
        .collect())
}

async fn insert_rows(tx: &mut Tx, letters: &[&NewLetter]) -> Result<HashSet<Vec<u8>>, StoreError> {
    let text = insert_group_text(letters.len());
    let rows: Vec<(Vec<u8>,)> = on!(tx, |c| {
        let mut query = sqlx::query_as(AssertSqlSafe(text));
        for l in letters {
            query = query
                .bind(l.id.bytes())
                .bind(l.thread.bytes())
                .bind(l.epoch.bytes())
                .bind(l.side.word())
                .bind(l.author.as_ref().map(|a| a.bytes()))
                .bind(l.door.word())
                .bind(l.received.micros())
                .bind(l.released.map_or(0, Moment::micros))
                .bind(l.covers.map_or(0, Moment::micros))
                .bind(i64::try_from(l.attachments.len()).unwrap_or(i64::MAX))
                .bind(l.body.bytes())
                .bind(&l.dedup[..])
                .bind(&l.flags)
                .bind(&l.mail_hash);
        }
        query.fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// The text that moves `rows` threads to "waiting". The engines name the type of bytes differently, which decides how
/// PostgreSQL understands the first row.
pub fn touch_threads_text(rows: usize, bytes_type: &str) -> String {
    let mut text = String::from(
        "UPDATE thread SET state = 'waiting', waiting_us = CASE WHEN state = 'waiting' THEN waiting_us ELSE v.column2 END, \
         last_us = CASE WHEN last_us < v.column3 THEN v.column3 ELSE last_us END FROM (VALUES ",
    );
    for row in 0..rows {
        let (a, b, c) = (row * 3 + 1, row * 3 + 2, row * 3 + 3);
        let comma = if row == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}(CAST(${a} AS {bytes_type}), CAST(${b} AS BIGINT), CAST(${c} AS BIGINT))");
    }
    text.push_str(") AS v WHERE thread.id = v.column1 RETURNING thread.id, thread.epoch_id");
    text
}

/// Returns each touched thread's present epoch.
async fn touch_threads(
    tx: &mut Tx,
    touched: &BTreeMap<ThreadId, (EpochId, Moment, Moment)>,
) -> Result<HashMap<Vec<u8>, Vec<u8>>, StoreError> {
    if touched.is_empty() {
        return Ok(HashMap::new());
    }
    let bytes_type = match tx.each() {
        Each::Sqlite(_) => "BLOB",
        Each::Postgres(_) => "BYTEA",
    };
    let text = touch_threads_text(touched.len(), bytes_type);
    let rows: Vec<(Vec<u8>, Vec<u8>)> = on!(tx, |c| {
        let mut query = sqlx::query_as(AssertSqlSafe(text));
        for (thread, (_, first, last)) in touched {
            query = query.bind(thread.bytes()).bind(first.micros()).bind(last.micros());
        }
        query.fetch_all(c).await
    })?;
    Ok(rows.into_iter().collect())
}
