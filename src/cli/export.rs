//! `thread export`: a client's letters for any PGP program.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Ended, Place, exit, say};
use crate::app;
use crate::custody;
use crate::flow::takeaway;
use crate::house::Failure;

/// Commands about threads.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Write a client's letters as an mbox of PGP/MIME mails, and the key to them locked with the client's secret.
    ///
    /// The client types the secret; nobody else can do this. Then: gpg --import thread-key.asc
    ///
    /// Example: merpati --home var thread export "Bintang Sore" --out letters
    Export {
        /// The mailbox name.
        mailbox: String,
        /// A new folder for the files.
        #[arg(long)]
        out: PathBuf,
        /// Read the secret from this file (mode 600) instead of asking.
        #[arg(long)]
        secret_file: Option<PathBuf>,
    },
}

pub(super) async fn run(place: &Place, command: &Command) -> Result<(), Ended> {
    let Command::Export { mailbox, out, secret_file } = command;
    let secret = super::backup::secret(secret_file.as_deref(), "Secret of the mailbox: ")?;
    let house = app::open_house(&place.home, &place.settings).await?;
    let all = takeaway::make(&house, mailbox, &secret).await.map_err(|e| match e {
        Failure::NotAllowed => Ended::new(exit::DATA, "mailbox name and secret do not fit"),
        other => other.into(),
    })?;
    std::fs::create_dir(out).map_err(|e| {
        Ended::new(exit::DATA, format!("{}: {e}; name a folder that does not exist yet", out.display()))
    })?;
    for thread in &all {
        for (name, content) in [("thread-key.asc", &thread.key[..]), ("letters.mbox", &thread.mbox[..])] {
            let path = out.join(format!("{}-{name}", thread.desk));
            custody::write_new(&path, content).map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
        }
        say::line(format!("{}: {} letters, {} damaged and left out", thread.desk, thread.letters, thread.damaged));
    }
    house.db.close().await;
    Ok(())
}
