//! Secrets made for people: passphrases of words and codes for the recovery sheet.

use zeroize::Zeroize;

use crate::chance::{self, Chance};
use crate::ids;
use crate::secret::PlainText;

/// Characters of one group of a recovery code.
const GROUP: usize = 4;
/// Random bytes of a recovery code: 160 bits, 32 characters, eight groups.
const CODE_BYTES: usize = 20;

/// `count` words, each equally likely, with single spaces between them. No words in, no words out.
pub fn passphrase(words: &[&str], count: usize, chance: &dyn Chance) -> PlainText {
    let bound = u32::try_from(words.len()).unwrap_or(u32::MAX);
    // Room for all from the start: a growing string would leave copies of the first words behind.
    let mut out = String::with_capacity(count * (words.iter().map(|w| w.len()).max().unwrap_or(0) + 1));
    for _ in 0..count {
        let pick = usize::try_from(chance::below(chance, bound)).unwrap_or(0);
        let Some(word) = words.get(pick) else { continue };
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    PlainText::new(out)
}

/// A code for the recovery sheet: eight groups of four characters, `abcd-efgh-...`. Read it back with
/// [`Secret::code`](super::Secret::code).
pub fn recovery_code(chance: &dyn Chance) -> PlainText {
    let mut bytes: [u8; CODE_BYTES] = chance::bytes(chance);
    let mut code = ids::base32(&bytes);
    let mut out = String::with_capacity(code.len() + code.len() / GROUP);
    for (i, c) in code.chars().enumerate() {
        if i > 0 && i % GROUP == 0 {
            out.push('-');
        }
        out.push(c);
    }
    bytes.zeroize();
    code.zeroize();
    PlainText::new(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;

    #[test]
    fn a_passphrase_has_its_words() {
        let words = ["satu", "dua", "tiga"];
        let chance = SeededChance::new(2);
        let text = passphrase(&words, 60, &chance);
        assert_eq!(text.reveal().split(' ').count(), 60);
        assert!(words.iter().all(|w| text.reveal().contains(w)), "each word has its turn");
        assert_eq!(passphrase(&[], 6, &chance).reveal(), "");
    }

    #[test]
    fn a_code_has_eight_groups() {
        let code = recovery_code(&SeededChance::new(3));
        assert_eq!(code.reveal().split('-').map(str::len).collect::<Vec<_>>(), [4; 8]);
    }
}
