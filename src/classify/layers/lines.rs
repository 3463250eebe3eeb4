//! A text as lines with their quoting depth, and one spelling for words that look alike.

use std::ops::Range;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfkc_quick};

/// Longest line that may be a divider, a header or an attribution, in bytes.
const MARKER_BYTES_MAX: usize = 4_000;

/// Most lines that are looked at: what follows belongs to the last layer found.
const LINES_MAX: usize = 10_000;

/// A line of a text.
pub(super) struct Line<'t> {
    /// Where it begins in the text, quote marks included.
    pub(super) begin: usize,
    /// Where its words begin in the text.
    pub(super) start: usize,
    /// How many quote marks stand before its words.
    pub(super) depth: usize,
    /// Its words, without quote marks and blanks around them.
    pub(super) words: &'t str,
    /// The words as they are compared; empty for a line too long to be a marker.
    pub(super) folded: String,
    /// Whether blanks stand before its words.
    pub(super) indented: bool,
}

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.words.is_empty()
    }

    /// Nothing but strokes: what mail programs draw above an earlier letter.
    pub(super) fn is_stroke(&self) -> bool {
        self.words.chars().count() >= 3 && self.words.chars().all(|c| is_dash(c) || c == ' ')
    }
}

/// Cuts a text into its lines.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut at = 0;
    text.split('\n')
        .take(LINES_MAX)
        .map(|line| {
            let begin = at;
            at += line.len() + 1;
            let (depth, inner) = unquote(line);
            let words = inner.trim_matches(is_blank);
            let start = begin + line.len() - inner.trim_start_matches(is_blank).len();
            let folded = if words.len() <= MARKER_BYTES_MAX { fold(words) } else { String::new() };
            Line { begin, start, depth, words, folded, indented: inner.starts_with([' ', '\t']) }
        })
        .collect()
}

/// Quote marks and what follows them. A face like `>_<` is no quote.
fn unquote(line: &str) -> (usize, &str) {
    let mut depth = 0;
    let mut rest = line;
    loop {
        let trimmed = rest.trim_start_matches(is_blank);
        if rest.len() - trimmed.len() > 4 {
            break;
        }
        let Some(inner) = trimmed.strip_prefix('>') else { break };
        rest = inner;
        depth += 1;
    }
    let words = rest.trim_matches(is_blank);
    let first = words.split(is_blank).next().unwrap_or_default();
    let face = |word: &str, max: usize| !word.is_empty() && word.chars().count() <= max;
    let whole = face(words, 3) && !words.chars().any(char::is_alphanumeric);
    if depth == 1 && !rest.starts_with(is_blank) && (whole || face(first, 4) && first.ends_with('<')) {
        return (0, line);
    }
    (depth, rest.strip_prefix(' ').filter(|_| depth > 0).unwrap_or(rest))
}

/// Whether a character leaves no ink: blanks of any kind, byte order and direction marks, joiners.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_mark(c)
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{61C}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FE0E}'
            | '\u{FE0F}'
            | '\u{FEFF}'
    )
}

/// A stroke's character.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '_' | '=' | '~' | '#' | '*' | '\u{2010}'..='\u{2015}' | '\u{2500}' | '\u{2501}' | '\u{FF0D}')
}

/// Compatibility form, lower case with one `i` for Turkish, single spaces, no marks without ink, no bold stars.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Most lines are plain: they need no tables.
    if text.chars().all(is_plain) || is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        text.chars().for_each(|c| keep(c, &mut out));
    } else {
        text.nfkc().for_each(|c| keep(c, &mut out));
    }
    out.truncate(out.trim_end().len());
    out
}

/// Letters whose compatibility form is themselves, whatever stands around them.
fn is_plain(c: char) -> bool {
    c.is_ascii() || matches!(c, '\u{c0}'..='\u{131}')
}

fn keep(c: char, out: &mut String) {
    match c {
        '*' => {}
        'I' | '\u{130}' | '\u{131}' => out.push('i'),
        c if c.is_ascii_graphic() => out.push(c.to_ascii_lowercase()),
        c if is_mark(c) => {}
        c if c.is_whitespace() => {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        }
        c => out.extend(c.to_lowercase().filter(|l| *l != '\u{307}')),
    }
}

/// Whether a text names a moment: a year, a date in digits, or a time of day. Figures in an address are none.
pub(in crate::classify) fn has_moment(text: &str) -> bool {
    text.split_whitespace().filter(|word| !word.contains('@')).any(|word| {
        let mut runs = word.split(|c: char| !c.is_numeric()).map(|run| run.chars().count()).filter(|run| *run > 0);
        let date = word.contains(['.', '/', '-']) && runs.clone().count() >= 3 && runs.clone().all(|run| run <= 4);
        runs.any(|run| run == 4) || date || has_time(word)
    })
}

/// Whether a text names a time of day.
pub(super) fn has_time(text: &str) -> bool {
    text.split(|c: char| !c.is_numeric() && !matches!(c, ':' | '.' | '\u{2236}' | 'h')).any(|word| {
        let mut parts = word.splitn(3, [':', '.', '\u{2236}', 'h']);
        let hour = parts.next().map_or(0, |p| p.chars().count());
        let minute = parts.next().map_or(0, |p| p.chars().count());
        (1..=2).contains(&hour) && minute == 2
    })
}

/// The first mail address in a text.
pub(super) fn address_in(text: &str) -> Option<Range<usize>> {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find('@')).map(|at| from + at) {
        let (before, after) = (text.get(from..at)?, text.get(at + 1..)?);
        let local = before.trim_end_matches(|c: char| c.is_alphanumeric() || "._%+-/=!#$&'^`{|}~".contains(c));
        let domain = after.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '.' | '-'));
        let begin = from + local.len();
        let end = text.len() - domain.len();
        let name = text.get(at + 1..end)?.trim_end_matches(['.', '-']);
        if begin < at && !name.is_empty() {
            return Some(begin..at + 1 + name.len());
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_look_alike_are_one() {
        for (text, expected) in [
            ("  *From:*\u{a0} X ", "from: x"),
            ("İLETİLMİŞ ılık", "iletilmiş ilik"),
            ("Ｆｗｄ：", "fwd:"),
            ("\u{202b}رسالة\u{200f}", "رسالة"),
            ("Straße", "straße"),
        ] {
            assert_eq!(fold(text), expected, "{text:?}");
        }
    }

    #[test]
    fn quote_marks_are_counted() {
        let depths: Vec<_> = lines("a\n> b\n>> c\n > > d\n>_< capek\n     > e\n>").iter().map(|l| l.depth).collect();
        assert_eq!(depths, [0, 1, 2, 2, 0, 0, 1]);
    }

    #[test]
    fn moments_and_addresses_are_seen() {
        for text in ["15 Jun 2024", "3/12/18", "pukul 14.59", "at 9:31 AM", "kl. 09.31", "9h30", "2021. okt. 27."] {
            assert!(has_moment(text), "{text}");
        }
        for text in ["saya 3 kali", "nomor 12", "081234567890", "versi 2"] {
            assert!(!has_moment(text), "{text}");
        }
        assert!(
            has_time("28 Oct 2021 12:46") && has_time("14.59,") && !has_time("28/10/2021") && !has_time("12 Mei 2008")
        );
        for (text, expected) in [
            ("John <john.doe@acme.com>", Some("john.doe@acme.com")),
            ("[mailto:a@b.example]", Some("a@b.example")),
            ("@ x@y.z.", Some("x@y.z")),
            ("a @ b", None),
        ] {
            assert_eq!(address_in(text).and_then(|r| text.get(r)), expected);
        }
    }
}
