//! The web door: server-rendered pages, complete without scripts.
//!
//! - `ctx`: what a page knows of its request; who stands at the door.
//! - `form`: forms with origin check and token; uploads.
//! - `shell`: what stands around every page.
//! - `refusal`: what a page answers when it cannot answer, in one exhaustive match.
//! - `headers`: what every response carries.
//! - `pages`: one file per URL.

mod assets;
mod ctx;
#[cfg(test)]
mod door;
mod file;
mod form;
mod headers;
mod hours;
mod ops;
pub mod pages;
mod refusal;
mod shell;
mod words;
mod wraps;

pub use ops::ops_router;
pub use words::six_words;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::timeout::TimeoutLayer;

use crate::house::House;
use crate::limits::FORM_BYTES_MAX;

/// A page that is not there by then is given up; uploads over a slow line count too.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// Serves until told to stop; requests under way may finish.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let served = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move { stop.cancelled().await });
    if let Err(error) = served.await {
        tracing::error!(%error, "the web door closed");
    }
}

/// The whole web door.
pub fn router(house: Arc<House>) -> Router {
    pages::routes()
        .merge(assets::routes())
        .fallback(refusal::no_such_page)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(refusal::after_panic))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&house), headers::add))
        .with_state(house)
}
