//! Metrics and health, on a listener of their own so that they never leak through the web door.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::house::House;

/// `/metrics` and `/health`, for a listener of their own.
pub fn ops_router(house: Arc<House>, handle: PrometheusHandle) -> Router {
    let health = move || {
        let house = Arc::clone(&house);
        async move {
            match house.db.ping().await {
                Ok(()) => (StatusCode::OK, "ok\n"),
                Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
            }
        }
    };
    Router::new().route("/metrics", get(move || async move { handle.render() })).route("/health", get(health))
}
