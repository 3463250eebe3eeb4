//! Where mails go: to a relay, or into a folder while there is none.
//!
//! The only file that names lettre. Connections are kept here rather than in its own pool: that pool takes back a
//! connection whose conversation was cut off in the middle, and the next mail would hear the answers to the last one.
//!
//! Errors of lettre may quote what the relay said, which may quote the address. Only words of ours and the digits of a
//! reply get out of here.

use std::error::Error as _;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::compose::Mail;
use super::relay_url::{BadRelay, RelayUrl, Tls};
use crate::address::MailAddress;
use crate::house::House;
use crate::ids::OutboxId;
use crate::motor::{Outcome, Reason};

/// A relay has greeted us and let us in by then.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// And has taken a mail by then; together less than a try may last.
const SEND_TIMEOUT: Duration = Duration::from_secs(50);
/// A kept connection is alive if it answers within this time.
const NOOP_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections kept at the most.
const KEPT_MAX: usize = 4;

/// Where mails go.
pub enum Transport {
    /// Into files named after their rows, for a house without a relay and for tests.
    Folder(PathBuf),
    /// To a relay.
    Relay(Box<Relay>),
}

/// A server that takes our mails and carries them on.
pub struct Relay {
    url: RelayUrl,
    tls: Option<TlsParameters>,
    hello: ClientId,
    kept: Mutex<Vec<AsyncSmtpConnection>>,
}

impl Transport {
    /// A relay by its URL, see [`RelayUrl`]; `hostname` is the name we say hello with. `ca` holds the only authorities
    /// that may vouch for it, instead of those this machine trusts.
    pub fn relay(url: &str, hostname: &str, ca: Option<&Path>) -> Result<Self, BadRelay> {
        let url = RelayUrl::parse(url)?;
        let tls = match url.tls {
            Tls::None => None,
            Tls::Wrapped | Tls::Required | Tls::Opportunistic => Some(tls_parameters(&url.host, ca)?),
        };
        let hello = ClientId::Domain(hostname.to_owned());
        Ok(Self::Relay(Box::new(Relay { url, tls, hello, kept: Mutex::default() })))
    }

    /// Hands a mail on.
    pub async fn send(&self, row: OutboxId, mail: Mail) -> Outcome {
        match self {
            Self::Relay(relay) => relay.send(&mail).await,
            Self::Folder(folder) => {
                let (folder, name) = (folder.clone(), row.to_string());
                let written = tokio::task::spawn_blocking(move || write(&folder, &name, mail.message.reveal())).await;
                match written {
                    Ok(Ok(())) => Outcome::Done,
                    Ok(Err(_)) => Outcome::TryLater(Reason::word("folder")),
                    Err(_) => Outcome::TryLater(Reason::FAULT),
                }
            }
        }
    }

    /// Whether mails can be handed on at this moment, without sending any.
    pub async fn check(&self) -> Result<(), Reason> {
        match self {
            Self::Relay(relay) => relay.check().await,
            Self::Folder(folder) => {
                let folder = folder.clone();
                let made = tokio::task::spawn_blocking(move || make(&folder)).await;
                if matches!(made, Ok(Ok(()))) { Ok(()) } else { Err(Reason::word("folder")) }
            }
        }
    }
}

fn tls_parameters(host: &str, ca: Option<&Path>) -> Result<TlsParameters, BadRelay> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca {
        let pem = std::fs::read(path).map_err(|_| BadRelay::Authority)?;
        // A file without any would be taken for one, and then no relay would do.
        if CertificateDer::pem_slice_iter(&pem).next().is_none_or(|first| first.is_err()) {
            return Err(BadRelay::Authority);
        }
        let authority = Certificate::from_pem(&pem).map_err(|_| BadRelay::Authority)?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authority);
    }
    builder.build().map_err(|_| if ca.is_some() { BadRelay::Authority } else { BadRelay::Certificates })
}

/// The way to a mail door of this process.
pub(crate) fn loopback(house: &House) -> Option<Transport> {
    let door = house.loopback.get()?;
    Transport::relay(&format!("smtp://{door}?tls=none"), &house.rules.mail_domain, None).ok()
}

fn make(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a whole file or none; the same row again overwrites it.
fn write(folder: &Path, name: &str, message: &[u8]) -> std::io::Result<()> {
    make(folder)?;
    let unfinished = folder.join(format!(".{name}.unfinished"));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(message)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, folder.join(format!("{name}.eml")))?;
    std::fs::File::open(folder)?.sync_all()
}

impl Relay {
    async fn send(&self, mail: &Mail) -> Outcome {
        let (Some(from), Some(to)) = (lettre_address(&mail.sender), lettre_address(&mail.recipient)) else {
            return Outcome::GiveUp(Reason::word("address"));
        };
        let Ok(envelope) = Envelope::new(Some(from), vec![to]) else {
            return Outcome::GiveUp(Reason::word("address"));
        };
        let mut connection = match self.connection().await {
            Ok(connection) => connection,
            // Whatever the relay says here is about us and not about this mail.
            Err(reason) => return Outcome::TryLater(reason),
        };
        // lettre ends the last line itself.
        let message = mail.message.reveal();
        let message = message.strip_suffix(b"\r\n").unwrap_or(message);
        match timeout(SEND_TIMEOUT, connection.send(&envelope, message)).await {
            Ok(Ok(_)) => {
                let mut kept = self.kept.lock().await;
                if kept.len() < KEPT_MAX {
                    kept.push(connection);
                }
                Outcome::Done
            }
            Ok(Err(error)) => verdict(&error),
            Err(_) => Outcome::TryLater(Reason::TIMEOUT),
        }
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, Reason> {
        loop {
            let Some(mut kept) = self.kept.lock().await.pop() else {
                break;
            };
            if timeout(NOOP_TIMEOUT, kept.test_connected()).await == Ok(true) {
                return Ok(kept);
            }
        }
        match timeout(CONNECT_TIMEOUT, self.connect()).await {
            Ok(connected) => connected.map_err(|error| reason(&error, "connect")),
            Err(_) => Err(Reason::TIMEOUT),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let server = (self.url.host.as_str(), self.url.port);
        let wrapped = if self.url.tls == Tls::Wrapped { self.tls.clone() } else { None };
        let limit = Some(CONNECT_TIMEOUT);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, limit, &self.hello, wrapped, None).await?;
        if let (Tls::Required | Tls::Opportunistic, Some(tls)) = (self.url.tls, &self.tls)
            && (self.url.tls == Tls::Required || connection.can_starttls())
        {
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some((user, password)) = &self.url.credentials {
            let credentials = Credentials::new(user.clone(), password.reveal().clone());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    async fn check(&self) -> Result<(), Reason> {
        let mut connection = self.connection().await?;
        // A relay that lets us in but does not say goodbye would take mails too.
        let _ = timeout(NOOP_TIMEOUT, connection.quit()).await;
        Ok(())
    }
}

fn lettre_address(address: &MailAddress) -> Option<Address> {
    Address::new(address.local(), address.domain()).ok()
}

/// What an error while a mail was handed over means for it.
fn verdict(error: &Error) -> Outcome {
    // lettre's own refusal: the address needs SMTPUTF8, which the relay does not speak.
    if error.is_client() {
        return Outcome::GiveUp(Reason::word("needs-smtputf8"));
    }
    let reason = reason(error, "send");
    match error.status().map(u16::from) {
        // Refusals of us or of our conversation; the mail is not to blame (RFC 5321 4.2.3, RFC 4954 6, RFC 7504).
        Some(502 | 503 | 504 | 521 | 530 | 534 | 535 | 538) => Outcome::TryLater(reason),
        Some(500..) => Outcome::GiveUp(reason),
        _ => Outcome::TryLater(reason),
    }
}

/// An error without what it quotes. `step` stands for errors that say nothing better.
fn reason(error: &Error, step: &'static str) -> Reason {
    if let Some(code) = error.status() {
        Reason::with_code("smtp", u16::from(code))
    } else if error.is_timeout() {
        Reason::TIMEOUT
    } else if error.is_tls() || is_handshake(error) {
        Reason::word("tls")
    } else if error.is_client() {
        Reason::word("relay-lacks-starttls-or-auth")
    } else {
        Reason::word(step)
    }
}

/// A handshake that failed arrives as an input error of the connection; after STARTTLS as one within another.
fn is_handshake(error: &Error) -> bool {
    std::iter::successors(error.source(), |&cause| cause.source())
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::InvalidData)
}
