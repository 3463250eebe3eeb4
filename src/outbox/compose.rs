//! Writes a mail: the text a person sees and the header lines around it.
//!
//! All mails of a house look alike from outside: one sender, one shape, bodies filled up with empty lines to one size
//! and the header lines that differ filled up to another. Whoever counts bytes learns neither what a mail says nor in
//! which language. A mail sent again bears the same Message-ID, so that mailboxes recognise it.

use askama::Template;

use crate::address::MailAddress;
use crate::clock::Moment;
use crate::flow::leave::Opened;
use crate::flow::letter_mail::message_name;
use crate::house::Rules;
use crate::mime;
use crate::seal::{HouseKey, bounce_local};
use crate::secret::PlainBytes;
use crate::store::outbox::Outgoing;
use crate::texts::Texts;

/// Bodies are this long, in bytes; one that does not fit takes a multiple of it.
pub const BODY_BYTES: usize = 1_024;
/// Subject and transfer encoding take this many bytes together with their filler.
const VARYING_BYTES: usize = 200;
/// Lines of an encoded body, in bytes (RFC 2045 6.7).
const ENCODED_LINE_MAX: usize = 76;
/// Lines of a body that is not, in bytes (RFC 5322 2.1.1).
const PLAIN_LINE_MAX: usize = 998;
/// Where a client says when to send mails.
const SETTINGS_PATH: &str = "/mailbox/settings";

/// A mail as it leaves. No `Debug`: it holds an address and a link.
pub struct Mail {
    /// The envelope sender: this mail's own return address, so that a report about it says which mail it means.
    pub sender: MailAddress,
    /// To whom.
    pub recipient: MailAddress,
    /// Header lines and body.
    pub message: PlainBytes,
}

/// The domain in the settings is none.
#[derive(Debug, thiserror::Error)]
#[error("the mail domain in the settings is not a domain")]
pub struct BadDomain;

#[derive(Template)]
#[template(path = "mail/note.txt", escape = "none")]
struct Note<'a> {
    text: String,
    link: &'a str,
    stop: String,
    settings: String,
}

/// Writes the mail that a row of the outbox stands for.
pub fn compose(key: &HouseKey, rules: &Rules, row: &Outgoing, opened: &Opened, now: Moment) -> Result<Mail, BadDomain> {
    let sender = MailAddress::parse(&format!("no-reply@{}", rules.mail_domain)).map_err(|_| BadDomain)?;
    // Where a report about this mail comes back to: it says by itself which mail it means.
    let back = format!("{}@{}", bounce_local(row.id, key), sender.domain());
    let back = MailAddress::parse(&back).map_err(|_| BadDomain)?;
    if let Some(letter) = &opened.message {
        return Ok(reply(key, row, opened, letter, back, now));
    }
    let texts = Texts(row.language);
    let say = |part: &str| texts.t(&format!("mail-{}-{part}", row.kind.word()));
    let note = Note {
        text: say("text"),
        link: opened.link.reveal(),
        stop: say("stop"),
        settings: format!("{}{SETTINGS_PATH}", rules.public_url),
    };
    let (encoding, body) = body(&note.to_string());
    let subject = text_field(&say("subject"));
    let filler = ".".repeat(VARYING_BYTES.saturating_sub(subject.len() + encoding.len()).max(1));
    let name = message_name(key, row.id);
    let message = format!(
        "From: {from} <{sender}>\r\n\
         To: <{to}>\r\n\
         Subject: {subject}\r\n\
         Date: {date}\r\n\
         Message-ID: <{name}@{domain}>\r\n\
         Auto-Submitted: auto-generated\r\n\
         X-Auto-Response-Suppress: All\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: {encoding}\r\n\
         X-Filler: {filler}\r\n\
         \r\n\
         {body}",
        from = phrase(&rules.sender_name),
        sender = sender.text(),
        to = opened.recipient.text(),
        date = date(now),
        domain = sender.domain(),
    );
    Ok(Mail { recipient: opened.recipient.clone(), message: PlainBytes::new(message.into_bytes()), sender: back })
}

/// The mail of a reply: what was written when it was handed in, and what is known only now. Programs are asked not to
/// answer it.
fn reply(
    key: &HouseKey,
    row: &Outgoing,
    opened: &Opened,
    letter: &PlainBytes,
    sender: MailAddress,
    now: Moment,
) -> Mail {
    let head = format!(
        "To: <{to}>\r\nDate: {date}\r\nMessage-ID: <{name}@{domain}>\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n",
        to = opened.recipient.text(),
        date = date(now),
        name = message_name(key, row.id),
        domain = sender.domain(),
    );
    let message = PlainBytes::new([head.as_bytes(), letter.reveal()].concat());
    Mail { recipient: opened.recipient.clone(), message, sender }
}

/// Not the row's own name: that stays in the house.
fn date(now: Moment) -> String {
    now.utc().format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// The body with its encoding, filled up with empty lines.
fn body(text: &str) -> (&'static str, String) {
    let is_ascii = text.bytes().all(|b| b == b'\n' || (b' '..=b'~').contains(&b));
    let is_plain = is_ascii && text.lines().all(|line| line.len() <= PLAIN_LINE_MAX);
    let (encoding, mut body) = if is_plain {
        ("7bit", text.lines().flat_map(|line| [line.trim_end(), "\r\n"]).collect())
    } else {
        ("quoted-printable", quoted_printable(text))
    };
    let whole = (body.len() + 4).next_multiple_of(BODY_BYTES);
    if (whole - body.len()) % 2 == 1 {
        // The one line that is not empty: a blank, encoded where a blank at the end would be.
        body.push_str(if encoding == "7bit" { " \r\n" } else { "=20\r\n" });
    }
    while body.len() < whole {
        body.push_str("\r\n");
    }
    (encoding, body)
}

/// RFC 2045 6.7.
fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        let line = line.trim_end();
        let mut column = 0;
        for byte in line.bytes() {
            let sign = match byte {
                b'=' => "=3D".to_owned(),
                b' '..=b'~' => char::from(byte).to_string(),
                other => format!("={other:02X}"),
            };
            // The last column is for the `=` of a soft line break.
            if column + sign.len() >= ENCODED_LINE_MAX {
                out.push_str("=\r\n");
                column = 0;
            }
            column += sign.len();
            out.push_str(&sign);
        }
        out.push_str("\r\n");
    }
    out
}

/// Text in a header line: as it is, or in encoded words.
fn text_field(text: &str) -> String {
    let is_plain = text.bytes().all(|b| (b' '..=b'~').contains(&b)) && text.len() <= 60 && !text.contains("=?");
    if is_plain { text.to_owned() } else { mime::words(text) }
}

/// The name before an address: bare words, or encoded ones.
fn phrase(name: &str) -> String {
    let name = name.trim();
    let is_bare = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ') && name.len() <= 60;
    if is_bare { name.to_owned() } else { mime::words(name) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::chance::SeededChance;
    use crate::ids::OutboxId;
    use crate::parse::{self, RawLetter};
    use crate::role::Language;
    use crate::seal::Cost;
    use crate::secret::PlainText;
    use crate::store::outbox::MailKind;

    const KINDS: [MailKind; 3] = [MailKind::Notification, MailKind::Confirmation, MailKind::Unreadable];

    fn rules() -> Rules {
        Rules {
            public_url: "https://surat.example".into(),
            mail_domain: "surat.example".into(),
            plus_address: None,
            sender_name: "Kotak Surat".into(),
            recall: std::time::Duration::ZERO,
            leave_url: String::new(),
            daily_hour: 8,
            outbox_folder: None,
            cost: Cost::CHEAP,
        }
    }

    fn mail(rules: &Rules, id: u8, kind: MailKind, language: Language, to: &str) -> Mail {
        let key = HouseKey::draw(&SeededChance::new(1));
        let id = OutboxId::from([id; 16]);
        let row = Outgoing {
            id,
            kind,
            language,
            recipient_sealed: vec![],
            link_sealed: vec![],
            tries: 1,
            address_hash: vec![],
        };
        let link = match kind {
            MailKind::Notification | MailKind::Unreadable | MailKind::Letter => "https://surat.example/sign-in",
            MailKind::Confirmation => "https://surat.example/confirm/abcdefghijklmnopqrstuvwxyz234567",
            MailKind::Canary => "",
        };
        let opened = Opened { recipient: MailAddress::parse(to).unwrap(), link: PlainText::from(link), message: None };
        compose(&key, rules, &row, &opened, Moment::from_micros(1_795_000_000_000_000)).unwrap()
    }

    fn text(mail: &Mail) -> String {
        String::from_utf8(mail.message.reveal().clone()).unwrap()
    }

    #[test]
    fn all_mails_have_one_size() {
        let (mut heads, mut bodies) = (HashSet::new(), HashSet::new());
        for kind in KINDS {
            for language in Language::ALL {
                let text = text(&mail(&rules(), 7, kind, language, "sari@example.org"));
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                heads.insert(head.len());
                bodies.insert(body.len());
                assert!(text.is_ascii() && !text.replace("\r\n", "").contains(['\r', '\n']));
                assert!(text.lines().all(|l| l.len() <= 78 || l.starts_with("X-Filler")), "{text}");
            }
        }
        assert_eq!(bodies, HashSet::from([BODY_BYTES]));
        assert_eq!(heads.len(), 1, "{heads:?}");
    }

    #[test]
    fn a_mail_says_little_and_can_be_read() {
        let expected = [
            ("You have a new message", "https://surat.example/sign-in"),
            ("Please confirm this address", "https://surat.example/confirm/abcdefghijklmnopqrstuvwxyz234567"),
            ("Please send your message again", "https://surat.example/sign-in"),
        ];
        for (kind, (subject, link)) in KINDS.into_iter().zip(expected) {
            let mail = mail(&rules(), 7, kind, Language::English, "sari@example.org");
            let raw = mail.message.reveal().clone();
            let header = |name: &str| parse::header(&raw, name).join("|").trim().to_owned();
            assert_eq!(header("Date"), "Wed, 18 Nov 2026 11:06:40 +0000");
            assert_eq!(
                (header("Auto-Submitted"), header("X-Auto-Response-Suppress")),
                ("auto-generated".into(), "All".into())
            );
            let letter = parse::read(RawLetter::new(raw.clone())).ok().unwrap();
            assert!(letter.problems.is_empty() && letter.signs.auto_submitted && letter.files.is_empty());
            assert_eq!(letter.subject.reveal(), subject);
            assert_eq!(letter.from.map(|a| a.text()).as_deref(), Some("no-reply@surat.example"));
            let (name, domain) = letter.message_id.as_deref().unwrap().split_once('@').unwrap().to_owned();
            assert!(name.len() == 26 && domain == "surat.example");
            let body = letter.text.reveal();
            assert!(
                body.contains(&format!("\n\n{link}\n\n"))
                    && body.contains("\n\nhttps://surat.example/mailbox/settings"),
                "{body}"
            );
            let told = text(&mail).to_lowercase();
            for word in ["counsel", "konsel", "letter", "desk", "meja", "merpati", "<img", "html"] {
                assert!(!told.contains(word), "{word}: {told}");
            }
        }
    }

    #[test]
    fn the_texts_are_there_and_plain() {
        for kind in KINDS {
            for part in ["subject", "text", "stop"] {
                let key = format!("mail-{}-{part}", kind.word());
                for language in Language::ALL {
                    assert!(Texts(language).has(&key), "{key}");
                    let text = Texts(language).t(&key);
                    assert!(text.is_ascii() && text.lines().all(|l| l.len() <= 72), "{text}");
                }
            }
        }
    }

    #[test]
    fn the_message_id_belongs_to_the_row() {
        let id = |row, language| {
            let raw = mail(&rules(), row, MailKind::Notification, language, "sari@example.org").message;
            parse::header(raw.reveal(), "Message-ID").join("")
        };
        assert_eq!(id(1, Language::English), id(1, Language::Indonesian));
        assert_ne!(id(1, Language::English), id(2, Language::English));
        assert!(!id(1, Language::English).contains(&OutboxId::from([1; 16]).to_string()));
    }

    #[test]
    fn names_and_texts_of_other_scripts() {
        let rules =
            Rules { sender_name: "Boîte \"aux\" lettres\r\nBcc: x@example.org, et quelques autres".into(), ..rules() };
        let raw = mail(&rules, 7, MailKind::Notification, Language::English, "sari@example.org");
        assert!(!text(&raw).contains("\r\nBcc"));
        let from = parse::header(raw.message.reveal(), "From").join("");
        assert_eq!(from, r#"Boîte "aux" lettresBcc: x@example.org, et quelques autres <no-reply@surat.example>"#);
        assert_eq!(text(&raw).matches("=?utf-8?B?").count(), 2);

        let long = "Olá — ".repeat(40) + "=\nx ";
        let (encoding, encoded) = body(&long);
        assert_eq!((encoding, encoded.len()), ("quoted-printable", BODY_BYTES));
        assert!(encoded.lines().all(|l| l.len() <= ENCODED_LINE_MAX));
        let raw = format!(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{encoded}"
        );
        let letter = parse::read(RawLetter::new(raw.into_bytes())).ok().unwrap();
        assert_eq!(letter.text.reveal().trim_end(), long.trim_end());
        for extra in 0..8 {
            assert_eq!(body(&"x".repeat(500 + extra)).1.len(), BODY_BYTES);
            assert_eq!(body(&"é".repeat(50 + extra)).1.len(), BODY_BYTES);
        }
        assert_eq!(body(&"x\n".repeat(600)).1.len(), 2 * BODY_BYTES);
    }
}
