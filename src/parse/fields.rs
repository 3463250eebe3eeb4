//! Header fields as values: media types, addresses, encoded words, message ids.
//!
//! mail-parser reads the two hard grammars (media types, address lists). A field beyond [`FIELD_BYTES_MAX`] is not handed
//! over: its parameter merging is quadratic in the length of one field.

use mail_parser::parsers::MessageStream;

use super::charset;
use super::scan::{Field, values};
use super::text::one_line;
use super::transfer;
use super::{Problem, Problems};
use crate::address::MailAddress;

/// One header field that is read at all, in bytes.
pub(super) const FIELD_BYTES_MAX: usize = 16 * 1024;

/// What a part says about itself.
#[derive(Default)]
pub(super) struct Media {
    /// Lower-case `type/subtype`.
    pub(super) kind: String,
    pub(super) charset: Option<String>,
    pub(super) boundary: Option<String>,
    /// The file name as written: neither bounded nor safe.
    pub(super) name: Option<String>,
    pub(super) attachment: bool,
    pub(super) flowed: bool,
    pub(super) delsp: bool,
    pub(super) smime_type: Option<String>,
    pub(super) encoding: Encoding,
}

/// How a part's body travels.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    #[default]
    None,
    Base64,
    QuotedPrintable,
}

impl Media {
    pub(super) fn is_multipart(&self) -> bool {
        self.kind.starts_with("multipart/")
    }

    /// A multipart without parts is shown as the text it is.
    pub(super) fn make_plain(&mut self) {
        self.kind = String::from("text/plain");
        self.encoding = Encoding::None;
    }
}

/// Reads the media fields of one header block. The first field of each name counts.
pub(super) fn read_media(raw: &[u8], fields: &[Field], in_digest: bool, problems: &mut Problems) -> Media {
    let mut media =
        Media { kind: String::from(if in_digest { "message/rfc822" } else { "text/plain" }), ..Media::default() };
    let content_type = values(raw, fields, "Content-Type").next();
    if let Some(read) = content_type.and_then(|v| content_type_of(v, problems)) {
        let subtype = read.subtype().unwrap_or("");
        media.kind = kind_of(read.ctype(), subtype);
        media.charset = read.attribute("charset").map(str::to_owned);
        media.boundary = read.attribute("boundary").map(|b| b.trim_end().to_owned());
        media.name = read.attribute("name").map(str::to_owned);
        media.flowed = read.attribute("format").is_some_and(|f| f.eq_ignore_ascii_case("flowed"));
        media.delsp = read.attribute("delsp").is_some_and(|d| d.eq_ignore_ascii_case("yes"));
        media.smime_type = read.attribute("smime-type").map(str::to_ascii_lowercase);
    }
    let disposition = values(raw, fields, "Content-Disposition").next();
    if let Some(read) = disposition.and_then(|v| content_type_of(v, problems)) {
        media.attachment = read.ctype().eq_ignore_ascii_case("attachment");
        if let Some(name) = read.attribute("filename") {
            media.name = Some(name.to_owned());
        }
    }
    // An encoded word inside quotes is against the rules and everyday practice.
    if let Some(name) = media.name.as_mut().filter(|n| n.contains("=?")) {
        *name = words(name.as_bytes());
    }
    if let Some(encoding) = values(raw, fields, "Content-Transfer-Encoding").next() {
        media.encoding = encoding_of(encoding, problems);
    }
    media
}

fn content_type_of(value: &[u8], problems: &mut Problems) -> Option<mail_parser::ContentType<'static>> {
    if value.len() > FIELD_BYTES_MAX {
        problems.add(Problem::FieldTooLong);
        return None;
    }
    let line = as_line(value);
    match MessageStream::new(&line).parse_content_type() {
        mail_parser::HeaderValue::ContentType(read) => Some(owned(read)),
        _ => None,
    }
}

fn owned(read: mail_parser::ContentType<'_>) -> mail_parser::ContentType<'static> {
    mail_parser::ContentType {
        c_type: read.c_type.into_owned().into(),
        c_subtype: read.c_subtype.map(|s| s.into_owned().into()),
        attributes: read.attributes.map(|all| {
            all.into_iter()
                .map(|a| mail_parser::Attribute {
                    name: a.name.into_owned().into(),
                    value: a.value.into_owned().into(),
                })
                .collect()
        }),
    }
}

/// `type/subtype` in lower case, or the safe default of RFC 2045 when it is not two tokens.
fn kind_of(main: &str, sub: &str) -> String {
    let token = |t: &str| {
        !t.is_empty() && t.len() <= 100 && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    match (token(main), token(sub)) {
        (true, true) => format!("{}/{}", main.to_ascii_lowercase(), sub.to_ascii_lowercase()),
        (true, false) if main.eq_ignore_ascii_case("multipart") => String::from("multipart/mixed"),
        (true, false) if main.eq_ignore_ascii_case("text") => String::from("text/plain"),
        (true, false) if sub.is_empty() => String::from("text/plain"),
        _ => String::from("application/octet-stream"),
    }
}

fn encoding_of(value: &[u8], problems: &mut Problems) -> Encoding {
    let name = value.trim_ascii();
    let name = name.split(|b| matches!(b, b' ' | b'\t' | b';' | b'(' | b'\r' | b'\n')).next().unwrap_or_default();
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if is("base64") {
        return Encoding::Base64;
    }
    if is("quoted-printable") {
        return Encoding::QuotedPrintable;
    }
    if !is("7bit") && !is("8bit") && !is("binary") {
        problems.add(Problem::EncodingUnknown);
    }
    Encoding::None
}

/// The value as the single finished line mail-parser wants.
fn as_line(value: &[u8]) -> Vec<u8> {
    let mut line = charset::guess(&unfold(value)).into_bytes();
    line.push(b'\n');
    line
}

/// The value without its line breaks.
pub(super) fn unfold(value: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(value.len() + 1);
    line.extend(value.trim_ascii().iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')));
    line
}

/// The only mailbox of the only From field; anything else is no sender at all.
pub(super) fn sender<'v>(mut from: impl Iterator<Item = &'v [u8]>, problems: &mut Problems) -> Option<MailAddress> {
    let Some(value) = from.next() else {
        problems.add(Problem::FromMissing);
        return None;
    };
    if from.next().is_some() {
        problems.add(Problem::FromAmbiguous);
        return None;
    }
    if value.len() > FIELD_BYTES_MAX {
        problems.add(Problem::FieldTooLong);
        return None;
    }
    let line = as_line(value);
    let read = MessageStream::new(&line).parse_address();
    let mut all = read.as_address().into_iter().flat_map(|a| a.iter());
    let (first, second) = (all.next(), all.next());
    let address = first.and_then(|a| a.address()).and_then(|a| MailAddress::parse(a).ok());
    if address.is_none() {
        problems.add(Problem::FromUnreadable);
        return None;
    }
    if second.is_some() {
        problems.add(Problem::FromAmbiguous);
        return None;
    }
    address
}

/// Every mailbox of an address field that mail can be sent to.
pub(super) fn mailboxes(value: &[u8]) -> Vec<MailAddress> {
    if value.len() > FIELD_BYTES_MAX {
        return Vec::new();
    }
    let line = as_line(value);
    let read = MessageStream::new(&line).parse_address();
    let all = read.as_address().into_iter().flat_map(|a| a.iter());
    all.filter_map(|a| a.address()).filter_map(|a| MailAddress::parse(a).ok()).collect()
}

/// The id between `<` and `>`, or what stands there instead; printable characters only.
pub(super) fn message_id(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value.get(..FIELD_BYTES_MAX).unwrap_or(value));
    let bracketed = text.split_whitespace().find_map(|word| word.strip_prefix('<')?.rsplit_once('>'));
    let id: String = bracketed
        .map_or(&*text, |(id, _)| id)
        .chars()
        .filter(|c| !c.is_control() && !c.is_whitespace())
        .take(998)
        .collect();
    (!id.is_empty()).then_some(id)
}

/// Unstructured text: unfolded, encoded words decoded (RFC 2047), still to be cleaned. Neighboring words of one charset
/// are joined before decoding, because many programs cut in the middle of a character.
pub(super) fn words(value: &[u8]) -> String {
    let line = unfold(value);
    let mut out = String::with_capacity(line.len());
    let mut pending: Option<(String, Vec<u8>)> = None;
    let mut rest: &[u8] = &line;
    while let Some(at) = find(rest, b"=?") {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, b""));
        let Some(word) = encoded_word(from) else {
            if find(from, b"?=").is_none() {
                break;
            }
            flush(&mut pending, &mut out);
            let (plain, after) = rest.split_at_checked(at + 2).unwrap_or((rest, b""));
            out.push_str(&charset::guess(plain));
            rest = after;
            continue;
        };
        if !(pending.is_some() && before.trim_ascii().is_empty()) {
            flush(&mut pending, &mut out);
            out.push_str(&charset::guess(before));
        }
        match pending.as_mut() {
            Some((charset, bytes)) if charset.eq_ignore_ascii_case(&word.charset) => {
                bytes.extend_from_slice(&word.bytes)
            }
            _ => {
                flush(&mut pending, &mut out);
                pending = Some((word.charset, word.bytes));
            }
        }
        rest = word.rest;
    }
    flush(&mut pending, &mut out);
    out.push_str(&charset::guess(rest));
    out
}

fn flush(pending: &mut Option<(String, Vec<u8>)>, out: &mut String) {
    if let Some((name, bytes)) = pending.take() {
        out.push_str(&charset::decode(&bytes, Some(&name), &mut Problems::default()));
    }
}

struct Word<'a> {
    charset: String,
    bytes: Vec<u8>,
    rest: &'a [u8],
}

/// `=?charset*language?B-or-Q?data?=` at the beginning of the text.
fn encoded_word(text: &[u8]) -> Option<Word<'_>> {
    let inner = text.strip_prefix(b"=?")?;
    let mark = inner.iter().take(64).position(|b| *b == b'?')?;
    let charset = inner.get(..mark)?.split(|b| *b == b'*').next()?;
    if charset.is_empty() || !charset.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let [b'?', how, b'?', data @ ..] = inner.get(mark..)? else {
        return None;
    };
    let end = find(data, b"?=")?;
    let (data, rest) = (data.get(..end)?, data.get(end + 2..)?);
    let bytes = match how.to_ascii_lowercase() {
        b'b' => transfer::base64(data).0,
        b'q' => transfer::q_word(data),
        _ => return None,
    };
    Some(Word { charset: String::from_utf8_lossy(charset).into_owned(), bytes, rest })
}

fn find(text: &[u8], what: &[u8; 2]) -> Option<usize> {
    text.windows(2).position(|w| w == what)
}

/// A decoded header field for the eyes of other steps: one line, no control characters.
pub(super) fn plain(value: &[u8]) -> String {
    one_line(&words(value.get(..FIELD_BYTES_MAX).unwrap_or(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_decoded_and_joined() {
        for (value, expected) in [
            ("plain words", "plain words"),
            ("=?utf-8?B?U2VsYW1hdCBwYWdp?=", "Selamat pagi"),
            ("=?iso-8859-1?q?caf=E9_au?= =?iso-8859-1?q?_lait?=", "café au lait"),
            ("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
            ("=?utf-8?Q?=C3?=\r\n =?utf-8?Q?=A9?= end", "é end"),
            ("a =?utf-8?q?b?= c", "a b c"),
            ("=?utf-8?x?b?= c", "=?utf-8?x?b?= c"),
            ("=?broken", "=?broken"),
            ("=?utf-8*id?q?apa?=", "apa"),
            ("caf\u{e9}", "café"),
        ] {
            assert_eq!(words(value.as_bytes()), expected, "{value}");
        }
        assert_eq!(words(b"caf\xe9"), "café");
    }

    fn one(value: &str) -> Option<String> {
        sender([value.as_bytes()].into_iter(), &mut Problems::default()).map(|a| a.text())
    }

    #[test]
    fn a_sender_is_one_mailbox() {
        assert_eq!(one(" Sari <sari@example.org>").as_deref(), Some("sari@example.org"));
        assert_eq!(one("sari@example.org (Sari)").as_deref(), Some("sari@example.org"));
        assert_eq!(one("\"evil@example.net\" <sari@example.org>").as_deref(), Some("sari@example.org"));
        assert_eq!(one("=?utf-8?q?evil=40example.net=2C?= <sari@example.org>").as_deref(), Some("sari@example.org"));
        for none in [
            "",
            "Sari",
            "a@example.org, b@example.org",
            "<a@example.org> b@example.org",
            "undisclosed:;",
            "a@example.org\0b@example.org",
        ] {
            assert_eq!(one(none), None, "{none:?}");
        }
        let two = [b"a@example.org".as_slice(), b"a@example.org".as_slice()];
        assert!(sender(two.into_iter(), &mut Problems::default()).is_none());
    }

    #[test]
    fn message_ids_lose_brackets_and_blanks() {
        assert_eq!(message_id(b" <a.b@c>\r\n").as_deref(), Some("a.b@c"));
        assert_eq!(message_id(b" bare id ").as_deref(), Some("bareid"));
        assert_eq!(message_id(b" <a$<>b@c>\r\n <d@e>").as_deref(), Some("a$<>b@c"));
        assert_eq!(message_id(b" <> "), None);
    }
}
