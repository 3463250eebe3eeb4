//! What of a reply is mailed to a client, and mails of replies that wait for their release.

use super::{Conn, StoreError, Tx, on, one, statements, word};
use crate::clock::Moment;
use crate::ids::{LetterId, OutboxId, PersonId};
use crate::role::UnknownWord;

/// What of a reply is mailed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeliveryMode {
    /// That there is one.
    #[default]
    Notification,
    /// All of it, encrypted to the client's own key.
    Pgp,
    /// All of it, in clear.
    Clear,
}

impl DeliveryMode {
    /// The word in the table, in forms and in text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Notification => "notification",
            Self::Pgp => "pgp",
            Self::Clear => "clear",
        }
    }
}

impl std::str::FromStr for DeliveryMode {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Notification, Self::Pgp, Self::Clear].into_iter().find(|m| m.word() == text).ok_or(UnknownWord)
    }
}

/// A client's choice.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// What is mailed.
    pub mode: DeliveryMode,
    /// The edition of the warning they said yes to; empty without one.
    pub warning: String,
    /// Since when; the beginning of time where nothing was chosen.
    pub chosen: Option<Moment>,
}

/// The mail of a reply.
pub struct ReplyMail {
    /// Whose mail.
    pub letter: LetterId,
    /// By which choice it was written.
    pub mode: DeliveryMode,
    /// Keyed hash of the key it is encrypted to; empty in clear.
    pub key_hash: Vec<u8>,
    /// Header lines and body, sealed to the house key for this letter.
    pub body_sealed: Vec<u8>,
}

statements! {
    FIND = "SELECT mode, warning, chosen_us FROM delivery WHERE person_id = $1";
    UPSERT = "INSERT INTO delivery (person_id, mode, warning, chosen_us) VALUES ($1, $2, $3, $4) \
              ON CONFLICT (person_id) DO UPDATE SET mode = excluded.mode, warning = excluded.warning, chosen_us = excluded.chosen_us";
    INSERT_MAIL = "INSERT INTO reply_mail (letter_id, outbox_id, mode, key_hash, body_sealed, created_us) VALUES ($1, $2, $3, $4, $5, $6)";
    FIND_MAIL = "SELECT letter_id, mode, key_hash, body_sealed FROM reply_mail WHERE letter_id = $1";
    FIND_MAIL_OF_OUTBOX = "SELECT letter_id, mode, key_hash, body_sealed FROM reply_mail WHERE outbox_id = $1";
    HAND_OVER = "UPDATE reply_mail SET outbox_id = $2 WHERE letter_id = $1";
    DELETE_MAIL = "DELETE FROM reply_mail WHERE letter_id = $1";
    DELETE_MAIL_OF_OUTBOX = "DELETE FROM reply_mail WHERE outbox_id = $1";
}

/// A client's choice.
pub async fn find(conn: &mut Conn, person: PersonId) -> Result<Delivery, StoreError> {
    let row: Option<(String, String, i64)> =
        on!(conn, |c| sqlx::query_as(FIND).bind(person.bytes()).fetch_optional(c).await)?;
    let Some(row) = row else {
        return Ok(Delivery::default());
    };
    let mode = word(&row.0, "delivery.mode", person.bytes())?;
    Ok(Delivery { mode, warning: row.1, chosen: Some(Moment::from_micros(row.2)) })
}

/// Keeps a choice.
pub async fn upsert(
    tx: &mut Tx,
    person: PersonId,
    mode: DeliveryMode,
    warning: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPSERT)
        .bind(person.bytes())
        .bind(mode.word())
        .bind(warning)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "delivery")
}

/// Keeps the mail of a reply until its release.
pub async fn insert_mail(tx: &mut Tx, mail: &ReplyMail, now: Moment) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT_MAIL)
        .bind(mail.letter.bytes())
        .bind(super::NOTHING)
        .bind(mail.mode.word())
        .bind(&mail.key_hash)
        .bind(&mail.body_sealed)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "reply mail")
}

type MailRow = (Vec<u8>, String, Vec<u8>, Vec<u8>);

fn mail(row: Option<MailRow>) -> Result<Option<ReplyMail>, StoreError> {
    row.map(|r| {
        Ok(ReplyMail {
            letter: super::id(&r.0, "reply_mail.letter_id")?,
            mode: word(&r.1, "reply_mail.mode", &r.0)?,
            key_hash: r.2,
            body_sealed: r.3,
        })
    })
    .transpose()
}

/// The mail of a reply.
pub async fn find_mail(conn: &mut Conn, letter: LetterId) -> Result<Option<ReplyMail>, StoreError> {
    mail(on!(conn, |c| sqlx::query_as(FIND_MAIL).bind(letter.bytes()).fetch_optional(c).await)?)
}

/// The mail of a reply that a row of the outbox stands for.
pub async fn find_mail_of_outbox(conn: &mut Conn, outbox: OutboxId) -> Result<Option<ReplyMail>, StoreError> {
    mail(on!(conn, |c| sqlx::query_as(FIND_MAIL_OF_OUTBOX).bind(outbox.bytes()).fetch_optional(c).await)?)
}

/// From here on a row of the outbox stands for the mail.
pub async fn hand_over(tx: &mut Tx, letter: LetterId, outbox: OutboxId) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(HAND_OVER)
        .bind(letter.bytes())
        .bind(outbox.bytes())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "reply mail")
}

/// Forgets the mail of a reply.
pub async fn delete_mail(tx: &mut Tx, letter: LetterId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_MAIL).bind(letter.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Forgets the mail that a row of the outbox stood for.
pub async fn delete_mail_of_outbox(tx: &mut Tx, outbox: OutboxId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_MAIL_OF_OUTBOX).bind(outbox.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}
