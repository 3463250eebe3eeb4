//! Lists of words, in `words/*.txt`: commas and line ends part them, `#` begins a line of explanation.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words of a text that are looked at.
const WORDS_MAX: usize = 20_000;
/// Stands between two sentences of a [`Text`].
const PAUSE: &str = ".";

/// A list of words and phrases.
pub(super) struct Listed {
    all: Vec<&'static str>,
    whole: HashSet<&'static str>,
    /// The phrases, word by word, under their first word: a text is walked once, however long the list.
    by_first: HashMap<&'static str, Vec<Vec<&'static str>>>,
}

/// A list, read once.
pub(super) type List = LazyLock<Listed>;

impl Listed {
    /// Whether it holds exactly this.
    pub(super) fn contains(&self, word: &str) -> bool {
        self.whole.contains(word)
    }

    /// One by one.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().copied()
    }
}

/// A text in lower case, word by word, with a mark between its sentences.
pub(super) struct Text<'t>(Vec<&'t str>);

impl<'t> Text<'t> {
    pub(super) fn read(text: &'t str) -> Self {
        let mut words = Vec::new();
        for sentence in text.split(['.', '?', '!', '\n']) {
            words.extend(parts(sentence));
            words.push(PAUSE);
            if words.len() >= WORDS_MAX {
                break;
            }
        }
        Self(words)
    }

    /// Whether a word or phrase of the list stands in it.
    pub(super) fn holds(&self, list: &Listed) -> bool {
        found(&self.0, list).next().is_some()
    }

    /// How many different entries of the list stand in it.
    pub(super) fn count(&self, list: &Listed) -> usize {
        let mut all: Vec<&[&str]> = found(&self.0, list).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    /// Whether one sentence holds something of each list.
    pub(super) fn holds_together(&self, lists: &[&Listed]) -> bool {
        self.0.split(|w| *w == PAUSE).any(|s| lists.iter().all(|list| found(s, list).next().is_some()))
    }
}

/// The entries of a list in a text.
fn found<'w>(words: &'w [&'w str], list: &'w Listed) -> impl Iterator<Item = &'w [&'static str]> {
    words.iter().enumerate().flat_map(move |(at, word)| {
        let rest = words.get(at..).unwrap_or_default();
        let phrases = list.by_first.get(word).map_or(&[][..], Vec::as_slice);
        phrases.iter().map(Vec::as_slice).filter(move |phrase| rest.starts_with(phrase))
    })
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|w| !w.is_empty())
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident $file:literal;)+) => {
        $($(#[$doc])* pub(super) static $name: List = LazyLock::new(|| read(include_str!($file)));)+

        #[cfg(test)]
        static ALL: &[&List] = &[$(&$name),+];
    };
}

lists! {
    /// Words with which a letter begins and a name follows.
    GREETINGS "words/greetings.txt";
    /// Whom nobody greets at a counseling desk.
    BUSINESS_NAMES "words/business-names.txt";
    /// Words that greet a counselor, or nobody in particular.
    FAMILIAR "words/familiar.txt";
    /// What may follow a greeting in a capital and is no name.
    NO_NAMES "words/no-names.txt";
    /// Words in the names of business files.
    BUSINESS_FILES "words/business-files.txt";
    /// Words of business.
    BUSINESS "words/business.txt";
    /// Words of people who tell something about themselves.
    OWN_MATTERS "words/own-matters.txt";
    /// How a question begins, or a request.
    ASKING "words/asking.txt";
    /// Of whom somebody asks.
    PERSONS "words/persons.txt";
    /// What somebody asks of a counseling desk about a person.
    DEALINGS "words/dealings.txt";
    /// How police, court, press, lawyers and parents say who they are, or what they come for.
    OFFICES "words/offices.txt";
    /// Prefixes of a forwarded mail's subject.
    FORWARD_PREFIXES "words/forward-prefixes.txt";
    /// Mail providers people here write from.
    PROVIDERS "words/providers.txt";
    /// First words of addresses that several people read.
    SHARED_NAMES "words/shared-names.txt";
    /// Endings and names of offices that ask about people.
    OFFICIAL_DOMAINS "words/official-domains.txt";
    /// Words in the domains of offices that ask about people.
    OFFICIAL_LABELS "words/official-labels.txt";
    /// Common words of Indonesian, as people write it to each other.
    INDONESIAN "words/indonesian.txt";
    /// Common words of English.
    ENGLISH "words/english.txt";
    /// Lines below which a writer puts their name.
    CLOSINGS "words/closings.txt";
    /// First words of greetings.
    GREETING_WORDS "words/greeting-words.txt";
}

fn read(file: &'static str) -> Listed {
    let lines = file.lines().filter(|l| !l.starts_with('#'));
    let all: Vec<&str> = lines.flat_map(|l| l.split(',')).map(str::trim).filter(|w| !w.is_empty()).collect();
    let mut by_first = HashMap::<_, Vec<_>>::new();
    for entry in &all {
        let phrase: Vec<&str> = parts(entry).collect();
        if let Some(first) = phrase.first() {
            by_first.entry(*first).or_default().push(phrase);
        }
    }
    Listed { whole: all.iter().copied().collect(), all, by_first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_once_and_in_lower_case() {
        for list in ALL {
            let mut words: Vec<_> = list.iter().collect();
            words.sort_unstable();
            let all = words.len();
            words.dedup();
            assert_eq!(words.len(), all, "{words:?}");
            assert!(all > 2 && words.iter().all(|w| w.to_lowercase() == **w), "{words:?}");
        }
    }

    #[test]
    fn phrases_are_found_as_words_of_their_own() {
        let list = read("surat panggilan, court order");
        assert!(Text::read("ada surat panggilan dari sana").holds(&list));
        for text in ["ada surat. panggilan dari sana", "suratpanggilan", "surat panggilannya", "court", ""] {
            assert!(!Text::read(text).holds(&list), "{text}");
        }
        assert_eq!(Text::read("a court order, surat-panggilan, court order").count(&list), 2);
        let other = read("dari sana, x");
        assert!(Text::read("surat panggilan dari sana").holds_together(&[&list, &other]));
        assert!(!Text::read("surat panggilan! dari sana").holds_together(&[&list, &other]));
    }
}
