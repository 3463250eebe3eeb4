//! `/still-here`: the page says that somebody reads; asking keeps the session awake.

use axum::http::StatusCode;

use crate::flow::session::Visit;
use crate::web::ctx::Ctx;
use crate::web::form::TextForm;

pub(super) async fn post(ctx: Ctx, form: TextForm) -> StatusCode {
    match ctx.visit {
        Visit::Open(_) if !form.expired => StatusCode::NO_CONTENT,
        Visit::Open(_) | Visit::Locked(_) | Visit::Stranger => StatusCode::UNAUTHORIZED,
    }
}
