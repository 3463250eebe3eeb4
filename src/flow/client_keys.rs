//! Clients' own OpenPGP keys: seen in their mail, confirmed in their mailbox, forgotten.
//!
//! A key that came with a mail is a candidate: whoever can write in a client's name could send one. It counts only after
//! its owner has looked at the fingerprint in the mailbox, or when it came inside a letter signed with a key that counts.

use super::session::{Reader, kind};
use crate::audit::{self, Action};
use crate::house::{Failure, House};
use crate::ids::PersonId;
use crate::limits::CLIENT_KEYS_MAX;
use crate::seal::{self, Cert, KeyProblem, Signed, Wrap};
use crate::store::client_keys::{self, ClientKey, KeyOrigin, KeyState};
use crate::store::{Conn, Tx};
use crate::unwrap::Learned;

/// A client's key, opened.
pub struct OwnKey {
    /// The key.
    pub cert: Cert,
    /// As stored.
    pub row: ClientKey,
    /// Why nothing can be encrypted to it; `None` when all is well.
    pub problem: Option<KeyProblem>,
}

impl OwnKey {
    /// Whether its owner confirmed it.
    pub fn is_confirmed(&self) -> bool {
        self.row.state == KeyState::Confirmed
    }
}

fn context(person: PersonId, key_hash: &[u8]) -> Vec<u8> {
    [person.bytes(), key_hash].concat()
}

fn hash(house: &House, person: PersonId, fingerprint: &str) -> Vec<u8> {
    house.keys.house.hash(kind::CLIENT_KEY, [person.bytes(), fingerprint.as_bytes()].concat()).to_vec()
}

fn row(house: &House, person: PersonId, cert: &Cert, state: KeyState, how: KeyOrigin) -> Result<ClientKey, Failure> {
    let key_hash = hash(house, person, &cert.fingerprint());
    let bytes = seal::key_bytes(cert)?;
    let cert_sealed = house.keys.house.seal(kind::CLIENT_KEY, &context(person, &key_hash), &bytes, &*house.chance);
    let now = house.now();
    let confirmed = (state == KeyState::Confirmed).then_some(now);
    Ok(ClientKey { person, key_hash, cert_sealed, state, how, seen: now, confirmed })
}

/// A client's keys, confirmed ones first. A row that does not open is left out: it is not what was stored.
pub(crate) async fn load(house: &House, conn: &mut Conn, person: PersonId) -> Result<Vec<OwnKey>, Failure> {
    let now = house.now();
    let rows = client_keys::list(conn, person).await?;
    let open = |row: ClientKey| {
        let bytes = house.keys.house.open(kind::CLIENT_KEY, &context(person, &row.key_hash), &row.cert_sealed).ok()?;
        let cert = Cert::parse(bytes.reveal()).ok()?;
        let problem = seal::check_key(&cert, now).err();
        Some(OwnKey { cert, row, problem })
    };
    Ok(rows.into_iter().filter_map(open).collect())
}

/// The signed-in client's keys.
pub async fn list(house: &House, reader: &Reader) -> Result<Vec<OwnKey>, Failure> {
    load(house, &mut house.db.read().await?, reader.who.person).await
}

/// Takes a key its owner put into the mailbox; it counts from now on.
pub async fn give(house: &House, reader: &Reader, bytes: &[u8]) -> Result<Result<(), KeyProblem>, Failure> {
    let cert = match seal::read_key(bytes, house.now()) {
        Ok(cert) => cert,
        Err(problem) => return Ok(Err(problem)),
    };
    let me = reader.who.person;
    let new = row(house, me, &cert, KeyState::Confirmed, KeyOrigin::Given)?;
    let mut tx = house.db.begin().await?;
    make_room(&mut tx, me, &new.key_hash).await?;
    client_keys::upsert(&mut tx, &new).await?;
    audit::note(&mut tx, house, house.now(), Some(me), Action::KeyConfirmed, None).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// The client says that a key which was only seen is theirs.
pub async fn confirm(house: &House, reader: &Reader, fingerprint: &str) -> Result<Result<(), KeyProblem>, Failure> {
    let me = reader.who.person;
    let mut tx = house.db.begin().await?;
    let known = load(house, &mut tx, me).await?;
    let key = known.into_iter().find(|k| k.cert.fingerprint() == fingerprint).ok_or(Failure::NotFound)?;
    if let Some(problem) = key.problem {
        return Ok(Err(problem));
    }
    let confirmed = ClientKey { state: KeyState::Confirmed, confirmed: Some(house.now()), ..key.row };
    client_keys::upsert(&mut tx, &confirmed).await?;
    audit::note(&mut tx, house, house.now(), Some(me), Action::KeyConfirmed, None).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Forgets a key.
pub async fn forget(house: &House, reader: &Reader, fingerprint: &str) -> Result<(), Failure> {
    let me = reader.who.person;
    let mut tx = house.db.begin().await?;
    client_keys::delete(&mut tx, me, &hash(house, me, fingerprint)).await?;
    audit::note(&mut tx, house, house.now(), Some(me), Action::KeyForgotten, None).await?;
    Ok(tx.commit().await?)
}

/// Remembers keys that came with a letter of the client.
pub(crate) async fn learn(
    house: &House,
    person: PersonId,
    learned: Vec<Learned>,
    wrap: Option<&Wrap>,
) -> Result<(), Failure> {
    let vouched = wrap.is_some_and(|w| w.signed == Signed::Confirmed && !w.loose);
    let now = house.now();
    let mut tx = house.db.begin().await?;
    let known = load(house, &mut tx, person).await?;
    for new in learned {
        let fingerprint = new.cert.fingerprint();
        let before = known.iter().find(|k| k.cert.fingerprint() == fingerprint);
        let covered = new.attached && vouched;
        // A key that cannot be used is not offered; one that counts already changes only under its own owner's hand.
        if seal::check_key(&new.cert, now).is_err() || before.is_some_and(|k| k.is_confirmed() && !covered) {
            continue;
        }
        let (state, how) = match (covered, new.attached) {
            (true, _) => (KeyState::Confirmed, KeyOrigin::Signed),
            (false, true) => (KeyState::Seen, KeyOrigin::Attached),
            (false, false) => (KeyState::Seen, KeyOrigin::Autocrypt),
        };
        let row = row(house, person, &new.cert, state, how)?;
        if before.is_none() {
            make_room(&mut tx, person, &row.key_hash).await?;
        }
        client_keys::upsert(&mut tx, &row).await?;
        if covered {
            audit::note(&mut tx, house, now, Some(person), Action::KeyConfirmed, None).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Lets the oldest keys go that were only seen, then the oldest of all.
async fn make_room(tx: &mut Tx, person: PersonId, new: &[u8]) -> Result<(), Failure> {
    let mut known = client_keys::list(tx, person).await?;
    known.retain(|k| k.key_hash != new);
    while known.len() >= CLIENT_KEYS_MAX {
        let Some(oldest) = known.pop() else { break };
        client_keys::delete(tx, person, &oldest.key_hash).await?;
    }
    Ok(())
}
