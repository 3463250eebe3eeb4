//! `/operator/desk` and `/operator/desk/ID`: makes a desk, changes what its public page says, opens and closes it.

use axum::extract::Path;
use axum::response::Response;

use crate::commitments::week::{Week, WeekError};
use crate::flow::furnish::{self, DeskForm, DeskProblem};
use crate::house::Failure;
use crate::ids::DeskId;
use crate::role::Roles;
use crate::store::desks::{self, Desk};
use crate::texts::Texts;
use crate::web::ctx::{Ctx, Operator};
use crate::web::form::{Fields, SafeForm};
use crate::web::hours;
use crate::web::pages::staff::problems::Problems;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

/// Zones offered while typing; any other of the zone database can be typed too.
const ZONES: [&str; 12] = [
    "Asia/Jakarta",
    "Asia/Makassar",
    "Asia/Jayapura",
    "Asia/Pontianak",
    "Asia/Singapore",
    "Asia/Kuala_Lumpur",
    "Australia/Sydney",
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "UTC",
];

#[derive(askama::Template)]
#[template(path = "pages/operator/desk.html")]
struct Page {
    s: Shell,
    /// The desk that is changed; none for a new one.
    desk: Option<Desk>,
    form: DeskForm,
    reads: String,
    is_open: bool,
    domain: String,
    /// The hours as they were understood.
    hours: Vec<hours::Line>,
    zones: &'static [&'static str],
    problems: Problems,
}

fn show(
    ctx: &Ctx,
    roles: Roles,
    desk: Option<Desk>,
    form: DeskForm,
    reads: String,
    is_open: bool,
    problems: Problems,
) -> Response {
    let title = if desk.is_some() { "operator-desk-change-title" } else { "operator-desk-new-title" };
    let hours = form.hours.parse::<Week>().map(|week| hours::in_words(ctx.texts, &week)).unwrap_or_default();
    ctx.page(&Page {
        s: Shell::new(ctx, Some(roles), title, "/operator"),
        desk,
        form,
        reads,
        is_open,
        domain: ctx.house.rules.mail_domain.clone(),
        hours,
        zones: &ZONES,
        problems,
    })
}

pub(super) async fn get_new(Operator(ctx, who): Operator) -> Response {
    let form =
        DeskForm { zone: "Asia/Jakarta".to_owned(), hours: "mon-fri 08:00-16:00".to_owned(), ..DeskForm::default() };
    show(&ctx, who.roles, None, form, "1".to_owned(), true, Problems::default())
}

pub(super) async fn post_new(Operator(ctx, who): Operator, SafeForm(fields): SafeForm) -> Result<Response, Refusal> {
    let form = typed(&fields);
    match furnish::add_desk(&ctx.house, &form).await {
        Ok(_) => Ok(ctx.lead_to("/operator?done=desk-added")),
        Err(DeskProblem::Failure(failure)) => Err(failure.into()),
        Err(problem) => {
            let problems = say(ctx.texts, &problem);
            Ok(show(&ctx, who.roles, None, form, fields.get("reads").to_owned(), true, problems))
        }
    }
}

async fn find(ctx: &Ctx, id: &str) -> Result<Desk, Refusal> {
    let id: DeskId = id.parse().map_err(|_| Refusal::NotFound)?;
    let found = desks::find(&mut ctx.house.db.read().await.map_err(Failure::from)?, id).await.map_err(Failure::from)?;
    found.ok_or(Refusal::NotFound)
}

pub(super) async fn get(Path(id): Path<String>, Operator(ctx, who): Operator) -> Result<Response, Refusal> {
    let desk = find(&ctx, &id).await?;
    let form = DeskForm {
        slug: desk.slug.clone(),
        name: desk.name.clone(),
        about_id: desk.about_id.clone(),
        about_en: desk.about_en.clone(),
        zone: desk.zone.clone(),
        hours: desk.hours.clone(),
        reads_per_day: desk.reads_per_day,
    };
    let (reads, is_open) = (desk.reads_per_day.to_string(), desk.is_open);
    Ok(show(&ctx, who.roles, Some(desk), form, reads, is_open, Problems::default()))
}

pub(super) async fn post(
    Path(id): Path<String>,
    Operator(ctx, who): Operator,
    SafeForm(fields): SafeForm,
) -> Result<Response, Refusal> {
    let desk = find(&ctx, &id).await?;
    let form = DeskForm { slug: desk.slug.clone(), ..typed(&fields) };
    let is_open = fields.has("is_open");
    match furnish::change_desk(&ctx.house, desk.id, &form, is_open).await {
        Ok(()) => Ok(ctx.lead_to("/operator?done=desk-changed")),
        Err(DeskProblem::Failure(failure)) => Err(failure.into()),
        Err(problem) => {
            let problems = say(ctx.texts, &problem);
            Ok(show(&ctx, who.roles, Some(desk), form, fields.get("reads").to_owned(), is_open, problems))
        }
    }
}

fn typed(fields: &Fields) -> DeskForm {
    let line = |name: &str| fields.get(name).trim().to_owned();
    DeskForm {
        slug: line("slug").to_ascii_lowercase(),
        name: line("name"),
        about_id: line("about_id").replace("\r\n", "\n"),
        about_en: line("about_en").replace("\r\n", "\n"),
        zone: line("zone"),
        hours: line("hours"),
        // Nothing that is a number of readings: the check refuses it.
        reads_per_day: fields.parse("reads").unwrap_or(0),
    }
}

/// A problem beside its field.
fn say(texts: Texts, problem: &DeskProblem) -> Problems {
    let (field, text) = match problem {
        DeskProblem::Slug => ("slug", texts.t("operator-desk-slug-wrong")),
        DeskProblem::SlugTaken => ("slug", texts.t("operator-desk-slug-taken")),
        DeskProblem::Name => ("name", texts.t("operator-desk-name-wrong")),
        DeskProblem::Zone => ("zone", texts.t("operator-desk-zone-wrong")),
        DeskProblem::Reads => ("reads", texts.t("operator-desk-reads-wrong")),
        DeskProblem::Hours(WeekError::Day(word)) => {
            ("hours", texts.t1("operator-desk-hours-day", "word", word.clone()))
        }
        DeskProblem::Hours(WeekError::Span(word)) => {
            ("hours", texts.t1("operator-desk-hours-span", "word", word.clone()))
        }
        DeskProblem::Hours(WeekError::Order(day)) => {
            ("hours", texts.t1("operator-desk-hours-order", "day", texts.t(&format!("day-{day}"))))
        }
        DeskProblem::Hours(WeekError::Empty) => ("hours", texts.t("operator-desk-hours-empty")),
        DeskProblem::Failure(_) => ("name", texts.t("refusal-broken-title")),
    };
    Problems::one(field, text)
}
