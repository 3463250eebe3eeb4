//! A decision on held mail is taken back: for ten minutes, by whoever made it, and only while nobody built on it.

use super::hints::{self, HintKind};
use super::session::Reader;
use crate::audit::{self, Action};
use crate::house::{Failure, House};
use crate::ids::{HeldId, ThreadId};
use crate::limits::{UNDO_FOR, UNDO_SHOWN_MAX};
use crate::screen::Signal;
use crate::store::decisions::{self, Decision};
use crate::store::held::{self, Held, HeldState};
use crate::store::threads::{self, ThreadState};
use crate::store::{Tx, doubts, letters};

/// What this person decided lately, the latest first.
pub async fn list(house: &House, reader: &Reader) -> Result<Vec<Decision>, Failure> {
    let since = house.now().minus(UNDO_FOR);
    Ok(decisions::list(&mut house.db.read().await?, reader.who.person, since, UNDO_SHOWN_MAX).await?)
}

/// Takes a decision back. [`Failure::Changed`] when that is no longer possible: somebody answered the letter, or moved it,
/// or the time is over.
pub async fn undo(house: &House, reader: &Reader, id: HeldId) -> Result<(), Failure> {
    let decision = list(house, reader).await?.into_iter().find(|d| d.held == id).ok_or(Failure::Changed)?;
    let (me, now) = (reader.who.person, house.now());
    let mut tx = house.db.begin().await?;
    let row = held::find(&mut tx, id).await?.ok_or(Failure::Changed)?;
    decisions::undo(&mut tx, id, decision.at).await?;
    if decision.state == HeldState::Entered {
        take_out(&mut tx, &decision, &row).await?;
    } else if let Some(thread) = row.thread {
        hints::take_back(&mut tx, thread, HintKind::NotForUs, now).await?;
    }
    if decision.was == HeldState::Waiting {
        for signal in Signal::read(&row.reasons) {
            doubts::uncount_alarm(&mut tx, row.desk, signal.word(), decision.state == HeldState::Entered).await?;
        }
    }
    audit::note(&mut tx, house, now, Some(me), Action::HeldUndone, row.thread).await?;
    Ok(tx.commit().await?)
}

/// The letter that was let in leaves its thread, and what was called fine with it is forgotten.
async fn take_out(tx: &mut Tx, decision: &Decision, row: &Held) -> Result<(), Failure> {
    let letter = decision.letter.ok_or(Failure::Changed)?;
    let letter = letters::find(tx, letter).await?.ok_or(Failure::Changed)?;
    if letters::count_covering(tx, letter.thread, letter.received).await? > 0 {
        return Err(Failure::Changed);
    }
    letters::delete(tx, letter.id).await?;
    if let Some(used) = row.thread {
        doubts::forget_fine(tx, used, decision.at).await?;
    }
    settle(tx, letter.thread).await
}

/// A letter left a thread: it waits for whatever is still unanswered, or for nothing.
pub(super) async fn settle(tx: &mut Tx, thread: ThreadId) -> Result<(), Failure> {
    let covered = letters::last_covered(tx, thread).await?;
    let waiting = letters::oldest_after(tx, thread, covered).await?;
    let last = letters::last(tx, thread).await?;
    let state = if !letters::list_unreleased(tx, thread).await?.is_empty() {
        ThreadState::Leaving
    } else if waiting.is_some() {
        ThreadState::Waiting
    } else if last.is_some() {
        ThreadState::Answered
    } else {
        ThreadState::Fresh
    };
    Ok(threads::settle(tx, thread, state, waiting, last).await?)
}
