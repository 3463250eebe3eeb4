//! The motor of the canary: once an hour it hands one to a door of this house, as any mail server would.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use cron::Schedule;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Moment;
use crate::flow::canary;
use crate::flow::chores::{self, Turn};
use crate::house::{Failure, House};
use crate::ids::OutboxId;
use crate::motor::{self, Outcome, Reason, Work};
use crate::outbox::Transport;
use crate::outbox::compose::Mail;

/// Second, minute, hour, day, month, weekday.
const WHEN: &str = "0 7 * * * *";
const NAME: &str = "canary";
const HOUR: Duration = Duration::from_secs(3600);

fn next(now: Moment) -> Moment {
    let next = Schedule::from_str(WHEN).ok().and_then(|s| s.after(&now.utc()).next());
    next.map_or_else(|| now.plus(HOUR), Moment::from)
}

/// Lets one fly every hour until `stop`. `door` leads to a door of this house.
pub async fn run(house: Arc<House>, door: Transport, stop: CancellationToken) {
    motor::drive(Arc::new(Canaries { house, door, silent: Notify::new() }), stop).await;
}

/// Lets one fly now.
pub async fn fly(house: &House, door: &Transport) -> Outcome {
    let flight = match canary::set_out(house).await {
        Ok(flight) => flight,
        Err(failure) => return Outcome::TryLater(Reason::from(&failure)),
    };
    let mail = Mail { sender: flight.from, recipient: flight.to, message: flight.mail };
    let Ok(name) = OutboxId::try_from(flight.id.bytes()) else {
        return Outcome::GiveUp(Reason::word("address"));
    };
    door.send(name, mail).await
}

struct Canaries {
    house: Arc<House>,
    door: Transport,
    /// Only the time calls for them.
    silent: Notify,
}

impl Work for Canaries {
    type Piece = Turn;
    const NAME: &'static str = NAME;
    const AT_ONCE: usize = 1;

    fn now(&self) -> Moment {
        self.house.now()
    }

    fn bell(&self) -> &Notify {
        &self.silent
    }

    async fn claim(&self) -> Result<Option<Turn>, Failure> {
        chores::take_turn(&self.house, NAME, next(self.house.now())).await
    }

    async fn attempt(&self, _: &Turn) -> Outcome {
        fly(&self.house, &self.door).await
    }

    async fn record(&self, turn: &Turn, outcome: Outcome) -> Result<(), Failure> {
        match outcome {
            Outcome::Done | Outcome::NotWanted => metrics::counter!("merpati_canary_sent_total").increment(1),
            Outcome::TryLater(reason) | Outcome::GiveUp(reason) => {
                metrics::counter!("merpati_canary_failed_total").increment(1);
                tracing::error!(%reason, "a canary was not taken by our own door");
            }
        }
        // The next one flies on the hour whatever became of this one: silence is the alarm, not a queue of canaries.
        chores::end_turn(&self.house, NAME, *turn, next(self.house.now())).await
    }

    async fn next_due(&self) -> Result<Option<Moment>, Failure> {
        Ok(Some(next(self.house.now())))
    }
}
