//! `POST /queue/{thread}/take`: this counselor answers from now on.

use axum::extract::Path;
use axum::response::Response;

use super::{lead, part};
use crate::flow::read::{self, Access};
use crate::flow::work;
use crate::house::Failure;
use crate::ids::ThreadId;
use crate::web::ctx::Counselor;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(
    Path(id): Path<String>,
    Counselor(ctx, reader): Counselor,
    _: SafeForm,
) -> Result<Response, Refusal> {
    let id: ThreadId = part(&id)?;
    let (thread, access) = read::staff_thread(&ctx.house, &reader, id).await?;
    if access != Access::Open {
        return Ok(lead(&ctx, id, "quicker"));
    }
    if thread.assignee.is_some() {
        // Pressed twice.
        return Ok(lead(&ctx, id, "taken"));
    }
    match work::take(&ctx.house, &reader, &thread).await {
        Ok(()) => Ok(lead(&ctx, id, "taken")),
        Err(Failure::Changed) => Ok(lead(&ctx, id, "quicker")),
        Err(other) => Err(other.into()),
    }
}
