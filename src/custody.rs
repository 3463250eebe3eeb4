//! The keys folder: made once, readable by nobody else, never overwritten.
//!
//! - `practice.asc`: the practice's OpenPGP key, with a passphrase if `practice.passphrase_file` names one.
//! - `house.key`: 32 secret bytes behind look-up hashes and sealed names.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::address::MailAddress;
use crate::chance::Chance;
use crate::clock::Moment;
use crate::config::Settings;
use crate::house::Keys;
use crate::ids::{base32, from_base32};
use crate::seal::{HouseKey, PracticeKey, UnlockError};
use zeroize::Zeroizing;

/// Names of the two files.
pub const FILES: [&str; 2] = ["practice.asc", "house.key"];

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others can read it.
    #[error("{0} can be read by others; run: chmod 600 {0}")]
    TooOpen(PathBuf),
    /// One key is there and the other is not.
    #[error("{0} is missing while the other key is there: restore it from the backup, do not make a new one")]
    Half(PathBuf),
    /// The content is not a key.
    #[error("{0} does not hold a key, or its passphrase is wrong")]
    Unreadable(PathBuf),
    /// No key could be made.
    #[error("no key could be made")]
    NotMade,
}

/// The keys folder of a home.
pub fn folder(home: &Path) -> PathBuf {
    home.join("keys")
}

/// Whether the keys are there.
pub fn exist(home: &Path) -> bool {
    FILES.iter().any(|f| folder(home).join(f).exists())
}

/// Makes both keys; refuses to touch what is there.
pub fn make(home: &Path, settings: &Settings, chance: &dyn Chance, now: Moment) -> Result<(), CustodyError> {
    let folder = folder(home);
    make_folder(&folder)?;
    let address = MailAddress::parse(&format!("surat@{}", settings.mail.domain)).map_err(|_| CustodyError::NotMade)?;
    let practice = PracticeKey::generate(&settings.practice.name, &address, now).map_err(|_| CustodyError::NotMade)?;
    let passphrase = passphrase(settings)?;
    let armored = practice.to_armored(passphrase.as_ref().map(|p| p.as_str())).map_err(|_| CustodyError::NotMade)?;
    let [practice_file, house_file] = FILES;
    write_new(&folder.join(practice_file), &armored)?;
    let house = Zeroizing::new(base32(HouseKey::draw(chance).bytes()));
    write_new(&folder.join(house_file), house.as_bytes())
}

/// Makes the keys folder, for its owner only.
pub fn make_folder(folder: &Path) -> Result<(), CustodyError> {
    fs::create_dir_all(folder).map_err(|e| io_error(folder, e))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(|e| io_error(folder, e))
}

/// Reads both keys.
pub fn load(home: &Path, settings: &Settings) -> Result<Keys, CustodyError> {
    let folder = folder(home);
    let [practice_file, house_file] = FILES.map(|f| folder.join(f));
    for file in [&practice_file, &house_file] {
        if !file.exists() {
            return Err(CustodyError::Half(file.clone()));
        }
    }
    let passphrase = passphrase(settings)?;
    let armored = read_secret(&practice_file)?;
    let practice = PracticeKey::from_armored(&armored, passphrase.as_ref().map(|p| p.as_str()))
        .map_err(|_: UnlockError| CustodyError::Unreadable(practice_file))?;
    let text = read_secret(&house_file)?;
    let bytes = std::str::from_utf8(&text).ok().and_then(|t| from_base32(t.trim())).map(Zeroizing::new);
    let house = bytes.and_then(|b| HouseKey::from_bytes(&b).ok()).ok_or(CustodyError::Unreadable(house_file))?;
    Ok(Keys { house, practice })
}

fn passphrase(settings: &Settings) -> Result<Option<Zeroizing<String>>, CustodyError> {
    if settings.practice.passphrase_file.is_empty() {
        return Ok(None);
    }
    let path = Path::new(&settings.practice.passphrase_file);
    let bytes = read_secret(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| CustodyError::Unreadable(path.to_owned()))?;
    Ok(Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}

/// Reads a secret file, unless others can read it too.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, CustodyError> {
    let mode = fs::metadata(path).map_err(|e| io_error(path, e))?.permissions().mode();
    // A service manager may hand a credential over to the service's own group (0440).
    if mode & 0o027 != 0 {
        return Err(CustodyError::TooOpen(path.to_owned()));
    }
    fs::read(path).map(Zeroizing::new).map_err(|e| io_error(path, e))
}

/// Writes a secret file that must not exist yet, and makes sure that it is on the disk.
pub fn write_new(path: &Path, content: &[u8]) -> Result<(), CustodyError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|e| io_error(path, e))
}

fn io_error(path: &Path, source: io::Error) -> CustodyError {
    CustodyError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::OsChance;

    #[test]
    fn keys_are_made_once_and_must_be_private() {
        let home = tempfile::tempdir().unwrap();
        let settings = Settings::read(home.path()).unwrap();
        let now = Moment::from_micros(1_795_000_000_000_000);
        make(home.path(), &settings, &OsChance, now).unwrap();
        let keys = load(home.path(), &settings).unwrap();
        assert!(make(home.path(), &settings, &OsChance, now).is_err(), "never overwritten");
        let again = load(home.path(), &settings).unwrap();
        assert_eq!(keys.practice.fingerprint(), again.practice.fingerprint());
        let file = folder(home.path()).join("house.key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load(home.path(), &settings), Err(CustodyError::TooOpen(_))));
        fs::remove_file(&file).unwrap();
        assert!(matches!(load(home.path(), &settings), Err(CustodyError::Half(_))));
    }
}
