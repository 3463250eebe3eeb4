//! `POST /queue/{thread}/draft`: the page saves what is being written.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::part;
use super::thread::Written;
use crate::flow::answer;
use crate::flow::read::{self, Access};
use crate::ids::ThreadId;
use crate::web::ctx::Counselor;
use crate::web::form::TextForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(
    Path(id): Path<String>,
    Counselor(ctx, reader): Counselor,
    form: TextForm,
) -> Result<Response, Refusal> {
    if form.expired {
        return Err(Refusal::FormExpired);
    }
    let id: ThreadId = part(&id)?;
    let (thread, access) = read::staff_thread(&ctx.house, &reader, id).await?;
    if access != Access::Open {
        return Err(Refusal::Changed);
    }
    let written = Written::read(&form.fields);
    if written.is_too_long() {
        return Err(Refusal::TooLarge);
    }
    answer::save_draft(&ctx.house, &reader, thread.id, &written.subject, &written.text).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
