//! `/mailbox/another`: the client begins a thread at another desk.

use axum::response::Response;

use crate::flow::own_threads;
use crate::ids::DeskId;
use crate::role::Language;
use crate::store::desks::Desk;
use crate::web::ctx::Client;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

struct DeskView {
    id: DeskId,
    name: String,
    about: Vec<String>,
}

#[derive(askama::Template)]
#[template(path = "pages/client/another.html")]
struct Page {
    s: Shell,
    desks: Vec<DeskView>,
}

pub(super) async fn get(Client(ctx, reader): Client) -> Result<Response, Refusal> {
    let view = |desk: Desk| {
        let own = if ctx.texts.0 == Language::English { &desk.about_en } else { &desk.about_id };
        let about = [own, &desk.about_id, &desk.about_en].into_iter().find(|a| !a.is_empty());
        let blocks = about.map_or("", |a| a.as_str()).split("\n\n").map(str::trim).filter(|b| !b.is_empty());
        DeskView { about: blocks.map(str::to_owned).collect(), id: desk.id, name: desk.name }
    };
    let desks = own_threads::other_desks(&ctx.house, &reader).await?.into_iter().map(view).collect();
    Ok(ctx.page(&Page { s: Shell::new(&ctx, Some(reader.who.roles), "another-title", "/mailbox"), desks }))
}

pub(super) async fn post(Client(ctx, reader): Client, SafeForm(fields): SafeForm) -> Result<Response, Refusal> {
    let desk: DeskId = fields.parse("desk").ok_or(Refusal::NotFound)?;
    let thread = own_threads::open(&ctx.house, &reader, desk).await?;
    Ok(ctx.lead_to(&format!("/mailbox/{thread}")))
}
