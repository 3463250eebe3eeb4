//! Looks for words in bytes: plain and in every dress in which a program might have put them down by mistake.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use merpati::chance::OsChance;

/// A word nobody else uses: letters only, so that a name may hold it.
pub(crate) fn marker() -> String {
    let bytes: [u8; 16] = merpati::chance::bytes(&OsChance);
    format!("q{}", bytes.iter().map(|b| char::from(b'a' + b % 26)).collect::<String>())
}

/// The dresses of a word.
fn dresses(word: &str) -> BTreeSet<Vec<u8>> {
    let mut all = BTreeSet::new();
    let capital = word[..1].to_uppercase() + &word[1..];
    for word in [word.to_owned(), word.to_uppercase(), word.to_lowercase(), capital] {
        let hex = |sign: &str, upper: bool| {
            let digits = word.bytes().map(|b| if upper { format!("{sign}{b:02X}") } else { format!("{sign}{b:02x}") });
            digits.collect::<String>().into_bytes()
        };
        for sign in ["", "=", "%", "\\x", " "] {
            all.extend([hex(sign, true), hex(sign, false)]);
        }
        for (begin, engine) in (0..3).flat_map(|n| [(n, &STANDARD), (n, &URL_SAFE)]) {
            let encoded = engine.encode([&vec![b' '; begin], word.as_bytes()].concat());
            // The signs that other bytes around the word would change are left out.
            let whole = (begin + word.len()) / 3 * 4;
            all.insert(encoded.as_bytes()[begin.div_ceil(3) * 4..whole].to_vec());
        }
        let units: Vec<u16> = word.encode_utf16().collect();
        all.insert(units.iter().flat_map(|u| u.to_le_bytes()).collect());
        all.insert(units.iter().flat_map(|u| u.to_be_bytes()).collect());
        all.insert(word.replace(' ', "+").into_bytes());
        all.insert(word.replace(' ', "%20").into_bytes());
        // As debug output lists bytes.
        all.insert(word.bytes().map(|b| b.to_string()).collect::<Vec<_>>().join(", ").into_bytes());
        all.insert(word.into_bytes());
    }
    all
}

/// Finds any of many words in one pass.
pub(crate) struct Scanner {
    /// Whether a dress begins with these two bytes.
    begins: Vec<bool>,
    by_begin: HashMap<[u8; 2], Vec<(Vec<u8>, String)>>,
}

impl Scanner {
    /// `words`: what each is, and the word.
    pub(crate) fn new<'a>(words: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut scanner = Self { begins: vec![false; 1 << 16], by_begin: HashMap::new() };
        for (what, word) in words {
            assert!(word.len() >= 12, "{what}: too short to be found nowhere by chance");
            for dress in dresses(word) {
                let begin = [dress[0], dress[1]];
                scanner.begins[usize::from(u16::from_be_bytes(begin))] = true;
                scanner.by_begin.entry(begin).or_default().push((dress, what.to_owned()));
            }
        }
        scanner
    }

    /// What was found, each once.
    pub(crate) fn find(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut last = 0_u8;
        for (at, &byte) in bytes.iter().enumerate() {
            let begin = [last, byte];
            last = byte;
            if at == 0 || !self.begins[usize::from(u16::from_be_bytes(begin))] {
                continue;
            }
            let Some(dresses) = self.by_begin.get(&begin) else { continue };
            for (dress, what) in dresses {
                if bytes[at - 1..].starts_with(dress) {
                    found.insert(format!("{what} as {}", String::from_utf8_lossy(dress)));
                }
            }
        }
        found
    }

    /// Looks through a file, or through all files below a folder; returns how many bytes it saw.
    pub(crate) fn must_not_find(&self, path: &Path) -> usize {
        if path.is_dir() {
            let files = std::fs::read_dir(path).unwrap().map(|f| f.unwrap().path());
            return files.map(|f| self.must_not_find(&f)).sum();
        }
        // A server may have removed a file of its own since it was listed.
        let bytes = std::fs::read(path).unwrap_or_default();
        let found = self.find(&bytes);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        bytes.len()
    }
}

#[test]
fn a_planted_word_is_found_in_every_dress() {
    let word = marker();
    let scanner = Scanner::new([("word", word.as_str())]);
    let latin = |s: &str| s.bytes().map(|b| format!("={b:02X}")).collect::<String>();
    let planted: Vec<Vec<u8>> = vec![
        word.clone().into_bytes(),
        word.to_uppercase().into_bytes(),
        STANDARD.encode(&word).into_bytes(),
        STANDARD.encode(format!("x{word}y")).into_bytes(),
        STANDARD.encode(format!("xy{word}z")).into_bytes(),
        URL_SAFE.encode(format!("xyz{word}")).into_bytes(),
        latin(&word).into_bytes(),
        latin(&word).replace('=', "%").to_lowercase().into_bytes(),
        latin(&word).replace('=', "").into_bytes(),
        word.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        word.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        format!("{:?}", word.as_bytes()).into_bytes(),
    ];
    for bytes in planted {
        let among = [&[0_u8, 1, 2][..], &bytes, b"rest"].concat();
        assert!(!scanner.find(&among).is_empty(), "{}", String::from_utf8_lossy(&bytes));
        assert!(scanner.find(&bytes[..bytes.len() / 2]).is_empty());
    }
    assert!(scanner.find(marker().as_bytes()).is_empty());
}
