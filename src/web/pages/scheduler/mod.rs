//! Pages of a scheduler: numbers and names of staff, never a letter or a mailbox name.

mod schedule;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::house::House;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/schedule", get(schedule::get))
}
