//! Clients' own OpenPGP keys, sealed.

use super::{Conn, StoreError, Tx, moment, on, one, statements, word};
use crate::clock::Moment;
use crate::ids::PersonId;
use crate::role::UnknownWord;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It came with a mail. Nothing is encrypted to it.
    Seen,
    /// The client said that it is theirs.
    Confirmed,
}

impl KeyState {
    const fn word(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Confirmed => "confirmed",
        }
    }
}

impl std::str::FromStr for KeyState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Seen, Self::Confirmed].into_iter().find(|s| s.word() == text).ok_or(UnknownWord)
    }
}

/// How a key came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// As a file of a mail.
    Attached,
    /// In an Autocrypt field.
    Autocrypt,
    /// In a letter signed with a key that was confirmed before.
    Signed,
    /// Put into the mailbox by its owner.
    Given,
}

impl KeyOrigin {
    /// The word in the table and in text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Attached => "attached",
            Self::Autocrypt => "autocrypt",
            Self::Signed => "signed",
            Self::Given => "given",
        }
    }
}

impl std::str::FromStr for KeyOrigin {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let all = [Self::Attached, Self::Autocrypt, Self::Signed, Self::Given];
        all.into_iter().find(|o| o.word() == text).ok_or(UnknownWord)
    }
}

/// A client's key.
pub struct ClientKey {
    /// Whose.
    pub person: PersonId,
    /// Keyed hash of its fingerprint.
    pub key_hash: Vec<u8>,
    /// The certificate, sealed to the house key for this row.
    pub cert_sealed: Vec<u8>,
    /// What it may be used for.
    pub state: KeyState,
    /// How it came.
    pub how: KeyOrigin,
    /// When it came first.
    pub seen: Moment,
    /// When its owner confirmed it.
    pub confirmed: Option<Moment>,
}

statements! {
    LIST = "SELECT key_hash, cert_sealed, state, how, seen_us, confirmed_us FROM client_key WHERE person_id = $1 \
            ORDER BY confirmed_us DESC, seen_us DESC, key_hash";
    UPSERT = "INSERT INTO client_key (person_id, key_hash, cert_sealed, state, how, seen_us, confirmed_us) \
              VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (person_id, key_hash) DO UPDATE SET \
              cert_sealed = excluded.cert_sealed, state = excluded.state, how = excluded.how, confirmed_us = excluded.confirmed_us";
    DELETE = "DELETE FROM client_key WHERE person_id = $1 AND key_hash = $2";
}

type Row = (Vec<u8>, Vec<u8>, String, String, i64, i64);

/// A client's keys: confirmed ones first, of each kind the latest first.
pub async fn list(conn: &mut Conn, person: PersonId) -> Result<Vec<ClientKey>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST).bind(person.bytes()).fetch_all(c).await)?;
    let key = |r: Row| {
        Ok(ClientKey {
            person,
            state: word(&r.2, "client_key.state", &r.0)?,
            how: word(&r.3, "client_key.how", &r.0)?,
            key_hash: r.0,
            cert_sealed: r.1,
            seen: Moment::from_micros(r.4),
            confirmed: moment(r.5),
        })
    };
    rows.into_iter().map(key).collect()
}

/// Keeps a key, or what is new of it.
pub async fn upsert(tx: &mut Tx, key: &ClientKey) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPSERT)
        .bind(key.person.bytes())
        .bind(&key.key_hash)
        .bind(&key.cert_sealed)
        .bind(key.state.word())
        .bind(key.how.word())
        .bind(key.seen.micros())
        .bind(key.confirmed.map_or(0, Moment::micros))
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "client key")
}

/// Forgets a key.
pub async fn delete(tx: &mut Tx, person: PersonId, key_hash: &[u8]) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE).bind(person.bytes()).bind(key_hash).execute(c).await.map(|_| ()))?;
    Ok(())
}
