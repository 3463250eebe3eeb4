//! What every story needs at hand: the database, the clock, chance, the keys of the house and its rules.
//!
//! Stories (`flow`) take `&House`; nothing below them knows it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq as _;
use tokio::sync::{Notify, Semaphore};

use crate::address::{MailAddress, PlusAddress};
use crate::chance::Chance;
use crate::clock::{Clock, Moment};
use crate::ids::DeskId;
use crate::limits;
use crate::provenance::Witnesses;
use crate::screen::DeskName;
use crate::seal::{Cert, Cost, Damaged, HouseKey, NoUsableKey, PersonKey, PracticeKey, Secret, Signer, UnlockError};
use crate::secret::PlainText;
use crate::store::{Db, Gathering, Lookups, StoreError};

/// Parsed certificates kept at hand, at the most.
const CERTS_KEPT: usize = 4_096;
/// A colleague who comes or goes counts for arriving mail after this time.
const NAMES_KEPT: Duration = Duration::from_secs(60);
/// Bytes of the tag behind a vouched certificate.
const TAG_BYTES: usize = 32;

/// The house rules: settings a story needs.
#[derive(Clone)]
pub struct Rules {
    /// Where clients reach the web door, without a slash at the end.
    pub public_url: String,
    /// Domain of thread addresses and of the no-reply sender.
    pub mail_domain: String,
    /// Where thread addresses are parts of one hosted mailbox: that mailbox.
    pub plus_address: Option<PlusAddress>,
    /// The neutral name in the sender of notifications.
    pub sender_name: String,
    /// How long a released reply can be taken back.
    pub recall: Duration,
    /// Where "leave now" leads.
    pub leave_url: String,
    /// Hour of the day (local to the desk) of daily notifications.
    pub daily_hour: u32,
    /// Where mails go that wait for a relay to be set up; `None` when there is one.
    pub outbox_folder: Option<PathBuf>,
    /// What locking a key costs.
    pub cost: Cost,
}

impl Rules {
    /// The mail address of a thread, by the local part of its token.
    pub fn thread_address(&self, token: &str) -> String {
        self.plus_address.as_ref().map_or_else(|| format!("{token}@{}", self.mail_domain), |base| base.with(token))
    }

    /// The name in this house that an address leads to; `None` where it is not ours. `domain` is lower-case ASCII, and
    /// empty for a bare `postmaster`.
    pub fn own_name(&self, local: &str, domain: &str) -> Option<String> {
        let address = MailAddress::parse(&format!("{local}@{domain}")).ok();
        let hosted = self.plus_address.as_ref().zip(address.as_ref());
        if let Some(detail) = hosted.and_then(|(base, address)| base.detail(address)) {
            return Some(detail.to_ascii_lowercase());
        }
        if domain.is_empty() || domain == self.mail_domain {
            return Some(local.to_ascii_lowercase());
        }
        let is_base = hosted.is_some_and(|(base, address)| base.base().folded() == address.folded());
        is_base.then(|| "postmaster".to_owned())
    }
}

/// The keys in `keys/`.
pub struct Keys {
    /// Look-up hashes and sealed names.
    pub house: HouseKey,
    /// The practice's certificate.
    pub practice: PracticeKey,
}

/// Everything a story needs.
pub struct House {
    /// What is kept.
    pub db: Db,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub chance: Arc<dyn Chance>,
    /// Keys of the house.
    pub keys: Keys,
    /// House rules.
    pub rules: Rules,
    /// Rung when work for later was written.
    pub bell: Bell,
    /// Letters from mail doors, written by the group.
    pub gathering: Gathering,
    /// Thread addresses asked for by mail doors, found by the group.
    pub lookups: Lookups,
    /// Who may say something about the sender of a mail.
    pub witnesses: Witnesses,
    /// Where canaries go home: a mail door of this process on the loopback interface, once it is open.
    pub loopback: OnceLock<SocketAddr>,
    signer: Signer,
    practice_cert: Cert,
    unlocks: Semaphore,
    unlocks_waiting: Semaphore,
    /// A key nobody has: unlocking it takes as long as unlocking a real one.
    decoy: Vec<u8>,
    certs: Mutex<HashMap<[u8; TAG_BYTES], Cert>>,
    names: Mutex<Option<(Moment, Arc<Names>)>>,
}

/// Names of the house that mail is compared with. No `Debug`.
#[derive(Default)]
pub struct Names {
    /// People who work here.
    pub staff: Vec<PlainText>,
    /// Desks.
    pub desks: Vec<(DeskId, DeskName)>,
}

/// Wakes the motors of this process early; others find their work at the next look.
#[derive(Default)]
pub struct Bell {
    /// For jobs.
    pub jobs: Notify,
    /// For the outbox.
    pub outbox: Notify,
}

/// What a certificate belongs to; it is bound into the tag behind it.
#[derive(Clone, Copy)]
pub enum Owner<'a> {
    /// A person, by id bytes.
    Person(&'a [u8]),
    /// A desk.
    Desk(&'a [u8]),
    /// An epoch.
    Epoch(&'a [u8]),
}

/// Why a key stayed shut.
#[derive(Debug, thiserror::Error)]
pub enum UnlockRefused {
    /// The secret does not fit.
    #[error("the secret does not fit")]
    WrongSecret,
    /// Too many people sign in at this moment.
    #[error("too many sign-ins at once")]
    Busy,
    /// What is stored is not what was stored.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

impl House {
    /// Puts everything together. Makes one key nobody has, which takes as long as one sign-in.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        keys: Keys,
        rules: Rules,
    ) -> Result<Self, NoUsableKey> {
        let nobody = PersonKey::generate(clock.now())?;
        let decoy = nobody.lock(&Secret::words("nobody"), b"decoy", rules.cost, &*chance)?;
        Ok(Self {
            signer: keys.practice.signer().clone(),
            practice_cert: keys.practice.cert().clone(),
            db,
            clock,
            chance,
            keys,
            rules,
            bell: Bell::default(),
            gathering: Gathering::default(),
            lookups: Lookups::default(),
            witnesses: Witnesses::default(),
            loopback: OnceLock::new(),
            unlocks: Semaphore::new(limits::UNLOCKS_AT_ONCE),
            unlocks_waiting: Semaphore::new(limits::UNLOCKS_WAITING),
            decoy,
            certs: Mutex::default(),
            names: Mutex::default(),
        })
    }

    /// The same house with somebody to ask about senders; without, nobody is asked.
    #[must_use]
    pub fn with_witnesses(mut self, witnesses: Witnesses) -> Self {
        self.witnesses = witnesses;
        self
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Signs what comes in through a door.
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Recognises what came in through a door.
    pub const fn practice_cert(&self) -> &Cert {
        &self.practice_cert
    }

    /// A certificate with a keyed tag that binds it to its row: whoever can write to the database but not to `keys/`
    /// cannot put their own certificate in somebody's place.
    pub fn vouch(&self, owner: Owner<'_>, cert: &[u8]) -> Vec<u8> {
        let mut out = cert.to_vec();
        out.extend_from_slice(&self.tag(owner, cert));
        out
    }

    /// The certificate behind a vouched one.
    pub fn cert(&self, owner: Owner<'_>, vouched: &[u8]) -> Result<Cert, Damaged> {
        let (cert, tag) =
            vouched.split_last_chunk::<TAG_BYTES>().ok_or(Damaged::new("the certificate is cut short"))?;
        if !bool::from(self.tag(owner, cert).ct_eq(tag)) {
            return Err(Damaged::new("the certificate is not the one that was stored"));
        }
        let mut kept = self.certs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.get(tag) {
            return Ok(found.clone());
        }
        let parsed = Cert::parse(cert)?;
        if kept.len() >= CERTS_KEPT {
            kept.clear();
        }
        kept.insert(*tag, parsed.clone());
        Ok(parsed)
    }

    /// Computes something as slow as a sign-in, when its turn comes; [`Failure::Busy`] where too many wait.
    pub async fn slowly<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let _waiting = self.unlocks_waiting.try_acquire().map_err(|_| Failure::Busy)?;
        let _permit = self.unlocks.acquire().await.map_err(|_| Failure::Busy)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| Failure::Busy)
    }

    /// The names kept since less than a minute ago.
    pub fn kept_names(&self) -> Option<Arc<Names>> {
        let kept = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        kept.as_ref().filter(|(since, _)| now.since(*since) < NAMES_KEPT).map(|(_, names)| Arc::clone(names))
    }

    /// Keeps names that were just looked up.
    pub fn keep_names(&self, names: Names) -> Arc<Names> {
        let names = Arc::new(names);
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.now(), Arc::clone(&names)));
        names
    }

    fn tag(&self, owner: Owner<'_>, cert: &[u8]) -> [u8; TAG_BYTES] {
        let (kind, id) = match owner {
            Owner::Person(id) => ("person-cert", id),
            Owner::Desk(id) => ("desk-cert", id),
            Owner::Epoch(id) => ("epoch-cert", id),
        };
        self.keys.house.hash(kind, [id, cert].concat())
    }

    /// Unlocks a person's key. `None` stands for somebody we do not know: it takes just as long and fails.
    pub async fn unlock(
        &self,
        locked: Option<Vec<u8>>,
        secret: Secret,
        context: Vec<u8>,
    ) -> Result<PersonKey, UnlockRefused> {
        let _waiting = self.unlocks_waiting.try_acquire().map_err(|_| UnlockRefused::Busy)?;
        let _permit = self.unlocks.acquire().await.map_err(|_| UnlockRefused::Busy)?;
        let known = locked.is_some();
        let blob = locked.unwrap_or_else(|| self.decoy.clone());
        let opened = tokio::task::spawn_blocking(move || PersonKey::unlock(&blob, &secret, &context)).await;
        match opened.map_err(|_| UnlockRefused::Busy)? {
            Ok(key) if known => Ok(key),
            Ok(_) | Err(UnlockError::WrongSecret) => Err(UnlockRefused::WrongSecret),
            Err(UnlockError::Damaged) if !known => Err(UnlockRefused::WrongSecret),
            Err(UnlockError::Damaged) => Err(Damaged::new("the locked key is not what was stored").into()),
        }
    }

    /// Locks a person's key; as slow as unlocking it.
    pub async fn lock(&self, key: Arc<PersonKey>, secret: Secret, context: Vec<u8>) -> Result<Vec<u8>, NoUsableKey> {
        const BUSY: NoUsableKey = NoUsableKey::new("too many sign-ins at once");
        let _permit = self.unlocks.acquire().await.map_err(|_| BUSY)?;
        let (cost, chance) = (self.rules.cost, Arc::clone(&self.chance));
        tokio::task::spawn_blocking(move || key.lock(&secret, &context, cost, &*chance)).await.map_err(|_| BUSY)?
    }
}

/// Why a story did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No key to seal with.
    #[error(transparent)]
    NoUsableKey(#[from] NoUsableKey),
    /// Something stored is not what was stored.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The row is not there, or not for this person: the two look the same from outside.
    #[error("not found")]
    NotFound,
    /// The person may not do this.
    #[error("not allowed")]
    NotAllowed,
    /// Somebody else was quicker, or the state is another by now.
    #[error("the state has changed meanwhile")]
    Changed,
    /// Too much at once; come back.
    #[error("too much at once")]
    Busy,
    /// Too many wrong tries: nobody may try before that moment.
    #[error("too many wrong tries")]
    Later(Moment),
}

impl From<UnlockRefused> for Failure {
    fn from(refused: UnlockRefused) -> Self {
        match refused {
            UnlockRefused::WrongSecret => Self::NotAllowed,
            UnlockRefused::Busy => Self::Busy,
            UnlockRefused::Damaged(d) => d.into(),
        }
    }
}
