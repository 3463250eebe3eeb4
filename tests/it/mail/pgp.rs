//! PGP mail of other people and other programs: opened, shut, told apart.

mod corpus;
