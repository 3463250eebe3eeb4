//! `/mailbox/settings/letters`: what of a reply is mailed, and the client's own PGP keys.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::flow::client_keys::{self, OwnKey};
use crate::flow::letter_mail::{self, Choice};
use crate::seal::KeyProblem;
use crate::store::client_keys::KeyState;
use crate::store::delivery::DeliveryMode;
use crate::web::ctx::{Client, Ctx};
use crate::web::form::{SafeForm, Upload};
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;
use crate::web::wraps;

const HERE: &str = "/mailbox/settings/letters";

/// A key as shown.
struct KeyView {
    fingerprint: String,
    groups: String,
    confirmed: bool,
    how: String,
    problem: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "pages/client/letters.html")]
struct Page {
    s: Shell,
    mode: &'static str,
    notice: Option<String>,
    problem: Option<String>,
    key_problem: Option<String>,
    /// Why the choice cannot be carried out.
    hindrance: Option<String>,
    since_clear: Option<String>,
    keys: Vec<KeyView>,
    ours: String,
}

/// What went wrong, beside which form.
#[derive(Default)]
struct Problems {
    choice: Option<String>,
    key: Option<String>,
}

async fn show(Client(ctx, reader): &Client, notice: Option<String>, problems: Problems) -> Result<Response, Refusal> {
    let Choice { delivery, has_address, has_key } = letter_mail::choice(&ctx.house, reader).await?;
    let zone = hours::house_zone(&ctx.house).await?;
    let keys = client_keys::list(&ctx.house, reader).await?;
    let hindrance = match delivery.mode {
        _ if !has_address => Some("letters-no-address"),
        DeliveryMode::Pgp if !has_key => Some("letters-no-key"),
        _ => None,
    };
    let since = delivery.chosen.filter(|_| delivery.mode == DeliveryMode::Clear);
    Ok(ctx.page(&Page {
        s: Shell::new(ctx, Some(reader.who.roles), "letters-title", HERE),
        mode: delivery.mode.word(),
        notice,
        problem: problems.choice,
        key_problem: problems.key,
        hindrance: hindrance.map(|key| ctx.texts.t(key)),
        since_clear: since.map(|at| ctx.texts.t1("letters-since-clear", "when", ctx.texts.date_time(at, zone))),
        keys: keys.iter().map(|key| view(ctx, key)).collect(),
        ours: wraps::grouped(&ctx.house.keys.practice.fingerprint()),
    }))
}

fn view(ctx: &Ctx, key: &OwnKey) -> KeyView {
    let fingerprint = key.cert.fingerprint();
    KeyView {
        groups: wraps::grouped(&fingerprint),
        confirmed: key.row.state == KeyState::Confirmed,
        how: ctx.texts.t(&format!("letters-key-{}", key.row.how.word())),
        problem: key.problem.map(|p| explain(ctx, p)),
        fingerprint,
    }
}

fn explain(ctx: &Ctx, problem: KeyProblem) -> String {
    ctx.texts.t(match problem {
        KeyProblem::Secret => "letters-problem-secret",
        KeyProblem::NotAKey => "letters-problem-not-a-key",
        KeyProblem::Several => "letters-problem-several",
        KeyProblem::Revoked => "letters-problem-revoked",
        KeyProblem::Expired => "letters-problem-expired",
        KeyProblem::SignsOnly => "letters-problem-signs-only",
        KeyProblem::Weak => "letters-problem-weak",
        KeyProblem::TooLarge => "letters-problem-too-large",
    })
}

pub(super) async fn get(client: Client, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let notice = match query.as_deref() {
        Some("done=saved") => Some("letters-done-saved"),
        Some("done=key") => Some("letters-done-key"),
        Some("done=forgotten") => Some("letters-done-forgotten"),
        _ => None,
    };
    let notice = notice.map(|key| client.0.texts.t(key));
    show(&client, notice, Problems::default()).await
}

fn done(ctx: &Ctx, what: &str) -> Response {
    ctx.lead_to(&format!("{HERE}?done={what}"))
}

pub(super) async fn post(client: Client, SafeForm(fields): SafeForm) -> Result<Response, Refusal> {
    let Client(ctx, reader) = &client;
    if fields.has("stop") {
        letter_mail::choose(&ctx.house, reader, DeliveryMode::Notification, false).await?;
        return Ok(done(ctx, "saved"));
    }
    if fields.has("forget") {
        client_keys::forget(&ctx.house, reader, fields.get("forget")).await?;
        return Ok(done(ctx, "forgotten"));
    }
    if fields.has("use") {
        let taken = client_keys::confirm(&ctx.house, reader, fields.get("use")).await?;
        return answer(&client, taken).await;
    }
    let mode: DeliveryMode = fields.parse("mode").unwrap_or_default();
    let was = letter_mail::choice(&ctx.house, reader).await?.delivery.mode;
    if mode == DeliveryMode::Clear && !fields.has("yes") {
        if was == DeliveryMode::Clear {
            return Ok(done(ctx, "saved"));
        }
        let choice = Some(ctx.texts.t("letters-yes-missing"));
        return show(&client, None, Problems { choice, ..Problems::default() }).await;
    }
    letter_mail::choose(&ctx.house, reader, mode, fields.has("yes")).await?;
    Ok(done(ctx, "saved"))
}

/// A key as a file or as text.
pub(super) async fn post_key(client: Client, form: Upload) -> Result<Response, Refusal> {
    if form.expired {
        return Err(Refusal::FormExpired);
    }
    let Client(ctx, reader) = &client;
    let taken = match (form.too_large.first(), form.files.first()) {
        (Some(_), _) => Err(KeyProblem::TooLarge),
        (None, Some(file)) => client_keys::give(&ctx.house, reader, file.bytes.reveal()).await?,
        (None, None) => client_keys::give(&ctx.house, reader, form.fields.get("key").as_bytes()).await?,
    };
    answer(&client, taken).await
}

async fn answer(client: &Client, taken: Result<(), KeyProblem>) -> Result<Response, Refusal> {
    match taken {
        Ok(()) => Ok(done(&client.0, "key")),
        Err(problem) => {
            let key = Some(explain(&client.0, problem));
            show(client, None, Problems { key, ..Problems::default() }).await
        }
    }
}
