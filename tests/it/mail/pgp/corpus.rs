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

/// One mail, unwrapped with the first key that opens it.
fn open(path: &Path) -> (Letter, Wrap) {
    let raw = std::fs::read(path).unwrap();
    let raw = raw.strip_prefix(b"From ").map_or(&raw[..], |r| r.splitn(2, |b| *b == b'\n').nth(1).unwrap()).to_vec();
    let mut last = None;
    for practice in KEYS.iter() {
        let keyring =
            Keyring { practice, confirmed: &[], seen: &SIGNERS, now: Moment::from_micros(1_795_000_000_000_000) };
        let letter = parse::read(RawLetter::new(raw.clone())).ok().unwrap();
        let opened = unwrap::open(&keyring, letter);
        let wrap = opened.wrapped.map(|w| w.wrap).unwrap_or_default();
        let done = !matches!(wrap.lock, Lock::NoKey | Lock::Broken);
        last = Some((opened.letter, wrap));
        if done {
            break;
        }
    }
    last.unwrap()
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

#[test]
fn look() {
    println!("keys {} signers {}", KEYS.len(), SIGNERS.len());
    for name in ["pgp-protected-headers", "pgp-kde", "pgp-rt", "pgp-schleuder"] {
        for (path, l) in labels(name) {
            let (letter, wrap) = open(&path);
            println!(
                "{} [{:?}/{:?}] {:?} {:?} loose={} keys={:?} subj={:?} expect={:?}/{:?} text={:?} files={:?}",
                path.strip_prefix(folder("")).unwrap().display(),
                l.get("encrypted"),
                l.get("signed"),
                wrap.lock,
                wrap.signed,
                wrap.loose,
                wrap.keys,
                letter.subject.reveal(),
                l.get("subject_outside"),
                l.get("subject_inside"),
                letter.text.reveal().chars().take(60).collect::<String>(),
                letter.files.iter().map(|f| f.name.clone()).collect::<Vec<_>>(),
            );
        }
    }
    let _ = (Signed::No,);
}
