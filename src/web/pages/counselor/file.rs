//! `GET /queue/{thread}/file/{letter}/{number}`: a file of a letter, to save.

use axum::extract::Path;
use axum::response::Response;

use super::part;
use crate::flow::read::{self, Access};
use crate::web::ctx::Counselor;
use crate::web::file::download;
use crate::web::refusal::Refusal;

pub(super) async fn get(
    Path((thread, letter, number)): Path<(String, String, String)>,
    Counselor(ctx, reader): Counselor,
) -> Result<Response, Refusal> {
    let (thread, access) = read::staff_thread(&ctx.house, &reader, part(&thread)?).await?;
    if access != Access::Open {
        return Err(Refusal::NotFound);
    }
    let file = read::file(&ctx.house, &reader, &thread, part(&letter)?, part(&number)?).await?;
    Ok(download(&file))
}
