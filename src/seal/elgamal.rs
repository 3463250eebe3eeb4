//! Opens what old programs encrypted to ElGamal keys, which the OpenPGP library leaves out. Nothing is ever encrypted with
//! it, and no key of ours is made with it: only who brings such a practice key along can still read what is written to it.
//!
//! What depends on the secret takes the same time whatever it is. A padding that is wrong leads to a drawn session key, so
//! that the one sign a stranger could see is the same for both: the message does not open (RFC 3218, 2.3.2).

use crypto_bigint::modular::runtime_mod::{DynResidue, DynResidueParams};
use crypto_bigint::{Limb, Uint};
use sequoia_openpgp as openpgp;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::{Zeroize as _, Zeroizing};

use openpgp::Result as PgpResult;
use openpgp::crypto::mpi::{Ciphertext, PublicKey, SecretKeyMaterial};
use openpgp::crypto::{Decryptor, KeyPair, SessionKey};
use openpgp::packet::{Key, key};
use openpgp::types::SymmetricAlgorithm;

/// Bytes of an algorithm, a session key and its checksum, for keys of 128, 192 and 256 bits.
const SESSION_BYTES: [u32; 3] = [19, 27, 35];
const SESSION_BYTES_MAX: usize = 35;
const LONGEST: u32 = 35;

/// A key pair that opens mail, of any kind.
pub(super) struct Reader(pub(super) KeyPair);

impl Decryptor for Reader {
    fn public(&self) -> &Key<key::PublicParts, key::UnspecifiedRole> {
        self.0.public()
    }

    fn decrypt(&mut self, ciphertext: &Ciphertext, plaintext_len: Option<usize>) -> PgpResult<SessionKey> {
        match (self.0.public().mpis().clone(), ciphertext) {
            (PublicKey::ElGamal { p, .. }, Ciphertext::ElGamal { e, c }) => {
                self.0.secret().map(|secret| match secret {
                    SecretKeyMaterial::ElGamal { x } => open(p.value(), x.value(), e.value(), c.value()),
                    _ => refuse(),
                })
            }
            _ => self.0.decrypt(ciphertext, plaintext_len),
        }
    }
}

fn refuse<T>() -> PgpResult<T> {
    Err(openpgp::Error::MalformedMessage("not an ElGamal session key".into()).into())
}

fn open(p: &[u8], x: &[u8], e: &[u8], c: &[u8]) -> PgpResult<SessionKey> {
    // Bits of a modulus: smaller ones protect nothing, larger ones nobody made.
    let padded = match p.len() * 8 {
        1024 => message::<{ 1024 / Limb::BITS }>(p, x, e, c),
        1025..=2048 => message::<{ 2048 / Limb::BITS }>(p, x, e, c),
        2049..=3072 => message::<{ 3072 / Limb::BITS }>(p, x, e, c),
        3073..=4096 => message::<{ 4096 / Limb::BITS }>(p, x, e, c),
        _ => None,
    };
    let Some(padded) = padded else { return refuse() };
    Ok(SessionKey::from(unpadded(&padded, &*drawn()?).as_slice()))
}

/// A session key that opens nothing, in the form a right one has.
fn drawn() -> PgpResult<Zeroizing<[u8; SESSION_BYTES_MAX]>> {
    let key = SessionKey::new(SESSION_BYTES_MAX - 3)?;
    let sum = key.iter().fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    let mut out = Zeroizing::new([0; SESSION_BYTES_MAX]);
    let first = [u8::from(SymmetricAlgorithm::AES256)];
    let bytes = first.iter().chain(key.iter()).copied().chain(sum.to_be_bytes());
    out.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    Ok(out)
}

/// What was encrypted, with its padding: `c / e^x`, which is `c * e^(p-1-x)`. `None` where the numbers do not fit.
fn message<const LIMBS: usize>(p: &[u8], x: &[u8], e: &[u8], c: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (modulus, e, c) = (number::<LIMBS>(p)?, number(e)?, number(c)?);
    let fits = |n: &Uint<LIMBS>| *n != Uint::ZERO && *n < modulus;
    if p.last()? & 1 == 0 || !fits(&e) || !fits(&c) {
        return None;
    }
    let mut secret = number::<LIMBS>(x)?;
    let mut exponent = modulus.wrapping_sub(&Uint::ONE).wrapping_sub(&secret);
    let field = DynResidueParams::new(&modulus);
    let mut shared = DynResidue::new(&e, field).pow(&exponent);
    let mut product = (shared * DynResidue::new(&c, field)).retrieve();
    let all: Vec<u8> = product.as_limbs().iter().rev().flat_map(|limb| limb.0.to_be_bytes()).collect();
    let all = Zeroizing::new(all);
    for number in [&mut secret, &mut exponent, &mut product, shared.as_montgomery_mut()] {
        number.zeroize();
    }
    all.get(all.len().checked_sub(p.len())?..).map(|m| Zeroizing::new(m.to_vec()))
}

fn number<const LIMBS: usize>(bytes: &[u8]) -> Option<Uint<LIMBS>> {
    let mut all = Zeroizing::new(vec![0; LIMBS * Limb::BYTES]);
    let from = all.len().checked_sub(bytes.len())?;
    all.get_mut(from..)?.copy_from_slice(bytes);
    Some(Uint::from_be_slice(&all))
}

/// Takes off the padding `0 2 (bytes that are not zero) 0` (RFC 8017, 7.2.2); where it is wrong, `instead` comes out.
fn unpadded(padded: &[u8], instead: &[u8; SESSION_BYTES_MAX]) -> Zeroizing<Vec<u8>> {
    let (mut separator, mut found) = (0u32, Choice::from(0));
    for (at, byte) in (0u32..).zip(padded).skip(2) {
        let is_zero = byte.ct_eq(&0);
        separator.conditional_assign(&at, is_zero & !found);
        found |= is_zero;
    }
    let begins = padded.iter().zip([0u8, 2]).fold(Choice::from(1), |all, (byte, right)| all & byte.ct_eq(&right));
    let whole = u32::try_from(padded.len()).unwrap_or_default();
    let (mut fits, mut length) = (Choice::from(0), 0u32);
    for bytes in SESSION_BYTES {
        let this = separator.ct_eq(&whole.wrapping_sub(bytes + 1));
        length.conditional_assign(&bytes, this);
        fits |= this;
    }
    let good = begins & found & fits;
    let length = u32::conditional_select(&LONGEST, &length, good);
    let tail = padded.iter().skip(padded.len().saturating_sub(SESSION_BYTES_MAX));
    let chosen = instead.iter().zip(tail).map(|(drawn, found)| u8::conditional_select(drawn, found, good));
    let mut out = Zeroizing::new(Vec::with_capacity(SESSION_BYTES_MAX));
    // How long a session key is shows in what follows anyway.
    out.extend(chosen.skip(usize::try_from(LONGEST.saturating_sub(length)).unwrap_or_default()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padding_comes_off_or_a_drawn_key_comes_out() {
        let instead = [7; SESSION_BYTES_MAX];
        let padded = |key: usize| {
            let mut all = vec![9; 128];
            (all[0], all[1], all[127 - key]) = (0, 2, 0);
            all
        };
        for key in [19, 27, 35] {
            assert_eq!(unpadded(&padded(key), &instead).as_slice(), vec![9; key], "{key}");
        }
        let wrong = |change: fn(&mut Vec<u8>)| {
            let mut all = padded(27);
            change(&mut all);
            assert_eq!(unpadded(&all, &instead).as_slice(), instead);
        };
        wrong(|all| all[0] = 1);
        wrong(|all| all[1] = 1);
        wrong(|all| all[60] = 0);
        wrong(|all| all[100] = 9);
        assert_eq!(unpadded(&padded(28), &instead).as_slice(), instead, "no key has this length");
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        let p = [0xff; 128];
        let mut even = p;
        even[127] = 0xfe;
        assert!(open(&p, &[5], &[3], &[4]).is_ok(), "whatever comes out");
        assert!(open(&even, &[5], &[3], &[4]).is_err());
        assert!(open(&p, &[5], &[], &[4]).is_err());
        assert!(open(&p, &[5], &p, &[4]).is_err());
        assert!(open(&p, &[5], &[3], &[1; 129]).is_err());
        assert!(open(&[0xff; 64], &[5], &[3], &[4]).is_err(), "too small");
    }
}
