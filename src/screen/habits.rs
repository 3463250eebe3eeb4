//! What a writer's mails have in common, so that a mail unlike all before it can be noticed.
//!
//! Names, programs, greetings are compared by keyed hashes and languages and hours by counts (`flow::habits`); nothing
//! of a letter is kept.

use super::sender::folded;
use super::words;
use crate::parse::{Letter, Outline};
use crate::secret::PlainText;

/// Header fields in which a mail program names itself.
const MAILERS: [&str; 2] = ["User-Agent", "X-Mailer"];
/// So much of a letter is looked at for its language.
const WORDS_MAX: usize = 400;
/// Common words of a language that a letter must hold to be in it.
const COMMON_MIN: usize = 6;
/// Lines from the end among which a name stands below a closing.
const CLOSING_LINES: usize = 4;

/// What a writer's mails have in common. No `Debug`.
#[derive(Default)]
pub struct Traits {
    /// The mail program, without its version.
    pub mailer: Option<PlainText>,
    /// The name in From.
    pub name: Option<PlainText>,
    /// The first word of the greeting.
    pub greeting: Option<PlainText>,
    /// The name below the closing words.
    pub signature: Option<PlainText>,
    /// The language of the writer's own words, where they tell.
    pub tongue: Option<Tongue>,
}

/// What a letter is written in, as coarse as it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    /// Indonesian.
    Indonesian,
    /// English.
    English,
    /// Letters of another script than ours.
    OtherScript,
}

/// In what a mail differs from everything its thread knew before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strange {
    /// Another mail program.
    pub mailer: bool,
    /// Another name in From.
    pub name: bool,
    /// Another language.
    pub language: bool,
    /// Another name below the letter.
    pub signature: bool,
    /// Another kind of greeting.
    pub greeting: bool,
    /// An hour at which nobody wrote before.
    pub hour: bool,
    /// Three names or more have written from this address.
    pub several_names: bool,
}

/// Reads what a writer's mails have in common.
pub fn traits(outline: &Outline<'_>, letter: &Letter) -> Traits {
    let mailer = MAILERS.iter().find_map(|field| outline.value(field)).and_then(|value| {
        // The version changes with every update; the name stays.
        let name: String = value.chars().take_while(|c| !c.is_ascii_digit() && *c != '/' && *c != '(').collect();
        let name = name.trim().to_lowercase();
        (!name.is_empty()).then(|| PlainText::new(name))
    });
    let name = outline.mailboxes("From").into_iter().next().and_then(|m| m.name);
    let name = name.map(|n| folded(&n)).filter(|n| !n.is_empty()).map(PlainText::new);
    let lines = own_lines(letter.text.reveal());
    Traits { mailer, name, greeting: greeting(&lines), signature: signature(&lines), tongue: tongue(&lines) }
}

/// The lines above anything quoted or passed on, as far as a glance tells: a mail that answers below yields none.
fn own_lines(text: &str) -> Vec<&str> {
    let ends = |line: &&str| {
        line.starts_with('>')
            || line.starts_with("---")
            || line.ends_with(':') && line.contains('@')
            || line.ends_with("wrote:")
            || line.ends_with("menulis:")
    };
    let lines = text.lines().map(str::trim).take_while(|l| !ends(l) && *l != "--");
    lines.filter(|l| !l.is_empty()).take(WORDS_MAX).collect()
}

fn greeting(lines: &[&str]) -> Option<PlainText> {
    let first = parts(lines.first()?).next()?;
    words::GREETING_WORDS.contains(&first).then(|| PlainText::new(first))
}

fn signature(lines: &[&str]) -> Option<PlainText> {
    let (name, above) = lines.split_last()?;
    let plain = |line: &str| folded(line.trim_matches(|c: char| !c.is_alphanumeric()));
    let closed = above.iter().rev().take(CLOSING_LINES - 1).any(|line| words::CLOSINGS.contains(&plain(line)));
    let name = plain(name);
    let short =
        (1..=3).contains(&name.split(' ').count()) && name.chars().all(|c| c.is_alphabetic() || " .'-".contains(c));
    (closed && short && !name.is_empty() && !words::CLOSINGS.contains(&name)).then(|| PlainText::new(name))
}

/// Three quarters of the common words found must be of one language: people mix.
fn tongue(lines: &[&str]) -> Option<Tongue> {
    let (mut ours, mut theirs, mut indonesian, mut english) = (0_usize, 0_usize, 0_usize, 0_usize);
    for word in lines.iter().flat_map(|l| parts(l)).take(WORDS_MAX) {
        if word.chars().all(|c| c.is_alphabetic() && c < '\u{370}') {
            ours += 1;
        } else if word.chars().any(char::is_alphabetic) && word.chars().all(|c| c >= '\u{370}') {
            theirs += 1;
        }
        indonesian += usize::from(words::INDONESIAN.contains(&word));
        english += usize::from(words::ENGLISH.contains(&word));
    }
    let most = |count: usize, rest: usize| count >= COMMON_MIN && count >= 3 * rest;
    if most(theirs, ours) {
        return Some(Tongue::OtherScript);
    }
    if most(indonesian, english) {
        return Some(Tongue::Indonesian);
    }
    most(english, indonesian).then_some(Tongue::English)
}

fn parts(line: &str) -> impl Iterator<Item = String> {
    line.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|w| !w.is_empty()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<String>, Option<String>, Option<Tongue>) {
        let lines = own_lines(text);
        let reveal = |t: Option<PlainText>| t.map(|t| t.reveal().clone());
        (reveal(greeting(&lines)), reveal(signature(&lines)), tongue(&lines))
    }

    #[test]
    fn how_a_letter_begins_ends_and_speaks() {
        let text =
            "Halo kak,\n\naku takut pulang karena ayah lagi marah dan ibu tidak ada di rumah.\n\nMakasih,\nBintang\n";
        assert_eq!(read(text), (Some("halo".into()), Some("bintang".into()), Some(Tongue::Indonesian)));
        let text =
            "Dear counselor,\nI am afraid to go home because my father is angry and I have nobody.\nThank you.\n- Star";
        assert_eq!(read(text), (Some("dear".into()), Some("star".into()), Some(Tongue::English)));
        assert_eq!(read("Mau tanya.\n\nOn Monday x wrote:\n> Hello\n> Thanks,\n> Ratna"), (None, None, None));
        assert_eq!(read("我很害怕 不敢 回家 因为 爸爸 生气 妈妈 不在").2, Some(Tongue::OtherScript));
        assert_eq!(read("aku feel so lonely, I don't know mau cerita ke siapa").2, None, "people mix");
        assert_eq!(read("Terima kasih").1, None);
    }
}
