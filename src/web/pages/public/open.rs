//! `/desk/SLUG/open`: a client opens a mailbox; its answer is the recovery sheet, shown once.

use axum::extract::Path;
use axum::response::Response;

use super::desk;
use crate::flow::enter::{self, EntryProblem, NotEntered};
use crate::role::{Role, Roles};
use crate::secret::PlainText;
use crate::store::desks::Desk;
use crate::web::ctx::Ctx;
use crate::web::form::TextForm;
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;
use crate::web::words::six_words;

#[derive(askama::Template)]
#[template(path = "pages/public/open.html")]
struct Page {
    s: Shell,
    desk: Desk,
    words: PlainText,
    name: String,
    own: bool,
    name_problem: Option<String>,
    secret_problem: Option<String>,
    general_problem: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "pages/public/sheet.html")]
struct Sheet {
    s: Shell,
    name: String,
    house: String,
    made: String,
    code: PlainText,
    words: Option<PlainText>,
}

pub(super) async fn get(Path(slug): Path<String>, ctx: Ctx) -> Result<Response, Refusal> {
    let desk = desk::find(&ctx, &slug).await?;
    let words = six_words(&ctx.house, ctx.texts.0);
    Ok(ctx.page(&Page {
        s: Shell::new(&ctx, None, "open-title", "/"),
        desk,
        words,
        name: String::new(),
        own: false,
        name_problem: None,
        secret_problem: None,
        general_problem: None,
    }))
}

pub(super) async fn post(Path(slug): Path<String>, ctx: Ctx, form: TextForm) -> Result<Response, Refusal> {
    let desk = desk::find(&ctx, &slug).await?;
    let fields = form.fields;
    let own = fields.get("choice") == "own";
    let words = fields.plain("words");
    let secret = if own { fields.plain("secret") } else { words.clone() };
    let name = fields.get("name").trim().to_owned();
    let mut page = Page {
        s: Shell::new(&ctx, None, "open-title", "/"),
        desk,
        words: if words.reveal().is_empty() { six_words(&ctx.house, ctx.texts.0) } else { words },
        name: name.chars().take(crate::limits::NAME_CHARS_MAX * 2).collect(),
        own,
        name_problem: None,
        secret_problem: None,
        general_problem: None,
    };
    if form.expired {
        page.general_problem = Some(ctx.texts.t("form-again"));
        return Ok(ctx.page(&page));
    }
    match enter::open_mailbox(&ctx.house, page.desk.id, &name, secret.reveal(), ctx.texts.0).await {
        Ok(entered) => {
            let zone = hours::zone(&page.desk.zone);
            let sheet = Sheet {
                s: Shell::new(&ctx, Some(Roles::of(&[Role::Client])), "sheet-title", "/mailbox"),
                name: name.split_whitespace().collect::<Vec<_>>().join(" "),
                house: ctx.house.rules.public_url.clone(),
                made: ctx.texts.date(ctx.now, zone),
                code: entered.recovery,
                words: (!own).then_some(secret),
            };
            Ok(ctx.with_session(ctx.page(&sheet), &entered.cookie))
        }
        Err(NotEntered::Problem(problem)) => {
            let text = ctx.texts.t(problem_key(problem));
            match problem {
                EntryProblem::NameShape | EntryProblem::NameTaken => page.name_problem = Some(text),
                EntryProblem::SecretLength | EntryProblem::SecretWeak => page.secret_problem = Some(text),
                EntryProblem::DeskClosed | EntryProblem::Invitation => page.general_problem = Some(text),
            }
            Ok(ctx.page(&page))
        }
        Err(NotEntered::Failure(failure)) => Err(failure.into()),
    }
}

/// The text of a problem.
pub(crate) const fn problem_key(problem: EntryProblem) -> &'static str {
    match problem {
        EntryProblem::NameShape => "entry-name-shape",
        EntryProblem::NameTaken => "entry-name-taken",
        EntryProblem::SecretLength => "entry-secret-length",
        EntryProblem::SecretWeak => "entry-secret-weak",
        EntryProblem::DeskClosed => "entry-desk-closed",
        EntryProblem::Invitation => "entry-invitation",
    }
}
