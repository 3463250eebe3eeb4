//! `GET /held/{id}`: a held mail, opened for a decision.

use axum::extract::{Path, Query};
use axum::response::Response;
use chrono_tz::Tz;

use super::proof::{self, ProofView};
use super::{Done, Notice, When, notice, part};
use crate::flow::hints::{self, HintKind};
use crate::flow::session::Reader;
use crate::flow::shelf::{self, HeldLine, OpenHeld};
use crate::flow::{code_word, read, work};
use crate::house::Failure;
use crate::ids::{HeldId, ThreadId};
use crate::screen::{self, Case};
use crate::secret::PlainText;
use crate::store::held::HeldState;
use crate::web::ctx::{Counselor, Ctx};
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;
use crate::web::wraps;

/// Lines of the text that stand open; the rest is folded, since nobody asked for it yet.
const OPEN_LINES: usize = 3;

#[derive(askama::Template)]
#[template(path = "pages/counselor/held.html")]
struct Page {
    s: Shell,
    notice: Option<Notice>,
    id: HeldId,
    desk: String,
    received: When,
    reasons: Vec<String>,
    /// The mailbox whose address was used, where this counselor may know it.
    mailbox: Option<(ThreadId, PlainText)>,
    can_enter: bool,
    waits: bool,
    /// Somebody else may be writing: the red frame.
    is_doubtful: bool,
    /// Meant for somebody else: nothing but the first lines is shown.
    is_foreign: bool,
    /// Somebody passes on or asks what a client's letters are about (M2, M21): what may be said.
    is_asked: bool,
    confirmed: Option<PlainText>,
    /// The client's other threads it could belong to, as far as this counselor may know of them.
    places: Vec<(ThreadId, String)>,
    code: Option<String>,
    client_says: Option<String>,
    /// How it was wrapped, in sentences.
    wraps: Vec<String>,
    proof: ProofView,
    mail: OpenHeld,
}

impl Page {
    fn has_more(&self) -> bool {
        !self.is_foreign && self.mail.text.as_ref().is_some_and(|t| t.reveal().trim().lines().count() > OPEN_LINES)
    }

    fn head(&self) -> String {
        self.lines().take(OPEN_LINES).collect::<Vec<_>>().join("\n")
    }

    fn rest(&self) -> String {
        self.lines().skip(OPEN_LINES).collect::<Vec<_>>().join("\n")
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.mail.text.as_ref().map_or("", |t| t.reveal().trim()).lines()
    }
}

pub(super) async fn get(
    Path(id): Path<String>,
    Query(asked): Query<Done>,
    Counselor(ctx, reader): Counselor,
) -> Result<Response, Refusal> {
    let mail = shelf::open(&ctx.house, &reader, part(&id)?).await?;
    let desk = work::seats(&ctx.house, &reader).await?.into_iter().find(|d| d.id == mail.line.desk);
    let zone = desk.as_ref().map_or(Tz::UTC, |d| hours::zone(&d.zone));
    let mailbox = match mail.line.thread {
        Some(thread) => mailbox(&ctx, &reader, thread).await?,
        None => None,
    };
    let reasons = &mail.line.reasons;
    let has = |case: Case| reasons.iter().any(|r| r.case() == case);
    let waits = mail.line.state == HeldState::Waiting;
    let about = about(&ctx, &reader, &mailbox, &mail.line, zone).await?;
    let page = Page {
        s: Shell::new(&ctx, Some(reader.who.roles), "held-title", "/queue"),
        waits,
        is_doubtful: has(Case::M3) || has(Case::M12) || has(Case::M15),
        is_foreign: waits && screen::is_established(reasons, Case::M5),
        is_asked: has(Case::M2)
            || screen::is_established(reasons, Case::M21)
            || (has(Case::M21) && mail.line.thread.is_none()),
        confirmed: shelf::confirmed_masked(&ctx.house, &mail.line).await?,
        places: about.places,
        code: about.code,
        client_says: about.client_says,
        notice: notice(ctx.texts, asked.done.as_deref()),
        id: mail.line.id,
        desk: desk.map(|d| d.name).unwrap_or_default(),
        received: When::new(&ctx, mail.line.received, zone),
        reasons: mail.line.reasons.iter().map(|r| ctx.texts.t(&format!("held-why-{}", r.word()))).collect(),
        mailbox,
        proof: proof::view(ctx.texts, mail.provenance.as_ref()),
        wraps: wraps::lines(ctx.texts, mail.wrap.as_ref()),
        can_enter: mail.line.thread.is_some() && mail.text.is_some(),
        mail,
    };
    Ok(ctx.page(&page))
}

/// What is known of the thread whose address was used.
#[derive(Default)]
struct About {
    places: Vec<(ThreadId, String)>,
    code: Option<String>,
    client_says: Option<String>,
}

async fn about(
    ctx: &Ctx,
    reader: &Reader,
    mailbox: &Option<(ThreadId, PlainText)>,
    line: &HeldLine,
    zone: Tz,
) -> Result<About, Refusal> {
    let Some((thread, _)) = mailbox else { return Ok(About::default()) };
    let mut about = About::default();
    for place in shelf::threads_of(&ctx.house, line).await? {
        let may_know = read::staff_thread(&ctx.house, reader, place.id).await.is_ok();
        if place.id != *thread && may_know {
            about.places.push((place.id, read::desk_of(&ctx.house, &place).await?.name));
        }
    }
    about.code = code_words(ctx, *thread, zone).await?;
    let answers = hints::answers(&ctx.house, *thread).await?;
    let says = answers.iter().find(|(k, h)| *k == HintKind::OtherAddress && h.about == line.id.bytes());
    about.client_says =
        says.map(|(_, h)| ctx.texts.t(if h.answer == "yes" { "held-client-yes" } else { "held-client-no" }));
    Ok(about)
}

/// How the question for the code word stands, in words.
pub(super) async fn code_words(ctx: &Ctx, thread: ThreadId, zone: Tz) -> Result<Option<String>, Refusal> {
    let question = code_word::question(&ctx.house, thread).await?;
    Ok(question.map(|q| {
        let at = ctx.texts.date_time(q.answered.unwrap_or(q.asked), zone);
        ctx.texts.t1(&format!("held-code-{}", q.result.word()), "time", at)
    }))
}

async fn mailbox(ctx: &Ctx, reader: &Reader, id: ThreadId) -> Result<Option<(ThreadId, PlainText)>, Refusal> {
    match read::staff_thread(&ctx.house, reader, id).await {
        Ok((thread, _)) => Ok(Some((id, work::client_name(&ctx.house, thread.client).await?))),
        Err(Failure::NotFound) => Ok(None),
        Err(other) => Err(other.into()),
    }
}
