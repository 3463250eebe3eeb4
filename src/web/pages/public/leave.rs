//! `/leave`: away from here at once. Ends the session, clears what the browser holds of us, and leads to a neutral page.

use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::flow::session::{self, Visit};
use crate::web::ctx::{Ctx, Jar};

pub(super) async fn get(ctx: Ctx) -> Response {
    let session = match &ctx.visit {
        Visit::Open(reader) => Some(&reader.who.session),
        Visit::Locked(who) => Some(&who.session),
        Visit::Stranger => None,
    };
    if let Some(session) = session {
        // Whether or not the row can be deleted, the cookie goes and the page changes: leaving must never wait.
        if let Err(error) = session::sign_out(&ctx.house, session).await {
            tracing::warn!(%error, "a session could not be ended at once");
        }
    }
    let mut response = Redirect::to(&ctx.house.rules.leave_url).into_response();
    let headers = response.headers_mut();
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"cookies\", \"storage\""));
    headers.append(SET_COOKIE, Jar::Session.set(&ctx.house, None));
    headers.append(SET_COOKIE, Jar::Form.set(&ctx.house, None));
    response
}
