//! Reads one command line. What smtp-proto gets wrong for a server is set right here.

use std::borrow::Cow;

use smtp_proto::{
    Error, MAIL_BODY_BINARYMIME, MAIL_BY_NOTIFY, MAIL_BY_RETURN, MAIL_REQUIRETLS, MAIL_SMTPUTF8, MailFrom, Request,
};

use super::Sender;
use super::reply::Reply;
use crate::address::MailAddress;

/// How a client said hello.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hello {
    Helo,
    Ehlo,
    Lhlo,
}

/// Who a mail shall go to.
pub(super) enum Recipient {
    /// `<postmaster>` without a domain (RFC 5321 4.5.1).
    Postmaster,
    Address(MailAddress),
}

/// A command, read and checked as far as it can be without its context.
pub(super) enum Command {
    /// With the name the client gave itself.
    Hello(Hello, String),
    Mail {
        sender: Sender,
        size: usize,
        utf8: bool,
    },
    Rcpt {
        recipient: Recipient,
        utf8: bool,
    },
    Data,
    Bdat {
        length: usize,
        last: bool,
    },
    StartTls,
    Rset,
    Noop,
    Vrfy,
    Help,
    Quit,
    /// Cannot be done; the conversation goes on.
    Bad(Reply),
    /// Cannot be done, and nothing behind it can be trusted to be a command.
    Lost(Reply),
}

const SYNTAX: Reply = Reply::known(501, (5, 5, 4), "Syntax error in parameters");
const UNREADABLE: Reply = Reply::known(500, (5, 5, 2), "Line not understood");
const UNKNOWN: Reply = Reply::known(500, (5, 5, 1), "Unknown command");
pub(super) const UNOFFERED: Reply = Reply::known(502, (5, 5, 1), "Not available here");
const PARAMETER: Reply = Reply::known(555, (5, 5, 4), "Parameter not supported");
const SENDER: Reply = Reply::known(553, (5, 1, 7), "Sender address not understood");
const RECIPIENT: Reply = Reply::known(553, (5, 1, 3), "Recipient address not understood");
const NEEDS_UTF8: Reply = Reply::known(553, (5, 6, 7), "This address needs SMTPUTF8");
const NO_MAIL: Reply = Reply::known(554, (5, 5, 1), "This is a mail server");

/// Reads a line with its line end.
pub(super) fn read(line: &[u8]) -> Command {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let Some(text) = printable(text) else {
        // After half a BDAT the bytes of its chunk would be taken for commands.
        return if is_word(text, b"BDAT") { Command::Lost(UNREADABLE) } else { Command::Bad(UNREADABLE) };
    };
    if is_word(text.as_bytes(), b"BDAT") {
        return chunk(text);
    }
    if ["GET", "POST", "PUT", "CONNECT"].iter().any(|word| is_word(text.as_bytes(), word.as_bytes())) {
        return Command::Lost(NO_MAIL);
    }
    match Request::parse(&mut line.iter()) {
        Ok(request) => command(request, text),
        Err(error) => Command::Bad(complaint(&error)),
    }
}

/// UTF-8 without control characters, or nothing.
fn printable(text: &[u8]) -> Option<&str> {
    let clean = text.iter().all(|&b| b >= b' ' && b != 0x7f);
    std::str::from_utf8(text).ok().filter(|_| clean)
}

/// Does the line begin with this word, alone or before a blank?
fn is_word(line: &[u8], word: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let (head, tail) = line.split_at(word.len().min(line.len()));
    head.eq_ignore_ascii_case(word) && tail.first().is_none_or(|b| !b.is_ascii_alphanumeric())
}

/// `BDAT length [LAST]`, read strictly: a length understood in two ways is how one mail becomes two.
fn chunk(text: &str) -> Command {
    let mut words = text.split_ascii_whitespace().skip(1);
    let length = words.next().filter(|word| word.len() <= 18 && word.bytes().all(|b| b.is_ascii_digit()));
    let Some(length) = length.and_then(|word| word.parse().ok()) else {
        return Command::Lost(SYNTAX);
    };
    match (words.next(), words.next()) {
        (None, _) => Command::Bdat { length, last: false },
        (Some(word), None) if word.eq_ignore_ascii_case("LAST") => Command::Bdat { length, last: true },
        _ => Command::Lost(SYNTAX),
    }
}

fn command(request: Request<Cow<'_, str>>, line: &str) -> Command {
    match request {
        Request::Helo { host } => Command::Hello(Hello::Helo, named(&host)),
        Request::Ehlo { host } => Command::Hello(Hello::Ehlo, named(&host)),
        Request::Lhlo { host } => Command::Hello(Hello::Lhlo, named(&host)),
        Request::Mail { from } => mail(&from, line),
        Request::Rcpt { to } => rcpt(&to.address, line),
        Request::Data => Command::Data,
        Request::StartTls if line.trim().eq_ignore_ascii_case("STARTTLS") => Command::StartTls,
        Request::StartTls => Command::Bad(SYNTAX),
        Request::Rset => Command::Rset,
        Request::Noop { .. } => Command::Noop,
        Request::Vrfy { .. } => Command::Vrfy,
        Request::Help { .. } => Command::Help,
        Request::Quit => Command::Quit,
        Request::Bdat { .. } => Command::Lost(SYNTAX),
        Request::Auth { .. }
        | Request::Expn { .. }
        | Request::Etrn { .. }
        | Request::Atrn { .. }
        | Request::Burl { .. } => Command::Bad(UNOFFERED),
    }
}

/// The name of a hello, cut at what a domain may have (RFC 5321 4.5.3.1.2).
fn named(host: &str) -> String {
    host.chars().take(255).collect()
}

/// What stands between the first `<` and the `>` behind it.
fn path(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    Some(path.trim())
}

fn mail(from: &MailFrom<Cow<'_, str>>, line: &str) -> Command {
    // These promise something to the sender that we would not keep.
    let promises = MAIL_BODY_BINARYMIME | MAIL_REQUIRETLS | MAIL_BY_NOTIFY | MAIL_BY_RETURN;
    if from.flags & promises != 0 || from.hold_for != 0 || from.hold_until != 0 {
        return Command::Bad(PARAMETER);
    }
    let utf8 = from.flags & MAIL_SMTPUTF8 != 0;
    if !utf8 && !from.address.is_ascii() {
        return Command::Bad(NEEDS_UTF8);
    }
    let sender = match MailAddress::parse(&from.address) {
        Ok(address) => Sender::Address(address),
        Err(_) if path(line) == Some("") => Sender::Null,
        Err(_) => Sender::Odd,
    };
    Command::Mail { sender, size: from.size, utf8 }
}

fn rcpt(address: &str, line: &str) -> Command {
    // smtp-proto turns the address `<postmaster>` into the empty one.
    if address.is_empty() && path(line).is_some_and(|path| path.eq_ignore_ascii_case("postmaster")) {
        return Command::Rcpt { recipient: Recipient::Postmaster, utf8: false };
    }
    match MailAddress::parse(address) {
        Ok(parsed) => Command::Rcpt { recipient: Recipient::Address(parsed), utf8: !address.is_ascii() },
        Err(_) => Command::Bad(RECIPIENT),
    }
}

/// The reply to a line that smtp-proto refuses. Nothing of the line is repeated.
const fn complaint(error: &Error) -> Reply {
    match error {
        Error::UnknownCommand => UNKNOWN,
        Error::InvalidSenderAddress => SENDER,
        Error::InvalidRecipientAddress => RECIPIENT,
        Error::UnsupportedParameter { .. } => PARAMETER,
        Error::SyntaxError { .. } | Error::InvalidParameter { .. } => SYNTAX,
        Error::NeedsMoreData { .. } | Error::ResponseTooLong | Error::InvalidResponse { .. } => UNREADABLE,
    }
}

/// The reply to an address beyond ASCII in a mail that was not announced with SMTPUTF8.
pub(super) const fn needs_utf8() -> Reply {
    NEEDS_UTF8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> String {
        match read(line.as_bytes()) {
            Command::Hello(Hello::Helo, name) => format!("helo {name}"),
            Command::Hello(Hello::Ehlo, name) => format!("ehlo {name}"),
            Command::Hello(Hello::Lhlo, name) => format!("lhlo {name}"),
            Command::Mail { sender, size, utf8 } => {
                let sender = match sender {
                    Sender::Null => "null".into(),
                    Sender::Odd => "odd".into(),
                    Sender::Address(address) => address.text(),
                };
                format!("mail {sender} {size} {utf8}")
            }
            Command::Rcpt { recipient: Recipient::Postmaster, .. } => "rcpt postmaster".into(),
            Command::Rcpt { recipient: Recipient::Address(address), utf8 } => format!("rcpt {} {utf8}", address.text()),
            Command::Data => "data".into(),
            Command::Bdat { length, last } => format!("bdat {length} {last}"),
            Command::StartTls => "starttls".into(),
            Command::Rset => "rset".into(),
            Command::Noop => "noop".into(),
            Command::Vrfy => "vrfy".into(),
            Command::Help => "help".into(),
            Command::Quit => "quit".into(),
            Command::Bad(reply) => format!("bad {}", reply.code()),
            Command::Lost(reply) => format!("lost {}", reply.code()),
        }
    }

    #[test]
    fn what_a_line_means() {
        for (line, expected) in [
            ("EHLO mx.example.org\r\n", "ehlo mx.example.org"),
            ("helo x\n", "helo x"),
            ("LHLO [192.0.2.1]\r\n", "lhlo [192.0.2.1]"),
            ("EHLO\r\n", "bad 501"),
            ("MAIL FROM:<sari@Example.org>\r\n", "mail sari@example.org 0 false"),
            ("mail from: <sari@example.org> size=77 BODY=8BITMIME\r\n", "mail sari@example.org 77 false"),
            ("MAIL FROM:<> RET=HDRS ENVID=abc\r\n", "mail null 0 false"),
            ("MAIL FROM:<postmaster>\r\n", "mail odd 0 false"),
            ("MAIL FROM:<\"a b\"@example.org>\r\n", "mail odd 0 false"),
            ("MAIL FROM:<a@-b.example>\r\n", "mail odd 0 false"),
            ("MAIL FROM:<@relay.example:sari@example.org>\r\n", "mail sari@example.org 0 false"),
            ("MAIL FROM:<sörén@example.org> SMTPUTF8\r\n", "mail sörén@example.org 0 true"),
            ("MAIL FROM:<sörén@example.org>\r\n", "bad 553"),
            ("MAIL FROM:<a@b.example> BODY=BINARYMIME\r\n", "bad 555"),
            ("MAIL FROM:<a@b.example> REQUIRETLS\r\n", "bad 555"),
            ("MAIL FROM:<a@b.example> WHATEVER=1\r\n", "bad 555"),
            ("MAIL FROM:<a@b.example> SIZE=x\r\n", "bad 501"),
            ("MAIL FROM:<a@b..example>\r\n", "bad 553"),
            ("MAIL FROM:a@b.example\r\n", "bad 501"),
            ("MAIL\r\n", "bad 501"),
            ("RCPT TO:<surat@example.org> NOTIFY=NEVER ORCPT=rfc822;x@y.example\r\n", "rcpt surat@example.org false"),
            ("RCPT TO:<PostMaster>\r\n", "rcpt postmaster"),
            ("RCPT TO:<postmaster@example.org>\r\n", "rcpt postmaster@example.org false"),
            ("RCPT TO:<>\r\n", "bad 553"),
            ("RCPT TO:<surat>\r\n", "bad 553"),
            ("RCPT TO:<a@[192.0.2.1]>\r\n", "bad 553"),
            ("RCPT TO:<\"a@b\"@example.org>\r\n", "bad 553"),
            ("RCPT TO:<böb@bücher.example>\r\n", "rcpt böb@xn--bcher-kva.example true"),
            ("DATA\r\n", "data"),
            ("BDAT 0\r\n", "bdat 0 false"),
            ("bdat 12 last\r\n", "bdat 12 true"),
            ("BDAT\r\n", "lost 501"),
            ("BDAT x\r\n", "lost 501"),
            ("BDAT +1\r\n", "lost 501"),
            ("BDAT 1 FIRST\r\n", "lost 501"),
            ("BDAT 1 LAST 2\r\n", "lost 501"),
            ("BDAT 99999999999999999999999\r\n", "lost 501"),
            ("BDAT 1\0\r\n", "lost 500"),
            ("RSET\r\n", "rset"),
            ("NOOP whatever\r\n", "noop"),
            ("VRFY sari\r\n", "vrfy"),
            ("HELP\r\n", "help"),
            ("QUIT\r\n", "quit"),
            ("STARTTLS\r\n", "starttls"),
            ("STARTTLS now\r\n", "bad 501"),
            ("AUTH PLAIN AGEAYg==\r\n", "bad 502"),
            ("EXPN list\r\n", "bad 502"),
            ("\r\n", "bad 500"),
            ("FOO\r\n", "bad 500"),
            ("NO\0OP\r\n", "bad 500"),
            ("NOOP\rQUIT\r\n", "bad 500"),
            ("GET / HTTP/1.1\r\n", "lost 554"),
            ("POST /x HTTP/1.1\r\n", "lost 554"),
        ] {
            assert_eq!(told(line), expected, "{line:?}");
        }
        assert!(matches!(read(b"NOOP \xff\r\n"), Command::Bad(_)));
    }
}
