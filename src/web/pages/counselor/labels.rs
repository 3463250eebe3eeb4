//! Labels on letters and on the shelf: what was odd about a mail, in words.

use crate::screen::{Case, Signal};
use crate::texts::Texts;

/// A label with the reasons behind it.
pub(super) struct Label {
    /// The word of its case, for the form.
    pub(super) case: String,
    /// In a few words.
    pub(super) text: String,
    /// Why, one sentence each.
    pub(super) why: Vec<String>,
    /// Was wrong so often that it is only a grey tag.
    pub(super) is_grey: bool,
    /// The page can name the others who got the letter.
    pub(super) has_others: bool,
}

/// One label for each case among a letter's signals.
pub(super) fn labels(texts: Texts, signals: &[Signal], grey: &[Signal]) -> Vec<Label> {
    let mut cases: Vec<Case> = signals.iter().map(|s| s.case()).collect();
    cases.dedup();
    let label = |case: Case| {
        let mine = || signals.iter().filter(move |s| s.case() == case);
        // The strongest signal gives the label its name.
        let named = mine().max_by_key(|s| s.strength())?;
        Some(Label {
            case: format!("{case:?}"),
            text: texts.t(&format!("held-reason-{}", named.word())),
            why: mine().map(|s| texts.t(&format!("held-why-{}", s.word()))).collect(),
            is_grey: case == Case::M6 || mine().all(|s| grey.contains(s)),
            has_others: case == Case::M4,
        })
    };
    cases.into_iter().filter_map(label).collect()
}

/// The case a form names.
pub(super) fn case(word: &str) -> Option<Case> {
    Signal::ALL.iter().map(|s| s.case()).find(|c| format!("{c:?}") == word)
}
