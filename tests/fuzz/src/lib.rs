//! What must hold for any bytes a stranger may send: one walk for each fuzz target.
//!
//! A walk is a plain function that panics where something does not hold. The fuzzer calls it (`targets/`), and so does
//! `cargo test` (`tests/it/fuzz.rs`), with the regressions, a part of the corpus and a few random inputs. It uses only
//! what the library offers to everybody.
//!
//! The project forbids `unsafe`, so the sanitizers would watch other people's code only: the targets are built without.

pub mod choices;
pub mod classify;
pub mod compose;
pub mod parse;
pub mod pgp;
pub mod smtp;
pub mod smtp_model;

/// Takes any bytes; panics where something does not hold.
pub type Walk = fn(&[u8]);

/// The walks, by the names of their targets.
pub const WALKS: [(&str, Walk); 4] =
    [("parse", parse::walk), ("classify", classify::walk), ("smtp", smtp::walk), ("pgp", pgp::walk)];
