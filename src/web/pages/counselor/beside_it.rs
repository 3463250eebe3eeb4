//! What lies beside a thread: mail that waits, machines' notes, doubts about who writes.

use chrono_tz::Tz;

use super::When;
use super::held::code_words;
use crate::flow::hints::{self, HintKind};
use crate::flow::session::Reader;
use crate::flow::shelf::{self, HeldLine};
use crate::house::Failure;
use crate::ids::HeldId;
use crate::store::held::HeldState;
use crate::store::threads::Thread;
use crate::web::ctx::Ctx;
use crate::web::refusal::Refusal;

/// A mail beside the thread, as one line.
pub(super) struct BesideLine {
    pub(super) id: HeldId,
    pub(super) reasons: Vec<String>,
    pub(super) when: When,
}

/// What lies beside a thread.
#[derive(Default)]
pub(super) struct BesideIt {
    /// Somebody else may be writing for this client (M3), or a code word was wrong.
    pub(super) is_doubtful: bool,
    /// How the question for the code word stands.
    pub(super) code: Option<String>,
    /// What the client answered to the questions about their mail.
    pub(super) says: Vec<String>,
    /// Mail that waits for a decision.
    pub(super) waiting: Vec<BesideLine>,
    /// Mail in the client's sorting tray.
    pub(super) tray: Vec<BesideLine>,
    /// Machines' notes.
    pub(super) filed: Vec<BesideLine>,
}

pub(super) async fn beside_it(ctx: &Ctx, reader: &Reader, thread: &Thread, zone: Tz) -> Result<BesideIt, Refusal> {
    // Held mail is the desk's: a counselor who answers a thread of another desk sees none of it.
    match shelf::list(&ctx.house, reader, thread.desk, HeldState::Waiting, None, 1).await {
        Ok(_) => {}
        Err(Failure::NotFound | Failure::NotAllowed) => return Ok(BesideIt::default()),
        Err(other) => return Err(other.into()),
    }
    let line = |l: HeldLine| BesideLine {
        id: l.id,
        reasons: l.reasons.iter().map(|r| ctx.texts.t(&format!("held-reason-{}", r.word()))).collect(),
        when: When::new(ctx, l.received, zone),
    };
    let waiting = shelf::of_thread(&ctx.house, thread.id, HeldState::Waiting).await?;
    let tray = shelf::of_thread(&ctx.house, thread.id, HeldState::Tray).await?;
    let filed = shelf::of_thread(&ctx.house, thread.id, HeldState::Filed).await?;
    Ok(BesideIt {
        is_doubtful: shelf::is_doubtful(&ctx.house, thread.id).await?,
        says: says(ctx, thread).await?,
        code: code_words(ctx, thread.id, zone).await?,
        waiting: waiting.into_iter().map(line).collect(),
        tray: tray.into_iter().map(line).collect(),
        filed: filed.into_iter().map(line).collect(),
    })
}

async fn says(ctx: &Ctx, thread: &Thread) -> Result<Vec<String>, Refusal> {
    let answers = hints::answers(&ctx.house, thread.id).await?;
    let asked =
        answers.into_iter().filter(|(k, _)| matches!(k, HintKind::OtherDesk | HintKind::PassedOn | HintKind::Shared));
    Ok(asked.map(|(kind, hint)| ctx.texts.t(&format!("thread-says-{}-{}", kind.word(), hint.answer))).collect())
}
