//! Mails that were made to cost time, or were damaged: read or refused, and soon.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// The budget of one mail is 250 ms; builds without optimization and busy machines get more.
fn soon(what: &str, start: Instant) {
    let limit = if cfg!(debug_assertions) { 20_000 } else { 1_000 };
    assert!(start.elapsed() < Duration::from_millis(limit), "{what} took {:?}", start.elapsed());
}

#[test]
fn hostile_mails_are_refused_soon() {
    let deep: String =
        (0..10_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    let absent: String =
        (0..10_000).map(|n| format!("--x\r\nContent-Type: multipart/mixed; boundary=absent{n}\r\n\r\n")).collect();
    let head = "From: a@example.org\r\n";
    let multipart = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
    for (what, mail, expected) in [
        ("nothing", String::new(), Unreadable::Empty),
        ("blanks", " \r\n\0\t\r\n".repeat(100_000), Unreadable::Empty),
        ("no mail", String::from("hello there\r\n\r\nFrom: a@example.org\r\n"), Unreadable::NotAMail),
        ("depth", deep, Unreadable::TooDeep),
        ("parts", format!("{multipart}{}", "--x\r\n\r\na\r\n".repeat(100_000)), Unreadable::TooManyParts),
        ("absent boundaries", format!("{multipart}{absent}"), Unreadable::TooManyParts),
        ("one long header", format!("{head}X-Long: {}\r\n\r\n", "a".repeat(1 << 20)), Unreadable::HeadersTooLarge),
        (
            "one long folded header",
            format!("{head}X-Long: {}\r\n\r\n", "a\r\n ".repeat(1 << 20)),
            Unreadable::HeadersTooLarge,
        ),
        ("many headers", format!("{}\r\n", "X: y\r\n".repeat(3_000)), Unreadable::TooManyHeaders),
        (
            "many part headers",
            format!("{multipart}--x\r\n{}\r\n", "X: y\r\n".repeat(3_000)),
            Unreadable::TooManyHeaders,
        ),
        ("size", format!("{head}\r\n{}", "a".repeat(MAIL_BYTES_MAX)), Unreadable::TooLarge),
    ] {
        let start = Instant::now();
        assert_eq!(refused(mail.into_bytes()), expected, "{what}");
        soon(what, start);
    }
}

#[test]
fn laborious_mails_are_read_soon() {
    let head = "From: a@example.org\r\n";
    let html = "Content-Type: text/html\r\n\r\n";
    let multipart = "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n";
    for (what, mail) in [
        ("tags", format!("{head}{html}{}", "<a href=".repeat(400_000))),
        ("entities", format!("{head}{html}{}", "&notx;<b>".repeat(400_000))),
        ("dashes", format!("{head}{multipart}{}", "--\r\n".repeat(1_000_000))),
        ("line feeds", format!("{head}{multipart}{}", "\n".repeat(4_000_000))),
        (
            "continued parameters",
            format!(
                "{head}Content-Type: text/plain; {}\r\n\r\n",
                (1..1_200).map(|n| format!("a*{n}=x;")).collect::<String>()
            ),
        ),
        ("encoded words", format!("{head}Subject: {}?=\r\n\r\n", "=?a?z?".repeat(40_000))),
        ("open encoded words", format!("{head}Subject: {}\r\n\r\n", "=?a?q?".repeat(40_000))),
        ("mailboxes", format!("From: {}\r\n\r\n", "a@example.org,".repeat(1_000))),
        ("comments", format!("From: {}\r\n\r\n", "(".repeat(16_000))),
    ] {
        let start = Instant::now();
        let got = read(RawLetter::new(mail.into_bytes())).unwrap_or_else(|(_, reason)| panic!("{what}: {reason}"));
        soon(what, start);
        assert!(got.text.reveal().len() <= LETTER_TEXT_BYTES_MAX);
    }
}

/// One change to a mail.
#[derive(Debug, Clone)]
enum Damage {
    Cut(usize),
    Set(usize, u8),
    Insert(usize, Vec<u8>),
    Repeat(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let pieces = [
        "\r\n",
        "\n\n",
        "--",
        "=?utf-8?b?",
        "?=",
        "boundary=",
        "Content-Type: multipart/mixed; boundary=x\n",
        "\n--x\n",
        "\0",
        "\u{202e}",
        "=",
        "<script>",
        "&#x202e;",
    ];
    let piece = prop_oneof![
        prop::sample::select(pieces.to_vec()).prop_map(|p| p.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..8)
    ];
    prop_oneof![
        any::<usize>().prop_map(Damage::Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (any::<usize>(), piece).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        (any::<usize>(), 1_usize..200).prop_map(|(at, length)| Damage::Repeat(at, length)),
    ]
}

fn apply(mail: &mut Vec<u8>, damage: Damage) {
    let place = |at: usize| at % (mail.len() + 1);
    match damage {
        Damage::Cut(at) => mail.truncate(place(at)),
        Damage::Set(at, byte) => {
            let at = place(at);
            if let Some(old) = mail.get_mut(at) {
                *old = byte;
            }
        }
        Damage::Insert(at, piece) => {
            let at = place(at);
            mail.splice(at..at, piece);
        }
        Damage::Repeat(at, length) => {
            let at = place(at);
            let piece = mail[at..mail.len().min(at + length)].to_vec();
            mail.splice(at..at, piece);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(mail: Vec<u8>, head in "(From: a@b.example|Content-Type: [a-z/;= \"*']{0,30})?") {
        let mail = [head.as_bytes(), b"\r\n\r\n", mail.as_slice()].concat();
        dedup_digest(&mail);
        if let Ok(letter) = read(RawLetter::new(mail)) {
            check_letter(&letter);
        }
    }

    #[test]
    fn damaged_mails_are_read_or_refused(nth: prop::sample::Index, damages in prop::collection::vec(damage(), 1..6)) {
        let all: Vec<_> = ["letters", "mime", "malformed"].into_iter().flat_map(corpus).collect();
        let mut mail = nth.get(&all).1.clone();
        for damage in damages {
            apply(&mut mail, damage);
        }
        match read(RawLetter::new(mail)) {
            Ok(letter) => check_letter(&letter),
            Err((_, reason)) => prop_assert_ne!(reason, Unreadable::Broken),
        }
    }
}
