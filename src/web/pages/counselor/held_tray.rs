//! `POST /held/{id}/tray`: a held mail goes into its client's sorting tray.

use axum::extract::Path;
use axum::response::Response;

use super::part;
use crate::flow::tray;
use crate::web::ctx::Counselor;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(
    Path(id): Path<String>,
    Counselor(ctx, reader): Counselor,
    SafeForm(_): SafeForm,
) -> Result<Response, Refusal> {
    tray::give(&ctx.house, &reader, part(&id)?).await?;
    Ok(ctx.lead_to("/queue?tab=held&done=tray"))
}
