//! People, their settings for notifications, and the invitations by which staff come in.

use super::{Conn, StoreError, Tx, id, maybe_id, moment, on, one, statements, word};
use crate::clock::Moment;
use crate::ids::{DeskId, PersonId};
use crate::role::{Language, Roles};

/// A person as stored.
pub struct Person {
    /// Row.
    pub id: PersonId,
    /// What they may do.
    pub roles: Roles,
    /// Keyed hash of the name they sign in with.
    pub name_hash: Vec<u8>,
    /// That name, sealed to the house key.
    pub name_sealed: Vec<u8>,
    /// Their language.
    pub language: Language,
    /// Public certificate.
    pub cert: Vec<u8>,
    /// Their key, locked by their secret.
    pub locked_key: Vec<u8>,
    /// The same, locked by the code on the recovery sheet.
    pub locked_recovery: Vec<u8>,
    /// Since when.
    pub created: Moment,
    /// Last sign-in before the present one.
    pub seen: Option<Moment>,
    /// Shut out since.
    pub disabled: Option<Moment>,
}

/// How a client wants to be told of an answer.
pub struct Notice {
    /// Whose.
    pub person: PersonId,
    /// `never`, `at_once` or `daily`.
    pub mode: NoticeMode,
    /// The address, sealed to the house key.
    pub address_sealed: Vec<u8>,
    /// Its keyed hash.
    pub address_hash: Vec<u8>,
    /// Hash of the token in the confirmation link.
    pub token_hash: Vec<u8>,
    /// When the link was asked for.
    pub asked: Moment,
    /// When it was opened.
    pub confirmed: Option<Moment>,
    /// Mails that will never arrive and mails that did not arrive this time, as their reports say.
    pub bounces: (i64, i64),
    /// No mail goes there since then, because it did not arrive.
    pub stopped: Option<Moment>,
}

/// When to send notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NoticeMode {
    /// No mail, ever.
    #[default]
    Never,
    /// As soon as a reply is released.
    AtOnce,
    /// Once a day at most.
    Daily,
}

impl NoticeMode {
    /// The word in tables and forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::AtOnce => "at_once",
            Self::Daily => "daily",
        }
    }
}

impl std::str::FromStr for NoticeMode {
    type Err = crate::role::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Never, Self::AtOnce, Self::Daily].into_iter().find(|m| m.word() == text).ok_or(crate::role::UnknownWord)
    }
}

/// A way in for a colleague.
pub struct Invitation {
    /// Hash of the token in the link.
    pub token_hash: Vec<u8>,
    /// What they will be.
    pub roles: Roles,
    /// Whose desk they join.
    pub desk: Option<DeskId>,
    /// Made when.
    pub created: Moment,
    /// Valid until.
    pub expires: Moment,
    /// Used when.
    pub used: Option<Moment>,
}

statements! {
    INSERT = "INSERT INTO person (id, roles, name_hash, name_sealed, language, cert, locked_key, locked_recovery, created_us) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "SELECT id, roles, name_hash, name_sealed, language, cert, locked_key, locked_recovery, created_us, seen_us, disabled_us \
            FROM person WHERE id = $1";
    FIND_BY_NAME = "SELECT id, roles, name_hash, name_sealed, language, cert, locked_key, locked_recovery, created_us, seen_us, disabled_us \
                    FROM person WHERE name_hash = $1";
    LIST_STAFF = "SELECT id, roles, name_hash, name_sealed, language, cert, locked_key, locked_recovery, created_us, seen_us, disabled_us \
                  FROM person WHERE roles <> 'client' ORDER BY created_us, id";
    COUNT_CLIENTS = "SELECT COUNT(*) FROM person WHERE roles = 'client'";
    UPDATE_LOCKS = "UPDATE person SET locked_key = $2, locked_recovery = $3 WHERE id = $1";
    UPDATE_SEEN = "UPDATE person SET seen_us = $2 WHERE id = $1";
    UPDATE_LANGUAGE = "UPDATE person SET language = $2 WHERE id = $1";
    UPDATE_DISABLED = "UPDATE person SET disabled_us = $2 WHERE id = $1";
    FIND_NOTICE = "SELECT person_id, mode, address_sealed, address_hash, token_hash, asked_us, confirmed_us, hard_bounces, soft_bounces, stopped_us FROM notice WHERE person_id = $1";
    FIND_NOTICE_BY_TOKEN = "SELECT person_id, mode, address_sealed, address_hash, token_hash, asked_us, confirmed_us, hard_bounces, soft_bounces, stopped_us FROM notice WHERE token_hash = $1";
    UPSERT_NOTICE = "INSERT INTO notice (person_id, mode, address_sealed, address_hash, token_hash, asked_us, confirmed_us) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7) \
                     ON CONFLICT (person_id) DO UPDATE SET mode = excluded.mode, address_sealed = excluded.address_sealed, \
                     address_hash = excluded.address_hash, token_hash = excluded.token_hash, asked_us = excluded.asked_us, \
                     confirmed_us = excluded.confirmed_us, hard_bounces = 0, soft_bounces = 0, stopped_us = 0";
    COUNT_WISHES = "SELECT COUNT(*) FROM notice n JOIN person p ON p.id = n.person_id \
                    WHERE n.address_hash = $1 AND n.confirmed_us <> 0 AND n.mode <> 'never' AND n.stopped_us = 0 AND p.disabled_us = 0";
    UPDATE_NOTICE_MODE = "UPDATE notice SET mode = $2 WHERE person_id = $1";
    CONFIRM_NOTICE = "UPDATE notice SET confirmed_us = $2 WHERE token_hash = $1 AND confirmed_us = 0 AND asked_us > $3";
    DELETE_NOTICE = "DELETE FROM notice WHERE person_id = $1";
    INSERT_INVITATION = "INSERT INTO invitation (token_hash, roles, desk_id, created_us, expires_us) VALUES ($1, $2, $3, $4, $5)";
    FIND_INVITATION = "SELECT token_hash, roles, desk_id, created_us, expires_us, used_us FROM invitation WHERE token_hash = $1";
    USE_INVITATION = "UPDATE invitation SET used_us = $2 WHERE token_hash = $1 AND used_us = 0 AND expires_us > $2";
    DELETE_OLD_INVITATIONS = "DELETE FROM invitation WHERE expires_us < $1";
}

type Row = (Vec<u8>, String, Vec<u8>, Vec<u8>, String, Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, i64);
type NoticeRow = (Vec<u8>, String, Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, i64, i64, i64);
type InvitationRow = (Vec<u8>, String, Option<Vec<u8>>, i64, i64, i64);

fn person(row: Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: id(&row.0, "person.id")?,
        roles: word(&row.1, "person.roles", &row.0)?,
        name_hash: row.2,
        name_sealed: row.3,
        language: word(&row.4, "person.language", &row.0)?,
        cert: row.5,
        locked_key: row.6,
        locked_recovery: row.7,
        created: Moment::from_micros(row.8),
        seen: moment(row.9),
        disabled: moment(row.10),
    })
}

fn notice(row: NoticeRow) -> Result<Notice, StoreError> {
    Ok(Notice {
        person: id(&row.0, "notice.person_id")?,
        mode: word(&row.1, "notice.mode", &row.0)?,
        address_sealed: row.2,
        address_hash: row.3,
        token_hash: row.4,
        asked: Moment::from_micros(row.5),
        confirmed: moment(row.6),
        bounces: (row.7, row.8),
        stopped: moment(row.9),
    })
}

/// Adds a person; [`StoreError::Taken`] when the name is somebody's already.
pub async fn insert(tx: &mut Tx, p: &Person) -> Result<(), StoreError> {
    let roles = p.roles.to_string();
    let done = on!(tx, |c| sqlx::query(INSERT)
        .bind(p.id.bytes())
        .bind(&roles)
        .bind(&p.name_hash)
        .bind(&p.name_sealed)
        .bind(p.language.code())
        .bind(&p.cert)
        .bind(&p.locked_key)
        .bind(&p.locked_recovery)
        .bind(p.created.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "person")
}

/// By id.
pub async fn find(conn: &mut Conn, person_id: PersonId) -> Result<Option<Person>, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(FIND).bind(person_id.bytes()).fetch_optional(c).await)?;
    row.map(person).transpose()
}

/// By the keyed hash of the name.
pub async fn find_by_name(conn: &mut Conn, name_hash: &[u8]) -> Result<Option<Person>, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(FIND_BY_NAME).bind(name_hash).fetch_optional(c).await)?;
    row.map(person).transpose()
}

/// Everybody of the house, oldest first.
pub async fn list_staff(conn: &mut Conn) -> Result<Vec<Person>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST_STAFF).fetch_all(c).await)?;
    rows.into_iter().map(person).collect()
}

/// How many mailboxes there are.
pub async fn count_clients(conn: &mut Conn) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT_CLIENTS).fetch_one(c).await)?;
    Ok(row.0)
}

/// New locks around the same key.
pub async fn update_locks(tx: &mut Tx, person_id: PersonId, key: &[u8], recovery: &[u8]) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_LOCKS)
        .bind(person_id.bytes())
        .bind(key)
        .bind(recovery)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "person")
}

/// Remembers a visit.
pub async fn update_seen(tx: &mut Tx, person_id: PersonId, at: Moment) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_SEEN)
        .bind(person_id.bytes())
        .bind(at.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "person")
}

/// Remembers a language.
pub async fn update_language(tx: &mut Tx, person_id: PersonId, language: Language) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_LANGUAGE)
        .bind(person_id.bytes())
        .bind(language.code())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "person")
}

/// Shuts somebody out (`Some`) or lets them back in.
pub async fn update_disabled(tx: &mut Tx, person_id: PersonId, at: Option<Moment>) -> Result<(), StoreError> {
    let at = at.map_or(0, Moment::micros);
    let done = on!(tx, |c| sqlx::query(UPDATE_DISABLED)
        .bind(person_id.bytes())
        .bind(at)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "person")
}

/// A client's wish for notifications.
pub async fn find_notice(conn: &mut Conn, person_id: PersonId) -> Result<Option<Notice>, StoreError> {
    let row: Option<NoticeRow> =
        on!(conn, |c| sqlx::query_as(FIND_NOTICE).bind(person_id.bytes()).fetch_optional(c).await)?;
    row.map(notice).transpose()
}

/// The same by the hash of a confirmation link's token.
pub async fn find_notice_by_token(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<Notice>, StoreError> {
    let row: Option<NoticeRow> =
        on!(conn, |c| sqlx::query_as(FIND_NOTICE_BY_TOKEN).bind(token_hash).fetch_optional(c).await)?;
    row.map(notice).transpose()
}

/// How many clients want notifications at an address, by its hash.
pub async fn count_wishes(conn: &mut Conn, address_hash: &[u8]) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT_WISHES).bind(address_hash).fetch_one(c).await)?;
    Ok(row.0)
}

/// Sets address and wish anew.
pub async fn upsert_notice(tx: &mut Tx, n: &Notice) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPSERT_NOTICE)
        .bind(n.person.bytes())
        .bind(n.mode.word())
        .bind(&n.address_sealed)
        .bind(&n.address_hash)
        .bind(&n.token_hash)
        .bind(n.asked.micros())
        .bind(n.confirmed.map_or(0, Moment::micros))
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "notice")
}

/// Changes the wish, keeps the address.
pub async fn update_notice_mode(tx: &mut Tx, person_id: PersonId, mode: NoticeMode) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_NOTICE_MODE)
        .bind(person_id.bytes())
        .bind(mode.word())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "notice")
}

/// Opens a confirmation link asked for after `asked_after`; false when it is unknown, used or too old.
pub async fn confirm_notice(
    tx: &mut Tx,
    token_hash: &[u8],
    now: Moment,
    asked_after: Moment,
) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(CONFIRM_NOTICE)
        .bind(token_hash)
        .bind(now.micros())
        .bind(asked_after.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Forgets address and wish.
pub async fn delete_notice(tx: &mut Tx, person_id: PersonId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_NOTICE).bind(person_id.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Adds an invitation.
pub async fn insert_invitation(tx: &mut Tx, i: &Invitation) -> Result<(), StoreError> {
    let roles = i.roles.to_string();
    let done = on!(tx, |c| sqlx::query(INSERT_INVITATION)
        .bind(&i.token_hash)
        .bind(&roles)
        .bind(i.desk.as_ref().map(|d| d.bytes()))
        .bind(i.created.micros())
        .bind(i.expires.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "invitation")
}

/// By the hash of its token.
pub async fn find_invitation(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<Invitation>, StoreError> {
    let row: Option<InvitationRow> =
        on!(conn, |c| sqlx::query_as(FIND_INVITATION).bind(token_hash).fetch_optional(c).await)?;
    row.map(|row| {
        Ok(Invitation {
            roles: word(&row.1, "invitation.roles", &row.0)?,
            desk: maybe_id(row.2.as_deref(), "invitation.desk_id")?,
            token_hash: row.0,
            created: Moment::from_micros(row.3),
            expires: Moment::from_micros(row.4),
            used: moment(row.5),
        })
    })
    .transpose()
}

/// Uses an invitation up; false when it was used or has expired.
pub async fn use_invitation(tx: &mut Tx, token_hash: &[u8], now: Moment) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(USE_INVITATION)
        .bind(token_hash)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Deletes invitations that expired before `before`.
pub async fn delete_old_invitations(tx: &mut Tx, before: Moment) -> Result<u64, StoreError> {
    Ok(on!(tx, |c| sqlx::query(DELETE_OLD_INVITATIONS)
        .bind(before.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?)
}
