//! The certificate the doors show, read from files and read again when they change.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use tokio_rustls::TlsAcceptor;

use super::validity::not_after;
use crate::clock::Moment;

/// What is wrong with the files; names them, quotes nothing of the key.
#[derive(Debug, thiserror::Error)]
pub enum BadIdentity {
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a chain of certificates.
    #[error("{0} holds no certificates in PEM form")]
    NoCertificate(PathBuf),
    /// Not a key.
    #[error("{0} holds no private key in PEM form")]
    NoKey(PathBuf),
    /// They do not belong together, or the library knows no use for them.
    #[error("the certificate in {cert} and the key in {key} do not belong together or cannot be used")]
    Unusable {
        /// The certificates.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
    },
}

/// The certificate of the doors.
pub struct Identity {
    cert: PathBuf,
    key: PathBuf,
    held: Mutex<Held>,
}

/// What is shown at present, and the files it came from.
struct Held {
    config: Arc<ServerConfig>,
    facts: Facts,
    stamp: Stamp,
}

/// What an operator wants to know of a certificate.
#[derive(Clone)]
pub struct Facts {
    /// It is good until then, if that can be read.
    pub not_after: Option<Moment>,
    leaf: CertificateDer<'static>,
}

impl Facts {
    /// Does it stand for this name?
    pub fn fits(&self, name: &str) -> bool {
        let parsed = ParsedCertificate::try_from(&self.leaf);
        let name = ServerName::try_from(name);
        matches!((parsed, name), (Ok(parsed), Ok(name)) if verify_server_name(&parsed, &name).is_ok())
    }
}

/// Tells one version of the two files from the next: file, time, size.
type Stamp = [(u64, i64, i64, u64); 2];

impl Identity {
    /// Reads both files.
    pub fn load(cert: &Path, key: &Path) -> Result<Self, BadIdentity> {
        let held = Mutex::new(read(cert, key)?);
        Ok(Self { cert: cert.to_owned(), key: key.to_owned(), held })
    }

    /// Reads the files again if they changed; says whether they did. What cannot be used leaves the old one in place.
    pub fn refresh(&self) -> Result<bool, BadIdentity> {
        if stamp(&self.cert, &self.key)? == self.held().stamp {
            return Ok(false);
        }
        let fresh = read(&self.cert, &self.key)?;
        *self.held() = fresh;
        Ok(true)
    }

    /// What is to be known of the certificate shown at present.
    pub fn facts(&self) -> Facts {
        self.held().facts.clone()
    }

    /// Does the handshake of one connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.held().config))
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Identity {
    /// Where it lies, nothing of what it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.cert.display())
    }
}

fn stamp(cert: &Path, key: &Path) -> Result<Stamp, BadIdentity> {
    let of = |path: &Path| {
        let found = fs::metadata(path).map_err(|source| BadIdentity::Unreadable { path: path.to_owned(), source })?;
        Ok((found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
    };
    Ok([of(cert)?, of(key)?])
}

fn read(cert: &Path, key: &Path) -> Result<Held, BadIdentity> {
    // Before the files: what is written in between is read again.
    let stamp = stamp(cert, key)?;
    let bytes =
        |path: &Path| fs::read(path).map_err(|source| BadIdentity::Unreadable { path: path.to_owned(), source });
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&bytes(cert)?)
        .collect::<Result<_, _>>()
        .map_err(|_| BadIdentity::NoCertificate(cert.to_owned()))?;
    let leaf = chain.first().cloned().ok_or_else(|| BadIdentity::NoCertificate(cert.to_owned()))?;
    let secret = zeroize::Zeroizing::new(bytes(key)?);
    let secret = PrivateKeyDer::from_pem_slice(&secret).map_err(|_| BadIdentity::NoKey(key.to_owned()))?;
    let unusable = |_| BadIdentity::Unusable { cert: cert.to_owned(), key: key.to_owned() };
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(unusable)?;
    let facts = Facts { not_after: not_after(&leaf), leaf };
    Ok(Held { config: Arc::new(config), facts, stamp })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str) {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        // As certbot does it: the new file takes the old one's place.
        for (file, text) in [("cert.pem", made.cert.pem()), ("key.pem", made.signing_key.serialize_pem())] {
            fs::write(folder.join("next"), text).unwrap();
            fs::rename(folder.join("next"), folder.join(file)).unwrap();
        }
    }

    #[test]
    fn a_new_certificate_takes_the_place_of_the_old_one_and_a_bad_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        assert!(matches!(Identity::load(&cert, &key), Err(BadIdentity::Unreadable { .. })));
        write(folder.path(), "one.example");
        let identity = Identity::load(&cert, &key).unwrap();
        assert!(identity.facts().fits("one.example") && !identity.facts().fits("two.example"));
        assert!(identity.facts().not_after.unwrap().seconds() > 4_000_000_000);
        assert!(!identity.refresh().unwrap());

        write(folder.path(), "two.example");
        assert!(identity.refresh().unwrap());
        assert!(identity.facts().fits("two.example"));
        assert!(!identity.facts().fits("not a name"));

        let own_key = fs::read(&key).unwrap();
        write(folder.path(), "three.example");
        fs::write(&key, own_key).unwrap();
        assert!(matches!(identity.refresh(), Err(BadIdentity::Unusable { .. })));
        assert!(matches!(identity.refresh(), Err(BadIdentity::Unusable { .. })), "it is tried again");
        fs::write(&cert, "nothing").unwrap();
        assert!(matches!(identity.refresh(), Err(BadIdentity::NoCertificate(_))));
        assert!(identity.facts().fits("two.example"), "the old one stays");
        assert_eq!(format!("{identity:?}"), format!("Identity({})", cert.display()));
    }
}
