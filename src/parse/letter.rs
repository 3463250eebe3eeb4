//! Fills a letter from the map of its parts.

use std::borrow::Cow;

use super::fields::{self, Encoding};
use super::scan::{self, Map, Part};
use super::{FileInfo, Problem, Problems, Signs, Unreadable, charset, html, plan, text, transfer};
use crate::address::MailAddress;
use crate::limits::{LETTER_TEXT_BYTES_MAX, SUBJECT_CHARS_MAX};
use crate::secret::{PlainBytes, PlainText};

/// Encoded bytes that are looked at for display text, over all parts: what is left of them after decoding and markup is
/// cut to [`LETTER_TEXT_BYTES_MAX`].
const SOURCE_BYTES_MAX: usize = 8 * LETTER_TEXT_BYTES_MAX;

/// Everything of a `Letter` but its bytes.
pub(super) struct Readable {
    pub(super) from: Option<MailAddress>,
    pub(super) subject: PlainText,
    pub(super) text: PlainText,
    pub(super) files: Vec<FileInfo>,
    pub(super) message_id: Option<String>,
    pub(super) signs: Signs,
    pub(super) problems: Vec<Problem>,
}

pub(super) fn read(raw: &[u8]) -> Result<Readable, Unreadable> {
    let mut problems = Problems::default();
    let map = scan::scan(raw, &mut problems)?;
    let plan = plan::plan(&map);
    let from = fields::sender(map.values("From"), &mut problems);
    let subject = subject(&map, &mut problems);
    let text = shown(&map, &plan.texts, &mut problems);
    let parts = plan.files.iter().filter_map(|i| map.part(*i)).enumerate();
    let files: Vec<FileInfo> = parts
        .map(|(index, part)| FileInfo {
            index,
            name: file_name(part, index),
            media_type: part.media.kind.clone(),
            bytes: size(&map, part, &mut problems),
        })
        .collect();
    let mut signs = signs(&map, text.reveal());
    signs.empty = text.reveal().is_empty() && files.is_empty();
    let message_id = map.values("Message-ID").next().and_then(fields::message_id);
    Ok(Readable { from, subject, text, files, message_id, signs, problems: problems.into_vec() })
}

fn subject(map: &Map<'_>, problems: &mut Problems) -> PlainText {
    let mut all = map.values("Subject");
    let Some(value) = all.next() else {
        return PlainText::default();
    };
    if all.next().is_some() {
        problems.add(Problem::SubjectAmbiguous);
    }
    let mut line = fields::plain(value);
    if let Some((cut, _)) = line.char_indices().nth(SUBJECT_CHARS_MAX) {
        line.truncate(cut);
        problems.add(Problem::SubjectCut);
    }
    PlainText::new(line)
}

/// The text parts one after another, as they are shown.
fn shown(map: &Map<'_>, parts: &[usize], problems: &mut Problems) -> PlainText {
    let mut out = String::new();
    let mut source_left = SOURCE_BYTES_MAX;
    for part in parts.iter().filter_map(|i| map.part(*i)) {
        let body = map.body(part);
        let seen = body.get(..source_left).unwrap_or(body);
        source_left -= seen.len();
        let bytes = decode(seen, part.media.encoding, problems);
        let written = PlainText::new(charset::decode(&bytes, part.media.charset.as_deref(), problems));
        let (readable, whole) = readable(part, written);
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        let fitted = text::clean(readable.reveal(), &mut out, LETTER_TEXT_BYTES_MAX);
        if !whole || !fitted || seen.len() < body.len() {
            problems.add(Problem::TextCut);
            break;
        }
    }
    out.truncate(out.trim_end().len());
    let lead = out.len() - out.trim_start_matches(['\n', '\t', ' ']).len();
    let indent = out.get(..lead).and_then(|blank| blank.rfind('\n')).map_or(0, |at| at + 1);
    out.drain(..indent);
    PlainText::new(out)
}

fn readable(part: &Part, written: PlainText) -> (PlainText, bool) {
    if part.media.kind == "text/html" {
        let (text, whole) = html::to_text(written.reveal(), LETTER_TEXT_BYTES_MAX);
        return (PlainText::new(text), whole);
    }
    if part.media.flowed {
        return (PlainText::new(text::unflow(written.reveal(), part.media.delsp)), true);
    }
    (written, true)
}

pub(super) fn decode<'b>(body: &'b [u8], encoding: Encoding, problems: &mut Problems) -> Cow<'b, [u8]> {
    let (bytes, damaged) = match encoding {
        Encoding::None => return Cow::Borrowed(body),
        Encoding::Base64 => transfer::base64(body),
        Encoding::QuotedPrintable => transfer::quoted_printable(body),
    };
    if damaged {
        problems.add(Problem::EncodingDamaged);
    }
    Cow::Owned(bytes)
}

/// The body of a part without its transfer encoding.
pub(super) fn decoded<'b>(map: &Map<'b>, part: &Part, problems: &mut Problems) -> Cow<'b, [u8]> {
    decode(map.body(part), part.media.encoding, problems)
}

fn size(map: &Map<'_>, part: &Part, problems: &mut Problems) -> usize {
    match decoded(map, part, problems) {
        Cow::Borrowed(bytes) => bytes.len(),
        Cow::Owned(bytes) => PlainBytes::new(bytes).reveal().len(),
    }
}

pub(super) fn file_name(part: &Part, index: usize) -> String {
    text::file_name(part.media.name.as_deref().unwrap_or_default(), index)
}

fn signs(map: &Map<'_>, shown: &str) -> Signs {
    let first = |name: &str| map.values(name).next().map(|v| String::from_utf8_lossy(v).trim().to_ascii_lowercase());
    let has = |name: &str| map.values(name).next().is_some();
    let precedence = first("Precedence").unwrap_or_default();
    let automatic = first("Auto-Submitted").is_some_and(|v| v.split([';', ' ', '(']).next() != Some("no"));
    let replied = ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Autogenerated"]
        .iter()
        .any(|n| first(n).is_some_and(|v| v != "no"));
    Signs {
        auto_submitted: automatic || replied || matches!(precedence.as_str(), "auto_reply" | "auto-reply"),
        report: map.parts().iter().any(is_report) || has("X-Failed-Recipients"),
        list: ["List-Id", "List-Post", "List-Unsubscribe", "Mailing-List"].iter().any(|n| has(n))
            || matches!(precedence.as_str(), "list" | "bulk" | "junk"),
        encrypted: map.parts().iter().any(is_encrypted)
            || shown.lines().any(|line| line.trim() == "-----BEGIN PGP MESSAGE-----"),
        empty: false,
    }
}

fn is_report(part: &Part) -> bool {
    let reports = [
        "multipart/report",
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
    ];
    reports.contains(&part.media.kind.as_str())
}

fn is_encrypted(part: &Part) -> bool {
    match part.media.kind.as_str() {
        "multipart/encrypted" | "application/pgp-encrypted" => true,
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
            !matches!(part.media.smime_type.as_deref(), Some("signed-data" | "certs-only" | "compressed-data"))
        }
        _ => false,
    }
}
