//! From findings to what happens.
//!
//! A mail waits if one hard signal of a case that asks for a decision was seen, or two soft ones of one such case.
//! Everything else only labels it. Reading the table of cases, "two soft make one hard" cannot hold a letter whose hard
//! signal would let it in, so the cases that are accepted anyway (M1, M4, M6, M7, M13, M14, M18, M19) are never held.

use super::{Case, Finding, SenderFit, Signal, Strength};

/// What happens to a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It becomes a letter of its thread; its findings label it.
    Deliver,
    /// It waits for a person's decision.
    Hold,
    /// A machine wrote it: kept beside the thread, opens no clock, is never answered.
    File,
    /// It goes in circles: the sender's server is told so.
    Refuse,
}

impl Disposition {
    /// The word in `check mail`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Hold => "hold",
            Self::File => "file",
            Self::Refuse => "refuse",
        }
    }
}

/// What people said of earlier mail.
#[derive(Default)]
pub struct Known {
    /// Called fine for this thread (and this sender, where the signal is about one).
    pub fine: Vec<Signal>,
    /// So often a false alarm at this desk that it is only a grey tag.
    pub grey: Vec<Signal>,
}

impl Known {
    /// Whether it was called fine for this thread.
    pub fn is_fine(&self, signal: Signal) -> bool {
        signal.can_be_fine() && self.fine.contains(&signal)
    }

    fn is_quiet(&self, signal: Signal) -> bool {
        self.is_fine(signal) || (signal.can_turn_grey() && self.grey.contains(&signal))
    }
}

/// Whether a case asks for a person's decision.
const fn holds(case: Case) -> bool {
    matches!(case, Case::M2 | Case::M3 | Case::M5 | Case::M11 | Case::M12 | Case::M15 | Case::M16 | Case::M21)
}

/// What happens to a mail with these findings. More findings never turn "wait" into "enter", and without a thread's
/// secret address nothing enters.
pub fn decide(findings: &[Finding], fit: SenderFit, known: &Known) -> Disposition {
    if findings.iter().any(|f| f.code == Case::M8) {
        return Disposition::Refuse;
    }
    if findings.iter().any(|f| matches!(f.code, Case::M9 | Case::M10)) {
        return Disposition::File;
    }
    let loud = |case: Case| -> u32 {
        weight(findings.iter().map(|f| f.signal).filter(|s| s.case() == case && !known.is_quiet(*s)))
    };
    let waits = findings.iter().any(|f| holds(f.code) && loud(f.code) >= 2);
    if fit == SenderFit::NoThread || waits { Disposition::Hold } else { Disposition::Deliver }
}

/// Whether the findings of a case are enough to speak of it: a hard one or two soft ones.
pub fn is_established(findings: &[Signal], case: Case) -> bool {
    weight(findings.iter().copied().filter(|s| s.case() == case)) >= 2
}

/// What signals of one case count together: a hard one as much as two soft ones.
fn weight(signals: impl Iterator<Item = Signal>) -> u32 {
    let (mut sum, mut mood) = (0, 0);
    for signal in signals {
        match signal.strength() {
            Strength::Hard => sum += 2,
            Strength::Soft if signal.is_mood() => mood = 1,
            Strength::Soft => sum += 1,
        }
    }
    sum + mood
}
