//! The mail gateway against the real world: corpora, other programs, hostile mail.

mod fetch;
mod guard;
mod sender;
