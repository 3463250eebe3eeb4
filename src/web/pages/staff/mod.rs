//! Coming and going of staff: signing in and out, locking the screen, accepting an invitation.

pub(crate) mod carry;
mod invitation;
mod lock;
pub(crate) mod problems;
mod recover;
mod sign_in;
mod sign_out;
mod still_here;
mod unlock;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::house::House;
use crate::role::{Role, Roles};
use crate::web::ctx::own_path;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/staff", get(sign_in::get).post(sign_in::post))
        .route("/staff/recover", get(recover::get).post(recover::post))
        .route("/lock", get(lock::get).post(lock::post))
        .route("/unlock", get(unlock::get).post(unlock::post))
        .route("/sign-out", get(sign_out::get).post(sign_out::post))
        .route("/still-here", post(still_here::post))
        .route("/invitation/{token}", get(invitation::get).post(invitation::post))
}

/// Where a colleague begins.
pub(crate) const fn home(roles: Roles) -> &'static str {
    if roles.has(Role::Counselor) {
        "/queue"
    } else if roles.has(Role::Operator) {
        "/operator"
    } else {
        "/schedule"
    }
}

/// Where a colleague goes on: back to where they were, unless that was one of the pages about coming and going.
fn destination(back: &str, roles: Roles) -> String {
    goes_back(back).unwrap_or_else(|| home(roles)).to_owned()
}

/// A path worth going back to.
fn goes_back(back: &str) -> Option<&str> {
    let path = Some(own_path(back, "")).filter(|p| p.len() > 1)?;
    let page = path.split(['?', '#']).next().unwrap_or_default();
    let about_coming = ["/staff", "/lock", "/unlock", "/sign-out", "/still-here", "/leave", "/language"];
    let is_one =
        about_coming.iter().any(|p| page.strip_prefix(p).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    (!is_one).then_some(path)
}
