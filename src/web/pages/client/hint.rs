//! `POST /mailbox/{thread}/hint` and `/code`: the client answers what they were told or asked.

use axum::extract::Path;
use axum::response::Response;

use crate::flow::code_word::{self, Answered};
use crate::flow::hints::{self, HintKind};
use crate::flow::{notify, own_threads, read};
use crate::house::Failure;
use crate::ids::{DeskId, ThreadId};
use crate::web::ctx::{Client, Ctx};
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

/// A hint as the page shows it.
pub(super) struct HintView {
    pub(super) word: &'static str,
    pub(super) title: String,
    pub(super) text: String,
    /// Value and words of each button.
    pub(super) answers: Vec<(&'static str, String)>,
    /// The client's other threads, where the letter could belong.
    pub(super) places: Vec<(ThreadId, String)>,
    /// Desks where the client has none yet: a press begins one.
    pub(super) desks: Vec<(DeskId, String)>,
}

impl HintView {
    /// Something to know, not to answer.
    pub(super) const fn is_news(&self) -> bool {
        self.answers.is_empty()
    }
}

/// What waits for the client's eyes.
pub(super) async fn views(
    ctx: &Ctx,
    reader: &crate::flow::session::Reader,
    thread: &crate::store::threads::Thread,
) -> Result<Vec<HintView>, Refusal> {
    let mut all = Vec::new();
    for (kind, _) in hints::open(&ctx.house, thread).await? {
        let word = kind.word();
        let answer = |a: &&'static str| (*a, ctx.texts.t(&format!("hint-answer-{word}-{a}")));
        let mut places = Vec::new();
        if kind == HintKind::Belongs {
            let threads = read::own_threads(&ctx.house, reader).await?;
            places = threads.into_iter().filter(|(t, _)| t.id != thread.id).map(|(t, d)| (t.id, d.name)).collect();
        }
        let mut desks = Vec::new();
        if kind == HintKind::OtherDesk {
            desks = own_threads::other_desks(&ctx.house, reader).await?.into_iter().map(|d| (d.id, d.name)).collect();
        }
        all.push(HintView {
            word,
            title: ctx.texts.t(&format!("hint-title-{word}")),
            text: ctx.texts.t(&format!("hint-text-{word}")),
            answers: kind.answers().iter().map(answer).collect(),
            places,
            desks,
        });
    }
    Ok(all)
}

pub(super) async fn post(
    Path(thread): Path<ThreadId>,
    Client(ctx, reader): Client,
    SafeForm(fields): SafeForm,
) -> Result<Response, Refusal> {
    let thread = read::own_thread(&ctx.house, &reader, thread).await?;
    let back = format!("/mailbox/{}", thread.id);
    if fields.has("try-again") {
        notify::try_again(&ctx.house, &reader).await?;
        return Ok(ctx.lead_to(&back));
    }
    if fields.has("news") {
        let kinds = fields.get("news").split(',').filter_map(|word| word.parse().ok());
        hints::mark_seen(&ctx.house, &reader, &thread, kinds).await?;
        return Ok(ctx.lead_to(&back));
    }
    let kind: HintKind = fields.parse("kind").ok_or(Refusal::NotFound)?;
    let mut to = fields.parse::<ThreadId>("to");
    if let Some(desk) = fields.parse::<DeskId>("desk").filter(|_| kind == HintKind::OtherDesk) {
        to = Some(own_threads::open(&ctx.house, &reader, desk).await?);
    }
    if let Some(to) = to {
        let to = read::own_thread(&ctx.house, &reader, to).await?;
        hints::move_letter(&ctx.house, &reader, kind, &thread, &to).await?;
        return Ok(ctx.lead_to(&format!("/mailbox/{}?done=moved", to.id)));
    }
    hints::answer(&ctx.house, &reader, &thread, kind, fields.get("answer")).await?;
    let never = matches!((kind, fields.get("answer")), (HintKind::Shared | HintKind::PassedOn, "yes"));
    // What others may read must not be written: the client can turn it on again.
    if never {
        notify::set_mode(&ctx.house, &reader, crate::store::people::NoticeMode::Never).await?;
        return Ok(ctx.lead_to(&format!("{back}?done=never")));
    }
    Ok(ctx.lead_to(&back))
}

pub(super) async fn code(
    Path(thread): Path<ThreadId>,
    Client(ctx, reader): Client,
    SafeForm(fields): SafeForm,
) -> Result<Response, Refusal> {
    let thread = read::own_thread(&ctx.house, &reader, thread).await?;
    let done = match code_word::answer(&ctx.house, &reader, &thread, &fields.plain("word")).await {
        Ok(Answered::Match) => "code-match",
        Ok(Answered::Miss) => "code-miss",
        Ok(Answered::TooOften) => "code-often",
        // Answered in another window meanwhile.
        Err(Failure::Changed) => "code-match",
        Err(other) => return Err(other.into()),
    };
    Ok(ctx.lead_to(&format!("/mailbox/{}?done={done}", thread.id)))
}
