//! `/lock`: the screen is locked, and opens with the secret of the person who locked it.
//!
//! GET locks too: the idle script leads here with `location.replace`.

use axum::extract::Query;
use axum::http::HeaderMap;
use axum::http::header::REFERER;
use axum::response::Response;

use super::carry::Carried;
use super::goes_back;
use super::problems::Problems;
use crate::flow::session::{self, Visit, Who};
use crate::web::ctx::{Ctx, percent_encoded};
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

#[derive(askama::Template)]
#[template(path = "pages/staff/lock.html")]
struct Page {
    s: Shell,
    name: String,
    back: String,
    problems: Problems,
    carried: Option<Carried>,
}

#[derive(serde::Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    back: String,
}

/// The page of ours from which the browser came: after unlocking, it goes on there.
fn came_from(headers: &HeaderMap) -> Option<&str> {
    let (_, rest) = headers.get(REFERER)?.to_str().ok()?.split_once("://")?;
    goes_back(rest.get(rest.find('/')?..)?)
}

pub(super) async fn get(ctx: Ctx, Query(ask): Query<Ask>, headers: HeaderMap) -> Result<Response, Refusal> {
    let from = came_from(&headers).filter(|_| ask.back.is_empty());
    let who = match &ctx.visit {
        Visit::Stranger => return Err(Refusal::StaffSignIn(from.unwrap_or(&ask.back).to_owned())),
        Visit::Open(session::Reader { who, .. }) | Visit::Locked(who) if !who.roles.is_staff() => {
            return Err(Refusal::NotFound);
        }
        Visit::Locked(who) => who,
        Visit::Open(reader) => {
            session::lock(&ctx.house, &reader.who.session).await?;
            &reader.who
        }
    };
    // Into the address, where it survives a reload and a change of language.
    match from {
        Some(from) => Ok(ctx.lead_to(&format!("/lock?back={}", percent_encoded(from)))),
        None => Ok(show(&ctx, who, &ask.back, None, None)),
    }
}

pub(super) async fn post(ctx: Ctx, headers: HeaderMap, _: SafeForm) -> Result<Response, Refusal> {
    if let Visit::Open(reader) = &ctx.visit
        && reader.who.roles.is_staff()
    {
        session::lock(&ctx.house, &reader.who.session).await?;
    }
    let back = came_from(&headers).unwrap_or_default();
    Ok(ctx.lead_to(&format!("/lock?back={}", percent_encoded(back))))
}

/// The unlock form.
pub(super) fn show(ctx: &Ctx, who: &Who, back: &str, problem: Option<String>, carried: Option<Carried>) -> Response {
    ctx.page(&Page {
        s: Shell::new(ctx, None, "staff-lock-title", "/lock").for_staff(),
        name: who.name.reveal().clone(),
        back: back.to_owned(),
        problems: problem.map(|text| Problems::one("secret", text)).unwrap_or_default(),
        carried,
    })
}
