//! `desk`: list and add desks.

use clap::Subcommand;

use super::{Ended, Place, exit, say};
use crate::app;
use crate::flow::furnish::{self, DeskForm};
use crate::store::desks;

/// Commands about desks.
#[derive(Subcommand)]
pub(super) enum Command {
    /// List all desks.
    ///
    /// Example: merpati --home var desk list
    List,
    /// Make a desk. It opens to clients once its first counselor has come in.
    ///
    /// Example: merpati --home var desk add konseling "Meja konseling" --hours "mon-fri 08:00-16:00"
    Add {
        /// Short name: part of its address and of its mail address.
        slug: String,
        /// Public name.
        name: String,
        /// Zone of its hours.
        #[arg(long, default_value = "Asia/Jakarta")]
        zone: String,
        /// Weekly hours.
        #[arg(long, default_value = "mon-fri 08:00-16:00")]
        hours: String,
        /// How often letters are read on a working day.
        #[arg(long, default_value_t = 2)]
        reads: i64,
    },
    /// Change a desk's weekly hours. Replies leave, and promises are counted, within them.
    ///
    /// Example: merpati --home var desk hours konseling "mon-thu 07:30-15:30; fri 07:30-11:30"
    Hours {
        /// Short name of the desk.
        slug: String,
        /// Weekly hours.
        hours: String,
    },
}

pub(super) async fn run(place: &Place, command: Command) -> Result<(), Ended> {
    let house = app::open_house(&place.home, &place.settings).await?;
    match command {
        Command::List => {
            for d in desks::list(&mut house.db.read().await?).await? {
                let state = match (d.cert.is_empty(), d.is_open) {
                    (true, _) => "waits for its first counselor",
                    (false, true) => "open",
                    (false, false) => "takes no new mailboxes",
                };
                say::line(format!("{:<20} {:<32} {} {}  ({state})", d.slug, d.name, d.zone, d.hours));
            }
        }
        Command::Add { slug, name, zone, hours, reads } => {
            let form = DeskForm { slug: slug.clone(), name, zone, hours, reads_per_day: reads, ..DeskForm::default() };
            furnish::add_desk(&house, &form).await.map_err(|e| Ended::new(exit::USAGE, e))?;
            say::line(format!(
                "Made. Now invite its first counselor: merpati person invite --roles counselor --desk {slug}"
            ));
        }
        Command::Hours { slug, hours } => {
            let found = desks::find_by_slug(&mut house.db.read().await?, &slug).await?;
            let desk = found.ok_or_else(|| Ended::new(exit::USAGE, "no desk has this short name; see: desk list"))?;
            let form = DeskForm {
                slug,
                name: desk.name,
                about_id: desk.about_id,
                about_en: desk.about_en,
                zone: desk.zone,
                hours,
                reads_per_day: desk.reads_per_day,
            };
            let changed = furnish::change_desk(&house, desk.id, &form, desk.is_open).await;
            changed.map_err(|e| Ended::new(exit::USAGE, e))?;
            say::line("Changed.");
        }
    }
    Ok(())
}
