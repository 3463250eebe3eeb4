//! `POST /queue/{thread}/fine`: a label on a letter was wrong here.

use axum::extract::Path;
use axum::response::Response;

use super::{labels, lead, mine};
use crate::flow::shelf;
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
    let letter = fields.parse("letter").ok_or(Refusal::NotFound)?;
    let case = labels::case(fields.get("case")).ok_or(Refusal::NotFound)?;
    shelf::label_is_fine(&ctx.house, &reader, &thread, letter, case).await?;
    Ok(lead(&ctx, thread.id, "label-fine"))
}
