//! What a transaction promises, and what a reader may not do.

use merpati::role::Role;
use merpati::store::{Db, StoreError, jobs, people, trail};
use merpati::{ids::ThreadId, store::trail::Line};

use super::{read, write};
use crate::support::cast::{at, fresh, person};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    a_dropped_transaction_leaves_nothing,
    a_committed_transaction_is_kept_for_the_next_start,
    a_failed_statement_does_not_harm_the_next_writer,
    a_transaction_that_failed_cannot_be_committed,
    a_transaction_sees_its_own_writes_and_others_do_not,
    two_nodes_open_the_same_database,
    a_database_answers,
);

fn line(thread: ThreadId) -> Line {
    Line { at: at(1), actor: None, action: "taken".to_owned(), thread: Some(thread), detail: String::new() }
}

async fn lines(db: &Db, thread: ThreadId) -> usize {
    read!(db, |c| trail::list_of_client(c, thread, fresh(), None, 1_000)).len()
}

async fn a_dropped_transaction_leaves_nothing(db: Scratch) {
    let (thread, p) = (fresh(), person(&[Role::Client]));
    let mut tx = db.begin().await.unwrap();
    people::insert(&mut tx, &p).await.unwrap();
    trail::insert(&mut tx, fresh(), &line(thread), b"tag").await.unwrap();
    drop(tx);
    // The next writer of the group commits; nothing of the dropped one may ride along.
    write!(db, |tx| jobs::schedule(tx, "sweep", at(1))).unwrap();
    assert_eq!(lines(&db, thread).await, 0);
    assert!(read!(db, |c| people::find(c, p.id)).is_none());
}

async fn a_committed_transaction_is_kept_for_the_next_start(db: Scratch) {
    let (thread, p) = (fresh(), person(&[Role::Client]));
    let mut tx = db.begin().await.unwrap();
    people::insert(&mut tx, &p).await.unwrap();
    trail::insert(&mut tx, fresh(), &line(thread), b"tag").await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let again = Scratch::open(&db.url).await;
    assert_eq!(lines(&again, thread).await, 1);
    assert!(read!(again, |c| people::find(c, p.id)).is_some());
    again.close().await;
}

async fn a_failed_statement_does_not_harm_the_next_writer(db: Scratch) {
    let thread = fresh();
    let (p, id) = (person(&[Role::Client]), fresh());
    write!(db, |tx| people::insert(tx, &p)).unwrap();
    for n in 1..=20 {
        let mut tx = db.begin().await.unwrap();
        trail::insert(&mut tx, id, &line(thread), b"tag").await.unwrap();
        assert!(matches!(people::insert(&mut tx, &p).await, Err(StoreError::Taken(_))));
        drop(tx);
        write!(db, |tx| trail::insert(tx, fresh(), &line(thread), b"tag")).unwrap();
        assert_eq!(lines(&db, thread).await, n, "only what was committed");
    }
}

/// Left to themselves the engines differ: PostgreSQL keeps nothing and says "done" all the same, SQLite keeps the rest.
async fn a_transaction_that_failed_cannot_be_committed(db: Scratch) {
    let (thread, p) = (fresh(), person(&[Role::Client]));
    write!(db, |tx| people::insert(tx, &p)).unwrap();
    let mut tx = db.begin().await.unwrap();
    trail::insert(&mut tx, fresh(), &line(thread), b"tag").await.unwrap();
    assert!(people::insert(&mut tx, &p).await.is_err());
    assert!(matches!(tx.commit().await, Err(StoreError::Gone(_))));
    assert_eq!(lines(&db, thread).await, 0);
}

async fn a_transaction_sees_its_own_writes_and_others_do_not(db: Scratch) {
    let p = person(&[Role::Client]);
    let mut tx = db.begin().await.unwrap();
    people::insert(&mut tx, &p).await.unwrap();
    assert!(people::find(&mut tx, p.id).await.unwrap().is_some());
    assert!(read!(db, |c| people::find(c, p.id)).is_none());
    tx.commit().await.unwrap();
    assert!(read!(db, |c| people::find(c, p.id)).is_some());
}

async fn two_nodes_open_the_same_database(db: Scratch) {
    let other = Scratch::open(&db.url).await;
    let thread = fresh();
    for _ in 0..10 {
        write!(db, |tx| trail::insert(tx, fresh(), &line(thread), b"tag")).unwrap();
        write!(other, |tx| trail::insert(tx, fresh(), &line(thread), b"tag")).unwrap();
    }
    assert_eq!((lines(&db, thread).await, lines(&other, thread).await), (20, 20));
    other.close().await;
}

async fn a_database_answers(db: Scratch) {
    db.ping().await.unwrap();
    assert!(["SQLite", "PostgreSQL"].contains(&db.engine()));
}
