//! `/staff/recover`: the code of the recovery sheet instead of the lost secret.

use axum::response::Response;

use super::home;
use super::problems::Problems;
use crate::flow::enter;
use crate::flow::session::{self, Realm, Visit};
use crate::house::Failure;
use crate::limits::NAME_CHARS_MAX;
use crate::web::ctx::Ctx;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

#[derive(askama::Template)]
#[template(path = "pages/staff/recover.html")]
struct Page {
    s: Shell,
    name: String,
    problems: Problems,
}

fn show(ctx: &Ctx, name: &str, problems: Problems) -> Response {
    let s = Shell::new(ctx, None, "staff-recover-title", "/staff").for_staff();
    ctx.page(&Page { s, name: name.chars().take(NAME_CHARS_MAX * 2).collect(), problems })
}

pub(super) async fn get(ctx: Ctx) -> Response {
    show(&ctx, "", Problems::default())
}

pub(super) async fn post(ctx: Ctx, SafeForm(fields): SafeForm) -> Result<Response, Refusal> {
    let (name, secret) = (fields.get("name"), fields.get("secret"));
    if let Err(problem) = enter::check_secret(secret, name) {
        return Ok(show(&ctx, name, Problems::entry(ctx.texts, problem)));
    }
    let wrong = |key: &str| Ok(show(&ctx, name, Problems::one("code", ctx.texts.t(key))));
    let cookie = match session::recover(&ctx.house, Realm::Staff, name, fields.get("code"), secret, ctx.source).await {
        Ok(cookie) => cookie,
        Err(Failure::NotAllowed) => return wrong("staff-recover-wrong"),
        Err(Failure::Busy) => return wrong("refusal-busy"),
        Err(Failure::Later(until)) => return Ok(show(&ctx, name, Problems::one("code", ctx.later(until)))),
        Err(other) => return Err(other.into()),
    };
    match session::visit(&ctx.house, &cookie).await? {
        Visit::Open(reader) => Ok(ctx.lead_in(home(reader.who.roles), &cookie)),
        Visit::Locked(_) | Visit::Stranger => Err(Refusal::StaffSignIn(String::new())),
    }
}
