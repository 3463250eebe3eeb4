//! Styles, script and signs, from memory, under names that change with their content.

use std::sync::OnceLock;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use crate::ids::base32;

const CSS: &str = include_str!("../../templates/assets/merpati.css");
const JS: &str = include_str!("../../templates/assets/merpati.js");
const FAVICON: &str = include_str!("../../templates/assets/favicon.svg");

/// Paths of the assets.
pub(crate) struct Paths {
    pub(crate) css: String,
    pub(crate) js: String,
}

/// The present paths. The names tell nothing, since a shared phone keeps them in its cache.
pub(crate) fn paths() -> &'static Paths {
    static PATHS: OnceLock<Paths> = OnceLock::new();
    PATHS.get_or_init(|| Paths { css: format!("/a/{}.css", name(CSS)), js: format!("/a/{}.js", name(JS)) })
}

fn name(content: &str) -> String {
    base32(Sha256::digest(content).get(..10).unwrap_or_default())
}

pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(&paths().css, get(|| async { asset("text/css; charset=utf-8", CSS) }))
        .route(&paths().js, get(|| async { asset("text/javascript; charset=utf-8", JS) }))
        .route("/favicon.ico", get(|| async { asset("image/svg+xml", FAVICON) }))
}

fn asset(media_type: &'static str, content: &'static str) -> Response {
    ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "private, max-age=31536000, immutable")], content).into_response()
}
