//! Words of a text in one spelling, with where they stand.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// A word.
pub(super) struct Token<'a> {
    /// As written.
    pub(super) text: &'a str,
    /// NFKC, lower case.
    pub(super) folded: Cow<'a, str>,
    pub(super) hash: u64,
    /// Where it begins, in bytes.
    pub(super) begin: usize,
    /// Where it ends, in bytes.
    pub(super) end: usize,
}

impl Token<'_> {
    /// Written with a capital, or in a script without capitals.
    pub(super) fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(|c| !c.is_lowercase())
    }
}

/// The words of a text: runs of letters, marks and digits.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut begin = None;
    for (at, c) in text.char_indices() {
        let inside = c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
        match (inside, begin) {
            (true, None) => begin = Some(at),
            (false, Some(from)) => {
                push(text, from, at, &mut out);
                begin = None;
            }
            _ => {}
        }
    }
    if let Some(from) = begin {
        push(text, from, text.len(), &mut out);
    }
    out
}

fn push<'a>(text: &'a str, begin: usize, end: usize, out: &mut Vec<Token<'a>>) {
    let Some(word) = text.get(begin..end) else { return };
    let folded = if word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(word.nfkc().collect::<String>().to_lowercase())
    };
    let hash = folded.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    out.push(Token { text: word, folded, hash, begin, end });
}
