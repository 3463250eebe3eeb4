//! What a mail falls into when its wrapping is taken off, and how the readable copy is put together again.

use zeroize::Zeroizing;

use super::head;
use crate::mime;
use crate::seal::Signature;

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
        Self::of(&Zeroizing::new(mime::text(bytes, charset)), true)
    }

    /// A file.
    pub(super) fn file(bytes: &[u8], media_type: &str, name: &str) -> Self {
        Self::of(&Zeroizing::new(mime::file(bytes, media_type, name)), false)
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
            let entities: Vec<&[u8]> = several.iter().map(|p| p.entity.as_slice()).collect();
            out.extend(mime::several("multipart/mixed", &entities));
        }
    }
    out
}
