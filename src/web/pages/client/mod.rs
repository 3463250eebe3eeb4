//! Pages of a client.

mod address;
mod another;
mod file;
mod hint;
mod letters;
mod mailbox;
mod settings;
mod thread;
mod trail;
mod tray;
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
        .route("/mailbox/settings/letters/key", get(letters::get).post(letters::post_key))
        .route("/mailbox/settings/code-word", post(settings::code_word))
        .route("/mailbox/another", get(another::get).post(another::post))
        .route("/mailbox/tray", get(tray::get).post(tray::post))
        .route("/mailbox/{thread}", get(thread::get))
        .route("/mailbox/{thread}/trail", get(trail::get))
        .route("/mailbox/{thread}/address", post(address::post))
        .route(
            "/mailbox/{thread}/write",
            get(write::get).post(write::post).layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX)),
        )
        .route("/mailbox/{thread}/hint", post(hint::post))
        .route("/mailbox/{thread}/code", post(hint::code))
        .route("/mailbox/{thread}/draft", post(write::autosave))
        .route("/mailbox/{thread}/file/{letter}/{number}", get(file::get))
}
