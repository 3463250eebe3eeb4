//! `/.well-known/openpgpkey/`: the keys of our addresses, for mail programs. Both ways of asking (the host of the domain
//! itself, or its `openpgpkey` host with the domain in the path) lead to the same answers.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
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
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // The host asked is the domain, unless a proxy passed the question on under another name.
    let host = headers.get(HOST).and_then(|h| h.to_str().ok()).map(|h| h.split(':').next().unwrap_or_default());
    let domain = directory::domains(&house).into_iter().find(|d| host.is_some_and(|h| h.eq_ignore_ascii_case(d)));
    answer(&house, domain, &name, asked).await
}

pub(super) async fn advanced(
    State(house): State<Arc<House>>,
    Path((domain, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    answer(&house, Some(&domain), &name, asked).await
}

async fn answer(house: &House, domain: Option<&str>, name: &str, asked: Asked) -> Result<Response, Refusal> {
    // GnuPG leaves a plus as it is, which a query reads as a blank; no local part of ours has one.
    let local = asked.l.map(|local| local.replace(' ', "+"));
    Ok(match directory::find(house, domain, name, local.as_deref()).await? {
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
