//! The practice's own key: signs what comes in through a door and what we send, and is what strangers write to.
//!
//! Strangers use GnuPG, so it is a version 4 certificate. It opens no stored letter.

use sequoia_openpgp as openpgp;

use openpgp::crypto::KeyPair;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Serialize as _;
use zeroize::Zeroizing;

use super::secret_lock::UnlockError;
use super::signer::Signer;
use super::{Cert, Damaged, NoUsableKey, gnupg, incoming};
use crate::address::MailAddress;
use crate::clock::Moment;
use crate::secret::PlainBytes;

/// The practice's certificate with its secret half, unlocked once at start.
pub struct PracticeKey {
    whole: openpgp::Cert,
    cert: Cert,
    signer: Signer,
    readers: Vec<KeyPair>,
}

impl PracticeKey {
    /// A new key for `NAME <address>`. Signs of OpenPGP's own in the name (`<`, `>`, control characters) become blanks.
    pub fn generate(name: &str, address: &MailAddress, now: Moment) -> Result<Self, NoUsableKey> {
        let name: String = name.chars().map(|c| if c.is_control() || "<>".contains(c) { ' ' } else { c }).collect();
        let whole = gnupg::generate(&format!("{} <{}>", name.trim(), address.text()), now)?;
        Self::of(whole).ok_or(NoUsableKey("the practice key cannot sign"))
    }

    fn of(whole: openpgp::Cert) -> Option<Self> {
        let cert = Cert::from_pgp(whole.clone());
        let policy = StandardPolicy::new();
        // Without a time the library would ask for today's.
        let newest = cert.newest()?;
        let keys = || whole.keys().with_policy(&policy, newest).supported().alive().revoked(false).unencrypted_secret();
        let pair = keys().for_signing().next()?.key().clone().into_keypair().ok()?;
        let reading = keys().for_transport_encryption().for_storage_encryption();
        let readers = reading.filter_map(|k| k.key().clone().into_keypair().ok()).collect();
        Some(Self { cert, signer: Signer::new(pair), readers, whole })
    }

    /// The key as a file for `keys/`, locked when there is a passphrase.
    pub fn to_armored(&self, passphrase: Option<&str>) -> Result<Zeroizing<Vec<u8>>, NoUsableKey> {
        gnupg::armored(&self.whole, passphrase.map(str::as_bytes))
    }

    /// Reads the file. [`UnlockError::WrongSecret`] also when a passphrase is needed and none was given.
    pub fn from_armored(bytes: &[u8], passphrase: Option<&str>) -> Result<Self, UnlockError> {
        let whole = gnupg::from_file(bytes, passphrase.map(str::as_bytes))?;
        Self::of(whole).ok_or(UnlockError::Damaged)
    }

    /// The public certificate as text, for a page or a key server.
    pub fn public_armored(&self) -> Result<String, NoUsableKey> {
        const WHY: NoUsableKey = NoUsableKey("a certificate could not be written");
        let mut out = Vec::new();
        self.cert.pgp().armored().serialize(&mut out).map_err(|_| WHY)?;
        String::from_utf8(out).map_err(|_| WHY)
    }

    /// The public certificate's bytes, for a web key directory and for mail headers.
    pub fn public(&self) -> Result<Vec<u8>, NoUsableKey> {
        let mut out = Vec::new();
        self.cert.pgp().serialize(&mut out).map_err(|_| NoUsableKey("a certificate could not be written"))?;
        Ok(out)
    }

    /// The fingerprint, in capital hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        self.cert.fingerprint()
    }

    /// The public certificate: one of those whose signature a letter may bear.
    pub fn cert(&self) -> &Cert {
        &self.cert
    }

    /// The practice's signature.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Opens a PGP message somebody sent to the practice, if at most `limit` bytes come out. Who wrote it is not
    /// checked.
    pub fn open_mail(&self, message: &[u8], limit: usize, now: Moment) -> Result<PlainBytes, Damaged> {
        incoming::open(message, &self.readers, limit, now)
    }
}
