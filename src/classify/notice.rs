//! Notices about a mail that keep to no standard: what was written, about whom, and where the returned mail begins.

use super::dsn::REPORTS_MAX;
use super::phrases::fold;
use super::status::{self, Cause};
use super::wording::{NOTICE, Sign};
use super::{Action, Report, address};
use crate::parse::{self, Outline};
use crate::secret::PlainText;

/// Bytes of a notice that are looked at.
const NOTICE_BYTES_MAX: usize = 16 * 1024;
/// Bytes of one line that are looked at.
const LINE_BYTES_MAX: usize = 400;
/// Lines of a notice that are looked at.
const LINES_MAX: usize = 400;
/// Header fields with which a returned mail begins.
const FIRST_FIELDS: [&str; 8] = [
    "received:",
    "return-path:",
    "x-received:",
    "delivered-to:",
    "dkim-signature:",
    "message-id:",
    "x-originating-ip:",
    "content-type: message/rfc822",
];

/// A text in two halves: the notice and the mail it returns.
pub(super) struct Notice<'t> {
    /// What the mail system says.
    pub(super) said: &'t str,
    /// The mail it returns, or a part of it; empty when there is none.
    pub(super) original: &'t str,
}

/// Finds where the returned mail begins.
pub(super) fn split(text: &str) -> Notice<'_> {
    let text = text.get(..text.floor_char_boundary(NOTICE_BYTES_MAX)).unwrap_or(text);
    let mut at = 0;
    for line in text.split_inclusive('\n').take(LINES_MAX) {
        let is_later = text.get(..at).is_some_and(|before| !before.trim().is_empty());
        if is_later && begins_original(line) {
            return Notice { said: text.get(..at).unwrap_or(text), original: text.get(at..).unwrap_or_default() };
        }
        at += line.len();
    }
    Notice { said: text.get(..at).unwrap_or(text), original: "" }
}

fn begins_original(line: &str) -> bool {
    let folded = fold(line, LINE_BYTES_MAX);
    let bare = folded.trim_start_matches(['>', ' ']);
    FIRST_FIELDS.iter().any(|field| bare.starts_with(field))
        || folded.len() <= 120 && NOTICE.says(&folded, |sign| sign == Sign::Original)
}

/// How surely a line names a recipient.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    /// An address stands somewhere in it.
    Somewhere,
    /// It says what is wrong with the address.
    Told,
    /// It begins with the address.
    First,
}

/// A recipient with what is said about them.
struct Candidate {
    address: String,
    strength: Strength,
    said: String,
}

/// Reads what a notice says of whom. `sender` are the addresses that cannot be meant: to whom the notice goes, and who
/// wrote it. `failed` are recipients that its header names.
pub(super) fn read(outline: &Outline<'_>, notice: &Notice<'_>, failed: &[String], sender: &[String]) -> Vec<Report> {
    let action = action(notice.said);
    let is_sender = |a: &str| sender.iter().any(|s| s.eq_ignore_ascii_case(a));
    let mut found = candidates(notice.said, &is_sender);
    if failed.is_empty() {
        let best = found.iter().map(|c| c.strength).max();
        found.retain(|c| Some(c.strength) == best);
    } else {
        found = named(failed, found);
    }
    if found.is_empty() {
        let original = original_recipient(outline, notice.original, &is_sender).or_else(|| only(notice.said, sender));
        found.extend(original.map(|address| Candidate { address, strength: Strength::Somewhere, said: String::new() }));
    }
    if found.is_empty() {
        return vec![report(None, action, notice.said)];
    }
    found
        .into_iter()
        .take(REPORTS_MAX)
        .map(|c| {
            let telling = status::enhanced(&c.said).next().is_some() || Cause::read(&c.said).is_some();
            report(Some(c.address), action, if telling { &c.said } else { notice.said })
        })
        .collect()
}

/// One report of a notice in words.
pub(super) fn report(recipient: Option<String>, action: Action, said: &str) -> Report {
    let status = status::status("", said, action);
    let hard = status::is_hard(action, status.as_deref(), said);
    Report { recipient: recipient.map(PlainText::new), action, status, hard }
}

/// What a notice says of the mail as a whole.
pub(super) fn action(said: &str) -> Action {
    let folded = fold(said, NOTICE_BYTES_MAX);
    let has = |wanted| NOTICE.says(&folded, |sign| sign == wanted);
    if has(Sign::Delay) && !has_ended(said) {
        Action::Delayed
    } else if has(Sign::Delivered) && !has(Sign::Failure) {
        Action::Delivered
    } else {
        Action::Failed
    }
}

/// Whether a notice says that nobody will try again.
pub(super) fn has_ended(said: &str) -> bool {
    let folded = fold(said, NOTICE_BYTES_MAX);
    ["permanent", "giving up", "given up", "not going to try again", "will be deleted from queue", "no further"]
        .iter()
        .any(|words| folded.contains(words))
}

fn candidates(said: &str, is_sender: &impl Fn(&str) -> bool) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut current = None;
    for line in said.lines().take(LINES_MAX) {
        let line = line.get(..line.floor_char_boundary(LINE_BYTES_MAX)).unwrap_or(line);
        if let Some((address, strength)) = recipient(line, is_sender) {
            let known = found.iter_mut().position(|c| c.address.eq_ignore_ascii_case(address));
            current = match known {
                Some(n) => Some(n),
                // Below a line that begins with a recipient, weaker mentions belong to its explanation.
                None if current.and_then(|n: usize| found.get(n)).is_some_and(|c| c.strength > strength) => current,
                None => {
                    found.push(Candidate { address: address.to_owned(), strength, said: String::new() });
                    found.len().checked_sub(1)
                }
            };
            if let Some(known) = current.and_then(|n| found.get_mut(n)) {
                known.strength = known.strength.max(strength);
            }
        }
        if let Some(known) = current.and_then(|n| found.get_mut(n)) {
            known.said.push_str(line);
            known.said.push('\n');
        }
    }
    found
}

/// The recipient a line names.
fn recipient<'l>(line: &'l str, is_sender: &impl Fn(&str) -> bool) -> Option<(&'l str, Strength)> {
    let found = address::all(line).find(|a| !is_sender(a))?;
    let start = line.trim_start_matches(|c: char| c.is_whitespace() || "<\"'*>-(•[".contains(c));
    if start.starts_with(found) {
        return Some((found, Strength::First));
    }
    let folded = fold(line, LINE_BYTES_MAX);
    let signs: Vec<Sign> = NOTICE.find(&folded).into_iter().map(|hit| hit.sign).collect();
    if signs.contains(&Sign::Aside) {
        return None;
    }
    let is_reply = status::smtp(line.get(..4.min(line.len())).unwrap_or_default()).is_some();
    let is_labeled = LABELS.iter().any(|l| folded.trim_start_matches(['>', ' ', '<', '-']).starts_with(l));
    let told = is_reply
        || is_labeled
        || signs.iter().any(|s| !matches!(s, Sign::Delay | Sign::Original | Sign::Mine | Sign::Opening));
    Some((found, if told { Strength::Told } else { Strength::Somewhere }))
}

const LABELS: [&str; 9] = [
    "recipient",
    "failed recipient",
    "intended recipient",
    "final-recipient",
    "original-recipient",
    "error-for",
    "rcpt to",
    "could not be delivered to",
    "local mailbox",
];

/// The recipients that the header names, with what the text says of each.
fn named(failed: &[String], found: Vec<Candidate>) -> Vec<Candidate> {
    let said = |address: &str| {
        let same = found.iter().find(|c| c.address.eq_ignore_ascii_case(address));
        same.map(|c| c.said.clone()).unwrap_or_default()
    };
    let candidate = |a: &String| Candidate { address: a.clone(), strength: Strength::First, said: said(a) };
    failed.iter().map(candidate).collect()
}

/// To whom the returned mail went.
fn original_recipient(outline: &Outline<'_>, original: &str, is_sender: &impl Fn(&str) -> bool) -> Option<String> {
    let inside = |bytes: &[u8]| {
        let fields = ["X-Failed-Recipients", "Envelope-To", "To"].iter().flat_map(|name| parse::header(bytes, name));
        fields.flat_map(|v| address::all(&v).map(str::to_owned).collect::<Vec<_>>()).find(|a| !is_sender(a))
    };
    let attached = outline.parts().filter(|p| is_original(p.media_type()));
    attached.map(|p| p.decoded()).find_map(|bytes| inside(&bytes)).or_else(|| {
        let lines = original.lines().map(str::trim_start);
        lines
            .filter(|l| l.get(..3).is_some_and(|to| to.eq_ignore_ascii_case("to:")))
            .find_map(|l| address::all(l).find(|a| !is_sender(a)).map(str::to_owned))
    })
}

/// The only address of a notice, even if it is the sender's: some write to themselves.
fn only(said: &str, sender: &[String]) -> Option<String> {
    let begins = said.lines().find_map(|l| {
        let start = l.trim_start_matches(|c: char| c.is_whitespace() || "<\"'*".contains(c));
        address::first(start).filter(|a| start.starts_with(a))
    });
    begins.filter(|a| sender.iter().any(|s| s.eq_ignore_ascii_case(a))).map(str::to_owned)
}

/// Whether a part is a mail that was returned, or its header.
pub(super) fn is_original(media_type: &str) -> bool {
    matches!(media_type, "message/rfc822" | "message/global" | "text/rfc822-headers" | "message/rfc822-headers")
}
