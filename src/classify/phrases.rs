//! Finds many phrases in one pass, whatever the case, the blanks and the line breaks.

/// Bytes by which phrases are looked up; none is shorter.
const HEAD: usize = 3;
/// Lists of phrases, each for the heads that share some bits.
const LISTS: usize = 1 << 12;

/// Phrases with what each means.
pub(super) struct Phrases<T> {
    lists: Vec<Vec<(&'static str, T)>>,
    /// A bit for each head that some phrase has, and for those that share its bits: most places in a text are passed over
    /// by a look at this alone.
    heads: Vec<u64>,
}

/// A phrase in a text.
#[derive(Clone, Copy)]
pub(super) struct Hit<T> {
    /// What it means.
    pub(super) sign: T,
    /// Where it begins.
    pub(super) at: usize,
}

/// Sixteen bits of a head, spread well.
fn bits(head: [u8; HEAD]) -> usize {
    let [a, b, c] = head;
    let [_, _, low, high] = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9E37_79B1).to_le_bytes();
    usize::from(u16::from_le_bytes([low, high]))
}

impl<T: Copy> Phrases<T> {
    /// Reads phrases from lines, below the `[section]` that says what they mean; `#` begins a remark. They are written
    /// folded: in lower case, one blank between words, straight apostrophes.
    pub(super) fn read(words: &'static str, meaning: impl Fn(&str) -> Option<T>) -> Self {
        let mut lists: Vec<Vec<_>> = vec![Vec::new(); LISTS];
        let mut heads = vec![0_u64; (1 << 16) / 64];
        let mut sign = None;
        for line in words.lines().filter(|line| !line.starts_with('#')) {
            let section = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')).and_then(&meaning);
            if section.is_some() {
                sign = section;
            } else if let (Some(head), Some(sign)) = (line.as_bytes().first_chunk::<HEAD>(), sign) {
                let bits = bits(*head);
                if let (Some(list), Some(word)) = (lists.get_mut(bits % LISTS), heads.get_mut(bits / 64)) {
                    list.push((line, sign));
                    *word |= 1 << (bits % 64);
                }
            }
        }
        Self { lists, heads }
    }

    /// All phrases in a folded text, in order. One that stands inside a longer one is left out, because the longer one
    /// knows better; one that the longer begins with is kept.
    pub(super) fn find(&self, text: &str) -> Vec<Hit<T>> {
        let bytes = text.as_bytes();
        let mut hits: Vec<Hit<T>> = Vec::new();
        let mut covered = 0..0;
        for (at, head) in bytes.array_windows::<HEAD>().enumerate() {
            let bits = bits(*head);
            if self.heads.get(bits / 64).is_none_or(|word| word >> (bits % 64) & 1 == 0) {
                continue;
            }
            for (phrase, sign) in self.lists.get(bits % LISTS).into_iter().flatten() {
                let end = at + phrase.len();
                if bytes.get(at..end) != Some(phrase.as_bytes()) || at > covered.start && end <= covered.end {
                    continue;
                }
                hits.push(Hit { sign: *sign, at });
                if end > covered.end {
                    covered = at..end;
                }
            }
        }
        hits
    }

    /// Whether a folded text holds a phrase of this meaning.
    pub(super) fn says(&self, text: &str, meaning: impl Fn(T) -> bool) -> bool {
        self.find(text).into_iter().any(|hit| meaning(hit.sign))
    }
}

/// A text as phrases are written, cut to about `max` bytes.
pub(super) fn fold(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max) + 8);
    let mut blank = true;
    for c in text.chars() {
        if out.len() >= max {
            break;
        }
        match c {
            c if c.is_whitespace() || c == '\u{FEFF}' => {
                if !blank {
                    out.push(' ');
                }
                blank = true;
                continue;
            }
            c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            '\u{2018}' | '\u{2019}' | '\u{02BC}' => out.push('\''),
            '\u{2010}'..='\u{2014}' => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
        blank = false;
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_across_lines_and_cases() {
        let words = "# remark\n[1]\ncould not be delivered\nnot be\n\n[2]\nнедоставлено\n";
        let phrases = Phrases::read(words, |section| section.parse::<u8>().ok());
        let text = fold("It COULD  not\r\n be\tdelivered. НЕДОСТАВЛЕНО", 1_000);
        let hits: Vec<_> = phrases.find(&text).into_iter().map(|h| (h.sign, &text[h.at..h.at + 6])).collect();
        assert_eq!(hits, [(1, "could "), (2, "нед")]);
    }

    #[test]
    fn folding_is_bounded() {
        assert_eq!(fold("a b\u{2019}c — d", 100), "a b'c - d");
        assert!(fold(&"Ä".repeat(1_000), 64).len() <= 68);
        assert_eq!(fold(" \n ", 64), "");
    }
}
