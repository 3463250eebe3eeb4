//! Keys and sealed letters: the only module that names OpenPGP.
//!
//! Nothing here reads a file, asks the time or keeps state: bytes in, bytes out. Where stored bytes are not exactly what
//! was once sealed, for that place, the answer is [`Damaged`], never part of a letter.
//!
//! - `house`, `token`: the installation's own secret: look-up hashes, sealed names, thread mail addresses.
//! - `secret_lock`, `words`: the lock between a person's secret and their key; secrets made for people.

mod house;
mod secret_lock;
mod token;
mod vault;
mod words;

pub use house::HouseKey;
pub use secret_lock::{Cost, Secret, UnlockError};
pub use token::{ThreadToken, TokenError};
pub use words::{passphrase, recovery_code};

/// What is stored is not what was sealed for this place; the text says what does not fit, and nothing of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("damaged: {0}")]
pub struct Damaged(&'static str);
