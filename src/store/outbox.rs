//! Mails waiting to leave. Claimed by lease like jobs; dead rows stay with their reason.

use super::{Conn, StoreError, Tx, id, on, one, statements, word};
use crate::clock::Moment;
use crate::ids::OutboxId;
use crate::role::Language;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// "You have a new message."
    Notification,
    /// "Please confirm this address."
    Confirmation,
    /// "Your last mail could not be opened."
    Unreadable,
    /// A reply itself, encrypted or in clear as the client chose; `store::delivery` holds it.
    Letter,
    /// A canary on its way home.
    Canary,
}

impl MailKind {
    /// The word in the table and in text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Notification => "notification",
            Self::Confirmation => "confirmation",
            Self::Unreadable => "unreadable",
            Self::Letter => "letter",
            Self::Canary => "canary",
        }
    }
}

impl std::str::FromStr for MailKind {
    type Err = crate::role::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Notification, Self::Confirmation, Self::Unreadable, Self::Letter, Self::Canary];
        all.into_iter().find(|k| k.word() == text).ok_or(crate::role::UnknownWord)
    }
}

/// A mail on its way into the outbox or claimed from it.
pub struct Outgoing {
    /// Row; the Message-ID is made of it, so that a mail sent twice is recognised as one.
    pub id: OutboxId,
    /// What it is about.
    pub kind: MailKind,
    /// In which language.
    pub language: Language,
    /// The address, sealed to the house key.
    pub recipient_sealed: Vec<u8>,
    /// The link in it, sealed to the house key.
    pub link_sealed: Vec<u8>,
    /// Tries so far, this one included.
    pub tries: i64,
}

/// How the outbox stands.
pub struct Standing {
    /// Mails waiting.
    pub waiting: i64,
    /// Creation of the oldest of them.
    pub oldest: Option<Moment>,
    /// Mails that gave up.
    pub dead: i64,
}

/// A mail that gave up.
pub struct Dead {
    /// Row.
    pub id: OutboxId,
    /// What it was about.
    pub kind: MailKind,
    /// Why, in a word.
    pub reason: String,
    /// After how many tries.
    pub tries: i64,
    /// When.
    pub at: Moment,
}

statements! {
    INSERT = "INSERT INTO outbox (id, kind, language, recipient_sealed, link_sealed, state, due_us, created_us) \
              VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7)";
    CLAIM = "UPDATE outbox SET leased_until_us = $2, tries = tries + 1 WHERE id = (SELECT id FROM outbox \
             WHERE state = 'waiting' AND due_us <= $1 AND leased_until_us <= $1 ORDER BY due_us LIMIT 1) \
             AND state = 'waiting' AND due_us <= $1 AND leased_until_us <= $1 \
             RETURNING id, kind, language, recipient_sealed, link_sealed, tries";
    FINISH = "UPDATE outbox SET state = $2, reason = $3, done_us = $4, recipient_sealed = $5, link_sealed = $5 WHERE id = $1 AND state = 'waiting'";
    RETRY = "UPDATE outbox SET due_us = $2, leased_until_us = 0, reason = $3 WHERE id = $1 AND state = 'waiting' AND tries = $4";
    DELETE = "DELETE FROM outbox WHERE id = $1 AND state = 'waiting'";
    NEXT_DUE = "SELECT MIN(due_us) FROM outbox WHERE state = 'waiting' AND leased_until_us <= $1";
    STANDING = "SELECT COUNT(*), MIN(created_us) FROM outbox WHERE state = 'waiting'";
    COUNT_DEAD = "SELECT COUNT(*) FROM outbox WHERE state = 'dead'";
    LIST_DEAD = "SELECT id, kind, reason, tries, done_us FROM outbox WHERE state = 'dead' ORDER BY done_us DESC LIMIT $1";
    DELETE_SENT = "DELETE FROM outbox WHERE state = 'sent' AND done_us < $1";
}

type Row = (Vec<u8>, String, String, Vec<u8>, Vec<u8>, i64);
type DeadRow = (Vec<u8>, String, String, i64, i64);

/// Adds a mail that leaves at `due` at the earliest.
pub async fn insert(tx: &mut Tx, mail: &Outgoing, due: Moment, now: Moment) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT)
        .bind(mail.id.bytes())
        .bind(mail.kind.word())
        .bind(mail.language.code())
        .bind(&mail.recipient_sealed)
        .bind(&mail.link_sealed)
        .bind(due.micros())
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "outbox row")
}

/// Claims the next due mail until `lease`.
pub async fn claim(tx: &mut Tx, now: Moment, lease: Moment) -> Result<Option<Outgoing>, StoreError> {
    let row: Option<Row> =
        on!(tx, |c| sqlx::query_as(CLAIM).bind(now.micros()).bind(lease.micros()).fetch_optional(c).await)?;
    row.map(|r| {
        Ok(Outgoing {
            id: id(&r.0, "outbox.id")?,
            kind: word(&r.1, "outbox.kind", &r.0)?,
            language: word(&r.2, "outbox.language", &r.0)?,
            recipient_sealed: r.3,
            link_sealed: r.4,
            tries: r.5,
        })
    })
    .transpose()
}

/// Ends a mail: sent, or dead with a reason. Address and link are forgotten either way.
pub async fn finish(tx: &mut Tx, mail: OutboxId, dead: Option<&str>, now: Moment) -> Result<bool, StoreError> {
    let (state, reason) = dead.map_or(("sent", ""), |reason| ("dead", reason));
    let done = on!(tx, |c| sqlx::query(FINISH)
        .bind(mail.bytes())
        .bind(state)
        .bind(reason)
        .bind(now.micros())
        .bind(super::NOTHING)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Lets a mail rest until `due` after try number `tries`; false when another worker has begun a later try since.
pub async fn retry(tx: &mut Tx, mail: OutboxId, tries: i64, due: Moment, reason: &str) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(RETRY)
        .bind(mail.bytes())
        .bind(due.micros())
        .bind(reason)
        .bind(tries)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Removes a mail that is not wanted any more.
pub async fn delete(tx: &mut Tx, mail: OutboxId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE).bind(mail.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// When the next mail is due that nobody holds a lease on.
pub async fn next_due(conn: &mut Conn, now: Moment) -> Result<Option<Moment>, StoreError> {
    let row: (Option<i64>,) = on!(conn, |c| sqlx::query_as(NEXT_DUE).bind(now.micros()).fetch_one(c).await)?;
    Ok(row.0.map(Moment::from_micros))
}

/// How the outbox stands.
pub async fn standing(conn: &mut Conn) -> Result<Standing, StoreError> {
    let row: (i64, Option<i64>) = on!(conn, |c| sqlx::query_as(STANDING).fetch_one(c).await)?;
    let dead: (i64,) = on!(conn, |c| sqlx::query_as(COUNT_DEAD).fetch_one(c).await)?;
    Ok(Standing { waiting: row.0, oldest: row.1.map(Moment::from_micros), dead: dead.0 })
}

/// Mails that gave up, the latest first.
pub async fn list_dead(conn: &mut Conn, limit: i64) -> Result<Vec<Dead>, StoreError> {
    let rows: Vec<DeadRow> = on!(conn, |c| sqlx::query_as(LIST_DEAD).bind(limit).fetch_all(c).await)?;
    rows.into_iter()
        .map(|r| {
            let (id, kind) = (id(&r.0, "outbox.id")?, word(&r.1, "outbox.kind", &r.0)?);
            Ok(Dead { id, kind, reason: r.2, tries: r.3, at: Moment::from_micros(r.4) })
        })
        .collect()
}

/// Forgets mails sent before `before`; dead ones stay.
pub async fn delete_sent(tx: &mut Tx, before: Moment) -> Result<u64, StoreError> {
    Ok(on!(tx, |c| sqlx::query(DELETE_SENT).bind(before.micros()).execute(c).await.map(|d| d.rows_affected()))?)
}
