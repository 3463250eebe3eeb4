//! The practice's own key: signs what comes in through a door and what we send, and is what strangers write to.
//!
//! Strangers use GnuPG, so it is a version 4 certificate. It opens no stored letter.

use sequoia_openpgp as openpgp;

use openpgp::crypto::KeyPair;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Packet, UserID};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::Serialize as _;
use openpgp::types::SignatureType;
use zeroize::Zeroizing;

use super::incoming::{Opened, Shut, Signature};
use super::secret_lock::UnlockError;
use super::signer::Signer;
use super::{Cert, NoUsableKey, gnupg, incoming, pgp_time};
use crate::address::MailAddress;
use crate::clock::Moment;

/// The practice's certificate with its secret half, unlocked once at start.
pub struct PracticeKey {
    whole: openpgp::Cert,
    cert: Cert,
    signer: Signer,
    primary: KeyPair,
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
        let signing = keys().for_signing().next().map(|k| k.key().clone());
        // An operator may bring a key made long ago; whoever put it into `keys/` wants it used.
        let signing = signing.or_else(|| {
            let mut all = whole.keys().unencrypted_secret();
            all.find(|k| k.key().pk_algo().for_signing()).map(|k| k.key().clone())
        });
        let pair = signing?.into_keypair().ok()?;
        let primary = whole.primary_key().key().clone().parts_into_secret().ok()?.into_keypair().ok()?;
        // Mail is opened with every key we have: one that expired may still be in somebody's program.
        let reading = whole.keys().unencrypted_secret().filter(|k| k.key().pk_algo().for_encryption());
        let readers = reading.filter_map(|k| k.key().clone().into_keypair().ok()).collect();
        Some(Self { cert, signer: Signer::new(pair), primary, readers, whole })
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

    /// The certificate under another of our addresses, for a web key directory and for mail headers: the same keys with
    /// that address as the only user id, signed anew.
    pub fn for_address(&self, address: &MailAddress, now: Moment) -> Result<Vec<u8>, NoUsableKey> {
        const WHY: NoUsableKey = NoUsableKey("a certificate could not be written");
        let write = || -> openpgp::Result<Vec<u8>> {
            let bare = self.cert.pgp().clone().retain_userids(|_| false);
            let id = UserID::from(format!("<{}>", address.text()));
            let template = match self.cert.pgp().userids().next().and_then(|u| u.self_signatures().next().cloned()) {
                Some(known) => SignatureBuilder::from(known),
                None => SignatureBuilder::new(SignatureType::PositiveCertification),
            };
            let binding = template.set_signature_creation_time(pgp_time(now))?;
            let binding = id.bind(&mut self.primary.clone(), &bare, binding)?;
            let (cert, _) = bare.insert_packets([Packet::from(id), binding.into()])?;
            let mut out = Vec::new();
            cert.serialize(&mut out)?;
            Ok(out)
        };
        write().map_err(|_| WHY)
    }

    /// Opens a PGP message somebody sent to us, if at most `limit` bytes come out; who signed it is checked against the
    /// certificates in `signers`.
    pub fn open_mail(&self, message: &[u8], signers: &[Cert], limit: usize, now: Moment) -> Result<Opened, Shut> {
        incoming::open(message, &self.readers, signers, limit, now)
    }
}

/// Who signed `data`, by a signature beside it (RFC 3156, 5).
pub fn check_detached(data: &[u8], signature: &[u8], signers: &[Cert], now: Moment) -> Signature {
    incoming::check_detached(data, signature, signers, now)
}

/// Opens a text signed in the clear (RFC 9580, 7); `None` when it is none or grows beyond `limit`.
pub fn open_clearsigned(text: &[u8], signers: &[Cert], limit: usize, now: Moment) -> Option<Opened> {
    incoming::open_clearsigned(text, signers, limit, now)
}
