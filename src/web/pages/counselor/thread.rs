//! `/queue/{thread}`: a thread as its counselor reads it, and the reply.
//!
//! A reply that was handed in is never lost: an expired form, an empty letter, a locked screen, a colleague who took the
//! thread meanwhile, each gives the words back.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::guard_view::REASONS;
use super::thread_view::view;
use super::{lead, part};
use crate::clock::Moment;
use crate::flow::answer::{self, Reply};
use crate::flow::guard::{self, Doubts};
use crate::flow::read::{self, Access};
use crate::flow::session::{Reader, Visit};
use crate::house::Failure;
use crate::ids::{LetterId, ThreadId};
use crate::limits::{LETTER_TEXT_BYTES_MAX, SUBJECT_CHARS_MAX};
use crate::role::Role;
use crate::secret::PlainText;
use crate::store::threads::Thread;
use crate::web::ctx::{Counselor, Ctx};
use crate::web::form::{Fields, TextForm};
use crate::web::pages::staff::carry::{Carried, carry_on};
use crate::web::refusal::Refusal;

/// What the address asks for.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    pub(super) before: Option<i64>,
    pub(super) done: Option<String>,
}

/// A reply as it was typed.
pub(super) struct Written {
    pub(super) subject: PlainText,
    pub(super) text: PlainText,
    /// Drawn with the form it was typed into.
    pub(super) form_id: Option<LetterId>,
    /// What that form's page had shown.
    pub(super) covers: Option<Moment>,
    /// What has to be mended; a text key.
    pub(super) problem: Option<&'static str>,
    /// Why somebody has to look before it leaves.
    pub(super) stopped: Option<Stopped>,
}

/// A reply the guard has doubts about.
pub(super) struct Stopped {
    pub(super) doubts: Doubts,
    /// Somebody looked, but chose no reason.
    pub(super) reason_missing: bool,
}

impl Written {
    pub(super) fn read(fields: &Fields) -> Self {
        // A subject is one line; browsers send line breaks as two signs.
        let subject =
            fields.get("subject").chars().filter(|c| !c.is_control()).take(SUBJECT_CHARS_MAX).collect::<String>();
        Self {
            subject: PlainText::new(subject.trim().to_owned()),
            text: PlainText::new(fields.get("text").replace("\r\n", "\n")),
            form_id: fields.parse("form_id"),
            covers: fields.parse("covers").map(Moment::from_micros),
            problem: None,
            stopped: None,
        }
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.text.reveal().len() > LETTER_TEXT_BYTES_MAX
    }

    fn is_blank(&self) -> bool {
        self.text.reveal().trim().is_empty()
    }
}

pub(super) async fn get(
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    Counselor(ctx, reader): Counselor,
) -> Result<Response, Refusal> {
    let (thread, access) = read::staff_thread(&ctx.house, &reader, part(&id)?).await?;
    Ok(ctx.page(&view(&ctx, &reader, &thread, access, &asked, None).await?))
}

pub(super) async fn post(Path(id): Path<String>, mut ctx: Ctx, form: TextForm) -> Result<Response, Refusal> {
    let id: ThreadId = part(&id)?;
    let written = Written::read(&form.fields);
    let is_away = match &ctx.visit {
        Visit::Locked(who) => who.roles.has(Role::Counselor),
        Visit::Stranger => true,
        Visit::Open(_) => false,
    };
    if is_away {
        let carried = Carried { thread: id.to_string(), subject: written.subject, text: written.text };
        return Ok(carry_on(&ctx, carried));
    }
    match std::mem::replace(&mut ctx.visit, Visit::Stranger) {
        Visit::Open(reader) if reader.who.roles.has(Role::Counselor) => reply(&ctx, &reader, id, form, written).await,
        Visit::Open(_) | Visit::Locked(_) | Visit::Stranger => Err(Refusal::NotFound),
    }
}

async fn reply(
    ctx: &Ctx,
    reader: &Reader,
    id: ThreadId,
    form: TextForm,
    written: Written,
) -> Result<Response, Refusal> {
    let (thread, access) = read::staff_thread(&ctx.house, reader, id).await?;
    if form.expired {
        return again(ctx, reader, &thread, access, written, "counselor-form-expired").await;
    }
    if form.fields.has("discard") {
        answer::discard_draft(&ctx.house, reader, id).await?;
        return Ok(lead(ctx, id, "draft-discarded"));
    }
    if written.is_too_long() {
        return again(ctx, reader, &thread, access, written, "counselor-too-long").await;
    }
    if form.fields.has("keep") {
        answer::save_draft(&ctx.house, reader, id, &written.subject, &written.text).await?;
        return Ok(lead(ctx, id, "draft-saved"));
    }
    if written.is_blank() {
        return again(ctx, reader, &thread, access, written, "counselor-empty").await;
    }
    let doubts = guard::look(&ctx.house, reader, &thread, &written.subject, &written.text).await?;
    if doubts.is_empty() {
        return send(ctx, reader, &thread, written, None).await;
    }
    let looked = form.fields.get("guard") == doubts.mark;
    let chosen = form.fields.get("guard_reason");
    let reason = REASONS.into_iter().map(|(word, _)| word).find(|word| *word == chosen);
    match (looked, doubts.has_contacts(), reason) {
        (true, false, _) => send(ctx, reader, &thread, written, Some(doubts.passed("looked"))).await,
        (true, true, Some(reason)) => send(ctx, reader, &thread, written, Some(doubts.passed(reason))).await,
        (looked, ..) => {
            let stopped = Some(Stopped { doubts, reason_missing: looked });
            again(ctx, reader, &thread, access, Written { stopped, ..written }, "guard-stopped").await
        }
    }
}

/// Hands the reply in. Where that is no longer this counselor's to do, the words become their draft.
async fn send(
    ctx: &Ctx,
    reader: &Reader,
    thread: &Thread,
    written: Written,
    passed: Option<String>,
) -> Result<Response, Refusal> {
    let reply = Reply {
        subject: written.subject.clone(),
        text: written.text.clone(),
        // A page cannot have shown what is not written yet.
        covers: written.covers.unwrap_or(Moment::from_micros(0)).min(ctx.now),
        form_id: written.form_id.unwrap_or_else(|| LetterId::draw(&*ctx.house.chance)),
        passed,
    };
    match answer::hand_in(&ctx.house, reader, thread, reply).await {
        Ok(_) => Ok(lead(ctx, thread.id, "sent")),
        Err(Failure::Changed | Failure::NotAllowed) => {
            answer::save_draft(&ctx.house, reader, thread.id, &written.subject, &written.text).await?;
            Ok(lead(ctx, thread.id, "kept"))
        }
        Err(other) => Err(other.into()),
    }
}

/// The page again with what was typed and what has to be mended.
async fn again(
    ctx: &Ctx,
    reader: &Reader,
    thread: &Thread,
    access: Access,
    mut written: Written,
    problem: &'static str,
) -> Result<Response, Refusal> {
    written.problem = Some(problem);
    let page = view(ctx, reader, thread, access, &Asked::default(), Some(written)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, ctx.page(&page)).into_response())
}
