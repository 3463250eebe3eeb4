//! What a door answers: one line with a code, an enhanced status code (RFC 3463) and a sentence.

use std::borrow::Cow;
use std::fmt;
use std::io::Write as _;

use crate::role::Language;
use crate::texts::Texts;

/// The words of a reply, in bytes: with codes and line end it stays below the 512 of RFC 5321 4.5.3.1.5.
const TEXT_BYTES_MAX: usize = 480;

/// One answer to a client; it must hold nothing of a mail. Mail programs read the codes. What a person may get to read in
/// a bounce stands in the language files and is said in two languages, the one the sender likely reads first.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    enhanced: (u8, u8, u8),
    words: Words,
}

#[derive(Clone, PartialEq, Eq)]
enum Words {
    /// Between programs.
    Plain(Cow<'static, str>),
    /// The key of a text for people, and where they may write instead.
    Spoken { key: &'static str, url: Cow<'static, str> },
}

impl Reply {
    /// Puts a reply together. A code outside 200..=599 or of class 3 is a slip of the caller and becomes 451, so that
    /// the sender keeps the mail. The class of the enhanced code follows the code.
    pub fn new(code: u16, enhanced: (u8, u8, u8), text: impl Into<String>) -> Self {
        let (code, class) = match code {
            200..=299 => (code, 2),
            400..=499 => (code, 4),
            500..=599 => (code, 5),
            _ => (451, 4),
        };
        let words = Words::Plain(Cow::Owned(one_line(&text.into())));
        Self { code, enhanced: (class, enhanced.1, enhanced.2), words }
    }

    /// A reply between programs, known when this one is written.
    pub(super) const fn known(code: u16, enhanced: (u8, u8, u8), text: &'static str) -> Self {
        Self { code, enhanced, words: Words::Plain(Cow::Borrowed(text)) }
    }

    /// A reply with a text for people: a key of `door.ftl`.
    pub const fn spoken(code: u16, enhanced: (u8, u8, u8), key: &'static str) -> Self {
        Self { code, enhanced, words: Words::Spoken { key, url: Cow::Borrowed("") } }
    }

    /// The same with the address where people may write instead.
    #[must_use]
    pub fn at(mut self, place: &str) -> Self {
        if let Words::Spoken { url, .. } = &mut self.words {
            *url = Cow::Owned(place.to_owned());
        }
        self
    }

    /// 250: the mail is stored.
    pub const fn accepted() -> Self {
        Self::known(250, (2, 0, 0), "Accepted")
    }

    /// 250: the recipient is known.
    pub const fn recipient_accepted() -> Self {
        Self::known(250, (2, 1, 5), "Recipient accepted")
    }

    /// 451: something of ours does not work now; the sender keeps the mail and comes back.
    pub const fn try_later() -> Self {
        Self::spoken(451, (4, 3, 0), "door-later")
    }

    /// 452: no room at the moment.
    pub const fn no_room() -> Self {
        Self::spoken(452, (4, 3, 1), "door-no-room")
    }

    /// 550: nobody here has this address.
    pub const fn no_such_mailbox() -> Self {
        Self::spoken(550, (5, 1, 1), "door-nobody")
    }

    /// 550: the domain is not ours.
    pub const fn no_relaying() -> Self {
        Self::spoken(550, (5, 7, 1), "door-not-ours")
    }

    /// 550 with a sentence that says what to do instead.
    pub fn refused(text: impl Into<String>) -> Self {
        Self::new(550, (5, 7, 1), text)
    }

    /// 552: the mail is larger than we take.
    pub const fn too_large() -> Self {
        Self::spoken(552, (5, 3, 4), "door-too-large")
    }

    /// 554: the content cannot be accepted.
    pub const fn unacceptable() -> Self {
        Self::spoken(554, (5, 6, 0), "door-unacceptable")
    }

    /// The three-digit code.
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced status code.
    pub const fn enhanced(&self) -> (u8, u8, u8) {
        self.enhanced
    }

    /// What it says, in both languages.
    pub fn text(&self, first: Language) -> String {
        match &self.words {
            Words::Plain(text) => text.clone().into_owned(),
            Words::Spoken { key, url } => {
                let second = if first == Language::English { Language::Indonesian } else { Language::English };
                let say = |language| Texts(language).t1(key, "url", url.clone().into_owned());
                one_line(&format!("{} / {}", say(first), say(second)))
            }
        }
    }

    /// Did it work out?
    pub const fn is_success(&self) -> bool {
        self.code < 300
    }

    /// Is the sender asked to come back?
    pub const fn is_temporary(&self) -> bool {
        self.code >= 400 && self.code < 500
    }

    /// Writes the line. Letters outside ASCII may only be sent to a client that asked for SMTPUTF8 (RFC 6531 3.7.4).
    pub(super) fn write(&self, out: &mut Vec<u8>, utf8: bool, first: Language) {
        let (class, subject, detail) = self.enhanced;
        let text = self.text(first);
        // Writing to a vector cannot fail.
        let _ = write!(out, "{} {class}.{subject}.{detail} ", self.code);
        if utf8 || text.is_ascii() {
            out.extend_from_slice(text.as_bytes());
        } else {
            out.extend(text.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?')));
        }
        out.extend_from_slice(b"\r\n");
    }
}

impl fmt::Debug for Reply {
    /// Codes only: the sentence comes from outside this module.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, subject, detail) = self.enhanced;
        write!(f, "Reply({} {class}.{subject}.{detail})", self.code)
    }
}

/// One printable line: control characters and line separators become blanks, what is too long is cut.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(TEXT_BYTES_MAX));
    for c in text.trim().chars() {
        let c = if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
        if line.len() + c.len_utf8() > TEXT_BYTES_MAX {
            break;
        }
        line.push(c);
    }
    if line.is_empty() {
        line.push('-');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reply: &Reply, utf8: bool) -> String {
        let mut out = Vec::new();
        reply.write(&mut out, utf8, Language::English);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_reply_is_one_line_whatever_it_says() {
        let reply = Reply::new(550, (2, 7, 1), "No\r\n250 yes\0\u{7f}\u{2028}ä");
        assert_eq!(line(&reply, true), "550 5.7.1 No  250 yes   ä\r\n");
        assert_eq!(line(&reply, false), "550 5.7.1 No  250 yes   ?\r\n");
        assert_eq!(line(&Reply::new(550, (5, 0, 0), " \r\n"), true), "550 5.0.0 -\r\n");
    }

    #[test]
    fn a_long_reply_is_cut_between_letters() {
        let reply = Reply::new(451, (4, 0, 0), "ä".repeat(1_000));
        assert_eq!(reply.text(Language::English).len(), TEXT_BYTES_MAX);
        assert!(line(&Reply::new(451, (4, 0, 0), "€".repeat(1_000)), true).len() < 512);
    }

    #[test]
    fn what_people_read_is_said_in_two_languages() {
        let reply = Reply::spoken(550, (5, 1, 1), "door-unknown").at("https://surat.example");
        let english = line(&reply, false);
        let (first, second) = english.split_once(" / ").unwrap();
        assert!(first.starts_with("550 5.1.1 No such address"), "{english}");
        assert!(second.starts_with("Alamat ini tidak ada") && second.ends_with("\r\n"), "{english}");
        assert_eq!(english.matches("https://surat.example").count(), 2);
        let mut out = Vec::new();
        reply.write(&mut out, false, Language::Indonesian);
        assert!(out.starts_with(b"550 5.1.1 Alamat"));
    }

    #[test]
    fn every_text_of_the_door_fits_into_a_line_of_ascii() {
        for language in ["en", "id"] {
            let path = format!("{}/templates/lang/{language}/door.ftl", env!("CARGO_MANIFEST_DIR"));
            let file = std::fs::read_to_string(path).unwrap();
            assert!(file.is_ascii() && file.lines().all(|l| l.len() < 220), "{language}");
        }
    }

    #[test]
    fn a_code_that_makes_no_sense_asks_the_sender_to_come_back() {
        for code in [0, 100, 199, 300, 354, 600, u16::MAX] {
            assert_eq!(Reply::new(code, (9, 9, 9), "x").code(), 451);
        }
    }

    #[test]
    fn debug_shows_codes_only() {
        assert_eq!(format!("{:?}", Reply::refused("sari@example.org")), "Reply(550 5.7.1)");
    }
}
