//! Pages anybody may see, and coming in.

mod confirm;
mod desk;
mod home;
mod keys;
mod language;
mod leave;
pub(crate) mod open;
mod recover;
pub(crate) mod sign_in;
mod simple;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::house::House;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/", get(home::get))
        .route("/desk/{slug}", get(desk::get))
        .route("/desk/{slug}/open", get(open::get).post(open::post))
        .route("/sign-in", get(sign_in::get).post(sign_in::post))
        .route("/recover", get(recover::get).post(recover::post))
        .route("/confirm/{token}", get(confirm::get).post(confirm::post))
        .route("/leave", get(leave::get))
        .route("/language/{code}", get(language::get))
        .route("/.well-known/openpgpkey/policy", get(keys::policy))
        .route("/.well-known/openpgpkey/hu/{name}", get(keys::direct))
        .route("/.well-known/openpgpkey/{domain}/policy", get(keys::policy))
        .route("/.well-known/openpgpkey/{domain}/hu/{name}", get(keys::advanced))
        .route("/now", get(simple::now))
        .route("/safety", get(simple::safety))
        .route("/privacy", get(simple::privacy))
        .route("/others", get(simple::others))
}
