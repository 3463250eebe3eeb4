//! What a page answers when it cannot answer.
//!
//! One exhaustive match from refusal to status; the text is fixed and holds a request id for what is our fault, and the
//! detail goes to the log only. The page itself is written in the reader's language once the request is known again.

use std::any::Any;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::ctx;
use super::shell::Shell;
use crate::chance;
use crate::house::{Failure, House};
use crate::ids::base32;
use crate::texts::Texts;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No such page, or not for this person.
    NotFound,
    /// The person may not do this.
    NotAllowed,
    /// A client has to sign in.
    SignIn,
    /// A colleague has to sign in; then back to this path.
    StaffSignIn(String),
    /// The screen is locked; then back to this path.
    Locked(String),
    /// The form's token was lost.
    FormExpired,
    /// The form came from another site.
    CrossSite,
    /// More than a form may hold.
    TooLarge,
    /// Somebody was quicker.
    Changed,
    /// Too much at once.
    Busy,
    /// The database does not answer.
    Unavailable,
    /// Our fault: for the log.
    Broken(String),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(e) if e.is_passing() => {
                tracing::warn!(error = %e, "the database does not answer");
                Self::Unavailable
            }
            Failure::Store(crate::store::StoreError::Gone(_)) | Failure::Changed => Self::Changed,
            Failure::NotFound => Self::NotFound,
            Failure::NotAllowed => Self::NotAllowed,
            Failure::Busy | Failure::Later(_) => Self::Busy,
            other @ (Failure::Store(_) | Failure::NoUsableKey(_) | Failure::Damaged(_)) => {
                Self::Broken(other.to_string())
            }
        }
    }
}

/// Travels with a response until the page can be written.
#[derive(Clone)]
pub(super) struct Unwritten {
    key: &'static str,
    id: Option<String>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, key) = match &self {
            Self::SignIn => return Redirect::to("/sign-in").into_response(),
            Self::StaffSignIn(back) => return Redirect::to(&with_back("/staff", back)).into_response(),
            Self::Locked(back) => return Redirect::to(&with_back("/lock", back)).into_response(),
            Self::NotFound => (StatusCode::NOT_FOUND, "refusal-not-found"),
            Self::NotAllowed => (StatusCode::FORBIDDEN, "refusal-not-allowed"),
            Self::FormExpired => (StatusCode::BAD_REQUEST, "refusal-form-expired"),
            Self::CrossSite => (StatusCode::FORBIDDEN, "refusal-cross-site"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "refusal-too-large"),
            Self::Changed => (StatusCode::CONFLICT, "refusal-changed"),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "refusal-busy"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "refusal-unavailable"),
            Self::Broken(_) => (StatusCode::INTERNAL_SERVER_ERROR, "refusal-broken"),
        };
        let id = status.is_server_error().then(|| base32(&chance::bytes::<5>(&chance::OsChance)));
        if let (Self::Broken(detail), Some(id)) = (&self, &id) {
            tracing::error!(request = %id, detail, "a page failed");
        }
        let mut response = status.into_response();
        if matches!(self, Self::Busy | Self::Unavailable) {
            response.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static("10"));
        }
        response.extensions_mut().insert(Unwritten { key, id });
        response
    }
}

fn with_back(page: &str, back: &str) -> String {
    format!("{page}?back={}", ctx::percent_encoded(back))
}

#[derive(askama::Template)]
#[template(path = "pages/public/refusal.html")]
struct Page {
    s: Shell,
    heading: String,
    text: String,
    id: Option<String>,
}

/// Writes the page of a refusal, now that the reader's language is at hand.
pub(super) fn write(house: &Arc<House>, request: &HeaderMap, mut response: Response) -> Response {
    let unwritten = response.extensions_mut().remove::<Unwritten>().or_else(|| from_framework(&mut response));
    let Some(unwritten) = unwritten else { return response };
    let texts = Texts(ctx::language(house, request).unwrap_or_else(|| ctx::accepted_language(request)));
    let heading = texts.t(&format!("{}-title", unwritten.key));
    let page =
        Page { s: Shell::outside(house, texts, &heading), heading, text: texts.t(unwritten.key), id: unwritten.id };
    let body = askama::Template::render(&page).map_or_else(|_| Html(String::new()), Html);
    let (parts, _) = response.into_parts();
    let mut written = (parts.status, body).into_response();
    for (name, value) in &parts.headers {
        if name != "content-type" && name != "content-length" {
            written.headers_mut().append(name, value.clone());
        }
    }
    written
}

/// Errors of the framework (a body too large, a method not allowed) become pages as well.
fn from_framework(response: &mut Response) -> Option<Unwritten> {
    let has_page = response.headers().get("content-type").is_some_and(|t| t != "text/plain; charset=utf-8");
    if !has_page && response.status() == StatusCode::BAD_REQUEST {
        // A part of the address that is no id: no such page, as for an id of nobody's.
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    let key = match response.status() {
        status if !status.is_client_error() && !status.is_server_error() => return None,
        _ if has_page => return None,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => "refusal-not-found",
        StatusCode::PAYLOAD_TOO_LARGE => "refusal-too-large",
        StatusCode::SERVICE_UNAVAILABLE => "refusal-unavailable",
        status if status.is_client_error() => "refusal-form-expired",
        _ => "refusal-broken",
    };
    Some(Unwritten { key, id: None })
}

pub(super) async fn no_such_page() -> Refusal {
    Refusal::NotFound
}

/// The panic's own words may quote anything, so they are not repeated.
pub(super) fn after_panic(_: Box<dyn Any + Send>) -> Response {
    Refusal::Broken("a page panicked".to_owned()).into_response()
}
