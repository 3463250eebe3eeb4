//! `POST /queue/{thread}/take-over`: a colleague's thread becomes this counselor's; the reason goes into the audit.

use axum::extract::Path;
use axum::response::Response;

use super::{lead, part};
use crate::flow::read::{self, Access};
use crate::flow::work;
use crate::house::Failure;
use crate::ids::{PersonId, ThreadId};
use crate::web::ctx::Counselor;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(
    Path(id): Path<String>,
    Counselor(ctx, reader): Counselor,
    SafeForm(fields): SafeForm,
) -> Result<Response, Refusal> {
    let id: ThreadId = part(&id)?;
    let reason = fields.get("reason").trim();
    if reason.is_empty() {
        return Ok(lead(&ctx, id, "reason"));
    }
    // Only from the colleague whose name stood on the page.
    let shown: Option<PersonId> = fields.parse("from");
    let (thread, access) = read::staff_thread(&ctx.house, &reader, id).await?;
    let from = match access {
        Access::WithColleague(from) if shown == Some(from) => from,
        Access::WithColleague(_) | Access::Open => return Ok(lead(&ctx, id, "changed")),
    };
    match work::take_over(&ctx.house, &reader, &thread, from, reason).await {
        Ok(()) => Ok(lead(&ctx, id, "taken-over")),
        Err(Failure::Changed) => Ok(lead(&ctx, id, "changed")),
        Err(other) => Err(other.into()),
    }
}
