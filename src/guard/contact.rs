//! Ways to reach somebody outside of the mailbox: telephone numbers, mail addresses, names in messengers.

use crate::secret::PlainText;

/// Fewer digits are a year, a price, a room; more are no telephone number (ITU-T E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// One reply asks about so many; the rest is the same question.
const FOUND_MAX: usize = 5;
/// Where messengers and networks have their pages.
const PLACES: [&str; 17] = [
    "wa.me/",
    "api.whatsapp.com/",
    "chat.whatsapp.com/",
    "t.me/",
    "telegram.me/",
    "line.me/",
    "instagram.com/",
    "facebook.com/",
    "fb.com/",
    "m.me/",
    "tiktok.com/@",
    "x.com/",
    "twitter.com/",
    "threads.net/@",
    "signal.me/",
    "discord.gg/",
    "snapchat.com/add/",
];

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactKind {
    /// A telephone number.
    Phone,
    /// A mail address.
    Mail,
    /// A name or a page in a messenger or a network.
    Handle,
}

impl ContactKind {
    /// The word in the audit and in text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Mail => "mail",
            Self::Handle => "handle",
        }
    }
}

/// Everything of the kind that is not among `known`, each once.
pub(super) fn find(text: &str, known: &[&str]) -> Vec<(ContactKind, PlainText)> {
    let in_known = known.iter().flat_map(|k| numbers(k).chain([*k]));
    let known_digits: Vec<String> = in_known.map(|n| national(&digits(n))).filter(|d| !d.is_empty()).collect();
    let mut found: Vec<(ContactKind, &str)> = numbers(text)
        .filter(|n| !known_digits.contains(&national(&digits(n))))
        .map(|n| (ContactKind::Phone, n))
        .collect();
    for word in text.split(|c: char| c.is_whitespace() || "<>()[]\"".contains(c)) {
        let word = word.trim_matches(|c: char| ",;:.!?'\u{2018}\u{2019}".contains(c));
        if let Some(kind) = kind_of(word)
            && !known.iter().any(|k| word.to_lowercase().ends_with(&k.to_lowercase()))
        {
            found.push((kind, word));
        }
    }
    found.dedup();
    found.into_iter().take(FOUND_MAX).map(|(kind, text)| (kind, PlainText::from(text))).collect()
}

fn kind_of(word: &str) -> Option<ContactKind> {
    let lower = word.to_lowercase();
    let place = lower.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
    if PLACES.iter().any(|p| place.starts_with(p) && place.len() > p.len()) {
        return Some(ContactKind::Handle);
    }
    let (local, domain) = word.split_once('@')?;
    let is_name = |s: &str| s.chars().all(|c| c.is_alphanumeric() || "._-+".contains(c));
    if local.is_empty() {
        let long_enough = domain.chars().count() >= 3;
        return (long_enough && is_name(domain) && domain.chars().any(char::is_alphabetic))
            .then_some(ContactKind::Handle);
    }
    let is_domain = domain.contains('.') && !domain.starts_with('.') && is_name(domain);
    (is_domain && is_name(local)).then_some(ContactKind::Mail)
}

/// Runs of digits with the signs people put between them, as long as telephone numbers are.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let begin = rest.find(|c: char| c.is_ascii_digit() || c == '+')?;
            let from = rest.get(begin..)?;
            let end = from.find(|c: char| !c.is_ascii_digit() && !" +-.()/\u{a0}\u{2010}\u{2011}".contains(c));
            let (run, after) = from.split_at_checked(end.unwrap_or(from.len()))?;
            rest = after;
            let run = run.trim_end_matches(|c: char| !c.is_ascii_digit());
            if looks_like_number(run) {
                return Some(run);
            }
        }
    })
}

/// Dates and times are written with the same signs: a number begins with `+` or `0`, or is digits and nothing else.
fn looks_like_number(run: &str) -> bool {
    let count = run.bytes().filter(u8::is_ascii_digit).count();
    let groups: Vec<usize> = run.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|n| *n > 0).collect();
    // 24-11-2026, 2026-11-24, 09.00-10.30
    let is_date = matches!(groups.as_slice(), [1 | 2, 1 | 2, 4] | [4, 1 | 2, 1 | 2] | [1 | 2, 2, 1 | 2, 2]);
    let begins = run.starts_with(['+', '0']) || run.starts_with("62");
    DIGITS.contains(&count) && !is_date && (begins || groups.len() == 1)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The digits behind the country's own prefix: `+62 812` and `0812` are one number.
fn national(digits: &str) -> String {
    let rest = digits.strip_prefix("62").or_else(|| digits.strip_prefix('0')).unwrap_or(digits);
    rest.to_owned()
}
