//! Opening what came encrypted or signed: all of it, as it was sealed, or nothing, with a reason.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use merpati::clock::Moment;
use merpati::limits::{LETTER_TEXT_BYTES_MAX, MAIL_BYTES_MAX};
use merpati::parse::{self, Letter, RawLetter};
use merpati::seal::{Cert, Lock, PracticeKey, ShutReason, Signed, Wrap, encrypt_mail, read_keys};
use merpati::unwrap::{self, Keyring, learn};

use super::choices::Choices;

const NOW: Moment = Moment::from_micros(1_795_000_000_000_000);
/// Keys that are named where a message stays shut, and keys of one mail that are looked at.
const NAMED_MAX: usize = 4;
/// A limit below most messages, in bytes.
const SMALL: usize = 100;
const BEGIN: &str = "-----BEGIN PGP MESSAGE-----";
const END: &str = "-----END PGP MESSAGE-----";

/// The published key of the corpus these mails are written to, as if it were the practice's.
static PRACTICE: LazyLock<PracticeKey> = LazyLock::new(|| {
    let key = include_bytes!("../../corpus/pgp-protected-headers/keys/openpgp4-secret-key.asc");
    PracticeKey::from_armored(key, None).expect("a key")
});

static SIGNERS: LazyLock<Vec<Cert>> = LazyLock::new(|| vec![PRACTICE.cert().clone()]);

/// A mail that opens: around, and the message itself.
struct Sample {
    before: String,
    message: Vec<u8>,
    after: String,
    plain: Vec<u8>,
    text: String,
}

/// Real mails of other programs, and two of ours: armored text, and PGP/MIME.
static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let real: [&[u8]; 4] = [
        include_bytes!("../../corpus/pgp-protected-headers/crypto/basic-encrypted.eml"),
        include_bytes!("../../corpus/pgp-protected-headers/protected-headers/wrapped-protected-header.eml"),
        include_bytes!("../../corpus/pgp-protected-headers/protected-headers/nested-rfc822-message.eml"),
        include_bytes!("../../corpus/pgp-protected-headers/protected-headers/subjectless-protected-header.eml"),
    ];
    let inside =
        b"Content-Type: text/plain; charset=utf-8; protected-headers=v1\r\nSubject: rahasia\r\n\r\nIsi surat\r\n";
    let seal = |plain: &[u8]| {
        let sealed = encrypt_mail(plain, PRACTICE.cert(), PRACTICE.signer(), NOW).expect("sealed");
        String::from_utf8(sealed).expect("armor")
    };
    let made = [
        format!("From: a@b.example\r\nSubject: ...\r\n\r\n{}\r\n", seal(b"Isi surat")),
        format!(
            "From: a@b.example\r\nSubject: ...\r\nContent-Type: multipart/encrypted; boundary=x;\r\n protocol=\"application/pgp-encrypted\"\
             \r\n\r\n--x\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--x\r\nContent-Type: application/octet-stream\
             \r\n\r\n{}\r\n--x--\r\n",
            seal(inside)
        ),
    ];
    let all = real.into_iter().chain(made.iter().map(String::as_bytes));
    all.map(|mail| Sample::read(mail).expect("a mail that opens")).collect()
});

impl Sample {
    fn read(mail: &[u8]) -> Option<Self> {
        let mail = std::str::from_utf8(mail).ok()?;
        let (from, to) = (mail.find(BEGIN)?, mail.find(END)?);
        let (armor, before, after) = (mail.get(from..to)?, mail.get(..from)?, mail.get(to + END.len()..)?);
        let body = armor.replace('\r', "");
        let (_, body) = body.split_once("\n\n")?;
        let lines: String = body.lines().filter(|l| !l.starts_with('=')).collect();
        let message = BASE64_STANDARD.decode(lines).ok()?;
        let opened = PRACTICE.open_mail(&message, &SIGNERS, MAIL_BYTES_MAX, NOW).ok()?;
        let (letter, wrap) = open(mail.as_bytes())?;
        (wrap.lock == Lock::Opened && opened.encrypted).then_some(())?;
        let (plain, text) = (opened.plain.reveal().clone(), letter.text.reveal().clone());
        Some(Self { before: before.to_owned(), message, after: after.to_owned(), plain, text })
    }

    /// The mail with another message in the old one's place.
    fn with(&self, message: &[u8]) -> Vec<u8> {
        let lines: Vec<String> = message.chunks(48).map(|line| BASE64_STANDARD.encode(line) + "\r\n").collect();
        format!("{}{BEGIN}\r\n\r\n{}{END}{}", self.before, lines.concat(), self.after).into_bytes()
    }

    /// Where the encrypted packet begins: behind the packets that hold the session key.
    fn sealed_at(&self) -> usize {
        let mut at = 0;
        loop {
            let (tag, head, length) = packet(&self.message[at..]);
            if matches!(tag, 18 | 20) {
                return at;
            }
            at += head + length;
        }
    }
}

/// Tag, length of the header and of the body of a packet (RFC 9580, 4.2). A body in pieces counts as none.
fn packet(bytes: &[u8]) -> (u8, usize, usize) {
    let at = |n: usize| usize::from(bytes[n]);
    if bytes[0] & 0x40 == 0 {
        let (head, length) = match bytes[0] & 3 {
            0 => (2, at(1)),
            1 => (3, at(1) << 8 | at(2)),
            _ => (5, at(1) << 24 | at(2) << 16 | at(3) << 8 | at(4)),
        };
        return (bytes[0] >> 2 & 0xF, head, length);
    }
    let (head, length) = match at(1) {
        0..192 => (2, at(1)),
        192..224 => (3, ((at(1) - 192) << 8) + at(2) + 192),
        224..255 => (2, 0),
        _ => (6, at(2) << 24 | at(3) << 16 | at(4) << 8 | at(5)),
    };
    (bytes[0] & 0x3F, head, length)
}

/// Everything that must hold.
pub fn walk(bytes: &[u8]) {
    received(bytes);
    let mut choices = Choices::new(bytes);
    let sample = &SAMPLES[choices.below(SAMPLES.len())];
    match choices.below(4) {
        0 | 1 => changed(sample, &mut choices),
        2 => cut(sample, &mut choices),
        _ => mangled(sample, &mut choices),
    }
}

fn open(mail: &[u8]) -> Option<(Letter, Wrap)> {
    let letter = parse::read(RawLetter::new(mail.to_vec())).ok()?;
    let keyring = Keyring { practice: &PRACTICE, confirmed: &SIGNERS, seen: &[], now: NOW };
    let opened = unwrap::open(&keyring, letter);
    let (letter, wrap) = match opened.wrapped {
        None => {
            assert_eq!(opened.letter.raw.bytes(), mail, "what is not wrapped stays as it came");
            (opened.letter, Wrap::default())
        }
        Some(wrapped) => {
            match &wrapped.received {
                Some(received) => assert_eq!(received.reveal().as_slice(), mail, "the mail as received is kept"),
                None => assert_eq!(opened.letter.raw.bytes(), mail, "what stays shut stays as it came"),
            }
            assert!(wrapped.wrap.lock != Lock::Opened || wrapped.received.is_some());
            (opened.letter, wrapped.wrap)
        }
    };
    sound(mail, &letter, &wrap);
    Some((letter, wrap))
}

/// What is said of the wrapping fits together.
fn sound(mail: &[u8], letter: &Letter, wrap: &Wrap) {
    assert!(letter.text.reveal().len() <= LETTER_TEXT_BYTES_MAX);
    // What is opened, every line of it coded, and what stood around.
    assert!(letter.raw.bytes().len() <= 2 * mail.len() + 2 * MAIL_BYTES_MAX);
    if wrap.lock.is_shut() {
        assert!(letter.raw.bytes() == mail && wrap.signed == Signed::No, "nothing half-opened");
    }
    assert!(wrap.keys.is_empty() || wrap.lock.is_shut(), "an opened mail needs no key");
    let is_id = |key: &String| key.len() <= 64 && key.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(wrap.keys.len() <= NAMED_MAX && wrap.keys.iter().all(is_id) && is_id(&wrap.signer));
    let claims = matches!(wrap.signed, Signed::Confirmed | Signed::Unconfirmed);
    assert!(!claims || !wrap.signer.is_empty(), "a good signature has its key");
}

/// Any bytes as a mail: opened or shut, the same each time.
pub fn received(bytes: &[u8]) {
    if let (Some((one, first)), Some((two, second))) = (open(bytes), open(bytes)) {
        assert!(first == second && one.text.reveal() == two.text.reveal());
        let learned = learn(bytes, &one);
        assert!(learned.len() <= NAMED_MAX);
    }
    if let Ok(opened) = PRACTICE.open_mail(bytes, &SIGNERS, SMALL, NOW) {
        assert!(opened.plain.reveal().len() <= SMALL, "more comes out than was allowed");
    }
    let _ = read_keys(bytes);
}

/// One byte of a message is another: behind the session key nothing opens any more, and in front of it the plaintext is
/// the same or there is none.
fn changed(sample: &Sample, choices: &mut Choices<'_>) {
    let limit = choices.below(sample.plain.len());
    let bounded = PRACTICE.open_mail(&sample.message, &SIGNERS, limit, NOW);
    assert!(bounded.is_err_and(|shut| shut.why == ShutReason::TooLarge), "{limit} bytes were allowed");
    let at = choices.below(sample.message.len());
    let mut message = sample.message.clone();
    message[at] ^= choices.byte().max(1);
    let opened = PRACTICE.open_mail(&message, &SIGNERS, MAIL_BYTES_MAX, NOW);
    let sealed = at >= sample.sealed_at();
    if let Ok(opened) = &opened {
        assert!(!sealed, "byte {at} of the ciphertext was changed, and it opens");
        assert!(!opened.encrypted || *opened.plain.reveal() == sample.plain, "byte {at} changed what comes out");
    }
    stays_true(sample, &message, opened.is_ok());
}

/// A message that ends early, or goes on behind its end.
fn cut(sample: &Sample, choices: &mut Choices<'_>) {
    let mut message = sample.message.clone();
    let grows = choices.yes();
    if grows {
        message.extend_from_slice(choices.rest());
    } else {
        message.truncate(choices.below(message.len()));
    }
    let opened = PRACTICE.open_mail(&message, &SIGNERS, MAIL_BYTES_MAX, NOW);
    if let Ok(opened) = &opened {
        assert!(grows, "half a message opens");
        assert!(*opened.plain.reveal() == sample.plain, "what follows a message is no part of it");
    }
    stays_true(sample, &message, opened.is_ok());
}

/// The mail around a changed message: what is shown as opened is what was sealed.
fn stays_true(sample: &Sample, message: &[u8], opens: bool) {
    let Some((letter, wrap)) = open(&sample.with(message)) else { return };
    if wrap.lock == Lock::Opened {
        assert!(opens && *letter.text.reveal() == sample.text, "shown as opened and is not what was sealed");
    }
}

/// The mail itself is edited at a few places, its message mostly left alone.
fn mangled(sample: &Sample, choices: &mut Choices<'_>) {
    let mut mail = sample.with(&sample.message);
    for _ in 0..=choices.below(4) {
        let at = choices.below(mail.len() + 1);
        match choices.below(4) {
            0 => drop(mail.drain(at..(at + choices.below(64)).min(mail.len()))),
            1 => mail.truncate(at),
            2 => {
                let piece = choices.of(&PIECES);
                drop(mail.splice(at..at, piece.bytes()));
            }
            _ => {
                if let Some(byte) = mail.get_mut(at) {
                    *byte = choices.byte();
                }
            }
        }
    }
    received(&mail);
}

/// What means something to those who read wrapped mail.
const PIECES: [&str; 8] = [
    "\r\n-----BEGIN PGP MESSAGE-----\r\n\r\n",
    "\r\n-----END PGP MESSAGE-----\r\n",
    "\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n",
    "\r\n-----BEGIN PGP SIGNATURE-----\r\n",
    "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=x\r\n",
    "Content-Type: message/rfc822\r\n\r\n",
    "\r\n--x\r\n",
    "Content-Transfer-Encoding: base64\r\n",
];
