//! `POST /queue/{thread}/hand-over`: a colleague answers from now on.

use axum::extract::Path;
use axum::response::Response;

use super::{lead, mine};
use crate::flow::work;
use crate::house::Failure;
use crate::ids::PersonId;
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
    let Some(to) = fields.parse::<PersonId>("to").filter(|to| *to != reader.who.person) else {
        return Ok(lead(&ctx, thread.id, "choose"));
    };
    match work::hand_over(&ctx.house, &reader, &thread, to).await {
        Ok(()) => Ok(ctx.lead_to("/queue?done=handed-over")),
        Err(Failure::Changed) => Ok(lead(&ctx, thread.id, "changed")),
        Err(Failure::NotFound) => Ok(lead(&ctx, thread.id, "choose")),
        Err(other) => Err(other.into()),
    }
}
