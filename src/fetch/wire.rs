//! The connection to a hosted mailbox: TCP, TLS, sign-in, and waiting for news (IDLE, RFC 2177).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_imap::extensions::idle::IdleResponse;
use async_imap::types::{Mailbox, UnsolicitedResponse};
use async_imap::{Client, Session};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Account, Protection};
use crate::motor::Reason;
use crate::secret::PlainText;

/// The server does not let us in.
pub(super) const REFUSED: Reason = Reason::word("sign-in-refused");
const LOST: Reason = Reason::word("connection-lost");

/// Connecting and signing in take no longer, and no single answer does.
pub(super) const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// Bytes both ways, with TLS or without.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Bytes for T {}

/// A connection that is signed in, and what its server can do.
pub(super) struct Line {
    pub(super) session: Session<Box<dyn Bytes>>,
    /// It tells of new mail by itself.
    pub(super) tells: bool,
    /// It moves mails (RFC 6851).
    pub(super) moves: bool,
    /// It removes single mails (UIDPLUS, RFC 4315).
    pub(super) removes: bool,
}

/// Connects and signs in.
pub(super) async fn open(account: &Account) -> Result<Line, Reason> {
    timeout(ANSWER_TIME_MAX, connect(account)).await.map_err(|_| Reason::TIMEOUT)?
}

async fn connect(account: &Account) -> Result<Line, Reason> {
    let password = tokio::fs::read_to_string(&account.password_file).await;
    let password = PlainText::new(password.map_err(|_| Reason::word("no-password-file"))?);
    let tcp = TcpStream::connect((account.host.as_str(), account.port)).await;
    let tcp = tcp.map_err(|_| Reason::word("unreachable"))?;
    let client = match account.protection {
        Protection::None => greeted(Box::new(tcp)).await?,
        Protection::Implicit => greeted(Box::new(shielded(tcp, account).await?)).await?,
        Protection::StartTls => {
            let mut client = Client::new(tcp);
            client.read_response().await.map_err(|_| LOST)?.ok_or(LOST)?;
            let asked = client.run_command_and_check_ok("STARTTLS", None).await;
            asked.map_err(|_| Reason::word("no-starttls"))?;
            // What came unencrypted behind the answer is dropped with the old client.
            let bytes: Box<dyn Bytes> = Box::new(shielded(client.into_inner(), account).await?);
            Client::new(bytes)
        }
    };
    let signed_in = client.login(&account.user, password.reveal().trim_end_matches(['\r', '\n'])).await;
    let mut session = signed_in.map_err(|(error, _)| match error {
        async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_) => REFUSED,
        _ => LOST,
    })?;
    let can = session.capabilities().await.map_err(|_| LOST)?;
    Ok(Line { tells: can.has_str("IDLE"), moves: can.has_str("MOVE"), removes: can.has_str("UIDPLUS"), session })
}

async fn greeted(bytes: Box<dyn Bytes>) -> Result<Client<Box<dyn Bytes>>, Reason> {
    let mut client = Client::new(bytes);
    client.read_response().await.map_err(|_| LOST)?.ok_or(LOST)?;
    Ok(client)
}

async fn shielded(tcp: TcpStream, account: &Account) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Reason> {
    const NO_TLS: Reason = Reason::word("tls");
    let mut roots = RootCertStore::empty();
    match &account.ca_file {
        Some(file) => {
            let bytes = tokio::fs::read(file).await.map_err(|_| Reason::word("no-ca-file"))?;
            roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&bytes).flatten());
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|_| NO_TLS)?.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(account.host.clone()).map_err(|_| NO_TLS)?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|_| NO_TLS)
}

/// Opens the folder. Its counts and numbers are fresh each time.
pub(super) async fn select(line: &mut Line, folder: &str) -> Result<Mailbox, Reason> {
    answer(line.session.select(folder))
        .await
        .map_err(|reason| if reason == Reason::TIMEOUT || reason == LOST { reason } else { Reason::word("no-folder") })
}

/// Waits for an answer, but not for ever.
pub(super) async fn answer<T>(answer: impl Future<Output = async_imap::error::Result<T>>) -> Result<T, Reason> {
    match timeout(ANSWER_TIME_MAX, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(async_imap::error::Error::Io(_) | async_imap::error::Error::ConnectionLost)) => Err(LOST),
        Ok(Err(_)) => Err(Reason::word("imap")),
        Err(_) => Err(Reason::TIMEOUT),
    }
}

/// Rests until the server tells of something, or for `pause`.
pub(super) async fn rest(mut line: Line, pause: Duration) -> Result<Line, Reason> {
    if !line.tells {
        tokio::time::sleep(pause).await;
        answer(line.session.noop()).await?;
        return Ok(line);
    }
    // What came while others were being taken was told in passing, and the server does not say it again.
    answer(line.session.noop()).await?;
    let mut told = false;
    while let Ok(response) = line.session.unsolicited_responses.try_recv() {
        told |= matches!(response, UnsolicitedResponse::Exists(_));
    }
    if told {
        return Ok(line);
    }
    let mut idle = line.session.idle();
    answer(idle.init()).await?;
    let (news, interrupt) = idle.wait_with_timeout(pause);
    let outcome = timeout(pause + ANSWER_TIME_MAX, news).await;
    drop(interrupt);
    if let Ok(Ok(IdleResponse::ManualInterrupt)) | Ok(Err(_)) | Err(_) = outcome {
        return Err(LOST);
    }
    line.session = answer(idle.done()).await?;
    Ok(line)
}
