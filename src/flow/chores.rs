//! Work for later is claimed, done by a motor, ended or put off; and repeated chores take their turns.
//!
//! A job is held by a lease: whoever claimed one and then fell silent loses it to another after [`LEASE`]. So a job may
//! be done twice, and every story that is one must bear that.
//!
//! A chore has one row, which holds when it runs next. Whoever moves that moment to the end of a lease has the turn,
//! and moves it on to the regular time when the chore is done. A turn that was missed, or cut short, comes once.

use std::time::Duration;

use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::JobId;
use crate::limits::LEASE;
use crate::store::jobs::{self, Job};

/// How often a claim that another node snatched is tried again.
const CLAIMS: usize = 16;

/// Claims the next due job; its try counts from here on.
pub async fn claim(house: &House) -> Result<Option<Job>, Failure> {
    for _ in 0..CLAIMS {
        let now = house.now();
        let mut tx = house.db.begin().await?;
        if let Some(job) = jobs::claim(&mut tx, now, now.plus(LEASE)).await? {
            tx.commit().await?;
            return Ok(Some(job));
        }
        drop(tx);
        if next_due(house).await?.is_none_or(|due| due > now) {
            return Ok(None);
        }
    }
    Ok(None)
}

/// The job is done.
pub async fn finish(house: &House, job: JobId) -> Result<(), Failure> {
    end(house, job, None).await
}

/// The job will never be done; the row stays with its reason.
pub async fn give_up(house: &House, job: JobId, reason: &str) -> Result<(), Failure> {
    end(house, job, Some(reason)).await
}

async fn end(house: &House, job: JobId, dead: Option<&str>) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    jobs::finish(&mut tx, job, dead, house.now()).await?;
    Ok(tx.commit().await?)
}

/// The job rests for a while.
pub async fn put_off(house: &House, job: &Job, rest: Duration, reason: &str) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    jobs::retry(&mut tx, job.id, job.tries, house.now().plus(rest), reason).await?;
    Ok(tx.commit().await?)
}

/// When the next job is due that nobody works on.
pub async fn next_due(house: &House) -> Result<Option<Moment>, Failure> {
    Ok(jobs::next_due(&mut house.db.read().await?, house.now()).await?)
}

/// A turn of a chore, held until then.
#[derive(Clone, Copy)]
pub struct Turn(Moment);

/// Takes a chore's turn if it is due and nobody else has it. A chore never heard of before runs first at `next`.
pub async fn take_turn(house: &House, name: &str, next: Moment) -> Result<Option<Turn>, Failure> {
    let now = house.now();
    let until = now.plus(LEASE);
    let mut tx = house.db.begin().await?;
    let due = jobs::schedule(&mut tx, name, next).await?;
    let mine = due <= now && jobs::advance(&mut tx, name, due, until).await?;
    tx.commit().await?;
    Ok(mine.then_some(Turn(until)))
}

/// The chore is done; it runs again at `next`.
pub async fn end_turn(house: &House, name: &str, turn: Turn, next: Moment) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    jobs::advance(&mut tx, name, turn.0, next).await?;
    Ok(tx.commit().await?)
}
