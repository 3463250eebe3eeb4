//! Who writes: does the sender fit, can it be proven, does it look like somebody else?

use super::{Facts, Seen, SenderFit, Signal, Strange, domains};
use crate::parse::{Letter, Outline};

pub(super) fn find(outline: &Outline<'_>, letter: &Letter, facts: &Facts<'_>, seen: &mut Seen) {
    match facts.fit {
        SenderFit::NoThread => seen.add(Signal::NoThread),
        _ if letter.from.is_none() => seen.add(Signal::UnclearSender),
        SenderFit::NoneConfirmed => seen.add(Signal::NoConfirmedAddress),
        SenderFit::Other => seen.add(Signal::UnknownSender),
        SenderFit::Confirmed => {}
    }
    unlike_before(facts.strange, seen);
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

fn unlike_before(strange: Strange, seen: &mut Seen) {
    seen.add_if(strange.mailer, Signal::NewMailer);
    seen.add_if(strange.name, Signal::OtherName);
    seen.add_if(strange.language, Signal::OtherLanguage);
    seen.add_if(strange.signature, Signal::OtherSignature);
    seen.add_if(strange.greeting, Signal::OtherGreeting);
    seen.add_if(strange.hour, Signal::OddHour);
    seen.add_if(strange.several_names, Signal::SeveralNames);
}

/// A name without the accidents of writing.
pub(super) fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
