//! PGP mail of other people and other programs: opened, shut, told apart; ours read by theirs.

mod attacks;
mod corpus;
mod gnupg;
mod locate;
mod programs;
mod stories;
