//! `POST /queue/{thread}/give-back`: the thread is nobody's again.

use axum::extract::Path;
use axum::response::Response;

use super::{lead, mine};
use crate::flow::work;
use crate::house::Failure;
use crate::web::ctx::Counselor;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(
    Path(id): Path<String>,
    Counselor(ctx, reader): Counselor,
    _: SafeForm,
) -> Result<Response, Refusal> {
    let thread = match mine(&ctx, &reader, &id).await? {
        Ok(thread) => thread,
        Err(page) => return Ok(page),
    };
    match work::give_back(&ctx.house, &reader, &thread).await {
        Ok(()) => Ok(ctx.lead_to("/queue?done=given-back")),
        Err(Failure::Changed) => Ok(lead(&ctx, thread.id, "changed")),
        Err(other) => Err(other.into()),
    }
}
