//! What time it is: the only way the rest of the house learns it.
//!
//! Steps and stories take `&dyn Clock` or a [`Moment`]; the real clock is named in this file and nowhere else
//! (`clippy.toml` forbids the others), so that a test can stand on any day it likes.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// The moment that many microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch, as the tables hold it.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment plus a span; the far end of time instead of an overflow.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// This moment minus a span; the far end of time instead of an overflow.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// How long after `earlier` this moment lies; zero when it does not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The same moment in chrono's words; the epoch when the year is beyond what chrono holds.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// Who tells the time.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;
}

/// The machine's clock.
#[derive(Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Moment {
        Utc::now().into()
    }
}

/// A clock that stands still until a test moves it.
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that shows `start`.
    pub const fn at(start: Moment) -> Self {
        Self(AtomicI64::new(start.micros()))
    }

    /// Moves the hands forward.
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(micros(span), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_keeps_its_microseconds() {
        let m = Moment::from_micros(1_795_000_000_000_001);
        assert_eq!(Moment::from(m.utc()), m);
        assert_eq!(m.plus(Duration::from_secs(2)).since(m), Duration::from_secs(2));
        assert_eq!(m.since(m.plus(Duration::from_secs(2))), Duration::ZERO);
        assert_eq!(Moment::from_micros(i64::MAX).plus(Duration::from_secs(1)).micros(), i64::MAX);
    }

    #[test]
    fn a_test_clock_moves_only_when_told() {
        let clock = TestClock::at(Moment::from_micros(5));
        assert_eq!(clock.now().micros(), 5);
        clock.advance(Duration::from_micros(7));
        assert_eq!(clock.now().micros(), 12);
    }
}
