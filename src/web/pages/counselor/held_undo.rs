//! `POST /held/{id}/undo`: a decision on held mail is taken back.

use axum::extract::Path;
use axum::response::Response;

use super::part;
use crate::flow::session::Reader;
use crate::flow::undo;
use crate::house::Failure;
use crate::ids::HeldId;
use crate::store::StoreError;
use crate::store::held::HeldState;
use crate::web::ctx::{Counselor, Ctx};
use crate::web::form::SafeForm;
use crate::web::refusal::Refusal;

/// A decision that can be taken back, as a bar above a page.
pub(super) struct UndoBar {
    pub(super) id: HeldId,
    pub(super) text: String,
}

/// The bars of this counselor's last decisions.
pub(super) async fn bars(ctx: &Ctx, reader: &Reader) -> Result<Vec<UndoBar>, Refusal> {
    let all = undo::list(&ctx.house, reader).await?.into_iter().map(|decision| {
        let key = if decision.state == HeldState::Entered { "undo-entered" } else { "undo-discarded" };
        UndoBar { id: decision.held, text: ctx.texts.t1(key, "age", ctx.texts.age(decision.at, ctx.now)) }
    });
    Ok(all.collect())
}

pub(super) async fn post(
    Path(id): Path<String>,
    Counselor(ctx, reader): Counselor,
    SafeForm(_): SafeForm,
) -> Result<Response, Refusal> {
    match undo::undo(&ctx.house, &reader, part(&id)?).await {
        Ok(()) => Ok(ctx.lead_to(&format!("/held/{id}?done=undone"))),
        Err(Failure::Changed | Failure::Store(StoreError::Gone(_))) => {
            Ok(ctx.lead_to("/queue?tab=held&done=undo-late"))
        }
        Err(other) => Err(other.into()),
    }
}
