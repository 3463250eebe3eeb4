//! Keys that come along with a mail: attached ones, and the sender's in an Autocrypt field.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::parse::{self, Letter, Outline};
use crate::seal::{Cert, read_keys};

/// Keys of one mail that are looked at.
const LEARNED_MAX: usize = 4;

/// A key that came with a mail.
pub struct Learned {
    /// The key.
    pub cert: Cert,
    /// It was attached: a signature over the letter covers it. An Autocrypt field stands outside.
    pub attached: bool,
}

/// The keys that came with a mail. `received` is the mail as it came, `letter` what was opened of it.
pub fn learn(received: &[u8], letter: &Letter) -> Vec<Learned> {
    let mut found: Vec<Learned> = Vec::new();
    let attached = letter.files.iter().filter(|f| {
        f.media_type == "application/pgp-keys" || f.media_type.starts_with("application/") && f.name.ends_with(".asc")
    });
    for file in attached.take(LEARNED_MAX).filter_map(|f| parse::file(letter.raw.bytes(), f.index)) {
        found.extend(read_keys(file.bytes.reveal()).into_iter().map(|cert| Learned { cert, attached: true }));
    }
    let from = letter.from.as_ref().map(|a| a.folded().to_owned());
    if let (Ok(outline), Some(from)) = (Outline::read(received), from) {
        let fields: Vec<String> =
            outline.raw_values("Autocrypt").map(|v| String::from_utf8_lossy(v).into_owned()).collect();
        // More than one that fits: none of them counts (Autocrypt 1.1, 2.3).
        let fitting: Vec<Vec<u8>> = fields.iter().filter_map(|field| autocrypt(field, &from)).collect();
        if let [only] = fitting.as_slice() {
            found.extend(read_keys(only).into_iter().map(|cert| Learned { cert, attached: false }));
        }
    }
    let mut known = Vec::new();
    found.retain(|l| {
        let fingerprint = l.cert.fingerprint();
        let new = !known.contains(&fingerprint);
        known.push(fingerprint);
        new
    });
    found.truncate(LEARNED_MAX);
    found
}

/// The key in one Autocrypt field, if it is well formed and speaks of the sender.
fn autocrypt(field: &str, from: &str) -> Option<Vec<u8>> {
    let (mut address, mut key) = (None, None);
    for (name, value) in field.split(';').filter_map(|pair| pair.split_once('=')) {
        match name.trim() {
            "addr" => address = Some(value.trim().to_lowercase()),
            "keydata" => key = Some(value.split_whitespace().collect::<String>()),
            // Names that begin with an underscore may be passed over, others may not.
            "prefer-encrypt" => {}
            other if other.starts_with('_') => {}
            _ => return None,
        }
    }
    if address? != from.to_lowercase() {
        return None;
    }
    BASE64_STANDARD.decode(key?).ok()
}
