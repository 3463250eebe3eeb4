//! Replies leave at their time, daily mails once a day, chores in turn; what cannot be done ends with a reason.

use std::time::Duration;

use super::*;
use crate::clock::Clock as _;
use crate::ids::JobId;
use crate::limits::LEASE;
use crate::outbox;
use crate::outbox::tests::trial::{Trial, mails_in};
use crate::store::jobs as rows;
use crate::store::people::NoticeMode;

async fn put(trial: &Trial, kind: &str, subject: &[u8]) {
    let (now, id) = (trial.house.now(), JobId::draw(&*trial.house.chance));
    let mut tx = trial.house.db.begin().await.unwrap();
    rows::insert(&mut tx, id, kind, subject, now, now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn dead(trial: &Trial) -> Vec<(String, String, i64)> {
    let mut conn = trial.house.db.read().await.unwrap();
    let dead = rows::list_dead(&mut conn, 100).await.unwrap();
    assert_eq!(rows::count_dead(&mut conn).await.unwrap(), i64::try_from(dead.len()).unwrap());
    dead.into_iter().map(|d| (d.kind, d.reason, d.tries)).collect()
}

async fn due_jobs(trial: &Trial) -> usize {
    schedule::run_due(&trial.house).await.unwrap();
    run_due(&trial.house).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_is_released_after_the_recall_window_and_not_before() {
    let trial = Trial::new().await;
    let client = trial.client().await;
    let (_, leaves) = trial.answer(&client).await;
    assert_eq!(leaves, trial.clock.now().plus(trial.house.rules.recall));
    trial.clock.advance(trial.house.rules.recall - Duration::from_micros(1));
    assert_eq!((due_jobs(&trial).await, trial.unread().await), (0, 0));
    trial.clock.advance(Duration::from_micros(1));
    assert_eq!((due_jobs(&trial).await, trial.unread().await), (1, 1));
    assert_eq!((due_jobs(&trial).await, dead(&trial).await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_worker_died_is_done_after_its_lease_and_once() {
    let trial = Trial::new().await;
    let client = trial.client().await;
    let (letter, _) = trial.answer(&client).await;
    trial.clock.advance(trial.house.rules.recall);
    let job = chores::claim(&trial.house).await.unwrap().unwrap();
    answer::release(&trial.house, letter).await.unwrap();
    assert_eq!(due_jobs(&trial).await, 0, "the lease holds");
    trial.clock.advance(LEASE);
    assert_eq!(due_jobs(&trial).await, 1);
    assert_eq!(trial.unread().await, 1);
    record(&trial.house, &job, Outcome::TryLater(Reason::FAULT)).await.unwrap();
    assert_eq!(due_jobs(&trial).await, 0, "the late worker changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daily_mail_for_many_replies_and_none_for_read_ones() {
    let trial = Trial::new().await;
    let (folder, transport) = trial.folder_transport();
    trial.wish(NoticeMode::Daily).await;
    let client = trial.client().await;
    // 18:06 in Jakarta.
    for _ in 0..2 {
        trial.answer(&client).await;
        trial.clock.advance(trial.house.rules.recall);
        assert_eq!(due_jobs(&trial).await, 1);
    }
    assert_eq!(outbox::run_due(&trial.house, &transport).await.unwrap(), 0);
    let due = chores::next_due(&trial.house).await.unwrap().unwrap();
    assert_eq!(due.utc().to_rfc3339(), "2026-11-19T01:00:00+00:00", "eight o'clock at the desk");
    trial.clock.advance(due.since(trial.clock.now()));
    assert_eq!(due_jobs(&trial).await, 1);
    assert_eq!(outbox::run_due(&trial.house, &transport).await.unwrap(), 1);
    assert_eq!((mails_in(&folder).len(), chores::next_due(&trial.house).await.unwrap()), (1, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_released_while_the_daily_job_runs_is_not_swallowed() {
    let trial = Trial::new().await;
    trial.wish(NoticeMode::Daily).await;
    let client = trial.client().await;
    put(&trial, notify::DAILY_JOB, client.who.person.bytes()).await;
    let job = chores::claim(&trial.house).await.unwrap().unwrap();
    notify::daily(&trial.house, client.who.person).await.unwrap();
    // Nothing was unread; now something is, and the job's row is not ended yet.
    let (letter, _) = trial.answer(&client).await;
    answer::release(&trial.house, letter).await.unwrap();
    record(&trial.house, &job, Outcome::Done).await.unwrap();
    trial.clock.advance(Duration::from_secs(24 * 3600));
    due_jobs(&trial).await;
    let (folder, transport) = trial.folder_transport();
    outbox::run_due(&trial.house, &transport).await.unwrap();
    assert_eq!(mails_in(&folder).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_knows_ends_with_a_reason() {
    let trial = Trial::new().await;
    put(&trial, "fly", b"x").await;
    put(&trial, notify::DAILY_JOB, b"short").await;
    put(&trial, answer::RELEASE_JOB, &[7; 16]).await;
    assert_eq!(due_jobs(&trial).await, 3);
    let mut dead = dead(&trial).await;
    dead.sort();
    let expected = [("daily", "bad-subject"), ("fly", "unknown-kind")].map(|(k, r)| (k.to_owned(), r.to_owned(), 1));
    assert_eq!(dead, expected, "and the release of a letter that is gone has nothing left to do");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_job_rests_by_the_table() {
    let trial = Trial::new().await;
    put(&trial, answer::RELEASE_JOB, &[7; 16]).await;
    for minutes in [1, 5, 15, 60, 180, 360, 720, 1440] {
        let job = chores::claim(&trial.house).await.unwrap().unwrap();
        record(&trial.house, &job, Outcome::TryLater(Reason::word("busy"))).await.unwrap();
        let next = chores::next_due(&trial.house).await.unwrap().unwrap();
        assert_eq!(next.since(trial.clock.now()).as_secs(), minutes * 60);
        trial.clock.advance(Duration::from_secs(minutes * 60));
    }
    let job = chores::claim(&trial.house).await.unwrap().unwrap();
    record(&trial.house, &job, Outcome::TryLater(Reason::word("busy"))).await.unwrap();
    assert_eq!(dead(&trial).await, [("release".to_owned(), "busy".to_owned(), 9)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chore_missed_for_a_day_comes_once_and_on_one_node() {
    let trial = Trial::new().await;
    let other = trial.another_node().await;
    assert_eq!(schedule::run_due(&trial.house).await.unwrap(), 0, "first at their next regular time");
    trial.clock.advance(Duration::from_secs(24 * 3600));
    let (here, there) = tokio::join!(schedule::run_due(&trial.house), schedule::run_due(&other));
    assert_eq!(here.unwrap() + there.unwrap(), schedule::CHORES);
    trial.clock.advance(Duration::from_secs(60));
    assert_eq!(schedule::run_due(&other).await.unwrap(), schedule::CHORES);
    assert_eq!(schedule::run_due(&trial.house).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_cut_short_comes_again_after_its_lease() {
    let trial = Trial::new().await;
    let later = |seconds| trial.clock.now().plus(Duration::from_secs(seconds));
    assert!(chores::take_turn(&trial.house, "x", later(60)).await.unwrap().is_none());
    trial.clock.advance(Duration::from_secs(60));
    let first = chores::take_turn(&trial.house, "x", later(60)).await.unwrap().unwrap();
    assert!(chores::take_turn(&trial.house, "x", later(60)).await.unwrap().is_none(), "somebody has it");
    trial.clock.advance(LEASE);
    let second = chores::take_turn(&trial.house, "x", later(60)).await.unwrap().unwrap();
    chores::end_turn(&trial.house, "x", first, later(3600)).await.unwrap();
    assert!(
        chores::take_turn(&trial.house, "x", later(60)).await.unwrap().is_none(),
        "the late worker changes nothing"
    );
    chores::end_turn(&trial.house, "x", second, later(60)).await.unwrap();
    trial.clock.advance(Duration::from_secs(60));
    assert!(chores::take_turn(&trial.house, "x", later(60)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_motor_releases_when_the_bell_rings() {
    let trial = Trial::new().await;
    let stop = CancellationToken::new();
    let motor = tokio::spawn(run(Arc::clone(&trial.house), stop.clone()));
    let client = trial.client().await;
    trial.answer(&client).await;
    trial.clock.advance(trial.house.rules.recall);
    trial.house.bell.jobs.notify_one();
    for _ in 0..200 {
        if trial.unread().await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    motor.await.unwrap();
    assert_eq!(trial.unread().await, 1);
}
