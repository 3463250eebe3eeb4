//! The one lock between a sign-in secret and a person's key: Argon2id, then an authenticated cipher.
//!
//! There is no password hash beside it: signing in *is* unlocking. The cost stands in the lock itself, so that it can
//! be raised later; it is bounded when read, so that a forged row cannot eat the machine's memory.

use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::vault;
use crate::chance::{self, Chance};
use crate::secret::{PlainBytes, PlainText};

const VERSION: u8 = 1;
const SALT_BYTES: usize = 16;
const CHECKSUM_BYTES: usize = 16;
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 8;

/// Why a locked key stays locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// The lock is whole, the secret is another.
    #[error("wrong secret")]
    WrongSecret,
    /// The stored bytes are not what was stored for this person.
    #[error("damaged")]
    Damaged,
}

/// What one try costs whoever guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes: about 150 ms.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
    /// For tests and demonstrations with invented people only: it protects nothing.
    pub const CHEAP: Self = Self { memory_kib: 64, passes: 1, lanes: 1 };

    fn to_bytes(self) -> [u8; 12] {
        let mut out = [0; 12];
        let numbers = [self.memory_kib, self.passes, self.lanes].map(u32::to_be_bytes);
        for (to, from) in out.iter_mut().zip(numbers.as_flattened()) {
            *to = *from;
        }
        out
    }

    fn from_bytes(bytes: [u8; 12]) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        let (memory_kib, passes, lanes) =
            (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]), u32::from_be_bytes([i, j, k, l]));
        let fits = memory_kib <= MEMORY_KIB_MAX && passes <= PASSES_MAX && lanes <= LANES_MAX;
        fits.then_some(Self { memory_kib, passes, lanes })
    }
}

/// A secret as it counts: what a person types, without the accidents of typing.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A passphrase or password: blanks around it do not count, and several blanks in a row count as one. Upper and
    /// lower case stay different.
    pub fn words(typed: &str) -> Self {
        let mut out = String::with_capacity(typed.len());
        for word in typed.split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
        Self(Zeroizing::new(out.into_bytes()))
    }

    /// A recovery code from the sheet: only letters and digits count, in any case, and the digits that are not in the
    /// code's alphabet are read as the letters they look like.
    pub fn code(typed: &str) -> Self {
        let mut out = Zeroizing::new(Vec::with_capacity(typed.len()));
        out.extend(typed.bytes().filter(u8::is_ascii_alphanumeric).map(|b| match b {
            b'0' => b'o',
            b'1' => b'l',
            b'8' => b'b',
            other => other.to_ascii_lowercase(),
        }));
        Self(out)
    }

    /// The secret in its normal form, for OpenPGP's own locks.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&PlainText> for Secret {
    fn from(typed: &PlainText) -> Self {
        Self::words(typed.reveal())
    }
}

/// Version, cost, salt, sealed bytes, checksum.
pub(super) fn lock(plain: &[u8], secret: &Secret, context: &[u8], cost: Cost, chance: &dyn Chance) -> Option<Vec<u8>> {
    let salt: [u8; SALT_BYTES] = chance::bytes(chance);
    let mut out = vec![VERSION];
    out.extend_from_slice(&cost.to_bytes());
    out.extend_from_slice(&salt);
    let key = derive(secret, &salt, cost)?;
    let sealed = vault::close(&key, &vault::bind(&[b"lock", &out, context]), plain, chance);
    out.extend(sealed);
    let sum = checksum(&out, context);
    out.extend(sum);
    Some(out)
}

/// What [`lock`] locked.
pub(super) fn unlock(locked: &[u8], secret: &Secret, context: &[u8]) -> Result<PlainBytes, UnlockError> {
    const BAD: UnlockError = UnlockError::Damaged;
    // The checksum protects nothing; it tells a worn disk or a swapped row from a wrong secret, before 64 MiB are
    // spent.
    let (body, sum) = locked.split_last_chunk::<CHECKSUM_BYTES>().ok_or(BAD)?;
    if checksum(body, context) != *sum {
        return Err(BAD);
    }
    let rest = body.strip_prefix(&[VERSION]).ok_or(BAD)?;
    let (cost, rest) = rest.split_first_chunk::<12>().ok_or(BAD)?;
    let (salt, sealed) = rest.split_first_chunk::<SALT_BYTES>().ok_or(BAD)?;
    let header = body.get(..body.len() - sealed.len()).ok_or(BAD)?;
    let cost = Cost::from_bytes(*cost).ok_or(BAD)?;
    let key = derive(secret, salt, cost).ok_or(BAD)?;
    vault::open(&key, &vault::bind(&[b"lock", header, context]), sealed).ok_or(UnlockError::WrongSecret)
}

fn derive(secret: &Secret, salt: &[u8], cost: Cost) -> Option<Zeroizing<[u8; 32]>> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(&secret.0, salt, &mut *key).ok()?;
    Some(key)
}

fn checksum(body: &[u8], context: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::digest(vault::bind(&[body, context]));
    let mut out = [0; CHECKSUM_BYTES];
    for (to, from) in out.iter_mut().zip(digest) {
        *to = from;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chance::SeededChance;

    fn locked(secret: &Secret) -> Vec<u8> {
        lock(b"a key", secret, b"person 1", Cost::CHEAP, &SeededChance::new(1)).unwrap()
    }

    fn tried(bytes: &[u8], secret: &Secret, context: &[u8]) -> Option<UnlockError> {
        unlock(bytes, secret, context).err()
    }

    #[test]
    fn blanks_around_and_between_do_not_count() {
        let bytes = locked(&Secret::words("satu dua tiga"));
        assert_eq!(
            unlock(&bytes, &Secret::words("  satu\t dua \u{a0}tiga\n"), b"person 1").unwrap().reveal(),
            b"a key"
        );
        for other in ["satu duatiga", "Satu dua tiga", "", "satu dua"] {
            assert_eq!(tried(&bytes, &Secret::words(other), b"person 1"), Some(UnlockError::WrongSecret), "{other}");
        }
    }

    #[test]
    fn a_code_opens_however_it_is_typed() {
        let bytes = locked(&Secret::code("abol-cdef"));
        for typed in ["ABOLCDEF", " ab0l cdef ", "a8o1-cdef", "ab-ol-cd-ef"] {
            assert!(unlock(&bytes, &Secret::code(typed), b"person 1").is_ok(), "{typed}");
        }
    }

    #[test]
    fn another_row_is_damage_not_a_wrong_secret() {
        let secret = Secret::words("x");
        assert_eq!(tried(&locked(&secret), &secret, b"person 2"), Some(UnlockError::Damaged));
    }

    #[test]
    fn a_forged_cost_is_refused() {
        let secret = Secret::words("x");
        for cost in [
            Cost { memory_kib: u32::MAX, ..Cost::CHEAP },
            Cost { passes: 17, ..Cost::CHEAP },
            Cost { lanes: 9, ..Cost::CHEAP },
            Cost { memory_kib: 0, ..Cost::CHEAP },
        ] {
            let mut forged = locked(&secret);
            forged.truncate(forged.len() - CHECKSUM_BYTES);
            forged.splice(1..13, cost.to_bytes());
            let sum = checksum(&forged, b"person 1");
            forged.extend(sum);
            assert_eq!(tried(&forged, &secret, b"person 1"), Some(UnlockError::Damaged), "{cost:?}");
        }
    }

    #[test]
    fn the_standard_cost_is_within_what_is_read() {
        assert_eq!(Cost::from_bytes(Cost::STANDARD.to_bytes()), Some(Cost::STANDARD));
    }

    proptest! {
        #[test]
        fn every_edited_or_missing_byte_is_damage(at: prop::sample::Index, bit in 0u8..8) {
            let secret = Secret::words("x");
            let mut bytes = locked(&secret);
            let i = at.index(bytes.len());
            prop_assert_eq!(tried(&bytes[..i], &secret, b"person 1"), Some(UnlockError::Damaged));
            bytes[i] ^= 1 << bit;
            prop_assert_eq!(tried(&bytes, &secret, b"person 1"), Some(UnlockError::Damaged));
        }
    }
}
