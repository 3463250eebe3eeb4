//! `ingest`: one mail from standard input, for a mail server's pipe transport.

use std::io::Read as _;

use clap::Args as ClapArgs;

use super::{Ended, Place, exit};
use crate::app;
use crate::flow::receive::{self, NoDestination, Received};
use crate::gateway;
use crate::limits::MAIL_BYTES_MAX;
use crate::role::Language;
use crate::secret::PlainBytes;

/// Options of `ingest`.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The address it was sent to.
    #[arg(long)]
    to: String,
    /// The envelope sender; empty ("") for bounces and other machines.
    #[arg(long)]
    from: Option<String>,
}

pub(super) async fn run(place: &Place, args: &Args) -> Result<(), Ended> {
    let (local, domain) = args.to.rsplit_once('@').unwrap_or((&args.to, ""));
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAIL_BYTES_MAX).unwrap_or(u64::MAX);
    std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(|e| Ended::new(exit::TEMP, e))?;
    let mail = PlainBytes::new(bytes);
    if mail.reveal().is_empty() {
        return Err(Ended::new(exit::DATA, "the mail is empty; give it on standard input"));
    }
    if mail.reveal().len() > MAIL_BYTES_MAX {
        return Err(Ended::new(exit::DATA, "the mail is larger than 25 MB"));
    }
    let house = app::open_house(&place.home, &place.settings).await.map_err(|e| Ended::new(exit::TEMP, e))?;
    let to = receive::destination(&house, local, &domain.to_ascii_lowercase()).await.map_err(|why| {
        let code = if matches!(why, NoDestination::Failure(_)) { exit::TEMP } else { exit::NO_USER };
        Ended::new(code, gateway::refused(&house, why).text(Language::English))
    })?;
    // A mail server of ours calls this; what it wrote into the mail is all there is to know.
    let provenance = house.witnesses.read(mail.reveal());
    let outcome = receive::by_mail(&house, &to, args.from.as_deref() == Some(""), &provenance, mail).await;
    house.db.close().await;
    match outcome {
        Ok(Received::Refused(why)) => {
            Err(Ended::new(exit::DATA, gateway::not_taken(&house, why).text(Language::English)))
        }
        Ok(_) => Ok(()),
        Err(failure) => Err(Ended::new(exit::TEMP, failure)),
    }
}
