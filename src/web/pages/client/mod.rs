//! Pages of a client.

mod file;
mod letters;
mod mailbox;
mod settings;
mod thread;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::house::House;
use crate::limits::UPLOAD_BYTES_MAX;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/mailbox", get(mailbox::get))
        .route("/mailbox/settings", get(settings::get).post(settings::post))
        .route("/mailbox/settings/letters", get(letters::get).post(letters::post))
        .route("/mailbox/{thread}", get(thread::get))
        .route(
            "/mailbox/{thread}/write",
            get(write::get).post(write::post).layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX)),
        )
        .route("/mailbox/{thread}/draft", post(write::autosave))
        .route("/mailbox/{thread}/file/{letter}/{number}", get(file::get))
}
