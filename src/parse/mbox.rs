//! Mail folders in one file: mails one after another, each below a line that begins with "From " (RFC 4155).

use std::borrow::Cow;

/// The mails of a file, without their separator lines and with the `>` before "From " in their text taken back (mboxrd).
/// A file that is no folder is one mail. A file with nothing but the line ends of old Macs is read as if they were ours.
pub fn mails(file: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let is_old_mac = !file.contains(&b'\n') && file.contains(&b'\r');
    let file = if is_old_mac { Cow::Owned(file.iter().map(newline).collect()) } else { Cow::Borrowed(file) };
    let start = file.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(0);
    let is_folder = begins_mail(&file, start);
    let mut next = Some(if is_folder { start } else { 0 });
    std::iter::from_fn(move || {
        let begin = next?;
        let body = if is_folder { line_end(&file, begin) } else { begin };
        next = if is_folder { following(&file, body) } else { None };
        let bytes = body..next.unwrap_or(file.len());
        Some(match &file {
            Cow::Borrowed(whole) => one(whole.get(bytes).unwrap_or_default(), is_folder),
            Cow::Owned(whole) => Cow::Owned(one(whole.get(bytes).unwrap_or_default(), is_folder).into_owned()),
        })
    })
}

/// A mail as it stands in a file.
fn one(mail: &[u8], in_folder: bool) -> Cow<'_, [u8]> {
    if in_folder { unquoted(mail) } else { Cow::Borrowed(mail) }
}

fn newline(byte: &u8) -> u8 {
    if *byte == b'\r' { b'\n' } else { *byte }
}

/// Where the next separator line begins.
fn following(file: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at < file.len() {
        if begins_mail(file, at) {
            return Some(at);
        }
        at = line_end(file, at);
    }
    None
}

/// Whether a separator line stands at `at`: "From ", and below it the first header field. In a text such a line is
/// quoted; where it is not, it must also name a time, or two fields must follow.
fn begins_mail(file: &[u8], at: usize) -> bool {
    let line = slice(file, at);
    if !line.starts_with(b"From ") {
        return false;
    }
    let first = line_end(file, at);
    let second = line_end(file, first);
    is_field(slice(file, first)) && (is_start(file, at) || names_a_time(line) || is_field(slice(file, second)))
}

/// Whether nothing but empty lines stands before `at`.
fn is_start(file: &[u8], at: usize) -> bool {
    file.get(..at).unwrap_or_default().iter().all(|b| matches!(b, b'\r' | b'\n'))
}

fn names_a_time(line: &[u8]) -> bool {
    let mut words = line.split(|b| b.is_ascii_whitespace());
    let is_clock = |w: &[u8]| matches!(w, [a, b, b':', c, d, ..] if [a, b, c, d].iter().all(|x| x.is_ascii_digit()));
    words.any(is_clock)
}

fn is_field(line: &[u8]) -> bool {
    let colon = line.iter().take(80).position(|b| *b == b':').unwrap_or(0);
    let name = line.get(..colon).unwrap_or_default();
    !name.is_empty() && name.iter().all(|b| b.is_ascii_graphic())
}

/// The line that begins at `at`.
fn slice(file: &[u8], at: usize) -> &[u8] {
    file.get(at..line_end(file, at)).unwrap_or_default()
}

/// Where the line that begins at `at` ends, its line break included.
fn line_end(file: &[u8], at: usize) -> usize {
    let rest = file.get(at..).unwrap_or_default();
    rest.iter().position(|b| *b == b'\n').map_or(file.len(), |n| at + n + 1)
}

/// Takes one `>` from each line that was quoted because it began with "From ".
fn unquoted(mail: &[u8]) -> Cow<'_, [u8]> {
    let is_quoted = |line: &[u8]| {
        let marks = line.iter().take_while(|b| **b == b'>').count();
        marks > 0 && line.get(marks..).is_some_and(|rest| rest.starts_with(b"From "))
    };
    if !mail.split_inclusive(|b| *b == b'\n').any(is_quoted) {
        return Cow::Borrowed(mail);
    }
    let lines = mail.split_inclusive(|b| *b == b'\n');
    Cow::Owned(
        lines
            .flat_map(|line| if is_quoted(line) { line.get(1..).unwrap_or_default() } else { line })
            .copied()
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(file: &str) -> Vec<String> {
        mails(file.as_bytes()).map(|m| String::from_utf8_lossy(&m).into_owned()).collect()
    }

    #[test]
    fn a_folder_is_split_and_unquoted() {
        let found = split(
            "From a@b Thu Apr 29 23:34:45 2015\nSubject: 1\n\n>From here\n>>From there\nFrom now on: no\n\n\
             From - Thu Apr 29 23:34:45 2015\r\nSubject: 2\r\n\r\nx\r\n",
        );
        let expected = ["Subject: 1\n\nFrom here\n>From there\nFrom now on: no\n\n", "Subject: 2\r\n\r\nx\r\n"];
        assert_eq!(found, expected);
    }

    #[test]
    fn empty_lines_and_line_ends_of_other_systems() {
        assert_eq!(split("\n\nFrom a 10:00\nS: 1\n\nx\nFrom a 10:00\nS: 2\n"), ["S: 1\n\nx\n", "S: 2\n"]);
        assert_eq!(split("From a 10:00\rS: 1\r\rx\rFrom a 10:00\rS: 2\r"), ["S: 1\n\nx\n", "S: 2\n"]);
        assert_eq!(split("S: 1\r\rx"), ["S: 1\n\nx"]);
        assert_eq!(split("S: 1\n\nx\ry"), ["S: 1\n\nx\ry"]);
    }

    #[test]
    fn a_mail_is_one_mail() {
        for mail in ["Subject: x\n\nFrom here\nto: there\n", "", "From", "\0\0", "From nobody\n\n"] {
            assert_eq!(split(mail), [mail]);
        }
    }

    proptest! {
        #[test]
        fn nothing_but_separators_and_marks_is_lost(file in "(From a 10:00\n|S: x\n|\n|>From |x\n){0,20}") {
            let found = split(&file);
            prop_assert!(!found.is_empty());
            prop_assert!(found.concat().len() <= file.len());
            prop_assert_eq!(found.concat().matches("S: x").count(), file.matches("S: x").count());
        }
    }
}
