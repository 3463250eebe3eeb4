//! Stories from the first page to the last: people at browsers and mail programs, a house behind its doors, and what lies
//! in its tables afterwards.

mod audit;
mod bad_input;
mod by_mail;
mod guessing;
mod main_road;
mod restore;
mod scan;
mod seals;
