//! `doctor`: is everything as it should be? Each line says what was looked at; a bad one says how to mend it.

use chrono_tz::Tz;

use super::{Ended, Place, doorways, exit, say};
use crate::app;
use crate::clock::Moment;
use crate::commitments::week::Week;
use crate::crisis;
use crate::flow;
use crate::house::House;
use crate::outbox::Transport;
use crate::role::Role;
use crate::store::{canary, desks, jobs, outbox, people};

/// What the doctor found.
pub(super) struct Findings {
    bad: usize,
}

impl Findings {
    pub(super) fn good(&self, text: impl std::fmt::Display) {
        say::line(format!("ok    {text}"));
    }

    pub(super) fn warn(&self, text: impl std::fmt::Display) {
        say::line(format!("look  {text}"));
    }

    pub(super) fn bad(&mut self, text: impl std::fmt::Display) {
        self.bad += 1;
        say::line(format!("BAD   {text}"));
    }
}

pub(super) async fn run(place: &Place) -> Result<(), Ended> {
    let mut found = Findings { bad: 0 };
    found.good(format!("settings in {}", place.home.display()));
    match app::open_house(&place.home, &place.settings).await {
        Ok(house) => {
            found.good(format!("keys: practice {}", house.keys.practice.fingerprint()));
            found.good(format!("database: {} answers", house.db.engine()));
            examine(place, &house, &mut found).await?;
            mailbox(place, &house, &mut found).await?;
            house.db.close().await;
        }
        Err(error) => found
            .bad(format!("{error}; if this is a new installation run: merpati --home {} init", place.home.display())),
    }
    if found.bad == 0 {
        Ok(())
    } else {
        Err(Ended::new(exit::UNAVAILABLE, format!("{} things need mending", found.bad)))
    }
}

async fn examine(place: &Place, house: &House, found: &mut Findings) -> Result<(), Ended> {
    clock(house, found);
    doorways::examine(place, house.now(), found).await;
    relay(place, found).await;
    let mut conn = house.db.read().await?;
    if people::list_staff(&mut conn).await?.iter().any(|p| p.roles.has(Role::Operator) && p.disabled.is_none()) {
        found.good("an operator can sign in");
    } else {
        found.bad("nobody is operator; run: merpati init");
    }
    for desk in desks::list(&mut conn).await? {
        let readers = desks::list_members(&mut conn, desk.id)
            .await?
            .iter()
            .filter(|m| !m.desk_grant.is_empty() && !m.disabled)
            .count();
        match (desk.hours.parse::<Week>(), desk.zone.parse::<Tz>()) {
            (Ok(_), Ok(_)) => {}
            _ => found.bad(format!("desk {}: its hours or zone cannot be read; edit the desk", desk.slug)),
        }
        match readers {
            0 => found.warn(format!("desk {}: no counselor yet, so clients do not see it", desk.slug)),
            1 => found.warn(format!(
                "desk {}: one counselor only; if they lose their secret and sheet, its letters stay shut",
                desk.slug
            )),
            n => found.good(format!("desk {}: {n} counselors can read", desk.slug)),
        }
    }
    let standing = outbox::standing(&mut conn).await?;
    if standing.dead > 0 {
        found.warn(format!("outbox: {} mails gave up", standing.dead));
    }
    match standing.oldest {
        Some(oldest) if house.now().since(oldest).as_secs() > 3600 => {
            found.bad(format!(
                "outbox: {} mails wait, the oldest since {}; is the relay up?",
                standing.waiting,
                oldest.utc().format("%F %H:%MZ")
            ));
        }
        _ => found.good(format!("outbox: {} mails wait", standing.waiting)),
    }
    let canaries = canary::standing(&mut conn).await?;
    match canaries.last_returned {
        _ if flow::canary::is_overdue(&canaries, house.now()) => {
            found.bad("canary: no test letter came back for two hours; is the program open, and its mail doors?");
        }
        Some(at) => found.good(format!("canary: the last test letter came back at {}", at.utc().format("%F %H:%MZ"))),
        None => {
            found.warn("canary: no test letter has come back yet; one sets out every hour while the program is open")
        }
    }
    let dead = jobs::count_dead(&mut conn).await?;
    if dead > 0 {
        found.bad(format!("jobs: {dead} gave up; see the log"))
    } else {
        found.good("jobs: none gave up")
    }
    audit(house, found).await?;
    let stale = crisis::contacts("id").iter().filter(|c| c.is_stale(house.now())).count();
    if stale > 0 {
        found.warn(format!(
            "crisis contacts: {stale} were not checked for 90 days; dial them and correct templates/crisis.toml"
        ));
    }
    Ok(())
}

async fn audit(house: &House, found: &mut Findings) -> Result<(), Ended> {
    let verdict = flow::trail::verify(house, None).await?;
    match verdict.broken {
        Some(b) => {
            found.bad(format!("audit: line {} {}; somebody changed the database from outside", b.number, b.what))
        }
        None => found.good(format!("audit: whole, {} lines, {} wait for their number", verdict.lines, verdict.waiting)),
    }
    Ok(())
}

async fn mailbox(place: &Place, house: &House, found: &mut Findings) -> Result<(), Ended> {
    let Some(account) = place.settings.fetch.account(&place.home) else { return Ok(()) };
    match account.check().await {
        Ok(()) => found.good("fetch: the hosted mailbox lets us in"),
        Err(reason) => found.bad(format!(
            "fetch: the hosted mailbox cannot be opened ({reason}); are host, port, tls, user, password file and folder right?"
        )),
    }
    let (progress, stuck) = account.standing(house).await?;
    let at = |moment: Moment| moment.utc().format("%F %H:%MZ").to_string();
    match progress.done {
        Some(done) if progress.failed.is_none() => found.good(format!("fetch: last looked {}", at(done))),
        done => found.warn(format!(
            "fetch: {}; last looked: {}",
            progress.failed.map_or("not begun".to_owned(), |f| format!("fails since {} ({})", at(f), progress.reason)),
            done.map_or("never".to_owned(), at)
        )),
    }
    if stuck > 0 {
        found.warn(format!("fetch: {stuck} mails could not be taken and stay in the mailbox; read them there"));
    }
    Ok(())
}

fn clock(house: &House, found: &mut Findings) {
    // A clock that stands before this program was written would date letters wrongly and refuse new keys.
    const WRITTEN: i64 = 1_793_000_000;
    if house.now().seconds() < WRITTEN {
        found.bad(format!(
            "the clock shows {}; set it (timedatectl set-ntp true)",
            house.now().utc().format("%F %H:%MZ")
        ));
    } else {
        found.good(format!("the clock shows {}", house.now().utc().format("%F %H:%MZ")));
    }
}

async fn relay(place: &Place, found: &mut Findings) {
    let mail = &place.settings.mail;
    let (relay, domain) = (&mail.relay, &mail.domain);
    if relay.is_empty() {
        found.warn("mail.relay is empty: mail that leaves is only written to a folder");
    } else {
        match Transport::relay(relay, mail.hostname(), mail.relay_ca()) {
            Ok(relay) => match relay.check().await {
                Ok(()) => found.good("mail.relay answers and lets us in"),
                Err(reason) => found.bad(format!(
                    "mail.relay does not let us in ({reason}); is it up, and are name, port, user and password right?"
                )),
            },
            Err(error) => found.bad(format!("mail.relay: {error}")),
        }
    }
    if domain.ends_with("localhost") {
        found.warn(format!("mail.domain is {domain}: fine for a first look; nobody outside can write to it"));
    } else {
        found.warn(format!(
            "DNS, to be looked at by hand: MX of {domain} points here, SPF and DKIM cover the relay, PTR fits"
        ));
    }
}
