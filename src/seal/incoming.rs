//! PGP mail that strangers send to the practice key: opened with bounds, because anybody may have written it.

use std::io::Read as _;

use sequoia_openpgp as openpgp;

use openpgp::crypto::{KeyPair, SessionKey};
use openpgp::packet::{PKESK, SKESK};
use openpgp::parse::Parse as _;
use openpgp::parse::stream::{DecryptionHelper, DecryptorBuilder, MessageLayer, MessageStructure, VerificationHelper};
use openpgp::policy::StandardPolicy;
use openpgp::types::SymmetricAlgorithm;
use openpgp::{KeyHandle, Result as PgpResult};
use zeroize::Zeroizing;

use super::{Damaged, pgp_time};
use crate::clock::Moment;
use crate::secret::PlainBytes;

/// Recipients that are tried: a mail to a large circle must not cost a public-key step for each.
const RECIPIENTS_MAX: usize = 64;

/// Opens a message to one of `keys`, armored or not, if at most `limit` bytes come out. A signature inside is skipped:
/// we know no stranger's key, and claim nothing about who wrote it.
pub(super) fn open(message: &[u8], keys: &[KeyPair], limit: usize, now: Moment) -> Result<PlainBytes, Damaged> {
    const WHY: Damaged = Damaged("not a message to the practice key");
    let policy = StandardPolicy::new();
    let reader = Reader { keys };
    // A small look-ahead: what is compressed is unpacked only as it is read, and reading stops at the limit.
    let builder = DecryptorBuilder::from_bytes(message).map_err(|_| WHY)?.buffer_size(64 * 1024);
    let opened = builder.with_policy(&policy, pgp_time(now), reader).map_err(|_| WHY)?;
    let bound = limit.saturating_add(1);
    // Most mails shrink by opening; a compressed one may make the buffer grow and leave copies of plaintext behind.
    let mut out = Zeroizing::new(Vec::with_capacity(message.len().saturating_mul(2).min(bound)));
    opened.take(u64::try_from(bound).unwrap_or(u64::MAX)).read_to_end(&mut out).map_err(|_| WHY)?;
    if out.len() > limit {
        return Err(Damaged("the message grows beyond what is accepted"));
    }
    Ok(PlainBytes::new(std::mem::take(&mut *out)))
}

struct Reader<'a> {
    keys: &'a [KeyPair],
}

fn refuse<T>(why: &'static str) -> PgpResult<T> {
    Err(openpgp::Error::MalformedMessage(why.into()).into())
}

impl VerificationHelper for Reader<'_> {
    fn get_certs(&mut self, _: &[KeyHandle]) -> PgpResult<Vec<openpgp::Cert>> {
        Ok(Vec::new())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> PgpResult<()> {
        let encrypted = structure.into_iter().any(|l| matches!(l, MessageLayer::Encryption { .. }));
        if encrypted { Ok(()) } else { refuse("not encrypted") }
    }
}

impl DecryptionHelper for Reader<'_> {
    fn decrypt(
        &mut self,
        pkesks: &[PKESK],
        _: &[SKESK],
        algo: Option<SymmetricAlgorithm>,
        decrypt: &mut dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool,
    ) -> PgpResult<Option<openpgp::Cert>> {
        for pkesk in pkesks.iter().take(RECIPIENTS_MAX) {
            for key in self.keys {
                // A hidden recipient names no key: then ours may be meant.
                let meant = pkesk.recipient().is_none_or(|r| r.aliases(key.public().key_handle()));
                let mut key = key.clone();
                if meant && pkesk.decrypt(&mut key, algo).is_some_and(|(algo, session)| decrypt(algo, &session)) {
                    return Ok(None);
                }
            }
        }
        refuse("no key fits")
    }
}
