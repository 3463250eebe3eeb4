//! How long a session waits for anything: limits, the stop signal and the grace period after it.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Why waiting ended without a result.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// The limit passed.
    Late,
    /// The house is closing.
    Closing,
}

/// What a wait is worth when the house closes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// Nothing is lost by ending it at once.
    Idle,
    /// A mail is on its way: it may use the grace period.
    Mail,
}

/// The patience of one session.
pub(super) struct Patience {
    stop: CancellationToken,
    grace: Duration,
    /// Set when the stop signal was noticed.
    end: Option<Instant>,
}

impl Patience {
    pub(super) const fn new(stop: CancellationToken, grace: Duration) -> Self {
        Self { stop, grace, end: None }
    }

    /// Waits for `what` until `deadline`, shorter if the house closes. `what` is dropped when the wait ends early.
    pub(super) async fn wait<T>(
        &mut self,
        deadline: Instant,
        worth: Worth,
        what: impl Future<Output = T>,
    ) -> Result<T, Cut> {
        if self.end.is_none() && self.stop.is_cancelled() {
            self.end = Some(Instant::now() + self.grace);
        }
        if self.end.is_some() && worth == Worth::Idle {
            return Err(Cut::Closing);
        }
        tokio::pin!(what);
        loop {
            let until = self.end.map_or(deadline, |end| end.min(deadline));
            // A peer that always has something ready must not outlast its limit.
            if Instant::now() >= until {
                return Err(self.cut(until));
            }
            tokio::select! {
                biased;
                done = &mut what => return Ok(done),
                () = self.stop.cancelled(), if self.end.is_none() => {
                    self.end = Some(Instant::now() + self.grace);
                    if worth == Worth::Idle {
                        return Err(Cut::Closing);
                    }
                }
                () = sleep_until(until) => return Err(self.cut(until)),
            }
        }
    }

    fn cut(&self, until: Instant) -> Cut {
        if self.end.is_some_and(|end| end <= until) { Cut::Closing } else { Cut::Late }
    }
}
