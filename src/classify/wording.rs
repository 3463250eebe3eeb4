//! What programs say in mails, by what it means. The words stand in `wording/*.txt`.

use std::sync::LazyLock;

use super::phrases::Phrases;

/// What a phrase of a mail system means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A mail was not delivered.
    Failure,
    /// It will be tried again.
    Delay,
    /// It was delivered.
    Delivered,
    /// Nobody of this name.
    UnknownUser,
    /// No such domain, or one without mail.
    UnknownHost,
    /// The address changed.
    Moved,
    /// The mailbox is full.
    Full,
    /// Tried for too long.
    Expired,
    /// The mail is too large.
    TooBig,
    /// The mailbox is locked.
    Suspended,
    /// Policy, reputation, content, sender.
    Refused,
    /// The system itself is broken or busy.
    System,
    /// A transcript of a mail session.
    Session,
    /// What follows is the mail that was sent.
    Original,
    /// The line is about the sender or about help, not about a recipient.
    Aside,
    /// Somebody speaks of a mail of their own.
    Mine,
    /// A mail system says that it is one.
    Opening,
}

impl Sign {
    fn read(section: &str) -> Option<Self> {
        Some(match section {
            "failure" => Self::Failure,
            "delay" => Self::Delay,
            "delivered" => Self::Delivered,
            "unknown-user" => Self::UnknownUser,
            "unknown-host" => Self::UnknownHost,
            "moved" => Self::Moved,
            "full" => Self::Full,
            "expired" => Self::Expired,
            "too-big" => Self::TooBig,
            "suspended" => Self::Suspended,
            "refused" => Self::Refused,
            "system" => Self::System,
            "session" => Self::Session,
            "original" => Self::Original,
            "aside" => Self::Aside,
            "mine" => Self::Mine,
            "opening" => Self::Opening,
            _ => return None,
        })
    }
}

/// What a phrase of a program that answers means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Machine {
    /// A subject begins with it: a program answers.
    AutoSubjectHead,
    /// It stands in a subject: a program answers.
    AutoSubject,
    /// Likely in the subject of a holiday note or an acknowledgement.
    AwaySubject,
    /// In a text: a program answers.
    AutoBody,
    /// In the text of a holiday note or an acknowledgement.
    AwayNote,
    /// There too, but people say it of themselves as well.
    AwayBody,
    /// The mail waits at the recipient's system.
    Held,
    /// Its sender shall show who they are.
    Prove,
    /// Both at once.
    Challenge,
    /// A subject of a read receipt begins with it.
    ReceiptSubject,
    /// In the text of one.
    ReceiptBody,
    /// It speaks of the reader's own mail.
    Addressed,
    /// Somebody calls a mail spam.
    Complaint,
}

impl Machine {
    fn read(section: &str) -> Option<Self> {
        Some(match section {
            "auto-subject-head" => Self::AutoSubjectHead,
            "auto-subject" => Self::AutoSubject,
            "away-subject" => Self::AwaySubject,
            "auto-body" => Self::AutoBody,
            "away-note" => Self::AwayNote,
            "away-body" => Self::AwayBody,
            "held" => Self::Held,
            "prove" => Self::Prove,
            "challenge" => Self::Challenge,
            "receipt-subject" => Self::ReceiptSubject,
            "receipt-body" => Self::ReceiptBody,
            "addressed" => Self::Addressed,
            "complaint" => Self::Complaint,
            _ => return None,
        })
    }
}

const NOTICE_WORDS: &str = include_str!("wording/notice.txt");
const SUBJECT_WORDS: &str = include_str!("wording/subject.txt");
const MACHINE_WORDS: &str = include_str!("wording/machine.txt");

/// In the text of a notice about a mail.
pub(super) static NOTICE: LazyLock<Phrases<Sign>> = LazyLock::new(|| Phrases::read(NOTICE_WORDS, Sign::read));
/// In its subject.
pub(super) static SUBJECT: LazyLock<Phrases<Sign>> = LazyLock::new(|| Phrases::read(SUBJECT_WORDS, Sign::read));
/// In what other programs write.
pub(super) static MACHINE: LazyLock<Phrases<Machine>> = LazyLock::new(|| Phrases::read(MACHINE_WORDS, Machine::read));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::phrases::fold;

    #[test]
    fn phrases_are_folded_and_in_known_sections() {
        for (text, known) in [
            (NOTICE_WORDS, (|s| Sign::read(s).is_some()) as fn(&str) -> bool),
            (SUBJECT_WORDS, |s| Sign::read(s).is_some()),
            (MACHINE_WORDS, |s| Machine::read(s).is_some()),
        ] {
            for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
                if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')).filter(|s| known(s)) {
                    assert!(known(section));
                } else {
                    assert_eq!(line, fold(line, 1_000));
                    assert!(line.len() >= 3, "{line} is too short");
                }
            }
        }
    }
}
