//! Pages of a counselor: the queue, threads, the shelf of held mail.

mod admit;
mod beside_it;
mod draft;
mod file;
mod give_back;
mod guard_view;
mod hand_over;
mod held;
mod held_code;
mod held_discard;
mod held_let_in;
mod held_note;
mod held_tray;
mod held_undo;
mod label_fine;
mod labels;
mod note;
mod note_delete;
mod proof;
mod queue;
mod recall;
mod take;
mod take_over;
#[cfg(test)]
mod tests;
mod thread;
mod thread_view;
mod urgent;

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use chrono::SecondsFormat;
use chrono_tz::Tz;
use serde::Deserialize;

use crate::clock::Moment;
use crate::flow::read::{self, Access};
use crate::flow::session::Reader;
use crate::house::House;
use crate::ids::ThreadId;
use crate::store::threads::Thread;
use crate::texts::Texts;
use crate::web::ctx::Ctx;
use crate::web::refusal::Refusal;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/queue", get(queue::get))
        .route("/queue/admit", post(admit::post))
        .route("/queue/{thread}", get(thread::get).post(thread::post))
        .route("/queue/{thread}/take", post(take::post))
        .route("/queue/{thread}/take-over", post(take_over::post))
        .route("/queue/{thread}/give-back", post(give_back::post))
        .route("/queue/{thread}/hand-over", post(hand_over::post))
        .route("/queue/{thread}/urgent", post(urgent::post))
        .route("/queue/{thread}/recall", post(recall::post))
        .route("/queue/{thread}/draft", post(draft::post))
        .route("/queue/{thread}/note", post(note::post))
        .route("/queue/{thread}/note/delete", post(note_delete::post))
        .route("/queue/{thread}/file/{letter}/{number}", get(file::get))
        .route("/held/{id}", get(held::get))
        .route("/held/{id}/let-in", post(held_let_in::post))
        .route("/held/{id}/discard", post(held_discard::post))
        .route("/held/{id}/note", post(held_note::post))
        .route("/held/{id}/code", post(held_code::post))
        .route("/held/{id}/tray", post(held_tray::post))
        .route("/held/{id}/undo", post(held_undo::post))
        .route("/queue/{thread}/fine", post(label_fine::post))
}

/// What a page was led to with.
#[derive(Deserialize, Default)]
struct Done {
    done: Option<String>,
}

/// A sentence above a page.
struct Notice {
    text: String,
    /// Something did not happen.
    is_problem: bool,
}

/// The notice of a word in the address. Only these words have one: an address cannot put a text of its own on a page.
fn notice(texts: Texts, done: Option<&str>) -> Option<Notice> {
    const WELL: [&str; 19] = [
        "admitted",
        "carried",
        "code-asked",
        "draft-discarded",
        "draft-saved",
        "given-back",
        "handed-over",
        "label-fine",
        "noted",
        "note-deleted",
        "recalled",
        "safe",
        "sent",
        "taken",
        "taken-over",
        "third-party",
        "tray",
        "undone",
        "unsafe",
    ];
    const BADLY: [&str; 9] =
        ["changed", "choose", "code-none", "empty-note", "kept", "late", "quicker", "reason", "undo-late"];
    let word = done?;
    let is_problem = BADLY.contains(&word);
    let known = is_problem || WELL.contains(&word);
    known.then(|| Notice { text: texts.t(&format!("counselor-done-{word}")), is_problem })
}

/// A part of the address as an id; anything else is a page that is not there.
fn part<T: FromStr>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::NotFound)
}

/// A moment in words and for machines.
struct When {
    iso: String,
    words: String,
    age: String,
}

impl When {
    fn new(ctx: &Ctx, at: Moment, zone: Tz) -> Self {
        let iso = at.utc().to_rfc3339_opts(SecondsFormat::Secs, true);
        Self { iso, words: ctx.texts.date_time(at, zone), age: ctx.texts.age(at, ctx.now) }
    }
}

/// A thread that is this counselor's, for what only they may do with it. Otherwise the page says how things stand now.
async fn mine(ctx: &Ctx, reader: &Reader, id: &str) -> Result<Result<Thread, axum::response::Response>, Refusal> {
    let id: ThreadId = part(id)?;
    let (thread, access) = read::staff_thread(&ctx.house, reader, id).await?;
    let is_mine = access == Access::Open && thread.assignee == Some(reader.who.person);
    Ok(if is_mine { Ok(thread) } else { Err(lead(ctx, id, "changed")) })
}

/// Leads to a thread's page with a notice.
fn lead(ctx: &Ctx, thread: ThreadId, done: &str) -> axum::response::Response {
    ctx.lead_to(&format!("/queue/{thread}?done={done}"))
}
