//! Work for later: the motors of jobs and of repeated chores.
//!
//! A job is claimed by lease, its try is counted, its story runs, and its row is ended or put off by the table in
//! [`crate::motor`]. Several nodes may do this at once; each job has one worker. A job may be done twice (its worker
//! died after the story and before its row was ended), so each of its stories bears that.
//!
//! - `schedule`: chores that repeat themselves.

mod schedule;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Moment;
use crate::flow::{answer, chores, notify};
use crate::house::{Failure, House};
use crate::ids::{LetterId, PersonId};
use crate::motor::{self, Outcome, Reason, Work};
use crate::store::jobs::Job;

/// Does what is due until `stop`, then lets what is under way finish.
pub async fn run(house: Arc<House>, stop: CancellationToken) {
    let jobs = motor::drive(Arc::new(Jobs { house: Arc::clone(&house) }), stop.clone());
    let chores = motor::drive(Arc::new(schedule::Chores::new(house)), stop);
    tokio::join!(jobs, chores);
}

/// Does everything due now, chores first, one after another, and says how many there were.
pub async fn run_due(house: &House) -> Result<usize, Failure> {
    let mut count = schedule::run_due(house).await?;
    while let Some(job) = chores::claim(house).await? {
        let outcome = attempt(house, &job).await;
        record(house, &job, outcome).await?;
        count += 1;
    }
    Ok(count)
}

struct Jobs {
    house: Arc<House>,
}

impl Work for Jobs {
    type Piece = Job;
    const NAME: &'static str = "jobs";
    const AT_ONCE: usize = 2;

    fn now(&self) -> Moment {
        self.house.now()
    }

    fn bell(&self) -> &Notify {
        &self.house.bell.jobs
    }

    async fn claim(&self) -> Result<Option<Job>, Failure> {
        chores::claim(&self.house).await
    }

    async fn attempt(&self, job: &Job) -> Outcome {
        attempt(&self.house, job).await
    }

    async fn record(&self, job: &Job, outcome: Outcome) -> Result<(), Failure> {
        record(&self.house, job, outcome).await
    }

    async fn next_due(&self) -> Result<Option<Moment>, Failure> {
        chores::next_due(&self.house).await
    }
}

async fn attempt(house: &House, job: &Job) -> Outcome {
    let done = match job.kind.as_str() {
        answer::RELEASE_JOB => match LetterId::try_from(job.subject.as_slice()) {
            Ok(letter) => answer::release(house, letter).await,
            Err(_) => return Outcome::GiveUp(Reason::word("bad-subject")),
        },
        notify::DAILY_JOB => match PersonId::try_from(job.subject.as_slice()) {
            Ok(client) => notify::daily(house, client).await,
            Err(_) => return Outcome::GiveUp(Reason::word("bad-subject")),
        },
        _ => return Outcome::GiveUp(Reason::word("unknown-kind")),
    };
    done.map_or_else(|failure| Outcome::TryLater(Reason::from(&failure)), |()| Outcome::Done)
}

/// The kind as a label: only words of ours, however odd the row.
fn label(job: &Job) -> &'static str {
    [answer::RELEASE_JOB, notify::DAILY_JOB].into_iter().find(|k| *k == job.kind).unwrap_or("unknown")
}

async fn record(house: &House, job: &Job, outcome: Outcome) -> Result<(), Failure> {
    let kind = label(job);
    let reason = match (outcome, motor::rest(job.tries)) {
        (Outcome::Done | Outcome::NotWanted, _) => {
            chores::finish(house, job.id).await?;
            metrics::counter!("merpati_jobs_done_total", "kind" => kind).increment(1);
            return Ok(());
        }
        (Outcome::TryLater(reason), Some(rest)) => {
            chores::put_off(house, job, rest, &reason.to_string()).await?;
            metrics::counter!("merpati_jobs_failed_total", "kind" => kind).increment(1);
            tracing::warn!(job = %job.id, kind, tries = job.tries, %reason, "a job failed; it is tried again");
            return Ok(());
        }
        (Outcome::TryLater(reason), None) | (Outcome::GiveUp(reason), _) => reason,
    };
    chores::give_up(house, job.id, &reason.to_string()).await?;
    metrics::counter!("merpati_jobs_dead_total", "kind" => kind).increment(1);
    tracing::error!(job = %job.id, kind, tries = job.tries, %reason, "a job will never be done");
    Ok(())
}
