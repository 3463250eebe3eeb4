//! `POST /mailbox/{thread}/address`: the client replaces the secret address of a thread.

use axum::extract::Path;
use axum::response::Response;

use crate::flow::{own_threads, read};
use crate::house::Failure;
use crate::ids::ThreadId;
use crate::web::ctx::Client;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn post(
    Path(thread): Path<ThreadId>,
    Client(ctx, reader): Client,
    SafeForm(_): SafeForm,
) -> Result<Response, Refusal> {
    let thread = read::own_thread(&ctx.house, &reader, thread).await?;
    match own_threads::replace_address(&ctx.house, &reader, &thread).await {
        // Pressed twice: it is a new one already.
        Ok(()) | Err(Failure::Changed) => Ok(ctx.lead_to("/mailbox/settings?done=address#mail")),
        Err(other) => Err(other.into()),
    }
}
