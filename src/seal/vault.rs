//! The plain box under everything that is not OpenPGP: XChaCha20-Poly1305 with a random nonce.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};

use crate::chance::{self, Chance};
use crate::secret::PlainBytes;

const NONCE_BYTES: usize = 24;

/// Several byte strings as one that can be split in one way only: each is preceded by its length.
pub(super) fn bind(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.iter().map(|p| p.len() + 8).sum());
    for part in parts {
        // usize is at most 64 bits wide on every platform Rust knows.
        out.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

/// Nonce, then ciphertext and tag.
pub(super) fn close(key: &[u8; 32], bound: &[u8], plain: &[u8], chance: &dyn Chance) -> Vec<u8> {
    let nonce: [u8; NONCE_BYTES] = chance::bytes(chance);
    let mut out = nonce.to_vec();
    // The cipher refuses only plaintext beyond 256 GiB, which no caller has; then the box stays empty and never opens.
    let sealed = XChaCha20Poly1305::new(Key::from_slice(key))
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: bound });
    out.extend(sealed.unwrap_or_default());
    out
}

/// What [`close`] closed, if key and bound bytes are the same and no byte was changed.
pub(super) fn open(key: &[u8; 32], bound: &[u8], sealed: &[u8]) -> Option<PlainBytes> {
    let (nonce, body) = sealed.split_at_checked(NONCE_BYTES)?;
    XChaCha20Poly1305::new(Key::from_slice(key))
        .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: bound })
        .ok()
        .map(PlainBytes::new)
}

/// The parts of what [`bind`] put together, exactly as many as asked for.
pub(super) fn unbind<const N: usize>(bound: &[u8]) -> Option<[&[u8]; N]> {
    let mut rest = bound;
    let mut out = [&[][..]; N];
    for part in &mut out {
        let (length, tail) = rest.split_first_chunk::<8>()?;
        let (head, tail) = tail.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        (*part, rest) = (head, tail);
    }
    rest.is_empty().then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_bound_comes_apart_again(a: Vec<u8>, b: Vec<u8>) {
            let bound = bind(&[&a, &b]);
            prop_assert_eq!(unbind(&bound), Some([&a[..], &b[..]]));
            prop_assert_eq!(unbind::<1>(&bound), None);
            prop_assert_eq!(unbind::<3>(&bound), None);
        }

        #[test]
        fn no_bytes_make_it_stumble(bytes: Vec<u8>) {
            let _ = unbind::<2>(&bytes);
        }
    }
}
