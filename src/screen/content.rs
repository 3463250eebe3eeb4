//! What a mail says, as far as that shows whose words it holds and what its writer wants: passed-on words, questions
//! about a person.
//!
//! Whatever is found here labels or, twice, makes a person look. It never decides alone, because people write as they
//! like.

use super::words::{self, Text};
use super::{Facts, Seen, SenderFit, Signal};
use crate::classify::{Kind, Nature};
use crate::parse::{Letter, Outline};

/// So few words of their own before what they pass on.
const FEW_WORDS: usize = 5;

pub(super) fn find(
    outline: &Outline<'_>,
    letter: &Letter,
    nature: &Nature,
    fresh: &str,
    facts: &Facts<'_>,
    seen: &mut Seen,
) {
    passed_on(outline, letter, nature, fresh, facts, seen);
    seen.add_if(letter.signs.encrypted && facts.locked, Signal::Locked);
    let whole = format!("{}\n{fresh}", letter.subject.reveal()).to_lowercase();
    let whole = Text::read(&whole);
    seen.add_if(asks_about_person(&whole), Signal::AsksAboutPerson);
    seen.add_if(whole.holds(&words::OFFICES), Signal::OfficialWords);
}

/// One sentence that asks, of a person, whether and what they write to us.
fn asks_about_person(text: &Text<'_>) -> bool {
    text.holds_together(&[&words::PERSONS, &words::DEALINGS, &words::ASKING])
}

fn passed_on(outline: &Outline<'_>, letter: &Letter, nature: &Nature, fresh: &str, facts: &Facts<'_>, seen: &mut Seen) {
    let is_forward = nature.kind == Kind::Forward || nature.forward.is_some();
    let enclosed = outline.parts().any(|p| p.media_type() == "message/rfc822") && nature.kind.is_human();
    let prefixed = has_forward_prefix(letter.subject.reveal());
    seen.add_if(prefixed, Signal::ForwardPrefix);
    seen.add_if(is_forward && nature.forward.is_some(), Signal::ForwardDivider);
    seen.add_if(enclosed, Signal::EnclosedMail);
    let few = fresh.split_whitespace().count() <= FEW_WORDS;
    seen.add_if(few && (prefixed || is_forward || enclosed), Signal::FewOwnWords);
    let passes_on = is_forward || enclosed || (prefixed && few);
    seen.add_if(passes_on && facts.fit == SenderFit::NoThread, Signal::ThirdPartyForward);
}

/// A prefix alone is always soft: `TR` and `I` also begin ordinary subjects.
fn has_forward_prefix(subject: &str) -> bool {
    let Some((head, _)) = subject.split_once([':', '：']) else { return false };
    let head = head.split(['[', '(']).next().unwrap_or_default().trim().to_lowercase();
    words::FORWARD_PREFIXES.contains(&head)
}

/// Whether these words stand in a text as words of their own.
pub(super) fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + words.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_somebody_asks_about_a_person() {
        for text in [
            "selamat pagi, apakah anak saya pernah menulis ke sini?",
            "mohon data klien atas nama sari",
            "does my daughter write to you?",
            "please confirm whether a student named budi is a client",
        ] {
            assert!(asks_about_person(&Text::read(text)), "{text}");
        }
        for text in ["apakah aku boleh menulis lagi?", "anak saya. surat. apakah?", "is it ok if i write at night?"] {
            assert!(!asks_about_person(&Text::read(text)), "{text}");
        }
    }

    #[test]
    fn forward_prefixes_with_counters_and_wide_colons() {
        for subject in ["Fwd: halo", "TRS: surat", "Fw[2]: x", "转发：信", "WG : x"] {
            assert!(has_forward_prefix(subject), "{subject}");
        }
        for subject in ["Re: halo", "halo", "Forward planning: x", "Catatan fwd"] {
            assert!(!has_forward_prefix(subject), "{subject}");
        }
        assert!(contains_words("tentang meja bk, ya", "meja bk") && !contains_words("meja bkx", "meja bk"));
    }
}
