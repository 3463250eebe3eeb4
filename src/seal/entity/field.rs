//! Words of strangers as header values: no character of theirs can end a line or begin another header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Bytes of one encoded word: 60 characters of base 64, within the 75 that RFC 2047 allows.
const WORD_BYTES: usize = 45;
const WORD_OPEN: &str = "=?utf-8?b?";
const WORD_CLOSE: &str = "?=";
/// A line of a mail has at most 998 characters; a subject beyond this is encoded and so folded.
const PLAIN_MAX: usize = 900;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// A subject as RFC 2047 wants it: as it is when that is harmless, else in encoded words, one per line.
pub(in crate::seal) fn subject(text: &str) -> Zeroizing<String> {
    let printable = text.bytes().all(|b| (b' '..=b'~').contains(&b)) && text.trim() == text;
    if printable && !text.contains("=?") && text.len() <= PLAIN_MAX {
        return Zeroizing::new(text.to_owned());
    }
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 2 + 100));
    let mut rest = text;
    while !rest.is_empty() {
        // Never through a character: each word must be readable alone.
        let (word, tail) = rest.split_at(rest.floor_char_boundary(WORD_BYTES));
        if !out.is_empty() {
            out.push_str("\r\n ");
        }
        out.push_str(WORD_OPEN);
        STANDARD.encode_string(word, &mut out);
        out.push_str(WORD_CLOSE);
        rest = tail;
    }
    out
}

/// Reads an unfolded [`subject`].
pub(super) fn from_subject(value: &str) -> Option<String> {
    if !value.starts_with(WORD_OPEN) {
        return Some(value.to_owned());
    }
    let mut out = String::with_capacity(value.len());
    for word in value.split(' ') {
        let inner = word.strip_prefix(WORD_OPEN)?.strip_suffix(WORD_CLOSE)?;
        let bytes = Zeroizing::new(STANDARD.decode(inner).ok()?);
        out.push_str(std::str::from_utf8(&bytes).ok()?);
    }
    Some(out)
}

/// A value without blanks or control characters, as RFC 2231 writes parameters: everything but letters, digits and a
/// few signs as `%` and two hexadecimal digits. Never empty.
pub(in crate::seal) fn quiet(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 3 + 7));
    out.push_str("utf-8''");
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._/+".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push('%');
            for digit in [b >> 4, b & 15] {
                out.push(HEX.get(usize::from(digit)).map_or('0', |d| char::from(*d)));
            }
        }
    }
    out
}

/// Reads [`quiet`].
pub(super) fn from_quiet(value: &str) -> Option<String> {
    let mut bytes = value.strip_prefix("utf-8''")?.bytes();
    let mut out = Vec::with_capacity(value.len());
    while let Some(b) = bytes.next() {
        if b == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            out.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            out.push(b);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unfolded(value: &str) -> String {
        value.replace("\r\n", "")
    }

    proptest! {
        #[test]
        fn a_subject_comes_back_and_stays_in_its_header(text in "(\\PC|[\r\n\t =?_é日]){0,120}") {
            let value = subject(&text);
            prop_assert_eq!(from_subject(&unfolded(&value)), Some(text));
            for line in value.split("\r\n ") {
                prop_assert!(line.len() <= PLAIN_MAX && line.bytes().all(|b| (b' '..=b'~').contains(&b)));
            }
        }

        #[test]
        fn a_file_name_comes_back_as_one_word(text: String) {
            let value = quiet(&text);
            prop_assert!(value.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(from_quiet(&value), Some(text));
        }

        #[test]
        fn no_value_makes_it_stumble(value: String) {
            let _ = (from_subject(&value), from_quiet(&value));
        }
    }

    #[test]
    fn plain_subjects_stay_readable() {
        assert_eq!(*subject("Re: your letter"), "Re: your letter");
        assert_eq!(*subject("Bär"), "=?utf-8?b?QsOkcg==?=");
        assert!(subject("x\r\nBcc: y").starts_with("=?utf-8?b?"));
        assert!(subject("=?utf-8?b?QsOkcg==?=").starts_with("=?utf-8?b?"));
        assert_eq!(subject(&"ä".repeat(60)).matches("\r\n ").count(), 2);
    }
}
