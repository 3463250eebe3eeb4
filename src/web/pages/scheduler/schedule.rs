//! `/schedule`: what each desk owes, in numbers.

use axum::response::Response;

use crate::commitments::week::Week;
use crate::flow::oversee::{self, DeskLoad};
use crate::limits::QUEUE_COUNT_MAX;
use crate::secret::PlainText;
use crate::store::doubts::Incident;
use crate::web::ctx::{Ctx, Scheduler};
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

#[derive(askama::Template)]
#[template(path = "pages/scheduler/schedule.html")]
struct Page {
    s: Shell,
    desks: Vec<Line>,
    incidents: Vec<String>,
}

struct Line {
    name: String,
    waiting: String,
    oldest: Option<Oldest>,
    held: String,
    zone: String,
    hours: Vec<hours::Line>,
    is_open: bool,
    seated: Vec<PlainText>,
    waiting_for_key: Vec<PlainText>,
    others: Vec<PlainText>,
}

struct Oldest {
    age: String,
    time: String,
    machine: String,
}

pub(super) async fn get(Scheduler(ctx, who): Scheduler) -> Result<Response, Refusal> {
    let loads = oversee::loads(&ctx.house).await?;
    let incidents = oversee::incidents(&ctx.house).await?;
    let incidents = incidents.into_iter().map(|i| incident(&ctx, &loads, &i)).collect();
    let desks = loads.into_iter().map(|load| line(&ctx, load)).collect();
    Ok(ctx.page(&Page { s: Shell::new(&ctx, Some(who.roles), "schedule-title", "/schedule"), desks, incidents }))
}

/// Mail of ours that came back, in a sentence.
fn incident(ctx: &Ctx, loads: &[DeskLoad], incident: &Incident) -> String {
    let desk = loads.iter().find(|l| l.seats.desk.id.bytes() == incident.desk);
    let zone = desk.map_or(chrono_tz::UTC, |l| hours::zone(&l.seats.desk.zone));
    let name = desk.map(|l| l.seats.desk.name.clone()).unwrap_or_default();
    let when = ctx.texts.date_time(incident.last, zone);
    format!("{when} · {name} · {}", ctx.texts.t1("incident-loop", "n", incident.times))
}

fn line(ctx: &Ctx, load: DeskLoad) -> Line {
    let desk = load.seats.desk;
    let zone = hours::zone(&desk.zone);
    Line {
        waiting: ctx.texts.capped(load.waiting, QUEUE_COUNT_MAX),
        oldest: load.oldest.map(|at| Oldest {
            age: ctx.texts.age(at, ctx.now),
            time: ctx.texts.date_time(at, zone),
            machine: at.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }),
        held: ctx.texts.capped(load.held, QUEUE_COUNT_MAX),
        zone: ctx.texts.zone(zone, ctx.now),
        hours: desk.hours.parse::<Week>().map(|week| hours::in_words(ctx.texts, &week)).unwrap_or_default(),
        is_open: desk.is_open && !desk.cert.is_empty(),
        name: desk.name,
        seated: load.seats.seated,
        waiting_for_key: load.seats.waiting_for_key,
        others: load.seats.others,
    }
}
