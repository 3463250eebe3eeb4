//! `POST /queue/{thread}/urgent`: the counselor's mark whether the client is safe.

use axum::extract::Path;
use axum::response::Response;

use super::{lead, mine};
use crate::flow::work;
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
    let urgent = fields.get("urgent") == "1";
    work::mark_urgent(&ctx.house, &thread, urgent).await?;
    Ok(lead(&ctx, thread.id, if urgent { "unsafe" } else { "safe" }))
}
