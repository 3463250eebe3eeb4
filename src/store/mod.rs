//! What is kept: two engines behind one seam.
//!
//! [`Db`] opens either SQLite (one machine) or PostgreSQL (several nodes). [`Conn`] reads; [`Tx`] also writes, and only
//! `flow` begins and ends one. Every statement is a named constant with `$1` placeholders that both engines read; a test
//! prepares each of them on both. The few that must differ stand side by side.
//!
//! Tables hold three kinds of column only (integer, text, bytes), times as UTC microseconds, ids as 16 bytes.

pub mod arrivals;
pub mod attempts;
mod backup;
pub mod bounces;
pub mod canary;
pub mod chain;
pub mod client_keys;
mod conn;
pub mod decisions;
pub mod delivery;
pub mod desks;
pub mod doubts;
pub mod drafts;
pub mod epochs;
mod error;
pub mod fetched;
mod gather;
mod group;
pub mod held;
pub mod hints;
pub mod jobs;
pub mod letters;
mod migrate;
pub mod outbox;
pub mod people;
pub mod queue;
pub mod retired;
pub mod sessions;
mod tables;
pub mod threads;
mod together;
pub mod trail;

pub use backup::Value;
pub use conn::{Conn, Db, Each, Tx};
pub use error::StoreError;
pub use gather::{Gathering, Lookups};
pub use tables::{Column, TABLES, Table};

use crate::clock::Moment;

/// Declares statements as constants and lists them for the test that prepares each on both engines.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+
        pub(super) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
pub(crate) use statements;

/// Runs one expression on whichever engine a connection belongs to.
macro_rules! on {
    ($conn:expr, |$c:ident| $body:expr) => {{
        let outcome: Result<_, _> = match $conn.each() {
            $crate::store::Each::Sqlite($c) => $body,
            $crate::store::Each::Postgres($c) => $body,
        };
        if outcome.is_err() {
            $conn.note_failure();
        }
        outcome
    }};
}
pub(crate) use on;

/// Every statement of the store: where it stands, its name, its text.
pub fn all_statements() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let all: &[(&'static str, &'static [(&'static str, &'static str)])] = &[
        ("arrivals", arrivals::ALL),
        ("attempts", attempts::ALL),
        ("bounces", bounces::ALL),
        ("canary", canary::ALL),
        ("chain", chain::ALL),
        ("client_keys", client_keys::ALL),
        ("decisions", decisions::ALL),
        ("delivery", delivery::ALL),
        ("desks", desks::ALL),
        ("doubts", doubts::ALL),
        ("drafts", drafts::ALL),
        ("epochs", epochs::ALL),
        ("fetched", fetched::ALL),
        ("held", held::ALL),
        ("hints", hints::ALL),
        ("jobs", jobs::ALL),
        ("letters", letters::ALL),
        ("outbox", outbox::ALL),
        ("people", people::ALL),
        ("queue", queue::ALL),
        ("retired", retired::ALL),
        ("sessions", sessions::ALL),
        ("threads", threads::ALL),
        ("trail", trail::ALL),
    ];
    all.iter().flat_map(|(module, list)| list.iter().map(move |(name, sql)| (*module, *name, *sql)))
}

/// No bytes.
const NOTHING: &[u8] = &[];

/// A time column: 0 stands for "not yet".
fn moment(micros: i64) -> Option<Moment> {
    (micros != 0).then_some(Moment::from_micros(micros))
}

/// An id column.
fn id<T: for<'a> TryFrom<&'a [u8]>>(bytes: &[u8], column: &'static str) -> Result<T, StoreError> {
    T::try_from(bytes).map_err(|_| StoreError::inconsistent(column, bytes))
}

/// A nullable id column.
fn maybe_id<T: for<'a> TryFrom<&'a [u8]>>(bytes: Option<&[u8]>, column: &'static str) -> Result<Option<T>, StoreError> {
    bytes.map(|b| id(b, column)).transpose()
}

/// A word column.
fn word<T: std::str::FromStr>(text: &str, column: &'static str, row: &[u8]) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::inconsistent(column, row))
}

/// A write that must touch exactly one row.
fn one(touched: u64, what: &'static str) -> Result<(), StoreError> {
    if touched == 1 { Ok(()) } else { Err(StoreError::Gone(what)) }
}
