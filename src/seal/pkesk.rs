//! The session key of a stored message, encrypted to its one recipient (RFC 9580, 5.1.6), with the curve by aws-lc.
//!
//! The OpenPGP library's own way multiplies on the curve three times per recipient; this one twice, with faster code.
//! It is the largest single cost of sealing a letter. What it writes is opened by the library's own decryption in every
//! test of this module; keys of another kind than X25519 go the library's way.

use aws_lc_rs::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hkdf, rand::SystemRandom};
use sequoia_openpgp::crypto::mem::Protected;
use sequoia_openpgp::crypto::{SessionKey, ecdh, mpi};
use sequoia_openpgp::packet::pkesk::PKESK6;
use sequoia_openpgp::types::{PublicKeyAlgorithm, SymmetricAlgorithm};
use zeroize::Zeroizing;

use super::cert::EncryptionKey;

const KEK_BYTES: usize = 16;
const INFO: &[&[u8]] = &[b"OpenPGP X25519"];

/// The packet that gives `session` to the owner of `key`; `None` when the key cannot be used.
pub(super) fn for_recipient(session: &SessionKey, key: &EncryptionKey) -> Option<PKESK6> {
    match key.mpis() {
        mpi::PublicKey::X25519 { u } => {
            let (e, wrapped) = wrap(session, u)?;
            let esk = mpi::Ciphertext::X25519 { e: Box::new(e), key: wrapped.into() };
            PKESK6::new(Some(key.fingerprint()), PublicKeyAlgorithm::X25519, esk).ok()
        }
        _ => PKESK6::for_recipient(session, key).ok(),
    }
}

/// The ephemeral public key and the wrapped session key.
fn wrap(session: &SessionKey, recipient: &[u8; 32]) -> Option<([u8; 32], Vec<u8>)> {
    let ephemeral = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).ok()?;
    let e: [u8; 32] = ephemeral.compute_public_key().ok()?.as_ref().try_into().ok()?;
    // A recipient point of small order would make the shared secret known to all: aws-lc refuses it, and so do we.
    let kek = agree_ephemeral(ephemeral, UnparsedPublicKey::new(&X25519, recipient), Unspecified, |shared| {
        kek(&e, recipient, shared)
    })
    .ok()?;
    let wrapped = ecdh::aes_key_wrap(SymmetricAlgorithm::AES128, &kek, &Protected::from(session.as_ref())).ok()?;
    Some((e, wrapped))
}

/// The key that wraps the session key: HKDF-SHA256 over both public keys and the shared secret.
fn kek(e: &[u8; 32], recipient: &[u8; 32], shared: &[u8]) -> Result<Protected, Unspecified> {
    let mut input = Zeroizing::new(Vec::with_capacity(96));
    input.extend_from_slice(e);
    input.extend_from_slice(recipient);
    input.extend_from_slice(shared);
    let mut kek = Protected::new(KEK_BYTES);
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&input).expand(INFO, KekLength)?.fill(&mut kek)?;
    Ok(kek)
}

struct KekLength;

impl hkdf::KeyType for KekLength {
    fn len(&self) -> usize {
        KEK_BYTES
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sequoia_openpgp::packet::{Key, key};

    use super::*;

    type Secret = Key<key::SecretParts, key::UnspecifiedRole>;

    fn key() -> Secret {
        key::Key6::<key::SecretParts, key::SubordinateRole>::generate_x25519()
            .map(|k| Key::from(k).role_into_unspecified())
            .unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Differential: the library opens what this file writes, and what the library itself writes, to the same key.
        #[test]
        fn the_library_opens_it(bytes in any::<[u8; 32]>()) {
            let secret = key();
            let public = secret.clone().parts_into_public();
            let session = SessionKey::from(&bytes[..]);
            let mut pair = secret.into_keypair().unwrap();
            for packet in [for_recipient(&session, &public).unwrap(), PKESK6::for_recipient(&session, &public).unwrap()] {
                prop_assert_eq!(packet.recipient(), Some(&public.fingerprint()));
                prop_assert!(packet.decrypt(&mut pair, Some(SymmetricAlgorithm::AES256)).is_some_and(|s| s == session));
            }
            let mut other = key().into_keypair().unwrap();
            prop_assert!(for_recipient(&session, &public).unwrap().decrypt(&mut other, Some(SymmetricAlgorithm::AES256)).is_none());
        }
    }

    #[test]
    fn a_point_of_small_order_is_no_recipient() {
        let session = SessionKey::from(&[7u8; 32][..]);
        assert!(wrap(&session, &[0; 32]).is_none());
        let mut one = [0; 32];
        one[0] = 1;
        assert!(wrap(&session, &one).is_none());
    }
}
