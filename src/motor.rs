//! What the motors have in common: claim, carry out, record, rest.
//!
//! A motor looks for work when the bell rings, when something is due, and at least every half minute; other nodes'
//! bells cannot be heard here. Nothing ends its loop but the stop signal: a database that does not answer makes it
//! pause, and a panic counts as a failed try.
//!
//! | failed try | rests |
//! | --- | --- |
//! | 1 | 1 minute |
//! | 2 | 5 minutes |
//! | 3 | 15 minutes |
//! | 4 | 1 hour |
//! | 5 | 3 hours |
//! | 6 | 6 hours |
//! | 7 | 12 hours |
//! | 8 | 24 hours |
//! | 9 | for good, after 46 hours and 21 minutes: the row stays, dead, with the last reason |

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Moment;
use crate::house::Failure;
use crate::limits::LEASE;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const RESTS: [u64; 8] = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];

/// A try is cut off after this.
const TRY_MAX: Duration = Duration::from_secs(90);
/// What came of a try is recorded by then, or the lease runs out and the try is repeated.
const RECORD_PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10)];
const _: () = assert!(TRY_MAX.as_secs() + 20 < LEASE.as_secs(), "a lease outlasts a try and its record");
/// Between two looks, at the most and at the least.
const LOOK_MAX: Duration = Duration::from_secs(30);
const LOOK_MIN: Duration = Duration::from_millis(50);
/// After a look that failed: the first pause; it doubles.
const PAUSE_FIRST: Duration = Duration::from_millis(500);

/// How long to rest after failed try number `tries`; `None`: give up.
pub fn rest(tries: i64) -> Option<Duration> {
    let index = usize::try_from(tries.max(1) - 1).ok()?;
    RESTS.get(index).copied().map(Duration::from_secs)
}

/// Why a try failed: a fixed word and perhaps the digits of an SMTP reply. It may stand in a log and in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    word: &'static str,
    code: Option<u16>,
}

impl Reason {
    /// A panic of ours.
    pub const FAULT: Self = Self::word("fault");
    /// It took too long.
    pub const TIMEOUT: Self = Self::word("timeout");

    /// A reason in a word.
    pub const fn word(word: &'static str) -> Self {
        Self { word, code: None }
    }

    /// A reason in a word and the code of a reply.
    pub const fn with_code(word: &'static str, code: u16) -> Self {
        Self { word, code: Some(code) }
    }
}

impl From<&Failure> for Reason {
    fn from(failure: &Failure) -> Self {
        Self::word(match failure {
            Failure::Store(_) => "store",
            Failure::NoUsableKey(_) => "no-usable-key",
            Failure::Damaged(_) => "damaged",
            Failure::NotFound => "not-found",
            Failure::NotAllowed => "not-allowed",
            Failure::Changed => "changed",
            Failure::Busy | Failure::Later(_) => "busy",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)?;
        self.code.map_or(Ok(()), |code| write!(f, " {code}"))
    }
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It worked.
    Done,
    /// Nobody wants it any more.
    NotWanted,
    /// It may work in a while.
    TryLater(Reason),
    /// It never will.
    GiveUp(Reason),
}

/// What a motor works on.
pub(crate) trait Work: Send + Sync + 'static {
    /// A claimed piece.
    type Piece: Send + Sync + 'static;
    /// For logs.
    const NAME: &'static str;
    /// Pieces under way at the same time.
    const AT_ONCE: usize;

    /// What time it is.
    fn now(&self) -> Moment;
    /// Rings when there is work.
    fn bell(&self) -> &Notify;
    /// Claims the next due piece by lease.
    fn claim(&self) -> impl Future<Output = Result<Option<Self::Piece>, Failure>> + Send;
    /// Tries to do it; dropped when it takes too long.
    fn attempt(&self, piece: &Self::Piece) -> impl Future<Output = Outcome> + Send;
    /// Writes down what came of it.
    fn record(&self, piece: &Self::Piece, outcome: Outcome) -> impl Future<Output = Result<(), Failure>> + Send;
    /// When the next piece is due that nobody works on.
    fn next_due(&self) -> impl Future<Output = Result<Option<Moment>, Failure>> + Send;
}

/// Works until `stop`, then lets what is under way end (at most two minutes; cut off, it is repeated after its lease).
pub(crate) async fn drive<W: Work>(work: Arc<W>, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(W::AT_ONCE));
    let tracker = TaskTracker::new();
    let mut failures = 0_u32;
    while !stop.is_cancelled() {
        // Heard from here on: a ring between the look and the rest is not lost.
        let rung = work.bell().notified();
        tokio::pin!(rung);
        rung.as_mut().enable();
        let look = look(Arc::clone(&work), Arc::clone(&slots), tracker.clone(), stop.clone());
        match tokio::spawn(look).await {
            Ok(Ok(pause)) => {
                failures = 0;
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = rung => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
            failed => {
                let reason = failed.map_or(Reason::FAULT, |r| r.err().as_ref().map_or(Reason::FAULT, Reason::from));
                tracing::warn!(motor = W::NAME, %reason, failures, "looking for work failed");
                let pause = PAUSE_FIRST.saturating_mul(1 << failures.min(10)).min(LOOK_MAX);
                failures = failures.saturating_add(1);
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }
    tracker.close();
    tracker.wait().await;
}

/// Sets everything that is due in motion and says how long to rest.
async fn look<W: Work>(
    work: Arc<W>,
    slots: Arc<Semaphore>,
    tracker: TaskTracker,
    stop: CancellationToken,
) -> Result<Duration, Failure> {
    // Nobody closes the semaphore.
    while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
        if stop.is_cancelled() {
            return Ok(LOOK_MIN);
        }
        let Some(piece) = work.claim().await? else { break };
        let work = Arc::clone(&work);
        tracker.spawn(async move {
            carry_out(work, piece).await;
            drop(slot);
        });
    }
    let next = work.next_due().await?;
    Ok(next.map_or(LOOK_MAX, |due| due.since(work.now()).clamp(LOOK_MIN, LOOK_MAX)))
}

/// Tries one piece in a task of its own, so that a panic ends nothing else, and records what came of it.
async fn carry_out<W: Work>(work: Arc<W>, piece: W::Piece) {
    let piece = Arc::new(piece);
    let (in_task, same) = (Arc::clone(&work), Arc::clone(&piece));
    let mut attempt = tokio::spawn(async move { in_task.attempt(&same).await });
    let outcome = match tokio::time::timeout(TRY_MAX, &mut attempt).await {
        Ok(Ok(outcome)) => outcome,
        // The message of a panic may hold anything; it is not repeated here.
        Ok(Err(_)) => Outcome::TryLater(Reason::FAULT),
        Err(_) => {
            attempt.abort();
            Outcome::TryLater(Reason::TIMEOUT)
        }
    };
    for pause in RECORD_PAUSES {
        match work.record(&piece, outcome).await {
            Ok(()) => return,
            Err(failure) => tracing::warn!(motor = W::NAME, reason = %Reason::from(&failure), "recording a try failed"),
        }
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn the_table_of_rests() {
        let minutes = |tries| rest(tries).map(|r| r.as_secs() / 60);
        let all: Vec<_> = (1..=9).map(minutes).collect();
        assert_eq!(all, [Some(1), Some(5), Some(15), Some(60), Some(180), Some(360), Some(720), Some(1440), None]);
        assert_eq!((minutes(0), minutes(-1), minutes(i64::MAX)), (Some(1), Some(1), None));
        let whole: u64 = RESTS.iter().sum();
        assert_eq!(whole, 46 * HOUR + 21 * MINUTE, "as the table says");
        assert!(Duration::from_secs(whole) < crate::limits::LINK_VALID, "no mail leaves with a link that is too old");
    }

    /// Pieces that fail as told; a look may fail too.
    #[derive(Default)]
    struct Rig {
        bell: Notify,
        waiting: Mutex<Vec<&'static str>>,
        looks_to_fail: AtomicUsize,
        records_to_fail: AtomicUsize,
        recorded: Mutex<Vec<(&'static str, Outcome)>>,
        under_way: AtomicUsize,
        most_under_way: AtomicUsize,
    }

    fn take_one(counter: &AtomicUsize) -> bool {
        counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
    }

    impl Work for Rig {
        type Piece = &'static str;
        const NAME: &'static str = "rig";
        const AT_ONCE: usize = 2;

        fn now(&self) -> Moment {
            Moment::from_micros(0)
        }
        fn bell(&self) -> &Notify {
            &self.bell
        }
        async fn claim(&self) -> Result<Option<&'static str>, Failure> {
            if take_one(&self.looks_to_fail) {
                assert!(self.looks_to_fail.load(Ordering::SeqCst).is_multiple_of(2), "a look that panics");
                return Err(Failure::Busy);
            }
            Ok(self.waiting.lock().unwrap().pop())
        }
        async fn attempt(&self, piece: &&'static str) -> Outcome {
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_under_way.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(if *piece == "endless" { 1_000_000 } else { 1 })).await;
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            assert!(*piece != "panic", "on demand");
            Outcome::Done
        }
        async fn record(&self, piece: &&'static str, outcome: Outcome) -> Result<(), Failure> {
            if take_one(&self.records_to_fail) {
                return Err(Failure::Busy);
            }
            self.recorded.lock().unwrap().push((piece, outcome));
            Ok(())
        }
        async fn next_due(&self) -> Result<Option<Moment>, Failure> {
            Ok(None)
        }
    }

    async fn driven(rig: Rig, seconds: u64) -> Arc<Rig> {
        let (rig, stop) = (Arc::new(rig), CancellationToken::new());
        let driving = tokio::spawn(drive(Arc::clone(&rig), stop.clone()));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        stop.cancel();
        driving.await.unwrap();
        rig
    }

    #[tokio::test(start_paused = true)]
    async fn failures_and_panics_end_nothing() {
        let rig = Rig { waiting: Mutex::new(vec!["b", "panic", "a"]), ..Rig::default() };
        rig.looks_to_fail.store(4, Ordering::SeqCst);
        rig.records_to_fail.store(2, Ordering::SeqCst);
        let rig = driven(rig, 60).await;
        let mut recorded = rig.recorded.lock().unwrap().clone();
        recorded.sort_by_key(|r| r.0);
        let panicked = Outcome::TryLater(Reason::FAULT);
        assert_eq!(recorded, [("a", Outcome::Done), ("b", Outcome::Done), ("panic", panicked)]);
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_at_once_and_none_for_ever() {
        let waiting = vec!["a", "b", "c", "d", "endless"];
        let rig = driven(Rig { waiting: Mutex::new(waiting), ..Rig::default() }, 120).await;
        assert_eq!(rig.most_under_way.load(Ordering::SeqCst), 2);
        let recorded = rig.recorded.lock().unwrap().clone();
        assert_eq!(recorded.len(), 5);
        assert!(recorded.contains(&("endless", Outcome::TryLater(Reason::TIMEOUT))));
    }

    #[tokio::test(start_paused = true)]
    async fn the_bell_wakes_at_once_and_a_ring_before_the_rest_is_heard() {
        let (rig, stop) = (Arc::new(Rig::default()), CancellationToken::new());
        let driving = tokio::spawn(drive(Arc::clone(&rig), stop.clone()));
        for round in 1..=3 {
            tokio::time::sleep(Duration::from_secs(5)).await;
            rig.waiting.lock().unwrap().push("a");
            rig.bell.notify_one();
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert_eq!(rig.recorded.lock().unwrap().len(), round);
        }
        stop.cancel();
        driving.await.unwrap();
    }
}
