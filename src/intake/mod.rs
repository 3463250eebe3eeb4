//! SMTP and LMTP doors.
//!
//! A door takes one mail after another from a connection, within the limits of [`Settings`], and hands each whole to a
//! [`Reception`]; it answers the client with what the reception says. It knows nothing of threads, desks or the store,
//! keeps nothing of a mail after the answer, and writes nothing of a mail into a log.
//!
//! - `session`: one connection; `command` reads its lines, `body` gathers a mail with `dots`, `wire` moves the bytes, `patience`
//!   keeps the time.
//! - `listen`: accepts connections, caps them, stops gracefully.
//!
//! Only CR LF, dot, CR LF ends a mail. Every other line break is part of it and is handed over as it came.

mod body;
mod command;
mod dots;
mod lines;
mod listen;
mod meters;
mod patience;
mod reply;
mod session;
mod settings;
#[cfg(test)]
mod tests;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub use listen::{Door, serve};
pub use reply::Reply;
pub use settings::Settings;

use crate::address::MailAddress;
use crate::secret::PlainBytes;

/// Which conversation a door holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 5321: one reply for a mail.
    Smtp,
    /// RFC 2033: one reply for every recipient of a mail.
    Lmtp,
}

impl Protocol {
    /// The name in logs and counters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
        }
    }
}

/// The envelope sender. It has no `Debug`: an address belongs in no log.
#[derive(Clone, PartialEq, Eq)]
pub enum Sender {
    /// `<>`: a report that must never be answered by mail.
    Null,
    /// An address mail can be sent to.
    Address(MailAddress),
    /// SMTP allows it, but it is none we would ever write to (quoted local parts and the like).
    Odd,
}

/// Who is at the other end of a connection, as far as the connection tells. It has no `Debug`: an address belongs in no
/// log.
#[derive(Clone, PartialEq, Eq)]
pub struct Peer {
    /// Where the client is; behind a load balancer the address it names. Loopback for a socket of this machine.
    pub ip: IpAddr,
    /// What it called itself with EHLO, HELO or LHLO: its own claim.
    pub hello: String,
    /// Is the connection encrypted?
    pub tls: bool,
    /// How it speaks. Behind LMTP stands a mail server of ours; `ip` and `hello` are then that server's.
    pub protocol: Protocol,
}

/// Who takes the mails: implemented by the application.
///
/// Both futures are dropped when they take longer than [`Settings::answer_timeout`], or than [`Settings::grace`] once
/// the house closes. The client is then told to come back, so a mail whose delivery was cut off may be delivered twice.
pub trait Reception: Send + Sync + 'static {
    /// Where a mail goes; means something to the application only.
    type Recipient: Send + Sync;

    /// Is there somebody of this address? The domain is lower-case ASCII; it is empty for `<postmaster>`.
    /// An error is sent to the client as it is; 421 also ends the connection.
    fn recipient(
        &self,
        peer: &Peer,
        sender: &Sender,
        local: &str,
        domain: &str,
    ) -> impl Future<Output = Result<Self::Recipient, Reply>> + Send;

    /// Takes a mail for its recipients, at least one, and answers for each of them, in their order. Success means: it
    /// is durable. A missing answer counts as [`Reply::try_later`].
    fn deliver(
        &self,
        peer: &Peer,
        sender: &Sender,
        recipients: Vec<Self::Recipient>,
        mail: PlainBytes,
    ) -> impl Future<Output = Vec<Reply>> + Send;
}

/// A reception with everything its doors share: limits, memory budget, connection slots.
pub struct Intake<R> {
    reception: Arc<R>,
    settings: Settings,
    budget: body::Budget,
    slots: Arc<listen::Slots>,
    connections: AtomicU64,
    lines: lines::Lines,
}

impl<R: Reception> Intake<R> {
    /// Sets the house up; [`serve`] opens its doors.
    pub fn new(reception: Arc<R>, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            reception,
            budget: body::Budget::new(settings.mail_memory_bytes_max, settings.connections_max),
            slots: Arc::new(listen::Slots::new(settings.connections_max, settings.connections_per_source_max)),
            connections: AtomicU64::new(0),
            lines: lines::Lines::new(&settings),
            settings,
        })
    }
}
