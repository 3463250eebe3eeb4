//! Builds everything, owns listeners and tasks.

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chance::OsChance;
use crate::clock::{Moment, SystemClock};
use crate::config::{Settings, Tls};
use crate::custody::{self, CustodyError};
use crate::fetch::{self, Account};
use crate::gateway::Gateway;
use crate::house::House;
use crate::intake::{self, BadIdentity, Entrance, Identity, Intake, Socket};
use crate::outbox::Transport;
use crate::seal::NoUsableKey;
use crate::store::{Db, StoreError, TABLES};
use crate::{canary, jobs, outbox, telemetry, web};

/// After the first stop signal, work may finish for this long.
pub const GRACE: Duration = Duration::from_secs(25);
/// A renewed certificate is noticed within this time.
const RENEWAL_CHECK: Duration = Duration::from_secs(60);

/// Why the house does not open.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Keys.
    #[error("keys: {0}")]
    Custody(#[from] CustodyError),
    /// Database.
    #[error("database: {0}")]
    Store(#[from] StoreError),
    /// No key could be made.
    #[error("keys: {0}")]
    Key(#[from] NoUsableKey),
    /// The database holds letters, and the keys to it are gone.
    #[error("the database is in use, but there are no keys in {0}: restore them from the backup")]
    KeysLost(PathBuf),
    /// A port.
    #[error("{what} cannot listen on {at}: {source}; is another program using it?")]
    Listen {
        /// Which door.
        what: &'static str,
        /// Where.
        at: String,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate.
    #[error("mail.tls_cert: {0}")]
    Identity(#[from] BadIdentity),
    /// The relay.
    #[error("mail.relay: {0}")]
    Relay(String),
}

/// Opens keys and database. The keys must be there (`merpati init` makes them).
pub async fn open_house(home: &Path, settings: &Settings) -> Result<House, StartError> {
    let keys = custody::load(home, settings)?;
    let db = Db::open(&settings.store_url(home), settings.store.connections).await?;
    let house = House::new(db, Arc::new(SystemClock), Arc::new(OsChance), keys, settings.rules(home))?;
    Ok(house.with_witnesses(settings.senders.witnesses()))
}

/// Makes home and keys on the first run; says whether it did. A database that is in use without its keys is a loss to be
/// mended from the backup: new keys would shut it for good.
pub async fn make_keys_once(home: &Path, settings: &Settings, now: Moment) -> Result<bool, StartError> {
    if custody::exist(home) {
        return Ok(false);
    }
    if !home.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(home)
            .map_err(|source| CustodyError::Io { path: home.to_owned(), source })?;
    }
    let db = Db::open(&settings.store_url(home), settings.store.connections).await?;
    let mut in_use = false;
    for table in TABLES {
        in_use |= !table.is_empty(&mut db.read().await?).await?;
    }
    db.close().await;
    if in_use {
        return Err(StartError::KeysLost(custody::folder(home)));
    }
    custody::make(home, settings, &OsChance, now)?;
    Ok(true)
}

/// The doors, bound before anything is promised. `None`: closed.
pub struct Doors {
    /// HTTP.
    pub web: TcpListener,
    /// What the mail doors show and allow.
    pub mail: intake::Settings,
    /// SMTP.
    pub smtp: Option<TcpListener>,
    /// SMTP inside TLS.
    pub smtps: Option<TcpListener>,
    /// LMTP.
    pub lmtp: Option<TcpListener>,
    /// LMTP at a socket in the file system.
    pub socket: Option<Socket>,
    /// For canaries on their way home: a free port of the loopback interface.
    pub loopback: Option<TcpListener>,
    /// Metrics and health.
    pub metrics: Option<TcpListener>,
}

impl Doors {
    /// Binds what the settings ask for.
    pub async fn bind(settings: &Settings) -> Result<Self, StartError> {
        let mail = &settings.mail;
        let (lmtp, socket) = match mail.lmtp_socket() {
            Some(path) => (None, Some(socket(path)?)),
            None => (bind_some("the LMTP door", &mail.lmtp).await?, None),
        };
        Ok(Self {
            web: bind("the web door", &settings.web.listen.to_string()).await?,
            mail: mail_settings(settings)?,
            smtp: bind_some("the SMTP door", &mail.smtp).await?,
            smtps: bind_some("the SMTP door with TLS", &mail.smtps).await?,
            lmtp,
            socket,
            loopback: bind_some("the canaries' door", "127.0.0.1:0").await?,
            metrics: bind_some("metrics", &settings.metrics.listen).await?,
        })
    }

    /// The door canaries set out through: SMTP as everybody uses it, or the loopback one where that asks for more than
    /// they can say.
    fn for_canaries(&self) -> Option<SocketAddr> {
        let is_plain = !self.mail.tls_required && self.mail.proxies.is_empty();
        let listener = self.smtp.as_ref().filter(|_| is_plain).or(self.loopback.as_ref())?;
        let at = listener.local_addr().ok()?;
        Some(if at.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], at.port())) } else { at })
    }
}

async fn bind(what: &'static str, at: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(at).await.map_err(|source| StartError::Listen { what, at: at.to_owned(), source })
}

async fn bind_some(what: &'static str, at: &str) -> Result<Option<TcpListener>, StartError> {
    if at.is_empty() { Ok(None) } else { bind(what, at).await.map(Some) }
}

fn socket(path: &Path) -> Result<Socket, StartError> {
    let failed = |source| StartError::Listen { what: "the LMTP door", at: path.display().to_string(), source };
    Socket::bind(path).map_err(failed)
}

/// What the mail doors show and allow; reads the certificate.
pub fn mail_settings(settings: &Settings) -> Result<intake::Settings, StartError> {
    let mail = &settings.mail;
    let identity = mail.identity_files().map(|(cert, key)| Identity::load(cert, key)).transpose()?;
    Ok(intake::Settings {
        identity: identity.map(Arc::new),
        tls_required: mail.tls == Tls::Required,
        proxies: mail.proxies(),
        ..intake::Settings::new(mail.hostname())
    })
}

/// A house at work.
pub struct Running {
    identity: Option<Arc<Identity>>,
    stop: CancellationToken,
    tracker: TaskTracker,
    house: Arc<House>,
}

/// Opens the doors and starts the motors. `mailbox`: a hosted one to fetch from.
pub fn start(house: Arc<House>, doors: Doors, transport: Transport, mailbox: Option<Account>) -> Running {
    let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
    start_canaries(&house, &doors, &stop, &tracker);
    let identity = doors.mail.identity.clone();
    if let Some(identity) = &identity {
        tracker.spawn(watch(Arc::clone(identity), stop.clone()));
    }
    let reception = Intake::new(Arc::new(Gateway(Arc::clone(&house))), doors.mail);
    let listeners = [(doors.smtp, Entrance::SMTP), (doors.smtps, Entrance::SMTPS), (doors.lmtp, Entrance::LMTP)];
    for (listener, entrance) in listeners {
        if let Some(listener) = listener {
            tracker.spawn(intake::serve(listener, entrance, Arc::clone(&reception), stop.clone(), tracker.clone()));
        }
    }
    if let Some(listener) = doors.loopback {
        let settings = intake::Settings::new(&house.rules.mail_domain);
        let reception = Intake::new(Arc::new(Gateway(Arc::clone(&house))), settings);
        tracker.spawn(intake::serve(listener, Entrance::SMTP, reception, stop.clone(), tracker.clone()));
    }
    if let Some(socket) = doors.socket {
        let reception = Arc::clone(&reception);
        tracker.spawn(intake::serve(socket, Entrance::LMTP, reception, stop.clone(), tracker.clone()));
    }
    tracker.spawn(web::serve(doors.web, web::router(Arc::clone(&house)), stop.clone()));
    if let (Some(listener), Some(handle)) = (doors.metrics, telemetry::start_metrics()) {
        tracker.spawn(web::serve(listener, web::ops_router(Arc::clone(&house), handle), stop.clone()));
    }
    tracker.spawn(outbox::run(Arc::clone(&house), transport, stop.clone()));
    tracker.spawn(jobs::run(Arc::clone(&house), stop.clone()));
    if let Some(account) = mailbox {
        tracker.spawn(fetch::run(Arc::clone(&house), account, stop.clone()));
    }
    Running { identity, stop, tracker, house }
}

/// Lets canaries fly, where they have a way out and a way home.
fn start_canaries(house: &Arc<House>, doors: &Doors, stop: &CancellationToken, tracker: &TaskTracker) {
    if let Some(home) = doors.loopback.as_ref().and_then(|l| l.local_addr().ok()) {
        // Set once: a house is opened once in a process.
        let _ = house.loopback.set(home);
    }
    let way = doors.for_canaries().map(|door| Transport::relay(&format!("smtp://{door}?tls=none"), "localhost", None));
    if let Some(Ok(door)) = way {
        tracker.spawn(canary::run(Arc::clone(house), door, stop.clone()));
    }
}

/// Looks now and then whether the certificate was renewed.
async fn watch(identity: Arc<Identity>, stop: CancellationToken) {
    while tokio::time::timeout(RENEWAL_CHECK, stop.cancelled()).await.is_err() {
        renew(&identity);
    }
}

fn renew(identity: &Identity) {
    match identity.refresh() {
        Ok(true) => tracing::info!("the certificate of the mail doors was renewed"),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "the renewed certificate cannot be used; the old one stays"),
    }
}

impl Running {
    /// Reads again what may change while the house is open: the certificate.
    pub fn reload(&self) {
        if let Some(identity) = &self.identity {
            renew(identity);
        }
    }

    /// First stage of stopping: doors close, work drains, at most [`GRACE`]. Dropping the future is the second stage.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(GRACE, self.tracker.wait()).await.is_err() {
            tracing::warn!("some work did not end in time");
        }
        self.house.db.close().await;
    }
}
