//! The word a client can be asked for: kept as a slow salted hash, never as it is.

use super::secret_lock::{Cost, Secret, lock, unlock};
use crate::chance::Chance;
use crate::secret::PlainText;

/// What is locked; whether it opens is the answer.
const INSIDE: &[u8] = b"code word";

/// Hides a word for its owner's row; as slow as a sign-in. `None` where the cost cannot be paid.
pub fn hide_code_word(word: &PlainText, owner: &[u8], cost: Cost, chance: &dyn Chance) -> Option<Vec<u8>> {
    lock(INSIDE, &secret(word), &context(owner), cost, chance)
}

/// Whether a word is the hidden one; as slow as a sign-in.
pub fn fits_code_word(word: &PlainText, owner: &[u8], hidden: &[u8]) -> bool {
    unlock(hidden, &secret(word), &context(owner)).is_ok_and(|inside| inside.reveal() == INSIDE)
}

/// Upper and lower case do not count: the word is remembered, not copied.
fn secret(word: &PlainText) -> Secret {
    Secret::words(PlainText::new(word.reveal().to_lowercase()).reveal())
}

fn context(owner: &[u8]) -> Vec<u8> {
    [b"code word ", owner].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;

    #[test]
    fn only_the_word_fits_and_only_in_its_row() {
        let word = PlainText::from("Jeruk  Bali");
        let hidden = hide_code_word(&word, b"sari", Cost::CHEAP, &SeededChance::new(1)).unwrap();
        assert!(fits_code_word(&PlainText::from("jeruk bali "), b"sari", &hidden));
        assert!(!fits_code_word(&PlainText::from("jeruk"), b"sari", &hidden));
        assert!(!fits_code_word(&word, b"budi", &hidden));
        assert!(!hidden.windows(5).any(|w| w.eq_ignore_ascii_case(b"jeruk")));
    }
}
