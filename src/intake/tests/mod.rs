//! The doors tried out: a small reception, raw conversations, and the doors on real sockets.

mod data;
mod doors;
mod limits;
mod proxied;
mod secure;
mod talk;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::meters::Meters;
use super::session::{End, Session};
use super::{Entrance, Intake, Peer, Protocol, Reception, Reply, Sender, Settings};
use crate::secret::PlainBytes;

/// A mail as the reception got it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Taken {
    peer: String,
    sender: String,
    recipients: Vec<String>,
    mail: Vec<u8>,
}

/// Takes everything for example.org; some local parts behave as they are called.
#[derive(Default)]
struct House {
    taken: Mutex<Vec<Taken>>,
}

fn described(peer: &Peer) -> String {
    format!(
        "{} {} {} {}",
        if peer.protocol == Protocol::Smtp { "smtp" } else { "lmtp" },
        peer.ip,
        peer.hello,
        if peer.tls { "tls" } else { "clear" }
    )
}

fn written(sender: &Sender) -> String {
    match sender {
        Sender::Null => "<>".to_owned(),
        Sender::Odd => "odd".to_owned(),
        Sender::Address(address) => address.text(),
    }
}

impl Reception for House {
    type Recipient = String;

    async fn recipient(&self, _: &Peer, _: &Sender, local: &str, domain: &str) -> Result<String, Reply> {
        match (local, domain) {
            ("postmaster", "") => Ok("postmaster".to_owned()),
            ("nobody", _) => Err(Reply::no_such_mailbox()),
            ("yes", _) => Err(Reply::accepted()),
            ("leave", _) => Err(Reply::new(421, (4, 7, 0), "Leave")),
            ("frozen", _) => std::future::pending().await,
            ("umlaut", _) => Err(Reply::refused("für immer\r\n250 geschlossen")),
            (local, "example.org" | "xn--bcher-kva.example") => Ok(local.to_owned()),
            _ => Err(Reply::no_relaying()),
        }
    }

    async fn deliver(&self, peer: &Peer, sender: &Sender, recipients: Vec<String>, mail: PlainBytes) -> Vec<Reply> {
        if recipients.iter().any(|name| name == "hang") {
            std::future::pending::<()>().await;
        }
        if recipients.iter().any(|name| name == "slow") {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        assert!(!recipients.iter().any(|name| name == "panic"), "on demand");
        let replies = recipients.iter().filter(|name| *name != "silent").map(|name| match name.as_str() {
            "later" => Reply::new(451, (4, 2, 0), "Later"),
            "never" => Reply::new(554, (5, 2, 0), "Never"),
            "busy" => Reply::new(421, (4, 3, 2), "Busy"),
            _ => Reply::accepted(),
        });
        let replies = replies.collect();
        let taken = Taken { peer: described(peer), sender: written(sender), recipients, mail: mail.reveal().clone() };
        self.taken.lock().unwrap().push(taken);
        replies
    }
}

impl House {
    fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }
}

/// A house with small limits, so that tests reach them.
fn small() -> Settings {
    Settings {
        mail_bytes_max: 100_000,
        recipients_max: 3,
        bad_commands_max: 5,
        chatter_max: 10,
        mails_per_connection_max: 4,
        refused_per_connection_max: 3,
        mails_per_source_max: 6,
        refused_per_source_max: 5,
        connections_max: 8,
        connections_per_source_max: 4,
        ..Settings::new("mx.example.org")
    }
}

/// Everything one test needs.
struct Trial {
    house: Arc<House>,
    intake: Arc<Intake<House>>,
    stop: CancellationToken,
}

impl Trial {
    fn new(settings: Settings) -> Self {
        let house = Arc::new(House::default());
        Self { intake: Intake::new(Arc::clone(&house), settings), house, stop: CancellationToken::new() }
    }

    /// A session over any stream.
    fn session<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, protocol: Protocol) -> Session<S, House> {
        let ip = "192.0.2.7".parse().unwrap();
        let peer = Peer { ip, hello: String::new(), tls: false, protocol };
        Session::new(stream, peer, true, Arc::clone(&self.intake), Arc::new(Meters::new("test")), self.stop.clone())
    }

    /// Says everything at once, hangs up, and hears what comes back. `packet` is the size in which bytes travel.
    async fn say(&self, protocol: Protocol, packet: usize, words: &[u8]) -> (String, End) {
        let (ours, theirs) = duplex(packet);
        let session = ended(self.session(theirs, protocol));
        let (mut hear, mut speak) = tokio::io::split(ours);
        let talk = async {
            // The door may have closed before everything was said.
            let _ = speak.write_all(words).await;
            let _ = speak.shutdown().await;
        };
        let listen = async {
            let mut heard = Vec::new();
            hear.read_to_end(&mut heard).await.unwrap();
            String::from_utf8(heard).unwrap()
        };
        let (end, (), heard) = tokio::join!(session, talk, listen);
        (heard, end)
    }
}

/// Runs a session that does not ask for TLS.
async fn ended<S: AsyncRead + AsyncWrite + Unpin>(session: Session<S, House>) -> End {
    session.run().await.err().expect("an end")
}

/// A door on a real socket.
struct OpenDoor {
    trial: Trial,
    address: SocketAddr,
    tracker: TaskTracker,
    served: JoinHandle<()>,
}

async fn open(entrance: Entrance) -> OpenDoor {
    open_with(entrance, small()).await
}

async fn open_with(entrance: Entrance, settings: Settings) -> OpenDoor {
    let trial = Trial::new(settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tracker = TaskTracker::new();
    let serving = super::serve(listener, entrance, Arc::clone(&trial.intake), trial.stop.clone(), tracker.clone());
    OpenDoor { trial, address, tracker, served: tokio::spawn(serving) }
}

impl OpenDoor {
    async fn knock(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// Hears what comes next.
async fn hear<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut part = [0; 4096];
    let count = timeout(Duration::from_secs(10), stream.read(&mut part)).await.unwrap().unwrap();
    String::from_utf8(part[..count].to_vec()).unwrap()
}

async fn hear_all<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut heard = String::new();
    timeout(Duration::from_secs(10), stream.read_to_string(&mut heard)).await.unwrap().unwrap();
    heard
}

/// The codes of final lines: `220 250 354`.
fn codes(heard: &str) -> String {
    assert!(heard.is_empty() || heard.ends_with("\r\n"), "{heard:?}");
    let last_lines = heard.split_terminator("\r\n").filter(|line| line.as_bytes().get(3) == Some(&b' '));
    last_lines.map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>().join(" ")
}

/// What a client does to a mail before it sends it with DATA (RFC 5321 4.5.2).
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line_begins = true;
    for (at, &byte) in mail.iter().enumerate() {
        if line_begins && byte == b'.' {
            out.push(b'.');
        }
        out.push(byte);
        line_begins = byte == b'\n' && at > 0 && mail[at - 1] == b'\r';
    }
    if !line_begins {
        out.extend(b"\r\n");
    }
    out.extend(b".\r\n");
    out
}
