//! Pages of a counselor.

use std::sync::Arc;

use axum::Router;

use crate::house::House;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
}
