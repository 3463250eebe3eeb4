//! `/mailbox`: leads to the client's thread; lists them when there are several.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::flow::read;
use crate::web::ctx::Client;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

struct Line {
    href: String,
    desk: String,
    state: String,
}

#[derive(askama::Template)]
#[template(path = "pages/client/mailbox.html")]
struct Page {
    s: Shell,
    lines: Vec<Line>,
}

pub(super) async fn get(Client(ctx, reader): Client, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let threads = read::own_threads(&ctx.house, &reader).await?;
    if let [(only, _)] = threads.as_slice() {
        let query = query.map(|q| format!("?{q}")).unwrap_or_default();
        return Ok(ctx.lead_to(&format!("/mailbox/{}{query}", only.id)));
    }
    let lines = threads.into_iter().map(|(thread, desk)| Line {
        href: format!("/mailbox/{}", thread.id),
        desk: desk.name,
        state: ctx.texts.t(&format!("mailbox-state-{}", thread.state.word())),
    });
    let page =
        Page { lines: lines.collect(), s: Shell::new(&ctx, Some(reader.who.roles), "mailbox-title", "/mailbox") };
    Ok(ctx.page(&page))
}
