//! Sealed bytes that are no letter: attachments, originals of large mails, held mail; drafts and private notes.

use openpgp::crypto::KeyPair;
use sequoia_openpgp as openpgp;

use super::letter::reserved;
use super::message::{self, Check};
use super::shared::SharedKey;
use super::signer::Signer;
use super::{Cert, Damaged, NoUsableKey, vault};
use crate::clock::Moment;
use crate::secret::PlainBytes;

/// The place sealed bytes belong to: what they are, and the ids of the rows that lead to them. Opened for another place
/// they are damaged.
#[derive(Debug, Clone, Copy)]
pub struct BlobContext<'a> {
    /// What it is, for example `attachment`, `held`, `draft`.
    pub kind: &'static str,
    /// The bytes of the ids, outermost first.
    pub ids: &'a [&'a [u8]],
}

impl BlobContext<'_> {
    /// What stands before the payload: the signature covers it.
    fn bound(&self) -> Vec<u8> {
        vault::bind(&[reserved::BLOB, self.kind.as_bytes(), &vault::bind(self.ids)])
    }
}

/// Bytes the store may hold: only this module makes them.
pub struct SealedBlob(Vec<u8>);

impl SealedBlob {
    /// The bytes for the table.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Seals and signs bytes for one place.
pub fn seal_blob(
    plain: PlainBytes,
    to: &Cert,
    signer: &Signer,
    at: Moment,
    context: &BlobContext<'_>,
) -> Result<SealedBlob, NoUsableKey> {
    message::seal(&[&context.bound(), plain.reveal()], to, Some((signer, at)), message::WRITING_BYTES_MIN)
        .map(SealedBlob)
}

/// Opens what [`seal_blob`] sealed for the same place and moment, signed by one of `signers`.
pub fn open_blob(
    stored: &[u8],
    key: &SharedKey,
    signers: &[Cert],
    at: Moment,
    context: &BlobContext<'_>,
) -> Result<PlainBytes, Damaged> {
    open_signed(stored, key.pair(), signers, at, context)
}

/// Seals bytes to one person's own certificate, unsigned: a draft, a private note.
pub fn seal_to(to: &Cert, context: &BlobContext<'_>, plain: &PlainBytes) -> Result<SealedBlob, NoUsableKey> {
    message::seal(&[&context.bound(), plain.reveal()], to, None, message::WRITING_BYTES_MIN).map(SealedBlob)
}

pub(super) fn open_signed(
    stored: &[u8],
    key: &KeyPair,
    signers: &[Cert],
    at: Moment,
    context: &BlobContext<'_>,
) -> Result<PlainBytes, Damaged> {
    open(stored, key, &Check::Signed { by: signers, at }, context)
}

pub(super) fn open_personal(stored: &[u8], key: &KeyPair, context: &BlobContext<'_>) -> Result<PlainBytes, Damaged> {
    open(stored, key, &Check::Unsigned, context)
}

fn open(stored: &[u8], key: &KeyPair, check: &Check<'_>, context: &BlobContext<'_>) -> Result<PlainBytes, Damaged> {
    let mut plain = message::open(stored, key, check)?;
    let bound = context.bound();
    if !plain.starts_with(&bound) {
        return Err(Damaged("the sealed bytes belong to another place"));
    }
    // Moves the payload to the front of the same buffer: no second copy of it exists.
    plain.drain(..bound.len());
    Ok(PlainBytes::new(std::mem::take(&mut *plain)))
}
