//! PGP mail that anybody may have written: opened with bounds, signatures checked with the keys we know.
//!
//! Nothing half-opened leaves this file: a message that ends badly gives no plaintext at all, so what was tampered with
//! is never shown in part. Packets without integrity protection are refused by the library. It also panics on some of
//! what nobody should write; that is an answer like any other ([`guarded`]), because no mail may end a conversation.

use std::cell::RefCell;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sequoia_openpgp as openpgp;

use openpgp::crypto::{KeyPair, SessionKey};
use openpgp::packet::{PKESK, SKESK, Signature as SignaturePacket};
use openpgp::parse::Parse as _;
use openpgp::parse::stream::{
    DecryptionHelper, DecryptorBuilder, DetachedVerifierBuilder, MessageLayer, MessageStructure, VerificationError,
    VerificationHelper, VerifierBuilder,
};
use openpgp::policy::StandardPolicy;
use openpgp::types::SymmetricAlgorithm;
use openpgp::{KeyHandle, Result as PgpResult};
use zeroize::Zeroizing;

use super::elgamal::Reader;
use super::{Cert, pgp_time};
use crate::clock::Moment;
use crate::secret::PlainBytes;

/// Recipients that are looked at.
const RECIPIENTS_MAX: usize = 64;
/// Public-key steps for one message.
const TRIES_MAX: usize = 16;
/// Keys that are named to a person when a message cannot be opened.
const NAMED_MAX: usize = 4;

/// What is known of who signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// Nobody.
    #[default]
    None,
    /// One of the certificates that were given; the fingerprint in capital hexadecimal digits.
    Good(String),
    /// A key we do not know; its id.
    Unknown(String),
    /// It does not fit what was signed, or its key is not fit to sign; the key's id.
    Bad(String),
}

/// What came out of a message.
pub struct Opened {
    /// What was inside.
    pub plain: PlainBytes,
    /// Whether it was encrypted: a message may be signed only.
    pub encrypted: bool,
    /// Who signed it.
    pub signature: Signature,
}

/// Why a message stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutReason {
    /// It was encrypted to other keys.
    NoKey,
    /// It is damaged, cut short or was changed on its way, or uses something nobody here knows.
    Broken,
    /// It grows beyond the limit.
    TooLarge,
}

/// A message that stays shut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shut {
    /// Why.
    pub why: ShutReason,
    /// Ids of the keys it was meant for, as far as it says.
    pub keys: Vec<String>,
}

/// Runs a step of the library on what strangers wrote.
pub(super) fn guarded<T>(step: impl FnOnce() -> PgpResult<T>) -> PgpResult<T> {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|_| refuse("the library failed"))
}

/// Opens a message, armored or not, with one of `keys`, if at most `limit` bytes come out.
pub(super) fn open(
    message: &[u8],
    keys: &[KeyPair],
    signers: &[Cert],
    limit: usize,
    now: Moment,
) -> Result<Opened, Shut> {
    let notes = RefCell::new(Notes::default());
    let opened = guarded(|| read(message, keys, signers, limit, now, &notes));
    let notes = notes.into_inner();
    match opened {
        Ok(plain) if plain.reveal().len() > limit => Err(Shut { why: ShutReason::TooLarge, keys: notes.meant_for }),
        Ok(plain) => Ok(Opened { plain, encrypted: notes.encrypted, signature: notes.signature }),
        Err(_) => {
            let why = if notes.no_key { ShutReason::NoKey } else { ShutReason::Broken };
            Err(Shut { why, keys: notes.meant_for })
        }
    }
}

fn read(
    message: &[u8],
    keys: &[KeyPair],
    signers: &[Cert],
    limit: usize,
    now: Moment,
    notes: &RefCell<Notes>,
) -> PgpResult<PlainBytes> {
    let policy = reading_policy();
    let helper = Helper { keys, signers, notes };
    // A small look-ahead: what is compressed is unpacked only as it is read, and reading stops at the limit.
    let builder = DecryptorBuilder::from_bytes(message)?.buffer_size(64 * 1024);
    let opened = builder.with_policy(&policy, pgp_time(now), helper)?;
    take(opened, message.len(), limit)
}

/// Most mails shrink by opening; a compressed one may make the buffer grow and leave copies of plaintext behind.
fn take(from: impl Read, expected: usize, limit: usize) -> PgpResult<PlainBytes> {
    let bound = limit.saturating_add(1);
    let mut out = Zeroizing::new(Vec::with_capacity(expected.saturating_mul(2).min(bound)));
    from.take(u64::try_from(bound).unwrap_or(u64::MAX)).read_to_end(&mut out)?;
    Ok(PlainBytes::new(std::mem::take(&mut *out)))
}

/// Who signed `data`, by a signature beside it (RFC 3156, 5).
pub(super) fn check_detached(data: &[u8], signature: &[u8], signers: &[Cert], now: Moment) -> Signature {
    let policy = StandardPolicy::new();
    let notes = RefCell::new(Notes::default());
    let helper = Helper { keys: &[], signers, notes: &notes };
    let checked = guarded(|| {
        let verifier = DetachedVerifierBuilder::from_bytes(signature)?;
        verifier.with_policy(&policy, pgp_time(now), helper)?.verify_bytes(data)
    });
    let found = notes.into_inner().signature;
    match (checked, found) {
        (Ok(()), Signature::None) | (Err(_), _) => Signature::Bad(String::new()),
        (Ok(()), found) => found,
    }
}

/// Opens a text signed in the clear (RFC 9580, 7); `None` when it is none or grows beyond `limit`.
pub(super) fn open_clearsigned(text: &[u8], signers: &[Cert], limit: usize, now: Moment) -> Option<Opened> {
    let policy = StandardPolicy::new();
    let notes = RefCell::new(Notes::default());
    let helper = Helper { keys: &[], signers, notes: &notes };
    let plain = guarded(|| {
        let verifier = VerifierBuilder::from_bytes(text)?.with_policy(&policy, pgp_time(now), helper)?;
        take(verifier, text.len(), limit)
    });
    let plain = plain.ok().filter(|p| p.reveal().len() <= limit)?;
    let signature = match notes.into_inner().signature {
        Signature::None => Signature::Bad(String::new()),
        found => found,
    };
    Some(Opened { plain, encrypted: false, signature })
}

/// Old mail programs use old ciphers. Reading what they wrote harms nobody as long as its integrity is protected, which
/// the library demands of every packet.
#[expect(deprecated, reason = "only to read what others wrote")]
fn reading_policy() -> StandardPolicy<'static> {
    let mut policy = StandardPolicy::new();
    for old in [
        SymmetricAlgorithm::IDEA,
        SymmetricAlgorithm::TripleDES,
        SymmetricAlgorithm::CAST5,
        SymmetricAlgorithm::Blowfish,
    ] {
        policy.accept_symmetric_algo(old);
    }
    policy
}

/// What is learned while a message is read; kept outside the reader, which a failure takes along.
#[derive(Default)]
struct Notes {
    meant_for: Vec<String>,
    no_key: bool,
    encrypted: bool,
    signature: Signature,
}

struct Helper<'a> {
    keys: &'a [KeyPair],
    signers: &'a [Cert],
    notes: &'a RefCell<Notes>,
}

fn refuse<T>(why: &'static str) -> PgpResult<T> {
    Err(openpgp::Error::MalformedMessage(why.into()).into())
}

impl VerificationHelper for Helper<'_> {
    fn get_certs(&mut self, _: &[KeyHandle]) -> PgpResult<Vec<openpgp::Cert>> {
        Ok(self.signers.iter().map(|c| c.pgp().clone()).collect())
    }

    /// Any good signature of a key we know counts; one bad signature beside it does not undo it.
    fn check(&mut self, structure: MessageStructure<'_>) -> PgpResult<()> {
        let mut notes = self.notes.borrow_mut();
        for layer in structure {
            match layer {
                MessageLayer::Compression { .. } => {}
                MessageLayer::Encryption { .. } => notes.encrypted = true,
                MessageLayer::SignatureGroup { results } => {
                    for result in results {
                        let found = match result {
                            Ok(good) => Signature::Good(good.ka.cert().fingerprint().to_hex()),
                            Err(error) => refused(&error),
                        };
                        if rank(&found) > rank(&notes.signature) {
                            notes.signature = found;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

const fn rank(signature: &Signature) -> u8 {
    match signature {
        Signature::None => 0,
        Signature::Unknown(_) => 1,
        Signature::Bad(_) => 2,
        Signature::Good(_) => 3,
    }
}

fn refused(error: &VerificationError<'_>) -> Signature {
    let issuer = |sig: &SignaturePacket| sig.get_issuers().first().map(key_id).unwrap_or_default();
    match error {
        // A key that has expired or was made long ago with weak means: it may well be theirs, and proves nothing.
        VerificationError::MissingKey { sig }
        | VerificationError::UnboundKey { sig, .. }
        | VerificationError::BadKey { sig, .. } => Signature::Unknown(issuer(sig)),
        VerificationError::BadSignature { sig, error, .. } if !is_forged(error.as_ref()) => {
            Signature::Unknown(issuer(sig))
        }
        VerificationError::BadSignature { sig, .. } | VerificationError::MalformedSignature { sig, .. } => {
            Signature::Bad(issuer(sig))
        }
        _ => Signature::Bad(String::new()),
    }
}

/// What was signed is not what came; everything else (an old form, a weak hash) only proves nothing.
fn is_forged(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(openpgp::Error::ManipulatedMessage | openpgp::Error::BadSignature(_)))
}

fn key_id(handle: &KeyHandle) -> String {
    openpgp::KeyID::from(handle).to_hex()
}

impl DecryptionHelper for Helper<'_> {
    fn decrypt(
        &mut self,
        pkesks: &[PKESK],
        _: &[SKESK],
        algo: Option<SymmetricAlgorithm>,
        decrypt: &mut dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool,
    ) -> PgpResult<Option<openpgp::Cert>> {
        let (mut fits, mut tries) = (false, 0);
        for pkesk in pkesks.iter().take(RECIPIENTS_MAX) {
            for key in self.keys {
                // A hidden recipient names no key: then ours may be meant.
                let named = pkesk.recipient().map(|r| r.aliases(key.public().key_handle()));
                fits |= named == Some(true);
                if named == Some(false) || tries == TRIES_MAX {
                    continue;
                }
                tries += 1;
                let mut key = Reader(key.clone());
                if pkesk.decrypt(&mut key, algo).is_some_and(|(algo, session)| decrypt(algo, &session)) {
                    return Ok(None);
                }
            }
        }
        let mut notes = self.notes.borrow_mut();
        let named = pkesks.iter().filter_map(PKESK::recipient).map(|r| key_id(&r));
        notes.meant_for = named.take(NAMED_MAX).collect();
        notes.no_key = !fits;
        refuse("no key fits")
    }
}
