//! What the page shows when the guard has doubts about a reply.

use super::thread_view::{hue, initials};
use crate::flow::guard::Doubts;
use crate::guard::Doubt;
use crate::ids::{PersonId, ThreadId};
use crate::secret::PlainText;
use crate::web::ctx::Ctx;

/// Why a number or a name may stand in a reply all the same: the word of the audit, the text's key.
pub(super) const REASONS: [(&str, &str); 3] =
    [("office", "guard-reason-office"), ("help", "guard-reason-help"), ("agreed", "guard-reason-agreed")];

/// One side of the comparison.
pub(super) struct Side {
    pub(super) thread: ThreadId,
    pub(super) initials: String,
    pub(super) hue: u8,
    pub(super) name: PlainText,
    pub(super) code: String,
    /// Sentences.
    pub(super) why: Vec<String>,
    /// Words of this client that stand in the reply.
    pub(super) shared: Vec<PlainText>,
}

/// The comparison.
pub(super) struct GuardView {
    pub(super) mark: String,
    pub(super) here: Side,
    pub(super) others: Vec<Side>,
    /// What it is, and as it stands in the reply.
    pub(super) contacts: Vec<(String, PlainText)>,
    /// The button was pressed and no reason chosen.
    pub(super) reason_missing: bool,
}

impl Side {
    fn new(thread: ThreadId, client: PersonId, name: PlainText) -> Self {
        let initials = initials(name.reveal());
        Self { thread, initials, hue: hue(client), name, code: thread.case_code(), why: Vec::new(), shared: Vec::new() }
    }
}

impl GuardView {
    /// Sets what was found beside the thread the reply was written in.
    pub(super) fn new(
        ctx: &Ctx,
        thread: ThreadId,
        client: PersonId,
        name: PlainText,
        doubts: Doubts,
        reason_missing: bool,
    ) -> Self {
        let mut sides: Vec<Side> = doubts.others.into_iter().map(|o| Side::new(o.thread, o.client, o.name)).collect();
        let mut contacts = Vec::new();
        for doubt in doubts.doubts {
            let why = ctx.texts.t(&format!("guard-why-{}", doubt.word()));
            let side = doubt.other().and_then(|n| sides.get_mut(n));
            match (doubt, side) {
                (Doubt::Contact { text, .. }, _) => contacts.push((why, text)),
                (Doubt::Words { shared, .. }, Some(side)) => {
                    side.why.push(why);
                    side.shared.push(shared);
                }
                (_, Some(side)) => side.why.push(why),
                (_, None) => {}
            }
        }
        sides.retain(|s| !s.why.is_empty());
        Self { mark: doubts.mark, here: Side::new(thread, client, name), others: sides, contacts, reason_missing }
    }

    pub(super) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    pub(super) fn reasons(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        REASONS.into_iter()
    }
}
