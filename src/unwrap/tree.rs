//! Takes a mail apart along its wrapping: the layers around the whole mail first, then what lies inside.

use std::cell::Cell;

use zeroize::Zeroizing;

use super::Keyring;
use super::piece::{self, Piece};
use super::{head, leaf, legacy};
use crate::limits::MAIL_BYTES_MAX;
use crate::parse::{Outline, PartView};
use crate::seal::{Cert, Lock, Opened, Shut, Signature, Wrap, check_detached};

/// Encryption and signatures around each other.
const LAYERS_MAX: usize = 6;
/// Blocks and files of one mail that are opened: each costs a public-key step.
const OPENED_MAX: usize = 16;
/// Mails within mails that are looked into.
const MAILS_DEEP_MAX: usize = 3;

/// What was found.
pub(super) struct Opening {
    pub(super) wrap: Wrap,
    pub(super) signature: Signature,
    pub(super) partly: bool,
    /// The readable copy, where something came out.
    pub(super) readable: Option<Vec<u8>>,
}

/// What opens, and how much may still be opened.
pub(super) struct Opener<'a> {
    keyring: &'a Keyring<'a>,
    signers: Vec<Cert>,
    bytes_left: Cell<usize>,
    left: Cell<usize>,
    pub(super) shut: Cell<Option<Shut>>,
    pub(super) partly: Cell<bool>,
}

impl<'a> Opener<'a> {
    fn new(keyring: &'a Keyring<'a>) -> Self {
        Self {
            signers: keyring.confirmed.iter().chain(keyring.seen).cloned().collect(),
            keyring,
            bytes_left: Cell::new(MAIL_BYTES_MAX),
            left: Cell::new(OPENED_MAX),
            shut: Cell::new(None),
            partly: Cell::new(false),
        }
    }

    /// Opens a message; `None` when too many were opened already.
    pub(super) fn open(&self, message: &[u8]) -> Option<Result<Opened, Shut>> {
        self.left.set(self.left.get().checked_sub(1)?);
        let limit = self.bytes_left.get();
        let opened = self.keyring.practice.open_mail(message, &self.signers, limit, self.keyring.now);
        if let Ok(opened) = &opened {
            self.bytes_left.set(limit.saturating_sub(opened.plain.reveal().len()));
        }
        Some(opened)
    }

    pub(super) fn signers(&self) -> &[Cert] {
        &self.signers
    }

    pub(super) fn now(&self) -> crate::clock::Moment {
        self.keyring.now
    }

    /// Keeps the first reason for which something stayed shut.
    pub(super) fn stays_shut(&self, shut: Shut) {
        let first = self.shut.take();
        self.shut.set(Some(first.unwrap_or(shut)));
    }
}

/// Opens a mail; `None` when it is neither encrypted nor signed.
pub(super) fn open(keyring: &Keyring<'_>, mail: &Outline<'_>) -> Option<Opening> {
    mail_within(&Opener::new(keyring), mail, 0)
}

fn mail_within(opener: &Opener<'_>, mail: &Outline<'_>, depth: usize) -> Option<Opening> {
    if depth > MAILS_DEEP_MAX {
        return None;
    }
    let mut root = around(opener, mail);
    let hides = root.payload.as_ref().filter(|_| root.encrypted).and_then(|p| Outline::read(p).ok());
    if let Some(bare) = hides.and_then(|payload| legacy::without(&payload)) {
        root.payload = Some(bare);
    }
    let outline = match &root.payload {
        Some(payload) => &Outline::read(payload).ok()?,
        None => mail,
    };
    let mut pieces = rewrite(opener, outline.root()?, depth, root.payload.is_some());
    let shut = root.shut.take().or_else(|| opener.shut.take());
    if pieces.is_none() && root.payload.is_some() && shut.is_none() {
        pieces = Some(vec![Piece::of(&entity(outline.raw()), true)]);
    }
    let Some(mut pieces) = pieces else {
        let shut = shut?;
        let wrap = Wrap { lock: shut.why.into(), keys: shut.keys, ..Wrap::default() };
        return Some(Opening { wrap, signature: Signature::None, partly: false, readable: None });
    };
    for piece in &mut pieces {
        piece.encrypted |= root.encrypted;
        if piece.signature == Signature::None {
            piece.signature = root.signature.clone();
        }
    }
    let subject = root.subject(outline);
    Some(conclude(opener, mail.raw(), subject.as_deref(), pieces))
}

/// What lies around the whole mail.
#[derive(Default)]
struct Around {
    payload: Option<Zeroizing<Vec<u8>>>,
    encrypted: bool,
    signature: Signature,
    shut: Option<Shut>,
    /// The payload was a whole mail, as S/MIME protects header fields (RFC 8551, 3.1).
    was_mail: bool,
}

impl Around {
    /// The Subject field of the payload, if it counts: not under a signature that does not fit, and only once.
    fn subject(&self, payload: &Outline<'_>) -> Option<Vec<u8>> {
        self.payload.as_ref()?;
        let trusted = self.encrypted || !matches!(self.signature, Signature::Bad(_) | Signature::None);
        let meant = self.was_mail || head::is_protected(payload.root()?);
        let once = payload.values("Subject").len() == 1;
        (trusted && meant && once).then(|| head::fields(payload.raw(), |n| n.eq_ignore_ascii_case("Subject")))
    }
}

fn around(opener: &Opener<'_>, mail: &Outline<'_>) -> Around {
    let mut found = Around::default();
    for _ in 0..LAYERS_MAX {
        let current = found.payload.take();
        let outline = match &current {
            Some(payload) => match Outline::read(payload) {
                Ok(outline) => &{ outline },
                Err(_) => return Around { payload: current, ..found },
            },
            None => mail,
        };
        let next = outline.root().and_then(|root| layer(opener, root, &mut found));
        if next.is_none() {
            found.payload = current;
            return found;
        }
        found.payload = next;
    }
    found
}

/// What lies inside a layer.
fn layer(opener: &Opener<'_>, root: PartView<'_, '_>, found: &mut Around) -> Option<Zeroizing<Vec<u8>>> {
    if let Some(message) = encrypted_part(root) {
        return match opener.open(&message.decoded())? {
            Ok(opened) => {
                found.encrypted |= opened.encrypted;
                if opened.signature != Signature::None {
                    found.signature = opened.signature;
                }
                Some(Zeroizing::new(opened.plain.reveal().clone()))
            }
            Err(shut) => {
                found.shut.get_or_insert(shut);
                None
            }
        };
    }
    if let Some((part, signature)) = signed_part(opener, root) {
        found.signature = signature;
        return Some(Zeroizing::new(part.whole().to_vec()));
    }
    let in_layer = found.encrypted || found.signature != Signature::None;
    if in_layer && root.media_type() == "message/rfc822" && !root.is_attachment() {
        found.was_mail = true;
        return Some(Zeroizing::new(root.body().to_vec()));
    }
    None
}

/// The ciphertext of PGP/MIME (RFC 3156, 4), also after a server of Exchange made a mixed mail of it.
pub(super) fn encrypted_part<'m, 'a>(part: PartView<'m, 'a>) -> Option<PartView<'m, 'a>> {
    let kind = part.media_type();
    if kind != "multipart/encrypted" && kind != "multipart/mixed" {
        return None;
    }
    let mut children = part.children().filter(|c| !(kind == "multipart/mixed" && is_blank(*c)));
    let control = children.next().filter(|c| c.media_type() == "application/pgp-encrypted");
    let message = children.next()?;
    let fits = message.media_type() == "application/octet-stream" || kind == "multipart/encrypted";
    (control.is_some() && fits && children.next().is_none()).then_some(message)
}

/// The signed part of PGP/MIME (RFC 3156, 5) and who signed it.
fn signed_part<'m, 'a>(opener: &Opener<'_>, part: PartView<'m, 'a>) -> Option<(PartView<'m, 'a>, Signature)> {
    let named = head::param(part, "protocol").is_some_and(|p| p == "application/pgp-signature");
    if part.media_type() != "multipart/signed" || !named {
        return None;
    }
    let mut children = part.children();
    let (signed, beside) = (children.next()?, children.next()?);
    if beside.media_type() != "application/pgp-signature" {
        return None;
    }
    if children.next().is_some() {
        opener.partly.set(true);
    }
    let data = Zeroizing::new(lines_ended(signed.whole()));
    Some((signed, check_detached(&data, &beside.decoded(), opener.signers(), opener.now())))
}

/// Every line ended by CR LF, as a signature covers it.
fn lines_ended(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 20);
    let mut last = 0;
    for byte in bytes {
        if *byte == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        last = *byte;
    }
    out
}

fn is_blank(part: PartView<'_, '_>) -> bool {
    part.media_type() == "text/plain" && !part.is_attachment() && part.text().reveal().trim().is_empty()
}

/// The pieces of a part in which something is wrapped; `None` where nothing is. `is_payload`: the part is the root of what
/// was encrypted or signed.
fn rewrite(opener: &Opener<'_>, part: PartView<'_, '_>, depth: usize, is_payload: bool) -> Option<Vec<Piece>> {
    if !is_payload && let Some(message) = encrypted_part(part) {
        return match opener.open(&message.decoded())? {
            Ok(opened) => Some(within(opener, &opened, depth)),
            Err(shut) => {
                opener.stays_shut(shut);
                None
            }
        };
    }
    if !is_payload && let Some((signed, signature)) = signed_part(opener, part) {
        let mut pieces = rewrite(opener, signed, depth, false).unwrap_or_else(|| vec![Piece::of(signed.whole(), true)]);
        pieces.iter_mut().for_each(|p| p.signature = signature.clone());
        return Some(pieces);
    }
    match part.media_type() {
        "multipart/alternative" => {
            let plain = part.children().find(|c| c.media_type() == "text/plain");
            plain.and_then(|p| rewrite(opener, p, depth, false))
        }
        kind if kind.starts_with("multipart/") => children(opener, part, depth, is_payload),
        "message/rfc822" => {
            let inner = Outline::read(part.body()).ok()?;
            let readable = mail_within(opener, &inner, depth + 1)?.readable?;
            let entity = [b"Content-Type: message/rfc822\r\n\r\n", &readable[..]].concat();
            Some(vec![Piece::of(&Zeroizing::new(entity), false)])
        }
        "text/plain" if !part.is_attachment() => leaf::text(opener, part),
        _ => leaf::file(opener, part),
    }
}

/// What lies in an opened message that does not surround the whole mail.
pub(super) fn within(opener: &Opener<'_>, opened: &Opened, depth: usize) -> Vec<Piece> {
    let plain = opened.plain.reveal();
    let mut pieces = Outline::read(plain)
        .ok()
        .and_then(|outline| rewrite(opener, outline.root()?, depth + 1, false))
        .unwrap_or_else(|| vec![Piece::of(&entity(plain), true)]);
    for piece in &mut pieces {
        piece.encrypted |= opened.encrypted;
        if piece.signature == Signature::None {
            piece.signature = opened.signature.clone();
        }
    }
    pieces
}

fn children(opener: &Opener<'_>, part: PartView<'_, '_>, depth: usize, is_payload: bool) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut found = false;
    for (n, child) in part.children().enumerate() {
        // A copy of the hidden header fields for programs that do not know them (the drafts before RFC 9788).
        let is_legacy = n == 0
            && is_payload
            && matches!(child.media_type(), "text/plain" | "text/rfc822-headers")
            && head::param(child, "protected-headers").is_some();
        if is_legacy {
            found = true;
            continue;
        }
        match rewrite(opener, child, depth, false) {
            Some(inner) => {
                found = true;
                pieces.extend(inner);
            }
            None if is_blank(child) => {}
            None => pieces.push(Piece::of(child.whole(), is_shown(child))),
        }
    }
    (found && !pieces.is_empty()).then_some(pieces)
}

fn is_shown(part: PartView<'_, '_>) -> bool {
    !part.is_attachment() && (part.media_type().starts_with("text/") || part.media_type().starts_with("multipart/"))
}

/// The lines that describe the body, and the body.
fn entity(whole: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(whole.len() + 2));
    out.extend(head::fields(whole, head::describes_body));
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(head::body(whole));
    out
}

/// Says what the pieces are together, and puts them together.
fn conclude(opener: &Opener<'_>, mail: &[u8], subject: Option<&[u8]>, mut pieces: Vec<Piece>) -> Opening {
    let texts = || pieces.iter().filter(|p| p.is_text);
    let encrypted = texts().any(|p| p.encrypted);
    let mut signature = texts().next().map(|p| p.signature.clone()).unwrap_or_default();
    let shown = |p: &&Piece| p.is_text && (p.encrypted || !encrypted);
    let same = pieces.iter().filter(shown).all(|p| p.signature == signature);
    let any = texts().any(|p| p.signature != Signature::None);
    let partly = opener.partly.get() || (any && !same);
    let covered = |p: &Piece| if encrypted { p.encrypted } else { p.signature == signature };
    let loose = (encrypted || any) && pieces.iter().any(|p| !covered(p));
    if encrypted {
        let mut number = 0;
        for piece in pieces.iter_mut().filter(|p| p.is_text && !p.encrypted) {
            number += 1;
            *piece = beside(&piece.entity, number);
        }
        signature = pieces.iter().find(|p| p.is_text).map(|p| p.signature.clone()).unwrap_or_default();
    }
    let lock = if encrypted { Lock::Opened } else { Lock::None };
    let wrap = Wrap { lock, loose, ..Wrap::default() };
    let signature = if any { signature } else { Signature::None };
    Opening { wrap, signature, partly, readable: Some(piece::assemble(mail, subject, &pieces)) }
}

/// What stood outside the encryption, as a file: kept, and never part of the text.
fn beside(entity: &[u8], number: usize) -> Piece {
    let text = Outline::read(entity).ok().and_then(|outline| {
        let first = outline.parts().find(|p| p.media_type().starts_with("text/"))?;
        Some(Zeroizing::new(first.text().reveal().clone()))
    });
    let text = text.as_ref().map(|t| t.as_bytes()).unwrap_or_default();
    Piece::file(text, "text/plain; charset=utf-8", &format!("outside-{number}.txt"))
}
