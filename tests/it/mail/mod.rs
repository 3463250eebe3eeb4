//! The mail gateway against the real world: corpora, other programs, hostile mail.

mod canary;
mod check;
mod every_file;
mod fetch;
mod guard;
mod kinds;
mod layers;
mod pgp;
mod sender;
mod sheet;
