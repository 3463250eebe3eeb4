//! What a form has to mend, field by field.

use crate::flow::enter::EntryProblem;
use crate::texts::Texts;

/// Fields and what is wrong with them, in the reader's language.
#[derive(Default)]
pub(crate) struct Problems(Vec<(&'static str, String)>);

impl Problems {
    /// One problem; `field` is the id of its input.
    pub(crate) fn one(field: &'static str, text: String) -> Self {
        Self(vec![(field, text)])
    }

    /// What is wrong with a field.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(f, _)| *f == field).map(|(_, text)| text.as_str())
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[(&'static str, String)] {
        &self.0
    }

    /// What is wrong with a form for coming in.
    pub(super) fn entry(texts: Texts, problem: EntryProblem) -> Self {
        let (field, key) = match problem {
            EntryProblem::NameShape => ("name", "staff-name-shape"),
            EntryProblem::NameTaken => ("name", "staff-name-taken"),
            EntryProblem::SecretLength => ("secret", "staff-secret-length"),
            EntryProblem::SecretWeak => ("secret", "staff-secret-weak"),
            EntryProblem::DeskClosed | EntryProblem::Invitation => ("name", "staff-invitation-gone"),
        };
        Self::one(field, texts.t(key))
    }
}
