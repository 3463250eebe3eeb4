//! What a mail falls into when its wrapping is taken off, and how the readable copy is put together again.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::head;
use crate::seal::Signature;

/// Bytes of one line of base 64: 76 characters.
const LINE_BYTES: usize = 57;

/// One piece of a mail: a MIME entity. No `Debug`: it is plaintext.
pub(super) struct Piece {
    /// Header lines that describe the body, and the body.
    pub(super) entity: Zeroizing<Vec<u8>>,
    /// It came out of an encryption.
    pub(super) encrypted: bool,
    /// Who signed it.
    pub(super) signature: Signature,
    /// Shown as text; else a file.
    pub(super) is_text: bool,
}

impl Piece {
    /// A part as it stands in a mail.
    pub(super) fn of(entity: &[u8], is_text: bool) -> Self {
        Self { entity: Zeroizing::new(entity.to_vec()), encrypted: false, signature: Signature::None, is_text }
    }

    /// A text.
    pub(super) fn text(bytes: &[u8], charset: &str) -> Self {
        let mut entity = format!("Content-Type: text/plain; charset=\"{}\"\r\n", quiet(charset)).into_bytes();
        encode(&mut entity, bytes);
        Self::of(&Zeroizing::new(entity), true)
    }

    /// A file.
    pub(super) fn file(bytes: &[u8], media_type: &str, name: &str) -> Self {
        let name = quiet(name);
        let mut entity =
            format!("Content-Type: {}\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n", quiet(media_type))
                .into_bytes();
        encode(&mut entity, bytes);
        Self::of(&Zeroizing::new(entity), false)
    }
}

/// What may stand between quotes in a header line.
fn quiet(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).take(200).collect()
}

fn encode(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n\r\n");
    for line in bytes.chunks(LINE_BYTES) {
        out.extend_from_slice(BASE64_STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// The readable copy: the mail's own fields, the subject from inside where there is one, and the pieces.
pub(super) fn assemble(mail: &[u8], subject: Option<&[u8]>, pieces: &[Piece]) -> Vec<u8> {
    let length: usize = pieces.iter().map(|p| p.entity.len() + 100).sum();
    let mut out = Vec::with_capacity(mail.len().min(crate::limits::MAIL_HEADER_BYTES_MAX) + length + 500);
    let keep = |name: &str| {
        let replaced = name.eq_ignore_ascii_case("Subject") && subject.is_some();
        !replaced && !head::describes_body(name) && !name.eq_ignore_ascii_case("MIME-Version")
    };
    out.extend(head::fields(mail, keep));
    out.extend_from_slice(subject.unwrap_or_default());
    out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    match pieces {
        [only] => out.extend_from_slice(&only.entity),
        several => {
            let mut boundary = String::from("readable");
            let mut number = 0;
            while several.iter().any(|p| contains(&p.entity, boundary.as_bytes())) {
                number += 1;
                boundary.truncate("readable".len());
                let _ = write!(boundary, "-{number}");
            }
            out.extend(format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n").into_bytes());
            for piece in several {
                out.extend(format!("--{boundary}\r\n").into_bytes());
                out.extend_from_slice(&piece.entity);
                out.extend_from_slice(b"\r\n");
            }
            out.extend(format!("--{boundary}--\r\n").into_bytes());
        }
    }
    out
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|w| w == word)
}
