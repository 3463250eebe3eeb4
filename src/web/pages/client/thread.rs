//! `/mailbox/THREAD`: the letters of both sides, and how things stand in plain words.

use axum::extract::{Path, Query};
use axum::response::Response;
use chrono_tz::Tz;
use serde::Deserialize;

use super::hint::{self, HintView};
use crate::clock::Moment;
use crate::flow::read::{self, OpenLetter, ThreadPage};
use crate::flow::{answer, code_word, notify, own_threads, tray};
use crate::ids::ThreadId;
use crate::limits::CODE_WORD_CHARS_MAX;
use crate::store::hints::CodeResult;
use crate::store::letters::Side;
use crate::store::threads::{Thread, ThreadState};
use crate::web::ctx::{Client, Ctx};
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;
use crate::web::wraps;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    before: Option<i64>,
    #[serde(default)]
    done: String,
}

#[derive(askama::Template)]
#[template(path = "pages/client/thread.html")]
struct Page {
    s: Shell,
    thread: Thread,
    desk: String,
    zone: Tz,
    letters: Vec<OpenLetter>,
    older: Option<i64>,
    notice: Option<String>,
    urgent: bool,
    state: String,
    has_draft: bool,
    first_page: bool,
    hints: Vec<HintView>,
    asks_code: bool,
    stopped: bool,
    word_chars: usize,
    /// The client has other threads too.
    several: bool,
    tray_waits: bool,
    has_other_desks: bool,
}

impl Page {
    fn is_mine(&self, letter: &OpenLetter) -> bool {
        letter.side == Side::Client
    }

    fn has_news(&self) -> bool {
        self.hints.iter().any(HintView::is_news)
    }

    /// Which of them the page shows: what comes meanwhile is not marked as read.
    fn news(&self) -> String {
        let words: Vec<_> = self.hints.iter().filter(|h| h.is_news()).map(|h| h.word).collect();
        words.join(",")
    }

    fn time(&self, at: Moment) -> String {
        self.s.texts.date_time(at, self.zone)
    }

    fn wraps(&self, letter: &OpenLetter) -> Vec<String> {
        wraps::lines(self.s.texts, letter.wrap.as_ref())
    }

    /// When the client could first see it: what the letterhead says.
    fn dated(&self, letter: &OpenLetter) -> Moment {
        letter.released.unwrap_or(letter.received)
    }

    fn iso(&self, at: Moment) -> String {
        at.utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    fn files_base(&self, letter: &OpenLetter) -> String {
        format!("/mailbox/{}/file/{}", self.thread.id, letter.id)
    }
}

pub(super) async fn get(
    Path(thread): Path<ThreadId>,
    Query(asked): Query<Asked>,
    Client(ctx, reader): Client,
) -> Result<Response, Refusal> {
    let thread = read::own_thread(&ctx.house, &reader, thread).await?;
    let desk = read::desk_of(&ctx.house, &thread).await?;
    let ThreadPage { letters, older } =
        read::page(&ctx.house, &reader, &thread, asked.before.map(Moment::from_micros)).await?;
    let has_draft = answer::draft(&ctx.house, &reader, thread.id).await?.is_some();
    let first_page = asked.before.is_none();
    let hints = if first_page { hint::views(&ctx, &reader, &thread).await? } else { Vec::new() };
    let question = code_word::question(&ctx.house, thread.id).await?;
    let page = Page {
        hints,
        asks_code: first_page && question.is_some_and(|q| q.result != CodeResult::Match),
        stopped: first_page && notify::settings(&ctx.house, &reader).await?.stopped,
        word_chars: CODE_WORD_CHARS_MAX,
        several: read::own_threads(&ctx.house, &reader).await?.len() > 1,
        tray_waits: first_page && tray::count(&ctx.house, &reader).await? > 0,
        has_other_desks: first_page && !own_threads::other_desks(&ctx.house, &reader).await?.is_empty(),
        s: Shell::new(&ctx, Some(reader.who.roles), "mailbox-title", "/mailbox"),
        desk: desk.name,
        zone: hours::zone(&desk.zone),
        older: older.map(Moment::micros),
        notice: notice(&ctx, &asked.done),
        urgent: asked.done == "sent-urgent",
        state: state(&ctx, &thread),
        has_draft,
        first_page,
        letters,
        thread,
    };
    Ok(ctx.page(&page))
}

fn notice(ctx: &Ctx, done: &str) -> Option<String> {
    let key = match done {
        "sent" | "sent-urgent" => "thread-done-sent",
        "discarded" => "thread-done-discarded",
        "recovered" => "thread-done-recovered",
        "moved" => "hint-done-moved",
        "never" => "hint-done-never",
        "code-match" => "hint-done-code-match",
        "code-miss" => "hint-done-code-miss",
        "code-often" => "hint-done-code-often",
        _ => return None,
    };
    Some(ctx.texts.t(key))
}

/// How things stand, in plain words. A reply in its recall window is not told: it may still be taken back.
fn state(ctx: &Ctx, thread: &Thread) -> String {
    let key = match thread.state {
        ThreadState::Fresh => "thread-state-fresh",
        ThreadState::Waiting | ThreadState::Leaving if thread.assignee.is_some() => "thread-state-taken",
        ThreadState::Waiting | ThreadState::Leaving => "thread-state-waiting",
        ThreadState::Answered => "thread-state-answered",
    };
    ctx.texts.t(key)
}
