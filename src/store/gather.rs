//! Letters from busy doors, written by the group.
//!
//! A statement costs more than a row and a commit more than both, so letters that wait at the same moment go in
//! together: one drain at a time takes up to [`GROUP_MAX`] of them into one transaction with two statements. Where one of
//! them does not fit, each gets a transaction of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::letters::{self, GROUP_MAX, NewLetter, Stored};
use super::{Db, StoreError};

type Waiting = (NewLetter, oneshot::Sender<Result<Stored, StoreError>>);

/// Letters waiting for a transaction.
#[derive(Clone, Default)]
pub struct Gathering(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    draining: bool,
}

impl Gathering {
    /// Stores a letter and returns once it is durable. A cancelled caller changes nothing: the letter is stored all the
    /// same, and its `dedup` recognises it when it comes again.
    pub async fn put(&self, db: &Db, letter: NewLetter) -> Result<Stored, StoreError> {
        let (tell, told) = oneshot::channel();
        let start = {
            let mut queue = self.queue();
            queue.waiting.push((letter, tell));
            !std::mem::replace(&mut queue.draining, true)
        };
        if start {
            tokio::spawn(drain(self.clone(), db.clone()));
        }
        told.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_group(&self) -> Vec<Waiting> {
        let mut queue = self.queue();
        let size = queue.waiting.len().min(GROUP_MAX);
        queue.draining = size > 0;
        queue.waiting.drain(..size).collect()
    }
}

async fn drain(gathering: Gathering, db: Db) {
    loop {
        let group = gathering.next_group();
        if group.is_empty() {
            return;
        }
        let (letters, tells): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let outcomes = write(&db, &letters).await;
        for (tell, outcome) in tells.into_iter().zip(outcomes) {
            let _ = tell.send(outcome);
        }
    }
}

async fn write(db: &Db, group: &[NewLetter]) -> Vec<Result<Stored, StoreError>> {
    let all: Vec<_> = group.iter().collect();
    match write_together(db, &all).await {
        Ok(outcomes) if !outcomes.contains(&Stored::Stale) => return outcomes.into_iter().map(Ok).collect(),
        // The database does not answer: trying for each of them alone would only keep the senders waiting.
        Err(error) if error.is_passing() => {
            return group.iter().map(|_| Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut))).collect();
        }
        Ok(_) | Err(_) => {}
    }
    let mut outcomes = Vec::with_capacity(group.len());
    for letter in group {
        let outcome = write_together(db, &[letter]).await;
        outcomes.push(outcome.and_then(|o| o.first().copied().ok_or(StoreError::Gone("letter"))));
    }
    outcomes
}

/// Keeps the group only if none of it is stale.
async fn write_together(db: &Db, group: &[&NewLetter]) -> Result<Vec<Stored>, StoreError> {
    let mut tx = db.begin().await?;
    let outcomes = letters::insert_group(&mut tx, group).await?;
    if !outcomes.contains(&Stored::Stale) {
        tx.commit().await?;
    }
    Ok(outcomes)
}
