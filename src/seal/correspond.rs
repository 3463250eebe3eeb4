//! PGP mail with clients: their own keys, and letters encrypted to them.
//!
//! A client's key comes from their own program. It is looked at once more each time it is used: keys expire.

use std::io::Write as _;

use sequoia_openpgp as openpgp;

use openpgp::cert::CertParser;
use openpgp::parse::Parse as _;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Serialize as _;
use openpgp::serialize::stream::{Armorer, Encryptor, LiteralWriter, Message, Recipient, Signer as SigningWriter};
use openpgp::types::{RevocationStatus, SymmetricAlgorithm};

use super::incoming::guarded;
use super::{Cert, NoUsableKey, Signer, pgp_time};
use crate::clock::Moment;
use crate::limits::CLIENT_KEY_BYTES_MAX;

/// Keys of one file that are looked at.
const KEYS_READ_MAX: usize = 8;
/// Bytes of a file with a key. What others said of a key can be many times the key; that is left out.
const KEY_FILE_BYTES_MAX: usize = 1024 * 1024;

/// Why a key is not taken, or not used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// It is the secret half, which nobody else should have.
    #[error("this is a secret key")]
    Secret,
    /// There is no key in it.
    #[error("no OpenPGP key was found")]
    NotAKey,
    /// There are several.
    #[error("there is more than one key")]
    Several,
    /// Its owner took it back.
    #[error("the key was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the key has expired")]
    Expired,
    /// It is for signing only.
    #[error("nothing can be encrypted to the key")]
    SignsOnly,
    /// It can be used only in ways that are not safe today.
    #[error("the key is too weak")]
    Weak,
    /// More bytes than a key needs.
    #[error("the key is too large")]
    TooLarge,
}

/// The keys in a file or a mail, armored or not, without secret parts and pictures. What is no key is left out.
pub fn read_keys(bytes: &[u8]) -> Vec<Cert> {
    let read = || {
        let parser = CertParser::from_bytes(bytes)?;
        Ok(parser.take(KEYS_READ_MAX).filter_map(Result::ok).map(|cert| Cert::from_pgp(slim(cert))).collect())
    };
    guarded(read).unwrap_or_default()
}

/// The one key in what a client pasted or sent, if mail can be encrypted to it.
pub fn read_key(bytes: &[u8], now: Moment) -> Result<Cert, KeyProblem> {
    if bytes.len() > KEY_FILE_BYTES_MAX {
        return Err(KeyProblem::TooLarge);
    }
    if holds_secret(bytes) {
        return Err(KeyProblem::Secret);
    }
    let mut found = read_keys(bytes).into_iter();
    let key = found.next().ok_or(KeyProblem::NotAKey)?;
    if found.next().is_some() {
        return Err(KeyProblem::Several);
    }
    check_key(&key, now)?;
    Ok(key)
}

/// Whether there is a secret key in it, locked or not, or a block that says it is one.
fn holds_secret(bytes: &[u8]) -> bool {
    const MARK: &[u8] = b"-----BEGIN PGP PRIVATE KEY BLOCK-----";
    let is_secret = |cert: openpgp::Result<openpgp::Cert>| cert.is_ok_and(|c| c.is_tsk());
    bytes.windows(MARK.len()).any(|w| w == MARK)
        || CertParser::from_bytes(bytes).is_ok_and(|mut all| all.by_ref().take(KEYS_READ_MAX).any(is_secret))
}

/// Without what others said of it: that can be endless, and we do not ask others.
fn slim(cert: openpgp::Cert) -> openpgp::Cert {
    let primary = cert.fingerprint();
    let id = cert.keyid();
    let own = |sig: &openpgp::packet::Signature| {
        sig.get_issuers()
            .iter()
            .any(|i| i.aliases(openpgp::KeyHandle::from(&primary)) || i.aliases(openpgp::KeyHandle::from(&id)))
    };
    let cert = cert.strip_secret_key_material().retain_user_attributes(|_| false);
    let packets = cert.clone().into_packets().filter(|p| match p {
        openpgp::Packet::Signature(sig) => own(sig),
        _ => true,
    });
    openpgp::Cert::from_packets(packets).unwrap_or(cert)
}

/// Whether mail can be encrypted to a key at a moment.
pub fn check_key(key: &Cert, now: Moment) -> Result<(), KeyProblem> {
    if key_bytes(key).map_err(|_| KeyProblem::NotAKey)?.len() > CLIENT_KEY_BYTES_MAX {
        return Err(KeyProblem::TooLarge);
    }
    let policy = StandardPolicy::new();
    let time = pgp_time(now);
    // What was good enough when the key last spoke: an old revocation is one, too.
    let then = StandardPolicy::at(key.newest().unwrap_or(time));
    if matches!(key.pgp().revocation_status(&then, time), RevocationStatus::Revoked(_)) {
        return Err(KeyProblem::Revoked);
    }
    let unusable = if can_encrypt(key) { KeyProblem::Weak } else { KeyProblem::SignsOnly };
    let Ok(valid) = key.pgp().with_policy(&policy, time) else {
        // An old key may be over and weak at once: its owner knows what to do about the first.
        let over = key.pgp().with_policy(&then, time).is_ok_and(|v| v.alive().is_err());
        return Err(if over { KeyProblem::Expired } else { unusable });
    };
    if valid.alive().is_err() {
        return Err(KeyProblem::Expired);
    }
    let usable = |alive: bool| {
        let mut keys = valid.keys().supported().revoked(false).for_transport_encryption().for_storage_encryption();
        if alive { keys.alive().next().is_some() } else { keys.next().is_some() }
    };
    match (usable(true), usable(false)) {
        (true, _) => Ok(()),
        (false, true) => Err(KeyProblem::Expired),
        (false, false) => Err(unusable),
    }
}

/// Whether some part of a key, however weak, is meant to be encrypted to.
fn can_encrypt(key: &Cert) -> bool {
    let says = |sig: &openpgp::packet::Signature| {
        sig.key_flags().is_none_or(|f| f.for_transport_encryption() || f.for_storage_encryption())
    };
    let cert = key.pgp();
    let primary = cert.primary_key();
    let mut of_primary = cert.userids().flat_map(|u| u.self_signatures()).chain(primary.self_signatures());
    primary.key().pk_algo().for_encryption() && of_primary.any(says)
        || cert.keys().subkeys().any(|k| k.key().pk_algo().for_encryption() && k.self_signatures().any(says))
}

/// The bytes to keep.
pub fn key_bytes(key: &Cert) -> Result<Vec<u8>, NoUsableKey> {
    let mut out = Vec::new();
    key.pgp().serialize(&mut out).map_err(|_| NoUsableKey("a certificate could not be written"))?;
    Ok(out)
}

/// Encrypts a MIME entity to a client's key, signed, as armored text: in the newer container where the key says that its
/// owner's program reads it, else in the older one.
pub fn encrypt_mail(entity: &[u8], to: &Cert, signer: &Signer, now: Moment) -> Result<Vec<u8>, NoUsableKey> {
    check_key(to, now).map_err(|_| NoUsableKey("the client's key cannot be used"))?;
    encrypt(entity, to, signer, now).map_err(|_| NoUsableKey("encrypting to the client's key failed"))
}

fn encrypt(entity: &[u8], to: &Cert, signer: &Signer, now: Moment) -> openpgp::Result<Vec<u8>> {
    let policy = StandardPolicy::new();
    let time = pgp_time(now);
    let keys = to.pgp().keys().with_policy(&policy, time).supported().alive().revoked(false);
    let readers: Vec<Recipient<'_>> =
        keys.for_transport_encryption().for_storage_encryption().map(Into::into).collect();
    let mut out = Vec::with_capacity(entity.len() * 3 / 2 + 2048);
    let message = Armorer::new(Message::new(&mut out)).build()?;
    let message = Encryptor::for_recipients(message, readers).symmetric_algo(SymmetricAlgorithm::AES256).build()?;
    let message = SigningWriter::new(message, signer.clone())?.creation_time(time).build()?;
    let mut message = LiteralWriter::new(message).build()?;
    message.write_all(entity)?;
    message.finalize()?;
    Ok(out)
}
