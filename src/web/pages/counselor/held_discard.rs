//! `POST /held/{id}/discard`: a held mail is not for us; it is deleted and nobody is told.

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
    SafeForm(_): SafeForm,
) -> Result<Response, Refusal> {
    let id: HeldId = part(&id)?;
    shelf::discard(&ctx.house, &reader, id).await?;
    Ok(ctx.lead_to("/queue?tab=held"))
}
