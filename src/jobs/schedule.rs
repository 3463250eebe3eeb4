//! Chores that repeat themselves, by cron expressions (second, minute, hour, day, month, weekday; UTC).
//!
//! When a chore runs next is kept in the database, so exactly one node runs each turn. A turn missed while the house
//! was closed comes once, not as often as it was missed. A turn that fails, or whose node dies, is taken again after
//! its lease.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use cron::Schedule;
use tokio::sync::Notify;

use crate::clock::Moment;
use crate::flow::chores::{self, Turn};
use crate::flow::{keep, trail};
use crate::house::{Failure, House};
use crate::motor::{Outcome, Reason, Work};

/// If an expression of the table said nothing (a test reads them all): run this much later.
const FALLBACK: Duration = Duration::from_secs(3600);

/// Something to do again and again.
pub(super) struct Chore {
    name: &'static str,
    when: &'static str,
    what: What,
}

enum What {
    Sweep,
    Chain,
}

const TABLE: [Chore; 2] = [
    Chore { name: "sweep", when: "0 * * * * *", what: What::Sweep },
    Chore { name: "chain", when: "*/10 * * * * *", what: What::Chain },
];

/// How many chores there are.
#[cfg(test)]
pub(super) const CHORES: usize = TABLE.len();

impl Chore {
    fn next(&self, now: Moment) -> Moment {
        let next = Schedule::from_str(self.when).ok().and_then(|s| s.after(&now.utc()).next());
        next.map_or_else(|| now.plus(FALLBACK), Moment::from)
    }

    async fn attempt(&self, house: &House) -> Outcome {
        let done = match self.what {
            What::Sweep => keep::sweep(house).await,
            What::Chain => trail::chain(house).await,
        };
        done.map_or_else(|failure| Outcome::TryLater(Reason::from(&failure)), |()| Outcome::Done)
    }

    async fn record(&self, house: &House, turn: Turn, outcome: Outcome) -> Result<(), Failure> {
        match outcome {
            Outcome::Done | Outcome::NotWanted => {
                chores::end_turn(house, self.name, turn, self.next(house.now())).await?;
                metrics::counter!("merpati_jobs_done_total", "kind" => self.name).increment(1);
            }
            Outcome::TryLater(reason) | Outcome::GiveUp(reason) => {
                metrics::counter!("merpati_jobs_failed_total", "kind" => self.name).increment(1);
                tracing::warn!(chore = self.name, %reason, "a chore failed; its turn comes again after the lease");
            }
        }
        Ok(())
    }
}

async fn claim(house: &House) -> Result<Option<(&'static Chore, Turn)>, Failure> {
    for chore in &TABLE {
        if let Some(turn) = chores::take_turn(house, chore.name, chore.next(house.now())).await? {
            return Ok(Some((chore, turn)));
        }
    }
    Ok(None)
}

/// Runs every chore that is due, and says how many there were.
pub(super) async fn run_due(house: &House) -> Result<usize, Failure> {
    let mut count = 0;
    while let Some((chore, turn)) = claim(house).await? {
        let outcome = chore.attempt(house).await;
        chore.record(house, turn, outcome).await?;
        count += 1;
    }
    Ok(count)
}

/// The motor of the table.
pub(super) struct Chores {
    house: Arc<House>,
    /// Nobody rings it: only the time calls for chores.
    silent: Notify,
}

impl Chores {
    pub(super) fn new(house: Arc<House>) -> Self {
        Self { house, silent: Notify::new() }
    }
}

impl Work for Chores {
    type Piece = (&'static Chore, Turn);
    const NAME: &'static str = "chores";
    const AT_ONCE: usize = 1;

    fn now(&self) -> Moment {
        self.house.now()
    }

    fn bell(&self) -> &Notify {
        &self.silent
    }

    async fn claim(&self) -> Result<Option<Self::Piece>, Failure> {
        claim(&self.house).await
    }

    async fn attempt(&self, (chore, _): &Self::Piece) -> Outcome {
        chore.attempt(&self.house).await
    }

    async fn record(&self, (chore, turn): &Self::Piece, outcome: Outcome) -> Result<(), Failure> {
        chore.record(&self.house, *turn, outcome).await
    }

    async fn next_due(&self) -> Result<Option<Moment>, Failure> {
        let now = self.house.now();
        Ok(TABLE.iter().map(|chore| chore.next(now)).min())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::from(chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc())
    }

    #[test]
    fn every_expression_is_one() {
        for chore in &TABLE {
            assert!(Schedule::from_str(chore.when).is_ok(), "{}", chore.name);
        }
    }

    #[test]
    fn the_next_time_lies_after_now() {
        let check = |when, now, next| {
            let chore = Chore { name: "x", when, what: What::Sweep };
            assert_eq!(chore.next(at(now)), at(next), "{when}");
        };
        check("0 * * * * *", "2026-11-24T08:00:00Z", "2026-11-24T08:01:00Z");
        check("0 * * * * *", "2026-11-24T08:00:59.999999Z", "2026-11-24T08:01:00Z");
        check("0 30 3 * * *", "2026-12-31T03:30:00Z", "2027-01-01T03:30:00Z");
        check("0 0 0 29 2 *", "2027-01-01T00:00:00Z", "2028-02-29T00:00:00Z");
        check("nonsense", "2027-01-01T00:00:00Z", "2027-01-01T01:00:00Z");
    }
}
