//! The header fields of a mail in their order, without its parts: for what travels in front of a mail, such as the
//! results a mail server writes.

use super::scan::{self, Field};
use super::{Problems, fields, guarded, lines};
use crate::address::MailAddress;

/// The header block of a mail. No `Debug`: it is plaintext.
pub struct Head<'a> {
    raw: &'a [u8],
    fields: Vec<Field>,
}

impl<'a> Head<'a> {
    /// Finds the fields. Reads the first header block only.
    pub fn read(raw: &'a [u8]) -> Self {
        Self { raw, fields: scan::head(raw).0 }
    }

    /// Name and value of every field as they stand in the mail, folds included.
    pub fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + '_ {
        self.fields.iter().map(|f| (lines::slice(self.raw, &f.name), lines::slice(self.raw, &f.value)))
    }

    /// The only mailbox of the only From field, as [`super::Letter::from`] has it.
    pub fn sender(&self) -> Option<MailAddress> {
        let read = || Ok(fields::sender(scan::values(self.raw, &self.fields, "From"), &mut Problems::default()));
        guarded(read).unwrap_or_default()
    }
}

/// The addresses in the value of a field such as To, in order; what is none is left out.
pub fn addresses(value: &[u8]) -> Vec<MailAddress> {
    guarded(|| Ok(fields::mailboxes(value).into_iter().map(|m| m.address).collect())).unwrap_or_default()
}
