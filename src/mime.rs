//! Writes MIME entities: texts, files, and several in one.
//!
//! An entity is its own header lines, an empty line and a body, ended by CR LF.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Bytes of one line of base 64: 76 characters.
const LINE_BYTES: usize = 57;
/// Bytes of a text in one encoded word: 75 characters in all (RFC 2047 2).
const WORD_BYTES: usize = 45;

/// A text.
pub fn text(bytes: &[u8], charset: &str) -> Vec<u8> {
    let mut out = format!("Content-Type: text/plain; charset=\"{}\"\r\n", quiet(charset)).into_bytes();
    encode(&mut out, bytes);
    out
}

/// A file.
pub fn file(bytes: &[u8], media_type: &str, name: &str) -> Vec<u8> {
    let mut out = format!("Content-Type: {}\r\nContent-Disposition: attachment;\r\n ", quiet(media_type)).into_bytes();
    let name = quiet(name);
    if name.is_ascii() {
        out.extend_from_slice(format!("filename=\"{name}\"\r\n").as_bytes());
    } else {
        // RFC 2231: percent signs, because a header line is ASCII.
        let mut coded = String::new();
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
                coded.push(char::from(byte));
            } else {
                let _ = write!(coded, "%{byte:02X}");
            }
        }
        out.extend_from_slice(format!("filename*=utf-8''{coded}\r\n").as_bytes());
    }
    encode(&mut out, bytes);
    out
}

/// Several entities in one; `kind` is its media type with parameters, but for the boundary.
pub fn several(kind: &str, entities: &[&[u8]]) -> Vec<u8> {
    let mut boundary = String::from("part");
    let mut number = 0;
    // Nothing secret depends on it: it need only be absent from the parts.
    while entities.iter().any(|e| contains(e, boundary.as_bytes())) {
        number += 1;
        boundary.truncate("part".len());
        let _ = write!(boundary, "-{number}");
    }
    let length: usize = entities.iter().map(|e| e.len() + 100).sum();
    let mut out = Vec::with_capacity(length + 200);
    out.extend_from_slice(format!("Content-Type: {kind};\r\n boundary=\"{boundary}\"\r\n\r\n").as_bytes());
    for entity in entities {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        out.extend_from_slice(entity);
        if !entity.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

/// Text for a header line: encoded words, one to a line.
pub fn words(text: &str) -> String {
    let mut words = vec![String::new()];
    for c in text.chars().filter(|c| !c.is_control()) {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= WORD_BYTES => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let encode = |word: &String| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(word));
    words.iter().map(encode).collect::<Vec<_>>().join("\r\n ")
}

/// Base 64 in lines.
pub fn base64_lines(bytes: &[u8], indent: &str) -> String {
    let lines = bytes.chunks(LINE_BYTES).map(|line| format!("{indent}{}\r\n", BASE64_STANDARD.encode(line)));
    lines.collect()
}

/// What may stand between quotes in a header line.
fn quiet(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).take(200).collect()
}

/// Ends a header and writes a body in base64.
pub fn encode(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() * 3 / 2 + 100);
    out.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n\r\n");
    for line in bytes.chunks(LINE_BYTES) {
        out.extend_from_slice(BASE64_STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|w| w == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{self, RawLetter};

    #[test]
    fn what_is_written_is_read() {
        let text = text("Halo ☂\n".as_bytes(), "utf-8");
        let file = file(b"\0\x01--part--", "image/png", "r\"o\r\nsé.png");
        let mail = several("multipart/mixed", &[&text, &file]);
        let head = format!("From: a@b.example\r\nSubject: {}\r\n", words(&"Olá ".repeat(30)));
        let letter = parse::read(RawLetter::new([head.as_bytes(), &mail].concat())).ok().unwrap();
        assert_eq!(letter.text.reveal(), "Halo ☂");
        assert_eq!(letter.subject.reveal().trim(), "Olá ".repeat(30).trim());
        assert_eq!(letter.files[0].name, "rosé.png");
        assert_eq!(parse::file(letter.raw.bytes(), 0).unwrap().bytes.reveal(), b"\0\x01--part--");
        assert!(letter.problems.is_empty());
    }
}
