//! Finds many phrases in one pass, whatever the case, the blanks and the line breaks.

use std::collections::HashMap;

/// Bytes by which phrases are looked up; none is shorter.
const HEAD: usize = 3;

/// Phrases with what each means.
pub(super) struct Phrases<T> {
    by_head: HashMap<[u8; HEAD], Vec<(&'static str, T)>>,
}

/// A phrase in a text.
#[derive(Clone, Copy)]
pub(super) struct Hit<T> {
    /// What it means.
    pub(super) sign: T,
    /// Where it begins.
    pub(super) at: usize,
}

impl<T: Copy> Phrases<T> {
    /// Reads phrases from lines, below the `[section]` that says what they mean; `#` begins a remark. They are written
    /// folded: in lower case, one blank between words, straight apostrophes.
    pub(super) fn read(words: &'static str, meaning: impl Fn(&str) -> Option<T>) -> Self {
        let mut by_head: HashMap<_, Vec<_>> = HashMap::new();
        let mut sign = None;
        for line in words.lines().filter(|line| !line.starts_with('#')) {
            let section = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')).and_then(&meaning);
            if section.is_some() {
                sign = section;
            } else if let (Some(head), Some(sign)) = (line.as_bytes().first_chunk::<HEAD>(), sign) {
                by_head.entry(*head).or_default().push((line, sign));
            }
        }
        Self { by_head }
    }

    /// All phrases in a folded text, in order. One that stands inside a longer one is left out, because the longer one
    /// knows better; one that the longer begins with is kept.
    pub(super) fn find(&self, text: &str) -> Vec<Hit<T>> {
        let bytes = text.as_bytes();
        let mut hits: Vec<Hit<T>> = Vec::new();
        let mut covered = 0..0;
        for (at, head) in bytes.windows(HEAD).enumerate() {
            let likely = head.first_chunk::<HEAD>().and_then(|head| self.by_head.get(head));
            for (phrase, sign) in likely.into_iter().flatten() {
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
