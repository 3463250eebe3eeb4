//! A mail that came encrypted or signed: opened with the house's key, its signer looked up among the client's keys; what it
//! brought along is remembered.

use super::client_keys;
use super::notify;
use crate::house::{Failure, House};
use crate::ids::ThreadId;
use crate::parse::{self, Letter, RawLetter};
use crate::seal::{Cert, Signed};
use crate::secret::PlainBytes;
use crate::store::threads;
use crate::unwrap::{self, Keyring, Learned, Unwrapped, Wrapped};

/// Opens a mail with the house's key alone.
pub(crate) fn open(house: &House, letter: Letter) -> Unwrapped {
    unwrap::open(&Keyring { practice: &house.keys.practice, confirmed: &[], seen: &[], now: house.now() }, letter)
}

/// The mail as received.
pub(crate) fn received(letter: Letter, wrapped: Option<Wrapped>) -> PlainBytes {
    wrapped.and_then(|w| w.received).unwrap_or_else(|| letter.raw.into_plain())
}

/// Looks whether a signature is of one of the client's keys. The keys are asked for only when there is a signature.
pub(crate) async fn recognize(house: &House, thread: ThreadId, unwrapped: Unwrapped) -> Result<Unwrapped, Failure> {
    let is_open = unwrapped.wrapped.as_ref().is_some_and(|w| w.wrap.signed == Signed::Unknown);
    if !is_open {
        return Ok(unwrapped);
    }
    let mut conn = house.db.read().await?;
    let client = threads::find(&mut conn, thread).await?.ok_or(Failure::NotFound)?.client;
    let keys = client_keys::load(house, &mut conn, client).await?;
    drop(conn);
    if keys.is_empty() {
        return Ok(unwrapped);
    }
    let certs = |confirmed| keys.iter().filter(move |k| k.is_confirmed() == confirmed).map(|k| k.cert.clone());
    let (confirmed, seen): (Vec<Cert>, Vec<Cert>) = (certs(true).collect(), certs(false).collect());
    let keyring = Keyring { practice: &house.keys.practice, confirmed: &confirmed, seen: &seen, now: house.now() };
    let raw = received(unwrapped.letter, unwrapped.wrapped);
    // It was read a moment ago.
    let letter = parse::read(RawLetter::from_plain(raw)).map_err(|_| Failure::Changed)?;
    Ok(unwrap::open(&keyring, letter))
}

/// The mail as received, to look at.
pub(crate) fn outside<'a>(letter: &'a Letter, wrapped: Option<&'a Wrapped>) -> &'a [u8] {
    wrapped.and_then(|w| w.received.as_ref()).map_or_else(|| letter.raw.bytes(), |r| r.reveal())
}

/// What follows when a letter is stored: keys that came along are remembered, and the client is told when it could not be
/// opened. The letter is safe whatever happens here, so a failure is no reason to refuse it.
pub(crate) async fn afterwards(house: &House, thread: ThreadId, letter: &Letter, wrapped: Option<&Wrapped>) {
    let learned = brought(letter, wrapped);
    let wrap = wrapped.map(|w| &w.wrap);
    let is_shut = wrap.is_some_and(|w| w.lock.is_shut());
    if learned.is_empty() && !is_shut {
        return;
    }
    let done: Result<(), Failure> = async {
        let client = threads::find(&mut house.db.read().await?, thread).await?.ok_or(Failure::NotFound)?.client;
        if is_shut {
            return notify::unreadable(house, client).await;
        }
        client_keys::learn(house, client, learned, wrap).await
    }
    .await;
    if let Err(failure) = done {
        tracing::warn!(%thread, %failure, "what a letter brought along was not remembered");
    }
}

/// The same for a mail that was kept elsewhere first: keys it brought are offered to the client, and none counts by itself,
/// whoever signed it.
pub(crate) async fn learn_candidates(house: &House, thread: ThreadId, learned: Vec<Learned>) {
    if learned.is_empty() {
        return;
    }
    let done: Result<(), Failure> = async {
        let client = threads::find(&mut house.db.read().await?, thread).await?.ok_or(Failure::NotFound)?.client;
        client_keys::learn(house, client, learned, None).await
    }
    .await;
    if let Err(failure) = done {
        tracing::warn!(%thread, %failure, "the keys that a letter brought along were not remembered");
    }
}

/// The keys that came along with a letter.
pub(super) fn brought(letter: &Letter, wrapped: Option<&Wrapped>) -> Vec<Learned> {
    let raw = outside(letter, wrapped);
    let may_bring = !letter.files.is_empty() || !parse::header(raw, "Autocrypt").is_empty();
    if may_bring { unwrap::learn(raw, letter) } else { Vec::new() }
}
