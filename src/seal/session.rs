//! What a signed-in person holds: two secret subkeys, sealed between requests under a key that only their browser has.

use sequoia_openpgp as openpgp;

use openpgp::crypto::KeyPair;
use openpgp::packet::{Key, Packet, key};
use openpgp::parse::{PacketParser, PacketParserResult, Parse as _};
use openpgp::serialize::Serialize as _;
use zeroize::Zeroizing;

use super::blob::BlobContext;
use super::shared::{GrantContext, SharedKey};
use super::signer::Signer;
use super::{Cert, Damaged, blob, shared, vault};
use crate::chance::Chance;
use crate::clock::Moment;
use crate::secret::PlainBytes;

const VERSION: u8 = 1;
const WHY: Damaged = Damaged("the session's keys do not open here");

/// One secret subkey as a packet of about a hundred bytes: parsed in a sixth of the time of the whole key.
#[derive(Clone)]
pub(super) struct SubkeyPacket(Zeroizing<Vec<u8>>);

impl SubkeyPacket {
    pub(super) fn of(key: Key<key::SecretParts, key::SubordinateRole>) -> Result<Self, Damaged> {
        let mut out = Zeroizing::new(Vec::with_capacity(512));
        Packet::from(key).serialize(&mut *out).map_err(|_| Damaged("a subkey could not be written"))?;
        Ok(Self(out))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key in the packet: one secret subkey without a lock of its own, and nothing after it.
    pub(super) fn pair(&self) -> Result<KeyPair, Damaged> {
        const WHY: Damaged = Damaged("not a secret subkey");
        let PacketParserResult::Some(parser) = PacketParser::from_bytes(&self.0[..]).map_err(|_| WHY)? else {
            return Err(WHY);
        };
        let (packet, rest) = parser.next().map_err(|_| WHY)?;
        match (packet, rest) {
            (Packet::SecretSubkey(key), PacketParserResult::EOF(_)) => {
                key.role_into_unspecified().into_keypair().map_err(|_| WHY)
            }
            _ => Err(WHY),
        }
    }
}

/// The keys of one signed-in person: opens grants, drafts and notes, and signs.
pub struct SessionKeys {
    encryption: SubkeyPacket,
    // Parsed only when somebody signs: most requests read.
    signing: SubkeyPacket,
    pair: KeyPair,
}

impl SessionKeys {
    pub(super) fn of(encryption: SubkeyPacket, signing: SubkeyPacket) -> Result<Self, Damaged> {
        let pair = encryption.pair()?;
        Ok(Self { encryption, signing, pair })
    }

    /// Seals the keys under the session's own secret, for one session (`context`).
    pub fn seal(&self, key: &[u8; 32], context: &[u8], chance: &dyn Chance) -> Vec<u8> {
        let parts: [&[u8]; 2] = [self.encryption.bytes(), self.signing.bytes()];
        let plain = Zeroizing::new(vault::bind(&parts));
        vault::close(key, &bound(context), &plain, chance)
    }

    /// Opens what [`Self::seal`] sealed for the same session.
    pub fn open(sealed: &[u8], key: &[u8; 32], context: &[u8]) -> Result<Self, Damaged> {
        let plain = vault::open(key, &bound(context), sealed).ok_or(WHY)?;
        let [encryption, signing] = vault::unbind(plain.reveal()).ok_or(WHY)?;
        Self::of(SubkeyPacket::from_bytes(encryption), SubkeyPacket::from_bytes(signing))
    }

    /// The person's signature.
    pub fn signer(&self) -> Result<Signer, Damaged> {
        self.signing.pair().map(Signer::new)
    }

    /// The fingerprint of the subkey these keys open with, as [`readers`](super::readers) names it.
    pub fn fingerprint(&self) -> String {
        self.pair.public().fingerprint().to_hex()
    }

    /// Opens a grant made out to this person.
    pub fn open_grant(&self, grant: &[u8], context: &GrantContext<'_>) -> Result<SharedKey, Damaged> {
        shared::open_grant(grant, &self.pair, context)
    }

    /// Opens what [`seal_blob`](super::seal_blob) sealed to this person for the same place and moment, signed by one of
    /// `signers`.
    pub fn open_signed(
        &self,
        stored: &[u8],
        signers: &[Cert],
        at: Moment,
        context: &BlobContext<'_>,
    ) -> Result<PlainBytes, Damaged> {
        blob::open_signed(stored, &self.pair, signers, at, context)
    }

    /// Opens a draft or note sealed to this person with [`seal_to`](super::seal_to).
    pub fn open_sealed(&self, stored: &[u8], context: &BlobContext<'_>) -> Result<PlainBytes, Damaged> {
        blob::open_personal(stored, &self.pair, context)
    }
}

fn bound(context: &[u8]) -> Vec<u8> {
    vault::bind(&[b"session", &[VERSION], context])
}
