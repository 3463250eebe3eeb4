//! Metrics and health, on a listener of their own so that they never leak through the web door.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::flow::oversee;
use crate::house::House;

/// `/metrics` and `/health`, for a listener of their own.
pub fn ops_router(house: Arc<House>, handle: PrometheusHandle) -> Router {
    let house_of_page = Arc::clone(&house);
    let health = move || {
        let house = Arc::clone(&house);
        async move {
            match house.db.ping().await {
                Ok(()) => (StatusCode::OK, "ok\n"),
                Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
            }
        }
    };
    let page = move || {
        let (house, handle) = (Arc::clone(&house_of_page), handle.clone());
        async move {
            // Ages are looked up when somebody asks: a motor that stands still must not keep its last good figure.
            if let Ok(ages) = oversee::ages(&house).await {
                gauge!("merpati_outbox_oldest_age_seconds").set(ages.outbox.as_secs_f64());
                if let Some(age) = ages.canary {
                    gauge!("merpati_canary_age_seconds").set(age.as_secs_f64());
                }
            }
            handle.render()
        }
    };
    Router::new().route("/metrics", get(page)).route("/health", get(health))
}
