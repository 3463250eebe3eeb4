//! A reply typed on a page whose screen locked meanwhile: it travels through the unlock form and becomes a draft.

use axum::response::Response;

use super::{lock, sign_in};
use crate::flow::session::{Reader, Visit};
use crate::flow::{answer, read};
use crate::house::{Failure, House};
use crate::ids::ThreadId;
use crate::secret::PlainText;
use crate::web::ctx::Ctx;
use crate::web::form::Fields;

/// The reply.
pub(crate) struct Carried {
    /// Whose thread.
    pub(crate) thread: String,
    /// One line; may be empty.
    pub(crate) subject: PlainText,
    /// The text so far.
    pub(crate) text: PlainText,
}

/// Whether whoever is at the door now is surely the one who wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// They opened their own locked screen.
    Same,
    /// Somebody signed in anew on this browser.
    Perhaps,
}

impl Carried {
    /// From the hidden fields of the unlock form.
    pub(super) fn of(fields: &Fields) -> Option<Self> {
        fields.has("carry_thread").then(|| Self {
            thread: fields.get("carry_thread").to_owned(),
            subject: fields.plain("carry_subject"),
            text: PlainText::new(fields.get("carry_text").replace("\r\n", "\n")),
        })
    }

    /// Keeps the reply as a draft and says where to go on; `None` when this person may not read that thread. A reply is
    /// kept for somebody who signed in anew only if the thread is theirs: otherwise the words may be a colleague's.
    pub(super) async fn keep(&self, house: &House, reader: &Reader, author: Author) -> Result<Option<String>, Failure> {
        let Ok(id) = self.thread.parse::<ThreadId>() else {
            return Ok(None);
        };
        let thread = match read::staff_thread(house, reader, id).await {
            Ok((thread, _)) => thread,
            Err(Failure::NotFound | Failure::NotAllowed) => return Ok(None),
            Err(other) => return Err(other),
        };
        if author == Author::Perhaps && thread.assignee != Some(reader.who.person) {
            return Ok(None);
        }
        answer::save_draft(house, reader, id, &self.subject, &self.text).await?;
        Ok(Some(format!("/queue/{id}?done=carried")))
    }
}

/// The page for a colleague whose screen locked (or whose session ended) while they wrote: nothing typed is lost.
pub(crate) fn carry_on(ctx: &Ctx, carried: Carried) -> Response {
    match &ctx.visit {
        Visit::Locked(who) => lock::show(ctx, who, "", None, Some(carried)),
        Visit::Open(_) | Visit::Stranger => {
            sign_in::show(ctx, "", "", Some(ctx.texts.t("staff-carried")), None, Some(carried))
        }
    }
}
