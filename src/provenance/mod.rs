//! Who sent a mail, as far as it can be proven: SPF, DKIM, DMARC and ARC.
//!
//! What is asked of the network goes through a resolver that comes in as an argument. The answers below are values;
//! `screen` reads them.

/// The outcome of one check (RFC 8601, 2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to check.
    #[default]
    None,
    /// Proven.
    Pass,
    /// Disproven.
    Fail,
    /// Probably not from there (SPF `~all`).
    SoftFail,
    /// The domain says nothing (SPF `?all`).
    Neutral,
    /// The network did not answer: try again later.
    TempError,
    /// The domain's own record or the signature cannot be read.
    PermError,
}

impl Verdict {
    /// The word of RFC 8601.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// What the domain in From asks of us when nothing proves it (RFC 7489, 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// It publishes none, or asks for nothing.
    #[default]
    None,
    /// Put it aside.
    Quarantine,
    /// Refuse it.
    Reject,
}

/// Whose word the verdicts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Witness {
    /// Nobody checked.
    #[default]
    Nobody,
    /// We asked the name servers.
    Ourselves,
    /// The mail server in front of us, known by its authserv-id (RFC 8601, 5).
    FrontServer,
}

/// What is known about who sent a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Who found it out.
    pub witness: Witness,
    /// May the connecting server send for the envelope's domain?
    pub spf: Verdict,
    /// The best of the signatures.
    pub dkim: Verdict,
    /// Does either of them prove the domain in From?
    pub dmarc: Verdict,
    /// What that domain asks for.
    pub policy: Policy,
    /// Did a chain of forwarders hand it on unbroken?
    pub arc: Verdict,
    /// Whether the last sealer of that chain is one the house trusts.
    pub arc_trusted: bool,
}

impl Provenance {
    /// The domain in From says that this is not its mail, and no forwarder we trust explains it. A check that could not be
    /// made disowns nothing.
    pub fn disowned(&self) -> bool {
        self.dmarc == Verdict::Fail && self.policy != Policy::None && !(self.arc == Verdict::Pass && self.arc_trusted)
    }
}
