//! Public certificates, parsed once and shared.

use std::sync::Arc;
use std::time::SystemTime;

use sequoia_openpgp as openpgp;

use openpgp::packet::{Key, Packet, key};
use openpgp::parse::Parse as _;
use openpgp::policy::StandardPolicy;

use super::{Damaged, NoUsableKey};

/// A public key something can be encrypted to.
pub(super) type EncryptionKey = Key<key::PublicParts, key::UnspecifiedRole>;

/// A certificate ready for use. Parsing costs as much as sealing: keep it, clones are cheap.
#[derive(Clone)]
pub struct Cert(Arc<Inner>);

struct Inner {
    cert: openpgp::Cert,
    newest: Option<SystemTime>,
    encryption: Option<EncryptionKey>,
}

impl Cert {
    /// Reads a certificate; secret parts, if any, are left out.
    pub fn parse(bytes: &[u8]) -> Result<Self, Damaged> {
        let cert = openpgp::Cert::from_bytes(bytes).map_err(|_| Damaged("not a certificate"))?;
        Ok(Self::from_pgp(cert))
    }

    pub(super) fn from_pgp(cert: openpgp::Cert) -> Self {
        let cert = cert.strip_secret_key_material();
        let newest = newest(&cert);
        let encryption = encryption_key(&cert, newest);
        Self(Arc::new(Inner { cert, newest, encryption }))
    }

    /// The certificate's fingerprint, in capital hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        self.0.cert.fingerprint().to_hex()
    }

    /// The fingerprint of the subkey that letters are encrypted to, as [`readers`](super::readers) names it.
    pub fn encryption_fingerprint(&self) -> Option<String> {
        self.0.encryption.as_ref().map(|k| k.fingerprint().to_hex())
    }

    /// The short id of that subkey.
    pub fn encryption_key_id(&self) -> Option<String> {
        self.0.encryption.as_ref().map(|k| k.keyid().to_hex())
    }

    /// The key for what is stored. Only version 6: an older key would give the stored message an older form.
    pub(super) fn stored_encryption(&self) -> Result<&EncryptionKey, NoUsableKey> {
        let key = self.0.encryption.as_ref().ok_or(NoUsableKey("the certificate has no key to encrypt to"))?;
        if key.version() == 6 { Ok(key) } else { Err(NoUsableKey("the certificate is too old for what is stored")) }
    }

    /// The time as of which its keys are chosen.
    pub(super) fn newest(&self) -> Option<SystemTime> {
        self.0.newest
    }

    pub(super) fn encryption(&self) -> Option<&EncryptionKey> {
        self.0.encryption.as_ref()
    }

    pub(super) fn pgp(&self) -> &openpgp::Cert {
        &self.0.cert
    }
}

/// The time of the newest statement the certificate makes about itself. Nothing in here knows today's date, and our
/// certificates do not expire: a reader is removed by deleting grants.
fn newest(cert: &openpgp::Cert) -> Option<SystemTime> {
    let times = cert.clone().into_packets().filter_map(|p| match p {
        Packet::Signature(s) => s.signature_creation_time(),
        _ => None,
    });
    times.max()
}

/// The subkey to encrypt to, as of that time.
fn encryption_key(cert: &openpgp::Cert, at: Option<SystemTime>) -> Option<EncryptionKey> {
    let policy = StandardPolicy::new();
    // Without a time the library would ask for today's.
    let keys = cert.keys().with_policy(&policy, at?).supported().alive().revoked(false);
    let picked = keys.for_storage_encryption().next()?.key().clone();
    Some(picked)
}
