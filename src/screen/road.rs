//! Which way a mail came: to whom else it went, what passed it on, whether a machine or a list sent it.

use super::{Facts, Seen, SenderFit, Signal};
use crate::classify::{Kind, Nature};
use crate::limits::MAIL_HOPS_MAX;
use crate::parse::{Letter, Mailbox, Outline};
use crate::provenance::Verdict;

/// Fields in which servers note that they passed a mail on by themselves.
const PASSED_ON: [&str; 3] = ["X-Forwarded-To", "X-Forwarded-For", "X-Forwarded-Encrypted"];
/// Fields of a mail sent again (RFC 5322 3.6.6).
const RESENT: [&str; 4] = ["Resent-From", "Resent-To", "Resent-Sender", "Resent-Message-ID"];

pub(super) fn find(outline: &Outline<'_>, letter: &Letter, nature: &Nature, facts: &Facts<'_>, seen: &mut Seen) {
    machines(outline, letter, nature, facts, seen);
    recipients(outline, letter, facts, seen);
    let has = |names: &[&str]| names.iter().any(|n| outline.value(n).is_some());
    seen.add_if(has(&PASSED_ON), Signal::PassedOnByMachine);
    seen.add_if(has(&RESENT), Signal::Resent);
    seen.add_if(was_sealed_on_the_way(outline), Signal::ArcChain);
    let proof = &facts.provenance;
    let way_lost = matches!(proof.spf, Verdict::Fail | Verdict::SoftFail);
    seen.add_if(way_lost && proof.dkim == Verdict::Pass, Signal::SpfLost);
    seen.add_if(outline.values("Received").len() > MAIL_HOPS_MAX, Signal::TooManyHops);
}

fn machines(outline: &Outline<'_>, letter: &Letter, nature: &Nature, facts: &Facts<'_>, seen: &mut Seen) {
    match nature.kind {
        Kind::Own => seen.add(Signal::OwnMail),
        Kind::Bounce => seen.add(Signal::Bounce),
        Kind::Delay => seen.add(Signal::Delay),
        Kind::Report | Kind::Feedback => seen.add(Signal::Report),
        Kind::Receipt => seen.add(Signal::ReadReceipt),
        Kind::Challenge => seen.add(Signal::Challenge),
        Kind::AutoReply => seen.add(Signal::Automatic),
        Kind::Calendar => seen.add(Signal::Calendar),
        Kind::List => seen.add_if(!only_looks_like_bulk(outline, nature, facts), Signal::List),
        Kind::Letter | Kind::Reply | Kind::Forward => {}
    }
    seen.add_if(facts.null_sender, Signal::EmptyReturnPath);
    // What a mail says of itself counts even where its kind is something else.
    seen.add_if(letter.signs.report && nature.kind.is_human(), Signal::Report);
    seen.add_if(letter.signs.auto_submitted && nature.kind.is_human(), Signal::Automatic);
    seen.add_if(letter.signs.list && !only_looks_like_bulk(outline, nature, facts), Signal::List);
}

/// A letter of the client's, addressed to us, that their school's mail system marked as bulk on its way: it went to no
/// list. A list names itself.
fn only_looks_like_bulk(outline: &Outline<'_>, nature: &Nature, facts: &Facts<'_>) -> bool {
    let names_list = ["List-Id", "List-Post", "Mailing-List"].iter().any(|f| outline.value(f).is_some());
    let to_us = outline.mailboxes("To").iter().any(|m| m.address.domain() == facts.our_domain);
    let is_letter = nature.kind.is_human() || nature.kind == Kind::List;
    is_letter && facts.fit == SenderFit::Confirmed && to_us && !names_list
}

/// Sealed by somebody who passed it on. One large provider seals every mail that leaves it, which says nothing.
fn was_sealed_on_the_way(outline: &Outline<'_>) -> bool {
    let seals = outline.values("ARC-Seal");
    let is_leaving = |seal: &String| seal.contains("microsoft.com") && seal.contains("i=1");
    seals.len() > usize::from(seals.iter().any(is_leaving))
}

fn recipients(outline: &Outline<'_>, letter: &Letter, facts: &Facts<'_>, seen: &mut Seen) {
    let all: Vec<Mailbox> = ["To", "Cc"].iter().flat_map(|field| outline.mailboxes(field)).collect();
    let is_ours = |m: &&Mailbox| m.address.domain() == facts.our_domain;
    let ours = all.iter().filter(is_ours).count();
    let others = others(&all, letter, facts.our_domain).count();
    seen.add_if(others > 0, Signal::OthersAddressed);
    seen.add_if(all.is_empty(), Signal::HiddenDelivery);
    // Offline nobody knows which address is ours.
    if ours == 0 && !facts.our_domain.is_empty() {
        // Careful people write to themselves and to us in Bcc.
        seen.add_if(others > 0, Signal::NotAddressedToUs);
        seen.add(Signal::HiddenDelivery);
    }
    let delivered = outline.mailboxes("Delivered-To");
    let elsewhere = !delivered.is_empty() && delivered.iter().all(|m| m.address.domain() != facts.our_domain);
    seen.add_if(
        elsewhere && !facts.our_domain.is_empty() && facts.fit != SenderFit::NoThread,
        Signal::DeliveredElsewhere,
    );
}

/// Whoever else got a mail: neither we nor the writer. Where our domain is not known, the first address is taken for ours.
pub fn others<'m>(all: &'m [Mailbox], letter: &'m Letter, our_domain: &'m str) -> impl Iterator<Item = &'m Mailbox> {
    let is_writer = |m: &Mailbox| letter.from.as_ref().is_some_and(|f| f.folded() == m.address.folded());
    all.iter()
        .skip(usize::from(our_domain.is_empty()))
        .filter(move |m| m.address.domain() != our_domain && !is_writer(m))
}
