//! `POST /held/{id}/code`: the client is asked for the code word at their next sign-in.

use axum::extract::Path;
use axum::response::Response;

use super::part;
use crate::flow::{code_word, read, shelf};
use crate::house::Failure;
use crate::ids::HeldId;
use crate::web::ctx::Counselor;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(
    Path(id): Path<String>,
    Counselor(ctx, reader): Counselor,
    SafeForm(_): SafeForm,
) -> Result<Response, Refusal> {
    let id: HeldId = part(&id)?;
    let held = shelf::open(&ctx.house, &reader, id).await?;
    let thread = held.line.thread.ok_or(Refusal::NotFound)?;
    let (thread, _) = read::staff_thread(&ctx.house, &reader, thread).await?;
    let done = match code_word::ask(&ctx.house, &reader, &thread).await {
        Ok(()) => "code-asked",
        Err(Failure::NotFound) => "code-none",
        Err(other) => return Err(other.into()),
    };
    Ok(ctx.lead_to(&format!("/held/{id}?done={done}")))
}
