//! Merpati: a secure mailbox for counseling by letter.
//!
//! A client writes in a web form or by e-mail. The letter passes a *door*, is parsed, screened and encrypted into the
//! client's *thread*, and only then acknowledged. A *counselor* finds it in the triage queue, opens it with a key that
//! exists only while they are signed in, and answers. The client gets a *notification* that says nothing, signs in and
//! reads. *Operators* run the house and *schedulers* keep its calendar; neither can read a letter.
//!
//! Words used everywhere: ARCHITECTURE.md, "Words". The modules below stand in the order a letter travels; each uses
//! only what stands above it (`tests/it/tidy.rs` checks that).
//!
//! What never happens:
//! - Nothing below `flow` opens a transaction; nothing above `store` writes SQL.
//! - Only `seal` names OpenPGP types, only `parse` mail-parser, only `outbox::transport` lettre, only `store` sqlx, only
//!   `web` axum.
//! - Plaintext of a letter lives inside one call of `flow::receive` or one page; no job, log line or table holds it.
//! - No step knows the time or draws randomness except through its arguments.
//! - What was acknowledged is stored; what cannot be stored is refused so that the sender keeps it.
//! - No usable key means no sending and no storing, never clear text.

// Words: no IO, nothing of ours below them.
pub mod address;
pub mod chance;
pub mod clock;
pub mod ids;
pub mod limits;
pub mod role;
pub mod secret;

// Words people read.
pub mod crisis;
pub mod texts;

// Steps: values in, values out.
pub mod commitments;
pub mod mime;
pub mod parse;
pub mod classify;
pub mod provenance;
pub mod screen;
pub mod guard;
pub mod seal;
pub mod unwrap;

// Ground: what is kept, and what every story needs at hand.
pub mod store;
pub mod house;
pub mod audit;

// Stories: where transactions begin and end.
pub mod flow;

// Doors and motors.
pub mod intake;
pub mod gateway;
pub mod motor;
pub mod fetch;
pub mod outbox;
pub mod jobs;
pub mod canary;
pub mod web;

// Assembly.
pub mod config;
pub mod custody;
pub mod telemetry;
pub mod app;
pub mod cli;
