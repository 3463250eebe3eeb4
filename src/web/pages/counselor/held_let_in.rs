//! `POST /held/{id}/let-in`: a held mail becomes a letter of its thread.

use axum::extract::Path;
use axum::response::Response;

use super::part;
use crate::flow::shelf;
use crate::ids::HeldId;
use crate::web::ctx::Counselor;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(
    Path(id): Path<String>,
    Counselor(ctx, reader): Counselor,
    SafeForm(fields): SafeForm,
) -> Result<Response, Refusal> {
    let id: HeldId = part(&id)?;
    shelf::let_in(&ctx.house, &reader, id, fields.parse("thread")).await?;
    Ok(ctx.lead_to("/queue?tab=held"))
}
