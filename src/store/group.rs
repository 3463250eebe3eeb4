//! One writer for SQLite, gathering what waits into one commit.
//!
//! SQLite lets one writer in at a time and pays one `fsync` per commit. So every write takes its turn on one connection
//! inside a savepoint of its own; a committer queues up behind those who wait already and then commits for all of them
//! at once. A write is told of its success only after that commit: callers cannot tell the difference to a transaction
//! of their own. A write that is dropped half-way is rolled back to its savepoint by whoever comes next.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{Executor as _, SqliteConnection};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};

use super::StoreError;

/// After a failed attempt nobody tries again for this long.
const BUSY_REMEMBERED: Duration = Duration::from_millis(500);

/// The writing side of a SQLite database.
#[derive(Clone)]
pub(super) struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    state: Arc<Mutex<State>>,
    wake: Notify,
}

struct State {
    conn: SqliteConnection,
    /// A `BEGIN` was issued and not yet ended; it may or may not have taken effect if its caller went away.
    open: Open,
    /// A savepoint may be left over from a write that went away.
    abandoned: bool,
    /// When the last attempt to begin a group failed.
    busy_since: Option<Instant>,
    /// Who waits for the commit.
    waiting: Vec<oneshot::Sender<Result<(), StoreError>>>,
}

#[derive(PartialEq)]
enum Open {
    No,
    Unsure,
    Yes,
}

impl Writer {
    /// Takes the connection into service. The committer ends with the last clone of the writer.
    pub(super) fn new(conn: SqliteConnection) -> Self {
        let state = State { conn, open: Open::No, abandoned: false, busy_since: None, waiting: Vec::new() };
        let shared = Arc::new(Shared { state: Arc::new(Mutex::new(state)), wake: Notify::new() });
        tokio::spawn(commit_groups(Arc::downgrade(&shared)));
        Self { shared }
    }

    /// Waits for a turn and opens a savepoint.
    pub(super) async fn begin(&self) -> Result<GroupTx, StoreError> {
        let mut guard = Arc::clone(&self.shared.state).lock_owned().await;
        guard.settle().await;
        if guard.open == Open::Unsure {
            let _ = guard.conn.execute("ROLLBACK").await;
            guard.open = Open::No;
        }
        guard.abandoned = true;
        if guard.open == Open::No {
            guard.open_group().await?;
        } else {
            guard.conn.execute("SAVEPOINT letter").await?;
        }
        Ok(GroupTx { guard, nudge: Nudge(Arc::clone(&self.shared)) })
    }

    /// Ends the connection cleanly, so that the write-ahead log is folded in.
    pub(super) async fn close(&self) {
        let mut state = self.shared.state.lock().await;
        state.commit().await;
        let _ = state.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
    }
}

impl State {
    /// Begins a group. Where another process holds the file for longer than the busy time-out, those who queued up
    /// meanwhile are told at once instead of each waiting that long in turn.
    async fn open_group(&mut self) -> Result<(), StoreError> {
        if self.busy_since.is_some_and(|since| since.elapsed() < BUSY_REMEMBERED) {
            return Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut));
        }
        self.open = Open::Unsure;
        let begun = self.conn.execute("BEGIN IMMEDIATE; SAVEPOINT letter").await;
        self.busy_since = begun.is_err().then(Instant::now);
        begun?;
        self.open = Open::Yes;
        Ok(())
    }

    async fn settle(&mut self) {
        if self.abandoned {
            if self.open == Open::Yes {
                // Its caller may have gone before the savepoint was made: then there is nothing to undo.
                let _ = self.conn.execute("ROLLBACK TO letter; RELEASE letter").await;
            }
            self.abandoned = false;
        }
    }

    /// Ends the group and tells everybody who waits for it.
    async fn commit(&mut self) {
        self.settle().await;
        if self.open == Open::No {
            return;
        }
        let kept = self.conn.execute("COMMIT").await.is_ok();
        if !kept {
            let _ = self.conn.execute("ROLLBACK").await;
        }
        self.open = Open::No;
        for waiter in self.waiting.drain(..) {
            let told = if kept { Ok(()) } else { Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)) };
            let _ = waiter.send(told);
        }
    }
}

async fn commit_groups(shared: std::sync::Weak<Shared>) {
    loop {
        let Some(strong) = shared.upgrade() else { return };
        // Waits without keeping the writer alive for longer than a second at a time.
        let woken = tokio::time::timeout(std::time::Duration::from_secs(1), strong.wake.notified()).await;
        if woken.is_err() {
            continue;
        }
        // The lock is fair: whoever waited before this line writes into this group.
        strong.state.lock().await.commit().await;
    }
}

/// One write inside the group: its own savepoint.
pub(super) struct GroupTx {
    guard: OwnedMutexGuard<State>,
    nudge: Nudge,
}

/// Wakes the committer when dropped (after the turn on the connection has ended): an abandoned write leaves its savepoint
/// to the next in line, and this makes sure that somebody comes.
struct Nudge(Arc<Shared>);

impl Drop for Nudge {
    fn drop(&mut self) {
        self.0.wake.notify_one();
    }
}

impl GroupTx {
    /// Keeps the write and waits until it is durable.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let Self { mut guard, nudge } = self;
        guard.conn.execute("RELEASE letter").await?;
        guard.abandoned = false;
        let (tell, told) = oneshot::channel();
        guard.waiting.push(tell);
        drop(guard);
        drop(nudge);
        told.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }
}

impl std::ops::Deref for GroupTx {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.guard.conn
    }
}

impl std::ops::DerefMut for GroupTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.guard.conn
    }
}
