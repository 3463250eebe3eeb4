//! Decides whether a mail may enter a thread: `Letter -> ScreenedLetter`.
//!
//! A thread is entered by its secret address *and* a sender that fits. Everything else is held for a person's decision,
//! with the reasons in words. Nothing here reads a clock or a table; the caller says what it knows of the address.

use crate::parse::Letter;
use crate::provenance::Provenance;

/// Why a mail waits for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It came to the desk's own address, not to a thread's.
    NoThread,
    /// The sender is not the confirmed address of this mailbox.
    UnknownSender,
    /// The mailbox has no confirmed address, so nobody can write for it by mail.
    NoConfirmedAddress,
    /// No sender, or several.
    UnclearSender,
    /// Sent by a machine: holiday note, auto-reply.
    Automatic,
    /// A delivery report.
    Report,
    /// It came through a mailing list.
    List,
    /// Nothing in it can be read.
    Unreadable,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NoThread,
        Self::UnknownSender,
        Self::NoConfirmedAddress,
        Self::UnclearSender,
        Self::Automatic,
        Self::Report,
        Self::List,
        Self::Unreadable,
    ];

    /// The word in the table and in text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoThread => "no-thread",
            Self::UnknownSender => "unknown-sender",
            Self::NoConfirmedAddress => "no-confirmed-address",
            Self::UnclearSender => "unclear-sender",
            Self::Automatic => "automatic",
            Self::Report => "report",
            Self::List => "list",
            Self::Unreadable => "unreadable",
        }
    }

    /// The reasons behind a stored list of words; unknown words are left out.
    pub fn read(words: &str) -> Vec<Self> {
        words.split(',').filter_map(|w| Self::ALL.into_iter().find(|r| r.word() == w)).collect()
    }

    /// The list of words to store.
    pub fn write(reasons: &[Self]) -> String {
        let words: Vec<_> = reasons.iter().map(|r| r.word()).collect();
        words.join(",")
    }
}

/// How the sender's address relates to the thread whose address was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderFit {
    /// It is the confirmed address.
    Confirmed,
    /// It is another one.
    Other,
    /// The client confirmed none.
    NoneConfirmed,
    /// No thread's address was used.
    NoThread,
}

/// A letter that has been judged.
pub struct ScreenedLetter {
    letter: Letter,
    reasons: Vec<Reason>,
}

/// Judges a letter. `null_sender` is the empty envelope sender that machines use (RFC 3834, RFC 5321 4.5.5).
pub fn screen(letter: Letter, fit: SenderFit, null_sender: bool, provenance: &Provenance) -> ScreenedLetter {
    let mut reasons = Vec::new();
    match fit {
        SenderFit::NoThread => reasons.push(Reason::NoThread),
        _ if letter.from.is_none() => reasons.push(Reason::UnclearSender),
        SenderFit::NoneConfirmed => reasons.push(Reason::NoConfirmedAddress),
        SenderFit::Other => reasons.push(Reason::UnknownSender),
        SenderFit::Confirmed if provenance.disowned() => reasons.push(Reason::UnknownSender),
        SenderFit::Confirmed => {}
    }
    if letter.signs.report {
        reasons.push(Reason::Report);
    } else if letter.signs.auto_submitted || null_sender {
        reasons.push(Reason::Automatic);
    }
    if letter.signs.list {
        reasons.push(Reason::List);
    }
    ScreenedLetter { letter, reasons }
}

impl ScreenedLetter {
    /// Empty: it may enter.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The letter, for sealing.
    pub fn into_letter(self) -> Letter {
        self.letter
    }
}
