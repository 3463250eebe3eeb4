//! Office documents that are taken: DOCX and ODT without macros. A ZIP file is read only as far as its list of entries
//! and one small file in it.

use super::inflate::inflate;
use super::photo::UploadRefused;

/// Entries of one document.
const ENTRIES_MAX: usize = 4_096;
/// The list of content types, unpacked, in bytes.
const TYPES_BYTES_MAX: usize = 256 * 1024;

/// A document that is taken.
pub(super) enum Office {
    Docx,
    Odt,
}

/// What kind of document a ZIP file is.
pub(super) fn kind(bytes: &[u8]) -> Result<Office, UploadRefused> {
    let entries = entries(bytes).ok_or(UploadRefused::Broken)?;
    if let Some(first) = entries.iter().find(|e| e.name == b"mimetype") {
        let stated = first.content(bytes, 128).ok_or(UploadRefused::Broken)?;
        if stated != b"application/vnd.oasis.opendocument.text" {
            return Err(UploadRefused::Type);
        }
        let macros =
            entries.iter().any(|e| ["basic/", "scripts/"].iter().any(|folder| lower(e.name).starts_with(folder)));
        return if macros { Err(UploadRefused::Macro) } else { Ok(Office::Odt) };
    }
    let Some(types) = entries.iter().find(|e| e.name == b"[Content_Types].xml") else {
        return Err(UploadRefused::Type);
    };
    if !entries.iter().any(|e| e.name == b"word/document.xml") {
        return Err(UploadRefused::Type);
    }
    let types = lower(&types.content(bytes, TYPES_BYTES_MAX).ok_or(UploadRefused::Broken)?);
    let by_name = entries
        .iter()
        .map(|e| lower(e.name))
        .any(|n| n.ends_with("vbaproject.bin") || n.ends_with("vbadata.xml") || n.contains("/activex/"));
    if by_name || ["macroenabled", "vbaproject", "activex"].iter().any(|word| types.contains(word)) {
        return Err(UploadRefused::Macro);
    }
    // A character reference could spell what was looked for above; no honest program writes one here.
    if types.contains('&') {
        return Err(UploadRefused::Broken);
    }
    if types.contains("wordprocessingml.document.main+xml") { Ok(Office::Docx) } else { Err(UploadRefused::Type) }
}

fn lower(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_lowercase()
}

struct Entry<'a> {
    name: &'a [u8],
    method: usize,
    packed: usize,
    offset: usize,
}

impl Entry<'_> {
    /// The unpacked content, if it is not larger than `limit`.
    fn content(&self, bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
        let local = bytes.get(self.offset..)?.strip_prefix(b"PK\x03\x04")?;
        let data = local.get(26 + le16(local, 22)? + le16(local, 24)?..)?.get(..self.packed)?;
        match self.method {
            0 => (data.len() <= limit).then(|| data.to_vec()),
            8 => inflate(data, limit),
            _ => None,
        }
    }
}

/// The central directory; nothing when it is damaged, encrypted or of the 64-bit kind.
fn entries(bytes: &[u8]) -> Option<Vec<Entry<'_>>> {
    let tail = bytes.len().saturating_sub(65_557);
    let end = tail + bytes.get(tail..)?.windows(4).rposition(|w| w == b"PK\x05\x06")?;
    let record = bytes.get(end..).filter(|record| record.len() >= 22)?;
    let count = le16(record, 10)?;
    let mut rest = bytes.get(le32(record, 16)?..end)?;
    if count > ENTRIES_MAX {
        return None;
    }
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let fixed = rest.get(..46).filter(|f| f.starts_with(b"PK\x01\x02"))?;
        let encrypted = le16(fixed, 8)? & 1 == 1;
        let (name, extra, comment) = (le16(fixed, 28)?, le16(fixed, 30)?, le16(fixed, 32)?);
        if encrypted {
            return None;
        }
        entries.push(Entry {
            name: rest.get(46..46 + name)?,
            method: le16(fixed, 10)?,
            packed: le32(fixed, 20)?,
            offset: le32(fixed, 42)?,
        });
        rest = rest.get(46 + name + extra + comment..)?;
    }
    Some(entries)
}

fn le16(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.first_chunk::<2>().map(|b| usize::from(u16::from_le_bytes(*b)))
}

fn le32(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.first_chunk::<4>().and_then(|b| usize::try_from(u32::from_le_bytes(*b)).ok())
}
