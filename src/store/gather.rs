//! Mail from busy doors: thread addresses looked up, and letters written, by the group.
//!
//! A statement costs more than a row and a commit more than both, so letters that wait at the same moment go in
//! together, up to [`GROUP_MAX`] of them in one transaction with two statements. Where one of them does not fit, each
//! gets a transaction of its own. Addresses that are asked for at the same moment are found with one statement.

use super::letters::{self, GROUP_MAX, NewLetter, Stored};
use super::threads::{self, TARGETS_MAX, Target};
use super::together::Together;
use super::{Db, StoreError};

/// Letters waiting for a transaction.
#[derive(Clone, Default)]
pub struct Gathering(Together<NewLetter, Stored>);

impl Gathering {
    /// Stores a letter and returns once it is durable. A cancelled caller changes nothing: the letter is stored all the
    /// same, and its `dedup` recognises it when it comes again.
    pub async fn put(&self, db: &Db, letter: NewLetter) -> Result<Stored, StoreError> {
        let db = db.clone();
        self.0
            .ask(letter, GROUP_MAX, move |group| {
                let db = db.clone();
                async move { write(&db, &group).await }
            })
            .await
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

/// Thread addresses waiting to be looked up. Nothing is kept: each answer is as fresh as one's own statement.
#[derive(Clone, Default)]
pub struct Lookups(Together<[u8; 32], Option<Target>>);

impl Lookups {
    /// By the keyed hash of a thread's mail address.
    pub async fn find(&self, db: &Db, token_hash: [u8; 32]) -> Result<Option<Target>, StoreError> {
        let db = db.clone();
        self.0
            .ask(token_hash, TARGETS_MAX, move |group| {
                let db = db.clone();
                async move { find_all(&db, &group).await }
            })
            .await
    }
}

async fn find_all(db: &Db, group: &[[u8; 32]]) -> Vec<Result<Option<Target>, StoreError>> {
    if let Ok(found) = find_together(db, group).await {
        return found.into_iter().map(Ok).collect();
    }
    // Whatever it was, each caller hears of its own.
    let mut answers = Vec::with_capacity(group.len());
    for hash in group {
        let found = find_together(db, std::slice::from_ref(hash)).await;
        answers.push(found.map(|f| f.into_iter().next().flatten()));
    }
    answers
}

async fn find_together(db: &Db, group: &[[u8; 32]]) -> Result<Vec<Option<Target>>, StoreError> {
    threads::find_targets(&mut db.read().await?, group).await
}
