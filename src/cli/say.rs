//! What commands print.

use std::io::Write as _;

/// A line on standard output. A closed pipe is no error of ours.
pub(crate) fn line(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A line on standard error.
pub(crate) fn error(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "merpati: {text}");
}
