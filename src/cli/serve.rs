//! `init` and `serve`.

use std::sync::Arc;

use clap::Args as ClapArgs;
use tokio::signal::unix::{SignalKind, signal};

use super::{Ended, Place, exit, say};
use crate::app::{self, Doors};
use crate::clock::{Clock as _, SystemClock};
use crate::flow::furnish;
use crate::house::House;
use crate::outbox::Transport;
use crate::role::{Role, Roles};
use crate::store::people;

/// Options of `serve`.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// Make keys and database first if there are none, and print the first operator's link.
    #[arg(long)]
    init: bool,
}

/// Makes what is missing; prints the first operator's link while there is nobody.
pub(super) async fn init(place: &Place) -> Result<(), Ended> {
    let house = prepare(place).await?;
    first_link(&house).await
}

async fn prepare(place: &Place) -> Result<House, Ended> {
    if app::make_keys_once(&place.home, &place.settings, SystemClock.now()).await? {
        say::line(format!(
            "New keys in {}: put a copy in a safe place, or make a backup.",
            crate::custody::folder(&place.home).display()
        ));
    }
    Ok(app::open_house(&place.home, &place.settings).await?)
}

async fn first_link(house: &House) -> Result<(), Ended> {
    if !people::list_staff(&mut house.db.read().await?).await?.is_empty() {
        return Ok(());
    }
    let link = furnish::invite(house, Roles::of(&[Role::Operator]), None).await?;
    say::line(
        "There is nobody yet. Open this link to make the first account, the operator's; it works once, for three days:",
    );
    say::line(format!("  {}", link.reveal()));
    Ok(())
}

/// Opens the doors and stays until told to stop: once to finish what is under way, twice to end at once.
pub(super) async fn serve(place: &Place, args: &Args) -> Result<(), Ended> {
    if !args.init && !crate::custody::exist(&place.home) {
        let text = format!("no keys in {}; run: merpati --home {} init", place.home.display(), place.home.display());
        return Err(Ended::new(exit::CONFIG, text));
    }
    let house = Arc::new(prepare(place).await?);
    // Before anybody can come in: a stop right after the start is a stop like any other.
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let doors = Doors::bind(&place.settings).await?;
    let transport = if place.settings.mail.relay.is_empty() {
        Transport::Folder(crate::config::outbox_folder(&place.home))
    } else {
        Transport::relay(&place.settings.mail.relay, place.settings.mail.hostname(), place.settings.mail.relay_ca())
            .map_err(|e| Ended::new(exit::CONFIG, format!("mail.relay: {e}")))?
    };
    first_link(&house).await?;
    welcome(place, &house);
    let running = app::start(house, doors, transport, place.settings.fetch.account(&place.home));
    loop {
        tokio::select! {
            _ = term.recv() => break,
            _ = int.recv() => break,
            _ = hangup.recv() => running.reload(),
        }
    }
    tracing::info!("closing the doors; a second signal ends at once");
    tokio::select! {
        () = running.stop() => tracing::info!("closed"),
        _ = term.recv() => tracing::warn!("ended at once"),
        _ = int.recv() => tracing::warn!("ended at once"),
    }
    Ok(())
}

fn welcome(place: &Place, house: &House) {
    let settings = &place.settings;
    say::line(format!("Merpati is open ({}).", house.db.engine()));
    say::line(format!("  Letters:  {}/", house.rules.public_url));
    say::line(format!("  Staff:    {}/staff", house.rules.public_url));
    for (name, at) in [
        ("SMTP:    ", &settings.mail.smtp),
        ("SMTPS:   ", &settings.mail.smtps),
        ("LMTP:    ", &settings.mail.lmtp),
        ("Metrics: ", &settings.metrics.listen),
    ] {
        if !at.is_empty() {
            say::line(format!("  {name} {at}"));
        }
    }
    if let Some(folder) = &house.rules.outbox_folder {
        say::line(format!(
            "  No relay is set, so mail that leaves is written into {} as .eml files.",
            folder.display()
        ));
    }
}
