//! Header fields as they stand: which of them a readable copy keeps, and what a Content-Type says beside the type.

use crate::parse::PartView;

/// The header block and the rest; a block without an end is all there is.
fn split(entity: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in entity.split_inclusive(|b| *b == b'\n') {
        if line == b"\n" || line == b"\r\n" {
            return (entity.get(..at).unwrap_or_default(), entity.get(at + line.len()..).unwrap_or_default());
        }
        at += line.len();
    }
    (entity, &[])
}

/// The body below a header.
pub(super) fn body(entity: &[u8]) -> &[u8] {
    split(entity).1
}

/// The fields that `keep` wants, by name, each with its folded lines and ended by CR LF.
pub(super) fn fields(entity: &[u8], keep: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut keeping = false;
    for line in split(entity).0.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|b| *b == b':').next().unwrap_or_default();
            keeping = name.len() < line.len() && keep(String::from_utf8_lossy(name).trim_end());
        }
        if keeping {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
    }
    out
}

/// Whether a field describes the body.
pub(super) fn describes_body(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"))
}

/// A parameter of a part's Content-Type, in lower case.
pub(super) fn param(part: PartView<'_, '_>, name: &str) -> Option<String> {
    let values = part.values("Content-Type");
    let mut rest = values.first()?.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"').unwrap_or(quoted.len());
                (quoted.get(..end)?, quoted.get(end..)?.split_once(';').map_or("", |(_, n)| n))
            }
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if key.trim().trim_start_matches(';').trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().to_ascii_lowercase());
        }
        if next.is_empty() {
            return None;
        }
        rest = next;
    }
}

/// Whether the fields of a cryptographic payload are meant for the reader (RFC 9788, 2.1; the drafts before it).
pub(super) fn is_protected(payload: PartView<'_, '_>) -> bool {
    let is = |name: &str, values: &[&str]| param(payload, name).is_some_and(|v| values.contains(&v.as_str()));
    is("hp", &["clear", "cipher"]) || is("protected-headers", &["v1"])
}
