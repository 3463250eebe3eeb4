//! How a mail was wrapped when it came: encrypted, signed, by whom. Stands inside the seal, beside the letter.

use super::Damaged;
use super::incoming::ShutReason;
use crate::ids::AttachmentId;

/// Whether a mail was encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lock {
    /// It was not.
    #[default]
    None,
    /// It was, and what is shown comes out of the encryption.
    Opened,
    /// It is, to other keys.
    NoKey,
    /// It is damaged, or uses something nobody here knows.
    Broken,
    /// It grows beyond what is accepted.
    TooLarge,
    /// By S/MIME, which we do not read.
    Smime,
}

/// Whether a mail was signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signed {
    /// It was not.
    #[default]
    No,
    /// By a key the client confirmed in their mailbox.
    Confirmed,
    /// By a key that came with an earlier letter and was not confirmed.
    Unconfirmed,
    /// By a key we do not know.
    Unknown,
    /// The signature does not fit.
    Bad,
    /// Only a part of what is shown was signed, so nothing is claimed.
    Partly,
}

/// How a mail was wrapped when it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrap {
    /// Encrypted?
    pub lock: Lock,
    /// Signed?
    pub signed: Signed,
    /// Some files stood beside the encryption or the signature, not inside.
    pub loose: bool,
    /// The fingerprint or id of the key that signed; may be empty.
    pub signer: String,
    /// Where it stayed shut: ids of the keys it was meant for.
    pub keys: Vec<String>,
    /// The mail as received, where what is shown came out of it.
    pub original: Option<AttachmentId>,
}

const LOCKS: [(Lock, &str); 6] = [
    (Lock::None, "plain"),
    (Lock::Opened, "opened"),
    (Lock::NoKey, "no-key"),
    (Lock::Broken, "broken"),
    (Lock::TooLarge, "too-large"),
    (Lock::Smime, "smime"),
];

const SIGNS: [(Signed, &str); 6] = [
    (Signed::No, "unsigned"),
    (Signed::Confirmed, "confirmed"),
    (Signed::Unconfirmed, "unconfirmed"),
    (Signed::Unknown, "unknown"),
    (Signed::Bad, "bad"),
    (Signed::Partly, "partly"),
];

const EMPTY: &str = "-";

impl Lock {
    /// The word inside the seal and in text keys.
    pub fn word(self) -> &'static str {
        LOCKS.iter().find(|(lock, _)| *lock == self).map_or("broken", |(_, word)| word)
    }

    /// Whether nobody here can read it.
    pub const fn is_shut(self) -> bool {
        !matches!(self, Self::None | Self::Opened)
    }
}

impl From<ShutReason> for Lock {
    fn from(why: ShutReason) -> Self {
        match why {
            ShutReason::NoKey => Self::NoKey,
            ShutReason::Broken => Self::Broken,
            ShutReason::TooLarge => Self::TooLarge,
        }
    }
}

impl Signed {
    /// The word inside the seal and in text keys.
    pub fn word(self) -> &'static str {
        SIGNS.iter().find(|(signed, _)| *signed == self).map_or("bad", |(_, word)| word)
    }
}

impl Wrap {
    /// Whether there is nothing to say.
    pub fn is_plain(&self) -> bool {
        self.lock == Lock::None && self.signed == Signed::No
    }

    pub(super) fn line(&self) -> String {
        let or = |text: String| if text.is_empty() { EMPTY.to_owned() } else { text };
        let original = self.original.map(|id| id.to_string()).unwrap_or_default();
        format!(
            "{} {} {} {} {} {}",
            self.lock.word(),
            self.signed.word(),
            if self.loose { "loose" } else { "whole" },
            or(self.signer.clone()),
            or(self.keys.join(",")),
            or(original),
        )
    }

    pub(super) fn from_line(line: &str) -> Result<Self, Damaged> {
        const WHY: Damaged = Damaged("the letter inside is not one of ours");
        let words: Vec<&str> = line.split(' ').map(|w| if w == EMPTY { "" } else { w }).collect();
        let [lock, signed, loose, signer, keys, original] = words.try_into().map_err(|_| WHY)?;
        Ok(Self {
            lock: LOCKS.iter().find(|(_, w)| *w == lock).ok_or(WHY)?.0,
            signed: SIGNS.iter().find(|(_, w)| *w == signed).ok_or(WHY)?.0,
            loose: match loose {
                "loose" => true,
                "whole" => false,
                _ => return Err(WHY),
            },
            signer: signer.to_owned(),
            keys: keys.split(',').filter(|k| !k.is_empty()).map(str::to_owned).collect(),
            original: if original.is_empty() { None } else { Some(original.parse().map_err(|_| WHY)?) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back() {
        for (lock, _) in LOCKS {
            for (signed, _) in SIGNS {
                let wrap = Wrap {
                    lock,
                    signed,
                    loose: lock == Lock::Opened,
                    signer: if signed == Signed::No { String::new() } else { "0123ABCD".into() },
                    keys: vec!["AA".into(), "BB".into()],
                    original: (lock == Lock::Opened).then(|| AttachmentId::from([7; 16])),
                };
                assert_eq!(Wrap::from_line(&wrap.line()), Ok(wrap));
            }
        }
        for line in ["", "opened", "opened bad loose - - - -", "no bad whole - - -", "plain no whole - - x"] {
            assert!(Wrap::from_line(line).is_err(), "{line}");
        }
    }
}
