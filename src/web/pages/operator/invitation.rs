//! `/operator/invitation`: invites a colleague; the answer is the link, shown once.

use axum::response::Response;

use super::overview::role;
use crate::flow::furnish;
use crate::house::Failure;
use crate::ids::DeskId;
use crate::role::{Role, Roles};
use crate::secret::PlainText;
use crate::store::desks;
use crate::web::ctx::{Ctx, Operator};
use crate::web::form::SafeForm;
use crate::web::pages::staff::problems::Problems;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

/// What can be invited to.
const ROLES: [Role; 3] = [Role::Counselor, Role::Scheduler, Role::Operator];
/// Texts of those roles: their names and what they mean here.
const TEXTS: [(&str, &str); 3] = [
    ("staff-role-counselor", "operator-invite-counselor"),
    ("staff-role-scheduler", "operator-invite-scheduler"),
    ("staff-role-operator", "operator-invite-operator"),
];

/// The form for an invitation, on this page and on the operator's first.
pub(super) struct InviteForm {
    roles: Roles,
    desk: Option<DeskId>,
    desks: Vec<(DeskId, String)>,
}

impl InviteForm {
    /// An empty form.
    pub(super) fn of(desks: impl Iterator<Item = (DeskId, String)>) -> Self {
        Self { roles: Roles::default(), desk: None, desks: desks.collect() }
    }

    /// The boxes: word, keys of name and meaning, whether it is ticked.
    pub(super) fn words(&self) -> impl Iterator<Item = (&'static str, &'static str, &'static str, bool)> {
        ROLES.into_iter().zip(TEXTS).map(|(r, (name, about))| (r.word(), name, about, self.roles.has(r)))
    }

    /// The desks to choose from.
    pub(super) fn desks(&self) -> impl Iterator<Item = (DeskId, &str, bool)> {
        self.desks.iter().map(|(id, name)| (*id, name.as_str(), self.desk == Some(*id)))
    }
}

#[derive(askama::Template)]
#[template(path = "pages/operator/invite.html")]
struct Page {
    s: Shell,
    invite: InviteForm,
    problems: Problems,
}

#[derive(askama::Template)]
#[template(path = "pages/operator/invitation.html")]
struct Link {
    s: Shell,
    link: PlainText,
    roles: String,
    desk: Option<String>,
}

async fn form(ctx: &Ctx) -> Result<InviteForm, Refusal> {
    let all = desks::list(&mut ctx.house.db.read().await.map_err(Failure::from)?).await.map_err(Failure::from)?;
    Ok(InviteForm::of(all.into_iter().map(|d| (d.id, d.name))))
}

fn show(ctx: &Ctx, roles: Roles, invite: InviteForm, problems: Problems) -> Response {
    ctx.page(&Page { s: Shell::new(ctx, Some(roles), "operator-invite-title", "/operator"), invite, problems })
}

pub(super) async fn get(Operator(ctx, who): Operator) -> Result<Response, Refusal> {
    let invite = form(&ctx).await?;
    Ok(show(&ctx, who.roles, invite, Problems::default()))
}

pub(super) async fn post(Operator(ctx, who): Operator, SafeForm(fields): SafeForm) -> Result<Response, Refusal> {
    let mut invite = form(&ctx).await?;
    let chosen: Vec<Role> = ROLES.into_iter().filter(|r| fields.has(r.word())).collect();
    invite.roles = Roles::of(&chosen);
    invite.desk = fields.parse("desk");
    let desk = invite.desks.iter().find(|(id, _)| Some(*id) == invite.desk).map(|(_, name)| name.clone());
    if chosen.is_empty() {
        let text = ctx.texts.t("operator-invite-no-role");
        return Ok(show(&ctx, who.roles, invite, Problems::one("counselor", text)));
    }
    if invite.roles.has(Role::Counselor) && desk.is_none() {
        let text = ctx.texts.t("operator-invite-no-desk");
        return Ok(show(&ctx, who.roles, invite, Problems::one("desk", text)));
    }
    let seat = invite.desk.filter(|_| desk.is_some());
    let link = furnish::invite(&ctx.house, invite.roles, seat).await?;
    let roles: Vec<_> = chosen.into_iter().map(|r| role(ctx.texts, r)).collect();
    Ok(ctx.page(&Link {
        s: Shell::new(&ctx, Some(who.roles), "operator-link-title", "/operator"),
        link,
        roles: roles.join(", "),
        desk,
    }))
}
