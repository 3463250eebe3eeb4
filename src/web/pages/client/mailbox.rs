//! `/mailbox`: leads to the client's thread; lists them when there are several.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::flow::{own_threads, read, tray};
use crate::web::ctx::Client;
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

struct Line {
    href: String,
    desk: String,
    state: String,
    /// When the last letter came, in words.
    last: Option<String>,
    unread: i64,
}

#[derive(askama::Template)]
#[template(path = "pages/client/mailbox.html")]
struct Page {
    s: Shell,
    lines: Vec<Line>,
    tray_waits: bool,
    has_other_desks: bool,
}

pub(super) async fn get(Client(ctx, reader): Client, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let threads = read::own_threads(&ctx.house, &reader).await?;
    if let [(only, _)] = threads.as_slice() {
        let query = query.map(|q| format!("?{q}")).unwrap_or_default();
        return Ok(ctx.lead_to(&format!("/mailbox/{}{query}", only.id)));
    }
    let mut lines = Vec::with_capacity(threads.len());
    for (thread, desk) in threads {
        lines.push(Line {
            href: format!("/mailbox/{}", thread.id),
            state: ctx.texts.t(&format!("mailbox-state-{}", thread.state.word())),
            last: thread.last.map(|at| ctx.texts.date_time(at, hours::zone(&desk.zone))),
            unread: read::count_unread(&ctx.house, &thread).await?,
            desk: desk.name,
        });
    }
    let page = Page {
        s: Shell::new(&ctx, Some(reader.who.roles), "mailbox-title", "/mailbox"),
        lines,
        tray_waits: tray::count(&ctx.house, &reader).await? > 0,
        has_other_desks: !own_threads::other_desks(&ctx.house, &reader).await?.is_empty(),
    };
    Ok(ctx.page(&page))
}
