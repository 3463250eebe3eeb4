//! Held mail.

use merpati::store::decisions;
use merpati::store::held::{self, Held, HeldState, NewHeld};
use merpati::store::{StoreError, queue};

use super::{read, write};
use crate::support::cast::{Scene, at, fresh, random, sealed_blob};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    held_mail_comes_back,
    the_same_mail_is_held_once,
    a_shelf_is_listed_oldest_first,
    one_decides,
    a_decision_is_out_of_sight_and_comes_back,
    a_tray_is_its_client_s,
    a_twin_goes
);

fn mail(scene: Scene, seconds: i64) -> NewHeld {
    NewHeld {
        id: fresh(),
        desk: scene.desk,
        thread: Some(scene.thread),
        reasons: "sender,automatic".to_owned(),
        received: at(seconds),
        body: sealed_blob(b"From: somebody"),
        dedup: random(),
        state: HeldState::Waiting,
        provenance: "nobody none none none none none -".to_owned(),
    }
}

async fn held_mail_comes_back(db: Scratch) {
    let scene = Scene::set(&db).await;
    for thread in [None, Some(scene.thread)] {
        let new = NewHeld { thread, ..mail(scene, 10) };
        assert!(write!(db, |tx| held::insert(tx, &new)).unwrap());
        let Held { id, desk, thread, reasons, received, state, provenance, body } =
            read!(db, |c| held::find(c, new.id)).unwrap();
        assert_eq!((id, desk, thread, reasons), (new.id, new.desk, new.thread, new.reasons));
        assert_eq!((received, state, body.as_slice()), (new.received, new.state, new.body.bytes()));
        assert_eq!(provenance, new.provenance);
    }
    assert!(read!(db, |c| held::find(c, fresh())).is_none());
}

async fn the_same_mail_is_held_once(db: Scratch) {
    let scene = Scene::set(&db).await;
    let first = mail(scene, 10);
    let again = NewHeld { dedup: first.dedup, ..mail(scene, 20) };
    assert!(write!(db, |tx| held::insert(tx, &first)).unwrap());
    assert!(!write!(db, |tx| held::insert(tx, &again)).unwrap());
    assert!(read!(db, |c| held::find(c, again.id)).is_none());
}

async fn a_shelf_is_listed_oldest_first(db: Scratch) {
    let (scene, other) = (Scene::set(&db).await, Scene::set(&db).await);
    let mut expected = Vec::new();
    for seconds in [30, 10, 20] {
        let new = mail(scene, seconds);
        write!(db, |tx| held::insert(tx, &new)).unwrap();
        write!(db, |tx| held::insert(tx, &mail(other, seconds))).unwrap();
        expected.push((seconds, new.id));
    }
    expected.sort_unstable_by_key(|(seconds, _)| *seconds);
    let list = read!(db, |c| held::list(c, scene.desk, HeldState::Waiting, None, 10));
    assert_eq!(list.iter().map(|h| h.id).collect::<Vec<_>>(), expected.iter().map(|e| e.1).collect::<Vec<_>>());
    assert!(list.iter().all(|h| h.body.is_empty() && h.desk == scene.desk && h.reasons == "sender,automatic"));
    assert_eq!(read!(db, |c| held::list(c, scene.desk, HeldState::Waiting, None, 2)).len(), 2);
    assert_eq!(read!(db, |c| queue::count_held(c, scene.desk)), 3);
}

async fn one_decides(db: Scratch) {
    let new = mail(Scene::set(&db).await, 10);
    write!(db, |tx| held::insert(tx, &new)).unwrap();
    write!(db, |tx| held::delete(tx, new.id)).unwrap();
    assert!(matches!(write!(db, |tx| held::delete(tx, new.id)), Err(StoreError::Gone(_))));
    assert!(read!(db, |c| held::find(c, new.id)).is_none());
}

async fn a_decision_is_out_of_sight_and_comes_back(db: Scratch) {
    let scene = Scene::set(&db).await;
    let (new, letter) = (mail(scene, 10), fresh());
    write!(db, |tx| held::insert(tx, &new)).unwrap();
    let entered = HeldState::Entered;
    write!(db, |tx| decisions::decide(tx, new.id, entered, scene.counselor, at(20), Some(letter))).unwrap();
    let again = write!(db, |tx| decisions::decide(tx, new.id, HeldState::Discarded, scene.counselor, at(21), None));
    assert!(matches!(again, Err(StoreError::Gone(_))), "one decides");
    assert!(read!(db, |c| held::list(c, scene.desk, HeldState::Waiting, None, 10)).is_empty());
    assert_eq!(read!(db, |c| queue::count_held(c, scene.desk)), 0);
    assert!(!write!(db, |tx| held::insert(tx, &NewHeld { id: fresh(), dedup: new.dedup, ..mail(scene, 30) })).unwrap());

    let list = read!(db, |c| decisions::list(c, scene.counselor, at(20), 10));
    let found = list.first().unwrap();
    assert_eq!((found.held, found.state, found.was), (new.id, entered, HeldState::Waiting));
    assert_eq!((found.at, found.letter, list.len()), (at(20), Some(letter), 1));
    assert!(read!(db, |c| decisions::list(c, scene.counselor, at(21), 10)).is_empty(), "too old");
    assert!(read!(db, |c| decisions::list(c, scene.client, at(0), 10)).is_empty(), "somebody else's");

    let late = write!(db, |tx| decisions::undo(tx, new.id, at(19)));
    assert!(matches!(late, Err(StoreError::Gone(_))), "another decision");
    write!(db, |tx| decisions::undo(tx, new.id, at(20))).unwrap();
    assert!(matches!(write!(db, |tx| decisions::undo(tx, new.id, at(20))), Err(StoreError::Gone(_))));
    assert_eq!(read!(db, |c| held::list(c, scene.desk, HeldState::Waiting, None, 10)).len(), 1);

    write!(db, |tx| decisions::decide(tx, new.id, HeldState::Discarded, scene.counselor, at(30), None)).unwrap();
    write!(db, |tx| decisions::delete_old(tx, at(30))).unwrap();
    assert!(read!(db, |c| held::find(c, new.id)).is_some());
    write!(db, |tx| decisions::delete_old(tx, at(31))).unwrap();
    assert!(read!(db, |c| held::find(c, new.id)).is_none());
}

async fn a_tray_is_its_client_s(db: Scratch) {
    let scene = Scene::set(&db).await;
    let other = scene.another(&db).await;
    let (first, second) = (mail(scene, 20), NewHeld { state: HeldState::Tray, ..mail(scene, 10) });
    for new in [&first, &second, &mail(other, 10)] {
        write!(db, |tx| held::insert(tx, new)).unwrap();
    }
    assert_eq!(read!(db, |c| held::count_tray(c, scene.client)), 1);
    let body = sealed_blob(b"to the client");
    let dedup = random();
    write!(db, |tx| held::update_tray(tx, first.id, &body, &dedup)).unwrap();
    assert!(matches!(write!(db, |tx| held::update_tray(tx, first.id, &body, &dedup)), Err(StoreError::Gone(_))));
    let list = read!(db, |c| held::list_tray(c, scene.client, 10));
    assert_eq!(list.iter().map(|h| h.id).collect::<Vec<_>>(), [second.id, first.id]);
    assert_eq!(list[1].body, body.bytes());
    assert_eq!(read!(db, |c| held::list_tray(c, scene.client, 1)).len(), 1);
    assert_eq!(read!(db, |c| held::count_tray(c, other.client)), 0);
}

async fn a_twin_goes(db: Scratch) {
    let new = mail(Scene::set(&db).await, 10);
    write!(db, |tx| held::insert(tx, &new)).unwrap();
    write!(db, |tx| held::delete_twin(tx, &random())).unwrap();
    assert!(read!(db, |c| held::find(c, new.id)).is_some());
    write!(db, |tx| held::delete_twin(tx, &new.dedup)).unwrap();
    assert!(read!(db, |c| held::find(c, new.id)).is_none());
}
