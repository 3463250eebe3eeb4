//! The mail gateway against the real world: corpora, other programs, hostile mail.

mod bounces;
mod canary;
mod check;
mod doors;
mod every_file;
mod fetch;
mod guard;
mod kinds;
mod layers;
mod passed_on;
mod pgp;
mod postfix;
mod sender;
mod screening;
mod sheet;
mod shelf;
mod threads;
