//! Version 4 certificates that GnuPG 2.2 can read, for what leaves the house.

use sequoia_openpgp as openpgp;

use openpgp::cert::{CertBuilder, CipherSuite};
use openpgp::crypto::Password;
use openpgp::packet::Packet;
use openpgp::parse::Parse as _;
use openpgp::serialize::Serialize as _;
use openpgp::types::Features;
use openpgp::{Profile, Result as PgpResult};
use zeroize::Zeroizing;

use super::secret_lock::UnlockError;
use super::{NoUsableKey, pgp_time};
use crate::clock::Moment;

/// Room for an armored secret key, so that writing it leaves no copies behind.
const ARMORED_BYTES: usize = 16 * 1024;

/// A new certificate that does not expire. It asks for the older encryption container, the only one GnuPG 2.2 reads.
pub(super) fn generate(user_id: &str, now: Moment) -> Result<openpgp::Cert, NoUsableKey> {
    let builder = CertBuilder::general_purpose([user_id])
        .set_validity_period(None)
        .set_creation_time(pgp_time(now))
        .set_cipher_suite(CipherSuite::Cv25519);
    let builder = builder.set_profile(Profile::RFC4880).and_then(|b| b.set_features(Features::empty().set_seipdv1()));
    builder
        .and_then(CertBuilder::generate)
        .map(|(cert, _revocation)| cert)
        .map_err(|_| NoUsableKey("a certificate could not be made"))
}

/// The secret key as a file, locked when there is a password: iterated and salted, because GnuPG 2.2 knows no slower
/// hash.
pub(super) fn armored(cert: &openpgp::Cert, password: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>, NoUsableKey> {
    const WHY: NoUsableKey = NoUsableKey("a secret key could not be written");
    let locked = match password {
        Some(password) => each_secret(cert.clone(), |p| lock(p, &password.into())).map_err(|_| WHY)?,
        None => cert.clone(),
    };
    let mut out = Zeroizing::new(Vec::with_capacity(ARMORED_BYTES));
    locked.as_tsk().armored().serialize(&mut *out).map_err(|_| WHY)?;
    Ok(out)
}

/// Reads a secret key file, armored or not.
pub(super) fn from_file(bytes: &[u8], password: Option<&[u8]>) -> Result<openpgp::Cert, UnlockError> {
    let cert = openpgp::Cert::from_bytes(bytes).map_err(|_| UnlockError::Damaged)?;
    if !cert.is_tsk() {
        return Err(UnlockError::Damaged);
    }
    if cert.keys().all(|k| k.key().has_unencrypted_secret()) {
        return Ok(cert);
    }
    let password: Password = password.ok_or(UnlockError::WrongSecret)?.into();
    each_secret(cert, |p| unlock(p, &password)).map_err(|_| UnlockError::WrongSecret)
}

/// The certificate with each of its secret packets changed.
fn each_secret(cert: openpgp::Cert, change: impl Fn(Packet) -> PgpResult<Packet>) -> PgpResult<openpgp::Cert> {
    let packets = cert.into_tsk().into_packets().map(change).collect::<PgpResult<Vec<_>>>()?;
    openpgp::Cert::from_packets(packets.into_iter())
}

fn lock(packet: Packet, password: &Password) -> PgpResult<Packet> {
    Ok(match packet {
        Packet::SecretKey(k) => k.encrypt_secret(password)?.into(),
        Packet::SecretSubkey(k) => k.encrypt_secret(password)?.into(),
        other => other,
    })
}

fn unlock(packet: Packet, password: &Password) -> PgpResult<Packet> {
    Ok(match packet {
        Packet::SecretKey(k) if !k.has_unencrypted_secret() => k.decrypt_secret(password)?.into(),
        Packet::SecretSubkey(k) if !k.has_unencrypted_secret() => k.decrypt_secret(password)?.into(),
        other => other,
    })
}
