//! Mails leave: into a folder, to a relay, through failures, with two motors at once.

mod relay;
pub(crate) mod trial;

use std::time::Duration;

use super::*;
use crate::clock::Clock as _;
use crate::flow::{chores, notify};
use crate::limits::LEASE;
use crate::store::outbox as rows;
use crate::store::people::NoticeMode;
use relay::Post;
use trial::Trial;

async fn dead(trial: &Trial) -> Vec<(String, i64)> {
    let mut conn = trial.house.db.read().await.unwrap();
    let dead = rows::list_dead(&mut conn, 100).await.unwrap();
    assert_eq!(rows::standing(&mut conn).await.unwrap().dead, i64::try_from(dead.len()).unwrap());
    dead.into_iter().map(|d| (d.reason, d.tries)).collect()
}

async fn waiting(trial: &Trial) -> i64 {
    rows::standing(&mut trial.house.db.read().await.unwrap()).await.unwrap().waiting
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_and_a_notification_into_a_folder() {
    let trial = Trial::new().await;
    let (folder, transport) = trial.folder_transport();
    let reader = trial.client().await;
    notify::ask_address(&trial.house, &reader, &trial.address(), NoticeMode::AtOnce).await.unwrap();
    assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 1);
    let first = trial::mails_in(&folder).pop().unwrap();
    assert!(
        first.contains("\r\nTo: <sari@example.org>\r\n")
            && first.contains("From: Kotak Surat <no-reply@surat.example>")
    );
    let token = first.split("https://surat.example/confirm/").nth(1).unwrap().split("\r\n").next().unwrap();
    assert!(notify::confirm(&trial.house, token).await.unwrap());

    trial.answer(&reader).await;
    assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 0, "the reply can still be recalled");
    trial.clock.advance(trial.house.rules.recall);
    crate::jobs::run_due(&trial.house).await.unwrap();
    assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 1);
    let mails = trial::mails_in(&folder);
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].len(), mails[1].len(), "nobody can tell them apart by their size");
    assert_eq!((waiting(&trial).await, dead(&trial).await.len()), (0, 0));
    assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 0);

    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!((mode(&path), path.extension().unwrap().to_str()), (0o600, Some("eml")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_wanted_any_more_does_not_leave() {
    let trial = Trial::new().await;
    let (folder, transport) = trial.folder_transport();
    let reader = trial.client().await;
    // Asked twice: only the second link is good.
    for _ in 0..2 {
        notify::ask_address(&trial.house, &reader, &trial.address(), NoticeMode::AtOnce).await.unwrap();
    }
    run_due(&trial.house, &transport).await.unwrap();
    assert_eq!(trial::mails_in(&folder).len(), 1);

    trial.confirm().await;
    for forget in [false, true] {
        trial.put_mails(1).await;
        if forget {
            notify::forget_address(&trial.house, &reader).await.unwrap();
        } else {
            notify::set_mode(&trial.house, &reader, NoticeMode::Never).await.unwrap();
        }
        assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 1);
    }
    assert_eq!(trial::mails_in(&folder).len(), 1);
    assert_eq!((waiting(&trial).await, dead(&trial).await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_gets_each_mail_once() {
    let trial = Trial::new().await;
    trial.confirm().await;
    let post = Post::open().await;
    let transport = post.transport();
    trial.put_mails(3).await;
    assert_eq!(transport.check().await, Ok(()));
    assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 3);
    assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 0);
    let taken = post.taken();
    assert_eq!(taken.len(), 3);
    for mail in &taken {
        assert_eq!((mail.sender.as_str(), mail.recipient.as_str()), ("no-reply@surat.example", "sari@example.org"));
        assert_eq!(mail.text.split_once("\r\n\r\n").unwrap().1.len(), compose::BODY_BYTES, "arrived as it was written");
    }
    assert_eq!(relay::message_ids(&taken).len(), 3);
    assert_eq!((waiting(&trial).await, dead(&trial).await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_down_is_tried_by_the_table() {
    let trial = Trial::new().await;
    trial.confirm().await;
    let post = Post::open().await;
    let transport = post.transport();
    let address = post.address;
    post.close().await;
    trial.put_mails(1).await;
    let minutes = [1, 5, 15, 60, 180, 360, 720, 1440];
    for (round, minutes) in minutes.into_iter().enumerate() {
        assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 1, "round {round}");
        trial.clock.advance(Duration::from_secs(minutes * 60 - 1));
        assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 0, "a second too early");
        trial.clock.advance(Duration::from_secs(1));
        if round == 3 {
            // Up again for another mail, and down.
            let post = Post::open_at(address).await;
            trial.put_mails(1).await;
            assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 2);
            assert_eq!(post.taken().len(), 2, "both leave");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_stays_down_ends_a_mail_after_the_table() {
    let trial = Trial::new().await;
    trial.confirm().await;
    let post = Post::open().await;
    let transport = post.transport();
    post.close().await;
    trial.put_mails(1).await;
    for _ in 0..9 {
        assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 1);
        trial.clock.advance(Duration::from_secs(24 * 3600));
    }
    assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 0);
    assert_eq!(dead(&trial).await, [("connect".to_owned(), 9)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_relay_says_decides() {
    let trial = Trial::new().await;
    trial.confirm().await;
    for (reply, dies) in [(451, false), (550, true), (554, true), (530, false), (504, false), (421, false)] {
        let post = Post::open().await;
        post.will_say(reply);
        let before = dead(&trial).await.len();
        trial.put_mails(1).await;
        run_due(&trial.house, &post.transport()).await.unwrap();
        let after = dead(&trial).await;
        assert_eq!(after.len() > before, dies, "{reply}");
        if dies {
            assert!(after.contains(&(format!("smtp {reply}"), 1)), "{after:?}");
        } else {
            // The next day, and with a mind changed.
            post.will_say(250);
            trial.clock.advance(Duration::from_secs(24 * 3600));
            assert_eq!(run_due(&trial.house, &post.transport()).await.unwrap(), 1);
            assert_eq!(post.taken().len(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mail_leaves_in_clear_where_encryption_is_asked_for() {
    let trial = Trial::new().await;
    trial.confirm().await;
    let post = Post::open().await;
    let transport = Transport::relay(&format!("smtp://{}?tls=required", post.address), "surat.example", None).unwrap();
    trial.put_mails(1).await;
    run_due(&trial.house, &transport).await.unwrap();
    assert_eq!((post.taken().len(), waiting(&trial).await), (0, 1));
    assert_eq!(transport.check().await, Err(Reason::word("relay-lacks-starttls-or-auth")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_send_each_mail_once() {
    let trial = Trial::new().await;
    trial.confirm().await;
    let other = trial.another_node().await;
    let post = Post::open().await;
    let stop = CancellationToken::new();
    trial.put_mails(40).await;
    let motors: Vec<_> = [Arc::clone(&trial.house), other]
        .into_iter()
        .map(|house| tokio::spawn(run(house, post.transport(), stop.clone())))
        .collect();
    for _ in 0..600 {
        if waiting(&trial).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    for motor in motors {
        motor.await.unwrap();
    }
    let taken = post.taken();
    assert_eq!((taken.len(), relay::message_ids(&taken).len()), (40, 40));
    assert_eq!((waiting(&trial).await, dead(&trial).await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_whose_worker_died_leaves_again_under_its_name() {
    let trial = Trial::new().await;
    trial.confirm().await;
    let post = Post::open().await;
    let transport = post.transport();
    trial.put_mails(1).await;
    // Sent, and then the process dies: nothing is recorded.
    let row = leave::claim(&trial.house).await.unwrap().unwrap();
    assert_eq!(attempt(&trial.house, &transport, &row).await, Outcome::Done);
    assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 0, "the lease holds");
    trial.clock.advance(LEASE);
    assert_eq!(run_due(&trial.house, &transport).await.unwrap(), 1);
    let taken = post.taken();
    assert_eq!((taken.len(), relay::message_ids(&taken).len()), (2, 1), "mailboxes see one mail");
    // What the first worker says at last changes nothing.
    let late = Outcome::TryLater(Reason::TIMEOUT);
    record(&trial.house, &row, late).await.unwrap();
    assert_eq!(waiting(&trial).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_lost_its_lease_puts_nothing_off() {
    let trial = Trial::new().await;
    trial.confirm().await;
    trial.put_mails(1).await;
    let slow = leave::claim(&trial.house).await.unwrap().unwrap();
    trial.clock.advance(LEASE);
    let quick = leave::claim(&trial.house).await.unwrap().unwrap();
    assert_eq!((slow.tries, quick.tries), (1, 2));
    record(&trial.house, &slow, Outcome::TryLater(Reason::TIMEOUT)).await.unwrap();
    trial.clock.advance(LEASE - Duration::from_secs(1));
    assert!(leave::claim(&trial.house).await.unwrap().is_none(), "the second lease still holds");
    assert_eq!(leave::next_due(&trial.house).await.unwrap(), None, "nobody needs to look at it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_motor_hears_the_bell_and_what_is_damaged_waits() {
    let trial = Trial::new().await;
    trial.confirm().await;
    let (folder, transport) = trial.folder_transport();
    let stop = CancellationToken::new();
    let motor = tokio::spawn(run(Arc::clone(&trial.house), transport, stop.clone()));
    tokio::time::sleep(Duration::from_millis(200)).await;
    trial.put_damaged_mail().await;
    trial.put_mails(1).await;
    trial.house.bell.outbox.notify_one();
    for _ in 0..200 {
        if trial::mails_in(&folder).len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    motor.await.unwrap();
    assert_eq!((trial::mails_in(&folder).len(), waiting(&trial).await), (1, 1));
    assert_eq!(leave::next_due(&trial.house).await.unwrap(), Some(trial.clock.now().plus(Duration::from_secs(60))));
    assert!(chores::next_due(&trial.house).await.unwrap().is_none());
}
