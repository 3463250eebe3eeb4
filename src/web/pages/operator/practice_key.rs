//! `/practice-key.asc`: the practice's public key, for everybody.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use crate::house::{Failure, House};
use crate::web::refusal::Refusal;

pub(super) async fn get(State(house): State<Arc<House>>) -> Result<Response, Refusal> {
    let text = house.keys.practice.public_armored().map_err(Failure::from)?;
    Ok(([(CONTENT_TYPE, "application/pgp-keys")], text).into_response())
}
