//! `/sign-in`: a client signs in. What they wrote on a page whose session had ended comes along and becomes their draft.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::flow::session::{self, Realm, Visit};
use crate::flow::{answer, read};
use crate::house::Failure;
use crate::ids::ThreadId;
use crate::role::Role;
use crate::secret::PlainText;
use crate::web::ctx::Ctx;
use crate::web::form::TextForm;
use crate::web::refusal::Refusal;
use crate::web::shell::{self, Shell};

/// A letter that was handed in without a session.
#[derive(Default)]
pub(crate) struct Carried {
    pub(crate) thread: String,
    pub(crate) subject: PlainText,
    pub(crate) text: PlainText,
}

#[derive(askama::Template)]
#[template(path = "pages/public/sign_in.html")]
struct Page {
    s: Shell,
    name: String,
    notice: Option<String>,
    problem: Option<String>,
    carried: Option<Carried>,
}

pub(super) async fn get(ctx: Ctx, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    if shell::roles(&ctx.visit).is_some_and(|r| r.has(Role::Client)) {
        return Ok(ctx.lead_to("/mailbox"));
    }
    let notice = match query.as_deref() {
        Some(q) if q.starts_with("idle") => Some(ctx.texts.t("sign-in-idle")),
        Some(q) if q.starts_with("out") => Some(ctx.texts.t("sign-in-out")),
        _ => None,
    };
    Ok(show(&ctx, "", notice, None, None))
}

fn show(ctx: &Ctx, name: &str, notice: Option<String>, problem: Option<String>, carried: Option<Carried>) -> Response {
    let name = name.chars().take(crate::limits::NAME_CHARS_MAX * 2).collect();
    ctx.page(&Page { s: Shell::new(ctx, None, "sign-in-title", "/sign-in"), name, notice, problem, carried })
}

/// The page for somebody whose session ended while they wrote: nothing typed is lost.
pub(crate) fn carry_on(ctx: &Ctx, carried: Carried) -> Response {
    show(ctx, "", Some(ctx.texts.t("sign-in-carried")), None, Some(carried))
}

pub(super) async fn post(ctx: Ctx, form: TextForm) -> Result<Response, Refusal> {
    let fields = form.fields;
    let carried = fields.has("carry_text").then(|| Carried {
        thread: fields.get("carry_thread").to_owned(),
        subject: fields.plain("carry_subject"),
        text: fields.plain("carry_text"),
    });
    if form.expired {
        return Ok(show(&ctx, fields.get("name"), Some(ctx.texts.t("form-again")), None, carried));
    }
    match session::sign_in(&ctx.house, Realm::Clients, fields.get("name"), fields.get("secret"), ctx.source).await {
        Ok((cookie, ..)) => {
            let Some(carried) = carried else {
                return Ok(ctx.lead_in("/mailbox", &cookie));
            };
            let Visit::Open(reader) = session::visit(&ctx.house, &cookie).await? else {
                return Err(Refusal::SignIn);
            };
            let thread: ThreadId = carried.thread.parse().map_err(|_| Refusal::NotFound)?;
            let path = match read::own_thread(&ctx.house, &reader, thread).await {
                Ok(thread) => {
                    answer::save_draft(&ctx.house, &reader, thread.id, &carried.subject, &carried.text).await?;
                    format!("/mailbox/{}/write?done=carried", thread.id)
                }
                // Somebody else signed in: the words are not theirs and go nowhere.
                Err(_) => "/mailbox".to_owned(),
            };
            Ok(ctx.lead_in(&path, &cookie))
        }
        Err(Failure::NotAllowed) => {
            Ok(show(&ctx, fields.get("name"), None, Some(ctx.texts.t("sign-in-wrong")), carried))
        }
        Err(Failure::Busy) => Ok(show(&ctx, fields.get("name"), None, Some(ctx.texts.t("refusal-busy")), carried)),
        Err(Failure::Later(until)) => Ok(show(&ctx, fields.get("name"), None, Some(ctx.later(until)), carried)),
        Err(other) => Err(other.into()),
    }
}
