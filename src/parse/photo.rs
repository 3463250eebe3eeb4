//! Files that come through the web form: known by what they are, not by what they claim, and without what their sender
//! did not mean to tell (where a photograph was taken, by which device, when).

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::image;
use super::office;
use super::sound;
use super::text;
use crate::limits::ATTACHMENT_BYTES_MAX;
use crate::secret::PlainBytes;

/// A file that may join a letter.
pub struct CleanFile {
    /// A safe name whose ending fits the content.
    pub name: String,
    /// What the content is.
    pub media_type: &'static str,
    /// The content, without metadata where it is an image.
    pub bytes: PlainBytes,
    /// Something was taken out; the sender is told.
    pub cleaned: bool,
}

/// Why a file cannot join a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UploadRefused {
    /// Not one of the kinds that are taken.
    #[error("this kind of file is not taken")]
    Type,
    /// A document that carries a program.
    #[error("the document contains macros")]
    Macro,
    /// It begins like a kind that is taken and is none.
    #[error("the file is damaged")]
    Broken,
    /// No content.
    #[error("the file is empty")]
    Empty,
    /// More bytes than an attachment may have.
    #[error("the file is too large")]
    TooLarge,
}

/// A kind of file that is taken, with the name endings that fit it; the first is given to files that have none of them.
struct Kind {
    media_type: &'static str,
    endings: &'static [&'static str],
    clean: Clean,
}

/// Takes metadata out, or says that there is no such thing for this kind.
type Clean = fn(&[u8]) -> Result<Option<Vec<u8>>, UploadRefused>;

/// Checks one uploaded file and takes metadata out of it.
pub fn clean_upload(name: &str, bytes: Vec<u8>) -> Result<CleanFile, UploadRefused> {
    let bytes = PlainBytes::new(bytes);
    let content = bytes.reveal();
    if content.is_empty() {
        return Err(UploadRefused::Empty);
    }
    if content.len() > ATTACHMENT_BYTES_MAX {
        return Err(UploadRefused::TooLarge);
    }
    // One strange picture may not end the process.
    let (kind, clean) = catch_unwind(AssertUnwindSafe(|| {
        let kind = sniff(content)?;
        let clean = (kind.clean)(content)?.map(PlainBytes::new);
        Ok((kind, clean))
    }))
    .unwrap_or(Err(UploadRefused::Broken))?;
    let name = fitting_name(name, kind.endings);
    let cleaned = clean.as_ref().is_some_and(|c| c.reveal() != content);
    Ok(CleanFile { name, media_type: kind.media_type, bytes: clean.unwrap_or(bytes), cleaned })
}

/// What the content is, by its own first bytes and structure.
fn sniff(bytes: &[u8]) -> Result<Kind, UploadRefused> {
    let brand = bytes.get(8..12).unwrap_or_default();
    let kind = |media_type, endings, clean: Clean| Ok(Kind { media_type, endings, clean });
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => kind("image/jpeg", &["jpg", "jpeg"], |b| image::jpeg(b).map(Some)),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => {
            kind("image/png", &["png"], |b| image::png(b).map(Some))
        }
        [b'R', b'I', b'F', b'F', ..] if brand == b"WEBP" => kind("image/webp", &["webp"], |b| image::webp(b).map(Some)),
        [b'R', b'I', b'F', b'F', ..] if brand == b"WAVE" => kind("audio/wav", &["wav"], as_it_is),
        [b'%', b'P', b'D', b'F', b'-', ..] => kind("application/pdf", &["pdf"], as_it_is),
        [b'P', b'K', 3, 4, ..] => match office::kind(bytes)? {
            office::Office::Docx => {
                kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"], as_it_is)
            }
            office::Office::Odt => kind("application/vnd.oasis.opendocument.text", &["odt"], as_it_is),
        },
        [b'O', b'g', b'g', b'S', ..] if sound::is_ogg_audio(bytes) => {
            kind("audio/ogg", &["ogg", "oga", "opus"], as_it_is)
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] if sound::is_mp4_audio(bytes) => {
            kind("audio/mp4", &["m4a", "mp4"], as_it_is)
        }
        _ if sound::is_mp3(bytes) => kind("audio/mpeg", &["mp3"], as_it_is),
        _ if is_plain_text(bytes) => kind("text/plain", &["txt"], as_it_is),
        _ => Err(UploadRefused::Type),
    }
}

fn as_it_is(_: &[u8]) -> Result<Option<Vec<u8>>, UploadRefused> {
    Ok(None)
}

/// UTF-8 without NUL that no program takes for a page, a script or a document.
fn is_plain_text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let start = text.trim_start_matches('\u{FEFF}').trim_start();
    let head: String = start.chars().take(16).collect::<String>().to_ascii_lowercase();
    let markup = head
        .strip_prefix('<')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?' | '/' | '%')));
    !text.contains('\0') && !markup && !["#!", "{\\rtf", "%!ps"].iter().any(|magic| head.starts_with(magic))
}

/// A safe name with an ending that fits, so that no program is chosen by a false one.
fn fitting_name(name: &str, endings: &[&str]) -> String {
    let safe = text::file_name(name, 0);
    let fits = safe.rsplit_once('.').is_some_and(|(_, e)| endings.iter().any(|x| e.eq_ignore_ascii_case(x)));
    match endings.first() {
        Some(ending) if !fits => text::file_name(&format!("{safe}.{ending}"), 0),
        _ => safe,
    }
}

#[cfg(test)]
#[path = "photo_tests.rs"]
mod tests;
