//! Delivery reports in the form of RFC 3464 and RFC 6533: a block about the mail, then one for each recipient.

use super::address;
use super::status;
use super::{Action, Report};
use crate::parse::PartView;
use crate::secret::PlainText;

/// Bytes of a delivery-status part that are read.
const STATUS_BYTES_MAX: usize = 128 * 1024;
/// Recipients that are reported.
pub(super) const REPORTS_MAX: usize = 200;

/// Whether a part is a delivery report's machine-readable half.
pub(super) fn is_status(part: &PartView<'_, '_>) -> bool {
    matches!(part.media_type(), "message/delivery-status" | "message/global-delivery-status")
}

/// What the fields of one recipient say.
#[derive(Default)]
struct Fields {
    original: Option<String>,
    last: Option<String>,
    action: Option<Action>,
    status: String,
    answer: String,
}

impl Fields {
    fn is_recipient(&self) -> bool {
        self.original.is_some() || self.last.is_some() || self.action.is_some()
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "original-recipient" => self.original = address_of(value),
            "final-recipient" => self.last = address_of(value).or(Some(String::new())),
            "x-actual-recipient" if self.last.is_none() => self.last = address_of(value),
            "action" => self.action = action(value),
            "status" => value.clone_into(&mut self.status),
            "diagnostic-code" => {
                self.answer.push(' ');
                self.answer.push_str(value.split_once(';').map_or(value, |(_, said)| said));
            }
            _ => {}
        }
    }

    /// Nothing that matters is missing.
    fn is_complete(&self) -> bool {
        (self.original.is_some() || self.last.is_some()) && self.action.is_some() && !self.status.is_empty()
    }

    /// Whether a field of this name begins the next recipient.
    fn is_next(&self, name: &str, gap: bool) -> bool {
        name == "final-recipient" && self.last.is_some()
            || name == "original-recipient" && (self.original.is_some() || gap && self.last.is_some())
    }

    fn report(self, notice: &str) -> Report {
        let class = status::enhanced(&self.status).next().and_then(|s| s.chars().next());
        let action = self.action.unwrap_or(match class {
            Some('2') => Action::Delivered,
            Some('4') => Action::Delayed,
            _ => Action::Failed,
        });
        let answer = if self.answer.trim().is_empty() { notice } else { &self.answer };
        let status = status::status(&self.status, answer, action);
        let hard = status::is_hard(action, status.as_deref(), answer);
        let full = |a: &String| a.contains('@');
        let recipient = self.original.filter(full).or(self.last).filter(|a| !a.is_empty());
        Report { recipient: recipient.map(PlainText::new), action, status, hard }
    }
}

/// Reads the fields of a delivery report, or of a notice that writes them into its text. `notice` is what the mail says to
/// people: it explains a recipient for whom no answer of a server is given.
pub(super) fn read(text: &str, notice: &str) -> Vec<Report> {
    let text = text.get(..text.floor_char_boundary(STATUS_BYTES_MAX)).unwrap_or(text);
    let mut reports = Vec::new();
    let mut fields = Fields::default();
    let mut flush = |fields: &mut Fields| {
        let done = std::mem::take(fields);
        if done.is_recipient() && reports.len() < REPORTS_MAX {
            reports.push(done.report(notice));
        }
    };
    // An empty line ends a recipient's fields, unless some server put one behind each.
    let mut gap = false;
    for line in unfolded(text) {
        let Some((name, value)) = line.split_once(':') else {
            gap |= line.trim().is_empty();
            if gap && fields.is_complete() {
                flush(&mut fields);
            }
            continue;
        };
        let name = name.trim().to_ascii_lowercase();
        if fields.is_next(&name, gap) {
            flush(&mut fields);
        }
        gap = false;
        fields.set(&name, value.trim());
    }
    flush(&mut fields);
    reports
}

/// Lines with their continuations.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) && !line.trim().is_empty() && !last.is_empty() => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => lines.push(line.trim_end().to_owned()),
        }
    }
    lines
}

/// `rfc822; <who@example.org>`: the address, or the bare name of a local mailbox.
fn address_of(value: &str) -> Option<String> {
    let value = value.split_once(';').map_or(value, |(_, address)| address);
    let inner = value.trim().trim_matches(['<', '>']);
    if inner.starts_with('"') && inner.contains("\"@") {
        return Some(inner.to_owned());
    }
    if let Some(found) = address::first(value) {
        return Some(found.to_owned());
    }
    let bare = value.trim().trim_matches(['<', '>', '"']).trim();
    let is_name = !bare.is_empty() && bare.len() <= 128 && !bare.contains(|c: char| c.is_control() || c == ' ');
    is_name.then(|| bare.to_owned())
}

fn action(value: &str) -> Option<Action> {
    let word: String = value.trim().chars().take_while(char::is_ascii_alphabetic).collect();
    Some(match word.to_ascii_lowercase().as_str() {
        "failed" | "failure" | "fail" => Action::Failed,
        "delayed" | "delay" | "deferred" => Action::Delayed,
        "delivered" | "deliverable" => Action::Delivered,
        "relayed" => Action::Relayed,
        "expanded" => Action::Expanded,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(text: &str) -> Vec<(String, &'static str, String, bool)> {
        let reports = read(text, "");
        let brief = reports.iter().map(|r| {
            let recipient = r.recipient.as_ref().map(|r| r.reveal().clone()).unwrap_or_default();
            (recipient, r.action.word(), r.status.clone().unwrap_or_default(), r.hard)
        });
        brief.collect()
    }

    #[test]
    fn recipients_are_told_apart() {
        let found = brief(
            "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.1.1\n\
             Diagnostic-Code: smtp; 550 5.1.1\n  No such user\n\nOriginal-Recipient: rfc822;b@example.org\n\
             Final-Recipient: rfc822;x@example.net\nAction: delayed (later)\nStatus: 4.2.2\n",
        );
        let expected = [("a@example.org", "failed", "5.1.1", true), ("b@example.org", "delayed", "4.2.2", false)];
        assert_eq!(found, expected.map(|(r, a, s, h)| (r.to_owned(), a, s.to_owned(), h)));
    }

    #[test]
    fn blocks_without_their_blank_lines() {
        let found = brief(
            "Reporting-MTA: dns; mx\nFinal-Recipient: RFC822; <a@x.example>\nAction: failed\nStatus: 5.0.0\n\
             Final-Recipient: RFC822; b@x.example\nStatus: 4.4.1\n",
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, "a@x.example");
        assert_eq!((found[1].1, found[1].2.as_str()), ("delayed", "4.4.1"));
    }

    #[test]
    fn blocks_with_a_blank_line_behind_each_field() {
        let found = brief(
            "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@x.example\n\nAction: failed\n\nStatus: 5.1.1\n\n\
             Original-Recipient: rfc822; b@x.example\n\nFinal-Recipient: rfc822; c@x.example\n\nAction: delayed\n\n\
             Status: 4.4.1\n",
        );
        let found: Vec<_> = found.iter().map(|(r, action, status, _)| (r.as_str(), *action, status.as_str())).collect();
        assert_eq!(found, [("a@x.example", "failed", "5.1.1"), ("b@x.example", "delayed", "4.4.1")]);
        let found = brief(
            "Final-Recipient: rfc822; \"a b\"@x.example\nAction: failed\n\nFinal-Recipient: rfc822; c@x.example\nAction: failed\n",
        );
        assert_eq!(found.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["\"a b\"@x.example", "c@x.example"]);
    }

    #[test]
    fn a_local_name_is_a_recipient_and_nonsense_is_none() {
        assert_eq!(brief("Final-Recipient: X-Local; root\nAction: failed\n")[0].0, "root");
        assert!(brief("Hello: world\n\nno fields here").is_empty());
    }
}
