//! What leaves the house: the practice key, and exports that real GnuPG reads.

use std::path::Path;
use std::process::{Command, Output};

use super::*;
use crate::address::MailAddress;

fn practice() -> PracticeKey {
    PracticeKey::generate("Beratung", &MailAddress::parse("help@example.org").unwrap(), noon()).unwrap()
}

fn gpg(home: &Path, args: &[&str]) -> Output {
    let fixed = ["--batch", "--no-tty", "--pinentry-mode", "loopback", "--homedir"];
    Command::new("gpg").args(fixed).arg(home).args(args).output().expect("gnupg is installed")
}

/// A home folder for one test; its agent ends with it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        // Below the shortest folder there is: an agent's socket path may have 107 characters.
        Self(tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").arg("--homedir").arg(self.0.path()).args(["--kill", "all"]).output();
    }
}

#[test]
fn the_practice_key_comes_back_from_its_file() {
    let key = practice();
    assert_eq!(key.fingerprint().len(), 40, "version 4");
    let locked = key.to_armored(Some("a pass phrase")).unwrap();
    let again = PracticeKey::from_armored(&locked, Some("a pass phrase")).unwrap();
    assert_eq!(again.public().unwrap(), key.public().unwrap());
    assert_eq!(PracticeKey::from_armored(&locked, Some("another")).err(), Some(UnlockError::WrongSecret));
    assert_eq!(PracticeKey::from_armored(&locked, None).err(), Some(UnlockError::WrongSecret));
    assert_eq!(PracticeKey::from_armored(b"no key", None).err(), Some(UnlockError::Damaged));
    assert_eq!(PracticeKey::from_armored(&key.public().unwrap(), None).err(), Some(UnlockError::Damaged));
    let open = key.to_armored(None).unwrap();
    assert!(PracticeKey::from_armored(&open, None).is_ok());
    assert!(key.public_armored().unwrap().starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
}

#[test]
fn a_message_cut_anywhere_stays_shut() {
    let key = practice();
    let armored = encrypt_mail(MARKER.as_bytes(), key.cert(), key.signer(), noon()).unwrap();
    let mut message = Vec::new();
    let mut reader = sequoia_openpgp::armor::Reader::from_bytes(&armored, None);
    std::io::Read::read_to_end(&mut reader, &mut message).unwrap();
    assert!(key.open_mail(&message, &[], 1_000, noon()).is_ok());
    for end in 0..message.len() {
        let why = key.open_mail(&message[..end], &[], 1_000, noon()).map_err(|shut| shut.why).err();
        assert_eq!(why, Some(ShutReason::Broken), "cut to {end} bytes");
    }
}

#[test]
fn the_practice_signs_letters_but_reads_none() {
    let key = practice();
    let stored = seal_letter(letter("s", text("x")), &CAST.epoch_cert, key.signer()).unwrap();
    assert!(open_letter(stored.bytes(), &CAST.epoch, &[key.cert().clone()], &expected()).is_ok());
    assert!(opened(stored.bytes()).is_err(), "the counselor did not sign it");
    assert!(
        seal_letter(letter("s", text("x")), key.cert(), key.signer()).is_err(),
        "nothing is stored for an old kind of key"
    );
}

#[test]
fn gpg_imports_the_practice_key() {
    let (home, key) = (Home::new(), practice());
    let file = home.write("key.asc", &key.to_armored(Some("pass")).unwrap());
    let done = gpg(home.0.path(), &["--passphrase", "pass", "--import", &file]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let listed = gpg(home.0.path(), &["--list-secret-keys", "--with-colons"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains(&key.fingerprint()) && listed.contains("Beratung <help@example.org>"), "{listed}");
}

#[test]
fn gpg_reads_an_exported_letter() {
    let (home, chance) = (Home::new(), SeededChance::new(6));
    let key = ExportKey::generate(noon()).unwrap();
    let secret = Secret::words("  satu dua  tiga ");
    let file = ExportedFile {
        name: "foto baru.jpg".into(),
        media_type: "image/jpeg".into(),
        bytes: PlainBytes::new(vec![7; 5000]),
    };
    let mail =
        key.mail(&ExportedLetter { letter: letter("Halo Bär", text(MARKER)), files: vec![file] }, &chance).unwrap();
    assert!(!contains(&mail, MARKER) && !contains(&mail, "Halo") && !contains(&mail, "foto"));

    let key_file = home.write("thread-key.asc", &key.to_armored(&secret).unwrap());
    let done = gpg(home.0.path(), &["--passphrase", "satu dua tiga", "--import", &key_file]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let message = String::from_utf8(mail).unwrap();
    let (from, to) = (message.find("-----BEGIN PGP").unwrap(), message.find("-----END PGP MESSAGE-----").unwrap() + 26);
    let letter_file = home.write("letter.asc", &message.as_bytes()[from..to]);
    let done = gpg(home.0.path(), &["--passphrase", "satu dua tiga", "--decrypt", &letter_file]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let inside = String::from_utf8(done.stdout).unwrap();
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    assert!(inside.contains(&format!("\r\nSubject: =?utf-8?b?{}?=\r\n", base64("Halo Bär".as_bytes()))), "{inside}");
    assert!(inside.contains(&format!("8bit\r\n\r\n{MARKER}\r\n")), "the letter is readable as it stands");
    assert!(
        inside.contains("Content-Type: image/jpeg\r\n") && inside.contains("filename*=utf-8''foto%20baru.jpg\r\n"),
        "{inside}"
    );
    let lines: String = inside.split("\r\n").filter(|l| l.starts_with("BwcH")).collect();
    assert_eq!(lines, base64(&[7; 5000]));
}

#[test]
fn an_exported_mail_tells_nothing_outside() {
    let key = ExportKey::generate(noon()).unwrap();
    let original = b"Subject: x\r\n\r\nFrom here on\r\n";
    let exported = ExportedLetter { letter: letter("x", mail(original)), files: Vec::new() };
    let mail = key.mail(&exported, &SeededChance::new(1)).unwrap();
    assert!(contains(&mail, "\r\nSubject: ...\r\n") && !contains(&mail, "From here"));
    assert!(mail.split(|b| *b == b'\n').all(|l| l.is_empty() || l.ends_with(b"\r")), "every line ends in CR LF");
}

#[test]
fn an_mbox_quotes_what_could_begin_a_mail() {
    let found = mbox([(noon(), &b"A: b\r\n\r\nFrom me\r\n>From you\r\nTo: x\r\n"[..]), (later(), b"C: d\r\n\r\n")]);
    let found = String::from_utf8(found).unwrap();
    assert_eq!(found.matches("\nFrom ").count() + 1, 2);
    assert!(
        found.starts_with("From letters@export.invalid ") && found.contains("\n>From me\n>>From you\nTo: x\n\nFrom "),
        "{found}"
    );
}

#[test]
fn mail_that_gpg_encrypts_to_the_practice_opens_within_bounds() {
    let (home, key) = (Home::new(), practice());
    let cert = home.write("practice.asc", key.public_armored().unwrap().as_bytes());
    // gpg compresses by itself: 400,000 equal characters become a few hundred bytes.
    let long = home.write("letter.txt", "x".repeat(400_000).as_bytes());
    let done = gpg(
        home.0.path(),
        &["--armor", "--trust-model", "always", "--recipient-file", &cert, "-o", "-", "--encrypt", &long],
    );
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stdout.len() < 10_000);
    let year = noon().plus(Duration::from_secs(365 * 24 * 3600));
    let opened = key.open_mail(&done.stdout, &[], 400_000, year).ok().unwrap();
    assert!(opened.plain.reveal().len() == 400_000 && opened.encrypted && opened.signature == Signature::None);
    let shut = |key: &PracticeKey, message: &[u8], limit| key.open_mail(message, &[], limit, year).err().unwrap();
    assert_eq!(shut(&key, &done.stdout, 399_999).why, ShutReason::TooLarge);
    let foreign = shut(&practice(), &done.stdout, 400_000);
    assert_eq!((foreign.why, foreign.keys), (ShutReason::NoKey, vec![key.cert().encryption_key_id().unwrap()]));
    assert_eq!(shut(&key, &done.stdout[..300], 400_000).why, ShutReason::Broken);
    assert_eq!(shut(&key, b"hello", 400_000), Shut { why: ShutReason::Broken, keys: vec![] });
}
