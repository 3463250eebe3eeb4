//! Mails and what is found in them.

use proptest::prelude::*;

use super::*;
use crate::parse::{self, RawLetter};
use crate::provenance::{Policy, Verdict};

const OURS: &str = "surat.example";

fn letter(raw: &str) -> Letter {
    parse::read(RawLetter::new(raw.replace('\n', "\r\n").into_bytes())).ok().expect("a mail")
}

fn facts() -> Facts<'static> {
    Facts { fit: SenderFit::Confirmed, our_domain: OURS, ..Facts::default() }
}

/// Disposition and signals of a mail with these header lines and this text.
fn judge(head: &str, text: &str, facts: &Facts<'_>) -> (Disposition, Vec<&'static str>) {
    let raw = format!("From: Sari <sari@rumah.example>\n{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n");
    let screened = screen(letter(&raw), facts);
    (screened.disposition(), screened.findings().iter().map(|f| f.signal.word()).collect())
}

#[track_caller]
fn check(head: &str, text: &str, facts: &Facts<'_>, expected: Disposition, signals: &[&str]) {
    assert_eq!(judge(head, text, facts), (expected, signals.to_vec()), "{head}{text}");
}

const TO_US: &str = "To: abc@surat.example\n";

#[test]
fn a_plain_letter_enters_without_a_word() {
    check(TO_US, "Halo, aku takut pulang.", &facts(), Disposition::Deliver, &[]);
    check("To: <ABC@Surat.Example>\nCc: sari@rumah.example\n", "Halo", &facts(), Disposition::Deliver, &[]);
}

#[test]
fn who_writes_decides_first() {
    use Disposition::Hold;
    let with = |fit| Facts { fit, ..facts() };
    check(TO_US, "x", &with(SenderFit::Other), Hold, &["unknown-sender"]);
    check(TO_US, "x", &with(SenderFit::NoneConfirmed), Hold, &["no-confirmed-address"]);
    check(TO_US, "x", &with(SenderFit::NoThread), Hold, &["no-thread"]);
    let near = crate::address::MailAddress::parse("sarri@rumah.example").unwrap();
    check(
        TO_US,
        "x",
        &Facts { confirmed: Some(&near), ..with(SenderFit::Other) },
        Hold,
        &["unknown-sender", "near-confirmed"],
    );
    // One soft signal labels, two hold; mood counts once.
    let device = Strange { mailer: true, ..Strange::default() };
    let both = Strange { name: true, ..device };
    let mood = Strange { greeting: true, hour: true, ..Strange::default() };
    check(TO_US, "x", &Facts { strange: mood, ..facts() }, Disposition::Deliver, &["other-greeting", "odd-hour"]);
    let night = Strange { mailer: true, ..mood };
    check(TO_US, "x", &Facts { strange: night, ..facts() }, Hold, &["new-mailer", "other-greeting", "odd-hour"]);
    check(TO_US, "x", &Facts { strange: device, ..facts() }, Disposition::Deliver, &["new-mailer"]);
    check(TO_US, "x", &Facts { strange: both, ..facts() }, Hold, &["new-mailer", "other-name"]);
}

#[test]
fn a_disowned_sender_never_counts_as_the_client() {
    let disowned = Provenance { dmarc: Verdict::Fail, policy: Policy::Reject, ..Provenance::default() };
    check(TO_US, "x", &Facts { provenance: disowned.clone(), ..facts() }, Disposition::Hold, &["dmarc-fail"]);
    let forwarded = Provenance { arc: Verdict::Pass, arc_trusted: true, ..disowned };
    check(TO_US, "x", &Facts { provenance: forwarded, ..facts() }, Disposition::Deliver, &[]);
    let staff = [PlainText::from("sari")];
    check(TO_US, "x", &Facts { staff: &staff, ..facts() }, Disposition::Hold, &["counselor-name"]);
}

#[test]
fn to_whom_else_it_went() {
    use Disposition::Deliver;
    check("To: abc@surat.example, ibu@lain.example\n", "x", &facts(), Deliver, &["others-addressed"]);
    check("", "x", &facts(), Deliver, &["hidden-delivery"]);
    check("To: undisclosed-recipients:;\n", "x", &facts(), Deliver, &["hidden-delivery"]);
    let others = ["others-addressed", "not-addressed-to-us", "hidden-delivery"];
    check("To: ibu@lain.example\n", "x", &facts(), Deliver, &others);
    let hrd = ["others-addressed", "greets-another", "not-addressed-to-us", "hidden-delivery"];
    check("To: hrd@lain.example\n", "Yth. HRD\nSaya melamar.", &facts(), Disposition::Hold, &hrd);
}

#[test]
fn machines_are_filed_and_loops_refused() {
    check(&format!("{TO_US}Auto-Submitted: auto-replied\n"), "Cuti", &facts(), Disposition::File, &["automatic"]);
    let null = Facts { null_sender: true, ..facts() };
    assert_eq!(judge(TO_US, "x", &null).0, Disposition::File);
    let circles = format!("{TO_US}{}", "Received: from a by b; now\n".repeat(101));
    check(&circles, "x", &facts(), Disposition::Refuse, &["too-many-hops"]);
    check(&format!("{TO_US}List-Id: <a.b>\n"), "x", &facts(), Disposition::Hold, &["list"]);
}

#[test]
fn ways_and_copies_only_label() {
    use Disposition::Deliver;
    let head = format!("{TO_US}X-Forwarded-To: abc@surat.example\nResent-From: sari@lain.example\n");
    check(&head, "x", &facts(), Deliver, &["passed-on-by-machine", "resent"]);
    let chat = "12/03/26, 21:14 - Sari: jangan\n12/03/26, 21:15 - Budi: ya\n12/03/26, 21:16 - Sari: ok";
    check(TO_US, chat, &facts(), Deliver, &["chat-log"]);
    let desks = [DeskName { name: "Meja Karier".to_owned(), slug: "karier".to_owned() }];
    check(TO_US, "untuk Meja Karier", &Facts { other_desks: &desks, ..facts() }, Deliver, &["names-other-desk"]);
}

#[test]
fn words_of_the_table_come_back() {
    for signal in Signal::ALL {
        assert_eq!(Signal::read(signal.word()), [*signal]);
        assert_eq!(Signal::ALL.iter().filter(|s| s.word() == signal.word()).count(), 1);
    }
    assert_eq!(Signal::read("list,no-such-word,,bounce"), [Signal::List, Signal::Bounce]);
    assert_eq!(Signal::write([Signal::List, Signal::Bounce]), "list,bounce");
}

fn signals() -> impl Strategy<Value = Vec<Signal>> {
    proptest::collection::vec(prop::sample::select(Signal::ALL.to_vec()), 0..6)
}

fn fits() -> impl Strategy<Value = SenderFit> {
    prop::sample::select(vec![SenderFit::Confirmed, SenderFit::Other, SenderFit::NoneConfirmed, SenderFit::NoThread])
}

fn findings(signals: &[Signal]) -> Vec<Finding> {
    let mut all: Vec<_> = signals.iter().map(|s| s.finding()).collect();
    all.dedup();
    all
}

proptest! {
    #[test]
    fn more_findings_never_let_a_mail_in(some in signals(), more in signals(), fit in fits()) {
        let known = Known::default();
        let fewer = decide(&findings(&some), fit, &known);
        let all = decide(&findings(&[some, more].concat()), fit, &known);
        prop_assert!(fewer == Disposition::Deliver || all != Disposition::Deliver);
    }

    #[test]
    fn without_a_secret_address_nothing_enters(some in signals(), fine in signals(), grey in signals()) {
        prop_assert_ne!(decide(&findings(&some), SenderFit::NoThread, &Known { fine, grey }), Disposition::Deliver);
    }

    #[test]
    fn experience_never_lets_a_stranger_in(some in signals(), grey in signals()) {
        let known = Known { fine: Vec::new(), grey };
        for hard in [Signal::UnknownSender, Signal::NoConfirmedAddress, Signal::UnclearSender, Signal::DmarcFail, Signal::Locked] {
            let all = [some.clone(), vec![hard]].concat();
            prop_assert_ne!(decide(&findings(&all), SenderFit::Other, &known), Disposition::Deliver);
        }
    }

    #[test]
    fn what_can_be_said_of_any_stranger_is_never_fine(some in signals(), fine in signals()) {
        let known = Known { fine, grey: Vec::new() };
        let all = [some, vec![Signal::DmarcFail]].concat();
        prop_assert_ne!(decide(&findings(&all), SenderFit::Confirmed, &known), Disposition::Deliver);
    }

    #[test]
    fn no_mail_makes_it_stumble(head in "([A-Za-z-]{1,14}: [ -~]{0,60}\n){0,6}", text in "\\PC{0,300}") {
        let raw = format!("From: a@b.example\n{head}\n{text}");
        if let Ok(letter) = parse::read(RawLetter::new(raw.into_bytes())) {
            let screened = screen(letter, &facts());
            let words: Vec<_> = screened.findings().iter().map(|f| f.signal).collect();
            prop_assert!(words.is_sorted_by_key(|s| (s.case(), *s)));
        }
    }
}
