//! Letters of many doors at once, through `Gathering`.

use std::collections::HashSet;
use std::time::Duration;

use merpati::store::letters::{self, GROUP_MAX, NewLetter, Stored, Viewer};
use merpati::store::threads::{self, TARGETS_MAX};
use merpati::store::{Gathering, Lookups, StoreError};
use tokio::task::JoinSet;

use super::{read, write};
use crate::support::cast::{Scene, at, epoch, fresh, random, two_files};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    many_tasks_store_each_letter_once,
    more_letters_than_a_group_holds,
    the_same_letter_from_many_doors_is_stored_once,
    addresses_are_looked_up_together,
    an_address_is_looked_up_afresh,
    one_bad_letter_does_not_harm_the_group,
    a_caller_that_goes_away_changes_nothing,
    a_closed_database_is_told,
);

const PATIENCE: Duration = Duration::from_secs(30);

async fn many_tasks_store_each_letter_once(db: Scratch) {
    let (tasks, each) = (32, 6);
    let first = Scene::set(&db).await;
    let scenes = [first, first.another(&db).await, first.another(&db).await];
    let gathering = Gathering::default();
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let (db, gathering, scene) = (db.clone(), gathering.clone(), scenes[task % scenes.len()]);
        running.spawn(async move {
            let mut ids = Vec::new();
            for n in 0..each {
                let mut letter = scene.letter(at(n));
                if n == 0 {
                    letter.attachments = two_files();
                }
                ids.push(letter.id);
                assert_eq!(gathering.put(&db, letter).await.unwrap(), Stored::New);
            }
            ids
        });
    }
    let told: HashSet<_> =
        tokio::time::timeout(PATIENCE, running.join_all()).await.unwrap().into_iter().flatten().collect();
    let mut found = Vec::new();
    for scene in scenes {
        let letters = read!(db, |c| letters::list_all(c, scene.thread));
        for letter in letters {
            assert_eq!(
                read!(db, |c| letters::list_attachments(c, letter.id)).len(),
                usize::try_from(letter.files).unwrap()
            );
            found.push(letter.id);
        }
    }
    assert_eq!(found.len(), told.len(), "each once");
    assert_eq!(found.into_iter().collect::<HashSet<_>>(), told);
}

async fn more_letters_than_a_group_holds(db: Scratch) {
    let scene = Scene::set(&db).await;
    let gathering = Gathering::default();
    let count = GROUP_MAX * 2 + 7;
    let mut running = JoinSet::new();
    for n in 0..count {
        let (db, gathering, letter) = (db.clone(), gathering.clone(), scene.letter(at(i64::try_from(n).unwrap())));
        running.spawn(async move { gathering.put(&db, letter).await.unwrap() });
    }
    let told = tokio::time::timeout(PATIENCE, running.join_all()).await.unwrap();
    assert_eq!(told, vec![Stored::New; count]);
    assert_eq!(read!(db, |c| letters::count(c, scene.thread, Viewer::Staff)), i64::try_from(count).unwrap());
}

async fn the_same_letter_from_many_doors_is_stored_once(db: Scratch) {
    let scene = Scene::set(&db).await;
    // Two nodes: two gatherings that know nothing of each other.
    let nodes = [Gathering::default(), Gathering::default()];
    let mut running = JoinSet::new();
    for n in 0..40u8 {
        let letter = NewLetter { dedup: [n / 4; 32], ..scene.letter(at(n.into())) };
        let (db, gathering) = (db.clone(), nodes[usize::from(n) % 2].clone());
        running.spawn(async move { (n / 4, insist(&db, &gathering, scene, letter).await) });
    }
    let told = tokio::time::timeout(PATIENCE, running.join_all()).await.unwrap();
    for mark in 0..10 {
        let new = told.iter().filter(|(m, stored)| *m == mark && *stored == Stored::New).count();
        let duplicates = told.iter().filter(|(m, stored)| *m == mark && *stored == Stored::Duplicate).count();
        assert_eq!((new, duplicates), (1, 3), "mark {mark}");
    }
    assert_eq!(read!(db, |c| letters::count(c, scene.thread, Viewer::Staff)), 10);
}

/// What a sender does who is asked to come back: two nodes may wait for each other, and then one of them gives way.
async fn insist(db: &Scratch, gathering: &Gathering, scene: Scene, letter: NewLetter) -> Stored {
    let (dedup, received) = (letter.dedup, letter.received);
    let mut letter = letter;
    loop {
        match gathering.put(db, letter).await {
            Ok(stored) => return stored,
            Err(error) => assert!(error.is_passing(), "{error:?}"),
        }
        letter = NewLetter { dedup, ..scene.letter(received) };
    }
}

async fn addresses_are_looked_up_together(db: Scratch) {
    let scene = Scene::set(&db).await;
    let mut known = Vec::new();
    for scene in [scene, scene.another(&db).await, scene.another(&db).await] {
        let hash: [u8; 32] = read!(db, |c| threads::find(c, scene.thread)).unwrap().token_hash.try_into().unwrap();
        known.push((hash, Some(scene.thread)));
    }
    known.push((random(), None));
    // In order, known and unknown, some twice, in sizes around a power of two.
    for size in [0, 1, 3, 5, 8, TARGETS_MAX] {
        let asked: Vec<_> = (0..size).map(|n| known[n % known.len()]).collect();
        let hashes: Vec<_> = asked.iter().map(|a| a.0).collect();
        let found = read!(db, |c| threads::find_targets(c, &hashes));
        let found: Vec<_> = found.into_iter().map(|t| t.map(|t| t.thread)).collect();
        assert_eq!(found, asked.iter().map(|a| a.1).collect::<Vec<_>>());
    }
    let lookups = Lookups::default();
    let mut running = JoinSet::new();
    for n in 0..TARGETS_MAX * 4 {
        let (db, lookups, (hash, thread)) = (db.clone(), lookups.clone(), known[n % known.len()]);
        running.spawn(async move {
            let found = lookups.find(&db, hash).await.unwrap();
            assert_eq!(found.map(|t| t.thread), thread);
        });
    }
    tokio::time::timeout(PATIENCE, running.join_all()).await.unwrap();
}

async fn an_address_is_looked_up_afresh(db: Scratch) {
    let (scene, lookups) = (Scene::set(&db).await, Lookups::default());
    let old: [u8; 32] = read!(db, |c| threads::find(c, scene.thread)).unwrap().token_hash.try_into().unwrap();
    assert!(lookups.find(&db, old).await.unwrap().is_some());
    write!(db, |tx| threads::update_token(tx, scene.thread, &random::<32>(), b"sealed")).unwrap();
    assert!(lookups.find(&db, old).await.unwrap().is_none());
}

async fn one_bad_letter_does_not_harm_the_group(db: Scratch) {
    let one = Scene::set(&db).await;
    let two = one.another(&db).await;
    let second = epoch(fresh(), two.thread, 2);
    assert!(write!(db, |tx| threads::update_epoch(tx, two.thread, two.epoch, &second)).unwrap());
    let gathering = Gathering::default();
    let mut running = JoinSet::new();
    for n in 0..30i64 {
        let letter = match n % 10 {
            3 => NewLetter { thread: fresh(), ..one.letter(at(n)) },
            7 => two.letter(at(n)),
            _ => one.letter(at(n)),
        };
        let (db, gathering) = (db.clone(), gathering.clone());
        running.spawn(async move { (n % 10, gathering.put(&db, letter).await) });
    }
    for (kind, told) in tokio::time::timeout(PATIENCE, running.join_all()).await.unwrap() {
        match kind {
            3 => assert!(matches!(told, Err(StoreError::Refused(_))), "to no thread: {told:?}"),
            7 => assert_eq!(told.unwrap(), Stored::Stale, "to an old epoch"),
            _ => assert_eq!(told.unwrap(), Stored::New),
        }
    }
    assert_eq!(read!(db, |c| letters::count(c, one.thread, Viewer::Staff)), 24);
    assert_eq!(read!(db, |c| letters::count(c, two.thread, Viewer::Staff)), 0);
}

async fn a_caller_that_goes_away_changes_nothing(db: Scratch) {
    let scene = Scene::set(&db).await;
    let gathering = Gathering::default();
    let mut abandoned = Vec::new();
    for n in 0..20 {
        let letter = scene.letter(at(n));
        abandoned.push(letter.dedup);
        let (db, gathering) = (db.clone(), gathering.clone());
        let caller = tokio::spawn(async move { gathering.put(&db, letter).await });
        tokio::task::yield_now().await;
        caller.abort();
        // Either it was polled, and then the letter comes through, or it was not, and then it is sent again.
        let _ = caller.await;
    }
    for (n, dedup) in (0..).zip(abandoned) {
        let again = NewLetter { dedup, ..scene.letter(at(n)) };
        let told = tokio::time::timeout(PATIENCE, gathering.put(&db, again)).await.unwrap().unwrap();
        assert_ne!(told, Stored::Stale);
    }
    assert_eq!(read!(db, |c| letters::count(c, scene.thread, Viewer::Staff)), 20);
}

async fn a_closed_database_is_told(db: Scratch) {
    if db.is_sqlite() {
        // Its writer closes with the last handle, not before.
        return;
    }
    let scene = Scene::set(&db).await;
    let gathering = Gathering::default();
    db.close().await;
    for n in 0..2 {
        let told = tokio::time::timeout(PATIENCE, gathering.put(&db, scene.letter(at(n)))).await.unwrap();
        assert!(told.is_err_and(|e| e.is_passing()), "asked to come back, time and again");
    }
}
