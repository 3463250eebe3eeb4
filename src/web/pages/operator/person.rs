//! `/operator/person/ID/disable` and `/enable`: shuts a colleague out or lets them back in.

use axum::extract::Path;
use axum::response::Response;

use crate::flow::furnish;
use crate::ids::PersonId;
use crate::web::ctx::Operator;
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

pub(super) async fn disable(Path(id): Path<String>, operator: Operator, _: SafeForm) -> Result<Response, Refusal> {
    set(&id, &operator, true).await
}

pub(super) async fn enable(Path(id): Path<String>, operator: Operator, _: SafeForm) -> Result<Response, Refusal> {
    set(&id, &operator, false).await
}

async fn set(id: &str, Operator(ctx, who): &Operator, disabled: bool) -> Result<Response, Refusal> {
    let person: PersonId = id.parse().map_err(|_| Refusal::NotFound)?;
    furnish::set_disabled(&ctx.house, who.person, person, disabled).await?;
    Ok(ctx.lead_to(if disabled { "/operator?done=disabled#people" } else { "/operator?done=enabled#people" }))
}
