//! `/staff`: staff sign in. Unknown and wrong look the same.

use axum::extract::Query;
use axum::response::Response;

use super::carry::{Author, Carried};
use super::problems::Problems;
use super::{destination, home};
use crate::flow::session::{self, Realm, Visit};
use crate::house::Failure;
use crate::limits::NAME_CHARS_MAX;
use crate::web::ctx::Ctx;
use crate::web::form::TextForm;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

#[derive(askama::Template)]
#[template(path = "pages/staff/sign_in.html")]
struct Page {
    s: Shell,
    name: String,
    back: String,
    notice: Option<String>,
    problems: Problems,
    carried: Option<Carried>,
}

#[derive(serde::Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    back: String,
    out: Option<String>,
}

pub(super) async fn get(ctx: Ctx, Query(ask): Query<Ask>) -> Result<Response, Refusal> {
    match &ctx.visit {
        Visit::Open(reader) if reader.who.roles.is_staff() => {
            return Ok(ctx.lead_to(&destination(&ask.back, reader.who.roles)));
        }
        Visit::Locked(who) if who.roles.is_staff() => return Err(Refusal::Locked(destination(&ask.back, who.roles))),
        Visit::Open(_) | Visit::Locked(_) | Visit::Stranger => {}
    }
    let notice = ask.out.is_some().then(|| ctx.texts.t("staff-signed-out"));
    Ok(show(&ctx, "", &ask.back, notice, None, None))
}

pub(super) fn show(
    ctx: &Ctx,
    name: &str,
    back: &str,
    notice: Option<String>,
    problem: Option<String>,
    carried: Option<Carried>,
) -> Response {
    ctx.page(&Page {
        s: Shell::new(ctx, None, "staff-sign-in-title", "/staff").for_staff(),
        name: name.chars().take(NAME_CHARS_MAX * 2).collect(),
        back: back.to_owned(),
        notice,
        problems: problem.map(|text| Problems::one("name", text)).unwrap_or_default(),
        carried,
    })
}

pub(super) async fn post(ctx: Ctx, form: TextForm) -> Result<Response, Refusal> {
    let fields = form.fields;
    let (name, back, carried) = (fields.get("name"), fields.get("back"), Carried::of(&fields));
    let again = |key: &str, carried| Ok(show(&ctx, name, back, None, Some(ctx.texts.t(key)), carried));
    if form.expired {
        return again("staff-form-again", carried);
    }
    let cookie = match session::sign_in(&ctx.house, Realm::Staff, name, fields.get("secret"), ctx.source).await {
        Ok((cookie, ..)) => cookie,
        Err(Failure::NotAllowed) => return again("staff-wrong", carried),
        Err(Failure::Busy) => return again("refusal-busy", carried),
        Err(Failure::Later(until)) => return Ok(show(&ctx, name, back, None, Some(ctx.later(until)), carried)),
        Err(other) => return Err(other.into()),
    };
    // Whoever was here before on this browser has gone.
    if let Visit::Open(session::Reader { who, .. }) | Visit::Locked(who) = &ctx.visit {
        session::sign_out(&ctx.house, &who.session).await?;
    }
    let Visit::Open(reader) = session::visit(&ctx.house, &cookie).await? else {
        return Err(Refusal::StaffSignIn(back.to_owned()));
    };
    let path = match carried {
        Some(carried) => carried
            .keep(&ctx.house, &reader, Author::Perhaps)
            .await?
            .unwrap_or_else(|| home(reader.who.roles).to_owned()),
        None => destination(back, reader.who.roles),
    };
    Ok(ctx.lead_in(&path, &cookie))
}
