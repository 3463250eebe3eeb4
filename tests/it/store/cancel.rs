//! Callers that go away in the middle: a request that is cancelled, a connection that is closed.

use std::sync::Arc;
use std::time::Duration;

use merpati::chance::{self, SeededChance};
use merpati::ids::ThreadId;
use merpati::store::trail::{self, Line};
use tokio::task::JoinSet;

use super::{read, write};
use crate::support::cast::{at, fresh};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    a_cancelled_transaction_is_there_whole_or_not_at_all,
    a_cancelled_begin_gives_its_turn_away,
    a_leaked_turn_ends_with_its_task,
);

const ROUNDS: u64 = 400;
const LINES: usize = 4;
/// Nobody waits longer than this for a writer that went away.
const PATIENCE: Duration = Duration::from_secs(10);

fn line(thread: ThreadId) -> Line {
    Line { at: at(1), actor: None, action: "taken".to_owned(), thread: Some(thread), detail: "x".repeat(200) }
}

/// One transaction of several statements; everything in it names the same thread.
async fn transaction(db: &Scratch, mark: ThreadId) {
    let mut tx = db.begin().await.unwrap();
    for _ in 0..LINES {
        trail::insert(&mut tx, fresh(), &line(mark), b"tag").await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn a_cancelled_transaction_is_there_whole_or_not_at_all(db: Scratch) {
    let chance = Arc::new(SeededChance::new(19));
    let (mut cancelled, mut finished) = (Vec::new(), Vec::new());
    // Others that write all the time, and are never cancelled.
    let mut steady = JoinSet::new();
    for _ in 0..2 {
        let db = db.clone();
        steady.spawn(async move {
            let mut marks: Vec<ThreadId> = Vec::new();
            for _ in 0..ROUNDS / 8 {
                let mark = fresh();
                tokio::time::timeout(PATIENCE, transaction(&db, mark))
                    .await
                    .expect("a writer that went away blocks nobody");
                marks.push(mark);
            }
            marks
        });
    }
    for _ in 0..ROUNDS {
        let (mark, worker) = (fresh(), db.clone());
        let doomed = tokio::spawn(async move { transaction(&worker, mark).await });
        match chance::below(&*chance, 8) {
            0 => tokio::task::yield_now().await,
            n => tokio::time::sleep(Duration::from_micros(u64::from(n * chance::below(&*chance, 300)))).await,
        }
        doomed.abort();
        match doomed.await {
            Ok(()) => finished.push(mark),
            Err(gone) => {
                assert!(gone.is_cancelled(), "{gone}");
                cancelled.push(mark);
            }
        }
    }
    finished.extend(steady.join_all().await.into_iter().flatten());
    tokio::time::timeout(PATIENCE, transaction(&db, fresh())).await.expect("the next writer gets its turn");
    for mark in finished {
        assert_eq!(
            read!(db, |c| trail::list_of_client(c, mark, fresh(), None, 100)).len(),
            LINES,
            "what was acknowledged is stored"
        );
    }
    let mut kept = 0;
    for mark in &cancelled {
        let found = read!(db, |c| trail::list_of_client(c, *mark, fresh(), None, 100)).len();
        assert!(found == 0 || found == LINES, "half a transaction: {found} of {LINES}");
        kept += usize::from(found == LINES);
    }
    println!("{}: {} cancelled, {kept} of them after their commit had begun", db.engine(), cancelled.len());
    assert!(cancelled.len() > 20, "the test must cancel some");
}

async fn a_cancelled_begin_gives_its_turn_away(db: Scratch) {
    for _ in 0..50 {
        let holder = db.begin().await.unwrap();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                tokio::spawn({
                    let db = db.clone();
                    async move { db.begin().await.map(drop) }
                })
            })
            .collect();
        tokio::task::yield_now().await;
        for task in &waiting {
            task.abort();
        }
        drop(holder);
        tokio::time::timeout(PATIENCE, transaction(&db, fresh())).await.expect("the turn comes round");
        for task in waiting {
            let _ = task.await;
        }
    }
}

async fn a_leaked_turn_ends_with_its_task(db: Scratch) {
    let mark = fresh();
    let worker = db.clone();
    let stuck = tokio::spawn(async move {
        let mut tx = worker.begin().await.unwrap();
        trail::insert(&mut tx, fresh(), &line(mark), b"tag").await.unwrap();
        std::future::pending::<()>().await;
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    stuck.abort();
    assert!(stuck.await.is_err());
    tokio::time::timeout(PATIENCE, transaction(&db, fresh())).await.unwrap();
    write!(db, |tx| trail::insert(tx, fresh(), &line(fresh()), b"tag")).unwrap();
    assert!(read!(db, |c| trail::list_of_client(c, mark, fresh(), None, 9)).is_empty());
}
