//! Jobs and schedules.

use merpati::ids::JobId;
use merpati::store::StoreError;
use merpati::store::jobs::{self, Dead, Job};

use super::{read, write};
use crate::support::cast::{at, fresh, lease};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    a_job_comes_back_when_claimed,
    jobs_run_when_due_longest_due_first,
    the_same_job_waits_once,
    an_expired_lease_hands_a_job_to_another_worker,
    a_job_rests_and_is_tried_again,
    a_waiting_job_is_cancelled,
    dead_jobs_are_listed_latest_first,
    done_jobs_go_and_dead_ones_stay,
    one_node_advances_a_schedule,
);

async fn claim(db: &Scratch, seconds: i64) -> Option<JobId> {
    let now = at(seconds);
    write!(db, |tx| jobs::claim(tx, now, lease(now))).unwrap().map(|j| j.id)
}

/// Adds a job due at that second; returns its id.
async fn add(db: &Scratch, kind: &str, subject: &[u8], due: i64) -> JobId {
    let id = fresh();
    write!(db, |tx| jobs::insert(tx, id, kind, subject, at(due), at(0))).unwrap();
    id
}

async fn a_job_comes_back_when_claimed(db: Scratch) {
    let new = add(&db, "release", b"subject", 5).await;
    let found = write!(db, |tx| jobs::claim(tx, at(6), lease(at(6)))).unwrap().unwrap();
    let Job { id, kind, subject, tries, due } = found;
    assert_eq!((id, kind.as_str(), subject.as_slice(), tries, due), (new, "release", &b"subject"[..], 1, at(5)));
    let same_id = write!(db, |tx| jobs::insert(tx, new, "other", b"", at(5), at(0)));
    assert!(matches!(same_id, Err(StoreError::Taken(_))));
}

async fn jobs_run_when_due_longest_due_first(db: Scratch) {
    assert_eq!(read!(db, |c| jobs::next_due(c, at(0))), None);
    let late = add(&db, "a", b"1", 20).await;
    let early = add(&db, "a", b"2", 10).await;
    assert_eq!(read!(db, |c| jobs::next_due(c, at(0))), Some(at(10)));
    assert_eq!(claim(&db, 9).await, None);
    assert_eq!(claim(&db, 10).await, Some(early));
    assert_eq!(read!(db, |c| jobs::next_due(c, at(10))), Some(at(20)), "somebody is at the first");
    assert_eq!(read!(db, |c| jobs::next_due(c, at(70))), Some(at(10)), "and may have died over it");
    assert_eq!(claim(&db, 10).await, None);
    assert_eq!(claim(&db, 20).await, Some(late));
}

async fn the_same_job_waits_once(db: Scratch) {
    let first = add(&db, "release", b"x", 10).await;
    add(&db, "release", b"x", 5).await;
    let other_kind = add(&db, "remind", b"x", 11).await;
    assert_eq!(claim(&db, 10).await, Some(first));
    assert_eq!(claim(&db, 11).await, Some(other_kind));
    assert_eq!(claim(&db, 11).await, None);
    assert!(write!(db, |tx| jobs::finish(tx, first, None, at(12))).unwrap());
    let anew = add(&db, "release", b"x", 12).await;
    assert_eq!(claim(&db, 12).await, Some(anew), "the first is done: it may wait again");
}

async fn an_expired_lease_hands_a_job_to_another_worker(db: Scratch) {
    let id = add(&db, "release", b"x", 0).await;
    assert_eq!(claim(&db, 0).await, Some(id));
    assert_eq!(claim(&db, 59).await, None, "the worker may still be at it");
    let again = write!(db, |tx| jobs::claim(tx, at(60), lease(at(60)))).unwrap().unwrap();
    assert_eq!((again.id, again.tries), (id, 2));
    assert!(write!(db, |tx| jobs::finish(tx, id, None, at(61))).unwrap());
    assert!(!write!(db, |tx| jobs::finish(tx, id, Some("late"), at(62))).unwrap(), "the first worker comes too late");
    assert_eq!(read!(db, |c| jobs::count_dead(c)), 0);
}

async fn a_job_rests_and_is_tried_again(db: Scratch) {
    let id = add(&db, "release", b"x", 0).await;
    assert_eq!(claim(&db, 0).await, Some(id));
    assert!(!write!(db, |tx| jobs::retry(tx, id, 2, at(30), "busy")).unwrap(), "no such try");
    assert!(write!(db, |tx| jobs::retry(tx, id, 1, at(30), "busy")).unwrap());
    assert_eq!(read!(db, |c| jobs::next_due(c, at(1))), Some(at(30)));
    assert_eq!(claim(&db, 29).await, None);
    let again = write!(db, |tx| jobs::claim(tx, at(30), lease(at(30)))).unwrap().unwrap();
    assert_eq!((again.tries, again.due), (2, at(30)));
    assert!(!write!(db, |tx| jobs::retry(tx, id, 1, at(99), "late")).unwrap(), "another worker is at it by now");
    assert!(write!(db, |tx| jobs::finish(tx, id, None, at(31))).unwrap());
    assert!(!write!(db, |tx| jobs::retry(tx, id, 2, at(40), "late")).unwrap());
    assert_eq!(claim(&db, 1_000).await, None, "what is done is not done again");
}

async fn dead_jobs_are_listed_latest_first(db: Scratch) {
    let (first, second) = (add(&db, "a", b"1", 0).await, add(&db, "b", b"2", 5).await);
    assert_eq!(claim(&db, 0).await, Some(first));
    assert!(write!(db, |tx| jobs::finish(tx, first, Some("no key"), at(10))).unwrap());
    assert!(write!(db, |tx| jobs::finish(tx, second, Some("no row"), at(20))).unwrap());
    add(&db, "c", b"3", 0).await;
    let dead = read!(db, |c| jobs::list_dead(c, 10));
    assert_eq!(dead.iter().map(|d| d.id).collect::<Vec<_>>(), [second, first]);
    let Dead { id: _, kind, reason, tries, at: when } = dead.into_iter().nth(1).unwrap();
    assert_eq!((kind.as_str(), reason.as_str(), tries, when), ("a", "no key", 1, at(10)));
    assert_eq!(read!(db, |c| jobs::list_dead(c, 1)).len(), 1);
}

async fn a_waiting_job_is_cancelled(db: Scratch) {
    add(&db, "release", b"x", 0).await;
    let other = add(&db, "release", b"y", 1).await;
    write!(db, |tx| jobs::cancel(tx, "release", b"x")).unwrap();
    write!(db, |tx| jobs::cancel(tx, "release", b"x")).expect("cancelling twice is no error");
    assert_eq!(claim(&db, 10).await, Some(other));
    assert_eq!(claim(&db, 10).await, None);
}

async fn done_jobs_go_and_dead_ones_stay(db: Scratch) {
    let (done, dead) = (add(&db, "a", b"1", 0).await, add(&db, "a", b"2", 0).await);
    assert!(write!(db, |tx| jobs::finish(tx, done, None, at(20))).unwrap());
    assert!(write!(db, |tx| jobs::finish(tx, dead, Some("it never works"), at(20))).unwrap());
    assert_eq!(read!(db, |c| jobs::count_dead(c)), 1);
    assert_eq!(write!(db, |tx| jobs::delete_done(tx, at(20))).unwrap(), 0);
    assert_eq!(write!(db, |tx| jobs::delete_done(tx, at(21))).unwrap(), 1);
    assert_eq!(read!(db, |c| jobs::count_dead(c)), 1);
    assert_eq!(claim(&db, 100).await, None);
}

async fn one_node_advances_a_schedule(db: Scratch) {
    assert_eq!(write!(db, |tx| jobs::schedule(tx, "sweep", at(10))).unwrap(), at(10));
    assert_eq!(write!(db, |tx| jobs::schedule(tx, "sweep", at(99))).unwrap(), at(10), "it stands already");
    assert!(write!(db, |tx| jobs::advance(tx, "sweep", at(10), at(20))).unwrap());
    assert!(!write!(db, |tx| jobs::advance(tx, "sweep", at(10), at(30))).unwrap(), "another node was quicker");
    assert_eq!(write!(db, |tx| jobs::schedule(tx, "sweep", at(99))).unwrap(), at(20));
    assert_eq!(write!(db, |tx| jobs::schedule(tx, "other", at(5))).unwrap(), at(5));
}
