//! `/unlock`: opens a locked screen; a reply that was typed before it locked comes along and becomes a draft.

use axum::response::Response;

use super::carry::{Author, Carried};
use super::{destination, lock, sign_in};
use crate::flow::session::{self, Reader, Visit};
use crate::house::Failure;
use crate::web::ctx::Ctx;
use crate::web::form::TextForm;
use crate::web::refusal::Refusal;

/// Somebody reloaded the answer to the form: the form is at `/lock`.
pub(super) async fn get(ctx: Ctx) -> Response {
    ctx.lead_to("/lock")
}

pub(super) async fn post(ctx: Ctx, form: TextForm) -> Result<Response, Refusal> {
    let fields = form.fields;
    let (back, carried) = (fields.get("back"), Carried::of(&fields));
    let who = match &ctx.visit {
        Visit::Stranger => {
            let notice = Some(ctx.texts.t(if carried.is_some() { "staff-carried" } else { "staff-session-over" }));
            return Ok(sign_in::show(&ctx, "", back, notice, None, carried));
        }
        Visit::Open(Reader { who, .. }) | Visit::Locked(who) if !who.roles.is_staff() => return Err(Refusal::NotFound),
        // Unlocked in another window meanwhile.
        Visit::Open(reader) if !form.expired => return Ok(ctx.lead_to(&on(&ctx, reader, back, carried).await?)),
        Visit::Open(Reader { who, .. }) | Visit::Locked(who) => who,
    };
    let again = |key: &str, carried| Ok(lock::show(&ctx, who, back, Some(ctx.texts.t(key)), carried));
    if form.expired {
        return again("staff-form-again", carried);
    }
    let cookie = match session::unlock(&ctx.house, who, fields.get("secret"), ctx.source).await {
        Ok(cookie) => cookie,
        Err(Failure::NotAllowed) => return again("staff-unlock-wrong", carried),
        Err(Failure::Busy) => return again("refusal-busy", carried),
        Err(Failure::Later(until)) => return Ok(lock::show(&ctx, who, back, Some(ctx.later(until)), carried)),
        Err(other) => return Err(other.into()),
    };
    let Visit::Open(reader) = session::visit(&ctx.house, &cookie).await? else {
        return Err(Refusal::StaffSignIn(back.to_owned()));
    };
    let path = on(&ctx, &reader, back, carried).await?;
    Ok(ctx.lead_in(&path, &cookie))
}

async fn on(ctx: &Ctx, reader: &Reader, back: &str, carried: Option<Carried>) -> Result<String, Refusal> {
    let kept = match carried {
        Some(carried) => carried.keep(&ctx.house, reader, Author::Same).await?,
        None => None,
    };
    Ok(kept.unwrap_or_else(|| destination(back, reader.who.roles)))
}
