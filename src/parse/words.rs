//! The word for each oddity of a mail, as `check mail` prints it.

use super::{Problem, Unreadable};

impl Problem {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NulBytes => "nul-bytes",
            Self::HeadersMalformed => "headers-malformed",
            Self::FieldTooLong => "field-too-long",
            Self::FromMissing => "from-missing",
            Self::FromAmbiguous => "from-ambiguous",
            Self::FromUnreadable => "from-unreadable",
            Self::SubjectAmbiguous => "subject-ambiguous",
            Self::SubjectCut => "subject-cut",
            Self::BoundaryMissing => "boundary-missing",
            Self::BoundaryUnclosed => "boundary-unclosed",
            Self::EncodingUnknown => "encoding-unknown",
            Self::EncodingDamaged => "encoding-damaged",
            Self::CharsetUnknown => "charset-unknown",
            Self::CharsetGuessed => "charset-guessed",
            Self::Undecodable => "undecodable",
            Self::TextCut => "text-cut",
        }
    }
}

impl Unreadable {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotAMail => "not-a-mail",
            Self::TooLarge => "too-large",
            Self::HeadersTooLarge => "headers-too-large",
            Self::TooManyHeaders => "too-many-headers",
            Self::TooManyParts => "too-many-parts",
            Self::TooDeep => "too-deep",
            Self::Broken => "broken",
        }
    }
}
