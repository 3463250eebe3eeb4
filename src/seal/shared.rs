//! Keys that several people hold: epochs of threads, and desks.
//!
//! A shared key is an OpenPGP certificate whose secret half exists only in grants: encrypted to one reader each. A
//! desk's key is granted to its counselors; an epoch is granted to the client and the desk; and an epoch can hold its
//! predecessor, so that one grant reads the whole history. A grant says inside what it grants and to whom: moved to
//! another row it does not open.

use sequoia_openpgp as openpgp;

use openpgp::Profile;
use openpgp::cert::{CertBuilder, CipherSuite};
use openpgp::crypto::KeyPair;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Serialize as _;
use openpgp::types::{Features, KeyFlags};

use super::session::SubkeyPacket;
use super::{Cert, Damaged, NoUsableKey, message, pgp_time, vault};
use crate::clock::Moment;
use crate::ids::{DeskId, EpochId};

/// What a grant gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The key of an epoch.
    Epoch(EpochId),
    /// The key of a desk.
    Desk(DeskId),
}

/// Where a grant belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantContext<'a> {
    /// The key that is granted.
    pub held: Held,
    /// The bytes of the reader's id: a person, a desk or a later epoch.
    pub reader: &'a [u8],
}

impl GrantContext<'_> {
    fn bound(&self) -> Vec<u8> {
        let (kind, id): (&[u8], &[u8]) = match &self.held {
            Held::Epoch(id) => (b"epoch", id.bytes()),
            Held::Desk(id) => (b"desk", id.bytes()),
        };
        vault::bind(&[b"merpati grant 1", kind, id, self.reader])
    }
}

/// The secret half of an epoch's or a desk's key.
pub struct SharedKey {
    packet: SubkeyPacket,
    pair: KeyPair,
}

impl SharedKey {
    /// A new key and its public certificate. The secret of the primary key is forgotten at once: nobody ever changes
    /// the certificate, and only the subkey reads.
    pub fn generate(now: Moment) -> Result<(Self, Vec<u8>), NoUsableKey> {
        const WHY: NoUsableKey = NoUsableKey("a shared key could not be made");
        let flags = KeyFlags::empty().set_storage_encryption().set_transport_encryption();
        let builder = CertBuilder::new().set_creation_time(pgp_time(now)).set_cipher_suite(CipherSuite::Cv25519);
        let builder =
            builder.set_profile(Profile::RFC9580).and_then(|b| b.set_features(Features::empty().set_seipdv2()));
        let (cert, _revocation) = builder.and_then(|b| b.add_subkey(flags, None, None).generate()).map_err(|_| WHY)?;
        let policy = StandardPolicy::new();
        let keys = cert.keys().subkeys().with_policy(&policy, pgp_time(now)).unencrypted_secret();
        let subkey = keys.for_storage_encryption().next().ok_or(WHY)?.key().clone();
        let key = SubkeyPacket::of(subkey).and_then(Self::of).map_err(|_| WHY)?;
        let mut public = Vec::with_capacity(1024);
        cert.serialize(&mut public).map_err(|_| WHY)?;
        Ok((key, public))
    }

    fn of(packet: SubkeyPacket) -> Result<Self, Damaged> {
        let pair = packet.pair()?;
        Ok(Self { packet, pair })
    }

    /// Gives this key to one reader.
    pub fn grant(&self, to: &Cert, context: &GrantContext<'_>) -> Result<Vec<u8>, NoUsableKey> {
        message::seal(&[&context.bound(), self.packet.bytes()], to, None)
    }

    /// Opens a grant made out to this key: an epoch's to its desk, a predecessor's to its successor.
    pub fn open_grant(&self, grant: &[u8], context: &GrantContext<'_>) -> Result<Self, Damaged> {
        open_grant(grant, &self.pair, context)
    }

    /// The fingerprint of the subkey this key opens with, as [`readers`](super::readers) names it. A caller can compare
    /// it with [`Cert::encryption_fingerprint`] of the certificate the letters are sealed to.
    pub fn fingerprint(&self) -> String {
        self.pair.public().fingerprint().to_hex()
    }

    pub(super) fn pair(&self) -> &KeyPair {
        &self.pair
    }
}

pub(super) fn open_grant(grant: &[u8], key: &KeyPair, context: &GrantContext<'_>) -> Result<SharedKey, Damaged> {
    let plain = message::open(grant, key, &message::Check::Unsigned)?;
    let packet = plain.strip_prefix(&context.bound()[..]).ok_or(Damaged("the grant belongs to another place"))?;
    SharedKey::of(SubkeyPacket::from_bytes(packet))
}
