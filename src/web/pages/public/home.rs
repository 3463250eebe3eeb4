//! `/`: the only desk's page, or the list of desks.

use axum::response::Response;

use super::desk::DeskPage;
use crate::store::desks::{self, Desk};
use crate::web::ctx::Ctx;
use crate::web::refusal::Refusal;
use crate::web::shell::{self, Shell};

#[derive(askama::Template)]
#[template(path = "pages/public/home.html")]
struct Page {
    s: Shell,
    desks: Vec<Desk>,
    signed_in: bool,
}

pub(super) async fn get(ctx: Ctx) -> Result<Response, Refusal> {
    let mut all = desks::list(&mut ctx.house.db.read().await.map_err(crate::house::Failure::from)?)
        .await
        .map_err(crate::house::Failure::from)?;
    all.retain(|d| !d.cert.is_empty());
    if let [only] = all.as_slice() {
        return DeskPage::show(&ctx, only.clone()).await;
    }
    let roles = shell::roles(&ctx.visit);
    let page = Page { s: Shell::new(&ctx, roles, "home-title", "/"), desks: all, signed_in: roles.is_some() };
    Ok(ctx.page(&page))
}
