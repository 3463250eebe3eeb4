//! Pages of an operator.

use std::sync::Arc;

use axum::Router;

use crate::house::House;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
}
