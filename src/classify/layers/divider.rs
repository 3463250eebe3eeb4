//! Lines that say that an earlier letter follows: "---- Forwarded message ----", "Begin forwarded message:".

use std::borrow::Cow;

use super::block::{self, Head};
use super::lines::{Line, is_dash};
use super::people::{Person, person};
use super::wording::{ENDS, FORWARDED, MESSAGES, ORIGINALS};

/// Most words of such a line, without the name it may hold.
const WORDS_MAX: usize = 9;
/// Most lines between it and the headers below it, empty ones included.
const GAP_MAX: usize = 4;

/// A line that says that an earlier letter follows.
pub(super) struct Divider {
    /// It says "forwarded"; else "original message", which programs write for answers too.
    pub(super) forwarded: bool,
    /// The headers below or behind it.
    pub(super) head: Option<Head>,
    /// A name it holds: "Forwarded message from Ani".
    pub(super) person: Person,
    /// The first line of the letter.
    pub(super) end: usize,
}

/// Reads such a line at `at`.
pub(super) fn read(lines: &[Line<'_>], at: usize) -> Option<Divider> {
    let line = lines.get(at)?;
    if line.folded.is_empty() || line.is_stroke() {
        return None;
    }
    let inner = line.words.trim_start_matches(is_edge);
    let drawn = strokes(line.words, inner) >= 2;
    if !drawn && is_wordy(&line.folded) {
        return None;
    }
    let (phrase, rest) = if drawn { behind(inner) } else { (inner, "") };
    let folded =
        if phrase == line.words { Cow::Borrowed(&line.folded) } else { Cow::Owned(super::lines::fold(phrase)) };
    let name = if phrase.contains('@') { person(after_from(phrase)) } else { Person::default() };
    let words = folded.split(' ').filter(|w| !w.contains('@')).count();
    let closed = drawn && (!rest.is_empty() || strokes(phrase, phrase.trim_end_matches(is_edge)) >= 2);
    if words > WORDS_MAX + usize::from(name.address.is_some()) * 4 || folded.is_empty() || is_end(&folded) {
        return None;
    }
    // Without strokes only the headers below tell such a line from a sentence.
    if !drawn && !is_announced(lines, at, &folded) {
        return None;
    }
    let forwarded = FORWARDED.within(&folded);
    let message = MESSAGES.within(&folded);
    if !(forwarded || message && ORIGINALS.within(&folded)) {
        return None;
    }
    let rest = rest.trim_start_matches(is_edge);
    let head = if rest.is_empty() { below(lines, at) } else { block::run_together(rest, at + 1) };
    let sure = drawn && closed && message;
    let told = folded.ends_with(':') || head.as_ref().is_some_and(Head::is_mail);
    if !sure && head.is_none() || !drawn && !told {
        return None;
    }
    let end = head.as_ref().map_or(at + 1, |h| h.end);
    Some(Divider { forwarded, head, person: name, end })
}

/// Whether a line has more words than one that announces anything: a name and a single stroke may be among them.
fn is_wordy(folded: &str) -> bool {
    folded.split(' ').filter(|w| !w.contains('@')).nth(WORDS_MAX + 5).is_some()
}

/// Whether a header line follows.
fn is_announced(lines: &[Line<'_>], at: usize, folded: &str) -> bool {
    let next = lines.iter().skip(at + 1).take(GAP_MAX).find(|l| !l.is_blank());
    folded.ends_with(':') && next.is_some_and(|l| l.words.contains([':', '\u{ff1a}']))
        || next.and_then(block::label).is_some()
}

/// Whether a line ends a forwarded letter: "----- End forwarded message -----".
pub(super) fn ends(line: &Line<'_>) -> bool {
    let inner = line.words.trim_matches(is_edge);
    strokes(line.words, line.words.trim_start_matches(is_edge)) >= 2
        && line.folded.split(' ').count() <= WORDS_MAX
        && is_end(&super::lines::fold(inner))
        && FORWARDED.within(&line.folded)
}

fn is_end(folded: &str) -> bool {
    ENDS.iter().any(|end| if end.ends_with(' ') { folded.starts_with(end) } else { folded.ends_with(end) })
}

fn is_edge(c: char) -> bool {
    is_dash(c) || super::lines::is_blank(c)
}

/// How many strokes were taken away.
fn strokes(whole: &str, rest: &str) -> usize {
    whole.chars().filter(|c| is_dash(*c)).count() - rest.chars().filter(|c| is_dash(*c)).count()
}

/// The phrase between strokes, with its strokes, and what stands behind them on the same line.
fn behind(inner: &str) -> (&str, &str) {
    let mut run = 0;
    for (at, c) in inner.char_indices() {
        if is_dash(c) {
            run += 1;
        } else if run >= 2 && !super::lines::is_blank(c) {
            return inner.split_at_checked(at).unwrap_or((inner, ""));
        } else if c != ' ' {
            run = 0;
        }
    }
    (inner, "")
}

/// What follows the word for "from" in "Forwarded message from Ani <a@b.c>".
fn after_from(phrase: &str) -> &str {
    let words: Vec<_> =
        ["from", "dari", "daripada", "von", "de", "od", "fra", "från", "van", "da", "от", "від", "nuo", "osoitteesta"]
            .iter()
            .filter_map(|word| phrase.find(&format!(" {word} ")).map(|at| at + word.len() + 2))
            .collect();
    words.into_iter().min().and_then(|at| phrase.get(at..)).unwrap_or(phrase).trim_matches(is_edge)
}

/// The headers below a line; they may be quoted once more.
fn below(lines: &[Line<'_>], at: usize) -> Option<Head> {
    let depth = lines.get(at)?.depth;
    let next = (at + 1..=at + GAP_MAX).find(|n| lines.get(*n).is_some_and(|l| !l.is_blank() && !l.is_stroke()))?;
    let line = lines.get(next).filter(|l| l.depth == depth || l.depth == depth + 1)?;
    block::label(line).or_else(|| block::read(lines, next).map(|_| (super::labels::Field::Other, "")))?;
    block::read(lines, next).filter(Head::is_some)
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    #[test]
    fn dividers_of_many_programs() {
        for (text, expected) in [
            ("---------- Forwarded message ---------\nFrom: a@b.c", Some(true)),
            ("---------- Pesan yang diteruskan --------\nDari: A <a@b.c>", Some(true)),
            ("---------- Pesan terusan ----------", Some(true)),
            ("----- Forwarded message from Ani <a@b.c> -----", Some(true)),
            ("━━━ Thư đã chuyển tiếp ━━━", Some(true)),
            ("Begin forwarded message:\n\n> From: a@b.c\n> Subject: x", Some(true)),
            ("Awal pesan yang diteruskan:\n\nTanggal: x\nDari: A", Some(true)),
            ("İleti başlangıcı:\n\nKimden: A <a@b.c>", Some(true)),
            ("----- Weitergeleitete Nachricht ----- Von: A <a@b.c>An: d@e.fBetreff: S", Some(true)),
            ("-----Pesan Asli-----", Some(false)),
            ("-----Original Message-----", Some(false)),
            ("Begin forwarded message:\n\nTeks biasa", None),
            ("----- End forwarded message -----", None),
            ("Ini pesan yang diteruskan teman saya", None),
            ("--- aku ingin meneruskan hidup ---", None),
            ("----", None),
        ] {
            assert_eq!(read(&lines(text), 0).map(|d| d.forwarded), expected, "{text}");
        }
        assert_eq!(
            read(&lines("----- Forwarded message from Ani A <a@b.c> -----"), 0).unwrap().person.name.as_deref(),
            Some("Ani A")
        );
        assert!(ends(&lines("----- End forwarded message -----")[0]));
    }
}
