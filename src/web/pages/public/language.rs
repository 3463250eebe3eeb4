//! `/language/CODE?back=PATH`: chooses a language; somebody signed in keeps it for next time.

use axum::extract::{Path, Query};
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use serde::Deserialize;

use crate::flow::session::{self, Visit};
use crate::role::Language;
use crate::web::ctx::{Ctx, Jar, own_path};
use crate::web::refusal::Refusal;

#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    back: String,
}

pub(super) async fn get(Path(code): Path<String>, Query(query): Query<Back>, ctx: Ctx) -> Result<Response, Refusal> {
    let language: Language = code.parse().map_err(|_| Refusal::NotFound)?;
    if let Visit::Open(reader) = &ctx.visit {
        session::choose_language(&ctx.house, reader, language).await?;
    }
    let mut response = ctx.lead_to(own_path(&query.back, "/"));
    response.headers_mut().append(SET_COOKIE, Jar::Language.set(&ctx.house, Some(language.code())));
    Ok(response)
}
