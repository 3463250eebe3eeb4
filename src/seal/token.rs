//! Mail addresses of threads: unguessable, and a mistyped one is recognized as such.
//!
//! The local part is 16 base-32 characters (80 random bits) and 4 more (20 bits) of a check only this house can
//! compute. A letter to a mistyped address can therefore be answered with "please check the address" instead of being
//! taken for a new client, and nobody can make up an address that passes.

use zeroize::Zeroize;

use super::house::HouseKey;
use crate::chance::{self, Chance};
use crate::ids;

const TOKEN_CHARS: usize = 16;
const CHECK_CHARS: usize = 4;
const CHARS: usize = TOKEN_CHARS + CHECK_CHARS;

/// Why a local part is no thread's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It does not look like one.
    #[error("not a thread's address")]
    NotAToken,
    /// It looks like one, with a slip of a finger in it.
    #[error("a mistyped thread's address")]
    Mistyped,
}

/// What makes a thread's mail address its own: 80 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct ThreadToken([u8; 10]);

impl ThreadToken {
    /// A fresh token.
    pub fn draw(chance: &dyn Chance) -> Self {
        Self(chance::bytes(chance))
    }

    /// The bytes, for a keyed look-up hash or for sealing; they belong in no table as they are.
    pub fn bytes(&self) -> &[u8; 10] {
        &self.0
    }

    /// A token sealed earlier.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TokenError> {
        bytes.try_into().map(Self).map_err(|_| TokenError::NotAToken)
    }

    /// The part of the mail address before the `@`: 20 lower-case characters.
    pub fn local_part(&self, house: &HouseKey) -> String {
        let mut out = ids::base32(&self.0);
        out.push_str(&check(&self.0, house));
        out
    }

    /// Reads a local part, in upper or lower case.
    pub fn read(local: &str, house: &HouseKey) -> Result<Self, TokenError> {
        // Digits outside the alphabet are what a person types for o, l, b and g; one character too many or too few is
        // the other common slip. Anything else was meant as another address.
        let near = (CHARS - 1..=CHARS + 1).contains(&local.len()) && local.bytes().all(|b| b.is_ascii_alphanumeric());
        if !near {
            return Err(TokenError::NotAToken);
        }
        let (token, given) = local.split_at_checked(TOKEN_CHARS).ok_or(TokenError::Mistyped)?;
        let bytes: [u8; 10] = ids::from_base32(token).and_then(|b| b.try_into().ok()).ok_or(TokenError::Mistyped)?;
        if given.eq_ignore_ascii_case(&check(&bytes, house)) { Ok(Self(bytes)) } else { Err(TokenError::Mistyped) }
    }
}

impl Drop for ThreadToken {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn check(token: &[u8; 10], house: &HouseKey) -> String {
    ids::base32(&house.token_check(token)).chars().take(CHECK_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chance::SeededChance;

    fn house() -> HouseKey {
        HouseKey::draw(&SeededChance::new(5))
    }

    fn read(local: &str) -> Option<TokenError> {
        ThreadToken::read(local, &house()).err()
    }

    #[test]
    fn an_address_comes_back_in_any_case() {
        let (house, token) = (house(), ThreadToken::draw(&SeededChance::new(9)));
        let local = token.local_part(&house);
        assert_eq!(local.len(), 20);
        assert!(ThreadToken::read(&local, &house).is_ok_and(|t| t == token));
        assert!(ThreadToken::read(&local.to_uppercase(), &house).is_ok_and(|t| t == token));
        assert!(ThreadToken::from_bytes(token.bytes()).is_ok_and(|t| t == token));
    }

    #[test]
    fn other_addresses_are_not_tokens() {
        for local in [
            "",
            "help",
            "surat",
            "sari.putri.wulandari",
            "someone+tag-with-more",
            "a-very-long-local-part-indeed",
            "zwölfzwölfzwölf12",
        ] {
            assert_eq!(read(local), Some(TokenError::NotAToken), "{local}");
        }
    }

    /// Every slip of one finger on thirty addresses, all 22,000 of them: a random choice would, once in a thousand
    /// runs, hit the one in 2^20 that passes by chance.
    #[test]
    fn every_slip_of_one_finger_is_seen() {
        let house = house();
        for seed in 0..30 {
            let local = ThreadToken::draw(&SeededChance::new(seed)).local_part(&house);
            let check = |typed: String| {
                assert_eq!(ThreadToken::read(&typed, &house).err(), Some(TokenError::Mistyped), "{local} as {typed}")
            };
            for i in 0..local.len() {
                for c in ('a'..='z').chain('0'..='9').filter(|c| !local[i..].starts_with(*c)) {
                    check(format!("{}{c}{}", &local[..i], &local[i + 1..]));
                }
                check(format!("{}{}", &local[..i], &local[i + 1..]));
                let mut swapped = local.clone().into_bytes();
                swapped.swap(i, (i + 1) % 20);
                if swapped != local.as_bytes() {
                    check(String::from_utf8(swapped).unwrap());
                }
            }
            check(format!("{local}a"));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_stumble(text in ".{0,30}") {
            let _ = ThreadToken::read(&text, &house());
        }
    }
}
