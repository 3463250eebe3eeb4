//! `bench`: measures this program on this machine.
//!
//! Every benchmark works in a folder of its own under the temporary directory and on loopback ports; nothing of a real
//! home is touched. With `--postgres` the database named must be empty, and it is filled.
//!
//! - `scene`: a house with a desk, counselors and clients; `server`: this program as a child process; `report`: what is
//!   printed.
//! - `lmtp`, `browser`: the two clients. `fill`: very many rows.
//! - `letters`, `pages`, `handover`, `memory`: the benchmarks; `yardstick` runs the limit program beside them.

mod browser;
mod fill;
mod handover;
mod letters;
mod lmtp;
mod memory;
mod pages;
mod report;
mod scene;
mod server;
mod yardstick;

use clap::{Args, Subcommand};

use super::{Ended, exit, say};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Letters per second through LMTP.
    ///
    /// Example: merpati bench letters --connections 1,8,32 --letters 10000
    Letters(letters::Args),
    /// Time of the queue page and of thread pages, and of the first page after a start.
    ///
    /// Example: merpati bench pages --threads 1000,10000
    Pages(pages::Args),
    /// Time of handing over a thread with 10 and with 10,000 letters.
    ///
    /// Example: merpati bench handover
    Handover(handover::Args),
    /// Resident memory: idle, under letters, while taking one mail of 25 MB.
    ///
    /// Example: merpati bench memory
    Memory(memory::Args),
}

/// What every benchmark may be told.
#[derive(Args)]
struct Common {
    /// Work on this PostgreSQL database, which must be empty, instead of on SQLite.
    #[arg(long)]
    postgres: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: &Command) -> Result<(), Ended> {
    let (report, json) = match command {
        Command::Letters(args) => (letters::run(args).await?, args.common.json),
        Command::Pages(args) => (pages::run(args).await?, args.common.json),
        Command::Handover(args) => (handover::run(args).await?, args.common.json),
        Command::Memory(args) => (memory::run(args).await?, args.common.json),
    };
    say::line(if json { report.json() } else { report.text() });
    Ok(())
}

/// A benchmark that cannot go on.
fn stuck(why: impl std::fmt::Display) -> Ended {
    Ended::new(exit::UNAVAILABLE, format!("bench: {why}"))
}
