//! `POST /queue/{thread}/note`: a private note beside a thread.

use axum::extract::Path;
use axum::response::Response;

use super::{lead, mine};
use crate::flow::work;
use crate::limits::NOTE_BYTES_MAX;
use crate::secret::PlainText;
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
    let text = PlainText::new(fields.get("note").trim().replace("\r\n", "\n"));
    if text.reveal().is_empty() {
        return Ok(lead(&ctx, thread.id, "empty-note"));
    }
    if text.reveal().len() > NOTE_BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    work::add_note(&ctx.house, &reader, thread.id, &text).await?;
    Ok(lead(&ctx, thread.id, "noted"))
}
