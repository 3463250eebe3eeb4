//! `/mailbox/THREAD/trail`: who did what with the client's letters, and when, in plain words.

use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Moment;
use crate::flow::read;
use crate::flow::trail::{self, OwnLine, Who};
use crate::ids::{AuditId, ThreadId};
use crate::secret::PlainText;
use crate::web::ctx::{Client, Ctx};
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

/// Where a page begins.
#[derive(Deserialize)]
pub(super) struct Asked {
    at: Option<i64>,
    line: Option<AuditId>,
}

struct Line {
    iso: String,
    time: String,
    /// Somebody's name, where the client knows it.
    name: Option<PlainText>,
    who: String,
    what: String,
}

#[derive(askama::Template)]
#[template(path = "pages/client/trail.html")]
struct Page {
    s: Shell,
    thread: ThreadId,
    desk: String,
    lines: Vec<Line>,
    /// The rest of the address of the next page.
    older: Option<String>,
    first_page: bool,
}

pub(super) async fn get(
    Path(thread): Path<ThreadId>,
    Query(asked): Query<Asked>,
    Client(ctx, reader): Client,
) -> Result<Response, Refusal> {
    let thread = read::own_thread(&ctx.house, &reader, thread).await?;
    let desk = read::desk_of(&ctx.house, &thread).await?;
    let zone = hours::zone(&desk.zone);
    let before = asked.at.map(Moment::from_micros).zip(asked.line);
    let page = trail::own_page(&ctx.house, &reader, &thread, before).await?;
    Ok(ctx.page(&Page {
        s: Shell::new(&ctx, Some(reader.who.roles), "trail-title", "/mailbox"),
        thread: thread.id,
        desk: desk.name,
        lines: page.lines.into_iter().map(|l| line(&ctx, l, zone)).collect(),
        older: page.older.map(|(at, id)| format!("at={}&line={id}", at.micros())),
        first_page: before.is_none(),
    }))
}

fn line(ctx: &Ctx, line: OwnLine, zone: chrono_tz::Tz) -> Line {
    let (who, name) = match line.who {
        Who::You => ("trail-who-you", None),
        Who::Counselor(Some(name)) => ("trail-who-counselor", Some(name)),
        Who::Counselor(None) => ("trail-who-unnamed", None),
        Who::House => ("trail-who-house", None),
    };
    Line {
        iso: line.at.utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        time: ctx.texts.date_time(line.at, zone),
        name,
        who: ctx.texts.t(who),
        what: ctx.texts.t(&format!("trail-did-{}", line.action.word())),
    }
}
