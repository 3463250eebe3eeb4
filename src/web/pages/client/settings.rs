//! `/mailbox/settings`: whether and how the client is told of an answer; their own mail address to write to.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::address::MailAddress;
use crate::flow::notify::{self, Settings};
use crate::flow::read;
use crate::secret::PlainText;
use crate::store::people::NoticeMode;
use crate::web::ctx::{Client, Ctx};
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

#[derive(askama::Template)]
#[template(path = "pages/client/settings.html")]
struct Page {
    s: Shell,
    mode: &'static str,
    address: Option<PlainText>,
    confirmed: bool,
    thread_addresses: Vec<(String, PlainText)>,
    notice: Option<String>,
    problem: Option<String>,
    typed: PlainText,
}

async fn show(
    Client(ctx, reader): &Client,
    notice: Option<String>,
    problem: Option<String>,
    typed: PlainText,
) -> Result<Response, Refusal> {
    let Settings { mode, address_masked, confirmed } = notify::settings(&ctx.house, reader).await?;
    let thread_addresses = if confirmed { read::own_addresses(&ctx.house, reader).await? } else { Vec::new() };
    Ok(ctx.page(&Page {
        s: Shell::new(ctx, Some(reader.who.roles), "settings-title", "/mailbox/settings"),
        mode: mode.word(),
        address: address_masked,
        confirmed,
        thread_addresses,
        notice,
        problem,
        typed,
    }))
}

fn done(ctx: &Ctx, query: Option<&str>) -> Option<String> {
    let key = match query? {
        "done=asked" => "settings-done-asked",
        "done=saved" => "settings-done-saved",
        "done=forgotten" => "settings-done-forgotten",
        _ => return None,
    };
    Some(ctx.texts.t(key))
}

pub(super) async fn get(client: Client, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let notice = done(&client.0, query.as_deref());
    show(&client, notice, None, PlainText::default()).await
}

pub(super) async fn post(client: Client, SafeForm(fields): SafeForm) -> Result<Response, Refusal> {
    let Client(ctx, reader) = &client;
    if fields.has("forget") {
        notify::forget_address(&ctx.house, reader).await?;
        return Ok(ctx.lead_to("/mailbox/settings?done=forgotten"));
    }
    let mode: NoticeMode = fields.parse("mode").unwrap_or_default();
    let typed = fields.get("address").trim();
    if !typed.is_empty() {
        let Ok(address) = MailAddress::parse(typed) else {
            return show(&client, None, Some(ctx.texts.t("settings-address-wrong")), fields.plain("address")).await;
        };
        notify::ask_address(&ctx.house, reader, &address, mode).await?;
        return Ok(ctx.lead_to("/mailbox/settings?done=asked"));
    }
    let known = notify::settings(&ctx.house, reader).await?.address_masked.is_some();
    if mode != NoticeMode::Never && !known {
        return show(&client, None, Some(ctx.texts.t("settings-address-missing")), PlainText::default()).await;
    }
    notify::set_mode(&ctx.house, reader, mode).await?;
    Ok(ctx.lead_to("/mailbox/settings?done=saved"))
}
