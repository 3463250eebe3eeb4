//! A relay made of our own mail door.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::intake::{Entrance, Intake, Peer, Reception, Reply, Sender, Settings, serve};
use crate::outbox::Transport;
use crate::secret::PlainBytes;

/// A mail the relay took.
#[derive(Clone)]
pub(super) struct Taken {
    pub(super) sender: String,
    pub(super) recipient: String,
    pub(super) text: String,
}

/// The names of mails.
pub(super) fn message_ids(taken: &[Taken]) -> HashSet<String> {
    taken.iter().map(|t| t.text.split("Message-ID: ").nth(1).unwrap().lines().next().unwrap().to_owned()).collect()
}

#[derive(Default)]
struct Counter {
    taken: Mutex<Vec<Taken>>,
    reply: AtomicU16,
}

impl Reception for Counter {
    type Recipient = String;

    async fn recipient(&self, _: &Peer, _: &Sender, local: &str, domain: &str) -> Result<String, Reply> {
        match self.reply.load(Ordering::SeqCst) {
            0 | 250 => Ok(format!("{local}@{domain}")),
            code => Err(Reply::new(code, (5, 1, 1), format!("<{local}@{domain}> is quoted here"))),
        }
    }

    async fn deliver(&self, _: &Peer, sender: &Sender, recipients: Vec<String>, mail: PlainBytes) -> Vec<Reply> {
        let sender = match sender {
            Sender::Address(address) => address.text(),
            Sender::Null | Sender::Odd => String::new(),
        };
        let text = String::from_utf8(mail.reveal().clone()).unwrap();
        let mut taken = self.taken.lock().unwrap();
        taken.extend(recipients.iter().map(|r| Taken {
            sender: sender.clone(),
            recipient: r.clone(),
            text: text.clone(),
        }));
        recipients.iter().map(|_| Reply::accepted()).collect()
    }
}

/// The relay.
pub(super) struct Post {
    counter: Arc<Counter>,
    pub(super) address: SocketAddr,
    stop: CancellationToken,
    tracker: TaskTracker,
    served: JoinHandle<()>,
}

impl Post {
    pub(super) async fn open() -> Self {
        Self::open_at("127.0.0.1:0".parse().unwrap()).await
    }

    pub(super) async fn open_at(address: SocketAddr) -> Self {
        let counter = Arc::new(Counter::default());
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let intake = Intake::new(Arc::clone(&counter), Settings::new("relay.example"));
        let served = tokio::spawn(serve(listener, Entrance::SMTP, intake, stop.clone(), tracker.clone()));
        Self { counter, address, stop, tracker, served }
    }

    pub(super) fn transport(&self) -> Transport {
        Transport::relay(&format!("smtp://{}?tls=none", self.address), "surat.example", None).unwrap()
    }

    pub(super) fn will_say(&self, code: u16) {
        self.counter.reply.store(code, Ordering::SeqCst);
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        self.counter.taken.lock().unwrap().clone()
    }

    pub(super) async fn close(self) {
        self.stop.cancel();
        self.tracker.close();
        self.served.await.unwrap();
    }
}
