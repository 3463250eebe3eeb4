//! Pages anybody may see, and coming in.

use std::sync::Arc;

use axum::Router;

use crate::house::House;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
}
