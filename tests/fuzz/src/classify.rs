//! What a mail is, whose words it holds, and whether it may enter a thread.

use merpati::address::MailAddress;
use merpati::classify::{Action, Envelope, Kind, LayerKind, Nature, classify, protection, voices};
use merpati::parse::{self, Letter, Outline, RawLetter};
use merpati::screen::{self, DeskName, Disposition, Facts, Finding, Known, SenderFit, Signal, Strange};
use merpati::secret::PlainText;

use super::choices::Choices;
use super::compose::{Composed, OWN, THEIRS, compose};

const OUR_DOMAIN: &str = "merpati.example";
/// Recipients a delivery report may name, and mails that may lie in one another as parts.
const REPORTS_MAX: usize = 200;
const NESTING_MAX: usize = 10;

/// Everything that must hold.
pub fn walk(bytes: &[u8]) {
    any(bytes);
    composed(&compose(&mut Choices::new(bytes)));
}

/// Any bytes, if they are a mail.
pub fn any(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    if let Ok(outline) = Outline::read(bytes) {
        let nature = look(bytes, &outline, choices.yes());
        judge(bytes, &outline, &nature, &mut choices);
    }
}

fn letter(bytes: &[u8]) -> Letter {
    parse::read(RawLetter::new(bytes.to_vec())).unwrap_or_else(|(_, why)| panic!("it has an outline: {why}"))
}

/// Classifies, and holds what comes out to what it says of itself.
fn look(bytes: &[u8], outline: &Outline<'_>, null_sender: bool) -> Nature {
    let letter = letter(bytes);
    let envelope = Envelope { null_sender, our_domain: OUR_DOMAIN };
    let nature = classify(outline, &letter, &envelope);
    let text = letter.text.reveal();
    layers(&nature, text);
    reports(&nature);
    if let Some(forward) = &nature.forward {
        assert!((1..=1 + NESTING_MAX + text.lines().count()).contains(&forward.depth), "{}", forward.depth);
    }
    let again = classify(outline, &letter, &envelope);
    assert_eq!((again.kind, &again.layers), (nature.kind, &nature.layers), "twice looked at is twice the same");
    assert_eq!(again.reports.len(), nature.reports.len());
    let shown = voices(&letter);
    assert!(shown.layers == nature.layers && shown.forward.is_some() == nature.forward.is_some());
    let (one, two) = (protection(outline, text), protection(outline, text));
    assert_eq!((one.encryption.word(), one.signed), (two.encryption.word(), two.signed));
    nature
}

/// The layers cover the text once, in order, and the fresh words are those of the fresh layers.
fn layers(nature: &Nature, text: &str) {
    assert_eq!(nature.layers.is_empty(), text.is_empty());
    assert!(nature.layers.first().is_none_or(|l| l.begin == 0));
    assert!(nature.layers.is_sorted_by(|a, b| a.begin < b.begin && a.kind != b.kind), "{:?}", nature.layers);
    assert!(nature.layers.iter().all(|l| l.begin < text.len() && text.is_char_boundary(l.begin)));
    let ends = nature.layers.iter().skip(1).map(|l| l.begin).chain([text.len()]);
    let fresh = nature.layers.iter().zip(ends).filter(|(l, _)| l.kind == LayerKind::Fresh);
    let fresh: String = fresh.map(|(l, end)| &text[l.begin..end]).collect();
    assert_eq!(nature.fresh(text).reveal(), fresh.trim());
}

fn reports(nature: &Nature) {
    let kinds = [Kind::Bounce, Kind::Delay, Kind::Report];
    assert!(nature.reports.is_empty() || kinds.contains(&nature.kind), "{:?} with reports", nature.kind);
    assert!(nature.reports.len() <= REPORTS_MAX);
    for report in &nature.reports {
        let who = report.recipient.as_ref().map(|r| r.reveal().as_str());
        assert!(who.is_none_or(is_recipient), "{who:?}");
        let digits = |p: &str| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
        let status = report.status.as_deref();
        assert!(status.is_none_or(|s| s.split('.').count() == 3 && s.split('.').all(digits)), "{status:?}");
        assert!(!report.hard || report.action == Action::Failed, "only a failure is for good");
    }
}

/// An address, or the bare name of a mailbox on the server that reports.
fn is_recipient(who: &str) -> bool {
    !who.is_empty()
        && who.chars().count() <= 2 * 254 + 1
        && !who.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// A mail put together from known pieces.
fn composed(made: &Composed) {
    let outline = Outline::read(&made.mail).expect("a mail");
    let letter = letter(&made.mail);
    let nature = look(&made.mail, &outline, false);
    let text = letter.text.reveal();
    let fresh = nature.fresh(text);
    let show = || format!("{:?} {:?}\n{}", nature.kind, nature.layers, String::from_utf8_lossy(&made.mail));
    assert!(!fresh.reveal().contains(THEIRS), "somebody else's words are taken for fresh: {}", show());
    let mut rest = fresh.reveal().as_str();
    for line in made.own.iter().filter(|l| l.contains(OWN)) {
        let at = rest.find(line.trim()).unwrap_or_else(|| panic!("{line:?} is not fresh: {}", show()));
        rest = &rest[at + line.trim().len()..];
    }
    assert!(!made.human || nature.kind.is_human(), "a person wrote it: {}", show());
    assert!(!made.forwarded || !made.human || nature.kind == Kind::Forward || nature.kind == Kind::Reply, "{}", show());
    for who in &made.reported {
        let named = |r: &&merpati::classify::Report| r.recipient.as_ref().is_some_and(|a| a.reveal() == who);
        assert!(nature.kind == Kind::Own || nature.reports.iter().any(|r| named(&r)), "{who} is not told: {}", show());
    }
}

const FITS: [SenderFit; 4] = [SenderFit::Confirmed, SenderFit::Other, SenderFit::NoneConfirmed, SenderFit::NoThread];

/// Whatever is found, a stranger's mail does not enter a thread, and more findings never open a door.
fn judge(bytes: &[u8], outline: &Outline<'_>, nature: &Nature, choices: &mut Choices<'_>) {
    let confirmed = MailAddress::parse("sari@client.example").expect("an address");
    let staff = ["Ani Wijaya", "Budi"].map(PlainText::from);
    let desks = [DeskName { name: "Sekolah".to_owned(), slug: "bk".to_owned() }];
    let (flags, odd) = (choices.byte(), choices.byte());
    let fit = choices.of(&FITS);
    let facts = Facts {
        fit,
        null_sender: flags & 1 != 0,
        our_domain: OUR_DOMAIN,
        confirmed: (flags & 2 != 0).then_some(&confirmed),
        staff: &staff,
        other_desks: &desks,
        strange: Strange {
            mailer: odd & 1 != 0,
            name: odd & 2 != 0,
            language: odd & 4 != 0,
            signature: odd & 8 != 0,
            greeting: odd & 16 != 0,
            hour: odd & 32 != 0,
            several_names: odd & 64 != 0,
        },
        locked: flags & 16 != 0,
        ..Facts::default()
    };
    let findings = screen::find(outline, &letter(bytes), nature, &facts);
    assert!(findings.is_sorted_by(|a, b| (a.code, a.signal) < (b.code, b.signal)), "each once, in order");
    let screened = screen::screen(letter(bytes), &facts);
    let stranger = fit != SenderFit::Confirmed;
    assert!(!stranger || screened.disposition() != Disposition::Deliver, "a stranger's mail enters");
    let locked = facts.locked && screened.letter().signs.encrypted;
    assert!(!locked || screened.disposition() != Disposition::Deliver, "a locked mail enters");
    let grey = Known { fine: Vec::new(), grey: Signal::ALL.to_vec() };
    let screened = screened.reconsider(fit, &grey);
    assert!(!stranger || screened.disposition() != Disposition::Deliver, "experience lets a stranger in");
    let fine = Known { fine: Signal::ALL.to_vec(), grey: Signal::ALL.to_vec() };
    let screened = screened.reconsider(SenderFit::NoThread, &fine);
    assert_ne!(screened.disposition(), Disposition::Deliver, "nothing enters without a secret address");
    monotone(&findings, fit, choices);
}

/// With one finding less a mail may enter that waits with it, never the other way round.
fn monotone(findings: &[Finding], fit: SenderFit, choices: &mut Choices<'_>) {
    let more = screen::decide(findings, fit, &Known::default());
    let mut fewer = findings.to_vec();
    if fewer.is_empty() {
        return;
    }
    fewer.remove(choices.below(fewer.len()));
    let less = screen::decide(&fewer, fit, &Known::default());
    assert!(more != Disposition::Deliver || less == Disposition::Deliver, "{findings:?}");
}
