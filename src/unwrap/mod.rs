//! Opens what came encrypted or signed: `Letter -> Unwrapped`.
//!
//! The mail as received stays as it is; beside it a readable copy is made, of which only what came out of the encryption
//! is the text. What stood outside (a footer of a list, a sentence somebody put before a signed part, a web page around
//! an encrypted block) becomes a file at the most, never a part of the text (EFAIL). A subject from inside is shown only
//! when it stands at the root of what was encrypted or signed (RFC 9788 and the drafts before it).
//!
//! Pure: keys come in, values go out.

mod head;
mod inline;
mod keys;
mod leaf;
mod legacy;
mod piece;
mod tree;

pub use keys::{Learned, learn};

use crate::clock::Moment;
use crate::parse::{self, Letter, Outline, RawLetter};
use crate::seal::{Cert, Lock, PracticeKey, Signature, Signed, Wrap};
use crate::secret::PlainBytes;

/// What is at hand to open mail with.
#[derive(Clone, Copy)]
pub struct Keyring<'a> {
    /// Opens.
    pub practice: &'a PracticeKey,
    /// The sender's keys that were confirmed.
    pub confirmed: &'a [Cert],
    /// The sender's keys that were only seen.
    pub seen: &'a [Cert],
    /// The present moment.
    pub now: Moment,
}

/// A mail with its wrapping taken off.
pub struct Unwrapped {
    /// What is shown and judged.
    pub letter: Letter,
    /// How it was wrapped; `None` for most mails.
    pub wrapped: Option<Wrapped>,
}

/// How a mail was wrapped.
pub struct Wrapped {
    /// What to say of it.
    pub wrap: Wrap,
    /// The mail as received, where the letter is a readable copy of it.
    pub received: Option<PlainBytes>,
}

/// Opens a mail as far as our keys go. What is neither encrypted nor signed comes back as it was.
pub fn open(keyring: &Keyring<'_>, letter: Letter) -> Unwrapped {
    let Some(result) = Outline::read(letter.raw.bytes()).ok().and_then(|outline| tree::open(keyring, &outline)) else {
        return plain(letter);
    };
    let wrap = Wrap { signed: signed(keyring, &result.signature, result.partly), ..result.wrap };
    let wrap = Wrap { signer: signer(&result.signature), ..wrap };
    let Some(readable) = result.readable else {
        return Unwrapped { letter, wrapped: Some(Wrapped { wrap, received: None }) };
    };
    match parse::read(RawLetter::new(readable)) {
        Ok(opened) => {
            let received = Some(letter.raw.into_plain());
            Unwrapped { letter: opened, wrapped: Some(Wrapped { wrap, received }) }
        }
        // What came out is no mail: shown as one that stays shut.
        Err(_) => {
            let wrap = Wrap { lock: Lock::Broken, signed: Signed::No, ..Wrap::default() };
            Unwrapped { letter, wrapped: Some(Wrapped { wrap, received: None }) }
        }
    }
}

fn plain(letter: Letter) -> Unwrapped {
    // Marked as encrypted by the one who reads parts, and no OpenPGP was found in it.
    let smime = |outline: &Outline<'_>| outline.root().is_some_and(|root| root.media_type().ends_with("pkcs7-mime"));
    let shut = letter.signs.encrypted && Outline::read(letter.raw.bytes()).is_ok_and(|o| smime(&o));
    let wrapped = shut.then(|| Wrapped { wrap: Wrap { lock: Lock::Smime, ..Wrap::default() }, received: None });
    Unwrapped { letter, wrapped }
}

fn signed(keyring: &Keyring<'_>, signature: &Signature, partly: bool) -> Signed {
    match signature {
        Signature::None if partly => Signed::Partly,
        Signature::None => Signed::No,
        _ if partly => Signed::Partly,
        Signature::Good(by) if keyring.confirmed.iter().any(|c| c.fingerprint() == *by) => Signed::Confirmed,
        Signature::Good(_) => Signed::Unconfirmed,
        Signature::Unknown(_) => Signed::Unknown,
        Signature::Bad(_) => Signed::Bad,
    }
}

fn signer(signature: &Signature) -> String {
    match signature {
        Signature::None => String::new(),
        Signature::Good(key) | Signature::Unknown(key) | Signature::Bad(key) => key.clone(),
    }
}
