//! Six words to sign in with.

use crate::house::House;
use crate::role::Language;
use crate::seal::passphrase;
use crate::secret::PlainText;

const INDONESIAN: &str = include_str!("../../templates/words/id.txt");
const ENGLISH: &str = include_str!("../../templates/words/en.txt");
/// Six of 2,048 words: 66 bits, behind a slow hash.
const COUNT: usize = 6;

/// Six fresh words of a language.
pub fn six_words(house: &House, language: Language) -> PlainText {
    let list: Vec<&str> = match language {
        Language::Indonesian => INDONESIAN,
        Language::English => ENGLISH,
    }
    .lines()
    .collect();
    passphrase(&list, COUNT, &*house.chance)
}
