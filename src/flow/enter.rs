//! Coming in: a client opens a mailbox, a colleague accepts an invitation.

use std::sync::Arc;

use super::session::{self, Cookie, Realm, folded_name, kind, lock_context};
use crate::audit::{self, Action};
use crate::house::{Failure, House, Owner};
use crate::ids::{DeskId, EpochId, PersonId, ThreadId};
use crate::limits::{NAME_CHARS_MAX, SECRET_CHARS_MAX};
use crate::role::{Language, Role, Roles};
use crate::seal::{Cert, GrantContext, Held, PersonKey, Secret, SharedKey, ThreadToken, recovery_code};
use crate::secret::PlainText;
use crate::store::people::Person;
use crate::store::threads::{Epoch, Thread, ThreadState};
use crate::store::{StoreError, desks, people, threads};

/// Score of the strength library (0 to 4) from which a secret of one's own is good enough.
const STRENGTH_MIN: u8 = 3;
/// Fewer characters than this are refused whatever the library says.
const SECRET_CHARS_MIN: usize = 10;

/// What is wrong with a form for coming in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryProblem {
    /// Under 3 or over 40 characters, or with signs that cannot be typed again.
    NameShape,
    /// Somebody has it.
    NameTaken,
    /// Too short or too long.
    SecretLength,
    /// Too easy to guess.
    SecretWeak,
    /// The desk takes no new mailboxes now.
    DeskClosed,
    /// The invitation is unknown, used or too old.
    Invitation,
}

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub enum NotEntered {
    /// The form has to be mended.
    #[error("the form has to be mended")]
    Problem(EntryProblem),
    /// Something else.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<StoreError> for NotEntered {
    fn from(e: StoreError) -> Self {
        Self::Failure(e.into())
    }
}

impl From<EntryProblem> for NotEntered {
    fn from(p: EntryProblem) -> Self {
        Self::Problem(p)
    }
}

/// Somebody who came in.
pub struct Entered {
    /// For the browser.
    pub cookie: Cookie,
    /// Who.
    pub person: PersonId,
    /// For the recovery sheet; shown once.
    pub recovery: PlainText,
}

/// Checks a name: 3 to 40 characters, letters, digits, blanks and `-_.'`.
pub fn check_name(name: &str) -> Result<(), EntryProblem> {
    let folded = folded_name(name);
    let length = folded.chars().count();
    let fits =
        (3..=NAME_CHARS_MAX).contains(&length) && folded.chars().all(|c| c.is_alphanumeric() || " -_.'".contains(c));
    if fits { Ok(()) } else { Err(EntryProblem::NameShape) }
}

/// Checks a secret; `name` is what an attacker would try first.
pub fn check_secret(secret: &str, name: &str) -> Result<(), EntryProblem> {
    let secret = secret.trim();
    let length = secret.chars().count();
    if !(SECRET_CHARS_MIN..=SECRET_CHARS_MAX).contains(&length) {
        return Err(EntryProblem::SecretLength);
    }
    // The library's work grows with the length; the first hundred characters decide.
    let head: String = secret.chars().take(100).collect();
    let score = u8::from(zxcvbn::zxcvbn(&head, &[name, "merpati"]).score());
    if score < STRENGTH_MIN { Err(EntryProblem::SecretWeak) } else { Ok(()) }
}

/// A client opens a mailbox at a desk: key, thread, first epoch and its two grants, in one commit.
pub async fn open_mailbox(
    house: &House,
    desk: DeskId,
    name: &str,
    secret: &str,
    language: Language,
) -> Result<Entered, NotEntered> {
    check_name(name)?;
    check_secret(secret, name)?;
    let mut conn = house.db.read().await?;
    let desk = desks::find(&mut conn, desk)
        .await?
        .filter(|d| d.is_open && !d.cert.is_empty())
        .ok_or(EntryProblem::DeskClosed)?;
    let hash = house.keys.house.hash(Realm::Clients.name_kind(), folded_name(name));
    if people::find_by_name(&mut conn, &hash).await?.is_some() {
        return Err(EntryProblem::NameTaken.into());
    }
    drop(conn);
    let (person, key, recovery) =
        new_person(house, Realm::Clients, Roles::of(&[Role::Client]), name, secret, language).await?;
    let desk_cert = house.cert(Owner::Desk(desk.id.bytes()), &desk.cert).map_err(Failure::from)?;
    let new = new_thread(house, desk.id, &desk_cert, person.id, &key.cert())?;
    let now = house.now();
    let mut tx = house.db.begin().await?;
    people::insert(&mut tx, &person).await.map_err(name_taken)?;
    new.insert(&mut tx).await?;
    audit::note(&mut tx, house, now, Some(person.id), Action::MailboxOpened, Some(new.thread.id)).await?;
    tx.commit().await?;
    let cookie = session::begin(house, person.id, &key).await?;
    Ok(Entered { cookie, person: person.id, recovery })
}

fn name_taken(error: StoreError) -> NotEntered {
    match error {
        StoreError::Taken(_) => EntryProblem::NameTaken.into(),
        other => other.into(),
    }
}

async fn new_person(
    house: &House,
    realm: Realm,
    roles: Roles,
    name: &str,
    secret: &str,
    language: Language,
) -> Result<(Person, Arc<PersonKey>, PlainText), Failure> {
    let id = PersonId::draw(&*house.chance);
    let now = house.now();
    let key = Arc::new(PersonKey::generate(now)?);
    let recovery = recovery_code(&*house.chance);
    let locked_key = house.lock(Arc::clone(&key), Secret::words(secret), lock_context(id, "key")).await?;
    let locked_recovery =
        house.lock(Arc::clone(&key), Secret::code(recovery.reveal()), lock_context(id, "recovery")).await?;
    let shown = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let person = Person {
        id,
        roles,
        name_hash: house.keys.house.hash(realm.name_kind(), folded_name(name)).to_vec(),
        name_sealed: house.keys.house.seal(realm.name_kind(), id.bytes(), shown.as_bytes(), &*house.chance),
        language,
        cert: house.vouch(Owner::Person(id.bytes()), &key.public()?),
        locked_key,
        locked_recovery,
        created: now,
        seen: None,
        disabled: None,
    };
    Ok((person, key, recovery))
}

/// A thread ready to be stored: its first epoch and the grants to the client and to the desk.
pub(crate) struct NewThread {
    pub(crate) thread: Thread,
    pub(crate) epoch: Epoch,
    grants: Vec<(Vec<u8>, Vec<u8>)>,
}

impl NewThread {
    pub(crate) async fn insert(&self, tx: &mut crate::store::Tx) -> Result<(), StoreError> {
        threads::insert(tx, &self.thread, &self.epoch).await?;
        for (reader, grant) in &self.grants {
            threads::insert_grant(tx, self.epoch.id, reader, grant, self.thread.created).await?;
        }
        Ok(())
    }
}

pub(crate) fn new_thread(
    house: &House,
    desk: DeskId,
    desk_cert: &Cert,
    client: PersonId,
    client_cert: &Cert,
) -> Result<NewThread, Failure> {
    let now = house.now();
    let (thread, epoch) = (ThreadId::draw(&*house.chance), EpochId::draw(&*house.chance));
    let (key, cert) = SharedKey::generate(now)?;
    let held = Held::Epoch(epoch);
    let grants = vec![
        (client.bytes().to_vec(), key.grant(client_cert, &GrantContext { held, reader: client.bytes() })?),
        (desk.bytes().to_vec(), key.grant(desk_cert, &GrantContext { held, reader: desk.bytes() })?),
    ];
    let token = ThreadToken::draw(&*house.chance);
    let row = Thread {
        id: thread,
        desk,
        client,
        state: ThreadState::Fresh,
        urgent: false,
        assignee: None,
        epoch,
        token_hash: house.keys.house.hash(kind::THREAD_TOKEN, token.bytes()).to_vec(),
        token_sealed: house.keys.house.seal(kind::THREAD_TOKEN, thread.bytes(), token.bytes(), &*house.chance),
        created: now,
        waiting: None,
        last: None,
    };
    let first = Epoch {
        id: epoch,
        thread,
        number: 1,
        cert: house.vouch(Owner::Epoch(epoch.bytes()), &cert),
        previous_sealed: Vec::new(),
        created: now,
    };
    Ok(NewThread { thread: row, epoch: first, grants })
}

/// A colleague accepts an invitation. The first counselor of a desk brings its key into being; later ones wait until
/// somebody who holds it lets them in.
pub async fn accept_invitation(
    house: &House,
    token: &str,
    name: &str,
    secret: &str,
    language: Language,
) -> Result<Entered, NotEntered> {
    let token_hash = house.keys.house.hash(kind::LINK_TOKEN, token);
    let mut conn = house.db.read().await?;
    let now = house.now();
    let invitation = people::find_invitation(&mut conn, &token_hash)
        .await?
        .filter(|i| i.used.is_none() && i.expires > now)
        .ok_or(EntryProblem::Invitation)?;
    check_name(name)?;
    check_secret(secret, name)?;
    let desk = match invitation.desk {
        Some(id) => desks::find(&mut conn, id).await?,
        None => None,
    };
    drop(conn);
    let (person, key, recovery) = new_person(house, Realm::Staff, invitation.roles, name, secret, language).await?;
    let reads = invitation.roles.has(Role::Counselor);
    let mut first_key = None;
    if let Some(desk) = desk.as_ref().filter(|d| reads && d.cert.is_empty()) {
        let (desk_key, cert) = SharedKey::generate(now).map_err(Failure::from)?;
        let context = GrantContext { held: Held::Desk(desk.id), reader: person.id.bytes() };
        let grant = desk_key.grant(&key.cert(), &context).map_err(Failure::from)?;
        first_key = Some((house.vouch(Owner::Desk(desk.id.bytes()), &cert), grant));
    }
    let mut tx = house.db.begin().await?;
    if !people::use_invitation(&mut tx, &token_hash, now).await? {
        return Err(EntryProblem::Invitation.into());
    }
    people::insert(&mut tx, &person).await.map_err(name_taken)?;
    if let Some(desk) = &desk {
        let grant = first_key.as_ref().map_or(&[][..], |(_, grant)| grant);
        if let Some((cert, _)) = &first_key {
            desks::update_cert(&mut tx, desk.id, cert).await?;
        }
        desks::insert_member(&mut tx, desk.id, person.id, grant, now).await?;
    }
    audit::note(&mut tx, house, now, Some(person.id), Action::StaffJoined, None).await?;
    tx.commit().await?;
    let cookie = session::begin(house, person.id, &key).await?;
    Ok(Entered { cookie, person: person.id, recovery })
}

/// What an invitation offers, if it can still be used.
pub async fn look_at_invitation(house: &House, token: &str) -> Result<Option<Roles>, Failure> {
    let token_hash = house.keys.house.hash(kind::LINK_TOKEN, token);
    let found = people::find_invitation(&mut house.db.read().await?, &token_hash).await?;
    let now = house.now();
    Ok(found.filter(|i| i.used.is_none() && i.expires > now).map(|i| i.roles))
}
