//! `/now`, `/safety`, `/privacy`, `/others`: help now, reading safely, who can read what, and what others may know.

use axum::response::Response;

use crate::web::ctx::Ctx;
use crate::web::shell::{self, Shell};

#[derive(askama::Template)]
#[template(path = "pages/public/now.html")]
struct Now {
    s: Shell,
}

#[derive(askama::Template)]
#[template(path = "pages/public/safety.html")]
struct Safety {
    s: Shell,
}

#[derive(askama::Template)]
#[template(path = "pages/public/privacy.html")]
struct Privacy {
    s: Shell,
    mail_domain: String,
    fingerprint: String,
}

#[derive(askama::Template)]
#[template(path = "pages/public/others.html")]
struct Others {
    s: Shell,
}

pub(super) async fn others(ctx: Ctx) -> Response {
    ctx.page(&Others { s: Shell::new(&ctx, shell::roles(&ctx.visit), "others-title", "/others") })
}

pub(super) async fn now(ctx: Ctx) -> Response {
    ctx.page(&Now { s: Shell::new(&ctx, shell::roles(&ctx.visit), "now-title", "/now") })
}

pub(super) async fn safety(ctx: Ctx) -> Response {
    ctx.page(&Safety { s: Shell::new(&ctx, shell::roles(&ctx.visit), "safety-title", "/safety") })
}

pub(super) async fn privacy(ctx: Ctx) -> Response {
    let s = Shell::new(&ctx, shell::roles(&ctx.visit), "privacy-title", "/privacy");
    let fingerprint = ctx.house.keys.practice.fingerprint();
    ctx.page(&Privacy { s, mail_domain: ctx.house.rules.mail_domain.clone(), fingerprint })
}
