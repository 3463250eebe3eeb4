//! Keys and sealed letters: the only module that names OpenPGP.
//!
//! What is stored uses RFC 9580: version 6 certificates, X25519 and Ed25519, AES-256 in OCB mode, one recipient, padded
//! to size classes. What leaves for GnuPG (`practice`, `export`) uses version 4 and the older encryption container.
//!
//! Nothing here reads a file, asks the time or keeps state: bytes in, bytes out. Where no usable key is at hand the
//! answer is [`NoUsableKey`], never clear text; where stored bytes are not exactly what was once sealed, for that place
//! and by those signers, the answer is [`Damaged`], never part of a letter.
//!
//! - `house`, `token`: the installation's own secret: look-up hashes, sealed names, thread mail addresses.
//! - `person`, `secret_lock`, `session`: a person's key, locked by their secret, and what a signed-in person holds of
//!   it.
//! - `cert`, `shared`: public certificates; the keys of epochs and desks and how they are granted to readers.
//! - `bounce`: the return address of each mail of ours; `code_word`: the word a client can be asked for.
//! - `letter`, `entity`, `blob`: sealed letters, attachments, drafts and notes.
//! - `practice`, `incoming`, `correspond`, `directory`: the practice's own key, PGP mail written to it, letters encrypted
//!   to a client's own key, and where mail programs look for ours.
//! - `elgamal`: opens what was encrypted to a kind of key that the library leaves out.
//! - `wrap`: how a mail was wrapped when it came.
//! - `export`, `gnupg`: what a client takes along.

mod archive;
mod blob;
mod bounce;
mod cert;
mod code_word;
mod correspond;
mod directory;
mod elgamal;
mod entity;
mod export;
mod gnupg;
mod house;
mod incoming;
mod letter;
mod message;
mod person;
mod pkesk;
mod practice;
mod secret_lock;
mod session;
mod shared;
mod signer;
mod token;
mod vault;
mod words;
mod wrap;

#[cfg(test)]
mod tests;

pub use archive::{PasswordReader, PasswordWriter, password_reader, password_writer};
pub use blob::{BlobContext, SealedBlob, open_blob, seal_blob, seal_to};
pub use bounce::{bounce_local, read_bounce_local};
pub use cert::Cert;
pub use code_word::{fits_code_word, hide_code_word};
pub use correspond::{KeyProblem, check_key, encrypt_mail, key_bytes, read_key, read_keys};
pub use directory::directory_name;
pub use entity::{AttachmentInfo, Author, Content, Entity};
pub use export::{ExportKey, ExportedFile, ExportedLetter, mbox};
pub use house::HouseKey;
pub use incoming::{Opened, Shut, ShutReason, Signature};
pub use letter::{Expected, SealedLetter, open_letter, seal_letter};
pub use message::readers;
pub use person::PersonKey;
pub use practice::{PracticeKey, check_detached, open_clearsigned};
pub use secret_lock::{Cost, Secret, UnlockError};
pub use session::SessionKeys;
pub use shared::{GrantContext, Held, SharedKey};
pub use signer::Signer;
pub use token::{ThreadToken, TokenError};
pub use words::{passphrase, recovery_code};
pub use wrap::{Lock, Signed, Wrap};

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clock::Moment;

/// Nothing was sealed, because no key can be used for it; the text says why, and holds nothing of the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no usable key: {0}")]
pub struct NoUsableKey(&'static str);

impl NoUsableKey {
    pub(crate) const fn new(why: &'static str) -> Self {
        Self(why)
    }
}

/// What is stored is not what was sealed for this place; the text says what does not fit, and nothing of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("damaged: {0}")]
pub struct Damaged(&'static str);

impl Damaged {
    pub(crate) const fn new(why: &'static str) -> Self {
        Self(why)
    }
}

/// A moment as OpenPGP holds it: whole seconds, from 1970 on.
fn pgp_time(at: Moment) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(at.seconds()).unwrap_or(0))
}
