//! `/invitation/TOKEN`: a colleague comes in; the answer is the recovery sheet, shown once.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::home;
use super::problems::Problems;
use crate::flow::enter::{self, EntryProblem, NotEntered};
use crate::flow::session::{self, Reader, Visit};
use crate::limits::NAME_CHARS_MAX;
use crate::role::{Language, Roles};
use crate::secret::PlainText;
use crate::texts::Texts;
use crate::web::ctx::{Ctx, Jar};
use crate::web::form::TextForm;
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;
use crate::web::words::six_words;

#[derive(askama::Template)]
#[template(path = "pages/staff/invitation.html")]
struct Page {
    s: Shell,
    roles: Vec<RoleLine>,
    words: PlainText,
    name: String,
    own: bool,
    language: Language,
    problems: Problems,
}

/// A role in words.
struct RoleLine {
    name: String,
    about: String,
}

#[derive(askama::Template)]
#[template(path = "pages/staff/no_invitation.html")]
struct Gone {
    s: Shell,
}

#[derive(askama::Template)]
#[template(path = "pages/staff/sheet.html")]
struct Sheet {
    s: Shell,
    name: String,
    address: String,
    made: String,
    code: PlainText,
    words: Option<PlainText>,
    reads: bool,
    next: &'static str,
}

fn gone(ctx: &Ctx) -> Response {
    let mut response = ctx.page(&Gone { s: Shell::new(ctx, None, "staff-invitation-gone-title", "").for_staff() });
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn page(ctx: &Ctx, roles: Roles) -> Page {
    let line = |role: crate::role::Role| RoleLine {
        name: ctx.texts.t(&format!("staff-role-{}", role.word())),
        about: ctx.texts.t(&format!("staff-role-{}-about", role.word())),
    };
    Page {
        s: Shell::new(ctx, None, "staff-invitation-title", "").for_staff(),
        roles: roles.iter().map(line).collect(),
        words: PlainText::default(),
        name: String::new(),
        own: false,
        language: ctx.texts.0,
        problems: Problems::default(),
    }
}

pub(super) async fn get(Path(token): Path<String>, ctx: Ctx) -> Result<Response, Refusal> {
    let Some(roles) = enter::look_at_invitation(&ctx.house, &token).await? else {
        return Ok(gone(&ctx));
    };
    let mut page = page(&ctx, roles);
    page.words = six_words(&ctx.house, ctx.texts.0);
    Ok(ctx.page(&page))
}

pub(super) async fn post(Path(token): Path<String>, mut ctx: Ctx, form: TextForm) -> Result<Response, Refusal> {
    let Some(roles) = enter::look_at_invitation(&ctx.house, &token).await? else {
        return Ok(gone(&ctx));
    };
    let fields = form.fields;
    let own = fields.get("choice") == "own";
    let words = fields.plain("words");
    let secret = if own { fields.plain("secret") } else { words.clone() };
    let language = fields.parse("language").unwrap_or(ctx.texts.0);
    let name = fields.get("name").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut page = page(&ctx, roles);
    page.words = if words.reveal().is_empty() { six_words(&ctx.house, ctx.texts.0) } else { words };
    page.name = name.chars().take(NAME_CHARS_MAX * 2).collect();
    (page.own, page.language) = (own, language);
    if form.expired {
        page.problems = Problems::one("name", ctx.texts.t("staff-form-again"));
        return Ok(ctx.page(&page));
    }
    let entered = match enter::accept_invitation(&ctx.house, &token, &name, secret.reveal(), language).await {
        Ok(entered) => entered,
        Err(NotEntered::Problem(EntryProblem::Invitation | EntryProblem::DeskClosed)) => return Ok(gone(&ctx)),
        Err(NotEntered::Problem(problem)) => {
            page.problems = Problems::entry(ctx.texts, problem);
            return Ok(ctx.page(&page));
        }
        Err(NotEntered::Failure(failure)) => return Err(failure.into()),
    };
    if let Visit::Open(Reader { who, .. }) | Visit::Locked(who) = &ctx.visit {
        session::sign_out(&ctx.house, &who.session).await?;
    }
    ctx.texts = Texts(language);
    let zone = hours::house_zone(&ctx.house).await?;
    let sheet = Sheet {
        s: Shell::new(&ctx, Some(roles), "staff-sheet-title", ""),
        name,
        address: format!("{}/staff", ctx.house.rules.public_url),
        made: ctx.texts.date(ctx.now, zone),
        code: entered.recovery,
        words: (!own).then_some(secret),
        reads: roles.has(crate::role::Role::Counselor),
        next: home(roles),
    };
    let mut response = ctx.with_session(ctx.page(&sheet), &entered.cookie);
    response.headers_mut().append(SET_COOKIE, Jar::Language.set(&ctx.house, Some(language.code())));
    Ok(response)
}
