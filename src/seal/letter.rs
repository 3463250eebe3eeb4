//! Sealed letters: one recipient, signed inside, bound to their row.

use super::entity::{self, Entity};
use super::message::{self, Check};
use super::shared::SharedKey;
use super::signer::Signer;
use super::{Cert, Damaged, NoUsableKey};
use crate::clock::Moment;
use crate::ids::{LetterId, ThreadId};

/// First bytes of sealed things that are no letter. A letter begins with `Content-Type`, so neither can pass for the
/// other under the same signature.
pub(super) mod reserved {
    pub(crate) const BLOB: &[u8] = b"merpati blob 1";
}

/// A letter the store may hold: only [`seal_letter`] makes one.
pub struct SealedLetter(Vec<u8>);

impl SealedLetter {
    /// The bytes for the table.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Which letter a row claims to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The thread of the row.
    pub thread: ThreadId,
    /// The letter of the row.
    pub letter: LetterId,
    /// The time of receipt in the row.
    pub received: Moment,
}

/// Seals a letter to its epoch and signs it. The plaintext is consumed: after this only the sealed form is left.
pub fn seal_letter(letter: Entity, to: &Cert, signer: &Signer) -> Result<SealedLetter, NoUsableKey> {
    let head = entity::head(&letter);
    message::seal(&[&head, letter.content.body()], to, Some((signer, letter.received))).map(SealedLetter)
}

/// Opens a stored letter. It must be signed by one of `signers` at its time of receipt, and be the letter the row
/// claims.
pub fn open_letter(stored: &[u8], key: &SharedKey, signers: &[Cert], expected: &Expected) -> Result<Entity, Damaged> {
    let plain = message::open(stored, key.pair(), &Check::Signed { by: signers, at: expected.received })?;
    let letter = entity::parse(&plain)?;
    let found = Expected { thread: letter.thread, letter: letter.letter, received: letter.received };
    if found == *expected { Ok(letter) } else { Err(Damaged("the letter belongs to another row")) }
}
