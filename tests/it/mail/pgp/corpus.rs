//! The published PGP mails of other projects: every one that our library has the algorithms for opens with its key, and
//! none of the attacks gets through.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use merpati::clock::Moment;
use merpati::parse::{self, Letter, RawLetter};
use merpati::seal::{Cert, Lock, PracticeKey, Signed, Wrap, read_keys};
use merpati::unwrap::{self, Keyring};

const NOW: Moment = Moment::from_micros(1_795_000_000_000_000);

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/corpus", name].iter().collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

/// The published secret keys, each as if it were a practice's.
static KEYS: LazyLock<Vec<PracticeKey>> = LazyLock::new(|| {
    let folders = ["pgp-autocrypt", "pgp-kde", "pgp-protected-headers", "pgp-rt", "pgp-schleuder"];
    let secret = |p: &PathBuf| {
        let name = p.file_name().unwrap().to_str().unwrap();
        name.contains(".sec") || name.contains("secret") || name.contains("secring")
    };
    let all = folders.iter().flat_map(|f| files(&folder(f).join("keys"))).filter(secret);
    all.flat_map(|p| split(&p)).filter_map(|key| key_of(&key)).collect()
});

fn key_of(bytes: &[u8]) -> Option<PracticeKey> {
    let open = |pass| PracticeKey::from_armored(bytes, pass).ok();
    open(None).or_else(|| open(Some("rt-test")))
}

/// A ring of keys, taken apart by its packets: a primary key begins with tag 5.
fn split(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    if bytes.starts_with(b"-----") {
        return vec![bytes];
    }
    let listed = Command::new("gpg").args(["--batch", "--list-packets"]).arg(path).output().unwrap().stdout;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let starts: Vec<usize> = listed
        .lines()
        .filter_map(|l| l.strip_prefix("# off="))
        .filter(|l| l.contains(" tag=5 "))
        .map(|l| l.split(' ').next().unwrap().parse().unwrap())
        .collect();
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().zip(ends).map(|(from, to)| bytes[*from..to].to_vec()).collect()
}

static SIGNERS: LazyLock<Vec<Cert>> = LazyLock::new(|| {
    let folders = ["pgp-autocrypt", "pgp-kde", "pgp-protected-headers", "pgp-rt", "pgp-schleuder"];
    let all = folders.iter().flat_map(|f| files(&folder(f).join("keys"))).filter(|p| p.is_file());
    let mut certs: Vec<Cert> = all.flat_map(|p| read_keys(&std::fs::read(p).unwrap())).collect();
    certs.sort_by_key(Cert::fingerprint);
    certs.dedup_by_key(|c| c.fingerprint());
    certs
});

/// One mail, unwrapped with the key that gets furthest.
fn open(path: &Path) -> (Letter, Wrap) {
    let raw = std::fs::read(path).unwrap();
    let raw = raw.strip_prefix(b"From ").map_or(&raw[..], |r| r.splitn(2, |b| *b == b'\n').nth(1).unwrap()).to_vec();
    let tries = KEYS.iter().map(|practice| {
        let keyring = Keyring { practice, confirmed: &[], seen: &SIGNERS, now: NOW };
        let letter = parse::read(RawLetter::new(raw.clone())).ok().unwrap();
        let opened = unwrap::open(&keyring, letter);
        let is_open = opened.wrapped.as_ref().is_some_and(|w| !w.wrap.lock.is_shut());
        (is_open, opened.letter, opened.wrapped.map(|w| w.wrap).unwrap_or_default())
    });
    let (_, letter, wrap) = tries.max_by_key(|t| t.0).unwrap();
    (letter, wrap)
}

/// The rows of a folder's labels, by file, each as column to value.
fn labels(name: &str) -> Vec<(PathBuf, BTreeMap<String, String>)> {
    let folder = folder(name);
    let table = std::fs::read_to_string(folder.join("labels.csv")).unwrap();
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells: BTreeMap<String, String> =
            head.iter().zip(line.split(',')).map(|(h, c)| ((*h).to_owned(), c.to_owned())).collect();
        (folder.join(&cells["file"]), cells)
    };
    lines.map(row).collect()
}

/// Encrypted to keys that were never published, or to ElGamal keys, which our library does not have.
const SHUT: [&str; 7] = [
    "simple-encrypted",
    "double-wrapped-with-phony-protected-header.eml",
    "inlinepgpencrypted-error.mbox",
    "exchange.eml",
    "qp-encoding-encrypted+signed.eml",
    "mutt_protected_headers.txt",
    "protected-headers-request.eml",
];

fn must_stay_shut(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    SHUT.contains(&name) || path.to_str().unwrap().contains("pgp-rt/")
}

#[test]
fn what_our_keys_fit_opens_and_the_rest_stays_shut() {
    let (mut opened, mut shut, mut signed) = (0, 0, 0);
    for name in ["pgp-protected-headers", "pgp-kde", "pgp-rt", "pgp-schleuder"] {
        for (path, label) in labels(name) {
            let place = path.to_str().unwrap();
            // The source calls a message encrypted that is only signed and compressed.
            if place.contains("smime") || place.contains("pkcs7") || place.ends_with("openpgp-encoded.mbox") {
                continue;
            }
            let (letter, wrap) = open(&path);
            let is = |column: &str| label.get(column).map(String::as_str).unwrap_or_default();
            match is("encrypted") {
                "yes" if must_stay_shut(&path) => {
                    assert!(wrap.lock.is_shut(), "{place}: {wrap:?}");
                    assert!(!wrap.keys.is_empty(), "{place}: names the keys it was meant for");
                    shut += 1;
                    continue;
                }
                "yes" => {
                    assert_eq!(wrap.lock, Lock::Opened, "{place}");
                    opened += 1;
                }
                "no" => assert_eq!(wrap.lock, Lock::None, "{place}"),
                _ => {}
            }
            match is("signed") {
                "yes" => {
                    assert_ne!(wrap.signed, Signed::No, "{place}");
                    signed += 1;
                }
                "no" => assert_eq!(wrap.signed, Signed::No, "{place}"),
                _ => {}
            }
            if !is("subject_inside").is_empty() {
                assert_eq!(letter.subject.reveal(), is("subject_inside"), "{place}");
            }
        }
    }
    println!("OpenPGP corpora: {opened} opened, {shut} shut, {signed} signatures seen");
    assert!(opened >= 15 && shut >= 8 && signed >= 12, "{opened} {shut} {signed}");
}

#[test]
fn a_changed_mail_is_not_shown_as_signed() {
    let path = folder("pgp-kde").join("openpgp-signed-protected-headers.mbox");
    let raw = String::from_utf8(std::fs::read(path).unwrap()).unwrap().replace("very secret", "very public");
    let raw = raw.split_once('\n').unwrap().1.to_owned();
    let letter = parse::read(RawLetter::new(raw.into_bytes())).ok().unwrap();
    let keyring = Keyring { practice: &KEYS[0], confirmed: &SIGNERS, seen: &[], now: NOW };
    let wrap = unwrap::open(&keyring, letter).wrapped.unwrap().wrap;
    assert!(matches!(wrap.signed, Signed::Bad | Signed::Unknown), "{wrap:?}");
}

#[test]
fn published_vectors_open() {
    let mut pairs = Vec::new();
    for folder in files(&folder("pgp-vectors/rfc9580")) {
        let messages =
            files(&folder).into_iter().filter(|p| p.file_name().unwrap().to_str().unwrap().starts_with("enc-"));
        pairs.extend(messages.map(|m| (m, folder.join("tsk.asc"))));
    }
    for message in files(&folder("pgp-vectors/encrypted")) {
        let name = message.to_str().unwrap();
        if let Some(stem) = name.strip_suffix(".msg.pgp") {
            pairs.push((message.clone(), PathBuf::from(format!("{stem}.sec.pgp"))));
        }
    }
    // The system's OpenSSL lacks the cipher mode EAX and the curve.
    let (mut opened, mut not) = (0, Vec::new());
    for (message, key) in &pairs {
        let key = PracticeKey::from_armored(&std::fs::read(key).unwrap(), None).ok().unwrap();
        match key.open_mail(&std::fs::read(message).unwrap(), &[], 100_000, NOW) {
            Ok(found) => {
                assert!(found.encrypted && !found.plain.reveal().is_empty());
                opened += 1;
            }
            Err(_) => not.push(message.file_name().unwrap().to_str().unwrap().to_owned()),
        }
    }
    println!("OpenPGP vectors: {opened} of {} opened; not: {not:?}", pairs.len());
    assert!(not.iter().all(|n| n.contains("x448") || n.contains("eax")), "{not:?}");
}

#[test]
fn bombs_end_at_the_limit() {
    for bomb in files(&folder("pgp-vectors/bomb")) {
        let started = std::time::Instant::now();
        let bytes = std::fs::read(&bomb).unwrap();
        let found = KEYS[0].open_mail(&bytes, &[], 1_000_000, NOW);
        assert!(found.is_err() || found.is_ok_and(|o| o.plain.reveal().len() <= 1_000_000), "{}", bomb.display());
        let mail = [b"From: a@b.example\r\nContent-Type: application/octet-stream; name=\"x.pgp\"\r\n\r\n", &bytes[..]]
            .concat();
        let letter = parse::read(RawLetter::new(mail)).ok().unwrap();
        let keyring = Keyring { practice: &KEYS[0], confirmed: &[], seen: &[], now: NOW };
        let _ = unwrap::open(&keyring, letter);
        assert!(started.elapsed().as_secs() < 5, "{}", bomb.display());
    }
}

#[test]
fn keys_in_autocrypt_fields_are_learned() {
    let keys = folder("pgp-autocrypt").join("keys/alice@autocrypt.example.pub.asc");
    let [alice] = read_keys(&std::fs::read(&keys).unwrap()).try_into().ok().unwrap();
    let field = String::from_utf8(std::fs::read(&keys).unwrap()).unwrap();
    let data: String =
        field.lines().filter(|l| !l.contains(['-', ':']) && !l.starts_with('=')).collect::<Vec<_>>().join("\r\n ");
    let learned = |from: &str, fields: &str| {
        let raw = format!("From: <{from}>\r\n{fields}Subject: x\r\n\r\nHalo\r\n").into_bytes();
        let letter = parse::read(RawLetter::new(raw.clone())).ok().unwrap();
        unwrap::learn(&raw, &letter).into_iter().map(|l| l.cert.fingerprint()).collect::<Vec<_>>()
    };
    let field = format!("Autocrypt: addr=alice@autocrypt.example; keydata=\r\n {data}\r\n");
    assert_eq!(learned("alice@autocrypt.example", &field), [alice.fingerprint()]);
    assert!(learned("mallory@autocrypt.example", &field).is_empty(), "of somebody else");
    assert!(learned("alice@autocrypt.example", &format!("{field}{field}")).is_empty(), "twice");
    let critical = field.replace("keydata", "must-know=1; keydata");
    assert!(learned("alice@autocrypt.example", &critical).is_empty(), "a field that must be understood");
}
