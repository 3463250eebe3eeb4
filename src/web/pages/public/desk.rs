//! `/desk/SLUG`: who answers, when, how often letters are read, what is encrypted and what is not.

use axum::extract::Path;
use axum::response::Response;

use crate::flow::work;
use crate::house::Failure;
use crate::role::Language;
use crate::store::desks::{self, Desk};
use crate::web::ctx::Ctx;
use crate::web::hours::{self, Line};
use crate::web::refusal::Refusal;
use crate::web::shell::{self, Shell};

#[derive(askama::Template)]
#[template(path = "pages/public/desk.html")]
pub(super) struct DeskPage {
    s: Shell,
    desk: Desk,
    about: Vec<String>,
    people: Vec<String>,
    week: Vec<Line>,
    zone: String,
    reads: String,
    signed_in: bool,
}

impl DeskPage {
    pub(super) async fn show(ctx: &Ctx, desk: Desk) -> Result<Response, Refusal> {
        let texts = ctx.texts;
        let people = work::colleagues(&ctx.house, desk.id).await?;
        let about = match texts.0 {
            Language::Indonesian if !desk.about_id.is_empty() => &desk.about_id,
            Language::English if desk.about_en.is_empty() => &desk.about_id,
            _ => &desk.about_en,
        };
        let week = desk.hours.parse().map(|w| hours::in_words(texts, &w)).unwrap_or_default();
        let roles = shell::roles(&ctx.visit);
        let mut s = Shell::new(ctx, roles, "desk-title", "/");
        s.title.clone_from(&desk.name);
        let page = Self {
            s,
            about: about.split("\n\n").map(str::trim).filter(|b| !b.is_empty()).map(str::to_owned).collect(),
            people: people.into_iter().map(|(_, name)| name.reveal().clone()).collect(),
            week,
            zone: texts.zone(hours::zone(&desk.zone), ctx.now),
            reads: texts.t1("desk-reads", "n", desk.reads_per_day),
            signed_in: roles.is_some(),
            desk,
        };
        Ok(ctx.page(&page))
    }
}

pub(super) async fn find(ctx: &Ctx, slug: &str) -> Result<Desk, Refusal> {
    let mut conn = ctx.house.db.read().await.map_err(Failure::from)?;
    let desk = desks::find_by_slug(&mut conn, slug).await.map_err(Failure::from)?;
    desk.filter(|d| !d.cert.is_empty()).ok_or(Refusal::NotFound)
}

pub(super) async fn get(Path(slug): Path<String>, ctx: Ctx) -> Result<Response, Refusal> {
    let desk = find(&ctx, &slug).await?;
    DeskPage::show(&ctx, desk).await
}
