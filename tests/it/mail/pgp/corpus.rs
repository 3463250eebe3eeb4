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

const FOLDERS: [&str; 5] = ["pgp-autocrypt", "pgp-kde", "pgp-protected-headers", "pgp-rt", "pgp-schleuder"];

/// The files with published secret keys.
fn secret_files() -> Vec<PathBuf> {
    let secret = |p: &PathBuf| {
        let name = p.file_name().unwrap().to_str().unwrap();
        name.contains(".sec") || name.contains("secret") || name.contains("secring")
    };
    FOLDERS.iter().flat_map(|f| files(&folder(f).join("keys"))).filter(secret).collect()
}

/// The published secret keys, each as if it were a practice's.
pub(super) static KEYS: LazyLock<Vec<PracticeKey>> =
    LazyLock::new(|| secret_files().iter().flat_map(|p| split(p)).filter_map(|key| key_of(&key)).collect());

/// The numbers of all published secret keys and their parts, as GnuPG reads them.
static PUBLISHED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let listed = secret_files().into_iter().flat_map(|p| packets(&p).lines().map(str::to_owned).collect::<Vec<_>>());
    listed.filter_map(|l| l.trim().strip_prefix("keyid: ").map(str::to_owned)).collect()
});

fn is_published(key: &String) -> bool {
    PUBLISHED.contains(key)
}

fn key_of(bytes: &[u8]) -> Option<PracticeKey> {
    let open = |pass| PracticeKey::from_armored(bytes, pass).ok();
    open(None).or_else(|| open(Some("rt-test")))
}

fn packets(path: &Path) -> String {
    let listed = Command::new("gpg").args(["--batch", "--list-packets"]).arg(path).output().unwrap().stdout;
    String::from_utf8_lossy(&listed).into_owned()
}

/// A ring of keys, taken apart by its packets: a primary key begins with tag 5.
fn split(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    if bytes.starts_with(b"-----") {
        return vec![bytes];
    }
    let listed = packets(path);
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
    let all = FOLDERS.iter().flat_map(|f| files(&folder(f).join("keys"))).filter(|p| p.is_file());
    let mut certs: Vec<Cert> = all.flat_map(|p| read_keys(&std::fs::read(p).unwrap())).collect();
    certs.sort_by_key(Cert::fingerprint);
    certs.dedup_by_key(|c| c.fingerprint());
    certs
});

pub(super) fn raw(path: &Path) -> Vec<u8> {
    let raw = std::fs::read(path).unwrap();
    raw.strip_prefix(b"From ").map_or(&raw[..], |r| r.splitn(2, |b| *b == b'\n').nth(1).unwrap()).to_vec()
}

/// A mail, unwrapped with one key.
pub(super) fn open_with(practice: &PracticeKey, raw: Vec<u8>) -> (Letter, Wrap) {
    let keyring = Keyring { practice, confirmed: &[], seen: &SIGNERS, now: NOW };
    let opened = unwrap::open(&keyring, parse::read(RawLetter::new(raw)).ok().unwrap());
    (opened.letter, opened.wrapped.map(|w| w.wrap).unwrap_or_default())
}

/// One mail, unwrapped with the key that gets furthest.
fn open(path: &Path) -> (Letter, Wrap) {
    let tries = KEYS.iter().map(|practice| open_with(practice, raw(path)));
    // Of those that leave it shut, the one that got to a layer within for which no key was published.
    let got = |wrap: &Wrap| (wrap.lock == Lock::Opened, !wrap.lock.is_shut(), !wrap.keys.iter().any(is_published));
    tries.max_by_key(|(_, wrap)| got(wrap)).unwrap()
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

/// All mails of the folders that are OpenPGP's business, with their labels.
pub(super) fn mails() -> Vec<(PathBuf, BTreeMap<String, String>)> {
    let all = FOLDERS.iter().flat_map(|f| labels(f));
    // The source calls a message encrypted that is only signed and compressed.
    all.filter(|(path, _)| {
        let place = path.to_str().unwrap();
        !place.contains("smime") && !place.contains("pkcs7") && !place.ends_with("openpgp-encoded.mbox")
    })
    .collect()
}

/// Every mail opens that is encrypted to a key whose secret half was published. The others name keys of which none was.
#[test]
fn what_our_keys_fit_opens_and_the_rest_stays_shut() {
    let (mut opened, mut shut, mut signed, mut missed) = (0, Vec::new(), 0, Vec::new());
    for (path, label) in mails() {
        let place = path.to_str().unwrap();
        let (letter, wrap) = open(&path);
        let is = |column: &str| label.get(column).map(String::as_str).unwrap_or_default();
        if wrap.lock.is_shut() {
            assert_ne!(is("encrypted"), "no", "{place}");
            assert!(!wrap.keys.is_empty(), "{place}: names the keys it was meant for");
            let list = if wrap.keys.iter().any(is_published) { &mut missed } else { &mut shut };
            list.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            continue;
        }
        match is("encrypted") {
            "yes" => assert_eq!(wrap.lock, Lock::Opened, "{place}"),
            "no" => assert_eq!(wrap.lock, Lock::None, "{place}"),
            _ => {}
        }
        opened += usize::from(wrap.lock == Lock::Opened);
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
    println!("OpenPGP mails: opened {opened} of {} decryptable, {signed} signatures seen", opened + missed.len());
    println!("OpenPGP mails whose secret key nobody published, kept shut: {}: {}", shut.len(), shut.join(", "));
    assert!(missed.is_empty(), "{missed:?}");
    assert!(opened >= 22 && signed >= 12, "{opened} {signed}");
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
    println!("OpenPGP vectors: opened {opened} of {}; not: {not:?}", pairs.len());
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
