//! Many at once: each piece of work is done by one worker, each place taken by one person.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use merpati::ids::{JobId, OutboxId};
use merpati::role::{Language, Role};
use merpati::store::outbox::{self, MailKind, Outgoing};
use merpati::store::people::{self, Person};
use merpati::store::{StoreError, jobs, threads};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{read, write};
use crate::support::cast::{Scene, at, fresh, lease, person};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    each_job_is_claimed_by_one_worker,
    each_mail_is_claimed_by_one_worker,
    one_of_many_takes_a_thread,
    one_of_many_gets_a_name,
    one_of_many_nodes_advances_a_schedule,
    writers_of_two_nodes_do_not_lose_each_other,
);

const WORKERS: usize = 8;
const WORK: usize = 120;
const PATIENCE: Duration = Duration::from_secs(60);

/// Every one of `WORK` was claimed exactly once.
fn once<T: Hash + Eq>(claimed: Vec<Vec<T>>) {
    let mut times: HashMap<T, usize> = HashMap::new();
    for id in claimed.into_iter().flatten() {
        *times.entry(id).or_default() += 1;
    }
    assert_eq!(times.len(), WORK, "none is left");
    assert!(times.values().all(|n| *n == 1), "none is run twice");
}

async fn each_job_is_claimed_by_one_worker(db: Scratch) {
    let mut tx = db.begin().await.unwrap();
    for n in 0..WORK {
        jobs::insert(&mut tx, fresh(), "release", &n.to_be_bytes(), at(0), at(0)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let db = db.clone();
        workers.spawn(async move {
            let mut mine: Vec<JobId> = Vec::new();
            // "None" may mean that another worker was quicker; nothing is due any more once all are done.
            while read!(db, |c| jobs::next_due(c, at(1))).is_some() {
                if let Some(job) = write!(db, |tx| jobs::claim(tx, at(1), lease(at(1)))).unwrap() {
                    assert_eq!(job.tries, 1);
                    tokio::task::yield_now().await;
                    assert!(write!(db, |tx| jobs::finish(tx, job.id, None, at(2))).unwrap());
                    mine.push(job.id);
                }
            }
            mine
        });
    }
    once(tokio::time::timeout(PATIENCE, workers.join_all()).await.unwrap());
}

async fn each_mail_is_claimed_by_one_worker(db: Scratch) {
    let mut tx = db.begin().await.unwrap();
    for n in 0..WORK {
        let mail = Outgoing {
            address_hash: Vec::new(),
            id: fresh(),
            kind: MailKind::Notification,
            language: Language::Indonesian,
            recipient_sealed: n.to_be_bytes().to_vec(),
            link_sealed: Vec::new(),
            tries: 0,
        };
        outbox::insert(&mut tx, &mail, at(0), at(0)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let db = db.clone();
        workers.spawn(async move {
            let mut mine: Vec<OutboxId> = Vec::new();
            while read!(db, |c| outbox::next_due(c, at(1))).is_some() {
                if let Some(mail) = write!(db, |tx| outbox::claim(tx, at(1), lease(at(1)))).unwrap() {
                    assert_eq!(mail.tries, 1);
                    tokio::task::yield_now().await;
                    assert!(write!(db, |tx| outbox::finish(tx, mail.id, None, at(2))).unwrap());
                    mine.push(mail.id);
                }
            }
            mine
        });
    }
    once(tokio::time::timeout(PATIENCE, workers.join_all()).await.unwrap());
}

/// Lets `WORKERS` tasks start at the same moment and collects what they return.
async fn together<T: Send + 'static, F: Future<Output = T> + Send + 'static>(work: impl Fn(usize) -> F) -> Vec<T> {
    let start = Arc::new(Barrier::new(WORKERS));
    let mut tasks = JoinSet::new();
    for n in 0..WORKERS {
        let (start, work) = (Arc::clone(&start), work(n));
        tasks.spawn(async move {
            start.wait().await;
            work.await
        });
    }
    tokio::time::timeout(PATIENCE, tasks.join_all()).await.unwrap()
}

async fn one_of_many_takes_a_thread(db: Scratch) {
    let scene = Scene::set(&db).await;
    for _ in 0..5 {
        let thread = scene.another(&db).await.thread;
        let outcomes = together(|_| {
            let db = db.clone();
            async move {
                let me = person(&[Role::Counselor]);
                write!(db, |tx| people::insert(tx, &me)).unwrap();
                write!(db, |tx| threads::assign(tx, thread, me.id)).unwrap().then_some(me.id)
            }
        });
        let winners: Vec<_> = outcomes.await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(read!(db, |c| threads::find(c, thread)).unwrap().assignee, Some(winners[0]));
    }
}

async fn one_of_many_gets_a_name(db: Scratch) {
    for n in 0..5u8 {
        let outcomes = together(|_| {
            let db = db.clone();
            async move {
                let me = Person { name_hash: vec![n; 32], ..person(&[Role::Client]) };
                write!(db, |tx| people::insert(tx, &me))
            }
        });
        let outcomes = outcomes.await;
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
        assert!(outcomes.iter().all(|o| matches!(o, Ok(()) | Err(StoreError::Taken(_)))), "{outcomes:?}");
    }
    assert_eq!(read!(db, |c| people::count_clients(c)), 5);
}

async fn one_of_many_nodes_advances_a_schedule(db: Scratch) {
    for round in 0..5 {
        let outcomes = together(|_| {
            let db = db.clone();
            async move {
                let from = write!(db, |tx| jobs::schedule(tx, "sweep", at(0))).unwrap();
                from == at(round) && write!(db, |tx| jobs::advance(tx, "sweep", from, at(round + 1))).unwrap()
            }
        });
        assert_eq!(outcomes.await.into_iter().filter(|moved| *moved).count(), 1);
    }
}

/// SQLite too: a command beside the running server is a second process.
async fn writers_of_two_nodes_do_not_lose_each_other(db: Scratch) {
    let other = Scratch::open(&db.url).await;
    let outcomes = together(|n| {
        let db = if n % 2 == 0 { db.clone() } else { other.clone() };
        async move {
            for _ in 0..10 {
                write!(db, |tx| people::insert(tx, &person(&[Role::Client]))).unwrap();
            }
        }
    });
    assert_eq!(outcomes.await.len(), WORKERS);
    assert_eq!(read!(db, |c| people::count_clients(c)), i64::try_from(WORKERS * 10).unwrap());
    other.close().await;
}
