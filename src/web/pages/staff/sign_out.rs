//! `/sign-out`: ends the session and asks the browser to forget. GET too: the idle script leads here.

use axum::extract::RawQuery;
use axum::http::header::{HeaderName, HeaderValue, SET_COOKIE};
use axum::response::Response;

use crate::flow::session::{self, Reader, Visit};
use crate::web::ctx::{Ctx, Jar};
use crate::web::form::TextForm;
use crate::web::refusal::Refusal;

pub(super) async fn get(ctx: Ctx, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    end(&ctx, query.is_some_and(|q| q.starts_with("idle"))).await
}

/// A form whose token was lost still signs out: nobody is harmed, and staying signed in could harm.
pub(super) async fn post(ctx: Ctx, _: TextForm) -> Result<Response, Refusal> {
    end(&ctx, false).await
}

async fn end(ctx: &Ctx, idle: bool) -> Result<Response, Refusal> {
    let mut staff = false;
    if let Visit::Open(Reader { who, .. }) | Visit::Locked(who) = &ctx.visit {
        staff = who.roles.is_staff();
        session::sign_out(&ctx.house, &who.session).await?;
    }
    let mut response = ctx.lead_to(match (staff, idle) {
        (true, _) => "/staff?out",
        (false, true) => "/sign-in?idle",
        (false, false) => "/sign-in?out",
    });
    let headers = response.headers_mut();
    headers.append(SET_COOKIE, Jar::Session.set(&ctx.house, None));
    headers.insert(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static(r#""cache", "cookies", "storage""#),
    );
    Ok(response)
}
