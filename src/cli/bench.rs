//! `bench`: placeholder until the benchmarks join.

use clap::Subcommand;

use super::{Ended, Place};

#[derive(Subcommand)]
pub(super) enum Command {}

pub(super) async fn run(_: &Place, command: &Command) -> Result<(), Ended> {
    match *command {}
}
