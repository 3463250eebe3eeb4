//! `/operator`: the house at a glance.

use axum::extract::Query;
use axum::response::Response;

use super::invitation::InviteForm;
use crate::clock::Moment;
use crate::commitments::week::Week;
use crate::flow::canary;
use crate::flow::oversee::{self, Colleague, DeskSeats, Overview};
use crate::ids::{DeskId, PersonId};
use crate::limits::OUTBOX_ALARM_AFTER;
use crate::role::Role;
use crate::secret::PlainText;
use crate::texts::Texts;
use crate::web::ctx::{Ctx, Operator};
use crate::web::hours;
use crate::web::pages::staff::problems::Problems;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

#[derive(askama::Template)]
#[template(path = "pages/operator/overview.html")]
struct Page {
    s: Shell,
    done: Option<String>,
    desks: Vec<DeskLine>,
    people: Vec<PersonLine>,
    invite: InviteForm,
    problems: Problems,
    facts: Facts,
}

struct DeskLine {
    id: DeskId,
    name: String,
    slug: String,
    address: String,
    zone: String,
    hours: Vec<hours::Line>,
    state: String,
    /// Somebody has to do something before clients can come.
    needs_care: bool,
    seated: Vec<PlainText>,
    waiting_for_key: Vec<PlainText>,
}

struct PersonLine {
    id: PersonId,
    name: PlainText,
    roles: String,
    desks: String,
    seen: String,
    disabled: bool,
    oneself: bool,
}

/// What the operator looks after besides people.
struct Facts {
    waiting: String,
    oldest: Option<String>,
    /// The oldest waits for longer than an hour.
    outbox_alarm: bool,
    canary: String,
    /// Canaries fly and none came back for too long.
    canary_alarm: bool,
    dead_mails: i64,
    dead_jobs: i64,
    folder: Option<String>,
    fingerprint: String,
}

#[derive(serde::Deserialize)]
pub(super) struct Ask {
    done: Option<String>,
}

pub(super) async fn get(Operator(ctx, who): Operator, Query(ask): Query<Ask>) -> Result<Response, Refusal> {
    let all = oversee::overview(&ctx.house).await?;
    let done = match ask.done.as_deref() {
        Some("desk-added") => Some("operator-done-desk-added"),
        Some("desk-changed") => Some("operator-done-desk-changed"),
        Some("disabled") => Some("operator-done-disabled"),
        Some("enabled") => Some("operator-done-enabled"),
        _ => None,
    };
    let zone = all.desks.first().map_or(chrono_tz::UTC, |d| hours::zone(&d.desk.zone));
    let facts = facts(&ctx, &all, zone);
    let invite = InviteForm::of(all.desks.iter().map(|d| (d.desk.id, d.desk.name.clone())));
    Ok(ctx.page(&Page {
        s: Shell::new(&ctx, Some(who.roles), "operator-title", "/operator"),
        done: done.map(|key| ctx.texts.t(key)),
        desks: all.desks.into_iter().map(|d| desk_line(&ctx, d)).collect(),
        people: all.staff.into_iter().map(|p| person_line(&ctx, p, who.person, zone)).collect(),
        invite,
        problems: Problems::default(),
        facts,
    }))
}

fn desk_line(ctx: &Ctx, seats: DeskSeats) -> DeskLine {
    let desk = seats.desk;
    let unmanned = desk.cert.is_empty() || seats.seated.is_empty();
    let state = match (desk.is_open, desk.cert.is_empty(), unmanned) {
        (_, true, _) => "operator-desk-no-counselor",
        (true, false, true) => "operator-desk-unmanned",
        (true, false, false) => "operator-desk-open",
        (false, false, _) => "operator-desk-closed",
    };
    DeskLine {
        id: desk.id,
        address: format!("{}@{}", desk.slug, ctx.house.rules.mail_domain),
        zone: ctx.texts.zone(hours::zone(&desk.zone), ctx.now),
        hours: desk.hours.parse::<Week>().map(|week| hours::in_words(ctx.texts, &week)).unwrap_or_default(),
        state: ctx.texts.t(state),
        needs_care: unmanned,
        name: desk.name,
        slug: desk.slug,
        seated: seats.seated,
        waiting_for_key: seats.waiting_for_key,
    }
}

/// A role's name in the language of the page.
pub(super) fn role(texts: Texts, role: Role) -> String {
    texts.t(&format!("staff-role-{}", role.word()))
}

fn person_line(ctx: &Ctx, person: Colleague, me: PersonId, zone: chrono_tz::Tz) -> PersonLine {
    let roles: Vec<_> = person.roles.iter().map(|r| role(ctx.texts, r)).collect();
    PersonLine {
        id: person.person,
        oneself: person.person == me,
        name: person.name,
        roles: roles.join(", "),
        desks: if person.desks.is_empty() { ctx.texts.t("operator-none") } else { person.desks.join(", ") },
        seen: person.seen.map_or_else(|| ctx.texts.t("operator-never"), |at| when(ctx, at, zone)),
        disabled: person.disabled.is_some(),
    }
}

/// A time by the clock and how long ago that is.
pub(super) fn when(ctx: &Ctx, at: Moment, zone: chrono_tz::Tz) -> String {
    ctx.texts.t2("operator-when", ("time", ctx.texts.date_time(at, zone)), ("age", ctx.texts.age(at, ctx.now)))
}

fn facts(ctx: &Ctx, all: &Overview, zone: chrono_tz::Tz) -> Facts {
    let fingerprint = ctx.house.keys.practice.fingerprint();
    let groups: Vec<_> = fingerprint.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    Facts {
        waiting: ctx.texts.t1("operator-mails", "n", all.outbox.waiting),
        oldest: all.outbox.oldest.map(|at| when(ctx, at, zone)),
        outbox_alarm: all.outbox.oldest.is_some_and(|at| ctx.now.since(at) > OUTBOX_ALARM_AFTER),
        canary: match all.canaries.last_returned {
            Some(at) => when(ctx, at, zone),
            None => ctx.texts.t("operator-canary-none"),
        },
        canary_alarm: canary::is_overdue(&all.canaries, ctx.now),
        dead_mails: all.outbox.dead,
        dead_jobs: all.dead_jobs,
        folder: ctx.house.rules.outbox_folder.as_ref().map(|f| f.display().to_string()),
        fingerprint: groups.join(" "),
    }
}
