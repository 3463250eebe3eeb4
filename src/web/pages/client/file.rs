//! `/mailbox/THREAD/file/LETTER/N`: a file of a letter.

use axum::extract::Path;
use axum::response::Response;

use crate::flow::read;
use crate::ids::{LetterId, ThreadId};
use crate::web::ctx::Client;
use crate::web::file::download;
use crate::web::refusal::Refusal;

pub(super) async fn get(
    Path((thread, letter, number)): Path<(ThreadId, LetterId, usize)>,
    Client(ctx, reader): Client,
) -> Result<Response, Refusal> {
    let thread = read::own_thread(&ctx.house, &reader, thread).await?;
    Ok(download(&read::file(&ctx.house, &reader, &thread, letter, number).await?))
}
