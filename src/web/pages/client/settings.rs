//! `/mailbox/settings`: whether and how the client is told of an answer; their own mail address to write to.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::address::MailAddress;
use crate::flow::notify::{self, Settings};
use crate::flow::{code_word as code, read};
use crate::ids::ThreadId;
use crate::limits::CODE_WORD_CHARS_MAX;
use crate::screen::domains;
use crate::secret::PlainText;
use crate::store::people::NoticeMode;
use crate::web::ctx::{Client, Ctx};
use crate::web::form::{Fields, SafeForm};
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

#[derive(askama::Template)]
#[template(path = "pages/client/settings.html")]
struct Page {
    s: Shell,
    mode: &'static str,
    address: Option<PlainText>,
    confirmed: bool,
    thread_addresses: Vec<(ThreadId, String, PlainText)>,
    notice: Option<String>,
    problem: Option<String>,
    typed: PlainText,
    question: Option<Question>,
    stopped: bool,
    code_since: Option<String>,
    word_chars: usize,
}

/// Something to be answered before an address is used.
struct Question {
    text: String,
    /// The form's choice of when to send, kept while it is asked.
    mode: &'static str,
    /// Value and words of each button.
    answers: Vec<(&'static str, String)>,
}

async fn show(
    Client(ctx, reader): &Client,
    notice: Option<String>,
    problem: Option<String>,
    typed: PlainText,
    question: Option<Question>,
) -> Result<Response, Refusal> {
    let Settings { mode, address_masked, confirmed, stopped } = notify::settings(&ctx.house, reader).await?;
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
        question,
        stopped,
        code_since: code::set_since(&ctx.house, reader.who.person)
            .await?
            .map(|at| ctx.texts.date_time(at, chrono_tz::UTC)),
        word_chars: CODE_WORD_CHARS_MAX,
    }))
}

fn done(ctx: &Ctx, query: Option<&str>) -> Option<String> {
    let key = match query? {
        "done=asked" => "settings-done-asked",
        "done=saved" => "settings-done-saved",
        "done=forgotten" => "settings-done-forgotten",
        "done=address" => "settings-done-address",
        "done=word" => "code-word-done",
        "done=word-gone" => "code-word-done-gone",
        _ => return None,
    };
    Some(ctx.texts.t(key))
}

pub(super) async fn get(client: Client, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let notice = done(&client.0, query.as_deref());
    show(&client, notice, None, PlainText::default(), None).await
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
            return show(&client, None, Some(ctx.texts.t("settings-address-wrong")), fields.plain("address"), None)
                .await;
        };
        let (address, mode) = match checked(ctx, &fields, address, mode) {
            Ok(sure) => sure,
            Err(question) => return show(&client, None, None, fields.plain("address"), Some(question)).await,
        };
        notify::ask_address(&ctx.house, reader, &address, mode).await?;
        return Ok(ctx.lead_to("/mailbox/settings?done=asked"));
    }
    let known = notify::settings(&ctx.house, reader).await?.address_masked.is_some();
    if mode != NoticeMode::Never && !known {
        return show(&client, None, Some(ctx.texts.t("settings-address-missing")), PlainText::default(), None).await;
    }
    notify::set_mode(&ctx.house, reader, mode).await?;
    Ok(ctx.lead_to("/mailbox/settings?done=saved"))
}

/// A slip of a finger, a look-alike, a mailbox others may read: no mail leaves before the client answered (R23).
fn checked(
    ctx: &Ctx,
    fields: &Fields,
    typed: MailAddress,
    mode: NoticeMode,
) -> Result<(MailAddress, NoticeMode), Question> {
    let word = |key: &str| ctx.texts.t(key);
    let sure = fields.get("sure");
    let meant = domains::suggested_address(&typed);
    let question = |text: String, answers: Vec<(&'static str, String)>| Question { text, mode: mode.word(), answers };
    match (sure, meant) {
        ("meant", Some(meant)) => return Ok((meant, mode)),
        ("never", _) => return Ok((typed, NoticeMode::Never)),
        ("typed", _) => return Ok((typed, mode)),
        (_, Some(meant)) => {
            let answers = vec![
                ("meant", ctx.texts.t1("address-take", "address", meant.text())),
                ("typed", ctx.texts.t1("address-keep", "address", typed.text())),
            ];
            return Err(question(ctx.texts.t1("address-typo", "domain", meant.domain().to_owned()), answers));
        }
        (_, None) => {}
    }
    if domains::looks_like_another(&typed) {
        return Err(question(word("address-look-alike"), vec![("typed", word("address-sure"))]));
    }
    if mode != NoticeMode::Never && domains::may_be_shared(&typed) {
        let answers = vec![("never", word("address-shared-never")), ("typed", word("address-shared-send"))];
        return Err(question(word("address-shared"), answers));
    }
    Ok((typed, mode))
}

/// Sets the code word, or takes it back.
pub(super) async fn code_word(client: Client, SafeForm(fields): SafeForm) -> Result<Response, Refusal> {
    let Client(ctx, reader) = &client;
    let word = fields.plain("word");
    if word.reveal().chars().count() > CODE_WORD_CHARS_MAX {
        return Err(Refusal::TooLarge);
    }
    let gone = fields.has("forget") || word.reveal().trim().is_empty();
    let word = if gone { PlainText::default() } else { word };
    code::set(&ctx.house, reader, &word).await?;
    Ok(ctx.lead_to(if gone { "/mailbox/settings?done=word-gone" } else { "/mailbox/settings?done=word" }))
}
