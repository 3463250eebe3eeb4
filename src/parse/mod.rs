//! Turns bytes as received into a [`Letter`]: a value plus a list of problems, never a crash.
//!
//! The road: [`RawLetter`] -> one bounded pass that finds the parts (`scan`) -> which of them are read and which are files
//! (`plan`) -> text decoded (`transfer`, `charset`, `html`) and made safe to show (`text`). Odd mail is read as far as it
//! goes and the oddity noted as a [`Problem`]; only what breaks a limit, or is no mail at all, comes back [`Unreadable`],
//! together with its bytes.
//!
//! Pure: no clock, no files, no network. mail-parser is named here and nowhere else.

mod charset;
mod digest;
mod dimensions;
mod entities;
mod fields;
mod head;
mod html;
mod image;
mod inflate;
mod letter;
mod lines;
mod mbox;
mod office;
mod outline;
mod photo;
mod plan;
mod scan;
mod sound;
mod text;
mod transfer;
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use digest::dedup_digest;
pub use head::{Head, addresses};
pub use mbox::mails;
pub use outline::{Mailbox, Outline, PartView};
pub use photo::{CleanFile, UploadRefused, clean_upload};

use crate::address::MailAddress;
use crate::secret::{PlainBytes, PlainText};

/// A mail as received, before anybody looked at it.
pub struct RawLetter(PlainBytes);

impl RawLetter {
    /// Takes the bytes into custody.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(PlainBytes::new(bytes))
    }

    /// The bytes, exactly as they came.
    pub fn bytes(&self) -> &[u8] {
        self.0.reveal()
    }

    /// Takes bytes that are in custody already.
    pub fn from_plain(bytes: PlainBytes) -> Self {
        Self(bytes)
    }

    /// Hands the bytes on, to be sealed.
    pub fn into_plain(self) -> PlainBytes {
        self.0
    }
}

/// A mail that was read. No `Debug`: most of it is plaintext.
pub struct Letter {
    /// The mail as received.
    pub raw: RawLetter,
    /// The only mailbox of the only From field; `None` when there is not exactly one.
    pub from: Option<MailAddress>,
    /// The subject as one safe line; empty when there is none.
    pub subject: PlainText,
    /// What is shown: plain text, safe and bounded.
    pub text: PlainText,
    /// The files that came along; their bytes are had from [`file`].
    pub files: Vec<FileInfo>,
    /// The Message-ID without its brackets.
    pub message_id: Option<String>,
    /// What the mail says about its own nature.
    pub signs: Signs,
    /// What was odd about it, each kind once.
    pub problems: Vec<Problem>,
}

/// One file of a letter, as listed.
#[derive(Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Its place in the list; [`file`] takes it.
    pub index: usize,
    /// A name that is safe to show and to save under.
    pub name: String,
    /// The claimed media type, `type/subtype` in lower case.
    pub media_type: String,
    /// Its size after decoding.
    pub bytes: usize,
}

/// One file of a letter with its content.
pub struct File {
    /// A name that is safe to show and to save under.
    pub name: String,
    /// The claimed media type.
    pub media_type: String,
    /// The content, decoded.
    pub bytes: PlainBytes,
}

/// What a mail says about its own nature. A step that decides by them knows that senders lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// Sent by a program: Auto-Submitted and its older cousins.
    pub auto_submitted: bool,
    /// A delivery report, receipt or abuse report by its structure.
    pub report: bool,
    /// Sent by a mailing list or in bulk.
    pub list: bool,
    /// OpenPGP or S/MIME ciphertext inside.
    pub encrypted: bool,
    /// No text and no file.
    pub empty: bool,
}

/// Something odd that did not keep the mail from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// NUL bytes stand in the mail.
    NulBytes,
    /// A header line is none.
    HeadersMalformed,
    /// A header field was too long to be read and was ignored.
    FieldTooLong,
    /// No From field.
    FromMissing,
    /// More than one From field or mailbox.
    FromAmbiguous,
    /// The From field holds no address mail can be sent to.
    FromUnreadable,
    /// More than one Subject field: the first is shown.
    SubjectAmbiguous,
    /// The subject was cut.
    SubjectCut,
    /// A multipart without its parts, shown as text.
    BoundaryMissing,
    /// A multipart without its end.
    BoundaryUnclosed,
    /// A transfer encoding nobody knows; the bytes are taken as they are.
    EncodingUnknown,
    /// A body does not keep to its transfer encoding.
    EncodingDamaged,
    /// A charset nobody knows.
    CharsetUnknown,
    /// No charset was named and the text is not UTF-8.
    CharsetGuessed,
    /// Some bytes are no text in the named charset; each stands as U+FFFD.
    Undecodable,
    /// The text is longer than what is shown. The original keeps everything.
    TextCut,
}

/// Why a mail cannot be read at all. It is kept and shown as such, never dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Nothing but blanks.
    #[error("the mail is empty")]
    Empty,
    /// No header field at the beginning.
    #[error("this is not a mail")]
    NotAMail,
    /// More bytes than a mail may have.
    #[error("the mail is too large")]
    TooLarge,
    /// More bytes of header than a mail may have.
    #[error("the header of the mail is too large")]
    HeadersTooLarge,
    /// More header fields than a mail may have.
    #[error("the mail has too many header fields")]
    TooManyHeaders,
    /// More parts than a mail may have.
    #[error("the mail has too many parts")]
    TooManyParts,
    /// Parts within parts beyond the limit.
    #[error("the parts of the mail are nested too deeply")]
    TooDeep,
    /// The reader itself failed.
    #[error("the mail could not be read")]
    Broken,
}

/// Problems found so far, each kind once.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, problem: Problem) {
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

/// Reads a mail. What cannot be read comes back with the reason, so that it can be kept all the same.
pub fn read(raw: RawLetter) -> Result<Letter, (RawLetter, Unreadable)> {
    match guarded(|| letter::read(raw.bytes())) {
        Ok(r) => Ok(Letter {
            raw,
            from: r.from,
            subject: r.subject,
            text: r.text,
            files: r.files,
            message_id: r.message_id,
            signs: r.signs,
            problems: r.problems,
        }),
        Err(reason) => Err((raw, reason)),
    }
}

/// One file of a mail, by its place in [`Letter::files`].
pub fn file(raw: &[u8], index: usize) -> Option<File> {
    guarded(|| {
        let map = scan::scan(raw, &mut Problems::default())?;
        let found = plan::plan(&map).files.get(index).and_then(|i| map.part(*i)).map(|part| {
            let bytes = letter::decoded(&map, part, &mut Problems::default()).into_owned();
            File {
                name: letter::file_name(part, index),
                media_type: part.media.kind.clone(),
                bytes: PlainBytes::new(bytes),
            }
        });
        Ok(found)
    })
    .ok()
    .flatten()
}

/// The decoded values of a header field of the mail itself, in order, each one safe line.
pub fn header(raw: &[u8], name: &str) -> Vec<String> {
    guarded(|| {
        let (all, _) = scan::head(raw);
        Ok(scan::values(raw, &all, name).map(fields::plain).collect())
    })
    .unwrap_or_default()
}

/// Message-IDs in these fields of the mail itself, without their brackets, in order.
pub fn mail_ids(raw: &[u8], fields: &[&str]) -> Vec<String> {
    let values = fields.iter().flat_map(|name| header(raw, name));
    values
        .flat_map(|value| {
            let ids = value.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
            ids.map(|(id, _)| id.trim().to_owned()).filter(|id| !id.is_empty()).collect::<Vec<_>>()
        })
        .collect()
}

/// No mail may end the process: a panic below is an answer like any other.
fn guarded<T>(read: impl FnOnce() -> Result<T, Unreadable>) -> Result<T, Unreadable> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(Unreadable::Broken))
}

#[cfg(test)]
mod tests;
