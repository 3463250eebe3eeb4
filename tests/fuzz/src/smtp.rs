//! Conversations at a mail door: whatever a client says, and however its bytes are cut, the door keeps to the protocol.
//!
//! The input: a byte of settings, a byte that says how the bytes are cut, and what the client says. A line `STARTTLS` that
//! is answered with 220 is followed by a real handshake, and by what stands behind the word of parting [`SECRET`].

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use merpati::intake::{Door, Entrance, Identity, Intake, Peer, Reception, Reply, Sender, Settings, serve};
use merpati::secret::PlainBytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::choices::Choices;
use super::smtp_model::{Model, Rules, Taken};

/// Parts what is said in clear from what is said once the connection is encrypted.
const SECRET: &[u8] = b"<<TLS>>";
/// No conversation lasts longer; the clock jumps when nobody has anything to do.
const HOURS: Duration = Duration::from_secs(12 * 3600);
/// Longest input: time goes by the byte when they arrive one by one.
const BYTES_MAX: usize = 16 * 1024;
const NAME: &str = "mx.example.org";

/// Takes everything for example.org; some local parts behave as they are called.
#[derive(Default)]
struct House {
    taken: Mutex<Vec<Taken>>,
}

impl Reception for House {
    type Recipient = String;

    async fn recipient(&self, _: &Peer, _: &Sender, local: &str, domain: &str) -> Result<String, Reply> {
        match local {
            "nobody" => Err(Reply::no_such_mailbox()),
            "leave" => Err(Reply::new(421, (4, 7, 0), "Leave")),
            "umlaut" => Err(Reply::refused("für immer\r\n250 geschlossen")),
            _ if domain.is_empty() || domain == "example.org" => Ok(local.to_owned()),
            _ => Err(Reply::no_relaying()),
        }
    }

    async fn deliver(&self, peer: &Peer, _: &Sender, recipients: Vec<String>, mail: PlainBytes) -> Vec<Reply> {
        let replies = recipients.iter().map(|name| match name.as_str() {
            "later" => Reply::try_later(),
            "never" => Reply::unacceptable(),
            _ => Reply::accepted(),
        });
        let replies = replies.collect();
        let taken = Taken { mail: mail.reveal().clone(), recipients: recipients.len(), tls: peer.tls };
        self.taken.lock().unwrap().push(taken);
        replies
    }
}

/// A door through which one connection comes.
struct Once {
    stream: Mutex<Option<DuplexStream>>,
    never: Notify,
}

impl Door for Once {
    type Stream = DuplexStream;

    async fn next(&self) -> std::io::Result<(DuplexStream, Option<IpAddr>)> {
        let stream = self.stream.lock().unwrap().take();
        match stream {
            Some(stream) => Ok((stream, Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))))),
            None => {
                self.never.notified().await;
                Err(std::io::ErrorKind::NotConnected.into())
            }
        }
    }

    fn turn_away(_: DuplexStream, _: &[u8]) {
        panic!("there is room for one");
    }
}

/// The door's certificate, and a client that trusts it.
static CERTIFICATE: LazyLock<(Arc<Identity>, TlsConnector)> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(vec![NAME.to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (cert, key) = (write("cert.pem", &made.cert.pem()), write("key.pem", &made.signing_key.serialize_pem()));
    let load = |cert: &Path, key: &Path| Arc::new(Identity::load(cert, key).unwrap());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(made.cert.der().to_vec())).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    (load(&cert, &key), TlsConnector::from(Arc::new(config)))
});

/// What one client does.
#[derive(Clone, Copy)]
struct Visit<'b> {
    rules: Rules,
    clear: &'b [u8],
    secret: Option<&'b [u8]>,
    /// Says nothing more at the end, instead of hanging up.
    silent: bool,
}

/// What came of it.
#[derive(PartialEq, Eq)]
struct Outcome {
    clear: Vec<u8>,
    secret: Option<Vec<u8>>,
    taken: Vec<Taken>,
}

/// Everything that must hold.
pub fn walk(bytes: &[u8]) {
    let mut choices = Choices::new(bytes.get(..BYTES_MAX).unwrap_or(bytes));
    let flags = choices.byte();
    let cut = 1 + choices.below(200);
    let said = choices.rest();
    let parting = said.windows(SECRET.len()).position(|w| w == SECRET);
    let (clear, secret) = parting.map_or((said, None), |at| (&said[..at], Some(&said[at + SECRET.len()..])));
    let rules = Rules {
        lmtp: flags & 1 != 0,
        offers_tls: flags & 2 != 0 || secret.is_some(),
        tls_required: flags & 4 != 0,
        mail_bytes_max: if flags & 8 != 0 { 40 } else { 2_000 },
    };
    let visit = Visit { rules, clear, secret, silent: flags & 16 != 0 };
    let whole = call(&visit, 64 * 1024);
    check(&visit, &whole);
    let pieces = call(&visit, cut);
    // What follows STARTTLS without waiting may be taken for the handshake: then the connection is lost, and no more.
    if whole.secret.is_some() == pieces.secret.is_some() || secret.is_none() {
        assert!(whole == pieces, "the same, however it is cut:\n{}\n{}", show(&whole), show(&pieces));
    } else {
        check(&visit, &pieces);
    }
}

fn show(outcome: &Outcome) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let secret = outcome.secret.as_deref().map(text);
    format!("{:?} {secret:?} {} mails", text(&outcome.clear), outcome.taken.len())
}

/// Compares what came of a visit with what the protocol says.
fn check(visit: &Visit<'_>, outcome: &Outcome) {
    let mut model = Model::new(visit.rules, &outcome.taken);
    let asked = model.follow(visit.clear, &outcome.clear, false);
    if let (true, Some(said), Some(heard)) = (asked, visit.secret, &outcome.secret) {
        model.follow(said, heard, true);
    }
    model.done();
}

/// One visit; bytes travel in packets of at most `packet` bytes.
fn call(visit: &Visit<'_>, packet: usize) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { tokio::time::timeout(HOURS, talk(visit, packet)).await.expect("it always ends") })
}

async fn talk(visit: &Visit<'_>, packet: usize) -> Outcome {
    let Rules { lmtp, offers_tls, tls_required, mail_bytes_max } = visit.rules;
    let settings = Settings {
        identity: offers_tls.then(|| Arc::clone(&CERTIFICATE.0)),
        tls_required,
        mail_bytes_max,
        recipients_max: 3,
        bad_commands_max: 6,
        chatter_max: 12,
        mails_per_connection_max: 5,
        refused_per_connection_max: 3,
        ..Settings::new(NAME)
    };
    let house = Arc::new(House::default());
    let intake = Intake::new(Arc::clone(&house), settings);
    let (ours, theirs) = duplex(packet);
    let door = Once { stream: Mutex::new(Some(theirs)), never: Notify::new() };
    let entrance = if lmtp { Entrance::LMTP } else { Entrance::SMTP };
    let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
    let serving = tokio::spawn(serve(door, entrance, intake, stop.clone(), tracker.clone()));
    let (mut clear, secret) = client(visit, ours).await;
    if let Some(at) = clear.windows(READY.len()).position(|w| w == READY) {
        let behind = clear.split_off(at + READY.len());
        assert!(behind.is_empty() || behind.starts_with(&[TLS_ALERT]), "words in clear behind the word for TLS");
    }
    stop.cancel();
    tracker.close();
    tracker.wait().await;
    serving.await.unwrap();
    let taken = std::mem::take(&mut *house.taken.lock().unwrap());
    Outcome { clear, secret, taken }
}

/// Says everything; answers "ready to start TLS" with the handshake where there is more to say.
async fn client(visit: &Visit<'_>, mut stream: DuplexStream) -> (Vec<u8>, Option<Vec<u8>>) {
    let starts_tls = visit.secret.is_some();
    let clear = exchange(&mut stream, visit.clear, visit.silent, starts_tls).await;
    let Some(more) = visit.secret.filter(|_| clear.ends_with(READY)) else { return (clear, None) };
    let name = ServerName::try_from(NAME).unwrap();
    let Ok(mut stream) = CERTIFICATE.1.connect(name, stream).await else { return (clear, None) };
    let secret = exchange(&mut stream, more, visit.silent, false).await;
    (clear, Some(secret))
}

/// What says in TLS that a handshake is none.
const TLS_ALERT: u8 = 0x15;
const READY: &[u8] = b"220 2.0.0 Ready to start TLS\r\n";

/// Says everything and hears everything; with `starts_tls` only up to the door's word that the handshake may begin.
async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    words: &[u8],
    silent: bool,
    starts_tls: bool,
) -> Vec<u8> {
    let (mut hear, mut speak) = tokio::io::split(stream);
    let talk = async {
        // The door may have closed before everything was said.
        let said = speak.write_all(words).await.is_ok() && speak.flush().await.is_ok();
        if said && !silent && !starts_tls {
            let _ = speak.shutdown().await;
        }
        std::future::pending::<()>().await;
    };
    let listen = async {
        let (mut heard, mut part) = (Vec::new(), [0; 1024]);
        // A broken line is an end like any other.
        while let Ok(count @ 1..) = hear.read(&mut part).await {
            heard.extend_from_slice(&part[..count]);
            if starts_tls && heard.ends_with(READY) {
                break;
            }
        }
        heard
    };
    tokio::select! {
        heard = listen => heard,
        () = talk => unreachable!("it waits"),
    }
}
