//! What waits at the same moment is done together.
//!
//! A statement costs more than a row, whichever way it goes. So callers that ask the same thing queue up here, and one
//! drain at a time takes all that wait, up to a cap, and answers them with the statements of one. Nobody waits for
//! company: a caller who is alone is served at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::StoreError;

type Waiting<Ask, Answer> = (Ask, oneshot::Sender<Result<Answer, StoreError>>);

/// Callers that wait for the same kind of answer.
pub(super) struct Together<Ask, Answer>(Arc<Mutex<Queue<Ask, Answer>>>);

struct Queue<Ask, Answer> {
    waiting: Vec<Waiting<Ask, Answer>>,
    draining: bool,
}

impl<Ask, Answer> Clone for Together<Ask, Answer> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Ask, Answer> Default for Together<Ask, Answer> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Queue { waiting: Vec::new(), draining: false })))
    }
}

impl<Ask: Send + 'static, Answer: Send + 'static> Together<Ask, Answer> {
    /// Waits for the answer to one ask. `work` answers up to `group_max` of them in their order; callers bring the same
    /// one. A cancelled caller changes nothing: its ask is worked on all the same.
    pub(super) async fn ask<Work, Answers>(&self, ask: Ask, group_max: usize, work: Work) -> Result<Answer, StoreError>
    where
        Work: Fn(Vec<Ask>) -> Answers + Send + 'static,
        Answers: Future<Output = Vec<Result<Answer, StoreError>>> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let start = {
            let mut queue = self.queue();
            queue.waiting.push((ask, tell));
            !std::mem::replace(&mut queue.draining, true)
        };
        if start {
            tokio::spawn(self.clone().drain(group_max, work));
        }
        told.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    async fn drain<Work, Answers>(self, group_max: usize, work: Work)
    where
        Work: Fn(Vec<Ask>) -> Answers,
        Answers: Future<Output = Vec<Result<Answer, StoreError>>> + Send + 'static,
    {
        loop {
            let group = self.next_group(group_max);
            if group.is_empty() {
                return;
            }
            let (asks, tells): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            // In a task of its own: a panic in there ends this group, whose callers are put off, and not the drain.
            let answers = tokio::spawn(work(asks)).await.unwrap_or_default();
            for (tell, answer) in tells.into_iter().zip(answers) {
                let _ = tell.send(answer);
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue<Ask, Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_group(&self, group_max: usize) -> Vec<Waiting<Ask, Answer>> {
        let mut queue = self.queue();
        let size = queue.waiting.len().min(group_max);
        queue.draining = size > 0;
        queue.waiting.drain(..size).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_puts_its_own_group_off_and_nobody_after_it() {
        let together = Together::default();
        let work = |asks: Vec<u32>| async move {
            assert!(!asks.contains(&13), "a slip");
            asks.into_iter().map(|n| Ok(n * 2)).collect()
        };
        assert!(together.ask(13, 8, work).await.is_err());
        let answer = tokio::time::timeout(std::time::Duration::from_secs(5), together.ask(21, 8, work)).await;
        assert_eq!(answer.expect("somebody still works").unwrap(), 42);
    }
}
