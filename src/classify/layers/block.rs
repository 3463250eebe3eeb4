//! The header lines above an earlier letter: `From:`, `Date:`, `Subject:` in any language.

use super::labels::{Field, field};
use super::lines::{Line, address_in, fold, has_moment, has_time, is_blank};

/// Longest label, in characters.
const LABEL_CHARS_MAX: usize = 32;
/// Most lines one value goes on for.
const FOLDS_MAX: usize = 20;
/// Bytes of one line that are searched for headers run together.
const RUN_BYTES_MAX: usize = 4_000;

/// Labels of what people write of themselves.
const FORM: [&str; 14] = [
    "nama",
    "nama lengkap",
    "name",
    "full name",
    "email",
    "e-mail",
    "surel",
    "alamat",
    "umur",
    "usia",
    "hp",
    "telepon",
    "phone",
    "nick",
];

/// What was read from header lines.
#[derive(Default)]
pub(super) struct Head {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) cc: Option<String>,
    pub(super) date: Option<String>,
    pub(super) subject: Option<String>,
    /// The first field.
    pub(super) first: Option<Field>,
    /// The date stands under a word for "sent".
    pub(super) sent: bool,
    /// A label of the block is Finnish: `VS:` depends on it.
    pub(super) finnish: bool,
    /// The line after the block.
    pub(super) end: usize,
}

impl Head {
    fn set(&mut self, field: Field, value: String) -> bool {
        let slot = match field {
            Field::From => &mut self.from,
            Field::To => &mut self.to,
            Field::Cc => &mut self.cc,
            Field::Subject => &mut self.subject,
            Field::Date | Field::Sent => &mut self.date,
            Field::ReplyTo | Field::Other => return true,
        };
        if slot.is_some() {
            return false;
        }
        *slot = Some(value);
        self.sent |= field == Field::Sent;
        self.first.get_or_insert(field);
        true
    }

    fn count(&self) -> usize {
        [&self.from, &self.to, &self.cc, &self.date, &self.subject].into_iter().flatten().count()
    }

    /// Enough below a line that says "forwarded message".
    pub(super) fn is_some(&self) -> bool {
        self.from.is_some() || self.count() >= 2
    }

    /// Enough without such a line: somebody's name or address and a time, not a letterhead somebody typed.
    pub(super) fn is_mail(&self) -> bool {
        let Some(from) = &self.from else { return false };
        let timed = self.date.as_deref().is_some_and(has_time);
        let addressed = address_in(from).is_some() || self.to.as_deref().is_some_and(|to| address_in(to).is_some());
        let first = matches!(self.first, Some(Field::From | Field::Date | Field::Sent | Field::Subject));
        let two = timed && address_in(from).is_some() && self.count() == 2;
        first && (self.count() >= 3 && (addressed || timed) || two)
    }
}

impl Head {
    /// What an old webmail wrote above answers: the date, and to whom.
    pub(super) fn is_tail(&self) -> bool {
        let timed = self.date.as_deref().is_some_and(has_time);
        self.first == Some(Field::Date) && timed && self.to.as_deref().is_some_and(|to| address_in(to).is_some())
    }
}

/// Reads the header lines that begin at line `at`.
pub(super) fn read(lines: &[Line<'_>], at: usize) -> Option<Head> {
    known(lines, at).or_else(|| foreign(lines, at))
}

fn known(lines: &[Line<'_>], at: usize) -> Option<Head> {
    let depth = lines.get(at)?.depth;
    let mut head = Head { end: at, ..Head::default() };
    let mut next = at;
    while let Some(line) = lines.get(next).filter(|l| l.depth == depth) {
        if line.is_blank() {
            // Pages with a paragraph for each header leave an empty line between them.
            let goes_on =
                head.first.is_some() && lines.get(next + 1).is_some_and(|l| l.depth == depth && label(l).is_some());
            if !goes_on {
                break;
            }
            next += 1;
            continue;
        }
        let Some((field, value)) = label(line) else { break };
        head.finnish |= line.folded.starts_with("lähettäjä");
        let (value, after) = whole(lines, next, depth, field, value);
        if !head.set(field, value) {
            break;
        }
        next = after;
        head.end = next;
    }
    head.first.is_some().then_some(head)
}

/// A header's value with the lines it goes on for, and the line after it.
fn whole(lines: &[Line<'_>], at: usize, depth: usize, field: Field, value: &str) -> (String, usize) {
    let mut value = value.to_owned();
    let mut next = at + 1;
    while next - at <= FOLDS_MAX
        && let Some(line) = lines.get(next).filter(|l| l.depth == depth && !l.is_blank() && label(l).is_none())
    {
        let open = value.is_empty()
            || value.ends_with([',', ';', '<'])
            || value.rfind('<') > value.rfind('>')
            || value.rfind('[') > value.rfind(']')
            || line.indented && field != Field::Subject && address_in(line.words).is_some();
        let before_label = lines.get(next + 1).is_some_and(|l| l.depth == depth && label(l).is_some());
        if !open && !before_label {
            break;
        }
        if !value.is_empty() {
            value.push(' ');
        }
        value.push_str(line.words);
        next += 1;
    }
    (value, next)
}

/// The field and value of a header line with a label we know.
pub(super) fn label<'t>(line: &Line<'t>) -> Option<(Field, &'t str)> {
    let (name, value) = cut(line)?;
    Some((field(name)?, value))
}

/// A line as folded label and value.
fn cut<'l, 't>(line: &'l Line<'t>) -> Option<(&'l str, &'t str)> {
    let name = line.folded.split(is_colon).next().filter(|name| name.len() < line.folded.len())?.trim_end();
    if name.chars().nth(LABEL_CHARS_MAX).is_some() {
        return None;
    }
    let stars = line.words.len() - line.words.trim_start_matches('*').len();
    let (_, rest) = line.words.split_at_checked(line.words.find(is_colon)?)?;
    let mut chars = rest.chars();
    chars.next();
    let mut value = chars.as_str();
    // `*From:* x`, `**From:** x`, `*From: *x`
    for _ in 0..stars {
        value = value.trim_start_matches(is_blank);
        value = value.strip_prefix('*').unwrap_or(value);
    }
    Some((name, value.trim_matches(is_blank)))
}

fn is_colon(c: char) -> bool {
    matches!(c, ':' | '\u{ff1a}' | '\u{fe55}' | '\u{17d6}')
}

/// Three or more `Label: value` lines in a language we do not know, one with a bracketed address, one with a time.
fn foreign(lines: &[Line<'_>], at: usize) -> Option<Head> {
    let depth = lines.get(at)?.depth;
    let mut head = Head { end: at, ..Head::default() };
    let mut rows = 0;
    while let Some((name, value)) = lines.get(at + rows).filter(|l| l.depth == depth).and_then(cut) {
        // What people fill in of themselves looks alike.
        let form = FORM.contains(&name);
        let plain = !form && !name.is_empty() && name.split(' ').count() <= 3 && !name.chars().any(char::is_numeric);
        if !plain || value.is_empty() || rows >= 8 {
            break;
        }
        let bracketed = address_in(value).is_some() && value.contains(['<', '[']);
        let field = if bracketed && head.from.is_none() {
            Field::From
        } else if address_in(value).is_some() {
            if head.to.is_none() { Field::To } else { Field::Cc }
        } else if has_moment(value) && has_time(value) {
            Field::Date
        } else {
            Field::Subject
        };
        head.set(field, value.to_owned());
        rows += 1;
    }
    head.end = at + rows;
    (rows >= 3 && head.from.is_some() && head.date.is_some()).then_some(head)
}

/// Headers run together on one line, as one webmail's page comes out of other programs:
/// `From: A <a@b.c>To: d@e.fSent: ...Subject: ...`.
pub(super) fn run_together(text: &str, end: usize) -> Option<Head> {
    let text = text.get(..text.floor_char_boundary(RUN_BYTES_MAX))?;
    let mut found: Vec<(usize, usize, Field)> = Vec::new();
    for (colon, c) in text.char_indices().filter(|(_, c)| is_colon(*c)) {
        let floor = found.last().map_or(0, |(_, value, _)| *value);
        let before = text.get(floor..colon).unwrap_or_default();
        let from = before.char_indices().rev().nth(LABEL_CHARS_MAX).map_or(0, |(at, _)| at);
        let starts = before.char_indices().filter(|(at, c)| *at >= from && !c.is_lowercase() && c.is_alphabetic());
        let named = starts.filter_map(|(at, _)| Some((floor + at, field(&fold(before.get(at..)?))?))).next();
        if let Some((begin, field)) = named {
            found.push((begin, colon + c.len_utf8(), field));
        }
    }
    let mut head = Head { end, ..Head::default() };
    for (n, (_, value, field)) in found.iter().enumerate() {
        let until = found.get(n + 1).map_or(text.len(), |(begin, _, _)| *begin);
        head.set(*field, text.get(*value..until)?.trim_matches(is_blank).to_owned());
    }
    if head.subject.is_none() {
        head.split_subject();
    }
    head.is_some().then_some(head)
}

impl Head {
    /// In some languages that webmail leaves out the colon after the subject's label, which then hangs on the date.
    fn split_subject(&mut self) {
        let Some(date) = &self.date else { return };
        let labels = date.char_indices().filter(|(_, c)| c.is_uppercase());
        let found = labels
            .filter_map(|(at, _)| {
                let (word, rest) = date.get(at..)?.split_once(' ')?;
                (field(&fold(word)) == Some(Field::Subject)).then(|| (at, rest.to_owned()))
            })
            .next();
        if let Some((at, subject)) = found {
            self.date = date.get(..at).map(|d| d.trim().to_owned());
            self.subject = Some(subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn check(text: &str, from: &str, subject: &str, end: usize) {
        let lines = lines(text);
        let head = read(&lines, 0).unwrap_or_default();
        let found = (head.from.unwrap_or_default(), head.subject.unwrap_or_default(), head.end);
        assert_eq!(found, (from.to_owned(), subject.to_owned(), end), "{text}");
    }

    #[test]
    fn header_lines_are_read() {
        check("From: A <a@b.c>\nDate: x\nSubject: S\nbody", "A <a@b.c>", "S", 3);
        check("*Dari:* A\n*Subjek:* ***penting***\n\nhalo: kamu", "A", "***penting***", 2);
        check("From: A\nSubject: Two\nlines\nTo: b@c.d\n\nx", "A", "Two lines", 4);
        check("From: A\n\nTo: <\n b@c.d>\n\nSubject: S\n\nx", "A", "S", 6);
        check("发件人：甲\n主题：乙\n正文", "甲", "乙", 2);
        check("Subject:\nS\nFrom:\nA\n", "A", "S", 4);
        check("Hola: A <a@b.c>\nCuando: 2 Mei 2024 10:30\nTemo: S\n\nx", "A <a@b.c>", "S", 3);
        check("Ani: halo\nBudi: hai\nAni: apa kabar", "", "", 0);
    }

    #[test]
    fn headers_run_together_are_taken_apart() {
        let head =
            run_together("Von: A <a@b.c>An: \"d\" <d@e.f>Gesendet: 2. Nov, 09:26:50 MEZBetreff: S: x", 1).unwrap();
        assert_eq!(head.from.as_deref(), Some("A <a@b.c>"));
        assert_eq!(head.date.as_deref(), Some("2. Nov, 09:26:50 MEZ"));
        assert_eq!(head.subject.as_deref(), Some("S: x"));
        let head = run_together("De: A <a@b.c>Enviado: 2, 09:26:50 CETAssunto S", 1).unwrap();
        assert_eq!(head.subject.as_deref(), Some("S"));
    }

    #[test]
    fn letterheads_are_no_mail() {
        for (text, expected) in [
            ("Kepada: Kak Ani\nDari: Budi\nPerihal: curhat\nTanggal: 12 Mei 2024", false),
            ("Dari: Budi\nKepada: Kak Ani\nPerihal: curhat", false),
            ("Dari: Budi <b@c.d>\nTanggal: 12 Mei 2024 10.30\nPerihal: curhat", true),
            ("Від: Роман [mailto:r@b.c]\nНадіслано: 12.05.2024 10:30\n", true),
        ] {
            assert_eq!(known(&lines(text), 0).is_some_and(|h| h.is_mail()), expected, "{text}");
        }
    }
}
