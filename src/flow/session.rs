//! Signing in *is* unlocking one's key; a session is that key sealed under the cookie.
//!
//! The cookie holds 256 random bits. The table holds a hash of them (to find the row) and the person's two secret
//! subkeys sealed under another hash of them: a stolen database opens nothing, and any node can serve any request.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::throttle::{self, Source};
use crate::audit::{self, Action};
use crate::chance;
use crate::clock::Moment;
use crate::house::{Failure, House, Owner};
use crate::ids::{PersonId, base32, from_base32};
use crate::limits::{CLIENT_IDLE, SESSION_MAX, STAFF_IDLE};
use crate::role::{Language, Role, Roles};
use crate::seal::{Cert, PersonKey, Secret, SessionKeys};
use crate::secret::PlainText;
use crate::store::{people, sessions};

/// The session row is refreshed at most this often.
const TOUCH_EVERY: std::time::Duration = std::time::Duration::from_secs(20);

/// Look-up and sealing kinds of the house key.
pub(crate) mod kind {
    pub(crate) const CLIENT_NAME: &str = "client-name";
    pub(crate) const STAFF_NAME: &str = "staff-name";
    pub(crate) const ADDRESS: &str = "address";
    pub(crate) const THREAD_TOKEN: &str = "thread-token";
    pub(crate) const LINK_TOKEN: &str = "link-token";
    pub(crate) const OUTBOX: &str = "outbox";
    pub(crate) const MESSAGE_ID: &str = "thread-mail";
    pub(crate) const DEDUP: &str = "dedup";
    pub(crate) const FETCH_ACCOUNT: &str = "fetch-account";
    pub(crate) const CLIENT_KEY: &str = "client-key";
    pub(crate) const REPLY_MAIL: &str = "reply-mail";
    pub(crate) const TRAIT: &str = "trait";
    pub(crate) const GUARD_MARK: &str = "guard-mark";
}

/// Which world somebody signs in to: a client and a colleague may have the same name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Realm {
    /// Mailboxes.
    Clients,
    /// The house.
    Staff,
}

impl Realm {
    /// Kind of the keyed hash of a name in this world.
    pub(crate) const fn name_kind(self) -> &'static str {
        match self {
            Self::Clients => kind::CLIENT_NAME,
            Self::Staff => kind::STAFF_NAME,
        }
    }
}

/// What the cookie holds.
pub struct Cookie(zeroize::Zeroizing<[u8; 32]>);

impl Cookie {
    /// A new one.
    pub fn draw(chance: &dyn chance::Chance) -> Self {
        Self(zeroize::Zeroizing::new(chance::bytes(chance)))
    }

    /// From the browser.
    pub fn read(text: &str) -> Option<Self> {
        Some(Self(zeroize::Zeroizing::new(from_base32(text)?.try_into().ok()?)))
    }

    /// For the browser.
    pub fn text(&self) -> PlainText {
        PlainText::new(base32(&self.0[..]))
    }

    fn id(&self) -> Vec<u8> {
        Sha256::new().chain_update(b"merpati session id").chain_update(&self.0[..]).finalize().to_vec()
    }

    fn key(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(
            Sha256::new().chain_update(b"merpati session key").chain_update(&self.0[..]).finalize().into(),
        )
    }
}

/// Somebody with a session.
pub struct Who {
    /// Hash of the cookie.
    pub session: Vec<u8>,
    /// Who.
    pub person: PersonId,
    /// What they may do.
    pub roles: Roles,
    /// Their language.
    pub language: Language,
    /// Their name.
    pub name: PlainText,
    /// Their public certificate.
    pub cert: Cert,
}

/// Somebody whose key is open for this request.
pub struct Reader {
    /// Who.
    pub who: Who,
    /// Their keys.
    pub keys: SessionKeys,
}

/// Who stands at the web door.
#[expect(clippy::large_enum_variant, reason = "one per request, moved once")]
pub enum Visit {
    /// Somebody we do not know.
    Stranger,
    /// Somebody whose screen is locked.
    Locked(Who),
    /// Somebody signed in.
    Open(Reader),
}

/// The name under which both spellings of a name are found.
pub fn folded_name(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn seal_context(session: &[u8], person: PersonId) -> Vec<u8> {
    [session, person.bytes()].concat()
}

/// Context of the locks around a person's key.
pub(crate) fn lock_context(person: PersonId, which: &str) -> Vec<u8> {
    [which.as_bytes(), b" ", person.bytes()].concat()
}

/// Signs in with a name and a secret. Unknown and wrong take the same time and look the same.
pub async fn sign_in(
    house: &House,
    realm: Realm,
    name: &str,
    secret: &str,
    source: Source,
) -> Result<(Cookie, PersonId, Option<Moment>), Failure> {
    let hash = house.keys.house.hash(realm.name_kind(), folded_name(name));
    let tried = throttle::begin(house, &hash, source).await?;
    let outcome = unlock_named(house, &hash, secret).await;
    tried.end(house, outcome).await
}

async fn unlock_named(
    house: &House,
    hash: &[u8; 32],
    secret: &str,
) -> Result<(Cookie, PersonId, Option<Moment>), Failure> {
    let person = people::find_by_name(&mut house.db.read().await?, hash).await?.filter(|p| p.disabled.is_none());
    let (locked, context) = match &person {
        Some(p) => (Some(p.locked_key.clone()), lock_context(p.id, "key")),
        None => (None, b"decoy".to_vec()),
    };
    let key = house.unlock(locked, Secret::words(secret), context).await?;
    let person = person.ok_or(Failure::NotAllowed)?;
    let cookie = begin(house, person.id, &key).await?;
    Ok((cookie, person.id, person.seen))
}

/// Begins a session with an unlocked key.
pub(crate) async fn begin(house: &House, person: PersonId, key: &PersonKey) -> Result<Cookie, Failure> {
    let cookie = Cookie::draw(&*house.chance);
    let session = cookie.id();
    let sealed = key.session()?.seal(&cookie.key(), &seal_context(&session, person), &*house.chance);
    let now = house.now();
    let mut tx = house.db.begin().await?;
    sessions::insert(&mut tx, &session, person, &sealed, now).await?;
    people::update_seen(&mut tx, person, now).await?;
    tx.commit().await?;
    Ok(cookie)
}

/// Finds out who stands at the door, ends what has been silent too long, and remembers the visit.
pub async fn visit(house: &House, cookie: &Cookie) -> Result<Visit, Failure> {
    let Some(row) = sessions::find(&mut house.db.read().await?, &cookie.id()).await? else {
        return Ok(Visit::Stranger);
    };
    let now = house.now();
    let is_client = row.roles.has(Role::Client);
    let silent = now.since(row.seen);
    let over = now.since(row.created) > SESSION_MAX || row.disabled.is_some() || (is_client && silent > CLIENT_IDLE);
    if over {
        sign_out(house, &row.id).await?;
        return Ok(Visit::Stranger);
    }
    let realm = if is_client { Realm::Clients } else { Realm::Staff };
    let who = Who {
        session: row.id.clone(),
        person: row.person,
        roles: row.roles,
        language: row.language,
        name: open_name(house, realm, row.person, &row.name_sealed)?,
        cert: house.cert(Owner::Person(row.person.bytes()), &row.cert)?,
    };
    if row.sealed_keys.is_empty() {
        return Ok(Visit::Locked(who));
    }
    if silent > STAFF_IDLE && !is_client {
        lock(house, &row.id).await?;
        return Ok(Visit::Locked(who));
    }
    if silent > TOUCH_EVERY {
        let mut tx = house.db.begin().await?;
        sessions::touch(&mut tx, &row.id, now).await?;
        tx.commit().await?;
    }
    let keys = SessionKeys::open(&row.sealed_keys, &cookie.key(), &seal_context(&row.id, row.person))?;
    Ok(Visit::Open(Reader { who, keys }))
}

/// A person's name as the table holds it, opened.
pub(crate) fn open_name(house: &House, realm: Realm, person: PersonId, sealed: &[u8]) -> Result<PlainText, Failure> {
    let bytes = house.keys.house.open(realm.name_kind(), person.bytes(), sealed)?;
    Ok(PlainText::new(String::from_utf8_lossy(bytes.reveal()).into_owned()))
}

/// Locks the screen: the keys leave the session row.
pub async fn lock(house: &House, session: &[u8]) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    sessions::lock(&mut tx, session).await?;
    Ok(tx.commit().await?)
}

/// Opens a locked screen with the secret of the person who locked it; the old session ends.
pub async fn unlock(house: &House, who: &Who, secret: &str, source: Source) -> Result<Cookie, Failure> {
    let person = people::find(&mut house.db.read().await?, who.person).await?.ok_or(Failure::NotFound)?;
    let tried = throttle::begin(house, &person.name_hash, source).await?;
    let context = lock_context(person.id, "key");
    let outcome = house.unlock(Some(person.locked_key), Secret::words(secret), context).await.map_err(Failure::from);
    let key = tried.end(house, outcome).await?;
    let cookie = begin(house, person.id, &key).await?;
    sign_out(house, &who.session).await?;
    Ok(cookie)
}

/// Ends a session.
pub async fn sign_out(house: &House, session: &[u8]) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    sessions::delete(&mut tx, session).await?;
    Ok(tx.commit().await?)
}

/// Takes the recovery code for the lost secret and sets a new one. All sessions end; no letter is rewritten.
pub async fn recover(
    house: &House,
    realm: Realm,
    name: &str,
    code: &str,
    new_secret: &str,
    source: Source,
) -> Result<Cookie, Failure> {
    let hash = house.keys.house.hash(realm.name_kind(), folded_name(name));
    let tried = throttle::begin(house, &hash, source).await?;
    let outcome = recover_named(house, &hash, code, new_secret).await;
    tried.end(house, outcome).await
}

async fn recover_named(house: &House, hash: &[u8; 32], code: &str, new_secret: &str) -> Result<Cookie, Failure> {
    let person = people::find_by_name(&mut house.db.read().await?, hash).await?.filter(|p| p.disabled.is_none());
    let (locked, context) = match &person {
        Some(p) => (Some(p.locked_recovery.clone()), lock_context(p.id, "recovery")),
        None => (None, b"decoy".to_vec()),
    };
    let key = std::sync::Arc::new(house.unlock(locked, Secret::code(code), context).await?);
    let person = person.ok_or(Failure::NotAllowed)?;
    let locked =
        house.lock(std::sync::Arc::clone(&key), Secret::words(new_secret), lock_context(person.id, "key")).await?;
    let mut tx = house.db.begin().await?;
    people::update_locks(&mut tx, person.id, &locked, &person.locked_recovery).await?;
    sessions::delete_of_person(&mut tx, person.id).await?;
    audit::note(&mut tx, house, house.now(), Some(person.id), Action::Recovered, None).await?;
    tx.commit().await?;
    begin(house, person.id, &key).await
}

/// The form token of a session or of the cookie before it: proves that a form came from our own page.
pub fn form_token(house: &House, cookie_text: &str) -> String {
    let hash = house.keys.house.hash("form", cookie_text);
    base32(hash.get(..16).unwrap_or_default())
}

/// Whether a form token fits.
pub fn form_token_fits(house: &House, cookie_text: &str, token: &str) -> bool {
    form_token(house, cookie_text).as_bytes().ct_eq(token.as_bytes()).into()
}

/// Remembers the language somebody chose.
pub async fn choose_language(house: &House, reader: &Reader, language: Language) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    people::update_language(&mut tx, reader.who.person, language).await?;
    Ok(tx.commit().await?)
}
