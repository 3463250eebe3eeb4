//! Other programs write, we read; we write, they read: sq, openpgp.js, and mail in the shape Thunderbird gives it.

use std::process::Command;

use merpati::address::MailAddress;
use merpati::clock::{Clock as _, Moment, SystemClock};
use merpati::parse::{self, RawLetter};
use merpati::seal::{Lock, PracticeKey, Signed, encrypt_mail, read_key};
use merpati::unwrap::{self, Keyring};

use super::gnupg::Gnupg;
use crate::support::program::feed;

const WORDS: &str = "Halo ☂, ini rahasia.";

fn now() -> Moment {
    SystemClock.now()
}

fn practice() -> PracticeKey {
    let address = MailAddress::parse("surat@rumah.example").unwrap();
    PracticeKey::generate("Rumah", &address, Moment::from_micros(now().micros() - 60_000_000)).unwrap()
}

fn opened(practice: &PracticeKey, mail: &[u8]) -> (String, String, Lock, Signed) {
    let keyring = Keyring { practice, confirmed: &[], seen: &[], now: now() };
    let letter = parse::read(RawLetter::new(mail.to_vec())).ok().unwrap();
    let done = unwrap::open(&keyring, letter);
    let wrap = done.wrapped.map(|w| w.wrap).unwrap_or_default();
    (done.letter.text.reveal().clone(), done.letter.subject.reveal().clone(), wrap.lock, wrap.signed)
}

fn around(armored: &str) -> Vec<u8> {
    let head = "From: a@b.example\r\nSubject: ...\r\nMIME-Version: 1.0\r\n";
    let kind = "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"x\"\r\n\r\n";
    let parts = "--x\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--x\r\nContent-Type: application/octet-stream\r\n\r\n";
    format!("{head}{kind}{parts}{armored}\r\n--x--\r\n").into_bytes()
}

/// What Thunderbird puts inside: the real header fields, and the text in a mixed part of its own.
fn thunderbird() -> String {
    format!(
        "Content-Type: multipart/mixed; boundary=\"------------abc\";\r\n protected-headers=\"v1\"\r\nFrom: A <a@b.example>\r\n\
         To: surat@rumah.example\r\nMessage-ID: <1@b.example>\r\nSubject: Rahasia\r\n\r\n--------------abc\r\n\
         Content-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{WORDS}\r\n\r\n--------------abc--\r\n"
    )
}

fn must(command: &mut Command, input: &[u8]) -> String {
    let done = feed(command, input);
    assert_eq!(done.code, 0, "{command:?}: {}", done.err);
    done.out
}

#[test]
fn thunderbird_s_shape_of_gpg_s_making_is_read() {
    let (practice, gpg) = (practice(), Gnupg::at(now()));
    gpg.make_key("a@b.example");
    gpg.run(&["--import"], &practice.public().unwrap());
    let armored = gpg.run(
        &["--armor", "-u", "a@b.example", "-r", "surat@rumah.example", "--sign", "--encrypt"],
        thunderbird().as_bytes(),
    );
    let armored = String::from_utf8(armored).unwrap();
    let expected = (WORDS.to_owned(), "Rahasia".to_owned(), Lock::Opened, Signed::Unknown);
    assert_eq!(opened(&practice, &around(&armored)), expected);
    // The same block in the text itself; there the subject outside is the only one.
    let plain = gpg.run(&["--armor", "-r", "surat@rumah.example", "--encrypt"], WORDS.as_bytes());
    let inline = format!("From: a@b.example\r\nSubject: luar\r\n\r\n{}", String::from_utf8(plain).unwrap());
    let expected = (WORDS.to_owned(), "luar".to_owned(), Lock::Opened, Signed::No);
    assert_eq!(opened(&practice, inline.as_bytes()), expected);
    let signed = gpg.run(&["--clearsign", "-u", "a@b.example"], WORDS.as_bytes());
    let signed = String::from_utf8(signed).unwrap();
    let mail = format!("From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{signed}");
    assert_eq!(opened(&practice, mail.as_bytes()), (WORDS.to_owned(), String::new(), Lock::None, Signed::Unknown));
    let mail = format!("From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTransfer uang!\n{signed}");
    assert_eq!(opened(&practice, mail.as_bytes()).3, Signed::Partly, "words before what was signed");
    // A changed byte: nothing comes out.
    let mut broken = armored.into_bytes();
    let middle = broken.len() / 2;
    broken[middle] = if broken[middle] == b'A' { b'B' } else { b'A' };
    let (text, _, lock, _) = opened(&practice, &around(&String::from_utf8(broken).unwrap()));
    assert!(!text.contains("rahasia") && lock == Lock::Broken, "{text} {lock:?}");
}

#[test]
fn thunderbird_s_mail_brings_its_subject_and_its_key() {
    let (practice, gpg) = (practice(), Gnupg::at(now()));
    let fingerprint = gpg.make_key("a@b.example");
    gpg.run(&["--import"], &practice.public().unwrap());
    // Signed and encrypted in one, with the key as a file too, as it does by default.
    let name = format!("OpenPGP_0x{}.asc", &fingerprint[24..]);
    let file = format!(
        "--------------abc\r\nContent-Type: application/pgp-keys; name=\"{name}\"\r\nContent-Disposition: attachment; \
         filename=\"{name}\"\r\nContent-Description: OpenPGP public key\r\n\r\n{}\r\n--------------abc--",
        gpg.public("a@b.example")
    );
    let inside = thunderbird().replace("--------------abc--", &file);
    let who = ["--armor", "-u", "a@b.example", "-r", "surat@rumah.example", "-r", "a@b.example"];
    let armored = gpg.run(&[&who[..], &["--sign", "--encrypt"]].concat(), inside.as_bytes());
    let keydata = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, gpg.run(&["--export", "a@b.example"], b""));
    let folded: Vec<String> =
        keydata.as_bytes().chunks(72).map(|l| format!(" {}", String::from_utf8_lossy(l))).collect();
    let field = format!("Autocrypt: addr=a@b.example; keydata=\r\n{}\r\nFrom:", folded.join("\r\n"));
    let mail = String::from_utf8(around(&String::from_utf8(armored).unwrap())).unwrap().replacen("From:", &field, 1);
    let expected = (WORDS.to_owned(), "Rahasia".to_owned(), Lock::Opened, Signed::Unknown);
    assert_eq!(opened(&practice, mail.as_bytes()), expected);
    // A key counts from the second on in which it was made.
    let later = now().plus(std::time::Duration::from_secs(5));
    let confirmed = [read_key(gpg.public("a@b.example").as_bytes(), later).unwrap()];
    let keyring = Keyring { practice: &practice, confirmed: &confirmed, seen: &[], now: later };
    let done = unwrap::open(&keyring, parse::read(RawLetter::new(mail.clone().into_bytes())).ok().unwrap());
    assert_eq!(done.wrapped.unwrap().wrap.signed, Signed::Confirmed);
    let learned = unwrap::learn(mail.as_bytes(), &done.letter);
    let found: Vec<_> = learned.iter().map(|l| (l.cert.fingerprint(), l.attached)).collect();
    assert_eq!(found, [(fingerprint.clone(), true)], "one key, covered by the signature");
    let bare = unwrap::learn(mail.as_bytes(), &parse::read(RawLetter::new(mail.clone().into_bytes())).ok().unwrap());
    assert_eq!(bare.iter().map(|l| (l.cert.fingerprint(), l.attached)).collect::<Vec<_>>(), [(fingerprint, false)]);
}

#[test]
fn copies_of_hidden_fields_are_not_shown_in_the_text() {
    let (practice, gpg) = (practice(), Gnupg::at(now()));
    gpg.run(&["--import"], &practice.public().unwrap());
    let mail = |inside: String| {
        let armored =
            gpg.run(&["--armor", "-r", "surat@rumah.example", "--encrypt"], inside.replace('\n', "\r\n").as_bytes());
        around(&String::from_utf8(armored).unwrap())
    };
    let both = |root: &str, part: &str| {
        mail(format!(
            "Content-Type: multipart/alternative; boundary=\"y\"{root}\nSubject: Rahasia\nHP-Outer: Subject: ...\n\n--y\n\
             Content-Type: text/plain; charset=utf-8{part}\n\nSubject: Rahasia\n\n{WORDS}\n--y\n\
             Content-Type: text/html; charset=utf-8{part}\n\n<html><body><div class=\"header-protection-legacy-display\">\
             <pre>Subject: Rahasia</pre></div><p>{WORDS}</p></body></html>\n--y--\n"
        ))
    };
    let expected = |text: &str| (text.to_owned(), "Rahasia".to_owned(), Lock::Opened, Signed::No);
    let marked = "; hp-legacy-display=\"1\"";
    assert_eq!(opened(&practice, &both("; hp=\"cipher\"", marked)), expected(WORDS));
    let kept = format!("Subject: Rahasia\n\n{WORDS}");
    assert_eq!(opened(&practice, &both("; hp=\"cipher\"", "")), expected(&kept), "not marked: the words of the sender");
    assert_eq!(opened(&practice, &both("; protected-headers=\"v1\"", marked)), expected(&kept), "no such root");
    // The drafts before it used a part of its own.
    for kind in ["text/rfc822-headers", "text/plain"] {
        let old = mail(format!(
            "Content-Type: multipart/mixed; boundary=\"y\"; protected-headers=\"v1\"\nSubject: Rahasia\n\n--y\n\
             Content-Type: {kind}; protected-headers=\"v1\"\nContent-Disposition: inline\n\nSubject: Rahasia\n\n--y\n\
             Content-Type: text/plain; charset=utf-8\n\n{WORDS}\n--y--\n"
        ));
        assert_eq!(opened(&practice, &old), expected(WORDS), "{kind}");
    }
}

#[test]
fn a_web_page_around_an_encrypted_part_gets_nothing() {
    let (practice, gpg) = (practice(), Gnupg::at(now()));
    gpg.run(&["--import"], &practice.public().unwrap());
    let entity = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{WORDS}\r\n");
    let armored = gpg.run(&["--armor", "-r", "surat@rumah.example", "--encrypt"], entity.as_bytes());
    let part = String::from_utf8(around(&String::from_utf8(armored).unwrap())).unwrap();
    let part = &part[part.find("Content-Type").unwrap()..];
    let mail = format!(
        "From: a@b.example\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"o\"\r\n\r\n\
         --o\r\nContent-Type: text/html\r\n\r\n<img src=\"http://mata.example/\r\n--o\r\n{part}\r\n--o\r\n\
         Content-Type: text/html\r\n\r\n\">Bayar sekarang\r\n--o--\r\n"
    );
    let keyring = Keyring { practice: &practice, confirmed: &[], seen: &[], now: now() };
    let done = unwrap::open(&keyring, parse::read(RawLetter::new(mail.into_bytes())).ok().unwrap());
    assert_eq!(done.letter.text.reveal(), WORDS, "only what came out of the encryption");
    let wrap = done.wrapped.unwrap().wrap;
    assert!(wrap.lock == Lock::Opened && wrap.loose);
    assert!(done.letter.files.iter().all(|f| f.name.starts_with("outside-")));
}

#[test]
fn an_encrypted_file_is_opened_beside_a_plain_text() {
    let (practice, gpg) = (practice(), Gnupg::at(now()));
    gpg.run(&["--import"], &practice.public().unwrap());
    let file = gpg.run(&["--armor", "-r", "surat@rumah.example", "--encrypt"], b"isi berkas");
    let mail = format!(
        "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=\"o\"\r\n\r\n--o\r\n\r\nLihat berkas.\r\n--o\r\n\
         Content-Type: application/octet-stream; name=\"surat.txt.asc\"\r\nContent-Disposition: attachment\r\n\r\n{}\r\n--o--\r\n",
        String::from_utf8(file).unwrap()
    );
    let keyring = Keyring { practice: &practice, confirmed: &[], seen: &[], now: now() };
    let done = unwrap::open(&keyring, parse::read(RawLetter::new(mail.into_bytes())).ok().unwrap());
    assert_eq!(done.letter.text.reveal(), "Lihat berkas.");
    assert_eq!(done.letter.files[0].name, "surat.txt");
    assert_eq!(parse::file(done.letter.raw.bytes(), 0).unwrap().bytes.reveal(), b"isi berkas");
    assert_eq!(done.wrapped.unwrap().wrap.lock, Lock::None, "the text was not encrypted");
}

#[test]
fn sq_writes_and_reads() {
    let (practice, folder) = (practice(), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("ours.pgp"), practice.public().unwrap()).unwrap();
    must(
        Command::new("sq").args(["key", "generate", "--userid", "A <a@b.example>", "--export", &path("key.pgp")]),
        b"",
    );
    let cert = must(Command::new("sq").args(["key", "extract-cert", &path("key.pgp")]), b"");
    let written = must(
        Command::new("sq").args(["encrypt", "--recipient-cert", &path("ours.pgp"), "--signer-key", &path("key.pgp")]),
        thunderbird().as_bytes(),
    );
    let expected = (WORDS.to_owned(), "Rahasia".to_owned(), Lock::Opened, Signed::Unknown);
    assert_eq!(opened(&practice, &around(&written)), expected);
    let key = read_key(cert.as_bytes(), Moment::from_micros(now().micros() + 2_000_000)).unwrap();
    let ours = encrypt_mail(WORDS.as_bytes(), &key, practice.signer(), now()).unwrap();
    let read = must(
        Command::new("sq").args(["decrypt", "--recipient-key", &path("key.pgp"), "--signer-cert", &path("ours.pgp")]),
        &ours,
    );
    assert_eq!(read, WORDS);
}

/// openpgp.js in Node: makes a key, writes to us, reads what we wrote.
const SCRIPT: &str = r#"
const openpgp = require(process.argv[2]);
const fs = require('fs');
const folder = process.argv[3] + '/';
(async () => {
  const ours = await openpgp.readKey({ armoredKey: fs.readFileSync(folder + 'ours.asc', 'utf8') });
  if (process.argv[4] === 'write') {
    const made = await openpgp.generateKey({ userIDs: [{ name: 'A', email: 'a@b.example' }], date: new Date(Date.now() - 60000) });
    fs.writeFileSync(folder + 'key.asc', made.privateKey);
    fs.writeFileSync(folder + 'cert.asc', made.publicKey);
    const message = await openpgp.createMessage({ text: fs.readFileSync(folder + 'words', 'utf8') });
    const signer = await openpgp.readPrivateKey({ armoredKey: made.privateKey });
    process.stdout.write(await openpgp.encrypt({ message, encryptionKeys: ours, signingKeys: signer }));
  } else {
    const key = await openpgp.readPrivateKey({ armoredKey: fs.readFileSync(folder + 'key.asc', 'utf8') });
    const message = await openpgp.readMessage({ armoredMessage: fs.readFileSync(folder + 'letter.asc', 'utf8') });
    const { data } = await openpgp.decrypt({ message, decryptionKeys: key, verificationKeys: ours, expectSigned: true });
    process.stdout.write(data);
  }
})().catch(e => { console.error(e); process.exit(1); });
"#;

/// Where `scripts/test` puts it when nobody says otherwise.
fn fetched() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/openpgp-js/node_modules/openpgp").to_owned()
}

#[test]
fn openpgp_js_writes_and_reads() {
    let library = option_env!("MERPATI_OPENPGP").map_or_else(fetched, str::to_owned);
    let (practice, folder) = (practice(), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("ours.asc"), practice.public_armored().unwrap()).unwrap();
    std::fs::write(path("words"), thunderbird()).unwrap();
    std::fs::write(path("script.js"), SCRIPT).unwrap();
    let run = |what: &str| {
        must(Command::new("node").arg(path("script.js")).args([&library, folder.path().to_str().unwrap(), what]), b"")
    };
    let written = run("write");
    let expected = (WORDS.to_owned(), "Rahasia".to_owned(), Lock::Opened, Signed::Unknown);
    assert_eq!(opened(&practice, &around(&written)), expected);
    let key = read_key(&std::fs::read(path("cert.asc")).unwrap(), now()).unwrap();
    std::fs::write(path("letter.asc"), encrypt_mail(WORDS.as_bytes(), &key, practice.signer(), now()).unwrap())
        .unwrap();
    assert_eq!(run("read"), WORDS);
}
