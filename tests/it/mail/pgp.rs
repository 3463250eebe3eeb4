//! PGP mail of other people and other programs: opened, shut, told apart; ours read by theirs.

mod corpus;
mod gnupg;
mod programs;
mod stories;
