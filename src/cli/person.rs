//! `person`: who works here, and how colleagues come in.

use clap::Subcommand;

use super::{Ended, Place, exit, say};
use crate::app;
use crate::flow::furnish;
use crate::flow::session::Realm;
use crate::role::Roles;
use crate::store::{desks, people};

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
            let desk = match desk {
                None => None,
                Some(slug) => {
                    let found = desks::find_by_slug(&mut house.db.read().await?, &slug).await?;
                    Some(
                        found
                            .ok_or_else(|| Ended::new(exit::USAGE, "there is no such desk; see: merpati desk list"))?
                            .id,
                    )
                }
            };
            let link = furnish::invite(&house, roles, desk).await?;
            say::line(link.reveal());
        }
    }
    Ok(())
}
