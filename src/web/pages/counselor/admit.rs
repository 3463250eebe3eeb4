//! `POST /queue/admit`: a colleague who waits is given the desk's key.

use axum::response::Response;

use crate::flow::work;
use crate::ids::{DeskId, PersonId};
use crate::web::ctx::Counselor;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(Counselor(ctx, reader): Counselor, SafeForm(fields): SafeForm) -> Result<Response, Refusal> {
    let desk: DeskId = fields.parse("desk").ok_or(Refusal::NotFound)?;
    let person: PersonId = fields.parse("person").ok_or(Refusal::NotFound)?;
    work::admit(&ctx.house, &reader, desk, person).await?;
    Ok(ctx.lead_to("/queue?done=admitted"))
}
