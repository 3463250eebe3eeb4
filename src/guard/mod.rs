//! Looks at a reply before it leaves: is it written to the right person, and does it keep the counselor's privacy?
//!
//! The worst mistake of a mailbox is an answer in the wrong thread (M17): it cannot be undone. Signs of it are another
//! active client's name or case code, or a run of words that another client wrote. A private number or handle (R37) is
//! questioned too. Nothing here sends or stops anything: a person looks, and decides.
//!
//! Pure: texts in, doubts out.

mod contact;
mod tokens;

use std::collections::HashSet;

pub use contact::ContactKind;

use crate::secret::PlainText;
use tokens::{Token, tokens};

/// So many words in a row are somebody's own.
pub const OWN_WORDS: usize = 12;
/// A comparison shows at most so many.
const SHOWN_WORDS: usize = 40;
/// Shorter names are found in every letter.
const NAME_CHARS_MIN: usize = 3;

/// A client and what they wrote.
pub struct Person<'a> {
    /// The mailbox name.
    pub name: &'a str,
    /// The case code.
    pub code: &'a str,
    /// Letters of theirs.
    pub letters: Vec<&'a str>,
}

/// Why a reply should be looked at once more.
pub enum Doubt {
    /// It names another client.
    Name {
        /// Which of the others.
        other: usize,
    },
    /// It holds another client's case code.
    Code {
        /// Which of the others.
        other: usize,
    },
    /// It holds words another client wrote.
    Words {
        /// Which of the others.
        other: usize,
        /// The words, as they stand in the reply.
        shared: PlainText,
    },
    /// It gives away how to reach somebody outside of the mailbox.
    Contact {
        /// What kind.
        kind: ContactKind,
        /// As it stands in the reply.
        text: PlainText,
    },
}

impl Doubt {
    /// The word in the audit and in text keys.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Name { .. } => "name",
            Self::Code { .. } => "code",
            Self::Words { .. } => "words",
            Self::Contact { kind, .. } => kind.word(),
        }
    }

    /// Which of the others it points to.
    pub const fn other(&self) -> Option<usize> {
        match self {
            Self::Name { other } | Self::Code { other } | Self::Words { other, .. } => Some(*other),
            Self::Contact { .. } => None,
        }
    }
}

/// Compares a reply to `to` with what is known of others. `known` are numbers and addresses that are not private: the
/// house's own, and the crisis contacts.
pub fn look(reply: &str, to: &Person<'_>, others: &[Person<'_>], known: &[&str]) -> Vec<Doubt> {
    let words = tokens(reply);
    let own: Vec<Vec<Token<'_>>> = to.letters.iter().map(|l| tokens(l)).collect();
    let own_name = tokens(to.name);
    let own_runs: HashSet<u64> = own.iter().flat_map(|l| runs(l)).map(|(_, hash)| hash).collect();
    let reply_runs: Vec<(usize, u64)> = runs(&words).filter(|(_, hash)| !own_runs.contains(hash)).collect();
    let mut doubts = Vec::new();
    for (other, person) in others.iter().enumerate() {
        let name = tokens(person.name);
        // What this client says of themself or of others is theirs to say, and may be answered.
        let is_theirs = holds(&own_name, &name).is_some() || own.iter().any(|l| holds(l, &name).is_some());
        if !is_theirs && names(&words, &name) {
            doubts.push(Doubt::Name { other });
        }
        if holds(&words, &tokens(person.code)).is_some() {
            doubts.push(Doubt::Code { other });
        }
        if let Some(shared) = shared_words(reply, &words, &reply_runs, &person.letters) {
            doubts.push(Doubt::Words { other, shared });
        }
    }
    doubts.extend(contact::find(reply, known).into_iter().map(|(kind, text)| Doubt::Contact { kind, text }));
    doubts
}

/// Every run of [`OWN_WORDS`] words: where it begins, and its hash.
fn runs<'t>(words: &'t [Token<'_>]) -> impl Iterator<Item = (usize, u64)> + 't {
    words.windows(OWN_WORDS).enumerate().map(|(at, run)| {
        // FNV-1a over the words' own hashes: equal runs are equal, and what is shown is compared by a person.
        let hash = run.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, t| (h ^ t.hash).wrapping_mul(0x0100_0000_01b3));
        (at, hash)
    })
}

/// The first run of the reply that one of these letters holds, as long as it goes on.
fn shared_words(reply: &str, words: &[Token<'_>], runs_of: &[(usize, u64)], letters: &[&str]) -> Option<PlainText> {
    if runs_of.is_empty() {
        return None;
    }
    let theirs: HashSet<u64> = letters.iter().flat_map(|l| runs(&tokens(l)).map(|r| r.1).collect::<Vec<_>>()).collect();
    let first = runs_of.iter().position(|(_, hash)| theirs.contains(hash))?;
    let (begin, _) = *runs_of.get(first)?;
    let goes_on = runs_of.iter().skip(first).enumerate();
    let more = goes_on.take_while(|(n, (at, hash))| *at == begin + n && theirs.contains(hash)).count();
    let last = (begin + OWN_WORDS + more.saturating_sub(1)).min(begin + SHOWN_WORDS).min(words.len());
    let (from, to) = (words.get(begin)?.begin, words.get(last.checked_sub(1)?)?.end);
    Some(PlainText::new(reply.get(from..to)?.to_owned()))
}

/// Where `wanted` stands in `words`, word for word.
fn holds(words: &[Token<'_>], wanted: &[Token<'_>]) -> Option<usize> {
    if wanted.is_empty() {
        return None;
    }
    words.windows(wanted.len()).position(|run| run.iter().zip(wanted).all(|(a, b)| a.folded == b.folded))
}

/// Whether a mailbox name stands in a text as a name. A name of one word must be written with a capital, where its script
/// has them: many clients are called by an everyday word.
fn names(words: &[Token<'_>], name: &[Token<'_>]) -> bool {
    if name.iter().map(|t| t.folded.chars().count()).sum::<usize>() < NAME_CHARS_MIN {
        return false;
    }
    match name {
        [one] => words.iter().any(|w| w.folded == one.folded && w.is_capital()),
        _ => holds(words, name).is_some(),
    }
}

#[cfg(test)]
mod tests;
