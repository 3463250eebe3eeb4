//! Bytes in some charset to text.

use mail_parser::decoders::charsets::map::charset_decoder;

use super::{Problem, Problems};

/// Decodes a body. What cannot be decoded becomes U+FFFD; text that names no charset and is not UTF-8 is read as
/// windows-1252, the most frequent of the unnamed.
pub(super) fn decode(bytes: &[u8], charset: Option<&str>, problems: &mut Problems) -> String {
    let name = charset.map(|c| c.trim().trim_matches(['"', '\''])).unwrap_or_default();
    let is = |names: &[&str]| names.iter().any(|n| name.eq_ignore_ascii_case(n));
    if is(&["utf-8", "utf8", "utf_8", "unicode-1-1-utf-8"]) {
        return utf8(bytes, problems);
    }
    if is(&[
        "",
        "us-ascii",
        "ascii",
        "ansi_x3.4-1968",
        "unknown-8bit",
        "x-unknown",
        "binary",
        "8bit",
        "7bit",
        "default_charset",
    ]) {
        return match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                problems.add(Problem::CharsetGuessed);
                guess(bytes)
            }
        };
    }
    let Some(decoder) = charset_decoder(name.as_bytes()) else {
        problems.add(Problem::CharsetUnknown);
        return utf8(bytes, problems);
    };
    let text = decoder(bytes);
    if !text.contains(char::REPLACEMENT_CHARACTER) {
        return text;
    }
    // A wrong label on UTF-8 is frequent, and text that is UTF-8 by accident is not.
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.is_ascii()
    {
        problems.add(Problem::CharsetGuessed);
        return text.to_owned();
    }
    problems.add(Problem::Undecodable);
    text
}

/// Text of no stated charset: UTF-8 where it is that, else windows-1252.
pub(super) fn guess(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => charset_decoder(b"windows-1252")
            .map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decode| decode(bytes)),
    }
}

fn utf8(bytes: &[u8], problems: &mut Problems) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            problems.add(Problem::Undecodable);
            String::from_utf8_lossy(bytes).into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], charset: Option<&str>, expected: &str, problem: Option<Problem>) {
        let mut problems = Problems::default();
        assert_eq!(decode(bytes, charset, &mut problems), expected, "{charset:?}");
        assert_eq!(problems.into_vec(), problem.into_iter().collect::<Vec<_>>(), "{charset:?}");
    }

    #[test]
    fn charsets_by_example() {
        check("é".as_bytes(), Some("UTF-8"), "é", None);
        check(b"\xe9", Some("utf-8"), "\u{FFFD}", Some(Problem::Undecodable));
        check("\u{FFFD}".as_bytes(), Some("utf-8"), "\u{FFFD}", None);
        check("é".as_bytes(), None, "é", None);
        check(b"\xe9 \x80", Some("us-ascii"), "é €", Some(Problem::CharsetGuessed));
        check(b"\xe9", Some("iso-8859-1"), "é", None);
        check(b"\xe9", Some("\"iso-8859-1\""), "é", None);
        check("é".as_bytes(), Some("x-klingon"), "é", Some(Problem::CharsetUnknown));
        check("surat é 好".as_bytes(), Some("gbk"), "surat é 好", Some(Problem::CharsetGuessed));
        check(b"\x81 \xff", Some("gbk"), "\u{FFFD} \u{FFFD}", Some(Problem::Undecodable));
        check(b"\x83\x6e", Some("Shift_JIS"), "ハ", None);
        check(b"\x1b$B%O\x1b(B", Some("iso-2022-jp"), "ハ", None);
    }
}
