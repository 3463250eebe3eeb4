//! A file locked with a passphrase, as any OpenPGP program opens it: for backups.

use std::io::{self, Read, Write};

use sequoia_openpgp as openpgp;

use openpgp::crypto::{Password, SessionKey};
use openpgp::packet::{PKESK, SKESK};
use openpgp::parse::Parse as _;
use openpgp::parse::stream::{DecryptionHelper, Decryptor, DecryptorBuilder, MessageStructure, VerificationHelper};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::stream::{Encryptor, LiteralWriter, Message};
use openpgp::types::SymmetricAlgorithm;
use openpgp::{Cert, KeyHandle};

use super::{Damaged, NoUsableKey};

static POLICY: StandardPolicy<'static> = StandardPolicy::new();

/// Writes what follows, encrypted.
pub struct PasswordWriter<'a>(Message<'a>);

/// Encrypts everything written to it with a passphrase.
pub fn password_writer<'a>(
    sink: &'a mut (dyn Write + Send + Sync),
    passphrase: &str,
) -> Result<PasswordWriter<'a>, NoUsableKey> {
    const WHY: NoUsableKey = NoUsableKey::new("the backup could not be encrypted");
    let message = Encryptor::with_passwords(Message::new(sink), Some(Password::from(passphrase)));
    let message = message.symmetric_algo(SymmetricAlgorithm::AES256).build().map_err(|_| WHY)?;
    Ok(PasswordWriter(LiteralWriter::new(message).build().map_err(|_| WHY)?))
}

impl PasswordWriter<'_> {
    /// Ends the file; without it, it is cut short.
    pub fn finish(self) -> Result<(), NoUsableKey> {
        self.0.finalize().map_err(|_| NoUsableKey::new("the backup could not be ended"))
    }
}

impl Write for PasswordWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Reads what [`password_writer`] wrote.
pub struct PasswordReader<'a>(Decryptor<'a, Opener>);

struct Opener(Password);

impl VerificationHelper for Opener {
    fn get_certs(&mut self, _: &[KeyHandle]) -> openpgp::Result<Vec<Cert>> {
        Ok(Vec::new())
    }

    fn check(&mut self, _: MessageStructure<'_>) -> openpgp::Result<()> {
        Ok(())
    }
}

impl DecryptionHelper for Opener {
    fn decrypt(
        &mut self,
        _: &[PKESK],
        skesks: &[SKESK],
        _: Option<SymmetricAlgorithm>,
        decrypt: &mut dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool,
    ) -> openpgp::Result<Option<Cert>> {
        for skesk in skesks {
            if let Ok((algorithm, key)) = skesk.decrypt(&self.0)
                && decrypt(algorithm, &key)
            {
                return Ok(None);
            }
        }
        Err(openpgp::Error::InvalidPassword.into())
    }
}

/// Opens a file locked with a passphrase.
pub fn password_reader<'a>(
    file: impl Read + Send + Sync + 'a,
    passphrase: &str,
) -> Result<PasswordReader<'a>, Damaged> {
    const WHY: Damaged = Damaged::new("the passphrase does not open the file");
    let builder = DecryptorBuilder::from_reader(file).map_err(|_| WHY)?;
    builder.with_policy(&POLICY, None, Opener(Password::from(passphrase))).map(PasswordReader).map_err(|_| WHY)
}

impl Read for PasswordReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opens_with_its_passphrase_only_and_not_when_changed() {
        let mut file = Vec::new();
        let mut writer = password_writer(&mut file, "enam kata yang panjang").unwrap();
        writer.write_all(&[7; 100_000]).unwrap();
        writer.finish().unwrap();
        assert!(password_reader(&file[..], "another").is_err());
        let mut out = Vec::new();
        password_reader(&file[..], "enam kata yang panjang").unwrap().read_to_end(&mut out).unwrap();
        assert_eq!(out, [7; 100_000]);
        let end = file.len() - 30;
        file[end] ^= 1;
        let changed = password_reader(&file[..], "enam kata yang panjang")
            .and_then(|mut r| r.read_to_end(&mut Vec::new()).map_err(|_| Damaged::new("changed")));
        assert!(changed.is_err());
    }
}
