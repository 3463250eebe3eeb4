//! Who signs a letter.
//!
//! Ed25519 is computed by aws-lc: the OpenPGP library keeps its keys encrypted in memory and rebuilds the backend's key
//! for every signature, which costs as much as the rest of a small letter. Other keys go the library's way.

use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use sequoia_openpgp as openpgp;

use openpgp::crypto::{self, KeyPair, mpi};
use openpgp::packet::{Key, key};
use openpgp::types::{Curve, HashAlgorithm};
use zeroize::Zeroizing;

/// An unlocked signing key; clones share it.
#[derive(Clone)]
pub struct Signer {
    pair: KeyPair,
    fast: Option<Fast>,
}

#[derive(Clone)]
struct Fast {
    pair: Arc<Ed25519KeyPair>,
    /// Version 4 keys write a signature as two numbers, version 6 keys as 64 bytes.
    as_numbers: bool,
}

impl Signer {
    pub(super) fn new(pair: KeyPair) -> Self {
        let fast = fast(&pair);
        Self { pair, fast }
    }
}

fn fast(pair: &KeyPair) -> Option<Fast> {
    let (public, as_numbers): ([u8; 32], bool) = match pair.public().mpis() {
        mpi::PublicKey::Ed25519 { a } => (*a, false),
        mpi::PublicKey::EdDSA { curve: Curve::Ed25519, q } => {
            (q.decode_point(&Curve::Ed25519).ok()?.0.try_into().ok()?, true)
        }
        _ => return None,
    };
    let seed = pair.secret().map(|secret| match secret {
        mpi::SecretKeyMaterial::Ed25519 { x } => Some(Zeroizing::new(x.to_vec())),
        mpi::SecretKeyMaterial::EdDSA { scalar } => Some(Zeroizing::new(scalar.value_padded(32).to_vec())),
        _ => None,
    })?;
    // Checks that both halves belong together: signing with another public half would give the secret away.
    let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public).ok()?;
    Some(Fast { pair: Arc::new(pair), as_numbers })
}

impl crypto::Signer for Signer {
    fn public(&self) -> &Key<key::PublicParts, key::UnspecifiedRole> {
        self.pair.public()
    }

    fn sign(&mut self, hash_algo: HashAlgorithm, digest: &[u8]) -> openpgp::Result<mpi::Signature> {
        let Some(fast) = &self.fast else {
            return self.pair.sign(hash_algo, digest);
        };
        let signature = fast.pair.try_sign(digest)?;
        let bytes: [u8; 64] = signature.as_ref().try_into()?;
        if !fast.as_numbers {
            return Ok(mpi::Signature::Ed25519 { s: Box::new(bytes) });
        }
        let (r, s) = bytes.split_at(32);
        Ok(mpi::Signature::EdDSA { r: mpi::MPI::new(r), s: mpi::MPI::new(s) })
    }
}
