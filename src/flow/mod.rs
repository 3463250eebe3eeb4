//! The stories: one file = one use case = where transactions begin and end.
//!
//! A story takes `&House` and plain values, from whichever door, and returns plain values. Encryption happens outside
//! transactions, and no transaction waits for the network.

pub mod answer;
pub mod bounce;
pub mod canary;
pub mod chores;
pub mod client_keys;
pub mod code_word;
pub mod directory;
pub mod enter;
pub mod fetching;
pub mod furnish;
pub mod guard;
mod habits;
pub mod hints;
pub(crate) mod hold;
pub mod keep;
pub mod keyring;
pub mod leave;
pub mod letter_mail;
pub mod notify;
pub mod oversee;
pub mod own_threads;
pub mod read;
pub mod receive;
pub(crate) mod sealing;
pub mod session;
pub mod shelf;
pub mod takeaway;
pub mod throttle;
pub mod trail;
pub mod tray;
pub mod undo;
pub mod words;
pub mod work;
pub mod wrapping;
pub mod write;
