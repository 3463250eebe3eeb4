//! One stored message: who it is for, a signature inside, padding to a size class.
//!
//! Written: one PKESK, then one SEIPDv2 packet (AES-256, OCB) around the signed literal data and the padding. Read:
//! that and nothing else. Compressed data is refused unread, so nothing grows when it is opened.

use std::io::{Read as _, Write as _};

use sequoia_openpgp as openpgp;

use openpgp::crypto::{KeyPair, SessionKey};
use openpgp::packet::{PKESK, Packet, Padding, SEIP, SKESK};
use openpgp::parse::stream::{DecryptionHelper, DecryptorBuilder, MessageLayer, MessageStructure, VerificationHelper};
use openpgp::parse::{PacketParser, PacketParserResult, Parse as _};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Marshal as _;
use openpgp::serialize::stream::padding::padme;
use openpgp::serialize::stream::{Encryptor, LiteralWriter, Message, Signer as SigningWriter};
use openpgp::types::{AEADAlgorithm, SymmetricAlgorithm};
use openpgp::{KeyHandle, Result as PgpResult};
use zeroize::Zeroizing;

use super::cert::{Cert, EncryptionKey};
use super::signer::Signer;
use super::{Damaged, NoUsableKey, pgp_time, pkesk};
use crate::clock::Moment;

/// No letter, note or file is smaller inside: a "yes" and a short letter look the same.
pub(super) const WRITING_BYTES_MIN: u64 = 2 * 1024;
/// Keys all have one length; nothing is to be hidden there, and there are many of them.
pub(super) const KEY_BYTES_MIN: u64 = 0;
/// Room for packet headers and a signature around the plaintext.
const FRAME_BYTES: usize = 1024;
const SESSION_KEY_BYTES: usize = 32;

/// Seals `parts`, one after the other, to one key, padded to at least `floor` bytes; signed at a moment when a signer is
/// given.
pub(super) fn seal(
    parts: &[&[u8]],
    to: &Cert,
    signed: Option<(&Signer, Moment)>,
    floor: u64,
) -> Result<Vec<u8>, NoUsableKey> {
    let key = to.stored_encryption()?;
    let inside = inside(parts, signed, floor).map_err(|_| NoUsableKey("signing failed"))?;
    encrypt(&inside, key).map_err(|_| NoUsableKey("encrypting failed"))
}

/// The packets inside the encryption, padded.
fn inside(parts: &[&[u8]], signed: Option<(&Signer, Moment)>, floor: u64) -> PgpResult<Zeroizing<Vec<u8>>> {
    let length: usize = parts.iter().map(|p| p.len()).sum();
    // Room for everything from the start: a growing buffer would leave plaintext behind.
    let room = usize::try_from(class(u64::try_from(length + FRAME_BYTES)?, floor))? + FRAME_BYTES;
    let mut out = Zeroizing::new(Vec::with_capacity(room));
    let mut message = Message::new(&mut *out);
    if let Some((signer, at)) = signed {
        message = SigningWriter::new(message, signer.clone())?.creation_time(pgp_time(at)).build()?;
    }
    let mut literal = LiteralWriter::new(message).build()?;
    for part in parts {
        literal.write_all(part)?;
    }
    literal.finalize()?;
    pad(&mut out, floor)?;
    Ok(out)
}

fn encrypt(inside: &[u8], key: &EncryptionKey) -> PgpResult<Vec<u8>> {
    let mut out = Vec::with_capacity(inside.len() + FRAME_BYTES + inside.len() / 256);
    let session = SessionKey::new(SESSION_KEY_BYTES)?;
    let packet = pkesk::for_recipient(&session, key)
        .ok_or_else(|| openpgp::Error::InvalidOperation("no such recipient".into()))?;
    Packet::from(packet).serialize(&mut out)?;
    let message = Message::new(&mut out);
    let mut message = Encryptor::with_session_key(message, SymmetricAlgorithm::AES256, session)?
        .aead_algo(AEADAlgorithm::OCB)
        .build()?;
    message.write_all(inside)?;
    message.finalize()?;
    Ok(out)
}

/// Padmé with a floor: at most 12 % more, and a length tells only its class.
fn class(length: u64, floor: u64) -> u64 {
    padme(length).max(floor)
}

/// Fills `out` up to the end of its class, to the byte. A padding packet's own header has two, three or six bytes, so a
/// few rests cannot be filled by one packet; those take two.
fn pad(out: &mut Vec<u8>, floor: u64) -> PgpResult<()> {
    const SMALL: usize = 100;
    let length = u64::try_from(out.len())? + 2;
    let mut rest = usize::try_from(class(length, floor) - length)? + 2;
    if padding_body(rest).is_none() {
        Packet::from(Padding::new(SMALL - 2)?).serialize(out)?;
        rest -= SMALL;
    }
    let body = padding_body(rest).ok_or_else(|| openpgp::Error::InvalidOperation("no such padding".into()))?;
    Packet::from(Padding::new(body)?).serialize(out)
}

/// The body length of a padding packet that takes `rest` bytes with its header (RFC 9580, 4.2.1).
fn padding_body(rest: usize) -> Option<usize> {
    match rest {
        2..=193 => Some(rest - 2),
        195..=8386 => Some(rest - 3),
        8390.. => Some(rest - 6),
        _ => None,
    }
}

/// What must hold about the signature of an opened message.
pub(super) enum Check<'a> {
    /// There is none: what is inside is bound by its context alone.
    Unsigned,
    /// Exactly one, good, by one of these, made at that moment.
    Signed { by: &'a [Cert], at: Moment },
}

/// Opens a stored message; the plaintext comes out only when all of it is as it should be.
pub(super) fn open(stored: &[u8], key: &KeyPair, check: &Check<'_>) -> Result<Zeroizing<Vec<u8>>, Damaged> {
    const WHY: Damaged = Damaged("the sealed bytes do not open with this key and these signers");
    let policy = StandardPolicy::new();
    // The reference time decides which certificates and signatures count: the moment of the letter, never today.
    let at = match check {
        Check::Signed { at, .. } => pgp_time(*at),
        Check::Unsigned => key.public().creation_time(),
    };
    let reader = Reader { key, check };
    let mut message =
        DecryptorBuilder::from_bytes(stored).and_then(|b| b.with_policy(&policy, at, reader)).map_err(|_| WHY)?;
    let mut out = Zeroizing::new(Vec::with_capacity(stored.len()));
    message.read_to_end(&mut out).map_err(|_| WHY)?;
    if message.message_processed() { Ok(out) } else { Err(WHY) }
}

struct Reader<'a> {
    key: &'a KeyPair,
    check: &'a Check<'a>,
}

fn refuse<T>(why: &'static str) -> PgpResult<T> {
    Err(openpgp::Error::MalformedMessage(why.into()).into())
}

impl VerificationHelper for Reader<'_> {
    fn inspect(&mut self, parser: &PacketParser<'_>) -> PgpResult<()> {
        match &parser.packet {
            Packet::PKESK(_) | Packet::SEIP(SEIP::V2(_)) => Ok(()),
            // Inside only: outside, nothing but the two above is ours.
            Packet::OnePassSig(_) | Packet::Literal(_) | Packet::Signature(_) | Packet::Padding(_)
                if parser.recursion_depth() > 0 =>
            {
                Ok(())
            }
            _ => refuse("a packet that is never stored"),
        }
    }

    fn get_certs(&mut self, ids: &[KeyHandle]) -> PgpResult<Vec<openpgp::Cert>> {
        let Check::Signed { by, .. } = self.check else {
            return Ok(Vec::new());
        };
        let names = |cert: &openpgp::Cert| cert.keys().any(|k| ids.iter().any(|id| id.aliases(k.key().key_handle())));
        Ok(by.iter().map(Cert::pgp).filter(|c| names(c)).cloned().collect())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> PgpResult<()> {
        let mut layers = structure.into_iter();
        if !matches!(layers.next(), Some(MessageLayer::Encryption { aead_algo: Some(_), .. })) {
            return refuse("not encrypted as stored messages are");
        }
        match (self.check, layers.next()) {
            (Check::Unsigned, None) => Ok(()),
            (Check::Unsigned, Some(MessageLayer::SignatureGroup { results }))
                if results.is_empty() && layers.next().is_none() =>
            {
                Ok(())
            }
            (Check::Signed { at, .. }, Some(MessageLayer::SignatureGroup { results })) => {
                let good: Vec<_> = results.iter().flatten().collect();
                let [only] = good.as_slice() else {
                    return refuse("not signed by one of those who may");
                };
                let in_time = only.sig.signature_creation_time() == Some(pgp_time(*at));
                if results.len() == 1 && in_time && layers.next().is_none() {
                    Ok(())
                } else {
                    refuse("signed otherwise than expected")
                }
            }
            _ => refuse("signed or unsigned against expectation"),
        }
    }
}

impl DecryptionHelper for Reader<'_> {
    fn decrypt(
        &mut self,
        pkesks: &[PKESK],
        _: &[SKESK],
        algo: Option<SymmetricAlgorithm>,
        decrypt: &mut dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool,
    ) -> PgpResult<Option<openpgp::Cert>> {
        let mut key = self.key.clone();
        let own = self.key.public().key_handle();
        for pkesk in pkesks.iter().filter(|p| p.recipient().is_some_and(|r| r.aliases(&own))) {
            if pkesk.decrypt(&mut key, algo).is_some_and(|(algo, session)| decrypt(algo, &session)) {
                return Ok(None);
            }
        }
        refuse("no key fits")
    }
}

/// The keys a stored message opens with, as hexadecimal fingerprints; it must consist of their packets and one
/// encrypted packet and nothing else.
pub fn readers(stored: &[u8]) -> Result<Vec<String>, Damaged> {
    const WHY: Damaged = Damaged("not a stored message");
    let mut out = Vec::new();
    let mut next = PacketParser::from_bytes(stored).map_err(|_| WHY)?;
    let mut sealed = false;
    while let PacketParserResult::Some(parser) = next {
        match &parser.packet {
            Packet::PKESK(PKESK::V6(p)) if !sealed => out.push(p.recipient().ok_or(WHY)?.to_hex()),
            Packet::SEIP(SEIP::V2(_)) if !sealed && !out.is_empty() => sealed = true,
            _ => return Err(WHY),
        }
        next = parser.next().map_err(|_| WHY)?.1;
    }
    if sealed { Ok(out) } else { Err(WHY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_of_a_class_is_filled_to_the_byte() {
        let mut last = 0;
        for length in (0..20_000).chain(100_000..101_000).chain(1_048_000..1_049_000) {
            let mut out = vec![0; length];
            pad(&mut out, WRITING_BYTES_MIN).unwrap();
            let expected = class(u64::try_from(length).unwrap() + 2, WRITING_BYTES_MIN);
            assert_eq!(u64::try_from(out.len()).unwrap(), expected, "{length}");
            assert!(out.len() >= last, "longer letters are never smaller");
            last = out.len();
        }
    }

    #[test]
    fn padding_headers_are_as_counted() {
        for rest in [2, 3, 193, 195, 196, 8386, 8390, 100_000] {
            let mut out = Vec::new();
            Packet::from(Padding::new(padding_body(rest).unwrap()).unwrap()).serialize(&mut out).unwrap();
            assert_eq!(out.len(), rest);
        }
        assert!([0, 1, 194, 8387, 8388, 8389].iter().all(|r| padding_body(*r).is_none()));
    }

    #[test]
    fn text_is_no_stored_message() {
        for text in [&b""[..], b"hello", b"-----BEGIN PGP MESSAGE-----", &[0xc1, 0xff]] {
            assert_eq!(readers(text).err(), Some(Damaged("not a stored message")));
        }
    }
}
