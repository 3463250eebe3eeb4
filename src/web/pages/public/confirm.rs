//! `/confirm/TOKEN`: an address says that it wants notifications. The button keeps mail scanners from saying it.

use axum::extract::Path;
use axum::response::Response;

use crate::flow::notify;
use crate::web::ctx::Ctx;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

#[derive(PartialEq, Eq)]
enum Step {
    Ask,
    Done,
    TooLate,
}

#[derive(askama::Template)]
#[template(path = "pages/public/confirm.html")]
struct Page {
    s: Shell,
    step: Step,
}

pub(super) async fn get(ctx: Ctx) -> Response {
    ctx.page(&Page { s: Shell::new(&ctx, None, "confirm-title", "/"), step: Step::Ask })
}

pub(super) async fn post(Path(token): Path<String>, ctx: Ctx, _: SafeForm) -> Result<Response, Refusal> {
    let step = if notify::confirm(&ctx.house, &token).await? { Step::Done } else { Step::TooLate };
    Ok(ctx.page(&Page { s: Shell::new(&ctx, None, "confirm-title", "/"), step }))
}
