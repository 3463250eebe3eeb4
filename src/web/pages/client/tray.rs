//! `/mailbox/tray`: the client sorts letters that came to an old address or another thread.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::clock::Moment;
use crate::flow::tray::{self, TrayLetter};
use crate::flow::{read, undo};
use crate::house::Failure;
use crate::ids::{HeldId, ThreadId};
use crate::screen::Signal;
use crate::store::StoreError;
use crate::web::ctx::{Client, Ctx};
use crate::web::form::SafeForm;
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

const HERE: &str = "/mailbox/tray";

struct LetterView {
    letter: TrayLetter,
    why: String,
    time: String,
    iso: String,
}

/// Something thrown away that can be had back.
struct UndoBar {
    id: HeldId,
    text: String,
}

#[derive(askama::Template)]
#[template(path = "pages/client/tray.html")]
struct Page {
    s: Shell,
    notice: Option<String>,
    letters: Vec<LetterView>,
    /// The client's threads, by the names of their desks.
    places: Vec<(ThreadId, String)>,
    bars: Vec<UndoBar>,
}

impl Page {
    fn undo_path(&self, _: &UndoBar) -> &'static str {
        HERE
    }
}

pub(super) async fn get(Client(ctx, reader): Client, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let zone = hours::house_zone(&ctx.house).await?;
    let view = |letter: TrayLetter| LetterView {
        why: why(&ctx, &letter.reasons),
        time: ctx.texts.date_time(letter.received, zone),
        iso: iso(letter.received),
        letter,
    };
    let threads = read::own_threads(&ctx.house, &reader).await?;
    let bar =
        |at: Moment, id| UndoBar { id, text: ctx.texts.t1("undo-thrown-away", "age", ctx.texts.age(at, ctx.now)) };
    let page = Page {
        s: Shell::new(&ctx, Some(reader.who.roles), "tray-title", "/mailbox"),
        notice: (query.as_deref() == Some("done=late")).then(|| ctx.texts.t("tray-late")),
        letters: tray::list(&ctx.house, &reader).await?.into_iter().map(view).collect(),
        places: threads.into_iter().map(|(t, d)| (t.id, d.name)).collect(),
        bars: undo::list(&ctx.house, &reader).await?.into_iter().map(|d| bar(d.at, d.held)).collect(),
    };
    Ok(ctx.page(&page))
}

fn why(ctx: &Ctx, reasons: &[Signal]) -> String {
    let key = if reasons.contains(&Signal::RetiredAddress) {
        "tray-why-retired"
    } else if reasons.contains(&Signal::AnswersOtherThread) {
        "tray-why-other"
    } else {
        "tray-why-counselor"
    };
    ctx.texts.t(key)
}

fn iso(at: Moment) -> String {
    at.utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

pub(super) async fn post(Client(ctx, reader): Client, SafeForm(fields): SafeForm) -> Result<Response, Refusal> {
    let (done, lead) = if let Some(id) = fields.parse::<HeldId>("undo") {
        (undo::undo(&ctx.house, &reader, id).await, HERE.to_owned())
    } else {
        let id: HeldId = fields.parse("letter").ok_or(Refusal::NotFound)?;
        match fields.parse::<ThreadId>("to") {
            Some(to) => {
                let to = read::own_thread(&ctx.house, &reader, to).await?;
                (tray::sort(&ctx.house, &reader, id, &to).await, format!("/mailbox/{}?done=moved", to.id))
            }
            None if fields.has("throw-away") => (tray::throw_away(&ctx.house, &reader, id).await, HERE.to_owned()),
            None => return Err(Refusal::NotFound),
        }
    };
    match done {
        Ok(()) => Ok(ctx.lead_to(&lead)),
        // Pressed twice, or too late.
        Err(Failure::Changed | Failure::NotFound | Failure::Store(StoreError::Gone(_))) => {
            Ok(ctx.lead_to(&format!("{HERE}?done=late")))
        }
        Err(other) => Err(other.into()),
    }
}
