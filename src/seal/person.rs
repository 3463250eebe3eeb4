//! The key of a client, counselor or supervisor.

use sequoia_openpgp as openpgp;

use openpgp::Profile;
use openpgp::cert::CertBuilder;
use openpgp::cert::CipherSuite;
use openpgp::parse::Parse as _;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Serialize as _;
use openpgp::types::{Features, KeyFlags};
use zeroize::Zeroizing;

use super::secret_lock::{self, Cost, Secret, UnlockError};
use super::session::{SessionKeys, SubkeyPacket};
use super::{Cert, NoUsableKey, pgp_time};
use crate::chance::Chance;
use crate::clock::Moment;

/// A person's whole key, unlocked. It lives for one sign-in or one change of the secret; what the following requests
/// need is in [`SessionKeys`].
pub struct PersonKey(openpgp::Cert);

impl PersonKey {
    /// A new key: version 6, one subkey to sign and one to be written to. It names nobody: the database knows whose it
    /// is.
    pub fn generate(now: Moment) -> Result<Self, NoUsableKey> {
        const WHY: NoUsableKey = NoUsableKey("a person's key could not be made");
        let flags = KeyFlags::empty().set_storage_encryption().set_transport_encryption();
        let builder = CertBuilder::new().set_creation_time(pgp_time(now)).set_cipher_suite(CipherSuite::Cv25519);
        let builder =
            builder.set_profile(Profile::RFC9580).and_then(|b| b.set_features(Features::empty().set_seipdv2()));
        let builder = builder.map_err(|_| WHY)?.add_signing_subkey().add_subkey(flags, None, None);
        let (cert, _revocation) = builder.generate().map_err(|_| WHY)?;
        Ok(Self(cert))
    }

    /// The public certificate, for the table and for [`Cert::parse`].
    pub fn public(&self) -> Result<Vec<u8>, NoUsableKey> {
        let mut out = Vec::new();
        self.0.serialize(&mut out).map_err(|_| NoUsableKey("a certificate could not be written"))?;
        Ok(out)
    }

    /// The public certificate, ready for use.
    pub fn cert(&self) -> Cert {
        Cert::from_pgp(self.0.clone())
    }

    /// Locks the whole key with a secret, for one row (`context`). Only this form is stored.
    pub fn lock(
        &self,
        secret: &Secret,
        context: &[u8],
        cost: Cost,
        chance: &dyn Chance,
    ) -> Result<Vec<u8>, NoUsableKey> {
        const WHY: NoUsableKey = NoUsableKey("a person's key could not be locked");
        // Room from the start, so that growing leaves no copy of the secret part behind.
        let mut plain = Zeroizing::new(Vec::with_capacity(8 * 1024));
        self.0.as_tsk().serialize(&mut *plain).map_err(|_| WHY)?;
        secret_lock::lock(&plain, secret, context, cost, chance).ok_or(WHY)
    }

    /// Unlocks what [`Self::lock`] locked for the same row. It takes as long as the lock's cost says: the caller bounds
    /// how many run at once.
    pub fn unlock(locked: &[u8], secret: &Secret, context: &[u8]) -> Result<Self, UnlockError> {
        let plain = secret_lock::unlock(locked, secret, context)?;
        let cert = openpgp::Cert::from_bytes(plain.reveal()).map_err(|_| UnlockError::Damaged)?;
        if cert.is_tsk() { Ok(Self(cert)) } else { Err(UnlockError::Damaged) }
    }

    /// What a signed-in person holds: the two subkeys, not the part that can change the certificate.
    pub fn session(&self) -> Result<SessionKeys, NoUsableKey> {
        const WHY: NoUsableKey = NoUsableKey("a person's key lacks a subkey");
        let policy = StandardPolicy::new();
        let keys = || {
            self.0
                .keys()
                .subkeys()
                .with_policy(&policy, self.0.primary_key().key().creation_time())
                .unencrypted_secret()
        };
        let encryption = keys().for_storage_encryption().next().ok_or(WHY)?;
        let signing = keys().for_signing().next().ok_or(WHY)?;
        let packet = |key: &openpgp::packet::Key<_, _>| SubkeyPacket::of(key.clone()).map_err(|_| WHY);
        SessionKeys::of(packet(encryption.key())?, packet(signing.key())?).map_err(|_| WHY)
    }
}
