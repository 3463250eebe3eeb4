//! Held mail.

use merpati::store::held::{self, Held, HeldState, NewHeld};
use merpati::store::{StoreError, queue};

use super::{read, write};
use crate::support::cast::{Scene, at, fresh, random, sealed_blob};
use crate::support::engine::{Scratch, both_engines};

both_engines!(held_mail_comes_back, the_same_mail_is_held_once, a_shelf_is_listed_oldest_first, one_decides);

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
    }
}

async fn held_mail_comes_back(db: Scratch) {
    let scene = Scene::set(&db).await;
    for thread in [None, Some(scene.thread)] {
        let new = NewHeld { thread, ..mail(scene, 10) };
        assert!(write!(db, |tx| held::insert(tx, &new)).unwrap());
        let Held { id, desk, thread, reasons, received, state, body } = read!(db, |c| held::find(c, new.id)).unwrap();
        assert_eq!((id, desk, thread, reasons), (new.id, new.desk, new.thread, new.reasons));
        assert_eq!((received, state, body.as_slice()), (new.received, new.state, new.body.bytes()));
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
