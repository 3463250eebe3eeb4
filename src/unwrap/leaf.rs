//! Single parts: a text with PGP in it, a file that is a PGP message.

use super::inline::{self, Stretch};
use super::piece::Piece;
use super::tree::{self, Opener};
use crate::limits::MAIL_BYTES_MAX;
use crate::parse::PartView;
use crate::seal::{Opened, Signature, open_clearsigned};

/// A text: an armored block that opens, or a text signed in the clear.
pub(super) fn text(opener: &Opener<'_>, part: PartView<'_, '_>) -> Option<Vec<Piece>> {
    let source = part.source();
    let stretches = inline::cut(source.reveal());
    let is_whole = stretches.len() == 1;
    let charset = super::head::param(part, "charset");
    let mut pieces = Vec::new();
    let mut found = false;
    for stretch in stretches {
        match stretch {
            Stretch::Outside(text) => pieces.push(Piece::text(text.as_bytes(), "utf-8")),
            Stretch::Message(block) => match opener.open(block.as_bytes())? {
                Ok(opened) => {
                    found = true;
                    pieces.push(opened_text(&opened, inline::charset(block).or(charset.as_deref())));
                }
                Err(shut) => {
                    // With other words around it, it may be somebody's example.
                    if is_whole {
                        opener.stays_shut(shut);
                    }
                    pieces.push(Piece::text(block.as_bytes(), "utf-8"));
                }
            },
            Stretch::Signed(block) if is_whole => {
                found = true;
                let opened = open_clearsigned(block.as_bytes(), opener.signers(), MAIL_BYTES_MAX, opener.now());
                pieces.push(opened.map_or_else(|| damaged(block), |opened| opened_text(&opened, Some("utf-8"))));
            }
            Stretch::Signed(_) => {
                opener.partly.set(true);
                return Some(vec![Piece::of(part.whole(), true)]);
            }
        }
    }
    found.then_some(pieces)
}

/// Bytes that are UTF-8 are read as such, whatever the outside says: few programs tell.
fn opened_text(opened: &Opened, charset: Option<&str>) -> Piece {
    let plain = opened.plain.reveal();
    let charset = if std::str::from_utf8(plain).is_ok() && charset.is_none_or(|c| !c.starts_with("iso-2022")) {
        "utf-8"
    } else {
        charset.unwrap_or("utf-8")
    };
    let mut piece = Piece::text(plain, charset);
    piece.encrypted = opened.encrypted;
    piece.signature = opened.signature.clone();
    piece
}

/// A text that says it is signed, and whose signature is none.
fn damaged(block: &str) -> Piece {
    let mut piece = Piece::text(block.as_bytes(), "utf-8");
    piece.signature = Signature::Bad(String::new());
    piece
}

/// A file that is a PGP message to us.
pub(super) fn file(opener: &Opener<'_>, part: PartView<'_, '_>) -> Option<Vec<Piece>> {
    let name = part.name().unwrap_or_default();
    let stem = [".pgp", ".gpg", ".asc"].iter().find_map(|end| name.strip_suffix(end));
    if stem.is_none() && part.media_type() != "application/pgp-encrypted" {
        return None;
    }
    let bytes = part.decoded();
    let is_armored = bytes.trim_ascii_start().starts_with(b"-----BEGIN PGP MESSAGE-----");
    // A packet's first byte has its highest bit set; a text's has not.
    let is_binary = bytes.first().is_some_and(|b| b & 0x80 != 0);
    if !is_armored && !is_binary {
        return None;
    }
    let opened = opener.open(&bytes)?.ok().filter(|o| o.encrypted)?;
    // A server that takes PGP/MIME apart leaves the whole letter as one file.
    if opened.plain.reveal().get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-")) {
        return Some(tree::within(opener, &opened, 0));
    }
    let name = stem.filter(|s| !s.is_empty()).unwrap_or("file");
    let mut piece = Piece::file(opened.plain.reveal(), media_type(name), name);
    piece.encrypted = true;
    piece.signature = opened.signature;
    Some(vec![piece])
}

fn media_type(name: &str) -> &'static str {
    if name.ends_with(".txt") { "text/plain" } else { "application/octet-stream" }
}
