//! What needs more than one module: the store on both engines, and what must hold for the sources as a whole.
//!
//! One binary, so that it is linked once and shares one PostgreSQL (`support/postgres.rs`). A test that runs on both
//! engines is called `...::sqlite::name` and `...::postgres::name`.

// `cfg(test)` is always set here; spelled out, it tells the lints that these are tests and may unwrap.
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod store;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod support;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod tidy;
