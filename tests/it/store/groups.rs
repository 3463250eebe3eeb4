//! Letters by the group.

use merpati::store::letters::{self, GROUP_MAX, NewLetter, Stored, Viewer};
use merpati::store::threads::{self, ThreadState};

use super::{read, write};
use crate::support::cast::{Scene, at, epoch, fresh, two_files};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    a_full_group_is_stored_at_once,
    a_duplicate_is_stored_once,
    a_group_moves_its_threads_to_waiting,
    a_waiting_thread_keeps_its_oldest_receipt,
    replies_do_not_make_a_thread_wait,
    a_letter_to_an_old_epoch_is_stale,
    a_stale_letter_shows_among_others,
);

async fn store(db: &Scratch, group: &[NewLetter]) -> Vec<Stored> {
    let group: Vec<_> = group.iter().collect();
    write!(db, |tx| letters::insert_group(tx, &group)).unwrap()
}

async fn a_full_group_is_stored_at_once(db: Scratch) {
    let one = Scene::set(&db).await;
    let two = one.another(&db).await;
    let group: Vec<_> = (0..GROUP_MAX)
        .map(|n| {
            let letter = if n % 2 == 0 { one } else { two }.letter(at(10 + i64::try_from(n).unwrap()));
            if n % 10 == 0 { NewLetter { attachments: two_files(), ..letter } } else { letter }
        })
        .collect();
    assert_eq!(store(&db, &group).await, vec![Stored::New; GROUP_MAX]);
    for new in &group {
        let found = read!(db, |c| letters::find(c, new.id)).unwrap();
        assert_eq!((found.thread, found.received, found.body.as_slice()), (new.thread, new.received, new.body.bytes()));
        assert_eq!(read!(db, |c| letters::list_attachments(c, new.id)).len(), new.attachments.len());
    }
}

async fn a_duplicate_is_stored_once(db: Scratch) {
    let scene = Scene::set(&db).await;
    let first = scene.letter(at(10));
    assert_eq!(store(&db, std::slice::from_ref(&first)).await, [Stored::New]);
    let again = NewLetter { dedup: first.dedup, attachments: two_files(), ..scene.letter(at(99)) };
    let twin = scene.letter(at(20));
    let other_twin = NewLetter { dedup: twin.dedup, ..scene.letter(at(21)) };
    let (again_id, other_id) = (again.id, other_twin.id);
    let stored = store(&db, &[again, twin, other_twin]).await;
    assert_eq!(stored, [Stored::Duplicate, Stored::New, Stored::Duplicate], "against the table, and within the group");
    assert!(read!(db, |c| letters::find(c, again_id)).is_none());
    assert!(read!(db, |c| letters::find(c, other_id)).is_none());
    assert!(read!(db, |c| letters::list_attachments(c, again_id)).is_empty());
    let thread = read!(db, |c| threads::find(c, scene.thread)).unwrap();
    assert_eq!((thread.waiting, thread.last), (Some(at(10)), Some(at(20))), "a duplicate touches nothing");
    assert_eq!(store(&db, &[NewLetter { dedup: first.dedup, ..scene.letter(at(30)) }]).await, [Stored::Duplicate]);
}

async fn a_group_moves_its_threads_to_waiting(db: Scratch) {
    let one = Scene::set(&db).await;
    let two = one.another(&db).await;
    let three = one.another(&db).await;
    let group = [two.letter(at(50)), one.letter(at(12)), one.letter(at(11)), one.letter(at(13))];
    assert_eq!(store(&db, &group).await, [Stored::New; 4]);
    let stands = async |scene: Scene| {
        let t = read!(db, |c| threads::find(c, scene.thread)).unwrap();
        (t.state, t.waiting, t.last)
    };
    assert_eq!(stands(one).await, (ThreadState::Waiting, Some(at(11)), Some(at(13))), "the oldest and the newest");
    assert_eq!(stands(two).await, (ThreadState::Waiting, Some(at(50)), Some(at(50))));
    assert_eq!(stands(three).await, (ThreadState::Fresh, None, None));
}

async fn a_waiting_thread_keeps_its_oldest_receipt(db: Scratch) {
    let scene = Scene::set(&db).await;
    let stands = async || {
        let t = read!(db, |c| threads::find(c, scene.thread)).unwrap();
        (t.state, t.waiting, t.last)
    };
    store(&db, &[scene.letter(at(10))]).await;
    store(&db, &[scene.letter(at(20))]).await;
    assert_eq!(stands().await, (ThreadState::Waiting, Some(at(10)), Some(at(20))));
    write!(db, |tx| threads::update_answered(tx, scene.thread, at(30), None)).unwrap();
    store(&db, &[scene.letter(at(25))]).await;
    assert_eq!(stands().await, (ThreadState::Waiting, Some(at(25)), Some(at(30))), "the last letter is never older");
    write!(db, |tx| threads::update_leaving(tx, scene.thread)).unwrap();
    store(&db, &[scene.letter(at(40))]).await;
    assert_eq!(stands().await.0, ThreadState::Waiting, "a letter that crosses a reply waits");
}

async fn replies_do_not_make_a_thread_wait(db: Scratch) {
    let scene = Scene::set(&db).await;
    assert_eq!(store(&db, &[scene.reply(at(10))]).await, [Stored::New]);
    assert_eq!(read!(db, |c| threads::find(c, scene.thread)).unwrap().state, ThreadState::Fresh);
}

async fn a_letter_to_an_old_epoch_is_stale(db: Scratch) {
    let scene = Scene::set(&db).await;
    let second = epoch(fresh(), scene.thread, 2);
    assert!(write!(db, |tx| threads::update_epoch(tx, scene.thread, scene.epoch, &second)).unwrap());
    let late = scene.letter(at(10));
    let mut tx = db.begin().await.unwrap();
    assert_eq!(letters::insert_group(&mut tx, &[&late]).await.unwrap(), [Stored::Stale]);
    drop(tx);
    assert_eq!(read!(db, |c| letters::count(c, scene.thread, Viewer::Staff)), 0);
    let anew = Scene { epoch: second.id, ..scene }.letter(at(10));
    assert_eq!(store(&db, &[NewLetter { dedup: late.dedup, ..anew }]).await, [Stored::New]);
}

async fn a_stale_letter_shows_among_others(db: Scratch) {
    let (one, dedup) = (Scene::set(&db).await, [5; 32]);
    let two = one.another(&db).await;
    let second = epoch(fresh(), one.thread, 2);
    assert!(write!(db, |tx| threads::update_epoch(tx, one.thread, one.epoch, &second)).unwrap());
    let group = [
        two.letter(at(10)),
        one.letter(at(11)),
        NewLetter { dedup, ..two.letter(at(12)) },
        NewLetter { dedup, ..two.letter(at(13)) },
    ];
    let group: Vec<_> = group.iter().collect();
    let mut tx = db.begin().await.unwrap();
    let stored = letters::insert_group(&mut tx, &group).await.unwrap();
    assert_eq!(stored, [Stored::New, Stored::Stale, Stored::New, Stored::Duplicate]);
}
