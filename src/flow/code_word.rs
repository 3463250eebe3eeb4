//! The code word: a client sets it, a counselor may ask for it, and learns only whether it was right.

use std::sync::Arc;

use super::session::Reader;
use crate::audit::{self, Action};
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::{PersonId, ThreadId};
use crate::limits::CODE_TRIES_MAX;
use crate::seal::{fits_code_word, hide_code_word};
use crate::secret::PlainText;
use crate::store::hints::{self, CodeQuestion, CodeResult};
use crate::store::threads::Thread;

/// Tries count for so long.
const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was right.
    Match,
    /// It was not.
    Miss,
    /// No more tries today.
    TooOften,
}

/// Since when a client has a code word.
pub async fn set_since(house: &House, person: PersonId) -> Result<Option<Moment>, Failure> {
    Ok(hints::find_word(&mut house.db.read().await?, person).await?.map(|w| w.1))
}

/// Sets the client's code word, or takes it back when it is empty.
pub async fn set(house: &House, reader: &Reader, word: &PlainText) -> Result<(), Failure> {
    let me = reader.who.person;
    if word.reveal().trim().is_empty() {
        let mut tx = house.db.begin().await?;
        hints::delete_word(&mut tx, me).await?;
        return Ok(tx.commit().await?);
    }
    let (cost, word, chance) = (house.rules.cost, word.clone(), Arc::clone(&house.chance));
    let hidden = house.slowly(move || hide_code_word(&word, me.bytes(), cost, &*chance)).await?.ok_or(Failure::Busy)?;
    let mut tx = house.db.begin().await?;
    hints::upsert_word(&mut tx, me, &hidden, house.now()).await?;
    Ok(tx.commit().await?)
}

/// A counselor asks. [`Failure::NotFound`] when the client never set a word.
pub async fn ask(house: &House, reader: &Reader, thread: &Thread) -> Result<(), Failure> {
    if set_since(house, thread.client).await?.is_none() {
        return Err(Failure::NotFound);
    }
    let now = house.now();
    let mut tx = house.db.begin().await?;
    hints::ask_code(&mut tx, thread.id, now).await?;
    audit::note(&mut tx, house, now, Some(reader.who.person), Action::CodeAsked, Some(thread.id)).await?;
    Ok(tx.commit().await?)
}

/// How the question of a thread stands.
pub async fn question(house: &House, thread: ThreadId) -> Result<Option<CodeQuestion>, Failure> {
    Ok(hints::find_code(&mut house.db.read().await?, thread).await?)
}

/// The client answers. The try is counted before the word is looked at, and only a right one ends the question.
pub async fn answer(house: &House, reader: &Reader, thread: &Thread, word: &PlainText) -> Result<Answered, Failure> {
    let me = reader.who.person;
    if thread.client != me {
        return Err(Failure::NotFound);
    }
    let mut conn = house.db.read().await?;
    let (hidden, _) = hints::find_word(&mut conn, me).await?.ok_or(Failure::NotFound)?;
    let question = hints::find_code(&mut conn, thread.id).await?.ok_or(Failure::NotFound)?;
    drop(conn);
    if question.result == CodeResult::Match {
        return Err(Failure::Changed);
    }
    let now = house.now();
    let mut tx = house.db.begin().await?;
    let may_try = hints::count_try(&mut tx, thread.id, now.minus(DAY), now, CODE_TRIES_MAX).await?;
    tx.commit().await?;
    if !may_try {
        return Ok(Answered::TooOften);
    }
    let word = word.clone();
    let fits = house.slowly(move || fits_code_word(&word, me.bytes(), &hidden)).await?;
    let (result, action) =
        if fits { (CodeResult::Match, Action::CodeMatched) } else { (CodeResult::Miss, Action::CodeMissed) };
    let mut tx = house.db.begin().await?;
    hints::answer_code(&mut tx, thread.id, result, now).await?;
    audit::note(&mut tx, house, now, Some(me), action, Some(thread.id)).await?;
    tx.commit().await?;
    Ok(if fits { Answered::Match } else { Answered::Miss })
}
