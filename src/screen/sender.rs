//! Who writes: does the sender fit, can it be proven, does it look like somebody else?

use super::{Facts, Seen, SenderFit, Signal, domains};
use crate::parse::{Letter, Outline};
use crate::secret::PlainText;

/// Header fields in which a mail program names itself.
const MAILERS: [&str; 2] = ["User-Agent", "X-Mailer"];

/// What a writer's mails have in common: compared by keyed hashes, never stored as they are. No `Debug`.
pub struct Traits {
    /// The mail program, without its version.
    pub mailer: Option<PlainText>,
    /// The name in From.
    pub name: Option<PlainText>,
}

/// Reads what a writer's mails have in common.
pub fn traits(outline: &Outline<'_>) -> Traits {
    let mailer = MAILERS.iter().find_map(|field| outline.value(field)).and_then(|value| {
        // The version changes with every update; the name stays.
        let name: String = value.chars().take_while(|c| !c.is_ascii_digit() && *c != '/' && *c != '(').collect();
        let name = name.trim().to_lowercase();
        (!name.is_empty()).then(|| PlainText::new(name))
    });
    let name = outline.mailboxes("From").into_iter().next().and_then(|m| m.name);
    let name = name.map(|n| folded(&n)).filter(|n| !n.is_empty()).map(PlainText::new);
    Traits { mailer, name }
}

pub(super) fn find(outline: &Outline<'_>, letter: &Letter, facts: &Facts<'_>, seen: &mut Seen) {
    match facts.fit {
        SenderFit::NoThread => seen.add(Signal::NoThread),
        _ if letter.from.is_none() => seen.add(Signal::UnclearSender),
        SenderFit::NoneConfirmed => seen.add(Signal::NoConfirmedAddress),
        SenderFit::Other => seen.add(Signal::UnknownSender),
        SenderFit::Confirmed => {}
    }
    seen.add_if(facts.new_mailer, Signal::NewMailer);
    seen.add_if(facts.other_name, Signal::OtherName);
    seen.add_if(facts.provenance.disowned(), Signal::DmarcFail);
    for shown in outline.mailboxes("From").iter().filter_map(|m| m.name.as_deref()) {
        let shown = folded(shown);
        let is_ours = facts.staff.iter().any(|name| folded(name.reveal()) == shown);
        seen.add_if(is_ours && !shown.is_empty(), Signal::CounselorName);
        seen.add_if(domains::is_mixed(&shown), Signal::MixedLetters);
    }
    if let Some(from) = &letter.from {
        seen.add_if(domains::suggestion(from.domain()).is_some(), Signal::CommonTypo);
        seen.add_if(facts.confirmed.is_some_and(|c| domains::is_near(from, c)), Signal::NearConfirmed);
        seen.add_if(domains::looks_like_another(from), Signal::MixedLetters);
        seen.add_if(domains::is_shared_name(from.local()), Signal::SharedName);
        seen.add_if(domains::is_school(from.domain()), Signal::SchoolDomain);
        seen.add_if(domains::is_official(from.domain()), Signal::OfficialDomain);
    }
}

/// A name without the accidents of writing.
pub(super) fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
