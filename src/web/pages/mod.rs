//! One file per URL, by whom it serves.

pub mod client;
pub mod counselor;
pub mod operator;
pub mod public;
pub mod scheduler;
pub mod staff;

use std::sync::Arc;

use axum::Router;

use crate::house::House;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .merge(public::routes())
        .merge(client::routes())
        .merge(counselor::routes())
        .merge(operator::routes())
        .merge(scheduler::routes())
        .merge(staff::routes())
}
