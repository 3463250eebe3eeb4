//! Who sent a mail, as far as it can be proven: SPF, DKIM, DMARC and ARC.
//!
//! Either the house asks the name servers itself ([`Asker`]), or it believes the mail server in front of it ([`Front`]).
//! Which of them, [`Witnesses`] decides by the way a mail came. The answers are values; `screen` reads them.
//! mail-auth is named here and nowhere else.

mod asker;
mod results;
mod settings;

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use serde::Serialize;

pub use asker::Asker;
pub use results::Front;
pub use settings::Settings;

use crate::address::MailAddress;
use crate::clock::Moment;
use crate::parse::Head;

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
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::None, Self::Pass, Self::Fail, Self::SoftFail, Self::Neutral, Self::TempError, Self::PermError];

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
    /// Whether the house trusts every sealer of that chain, and the first of them saw the domain in From proven.
    pub arc_trusted: bool,
}

impl Provenance {
    /// The domain in From says that this is not its mail, and no forwarder we trust explains it. A check that could not be
    /// made disowns nothing.
    pub fn disowned(&self) -> bool {
        self.dmarc == Verdict::Fail && self.policy != Policy::None && !(self.arc == Verdict::Pass && self.arc_trusted)
    }
}

impl Provenance {
    /// The verdicts as words, for people and programs that read them.
    pub const fn view(&self) -> View {
        View {
            spf: self.spf.word(),
            dkim: self.dkim.word(),
            dmarc: self.dmarc.word(),
            arc: self.arc.word(),
            policy: match self.policy {
                Policy::None => "none",
                Policy::Quarantine => "quarantine",
                Policy::Reject => "reject",
            },
            source: match self.witness {
                Witness::Nobody => "nobody",
                Witness::Ourselves => "checked",
                Witness::FrontServer => "front-server",
            },
        }
    }
}

impl Provenance {
    /// The words to store: source, SPF, DKIM, DMARC, policy, ARC and whether its chain is trusted.
    pub fn write(&self) -> String {
        let view = self.view();
        let trusted = if self.arc_trusted { "trusted" } else { "-" };
        [view.source, view.spf, view.dkim, view.dmarc, view.policy, view.arc, trusted].join(" ")
    }

    /// Reads what [`Self::write`] wrote; `None` where nothing was stored.
    pub fn read(words: &str) -> Option<Self> {
        let [source, spf, dkim, dmarc, policy, arc, trusted] = words.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let verdict = |word: &str| Verdict::ALL.into_iter().find(|v| v.word() == word);
        Some(Self {
            witness: match source {
                "checked" => Witness::Ourselves,
                "front-server" => Witness::FrontServer,
                _ => Witness::Nobody,
            },
            spf: verdict(spf)?,
            dkim: verdict(dkim)?,
            dmarc: verdict(dmarc)?,
            policy: match policy {
                "quarantine" => Policy::Quarantine,
                "reject" => Policy::Reject,
                _ => Policy::None,
            },
            arc: verdict(arc)?,
            arc_trusted: trusted == "trusted",
        })
    }
}

/// A [`Provenance`] in the words of RFC 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// Envelope sender.
    pub spf: &'static str,
    /// Signatures.
    pub dkim: &'static str,
    /// The domain in From.
    pub dmarc: &'static str,
    /// The chain of forwarders.
    pub arc: &'static str,
    /// What the domain in From asks for.
    pub policy: &'static str,
    /// Whose word it is: `nobody`, `checked` or `front-server`.
    pub source: &'static str,
}

/// The way a mail came. No `Debug`: it holds an address.
pub struct Origin<'a> {
    /// Where the client is; `None` when a mail server of ours handed the mail over, or a program on this machine.
    pub ip: Option<IpAddr>,
    /// What the client called itself.
    pub hello: &'a str,
    /// The envelope sender; `None` for the empty one and for what is no address.
    pub from: Option<&'a MailAddress>,
    /// Our own name, for the macros of SPF.
    pub here: &'a str,
}

/// Everybody who may say something about a sender.
#[derive(Clone, Default)]
pub struct Witnesses {
    /// For mails that come to us directly; `None`: they are not checked.
    pub asker: Option<Asker>,
    /// For mails handed over by the mail server in front of us.
    pub front: Option<Front>,
    /// Domains whose seals count.
    pub forwarders: Vec<String>,
}

impl Witnesses {
    /// What can be said about who sent a mail. Never fails: what cannot be found out stays open.
    pub async fn ask(&self, origin: &Origin<'_>, mail: &[u8], now: Moment) -> Provenance {
        let open = || Provenance { dmarc: Verdict::TempError, ..Provenance::default() };
        match (&self.asker, origin.ip) {
            (_, None) => self.read(mail),
            (None, Some(_)) => Provenance::default(),
            (Some(asker), Some(_)) => {
                let head = Head::read(mail);
                let work = asker.ask(origin, mail, &head, &self.forwarders, now);
                // The library reads what strangers wrote; if it ever stumbles, only its answer is lost.
                AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| open())
            }
        }
    }

    /// What the mail server in front of us wrote into the mail; asks nobody.
    pub fn read(&self, mail: &[u8]) -> Provenance {
        let head = Head::read(mail);
        let stated = self.front.as_ref().and_then(|front| results::stated(&head, front));
        let mut provenance = stated.unwrap_or_default();
        provenance.arc_trusted = provenance.arc == Verdict::Pass && results::sealed_by_trusted(&head, &self.forwarders);
        provenance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_out_comes_back_from_its_words() {
        for (n, verdict) in Verdict::ALL.into_iter().enumerate() {
            let found = Provenance {
                witness: [Witness::Nobody, Witness::Ourselves, Witness::FrontServer][n % 3],
                spf: verdict,
                dkim: Verdict::ALL[(n + 1) % 7],
                dmarc: Verdict::ALL[(n + 2) % 7],
                policy: [Policy::None, Policy::Quarantine, Policy::Reject][n % 3],
                arc: Verdict::ALL[(n + 3) % 7],
                arc_trusted: n % 2 == 0,
            };
            assert_eq!(Provenance::read(&found.write()), Some(found));
        }
        for bad in ["", "nobody", "nobody none none none none none -  x", "nobody none none what none none -"] {
            assert_eq!(Provenance::read(bad), None, "{bad}");
        }
    }
}
