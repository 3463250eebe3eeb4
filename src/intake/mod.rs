//! SMTP and LMTP doors.
//!
//! A door takes one mail after another from a connection, within the limits of [`Settings`], and hands each whole to a
//! [`Reception`]; it answers the client with what the reception says. It knows nothing of threads, desks or the store,
//! keeps nothing of a mail after the answer, and writes nothing of a mail into a log.
//!
//! - `session`: one connection, and how it takes mails in; `command` reads its lines, `body` gathers a mail with `dots`, `wire` moves the bytes, `patience`
//!   keeps the time, `reply` and `speech` find the words.
//! - `listen`: accepts connections, caps them, stops gracefully; `sockets` are what it listens at, `sources` where
//!   connections come from, `proxy` what a load balancer says of that.
//! - `identity`: the certificate the doors show, `validity` until when it is good.
//!
//! Only CR LF, dot, CR LF ends a mail. Every other line break is part of it and is handed over as it came.

mod body;
mod command;
mod dots;
mod identity;
mod lines;
mod listen;
mod meters;
mod patience;
mod proxy;
mod reply;
mod session;
mod settings;
mod sockets;
mod sources;
mod speech;
#[cfg(test)]
mod tests;
mod validity;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub use identity::{BadIdentity, Facts, Identity};
pub use listen::serve;
pub use proxy::{Network, NotANetwork};
pub use reply::Reply;
pub use settings::Settings;
pub use sockets::{Door, Socket};

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

/// What is spoken at a door, and from when on in secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entrance {
    /// The conversation.
    pub protocol: Protocol,
    /// TLS begins with the first byte (RFC 8314) instead of with STARTTLS.
    pub wrapped: bool,
}

impl Entrance {
    /// SMTP, with STARTTLS where there is a certificate.
    pub const SMTP: Self = Self { protocol: Protocol::Smtp, wrapped: false };
    /// SMTP inside TLS; needs [`Settings::identity`].
    pub const SMTPS: Self = Self { protocol: Protocol::Smtp, wrapped: true };
    /// LMTP, with STARTTLS where there is a certificate.
    pub const LMTP: Self = Self { protocol: Protocol::Lmtp, wrapped: false };

    /// The name in logs and counters.
    pub const fn name(self) -> &'static str {
        match (self.protocol, self.wrapped) {
            (Protocol::Smtp, false) => "smtp",
            (Protocol::Smtp, true) => "smtps",
            (Protocol::Lmtp, false) => "lmtp",
            (Protocol::Lmtp, true) => "lmtps",
        }
    }

    /// A line for a connection that has not begun: where TLS is expected nobody would understand it.
    const fn in_clear(self, line: &[u8]) -> &[u8] {
        if self.wrapped { &[] } else { line }
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
    slots: Arc<sources::Slots>,
    rates: sources::Rates,
    connections: AtomicU64,
    lines: lines::Lines,
}

impl<R: Reception> Intake<R> {
    /// Sets the house up; [`serve`] opens its doors.
    pub fn new(reception: Arc<R>, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            reception,
            budget: body::Budget::new(settings.mail_memory_bytes_max, settings.connections_max),
            slots: Arc::new(sources::Slots::new(settings.connections_max, settings.connections_per_source_max)),
            rates: sources::Rates::new(
                settings.mails_per_source_max,
                settings.refused_per_source_max,
                settings.sources_max,
            ),
            connections: AtomicU64::new(0),
            lines: lines::Lines::new(&settings),
            settings,
        })
    }
}
