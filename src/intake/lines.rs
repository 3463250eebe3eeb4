//! What a session says.

use super::reply::Reply;
use super::{Protocol, Settings};

pub(super) const HELLO: Reply = Reply::known(250, (2, 0, 0), "Hello");
pub(super) const SENDER_OK: Reply = Reply::known(250, (2, 1, 0), "Sender accepted");
pub(super) const CHUNK_OK: Reply = Reply::known(250, (2, 0, 0), "Chunk accepted");
pub(super) const OK: Reply = Reply::known(250, (2, 0, 0), "OK");
pub(super) const BYE: Reply = Reply::known(221, (2, 0, 0), "Good-bye");
pub(super) const NOT_TOLD: Reply = Reply::known(252, (2, 5, 2), "Addresses are not verified here; send the mail");
pub(super) const HELP: Reply = Reply::known(214, (2, 0, 0), "See RFC 5321");
pub(super) const OTHER_PROTOCOL: Reply = Reply::known(500, (5, 5, 1), "Another protocol is spoken here");
pub(super) const HELLO_FIRST: Reply = Reply::known(503, (5, 5, 1), "Say hello first");
pub(super) const MAIL_FIRST: Reply = Reply::known(503, (5, 5, 1), "MAIL comes first");
pub(super) const MAIL_TWICE: Reply = Reply::known(503, (5, 5, 1), "Sender already given");
pub(super) const RCPT_FIRST: Reply = Reply::known(503, (5, 5, 1), "No valid recipients");
pub(super) const CHUNKS_BEGUN: Reply = Reply::known(503, (5, 5, 1), "The mail comes in chunks already");
pub(super) const RECIPIENTS_MAX: Reply = Reply::spoken(452, (4, 5, 3), "door-recipients");
pub(super) const LINE_TOO_LONG: Reply = Reply::known(500, (5, 5, 2), "Line too long");
pub(super) const ENOUGH_MAILS: Reply =
    Reply::known(421, (4, 7, 0), "Enough mails for one connection; please connect again");
pub(super) const ENOUGH_ERRORS: Reply = Reply::known(421, (4, 7, 0), "Too many errors");
pub(super) const TOO_SLOW: Reply = Reply::known(421, (4, 4, 2), "Time-out; closing the connection");
pub(super) const TLS_READY: Reply = Reply::known(220, (2, 0, 0), "Ready to start TLS");
pub(super) const TLS_TWICE: Reply = Reply::known(503, (5, 5, 1), "TLS has begun already");
pub(super) const TLS_FIRST: Reply = Reply::spoken(530, (5, 7, 0), "door-tls");
pub(super) const SOURCE_MAILS: Reply = Reply::spoken(450, (4, 7, 1), "door-many-mails");
pub(super) const SOURCE_GUESSES: Reply = Reply::spoken(450, (4, 7, 1), "door-many-guesses");
pub(super) const CLOSING: Reply = Reply::known(421, (4, 3, 2), "Going down for maintenance; please come back");

/// Lines that are the same for every connection of a house.
pub(super) struct Lines {
    smtp_greeting: Vec<u8>,
    lmtp_greeting: Vec<u8>,
    extensions: Vec<u8>,
    extensions_with_tls: Vec<u8>,
}

impl Lines {
    pub(super) fn new(settings: &Settings) -> Self {
        let (name, size) = (&settings.hostname, settings.mail_bytes_max);
        let extensions = |first| {
            format!(
                "250-{name}\r\n{first}250-PIPELINING\r\n250-SIZE {size}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
                 250-ENHANCEDSTATUSCODES\r\n250 CHUNKING\r\n"
            )
        };
        Self {
            smtp_greeting: format!("220 {name} ESMTP\r\n").into_bytes(),
            lmtp_greeting: format!("220 {name} LMTP\r\n").into_bytes(),
            extensions: extensions("").into_bytes(),
            extensions_with_tls: extensions("250-STARTTLS\r\n").into_bytes(),
        }
    }

    /// The first words of a door.
    pub(super) fn greeting(&self, protocol: Protocol) -> &[u8] {
        match protocol {
            Protocol::Smtp => &self.smtp_greeting,
            Protocol::Lmtp => &self.lmtp_greeting,
        }
    }

    /// The answer to EHLO and LHLO, with or without STARTTLS.
    pub(super) fn extensions(&self, starttls: bool) -> &[u8] {
        if starttls { &self.extensions_with_tls } else { &self.extensions }
    }
}
