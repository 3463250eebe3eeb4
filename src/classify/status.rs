//! Status codes and what they mean: is another try of any use?

use super::Action;
use super::phrases::fold;
use super::wording::{NOTICE, Sign};

/// Bytes of a server's answer that are looked at.
const ANSWER_BYTES_MAX: usize = 4 * 1024;

/// Why a mail did not arrive; the first that fits wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// The mailbox is full.
    Full,
    /// Policy, reputation, content, sender.
    Refused,
    /// The address changed.
    Moved,
    /// No such domain, or one without mail.
    UnknownHost,
    /// The mailbox is locked.
    Suspended,
    /// Nobody of this name.
    UnknownUser,
    /// The mail is too large.
    TooBig,
    /// Tried for too long.
    Expired,
}

impl Cause {
    fn of(sign: Sign) -> Option<Self> {
        Some(match sign {
            Sign::Full => Self::Full,
            Sign::Refused => Self::Refused,
            Sign::Moved => Self::Moved,
            Sign::UnknownHost => Self::UnknownHost,
            Sign::UnknownUser => Self::UnknownUser,
            Sign::Suspended => Self::Suspended,
            Sign::TooBig => Self::TooBig,
            Sign::Expired => Self::Expired,
            _ => return None,
        })
    }

    /// What a server's words say.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = fold(text, ANSWER_BYTES_MAX);
        NOTICE.find(&text).into_iter().filter_map(|hit| Self::of(hit.sign)).min()
    }

    /// What a status code says by itself.
    fn of_status(status: &str) -> Option<Self> {
        let (_, detail) = status.split_once('.')?;
        Some(match detail {
            "1.1" | "1.10" | "1.3" => Self::UnknownUser,
            "1.2" | "4.4" | "4.310" => Self::UnknownHost,
            "1.6" => Self::Moved,
            "2.2" => Self::Full,
            "2.3" | "3.4" => Self::TooBig,
            "4.7" => Self::Expired,
            _ => return None,
        })
    }

    /// The details of the status code (RFC 3463) that say it.
    const fn details(self) -> &'static str {
        match self {
            Self::Full => "2.2",
            Self::Refused => "7.1",
            Self::Moved => "1.6",
            Self::UnknownHost => "1.2",
            Self::UnknownUser => "1.1",
            Self::Suspended => "2.1",
            Self::TooBig => "3.4",
            Self::Expired => "4.7",
        }
    }

    const fn is_hard(self) -> bool {
        matches!(self, Self::UnknownUser | Self::UnknownHost | Self::Moved)
    }
}

/// Whether another try is useless. A domain that could not be looked up may be there tomorrow.
pub(super) fn is_hard(action: Action, status: Option<&str>, answer: &str) -> bool {
    let status = status.unwrap_or_default();
    let cause = Cause::read(answer).or_else(|| Cause::of_status(status));
    let passing = cause == Some(Cause::UnknownHost) && (status.starts_with('4') || answer.contains("try again"));
    action == Action::Failed && cause.is_some_and(Cause::is_hard) && !passing
}

/// The status of one recipient: what the last server answered, what is stated, what the answer says more exactly, what
/// its words imply.
pub(super) fn status(stated: &str, answer: &str, action: Action) -> Option<String> {
    let stated = enhanced(stated).next();
    let class = stated.and_then(|s| s.chars().next());
    if let Some(said) = answered(answer).filter(|code| !code.ends_with(".0.0")) {
        return Some(said.to_owned());
    }
    let fits = |code: &&str| !code.ends_with(".0.0") && class.is_none_or(|c| code.starts_with(c));
    let exact = quoted(answer).filter(fits).or_else(|| enhanced(answer).find(fits));
    match stated {
        Some(code) if !code.ends_with(".0.0") => Some(code.to_owned()),
        Some(code) => Some(exact.unwrap_or(code).to_owned()),
        None => exact.map(str::to_owned).or_else(|| implied(answer, action)),
    }
}

/// The first code right behind a reply code, as a server quotes the one it spoke to: `5.1.0 Unknown address 550-'5.7.1`.
fn quoted(answer: &str) -> Option<&str> {
    answer.match_indices(['4', '5']).find_map(|(at, _)| {
        let (reply, rest) = answer.get(at..)?.split_at_checked(3)?;
        smtp(reply)?;
        let rest = rest.trim_start_matches([' ', '-', '#', '(', '\'', '"']);
        let rest = rest.split(char::is_whitespace).next()?;
        enhanced(rest).next().filter(|code| rest.starts_with(code))
    })
}

/// The code behind the reply code with which an answer begins: `550 5.1.1`, `550-5.1.1`.
fn answered(answer: &str) -> Option<&str> {
    let (reply, rest) = answer.trim_start().split_at_checked(3)?;
    smtp(reply)?;
    let rest = rest.strip_prefix([' ', '-'])?.trim_start_matches('#');
    enhanced(rest).next().filter(|code| rest.starts_with(code))
}

/// The status that an answer without one implies.
fn implied(answer: &str, action: Action) -> Option<String> {
    if let Some(general) = enhanced(answer).next() {
        return Some(general.to_owned());
    }
    let class = match (smtp(answer), action) {
        (Some(code), Action::Failed | Action::Delayed) if code < 500 => '4',
        (Some(_), _) | (None, Action::Failed) => '5',
        (None, Action::Delayed) => '4',
        (None, _) => '2',
    };
    let details = Cause::read(answer).map_or("0.0", Cause::details);
    Some(format!("{class}.{}", if class == '2' { "0.0" } else { details }))
}

/// The enhanced status codes in a text (RFC 3463), in order.
pub(super) fn enhanced(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().filter_map(move |(at, byte)| {
        let starts = matches!(byte, b'2' | b'4' | b'5') && bytes.get(at + 1) == Some(&b'.');
        if !starts || goes_before(bytes, at) {
            return None;
        }
        let subject = digits(bytes, at + 2)?;
        if bytes.get(subject) != Some(&b'.') {
            return None;
        }
        let end = digits(bytes, subject + 1)?;
        let follows = bytes.get(end).copied().unwrap_or(b' ');
        let goes_on = follows.is_ascii_alphanumeric()
            || matches!(follows, b'.' | b'-' | b'_') && bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric);
        if goes_on { None } else { text.get(at..end) }
    })
}

/// Whether the digit at `at` belongs to what stands before it. The dash of `550-5.1.1` does not.
fn goes_before(bytes: &[u8], at: usize) -> bool {
    let before = |n: usize| at.checked_sub(n).and_then(|i| bytes.get(i)).copied().unwrap_or(b' ');
    match before(1) {
        b'-' => {
            let reply = matches!((before(4), before(3), before(2)), (b'2' | b'4' | b'5', b'0'..=b'9', b'0'..=b'9'));
            !reply && before(2).is_ascii_alphanumeric()
        }
        b'.' | b'_' => true,
        other => other.is_ascii_alphanumeric(),
    }
}

/// The end of one to three digits at `from`.
fn digits(bytes: &[u8], from: usize) -> Option<usize> {
    let count = bytes.get(from..)?.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    (1..=3).contains(&count).then_some(from + count)
}

/// The first reply code of a mail server that says no (RFC 5321, 4.2).
pub(super) fn smtp(text: &str) -> Option<u16> {
    let bytes = text.as_bytes();
    bytes.windows(3).enumerate().find_map(|(at, code)| {
        let is_code = matches!(code, [b'4' | b'5', b'0'..=b'7', b'0'..=b'9']);
        let before = at.checked_sub(1).and_then(|b| bytes.get(b)).copied().unwrap_or(b' ');
        let after = bytes.get(at + 3).copied().unwrap_or(b' ');
        let stands = (before.is_ascii_whitespace() || b"'\"[(:;#-".contains(&before))
            && (after.is_ascii_whitespace() || b"-:;,.'\")]".contains(&after))
            && !(after == b'.' && bytes.get(at + 4).is_some_and(u8::is_ascii_digit));
        (is_code && stands).then(|| std::str::from_utf8(code).ok()?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(text: &str) -> Vec<&str> {
        enhanced(text).collect()
    }

    #[test]
    fn codes_are_told_from_numbers() {
        assert_eq!(codes("smtp; 550 5.1.1 <a@b>... User Unknown"), ["5.1.1"]);
        assert_eq!(codes("550-5.7.26 x (#4.4.3) [5.2.2]"), ["5.7.26", "4.4.3", "5.2.2"]);
        assert_eq!(codes("Exim 4.72 at 192.5.2.20, 5.1.1.1, v5.0.0, 5.1, 3.1.1, 5.1234.1, 5.1.0. End"), ["5.1.0"]);
        assert_eq!(smtp("host [192.0.2.1] said: 550 no"), Some(550));
        assert_eq!(smtp("421-later"), Some(421));
        assert_eq!(smtp("1550 5500 550a 250 ok 192.550.1.1"), None);
    }

    #[test]
    fn a_status_is_stated_refined_or_implied() {
        let f = Action::Failed;
        assert_eq!(status("5.1.1", "550 full", f).as_deref(), Some("5.1.1"));
        assert_eq!(status("4.4.7", "450 4.7.1 rejected", f).as_deref(), Some("4.7.1"));
        assert_eq!(status("5.0.0 (x)", "550 5.2.2 full", f).as_deref(), Some("5.2.2"));
        assert_eq!(status("5.0.0", "5.1.0 - Unknown 550-'5.7.1 denied'", f).as_deref(), Some("5.7.1"));
        assert_eq!(status("5.0.0", "said: 4.2.2 full", f).as_deref(), Some("5.0.0"));
        assert_eq!(status("", "550 User unknown", f).as_deref(), Some("5.1.1"));
        assert_eq!(status("", "mailbox is full", Action::Delayed).as_deref(), Some("4.2.2"));
        assert_eq!(status("", "", f).as_deref(), Some("5.0.0"));
    }

    #[test]
    fn a_full_mailbox_is_not_hard() {
        let hard = |status, answer| is_hard(Action::Failed, Some(status), answer);
        assert!(hard("5.1.1", ""));
        assert!(hard("5.0.0", "550 No such user"));
        assert!(!hard("5.1.1", "552 mailbox full"));
        assert!(!hard("5.2.2", ""));
        assert!(!hard("5.7.1", "550 blocked"));
        assert!(!is_hard(Action::Delayed, Some("4.1.1"), "user unknown"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC*|[245.0-9 -]*") {
            for code in enhanced(&text) {
                prop_assert!(code.split('.').count() == 3);
            }
            let _ = (smtp(&text), status(&text, &text, Action::Failed));
        }
    }
}
