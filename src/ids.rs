//! Names of rows: random, so that nothing leaves the house that counts or tells a time.
//!
//! An id is 128 random bits, written as 26 characters of lower-case base 32 (RFC 4648 alphabet) wherever a person or
//! a URL sees it, and as 16 bytes in the tables.

use std::fmt;
use std::str::FromStr;

use crate::chance::{self, Chance};

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Lower-case base 32 without padding.
pub fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut acc, mut bits) = (0u32, 0u32);
    for &byte in bytes {
        acc = (acc << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(letter((acc >> bits) & 31));
        }
    }
    if bits > 0 {
        out.push(letter((acc << (5 - bits)) & 31));
    }
    out
}

/// The bytes behind lower- or upper-case base 32; `None` for any other character or a non-zero rest.
pub fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut acc, mut bits) = (0u32, 0u32);
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    for c in text.bytes() {
        let value = ALPHABET.iter().position(|&a| a == c.to_ascii_lowercase())?;
        acc = ((acc << 5) | u32::try_from(value).ok()?) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((acc >> bits) & 0xff).ok()?);
        }
    }
    (bits < 5 && acc & ((1 << bits) - 1) == 0).then_some(out)
}

fn letter(value: u32) -> char {
    usize::try_from(value).ok().and_then(|v| ALPHABET.get(v)).map_or('a', |&b| char::from(b))
}

/// The text is not an id of this kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an id")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A fresh id.
            pub fn draw(chance: &dyn Chance) -> Self {
                Self(chance::bytes(chance))
            }

            /// The 16 bytes as the tables hold them.
            pub fn bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<[u8; 16]> for $name {
            fn from(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = NotAnId;
            fn try_from(bytes: &[u8]) -> Result<Self, NotAnId> {
                bytes.try_into().map(Self).map_err(|_| NotAnId)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Self::try_from(from_base32(text).ok_or(NotAnId)?.as_slice())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base32(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A client, counselor, supervisor, scheduler or operator.
    PersonId,
    /// A group of counselors with one page and one key.
    DeskId,
    /// One client's correspondence with a desk.
    ThreadId,
    /// A period of a thread with its own key.
    EpochId,
    /// One letter.
    LetterId,
    /// A file that came with a letter, or the original bytes of a large mail.
    AttachmentId,
    /// A mail that waits for a person's decision.
    HeldId,
    /// A mail waiting to leave.
    OutboxId,
    /// A piece of work for later.
    JobId,
    /// A counselor's private note.
    NoteId,
    /// A line of the audit.
    AuditId,
    /// A letter without content that proves that the road is open.
    CanaryId,
}

impl ThreadId {
    /// What people call the case where no name may stand: the first eight characters, in two groups. Not unique by
    /// itself, and no way in.
    pub fn case_code(&self) -> String {
        let text = self.to_string();
        let (first, rest) = text.split_at_checked(4).unwrap_or((&text, ""));
        format!("{first}-{}", rest.get(..4).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn base32_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let text = base32(&bytes);
            prop_assert_eq!(from_base32(&text), Some(bytes.clone()));
            prop_assert_eq!(from_base32(&text.to_uppercase()), Some(bytes));
        }

        #[test]
        fn an_id_comes_back(bytes in any::<[u8; 16]>()) {
            let id = LetterId::from(bytes);
            let text = id.to_string();
            prop_assert_eq!(text.len(), 26);
            prop_assert_eq!(text.parse(), Ok(id));
        }
    }

    #[test]
    fn rfc_4648_vectors() {
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
        assert_eq!(base32(b"f"), "my");
        assert_eq!(from_base32("mz"), None, "rest bits must be zero");
        assert_eq!(from_base32("m1"), None);
        assert_eq!("short".parse::<LetterId>(), Err(NotAnId));
    }
}
