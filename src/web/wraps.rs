//! How a letter's mail was wrapped, in words.

use crate::seal::{Lock, Signed, Wrap};
use crate::texts::Texts;

/// Signs of a key's number that are shown.
const SHOWN: usize = 16;

/// One sentence for each thing there is to say.
pub(crate) fn lines(texts: Texts, wrap: Option<&Wrap>) -> Vec<String> {
    let Some(wrap) = wrap.filter(|w| !w.is_plain()) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    if wrap.lock != Lock::None {
        let key = format!("pgp-lock-{}", wrap.lock.word());
        let keys: Vec<String> = wrap.keys.iter().map(|k| number(k)).collect();
        let keys = if keys.is_empty() { texts.t("pgp-no-id") } else { keys.join(", ") };
        out.push(if wrap.lock == Lock::NoKey { texts.t1(&key, "keys", keys) } else { texts.t(&key) });
    }
    if wrap.signed != Signed::No {
        let key = format!("pgp-signed-{}", wrap.signed.word());
        let by = if wrap.signer.is_empty() { texts.t("pgp-no-id") } else { number(&wrap.signer) };
        let names = matches!(wrap.signed, Signed::Confirmed | Signed::Unconfirmed | Signed::Unknown);
        out.push(if names { texts.t1(&key, "key", by) } else { texts.t(&key) });
    }
    if wrap.loose {
        out.push(texts.t("pgp-loose"));
    }
    out
}

/// The end of a key's number, in groups of four.
fn number(key: &str) -> String {
    grouped(key.get(key.len().saturating_sub(SHOWN)..).unwrap_or(key))
}

/// A fingerprint in groups of four, as mail programs show it.
pub(crate) fn grouped(fingerprint: &str) -> String {
    let signs: Vec<char> = fingerprint.chars().collect();
    signs.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
