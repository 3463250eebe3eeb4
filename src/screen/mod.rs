//! Decides whether a mail may enter a thread: `Letter -> ScreenedLetter`.
//!
//! A thread is entered by its secret address *and* a sender that fits. What else is odd about a mail is a [`Finding`]: it
//! labels the letter, or keeps it waiting for a person's decision, always with the reason in words. Only loops and
//! machines are dealt with alone. Nothing here reads a clock, a table or the network; the caller says what it knows.
//!
//! - `signals`: what can be odd, one word each.
//! - `sender`, `road`, `content`, `addressee`, `chat`: where it is looked for.
//! - `habits`: what a writer's mails have in common.
//! - `domains`: addresses that look like others, are shared, or belong to offices.
//! - `scoring`: from findings to what happens.

mod addressee;
mod chat;
mod content;
pub mod domains;
mod habits;
mod road;
mod scoring;
mod sender;
mod signals;
#[cfg(test)]
mod tests;
mod words;

pub use habits::{Strange, Tongue, Traits, traits};
pub use road::others;
pub use scoring::{Disposition, Known, decide, is_established};

pub use signals::{Case, Finding, Signal, Strength};

use crate::address::MailAddress;
use crate::classify::{Envelope, Nature, classify};
use crate::parse::{Letter, Outline};
use crate::provenance::Provenance;
use crate::secret::PlainText;

/// How the sender's address relates to the thread whose address was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SenderFit {
    /// It is the confirmed address.
    Confirmed,
    /// It is another one.
    Other,
    /// The client confirmed none.
    NoneConfirmed,
    /// No thread's address was used.
    #[default]
    NoThread,
}

/// How a desk is called.
#[derive(Clone)]
pub struct DeskName {
    /// On its page.
    pub name: String,
    /// In its address.
    pub slug: String,
}

/// What is known beside the mail's bytes.
#[derive(Default)]
pub struct Facts<'a> {
    /// How the sender relates to the thread.
    pub fit: SenderFit,
    /// The empty envelope sender of machines.
    pub null_sender: bool,
    /// Domain of the house, lower-case ASCII.
    pub our_domain: &'a str,
    /// Who sent it, as far as it can be proven.
    pub provenance: Provenance,
    /// The address the client confirmed, where the sender is another one.
    pub confirmed: Option<&'a MailAddress>,
    /// Names of the people who work here.
    pub staff: &'a [PlainText],
    /// The house's other desks.
    pub other_desks: &'a [DeskName],
    /// In what it is unlike everything this thread knew before.
    pub strange: Strange,
    /// It is locked, and no key of ours opens it.
    pub locked: bool,
}

/// Everything odd about a mail, each signal once, in the order of the cases.
pub fn find(outline: &Outline<'_>, letter: &Letter, nature: &Nature, facts: &Facts<'_>) -> Vec<Finding> {
    let mut seen = Seen(Vec::new());
    sender::find(outline, letter, facts, &mut seen);
    road::find(outline, letter, nature, facts, &mut seen);
    let fresh = nature.fresh(letter.text.reveal());
    content::find(outline, letter, nature, fresh.reveal(), facts, &mut seen);
    addressee::find(outline, letter, fresh.reveal(), facts, &mut seen);
    chat::find(outline, letter, &mut seen);
    let mut findings = seen.0;
    findings.sort_by_key(|f| (f.code, f.signal));
    findings
}

/// Signals seen so far, each once.
struct Seen(Vec<Finding>);

impl Seen {
    fn add(&mut self, signal: Signal) {
        if !self.0.iter().any(|f| f.signal == signal) {
            self.0.push(signal.finding());
        }
    }

    fn add_if(&mut self, is_there: bool, signal: Signal) {
        if is_there {
            self.add(signal);
        }
    }
}

/// A letter that has been judged. No `Debug`: it is plaintext.
pub struct ScreenedLetter {
    letter: Letter,
    nature: Nature,
    findings: Vec<Finding>,
    disposition: Disposition,
}

/// Judges a letter. What a thread's people called fine is weighed later, with [`ScreenedLetter::reconsider`]: most mail
/// needs no look at it.
pub fn screen(letter: Letter, facts: &Facts<'_>) -> ScreenedLetter {
    let envelope = Envelope { null_sender: facts.null_sender, our_domain: facts.our_domain };
    let looked = Outline::read(letter.raw.bytes()).map(|outline| {
        let nature = classify(&outline, &letter, &envelope);
        let findings = find(&outline, &letter, &nature, facts);
        (nature, findings)
    });
    let (nature, findings) = looked.unwrap_or_else(|_| (Nature::unknown(), vec![Signal::Unreadable.finding()]));
    let disposition = decide(&findings, facts.fit, &Known::default());
    ScreenedLetter { letter, nature, findings, disposition }
}

impl ScreenedLetter {
    /// Why it is labelled or waits.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What happens to it.
    pub const fn disposition(&self) -> Disposition {
        self.disposition
    }

    /// What it is.
    pub const fn nature(&self) -> &Nature {
        &self.nature
    }

    /// The letter, to look at.
    pub const fn letter(&self) -> &Letter {
        &self.letter
    }

    /// Decides anew with what people said of earlier mail.
    #[must_use]
    pub fn reconsider(mut self, fit: SenderFit, known: &Known) -> Self {
        self.disposition = decide(&self.findings, fit, known);
        self
    }

    /// What labels it once it is a letter: everything nobody called fine before.
    pub fn labels(&self, known: &Known) -> String {
        let loud = self.findings.iter().map(|f| f.signal).filter(|s| !known.is_fine(*s));
        Signal::write(loud)
    }

    /// The letter, for sealing.
    pub fn into_letter(self) -> Letter {
        self.letter
    }
}
