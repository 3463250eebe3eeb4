//! Pages of an operator: desks, colleagues, outgoing mail. No letter and no client's name.

mod desk;
mod invitation;
mod overview;
mod person;
mod practice_key;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::house::House;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/operator", get(overview::get))
        .route("/operator/desk", get(desk::get_new).post(desk::post_new))
        .route("/operator/desk/{id}", get(desk::get).post(desk::post))
        .route("/operator/invitation", get(invitation::get).post(invitation::post))
        .route("/operator/person/{id}/disable", post(person::disable))
        .route("/operator/person/{id}/enable", post(person::enable))
        .route("/practice-key.asc", get(practice_key::get))
}
