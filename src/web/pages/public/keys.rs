//! `/.well-known/openpgpkey/`: the keys of our addresses, for mail programs. Both ways of asking (the host of the domain
//! itself, or its `openpgpkey` host with the domain in the path) lead to the same answers.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::flow::directory;
use crate::house::House;
use crate::web::refusal::Refusal;

/// What a program says beside the name.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// The local part it hashed.
    l: Option<String>,
}

pub(super) async fn direct(
    State(house): State<Arc<House>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let domain = house.rules.mail_domain.clone();
    answer(&house, &domain, &name, asked.l.as_deref()).await
}

pub(super) async fn advanced(
    State(house): State<Arc<House>>,
    Path((domain, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    answer(&house, &domain, &name, asked.l.as_deref()).await
}

async fn answer(house: &House, domain: &str, name: &str, local: Option<&str>) -> Result<Response, Refusal> {
    Ok(match directory::find(house, domain, name, local).await? {
        Some(key) => open((CONTENT_TYPE, "application/octet-stream"), key),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

/// A directory is there; it has no rules of its own.
pub(super) async fn policy() -> Response {
    open((CONTENT_TYPE, "text/plain; charset=utf-8"), Vec::new())
}

/// Programs in a browser may read it too.
fn open((name, media_type): (axum::http::HeaderName, &'static str), body: Vec<u8>) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(name, HeaderValue::from_static(media_type));
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.headers_mut().insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}
