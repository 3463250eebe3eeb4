//! What a mail is, tested in the order that keeps a dead address from hiding behind "auto-reply".
//!
//! Structure goes before words: a report says what it is. A mail that keeps to no form is judged by several signs
//! together; none of them (empty envelope sender, sender's name, subject, header) decides alone.

use std::collections::HashSet;

use super::facts::Facts;
use super::layers::{Layers, has_moment};
use super::notice::{self, Notice};
use super::phrases::{Hit, fold};
use super::wording::{MACHINE, Machine, NOTICE, SUBJECT, Sign};
use super::{Action, Envelope, Kind, Report, address, dsn, ses};
use crate::parse::{Letter, Outline, PartView};
use crate::secret::PlainText;

/// Bytes of a text in which programs say what they are.
const OPENING_BYTES_MAX: usize = 3 * 1024;
/// Bytes at the very beginning of a text.
const OPENING_WORDS_BYTES_MAX: usize = 60;
/// Lines of a text in which the parts of a broken report are looked for.
const LINES_MAX: usize = 400;
/// Points from which a mail that keeps to no form is a notice about another mail.
const NOTICE_POINTS: u32 = 5;
/// The same, when nothing but its words tells so.
const WORDS_POINTS: u32 = 8;

/// Subjects that are a holiday note's if they are nothing else.
const BARE_SUBJECTS: [&str; 8] = [
    "out of office",
    "out of the office",
    "ooo",
    "di luar kantor",
    "sedang di luar kantor",
    "tidak berada di kantor",
    "di luar pejabat",
    "tidak berada di pejabat",
];

pub(super) fn find(
    outline: &Outline<'_>,
    letter: &Letter,
    envelope: &Envelope<'_>,
    layers: &Layers,
) -> (Kind, Vec<Report>) {
    let facts = Facts::read(outline, letter, envelope, layers);
    if facts.is_own(envelope.our_domain) {
        return (Kind::Own, Vec::new());
    }
    let notice = notice::split(letter.text.reveal());
    // What a person quotes is not what they say.
    let own = PlainText::new(if facts.is_machine() { String::new() } else { layers.fresh(letter.text.reveal()) });
    let said = if facts.is_machine() { notice.said } else { notice::split(own.reveal()).said };
    let opening = fold(said, OPENING_BYTES_MAX);
    let words = Words::read(&facts, &opening);
    if facts.is_feedback() || words.is_complaint(&facts) {
        return (Kind::Feedback, Vec::new());
    }
    if facts.holds("message/disposition-notification") {
        return (Kind::Receipt, Vec::new());
    }
    if words.is_challenge(&facts) {
        return (Kind::Challenge, Vec::new());
    }
    if let Some((kind, reports)) = ses::read(&facts, letter.text.reveal()) {
        return (kind, reports);
    }
    if let Some(reports) = structured(outline, letter, &facts, &notice) {
        return (kind_of(&reports), reports);
    }
    if is_notice(&facts, &notice, said, &opening, layers) {
        let reports = written(outline, letter, &facts, &notice);
        return (kind_of(&reports), reports);
    }
    (plain(&facts, &words, layers), Vec::new())
}

/// What is no report about another mail.
fn plain(facts: &Facts<'_>, words: &Words, layers: &Layers) -> Kind {
    if words.is_receipt() {
        Kind::Receipt
    } else if facts.replies_by_itself() || !facts.list && (facts.automatic || words.is_auto_reply(facts)) {
        Kind::AutoReply
    } else if facts.list || facts.bulk {
        Kind::List
    } else if facts.automatic {
        Kind::AutoReply
    } else if facts.is_calendar() {
        Kind::Calendar
    } else if layers.forward.is_some() {
        Kind::Forward
    } else if layers.is_reply {
        Kind::Reply
    } else {
        Kind::Letter
    }
}

/// The worst that a report says counts for the mail.
pub(super) fn kind_of(reports: &[Report]) -> Kind {
    let any = |action| reports.iter().any(|r| r.action == action);
    if reports.is_empty() || any(Action::Failed) {
        Kind::Bounce
    } else if any(Action::Delayed) {
        Kind::Delay
    } else {
        Kind::Report
    }
}

/// The reports of a mail that has the form of one, or that writes the form's fields into its text.
fn structured(outline: &Outline<'_>, letter: &Letter, facts: &Facts<'_>, notice: &Notice<'_>) -> Option<Vec<Report>> {
    let passed_on = facts.forwarded || facts.answers;
    let parts = outline
        .parts()
        .filter(|p| dsn::is_status(p) || facts.is_report && is_unnamed_status(p))
        .filter(|p| facts.is_report || facts.daemon || facts.null_sender || !p.is_attachment() && !passed_on);
    let mut reports: Vec<Report> =
        parts.flat_map(|p| dsn::read(&String::from_utf8_lossy(&p.decoded()), notice.said)).collect();
    if reports.is_empty() && (facts.daemon || facts.is_report) {
        let inside = unwrapped(letter.text.reveal());
        let said = inside.or(Some(notice.said).filter(|said| has_fields(said)));
        reports = said.map(|said| dsn::read(said, notice.said)).unwrap_or_default();
    }
    let mut told = HashSet::new();
    reports.retain(|r| {
        let who = r.recipient.as_ref().map(|a| a.reveal().to_lowercase());
        (who.is_some() || r.status.is_some()) && told.insert((who, r.action.word(), r.status.clone()))
    });
    let named = reports.iter().any(|r| r.recipient.is_some());
    (named || !reports.is_empty() && facts.is_report).then_some(reports)
}

/// A report's machine-readable half that calls itself a text.
fn is_unnamed_status(part: &PartView<'_, '_>) -> bool {
    part.media_type() == "text/plain" && has_fields(&String::from_utf8_lossy(&part.decoded()))
}

/// The status part of a report whose own header was lost, so that all of it reads as text.
fn unwrapped(text: &str) -> Option<&str> {
    let begin = text.match_indices('\n').map(|(at, _)| at + 1).take(LINES_MAX).find(|at| {
        let line = text.get(*at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        line.len() < 200 && line.to_ascii_lowercase().starts_with("content-type: message/delivery-status")
    })?;
    let part = text.get(begin..)?;
    part.get(..part.find("\n--").unwrap_or(part.len()))
}

fn has_fields(said: &str) -> bool {
    let starts = |line: &str, field: &str| line.get(..field.len()).is_some_and(|l| l.eq_ignore_ascii_case(field));
    let mut lines = said.lines();
    lines.any(|line| starts(line, "final-recipient:") || starts(line, "original-recipient:"))
}

/// The reports of a notice in words.
fn written(outline: &Outline<'_>, letter: &Letter, facts: &Facts<'_>, notice: &Notice<'_>) -> Vec<Report> {
    let failed: Vec<String> = outline
        .values("X-Failed-Recipients")
        .iter()
        .flat_map(|v| address::all(v).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut sender: Vec<String> = letter.from.iter().map(|f| f.text()).collect();
    for name in ["To", "Delivered-To", "Envelope-To"] {
        let values = outline.values(name);
        sender.extend(values.iter().flat_map(|v| address::all(v).map(str::to_owned).collect::<Vec<_>>()));
    }
    let mut reports = notice::read(outline, notice, &failed, &sender);
    let delayed = reports.iter().all(|r| r.action == Action::Failed)
        && SUBJECT.says(&facts.subject, |sign| sign == Sign::Delay)
        && !notice::has_ended(notice.said);
    if delayed {
        for report in &mut reports {
            (report.action, report.hard) = (Action::Delayed, false);
        }
    }
    reports
}

/// Whether a mail without form is a notice about another mail.
fn is_notice(facts: &Facts<'_>, notice: &Notice<'_>, said: &str, opening: &str, layers: &Layers) -> bool {
    let points = |is: bool, points: u32| if is { points } else { 0 };
    let failed = facts.failed_recipients;
    let sender = points(facts.daemon, 2)
        + points(facts.robot, 1)
        + points(facts.null_sender, 1)
        + points(facts.automatic, 1)
        + points(failed, 3)
        + points(facts.is_report, 2);
    let signs = Signs::read(opening);
    let subject = !SUBJECT.find(&facts.subject).is_empty();
    if !signs.told && !subject && !failed || signs.mine && sender < 2 {
        return false;
    }
    // Where nothing else tells of a program, its words must be the first ones: people pass on the notice they got below
    // their question what it means.
    if sender == 0 && !Signs::read(&fold(first_paragraph(said), OPENING_BYTES_MAX)).opens() {
        return false;
    }
    let passed_on = facts.forwarded || facts.answers && !facts.daemon;
    let machine = sender + points(!notice.original.is_empty() || facts.original, 1);
    let words = points(subject && !passed_on, 3)
        + points(signs.told, 3)
        + points(signs.session || super::status::smtp(opening).is_some(), 1)
        + points(signs.cause, 1)
        + points(super::status::enhanced(opening).next().is_some(), 1);
    // A person who passes a notice on, or answers to one, is not the mail system. Where a program sent it, an enclosed
    // mail is the one that was returned.
    let human = points(passed_on, 3)
        + points(layers.forward.is_some() && sender == 0, 3)
        + points(layers.is_reply && sender == 0, 2)
        + points(facts.list && !facts.daemon, 2);
    let enough = if machine == 0 { WORDS_POINTS } else { NOTICE_POINTS };
    machine + words >= enough + human
}

/// What the words of a notice speak of.
#[derive(Default)]
struct Signs {
    /// A mail was delivered, or not, or not yet.
    told: bool,
    /// A mail session.
    session: bool,
    /// A reason.
    cause: bool,
    /// The writer's own mail.
    mine: bool,
    /// A mail system says that it is one.
    named: bool,
}

impl Signs {
    /// Of a folded text.
    fn read(opening: &str) -> Self {
        let mut found = Self::default();
        for hit in NOTICE.find(opening) {
            match hit.sign {
                Sign::Failure | Sign::Delay | Sign::Delivered => found.told = true,
                Sign::Session => found.session = true,
                Sign::Mine => found.mine = true,
                Sign::Opening => found.named = true,
                Sign::Original | Sign::Aside => {}
                _ => found.cause = true,
            }
        }
        found
    }

    /// Whether a notice may begin like this.
    fn opens(&self) -> bool {
        self.told || self.named
    }
}

/// A text up to its first empty line.
fn first_paragraph(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.match_indices('\n').find(|(at, _)| {
        text.get(at + 1..).and_then(|rest| rest.lines().next()).is_none_or(|line| line.trim().is_empty())
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// What programs say of themselves in subject and text.
struct Words {
    subject_head: Vec<Machine>,
    subject: Vec<Machine>,
    answered_head: Vec<Machine>,
    text: Vec<Machine>,
    /// The text begins by saying so, and not in a quotation.
    opens_automatic: bool,
    /// The text names a date or a time of day.
    tells_a_moment: bool,
}

impl Words {
    /// `opening`: the beginning of the text, folded.
    fn read(facts: &Facts<'_>, opening: &str) -> Self {
        let hits = MACHINE.find(opening);
        let opens = |hit: &Hit<Machine>| {
            hit.sign == Machine::AutoBody
                && hit.at < OPENING_WORDS_BYTES_MAX
                && opening.get(..hit.at).is_some_and(|before| !before.contains(['>', '"', '\'', '“', '„', '«']))
        };
        let signs = |text: &str, at: fn(usize) -> bool| -> Vec<Machine> {
            MACHINE.find(text).into_iter().filter(|hit| at(hit.at)).map(|hit| hit.sign).collect()
        };
        let bare = facts.subject.split_once(": ").filter(|_| facts.answers).map_or(facts.subject.as_str(), |(_, b)| b);
        let answered = facts.answers;
        Self {
            subject_head: if answered { Vec::new() } else { signs(&facts.subject, |at| at == 0) },
            answered_head: if answered { signs(bare, |at| at == 0) } else { Vec::new() },
            subject: signs(&facts.subject, |_| true),
            text: hits.iter().map(|hit| hit.sign).collect(),
            opens_automatic: hits.iter().any(opens),
            tells_a_moment: has_moment(opening),
        }
    }

    fn is_complaint(&self, facts: &Facts<'_>) -> bool {
        let says = |words: &[Machine]| words.contains(&Machine::Complaint);
        facts.original && (says(&self.subject) || says(&self.text))
    }

    fn is_challenge(&self, facts: &Facts<'_>) -> bool {
        let says = |sign| self.text.contains(&sign);
        let asks = says(Machine::Challenge) || !facts.answers && says(Machine::Held) && says(Machine::Prove);
        asks && !facts.holds_status_of_failure && !facts.forwarded && !facts.list
    }

    /// The words of a receipt, and when it was or whose mail: people also write of letters that were read.
    fn is_receipt(&self) -> bool {
        self.subject_head.contains(&Machine::ReceiptSubject)
            && self.text.contains(&Machine::ReceiptBody)
            && (self.tells_a_moment || self.text.contains(&Machine::Addressed))
    }

    fn is_auto_reply(&self, facts: &Facts<'_>) -> bool {
        if facts.forwarded || self.answered_head.contains(&Machine::AutoSubjectHead) {
            return false;
        }
        let head = self.subject_head.contains(&Machine::AutoSubjectHead);
        let tagged = self.subject.contains(&Machine::AutoSubject);
        let away = self.subject.contains(&Machine::AwaySubject) || head;
        let says_auto = self.text.contains(&Machine::AutoBody);
        let notes = self.text.contains(&Machine::AwayNote);
        let says_away = notes || self.text.contains(&Machine::AwayBody);
        let bare = BARE_SUBJECTS.contains(&facts.subject.as_str());
        // One of these alone is also how people tell of their holiday, or of a program's answer that they got.
        let by_both = away && (notes || says_auto) || says_auto && (says_away || facts.robot) || bare && says_away;
        let by_words = head || tagged || self.opens_automatic || by_both && !facts.answers;
        by_words || facts.null_sender || facts.bulk && (away || says_away || says_auto)
    }
}

#[cfg(test)]
#[path = "kind_tests.rs"]
mod tests;
