//! Finds the parts of a mail in one pass over its bytes, and refuses what is too large, too deep or too many.
//!
//! The tree of parts is ours and not mail-parser's: its own walk has no limits and searches to the end of the mail once
//! per missing boundary, so that a hostile mail of a few megabytes would hold a door for minutes. Here every line is
//! looked at once, and at most [`MAIL_DEPTH_MAX`] boundaries are compared with it.

use std::ops::Range;

use super::fields::{Media, read_media};
use super::lines::{bare, dashed_line, next_line, slice};
use super::{Problem, Problems, Unreadable};
use crate::limits::{MAIL_BYTES_MAX, MAIL_DEPTH_MAX, MAIL_HEADER_BYTES_MAX, MAIL_HEADERS_MAX, MAIL_PARTS_MAX};

/// RFC 2046 allows 70; longer ones are seen, this long ones are not.
const BOUNDARY_BYTES_MAX: usize = 250;

/// One header line: where its name and its value (with folds) lie in the mail.
pub(super) struct Field {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// One part of the mail: a multipart has children, every other is a leaf.
pub(super) struct Part {
    fields: Range<usize>,
    /// Where its header fields begin.
    start: usize,
    /// Where it ends with everything below it; `None`: with the mail.
    end: Option<usize>,
    pub(super) body: Range<usize>,
    pub(super) media: Media,
    pub(super) children: Vec<usize>,
}

/// The whole mail as a tree of byte ranges; part 0 is the root.
pub(super) struct Map<'a> {
    pub(super) raw: &'a [u8],
    fields: Vec<Field>,
    parts: Vec<Part>,
}

impl<'a> Map<'a> {
    pub(super) fn part(&self, index: usize) -> Option<&Part> {
        self.parts.get(index)
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(super) fn body(&self, part: &Part) -> &'a [u8] {
        slice(self.raw, &part.body)
    }

    /// A part with its header fields and everything below it.
    pub(super) fn whole(&self, part: &Part) -> &'a [u8] {
        slice(self.raw, &(part.start..part.end.unwrap_or(self.raw.len())))
    }

    /// The values of a part's header fields of that name, in order, folds included.
    pub(super) fn values_of<'m>(&'m self, part: &Part, name: &'m str) -> impl Iterator<Item = &'a [u8]> + use<'m, 'a> {
        values(self.raw, self.fields.get(part.fields.clone()).unwrap_or_default(), name)
    }

    /// The values of the root's header fields of that name, in order, folds included.
    pub(super) fn values<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'a [u8]> + 'm {
        let fields = self.parts.first().and_then(|root| self.fields.get(root.fields.clone())).unwrap_or_default();
        values(self.raw, fields, name)
    }
}

/// The values of the fields of that name, in order.
pub(super) fn values<'r, 'm>(
    raw: &'r [u8],
    fields: &'m [Field],
    name: &'m str,
) -> impl Iterator<Item = &'r [u8]> + use<'r, 'm> {
    fields
        .iter()
        .filter(move |f| slice(raw, &f.name).eq_ignore_ascii_case(name.as_bytes()))
        .map(move |f| slice(raw, &f.value))
}

/// Reads the tree of parts, or says which limit the mail breaks.
pub(super) fn scan<'a>(raw: &'a [u8], problems: &mut Problems) -> Result<Map<'a>, Unreadable> {
    if raw.len() > MAIL_BYTES_MAX {
        return Err(Unreadable::TooLarge);
    }
    if raw.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
        return Err(Unreadable::Empty);
    }
    if raw.contains(&0) {
        problems.add(Problem::NulBytes);
    }
    let mut scan = Scan {
        raw,
        pos: skip_lead(raw),
        map: Map { raw, fields: Vec::with_capacity(32), parts: Vec::with_capacity(8) },
        open: Vec::new(),
        current: None,
        header_bytes: 0,
        problems,
    };
    scan.part(None)?;
    if scan.map.fields.is_empty() {
        return Err(Unreadable::NotAMail);
    }
    scan.bodies()?;
    scan.finish();
    Ok(scan.map)
}

/// The fields of the first header block and where its body begins, without limits: for digests.
pub(super) fn head(raw: &[u8]) -> (Vec<Field>, usize) {
    let mut fields = Vec::with_capacity(32);
    let head = read_head(raw, skip_lead(raw), &mut fields, usize::MAX, usize::MAX, |_| false);
    (fields, head.map_or(0, |h| h.body))
}

/// A multipart whose end has not been seen.
struct Open {
    part: usize,
    boundary: Vec<u8>,
}

struct Scan<'a, 'p> {
    raw: &'a [u8],
    pos: usize,
    map: Map<'a>,
    open: Vec<Open>,
    /// The part whose body is being read.
    current: Option<usize>,
    header_bytes: usize,
    problems: &'p mut Problems,
}

impl Scan<'_, '_> {
    /// Reads one header block and opens the part it describes.
    fn part(&mut self, parent: Option<usize>) -> Result<(), Unreadable> {
        let index = self.map.parts.len();
        if index >= MAIL_PARTS_MAX {
            return Err(Unreadable::TooManyParts);
        }
        let first = self.map.fields.len();
        let start = self.pos;
        let bytes_left = MAIL_HEADER_BYTES_MAX.saturating_sub(self.header_bytes);
        let fields_left = MAIL_HEADERS_MAX.saturating_sub(first);
        let open = &self.open;
        let head = read_head(self.raw, self.pos, &mut self.map.fields, bytes_left, fields_left, |line| {
            delimiter(open, line).is_some()
        })?;
        self.header_bytes += head.body - self.pos;
        self.pos = head.body;
        if head.malformed {
            self.problems.add(Problem::HeadersMalformed);
        }
        let own = self.map.fields.get(first..).unwrap_or_default();
        let in_digest = parent.and_then(|p| self.map.parts.get(p)).is_some_and(|p| p.media.kind == "multipart/digest");
        let mut media = read_media(self.raw, own, in_digest, self.problems);
        let boundary = media.boundary.take().filter(|b| !b.is_empty() && b.len() <= BOUNDARY_BYTES_MAX);
        if media.is_multipart() {
            match boundary {
                Some(_) if self.open.len() >= MAIL_DEPTH_MAX => return Err(Unreadable::TooDeep),
                Some(boundary) => self.open.push(Open { part: index, boundary: boundary.into_bytes() }),
                None => {}
            }
        }
        let fields = first..self.map.fields.len();
        self.map.parts.push(Part { fields, start, end: None, body: head.body..head.body, media, children: Vec::new() });
        if let Some(parent) = parent.and_then(|p| self.map.parts.get_mut(p)) {
            parent.children.push(index);
        }
        self.current = Some(index);
        Ok(())
    }

    /// Walks from one line that begins with two dashes to the next, behind the first header block.
    fn bodies(&mut self) -> Result<(), Unreadable> {
        while let (false, Some(at)) = (self.open.is_empty(), dashed_line(self.raw, self.pos)) {
            let third = self.raw.get(at + 2);
            if !self.open.iter().any(|o| o.boundary.first() == third) {
                self.pos = at + 2;
                continue;
            }
            let end = next_line(self.raw, at).unwrap_or(self.raw.len());
            self.pos = end;
            let Some((level, closes)) = delimiter(&self.open, slice(self.raw, &(at..end))) else {
                continue;
            };
            self.end_body(at);
            let Some(parent) = self.open.get(level).map(|o| o.part) else {
                break;
            };
            self.end_child(parent, at);
            if level + 1 < self.open.len() {
                self.problems.add(Problem::BoundaryUnclosed);
            }
            self.open.truncate(if closes { level } else { level + 1 });
            if !closes {
                self.part(Some(parent))?;
            }
        }
        Ok(())
    }

    /// Ends the body being read before the delimiter line at `at`; the line break before it belongs to the delimiter.
    fn end_body(&mut self, at: usize) {
        if let Some(part) = self.current.take().and_then(|i| self.map.parts.get_mut(i)) {
            part.body.end = before_break(self.raw, at).max(part.body.start);
        }
    }

    /// A delimiter of `parent` at `at` ends its last child, and what is still open below that.
    fn end_child(&mut self, parent: usize, at: usize) {
        let end = before_break(self.raw, at);
        let mut last = self.map.parts.get(parent).and_then(|p| p.children.last().copied());
        while let Some(part) = last.and_then(|i| self.map.parts.get_mut(i)) {
            part.end.get_or_insert(end.max(part.start));
            last = part.children.last().copied();
        }
    }

    fn finish(&mut self) {
        if let Some(part) = self.current.take().and_then(|i| self.map.parts.get_mut(i)) {
            part.body.end = self.raw.len().max(part.body.start);
        }
        if !self.open.is_empty() {
            self.problems.add(Problem::BoundaryUnclosed);
        }
        for part in &mut self.map.parts {
            if part.media.is_multipart() && part.children.is_empty() {
                self.problems.add(Problem::BoundaryMissing);
                part.media.make_plain();
            }
        }
    }
}

/// Which open multipart a line belongs to as a delimiter, innermost first, and whether it is the last one.
fn delimiter(open: &[Open], line: &[u8]) -> Option<(usize, bool)> {
    let line = line.strip_prefix(b"--")?.trim_ascii_end();
    let last = line.strip_suffix(b"--");
    open.iter().enumerate().rev().find_map(|(level, o)| {
        if line == o.boundary {
            return Some((level, false));
        }
        (last == Some(&o.boundary)).then_some((level, true))
    })
}

/// What was learned from one header block.
struct Head {
    body: usize,
    malformed: bool,
}

/// Reads header lines from `start` until a blank line, the end, a delimiter, or a line that cannot be one.
fn read_head(
    raw: &[u8],
    start: usize,
    fields: &mut Vec<Field>,
    bytes_left: usize,
    fields_left: usize,
    is_delimiter: impl Fn(&[u8]) -> bool,
) -> Result<Head, Unreadable> {
    let first = fields.len();
    let mut pos = start;
    let mut malformed = false;
    while let Some(end) = next_line(raw, pos) {
        let line = slice(raw, &(pos..end));
        if is_delimiter(line) {
            break;
        }
        if end - start > bytes_left {
            return Err(Unreadable::HeadersTooLarge);
        }
        let text = bare(line);
        if text.is_empty() {
            return Ok(Head { body: end, malformed });
        }
        let folded = text.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        if let (true, Some(field)) = (folded && fields.len() > first, fields.last_mut()) {
            field.value.end = pos + text.len();
        } else if let Some(colon) = field_name(text) {
            if fields.len() - first >= fields_left {
                return Err(Unreadable::TooManyHeaders);
            }
            let name = text.get(..colon).unwrap_or_default().trim_ascii_end().len();
            fields.push(Field { name: pos..pos + name, value: pos + colon + 1..pos + text.len() });
        } else {
            malformed = true;
            let next = next_line(raw, end).map(|e| bare(slice(raw, &(end..e))));
            let goes_on = fields.len() > first && next.is_some_and(|n| field_name(n).is_some());
            if !goes_on {
                return Ok(Head { body: pos, malformed });
            }
        }
        pos = end;
    }
    Ok(Head { body: pos, malformed })
}

/// Where the colon of a header line is: printable ASCII without blanks before it.
fn field_name(line: &[u8]) -> Option<usize> {
    let colon = line.iter().take(128).position(|b| *b == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(colon)
}

/// Skips blank lines, a byte order mark and the separator lines of mail folders before the first header.
fn skip_lead(raw: &[u8]) -> usize {
    let mut pos = if raw.starts_with("\u{FEFF}".as_bytes()) { 3 } else { 0 };
    while let Some(end) = next_line(raw, pos) {
        let line = slice(raw, &(pos..end));
        let separator = line.starts_with(b"From ") || line.starts_with(b">From ");
        if !separator && !line.trim_ascii().is_empty() {
            break;
        }
        pos = end;
    }
    pos
}

/// Where what stands before the line at `at` ends, without its line break.
fn before_break(raw: &[u8], at: usize) -> usize {
    bare(slice(raw, &(0..at))).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(mail: &str) -> Vec<(String, String)> {
        let raw = mail.replace('\n', "\r\n").into_bytes();
        let map = scan(&raw, &mut Problems::default()).unwrap_or_else(|e| panic!("{e}"));
        map.parts().iter().map(|p| (p.media.kind.clone(), String::from_utf8_lossy(map.body(p)).into_owned())).collect()
    }

    #[test]
    fn parts_end_before_the_line_break_of_their_delimiter() {
        let parts = kinds(
            "A: b\nContent-Type: multipart/mixed; boundary=x\n\npre\n--x\n\none\n\n--x\nContent-Type: text/html\n\ntwo\n--x--\nepilogue\n",
        );
        let expected = [("multipart/mixed", "pre"), ("text/plain", "one\r\n"), ("text/html", "two")];
        assert_eq!(parts.len(), 3);
        for (part, (kind, body)) in parts.iter().zip(expected) {
            assert_eq!((part.0.as_str(), part.1.as_str()), (kind, body));
        }
    }

    #[test]
    fn a_part_reaches_to_the_delimiter_of_its_parent() {
        let raw = b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
            --m\r\n\r\none\r\n--m--\r\nepilogue\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nsig\r\n--s--\r\nrest";
        let map = scan(raw, &mut Problems::default()).unwrap_or_else(|e| panic!("{e}"));
        let whole: Vec<_> = map.parts().iter().map(|p| String::from_utf8_lossy(map.whole(p)).into_owned()).collect();
        assert_eq!(whole.first().map(String::len), Some(raw.len()));
        let signed = "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\none\r\n--m--\r\nepilogue";
        assert_eq!(whole.get(1).map(String::as_str), Some(signed));
        assert_eq!(whole.get(2).map(String::as_str), Some("\r\none"));
        assert_eq!(whole.get(3).map(String::as_str), Some("Content-Type: application/pgp-signature\r\n\r\nsig"));
    }

    #[test]
    fn one_boundary_may_begin_like_another() {
        let parts = kinds(
            "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=aa\n\n--aa\n\nin\n--aa--\n--a\n\nout\n--a--\n",
        );
        assert_eq!(parts.iter().map(|p| p.1.as_str()).collect::<Vec<_>>(), ["", "", "in", "out"]);
    }
}
