//! `POST /queue/{thread}/recall`: a reply is taken back before it leaves; its text is a draft again.

use axum::extract::Path;
use axum::response::Response;

use super::{lead, mine};
use crate::flow::answer;
use crate::house::Failure;
use crate::ids::LetterId;
use crate::web::ctx::Counselor;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(
    Path(id): Path<String>,
    Counselor(ctx, reader): Counselor,
    SafeForm(fields): SafeForm,
) -> Result<Response, Refusal> {
    let thread = match mine(&ctx, &reader, &id).await? {
        Ok(thread) => thread,
        Err(page) => return Ok(page),
    };
    let letter: LetterId = fields.parse("letter").ok_or(Refusal::NotFound)?;
    match answer::recall(&ctx.house, &reader, &thread, letter).await {
        Ok(()) => Ok(lead(&ctx, thread.id, "recalled")),
        // It left, or was taken back already in another window.
        Err(Failure::Changed | Failure::NotFound) => Ok(lead(&ctx, thread.id, "late")),
        Err(other) => Err(other.into()),
    }
}
