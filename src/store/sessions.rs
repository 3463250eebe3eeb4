//! Who is signed in where.

use super::{Conn, StoreError, Tx, id, moment, on, one, statements, word};
use crate::clock::Moment;
use crate::ids::PersonId;
use crate::role::{Language, Roles};

/// A session with what every request needs of its person.
pub struct Session {
    /// Hash of the cookie.
    pub id: Vec<u8>,
    /// Whose.
    pub person: PersonId,
    /// What they may do.
    pub roles: Roles,
    /// Their language.
    pub language: Language,
    /// Their name, sealed to the house key.
    pub name_sealed: Vec<u8>,
    /// Their public certificate.
    pub cert: Vec<u8>,
    /// Their keys, sealed under the cookie; empty while locked.
    pub sealed_keys: Vec<u8>,
    /// Signed in when.
    pub created: Moment,
    /// Last request.
    pub seen: Moment,
    /// Shut out since.
    pub disabled: Option<Moment>,
}

statements! {
    INSERT = "INSERT INTO session (id, person_id, sealed_keys, created_us, seen_us) VALUES ($1, $2, $3, $4, $4)";
    FIND = "SELECT s.id, s.person_id, p.roles, p.language, p.name_sealed, p.cert, s.sealed_keys, s.created_us, s.seen_us, p.disabled_us \
            FROM session s JOIN person p ON p.id = s.person_id WHERE s.id = $1";
    TOUCH = "UPDATE session SET seen_us = $2 WHERE id = $1";
    LOCK = "UPDATE session SET sealed_keys = $2 WHERE id = $1";
    DELETE = "DELETE FROM session WHERE id = $1";
    DELETE_OF_PERSON = "DELETE FROM session WHERE person_id = $1";
    DELETE_UNSEEN = "DELETE FROM session WHERE seen_us < $1 OR created_us < $2";
    LOCK_UNSEEN = "UPDATE session SET sealed_keys = $2 WHERE seen_us < $1 AND sealed_keys <> $2 \
                   AND person_id IN (SELECT id FROM person WHERE roles <> 'client')";
}

type Row = (Vec<u8>, Vec<u8>, String, String, Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, i64);

/// Adds a session.
pub async fn insert(
    tx: &mut Tx,
    session_id: &[u8],
    person: PersonId,
    sealed_keys: &[u8],
    now: Moment,
) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT)
        .bind(session_id)
        .bind(person.bytes())
        .bind(sealed_keys)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "session")
}

/// By the hash of the cookie.
pub async fn find(conn: &mut Conn, session_id: &[u8]) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(FIND).bind(session_id).fetch_optional(c).await)?;
    row.map(|row| {
        Ok(Session {
            person: id(&row.1, "session.person_id")?,
            roles: word(&row.2, "person.roles", &row.1)?,
            language: word(&row.3, "person.language", &row.1)?,
            id: row.0,
            name_sealed: row.4,
            cert: row.5,
            sealed_keys: row.6,
            created: Moment::from_micros(row.7),
            seen: Moment::from_micros(row.8),
            disabled: moment(row.9),
        })
    })
    .transpose()
}

/// Remembers a request.
pub async fn touch(tx: &mut Tx, session_id: &[u8], now: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(TOUCH).bind(session_id).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Forgets the keys of a session: the screen is locked.
pub async fn lock(tx: &mut Tx, session_id: &[u8]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(LOCK).bind(session_id).bind(super::NOTHING).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Ends a session.
pub async fn delete(tx: &mut Tx, session_id: &[u8]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE).bind(session_id).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Ends all sessions of somebody.
pub async fn delete_of_person(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_OF_PERSON).bind(person.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Ends sessions silent since `seen_before` or begun before `created_before`; returns how many.
pub async fn delete_unseen(tx: &mut Tx, seen_before: Moment, created_before: Moment) -> Result<u64, StoreError> {
    Ok(on!(tx, |c| sqlx::query(DELETE_UNSEEN)
        .bind(seen_before.micros())
        .bind(created_before.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?)
}

/// Forgets the keys of staff sessions silent since `seen_before`; a client's session ends by its own, longer rule.
pub async fn lock_unseen(tx: &mut Tx, seen_before: Moment) -> Result<u64, StoreError> {
    Ok(on!(tx, |c| sqlx::query(LOCK_UNSEEN)
        .bind(seen_before.micros())
        .bind(super::NOTHING)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?)
}
