//! `/recover`: the code of the recovery sheet instead of the lost secret.

use axum::response::Response;

use crate::flow::enter;
use crate::flow::session::{self, Realm};
use crate::house::Failure;
use crate::web::ctx::Ctx;
use crate::web::form::SafeForm;
use crate::web::pages::public::open::problem_key;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;
use crate::web::words::six_words;

#[derive(askama::Template)]
#[template(path = "pages/public/recover.html")]
struct Page {
    s: Shell,
    name: String,
    example: String,
    problem: Option<String>,
    secret_problem: Option<String>,
}

fn show(ctx: &Ctx, name: &str, problem: Option<String>, secret_problem: Option<String>) -> Response {
    let example = six_words(&ctx.house, ctx.texts.0).reveal().clone();
    let name = name.chars().take(crate::limits::NAME_CHARS_MAX * 2).collect();
    ctx.page(&Page { s: Shell::new(ctx, None, "recover-title", "/recover"), name, example, problem, secret_problem })
}

pub(super) async fn get(ctx: Ctx) -> Response {
    show(&ctx, "", None, None)
}

pub(super) async fn post(ctx: Ctx, SafeForm(fields): SafeForm) -> Result<Response, Refusal> {
    let name = fields.get("name");
    if let Err(problem) = enter::check_secret(fields.get("secret"), name) {
        return Ok(show(&ctx, name, None, Some(ctx.texts.t(problem_key(problem)))));
    }
    match session::recover(&ctx.house, Realm::Clients, name, fields.get("code"), fields.get("secret"), ctx.source).await
    {
        Ok(cookie) => Ok(ctx.lead_in("/mailbox?done=recovered", &cookie)),
        Err(Failure::NotAllowed) => Ok(show(&ctx, name, Some(ctx.texts.t("recover-wrong")), None)),
        Err(Failure::Busy) => Ok(show(&ctx, name, Some(ctx.texts.t("refusal-busy")), None)),
        Err(Failure::Later(until)) => Ok(show(&ctx, name, Some(ctx.later(until)), None)),
        Err(other) => Err(other.into()),
    }
}
