//! `person`: who works here, and how colleagues come in.

use clap::Subcommand;

use super::{Ended, Place, exit, say};
use crate::app;
use crate::flow::furnish;
use crate::flow::session::Realm;
use crate::house::{Failure, House};
use crate::ids::DeskId;
use crate::role::{Role, Roles};
use crate::store::{StoreError, desks, people};

/// Commands about people.
#[derive(Subcommand)]
pub(super) enum Command {
    /// List everybody of the house.
    ///
    /// Example: merpati --home var person list
    List,
    /// Make a link with which a colleague comes in, once, within three days.
    ///
    /// Example: merpati --home var person invite --roles counselor --desk konseling
    Invite {
        /// counselor, scheduler, operator; several with commas.
        #[arg(long)]
        roles: String,
        /// Short name of the desk they sit at.
        #[arg(long)]
        desk: Option<String>,
    },
    /// Seat a colleague at one more desk; a counselor who sits there then lets them read.
    ///
    /// Example: merpati --home var person seat "Bu Ratna" --desk konseling
    Seat {
        /// The name they sign in with.
        name: String,
        /// Short name of the desk.
        #[arg(long)]
        desk: String,
    },
}

pub(super) async fn run(place: &Place, command: Command) -> Result<(), Ended> {
    let house = app::open_house(&place.home, &place.settings).await?;
    match command {
        Command::List => {
            for p in people::list_staff(&mut house.db.read().await?).await? {
                let name = crate::flow::session::open_name(&house, Realm::Staff, p.id, &p.name_sealed)?;
                let state = if p.disabled.is_some() { "  (shut out)" } else { "" };
                say::line(format!("{}  {:<24} {}{state}", p.id, name.reveal(), p.roles));
            }
            say::line(format!("mailboxes: {}", people::count_clients(&mut house.db.read().await?).await?));
        }
        Command::Invite { roles, desk } => {
            let roles: Roles =
                roles.parse().map_err(|_| Ended::new(exit::USAGE, "roles are counselor, scheduler and operator"))?;
            if desk.is_none() && roles.has(Role::Counselor) {
                return Err(Ended::new(
                    exit::USAGE,
                    "a counselor sits at a desk: add --desk SLUG; see: merpati desk list",
                ));
            }
            let desk = match desk {
                None => None,
                Some(slug) => Some(desk_named(&house, &slug).await?),
            };
            let link = furnish::invite(&house, roles, desk).await?;
            say::line(link.reveal());
        }
        Command::Seat { name, desk } => {
            let desk = desk_named(&house, &desk).await?;
            furnish::seat(&house, &name, desk).await.map_err(|e| match e {
                Failure::NotFound => {
                    Ended::new(exit::USAGE, "nobody signs in with that name; see: merpati person list")
                }
                Failure::Store(StoreError::Taken(_)) => Ended::new(exit::USAGE, "they sit there already"),
                other => other.into(),
            })?;
            say::line("Seated. A counselor of that desk now finds a button that lets them read.");
        }
    }
    Ok(())
}

async fn desk_named(house: &House, slug: &str) -> Result<DeskId, Ended> {
    let found = desks::find_by_slug(&mut house.db.read().await?, slug).await?;
    let found = found.ok_or_else(|| Ended::new(exit::USAGE, "there is no such desk; see: merpati desk list"))?;
    Ok(found.id)
}
