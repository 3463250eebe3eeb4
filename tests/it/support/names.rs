//! A name server on loopback with a zone of the test's own. It speaks as much DNS (RFC 1035) as a resolver asks for.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

const A: u16 = 1;
const MX: u16 = 15;
const TXT: u16 = 16;

/// What is said about a name.
#[derive(Clone)]
enum Answer {
    Records(Vec<Vec<u8>>),
    /// The server is broken.
    Failure,
    /// Nothing ever comes back.
    Silence,
}

#[derive(Default)]
struct Zone {
    answers: HashMap<(String, u16), Answer>,
    asked: Vec<String>,
}

/// The server; it ends when dropped.
pub(crate) struct Names {
    pub(crate) at: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    task: JoinHandle<()>,
}

impl Drop for Names {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Names {
    pub(crate) async fn open() -> Self {
        Self::at(UdpSocket::bind("127.0.0.1:0").await.unwrap())
    }

    /// At a place of the test's choice.
    pub(crate) fn at(socket: UdpSocket) -> Self {
        let at = socket.local_addr().unwrap();
        let zone = Arc::<Mutex<Zone>>::default();
        let task = tokio::spawn(serve(socket, Arc::clone(&zone)));
        Self { at, zone, task }
    }

    /// A text record, in pieces of 255 bytes as the wire wants them.
    pub(crate) fn txt(&self, name: &str, text: &str) {
        let mut data = Vec::new();
        for piece in text.as_bytes().chunks(255) {
            data.push(u8::try_from(piece.len()).unwrap());
            data.extend_from_slice(piece);
        }
        self.put(name, TXT, data);
    }

    pub(crate) fn a(&self, name: &str, ip: Ipv4Addr) {
        self.put(name, A, ip.octets().to_vec());
    }

    pub(crate) fn mx(&self, name: &str, host: &str) {
        let mut data = vec![0, 10];
        data.extend(wire_name(host));
        self.put(name, MX, data);
    }

    pub(crate) fn breaks(&self, name: &str) {
        self.set(name, TXT, Answer::Failure);
    }

    pub(crate) fn is_silent(&self, name: &str) {
        self.set(name, TXT, Answer::Silence);
    }

    /// How often somebody asked for a name.
    pub(crate) fn asked(&self, name: &str) -> usize {
        self.zone.lock().unwrap().asked.iter().filter(|n| *n == name).count()
    }

    fn set(&self, name: &str, kind: u16, answer: Answer) {
        self.zone.lock().unwrap().answers.insert((name.to_ascii_lowercase(), kind), answer);
    }

    fn put(&self, name: &str, kind: u16, data: Vec<u8>) {
        let mut zone = self.zone.lock().unwrap();
        let answer = zone.answers.entry((name.to_ascii_lowercase(), kind)).or_insert(Answer::Records(Vec::new()));
        match answer {
            Answer::Records(all) => all.push(data),
            other => *other = Answer::Records(vec![data]),
        }
    }
}

async fn serve(socket: UdpSocket, zone: Arc<Mutex<Zone>>) {
    let mut query = [0; 1500];
    while let Ok((length, from)) = socket.recv_from(&mut query).await {
        if let Some(reply) = reply(&query[..length], &zone) {
            let _ = socket.send_to(&reply, from).await;
        }
    }
}

/// The reply to a query with one question; `None` where nothing is said.
fn reply(query: &[u8], zone: &Mutex<Zone>) -> Option<Vec<u8>> {
    let (mut name, mut at) = (String::new(), 12);
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(&String::from_utf8_lossy(query.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes(query.get(at..at + 2)?.try_into().ok()?);
    let question = query.get(12..at + 4)?;
    let mut zone = zone.lock().unwrap();
    zone.asked.push(name.clone());
    let exists = zone.answers.keys().any(|(n, _)| *n == name || n.ends_with(&format!(".{name}")));
    let (code, records) = match zone.answers.get(&(name, kind)) {
        Some(Answer::Silence) => return None,
        Some(Answer::Failure) => (2, Vec::new()),
        Some(Answer::Records(all)) => (0, all.clone()),
        None if exists => (0, Vec::new()),
        None => (3, Vec::new()),
    };
    let mut out = query[..2].to_vec();
    out.extend([0x81, 0x80 | code, 0, 1]);
    out.extend(u16::try_from(records.len()).unwrap().to_be_bytes());
    out.extend([0; 4]);
    out.extend(question);
    for data in records {
        // The name of the question, its kind, class IN, an hour.
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0x0e, 0x10]);
        out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend(data);
    }
    Some(out)
}

fn wire_name(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.') {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}
