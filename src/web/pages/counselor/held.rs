//! `GET /held/{id}`: a held mail, opened for a decision.

use axum::extract::{Path, Query};
use axum::response::Response;
use chrono_tz::Tz;

use super::{Done, Notice, When, notice, part};
use crate::flow::session::Reader;
use crate::flow::shelf::{self, OpenHeld};
use crate::flow::{read, work};
use crate::house::Failure;
use crate::ids::{HeldId, ThreadId};
use crate::secret::PlainText;
use crate::web::ctx::{Counselor, Ctx};
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

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
    mail: OpenHeld,
}

impl Page {
    fn has_more(&self) -> bool {
        self.mail.text.as_ref().is_some_and(|t| t.reveal().trim().lines().count() > OPEN_LINES)
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
    let page = Page {
        s: Shell::new(&ctx, Some(reader.who.roles), "held-title", "/queue"),
        notice: notice(ctx.texts, asked.done.as_deref()),
        id: mail.line.id,
        desk: desk.map(|d| d.name).unwrap_or_default(),
        received: When::new(&ctx, mail.line.received, zone),
        reasons: mail.line.reasons.iter().map(|r| ctx.texts.t(&format!("held-why-{}", r.word()))).collect(),
        mailbox,
        can_enter: mail.line.thread.is_some() && mail.text.is_some(),
        mail,
    };
    Ok(ctx.page(&page))
}

async fn mailbox(ctx: &Ctx, reader: &Reader, id: ThreadId) -> Result<Option<(ThreadId, PlainText)>, Refusal> {
    match read::staff_thread(&ctx.house, reader, id).await {
        Ok((thread, _)) => Ok(Some((id, work::client_name(&ctx.house, thread.client).await?))),
        Err(Failure::NotFound) => Ok(None),
        Err(other) => Err(other.into()),
    }
}
