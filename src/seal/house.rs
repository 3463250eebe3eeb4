//! The installation's own secret: keyed look-up hashes and sealed names, addresses and parameters.
//!
//! It lies in `keys/`, not in the database: the database alone tells neither who writes nor where to.

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Damaged, vault};
use crate::chance::{self, Chance};
use crate::secret::PlainBytes;

/// Sealed values are padded to a multiple of this, so that a name's length does not tell the name.
const PAD_BYTES: usize = 64;
const VERSION: u8 = 1;
const LENGTH_BYTES: usize = 4;

/// 32 secret bytes and the subkeys drawn from them.
pub struct HouseKey {
    root: Zeroizing<[u8; 32]>,
    hashing: Zeroizing<[u8; 32]>,
    sealing: Zeroizing<[u8; 32]>,
    tokens: Zeroizing<[u8; 32]>,
}

impl HouseKey {
    /// A new key.
    pub fn draw(chance: &dyn Chance) -> Self {
        Self::from_root(Zeroizing::new(chance::bytes(chance)))
    }

    /// The key in a file; exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let root = bytes.try_into().map_err(|_| Damaged("a house key has 32 bytes"))?;
        Ok(Self::from_root(Zeroizing::new(root)))
    }

    fn from_root(root: Zeroizing<[u8; 32]>) -> Self {
        // One subkey per use: what one use gives away says nothing about another.
        let subkey = |label: &str| Zeroizing::new(mac(&root, &[b"merpati house key", label.as_bytes()]));
        Self { hashing: subkey("hash"), sealing: subkey("seal"), tokens: subkey("token"), root }
    }

    /// The bytes for the file.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.root
    }

    /// Finds a row without naming it: equal texts of one kind have equal hashes, and nobody without this key can try
    /// out texts.
    pub fn hash(&self, kind: &'static str, text: impl AsRef<[u8]>) -> [u8; 32] {
        mac(&self.hashing, &[kind.as_bytes(), text.as_ref()])
    }

    /// Seals a small value for one place: `kind` says what it is, `context` which row it belongs to.
    pub fn seal(&self, kind: &'static str, context: &[u8], plain: &[u8], chance: &dyn Chance) -> Vec<u8> {
        let whole = (plain.len() + LENGTH_BYTES).next_multiple_of(PAD_BYTES);
        let mut padded = Zeroizing::new(Vec::with_capacity(whole));
        // Over 4 GiB the length would not fit; the opening side then finds a length beyond the value and refuses it.
        padded.extend_from_slice(&u32::try_from(plain.len()).unwrap_or(u32::MAX).to_be_bytes());
        padded.extend_from_slice(plain);
        padded.resize(whole, 0);
        let mut out = vec![VERSION];
        out.extend(vault::close(&self.sealing, &bound(kind, context), &padded, chance));
        out
    }

    /// Opens what [`Self::seal`] sealed for the same place.
    pub fn open(&self, kind: &'static str, context: &[u8], sealed: &[u8]) -> Result<PlainBytes, Damaged> {
        const WHY: Damaged = Damaged("a sealed value does not open here");
        let body = sealed.strip_prefix(&[VERSION]).ok_or(WHY)?;
        let padded = vault::open(&self.sealing, &bound(kind, context), body).ok_or(WHY)?;
        let (length, rest) = padded.reveal().split_first_chunk::<LENGTH_BYTES>().ok_or(WHY)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| WHY)?;
        rest.get(..length).map(|plain| PlainBytes::new(plain.to_vec())).ok_or(WHY)
    }

    /// The check that a thread's mail address carries.
    pub(super) fn token_check(&self, token: &[u8]) -> [u8; 32] {
        mac(&self.tokens, &[token])
    }
}

fn bound(kind: &str, context: &[u8]) -> Vec<u8> {
    vault::bind(&[&[VERSION], kind.as_bytes(), context])
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key shorter than a block is filled up with zeros (RFC 2104): done here, so that no fallible call is needed.
    let mut block = Zeroizing::new([0u8; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    mac.update(&vault::bind(parts));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chance::SeededChance;

    #[test]
    fn a_key_comes_back_from_its_file() {
        let key = HouseKey::draw(&SeededChance::new(1));
        let again = HouseKey::from_bytes(key.bytes()).unwrap();
        assert_eq!(key.hash("name", "melati"), again.hash("name", b"melati"));
        assert!(HouseKey::from_bytes(&[0; 31]).is_err());
    }

    #[test]
    fn hashes_differ_by_kind_text_and_house() {
        let (a, b) = (HouseKey::draw(&SeededChance::new(1)), HouseKey::draw(&SeededChance::new(2)));
        assert_ne!(a.hash("name", "melati"), a.hash("address", "melati"));
        assert_ne!(a.hash("name", "melati"), a.hash("name", "melatj"));
        assert_ne!(a.hash("name", "melati"), b.hash("name", "melati"));
        assert_ne!(a.hash("ab", "c"), a.hash("a", "bc"));
    }

    #[test]
    fn lengths_of_one_class_look_alike() {
        let (key, chance) = (HouseKey::draw(&SeededChance::new(1)), SeededChance::new(3));
        let size = |n: usize| key.seal("name", b"row", &vec![b'x'; n], &chance).len();
        assert_eq!(size(0), size(60));
        assert_eq!(size(61), size(124));
        assert!(size(60) < size(61));
    }

    proptest! {
        #[test]
        fn a_value_opens_in_its_own_place_only(plain in proptest::collection::vec(any::<u8>(), 0..200), seed: u64, at: prop::sample::Index, bit in 0u8..8) {
            let chance = SeededChance::new(seed);
            let key = HouseKey::draw(&chance);
            let mut sealed = key.seal("name", b"row 1", &plain, &chance);
            prop_assert!(key.open("name", b"row 1", &sealed).is_ok_and(|p| p.reveal() == &plain));
            prop_assert!(key.open("name", b"row 2", &sealed).is_err());
            prop_assert!(key.open("address", b"row 1", &sealed).is_err());
            prop_assert!(HouseKey::draw(&chance).open("name", b"row 1", &sealed).is_err());
            prop_assert!(key.open("name", b"row 1", &sealed[..at.index(sealed.len())]).is_err());
            let i = at.index(sealed.len());
            sealed[i] ^= 1 << bit;
            prop_assert!(key.open("name", b"row 1", &sealed).is_err());
        }
    }
}
