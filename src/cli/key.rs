//! `key`: the practice's public key.

use clap::Subcommand;

use super::{Ended, Place, exit, say};
use crate::custody;

/// Commands about keys.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Print the fingerprint of the practice key.
    ///
    /// Example: merpati --home var key show
    Show,
    /// Print the public key, for people who write with PGP.
    ///
    /// Example: merpati --home var key export
    Export,
}

pub(super) async fn run(place: &Place, command: &Command) -> Result<(), Ended> {
    let keys = custody::load(&place.home, &place.settings).map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
    match command {
        Command::Show => say::line(keys.practice.fingerprint()),
        Command::Export => {
            say::line(keys.practice.public_armored().map_err(|e| Ended::new(exit::UNAVAILABLE, e))?.trim_end())
        }
    }
    Ok(())
}
