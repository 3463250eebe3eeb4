//! `POST /queue/{thread}/note/delete`: a private note of one's own goes.

use axum::extract::Path;
use axum::response::Response;

use super::{lead, part};
use crate::flow::{read, work};
use crate::ids::{NoteId, ThreadId};
use crate::web::ctx::Counselor;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(
    Path(id): Path<String>,
    Counselor(ctx, reader): Counselor,
    SafeForm(fields): SafeForm,
) -> Result<Response, Refusal> {
    let id: ThreadId = part(&id)?;
    read::staff_thread(&ctx.house, &reader, id).await?;
    let note: NoteId = fields.parse("note").ok_or(Refusal::NotFound)?;
    work::delete_note(&ctx.house, &reader, note).await?;
    Ok(lead(&ctx, id, "note-deleted"))
}
