//! Threads, epochs, grants.

use merpati::ids::ThreadId;
use merpati::role::Role;
use merpati::store::people::{Notice, NoticeMode};
use merpati::store::threads::{self, Epoch, Thread, ThreadState};
use merpati::store::{StoreError, desks, people, retired};

use super::{read, write};
use crate::support::cast::{Scene, at, epoch, fresh, person, random, thread};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    a_thread_comes_back,
    a_mail_address_belongs_to_one_thread,
    a_client_has_several_threads,
    a_target_knows_only_confirmed_senders,
    one_counselor_takes_a_thread,
    a_thread_goes_through_its_states,
    a_mail_address_is_replaced,
    a_retired_address_is_recognized,
    a_target_knows_its_siblings,
    a_thread_without_its_last_letter,
    one_new_epoch_begins,
    grants_come_and_go,
);

async fn a_thread_comes_back(db: Scratch) {
    let scene = Scene::set(&db).await;
    let (new, first) = thread(scene.desk, scene.client, at(7));
    write!(db, |tx| threads::insert(tx, &new, &first)).unwrap();
    let found = read!(db, |c| threads::find(c, new.id)).unwrap();
    let Thread { id, desk, client, state, urgent, assignee, epoch, token_hash, token_sealed, created, waiting, last } =
        found;
    assert_eq!((id, desk, client, state, epoch), (new.id, new.desk, new.client, ThreadState::Fresh, first.id));
    assert_eq!((urgent, assignee, waiting, last), (false, None, None, None));
    assert_eq!((token_hash, token_sealed, created), (new.token_hash, new.token_sealed, at(7)));

    let found = read!(db, |c| threads::find_epoch(c, first.id)).unwrap();
    let Epoch { id, thread, number, cert, previous_sealed, created } = found;
    assert_eq!((id, thread, number, cert), (first.id, new.id, 1, first.cert));
    assert_eq!((previous_sealed, created), (first.previous_sealed, first.created));
    assert!(read!(db, |c| threads::find(c, fresh())).is_none());
    assert!(read!(db, |c| threads::find_epoch(c, fresh())).is_none());
}

async fn a_mail_address_belongs_to_one_thread(db: Scratch) {
    let scene = Scene::set(&db).await;
    let (first, epoch) = thread(scene.desk, scene.client, at(7));
    write!(db, |tx| threads::insert(tx, &first, &epoch)).unwrap();
    let (second, epoch) = thread(scene.desk, scene.client, at(7));
    let second = Thread { token_hash: first.token_hash, ..second };
    assert!(matches!(write!(db, |tx| threads::insert(tx, &second, &epoch)), Err(StoreError::Taken(_))));
    assert!(read!(db, |c| threads::find_epoch(c, epoch.id)).is_none());
}

async fn a_client_has_several_threads(db: Scratch) {
    let scene = Scene::set(&db).await;
    let other = scene.another(&db).await;
    let (late, epoch) = thread(scene.desk, scene.client, at(100));
    write!(db, |tx| threads::insert(tx, &late, &epoch)).unwrap();
    let list = |found: Vec<Thread>| found.into_iter().map(|t| t.id).collect::<Vec<_>>();
    assert_eq!(list(read!(db, |c| threads::list_of_client(c, scene.client))), [scene.thread, late.id]);
    assert_eq!(list(read!(db, |c| threads::list_of_client(c, other.client))), [other.thread]);
}

async fn a_target_knows_only_confirmed_senders(db: Scratch) {
    let scene = Scene::set(&db).await;
    write!(db, |tx| desks::update_cert(tx, scene.desk, b"desk cert")).unwrap();
    let stored = read!(db, |c| threads::find(c, scene.thread)).unwrap();
    let epoch = read!(db, |c| threads::find_epoch(c, scene.epoch)).unwrap();
    let find = async || read!(db, |c| threads::find_target(c, &stored.token_hash)).unwrap();

    let threads::Target {
        thread,
        desk,
        epoch: epoch_id,
        epoch_cert,
        desk_cert,
        sender_hash,
        sender_sealed,
        client,
        traits,
        has_siblings,
        urgent,
        is_retired,
    } = find().await;
    assert_eq!((sender_sealed, client, traits), (None, scene.client, Vec::new()));
    assert_eq!((has_siblings, urgent, is_retired), (false, false, false));
    assert_eq!((thread, desk, epoch_id), (scene.thread, scene.desk, scene.epoch));
    assert_eq!((epoch_cert, desk_cert.as_slice(), sender_hash), (epoch.cert, &b"desk cert"[..], None));

    let mut notice = Notice {
        bounces: (0, 0),
        stopped: None,
        person: scene.client,
        mode: NoticeMode::Never,
        address_sealed: vec![1],
        address_hash: b"address".to_vec(),
        token_hash: vec![2],
        asked: at(1),
        confirmed: None,
    };
    write!(db, |tx| people::upsert_notice(tx, &notice)).unwrap();
    assert_eq!(find().await.sender_hash, None, "not confirmed");
    notice.confirmed = Some(at(2));
    write!(db, |tx| people::upsert_notice(tx, &notice)).unwrap();
    assert_eq!(find().await.sender_hash.as_deref(), Some(&b"address"[..]));
    assert!(read!(db, |c| threads::find_target(c, b"unknown")).is_none());
}

async fn one_counselor_takes_a_thread(db: Scratch) {
    let scene = Scene::set(&db).await;
    let (ani, id) = (scene.counselor, scene.thread);
    let budi = person(&[Role::Counselor]);
    write!(db, |tx| people::insert(tx, &budi)).unwrap();
    let holder = async || read!(db, |c| threads::find(c, id)).unwrap().assignee;

    assert!(write!(db, |tx| threads::assign(tx, id, ani)).unwrap());
    assert!(!write!(db, |tx| threads::assign(tx, id, budi.id)).unwrap(), "taken already");
    assert!(!write!(db, |tx| threads::assign(tx, id, ani)).unwrap(), "also by oneself");
    assert_eq!(holder().await, Some(ani));
    assert!(!write!(db, |tx| threads::reassign(tx, id, budi.id, ani)).unwrap(), "not Budi's to give");
    assert!(write!(db, |tx| threads::reassign(tx, id, ani, budi.id)).unwrap());
    assert!(!write!(db, |tx| threads::reassign(tx, id, ani, budi.id)).unwrap(), "no longer Ani's");
    assert_eq!(holder().await, Some(budi.id));
    assert!(!write!(db, |tx| threads::unassign(tx, id, ani)).unwrap());
    assert!(write!(db, |tx| threads::unassign(tx, id, budi.id)).unwrap());
    assert_eq!(holder().await, None);
    assert!(!write!(db, |tx| threads::assign(tx, fresh(), ani)).unwrap());
}

async fn a_thread_goes_through_its_states(db: Scratch) {
    let id = Scene::set(&db).await.thread;
    let stands = async || {
        let t = read!(db, |c| threads::find(c, id)).unwrap();
        (t.state, t.urgent, t.waiting, t.last)
    };
    write!(db, |tx| threads::update_leaving(tx, id)).unwrap();
    assert_eq!(stands().await.0, ThreadState::Fresh, "only a waiting thread leaves");
    write!(db, |tx| threads::update_waiting(tx, id, at(10))).unwrap();
    write!(db, |tx| threads::update_urgent(tx, id, true)).unwrap();
    assert_eq!(stands().await, (ThreadState::Waiting, true, Some(at(10)), None));
    write!(db, |tx| threads::update_leaving(tx, id)).unwrap();
    assert_eq!(stands().await, (ThreadState::Leaving, true, Some(at(10)), None));
    write!(db, |tx| threads::update_answered(tx, id, at(20), Some(at(15)))).unwrap();
    assert_eq!(stands().await, (ThreadState::Waiting, true, Some(at(15)), Some(at(20))), "a letter crossed the reply");
    write!(db, |tx| threads::update_answered(tx, id, at(30), None)).unwrap();
    assert_eq!(stands().await, (ThreadState::Answered, false, None, Some(at(30))));
    write!(db, |tx| threads::update_urgent(tx, id, true)).unwrap();
    write!(db, |tx| threads::update_urgent(tx, id, false)).unwrap();
    assert!(!stands().await.1);

    let nowhere: ThreadId = fresh();
    let gone = |outcome| matches!(outcome, Err(StoreError::Gone(_)));
    assert!(gone(write!(db, |tx| threads::update_urgent(tx, nowhere, true))));
    assert!(gone(write!(db, |tx| threads::update_waiting(tx, nowhere, at(1)))));
    assert!(gone(write!(db, |tx| threads::update_answered(tx, nowhere, at(1), None))));
    assert!(gone(write!(db, |tx| threads::update_token(tx, nowhere, b"h", b"s"))));
}

async fn a_mail_address_is_replaced(db: Scratch) {
    let scene = Scene::set(&db).await;
    let other = scene.another(&db).await;
    let old = read!(db, |c| threads::find(c, scene.thread)).unwrap().token_hash;
    let hash = random::<32>();
    write!(db, |tx| threads::update_token(tx, scene.thread, &hash, b"sealed")).unwrap();
    let found = read!(db, |c| threads::find(c, scene.thread)).unwrap();
    assert_eq!((found.token_hash.as_slice(), found.token_sealed.as_slice()), (&hash[..], &b"sealed"[..]));
    assert!(read!(db, |c| threads::find_target(c, &old)).is_none());
    let twice = write!(db, |tx| threads::update_token(tx, other.thread, &hash, b"sealed"));
    assert!(matches!(twice, Err(StoreError::Taken(_))));
}

async fn a_retired_address_is_recognized(db: Scratch) {
    let scene = Scene::set(&db).await;
    write!(db, |tx| desks::update_cert(tx, scene.desk, b"desk cert")).unwrap();
    for n in 0..4u8 {
        write!(db, |tx| retired::insert(tx, &[n; 32], scene.thread, at(i64::from(n)))).unwrap();
    }
    assert!(matches!(write!(db, |tx| retired::insert(tx, &[0; 32], scene.thread, at(9))), Err(StoreError::Taken(_))));
    let target = read!(db, |c| retired::find_target(c, &[2; 32])).unwrap();
    assert!(target.is_retired && target.thread == scene.thread && target.client == scene.client);
    assert!(read!(db, |c| threads::find_target(c, &[2; 32])).is_none(), "no way into the thread");
    assert!(read!(db, |c| retired::find_target(c, &[7; 32])).is_none());
    write!(db, |tx| retired::delete_surplus(tx, scene.thread, 3)).unwrap();
    assert_eq!(read!(db, |c| retired::count(c, scene.thread)), 3);
    assert!(read!(db, |c| retired::find_target(c, &[0; 32])).is_none(), "the oldest is forgotten");
}

async fn a_target_knows_its_siblings(db: Scratch) {
    let scene = Scene::set(&db).await;
    let hash = read!(db, |c| threads::find(c, scene.thread)).unwrap().token_hash;
    write!(db, |tx| threads::update_urgent(tx, scene.thread, true)).unwrap();
    let find = async || read!(db, |c| threads::find_target(c, &hash)).unwrap();
    assert!(!find().await.has_siblings && find().await.urgent);
    let (second, epoch) = thread(scene.desk, scene.client, at(9));
    write!(db, |tx| threads::insert(tx, &second, &epoch)).unwrap();
    assert!(find().await.has_siblings);
}

async fn a_thread_without_its_last_letter(db: Scratch) {
    let scene = Scene::set(&db).await;
    write!(db, |tx| threads::update_urgent(tx, scene.thread, true)).unwrap();
    write!(db, |tx| threads::settle(tx, scene.thread, ThreadState::Waiting, Some(at(5)), Some(at(6)))).unwrap();
    let found = read!(db, |c| threads::find(c, scene.thread)).unwrap();
    assert_eq!((found.state, found.waiting, found.last), (ThreadState::Waiting, Some(at(5)), Some(at(6))));
    write!(db, |tx| threads::settle(tx, scene.thread, ThreadState::Fresh, None, None)).unwrap();
    let found = read!(db, |c| threads::find(c, scene.thread)).unwrap();
    assert_eq!((found.state, found.waiting, found.last), (ThreadState::Fresh, None, None));
    assert!(found.urgent, "whether the client is safe is not a matter of one letter");
}

async fn one_new_epoch_begins(db: Scratch) {
    let scene = Scene::set(&db).await;
    let second = epoch(fresh(), scene.thread, 2);
    assert!(write!(db, |tx| threads::update_epoch(tx, scene.thread, scene.epoch, &second)).unwrap());
    assert_eq!(read!(db, |c| threads::find(c, scene.thread)).unwrap().epoch, second.id);
    let late = epoch(fresh(), scene.thread, 3);
    let mut tx = db.begin().await.unwrap();
    assert!(!threads::update_epoch(&mut tx, scene.thread, scene.epoch, &late).await.unwrap(), "begun meanwhile");
    drop(tx);
    let twin = epoch(fresh(), scene.thread, 2);
    let twice = write!(db, |tx| threads::update_epoch(tx, scene.thread, second.id, &twin));
    assert!(matches!(twice, Err(StoreError::Taken(_))), "a number belongs to one epoch");
    let all = read!(db, |c| threads::list_epochs(c, scene.thread));
    assert_eq!(all.iter().map(|e| (e.id, e.number)).collect::<Vec<_>>(), [(second.id, 2), (scene.epoch, 1)]);
    assert_eq!(all[0].previous_sealed, second.previous_sealed);
}

async fn grants_come_and_go(db: Scratch) {
    let scene = Scene::set(&db).await;
    let other = scene.another(&db).await;
    let second = epoch(fresh(), scene.thread, 2);
    assert!(write!(db, |tx| threads::update_epoch(tx, scene.thread, scene.epoch, &second)).unwrap());
    let (ani, desk) = (scene.counselor, scene.desk);
    for (epoch, reader, body) in [
        (scene.epoch, ani.bytes(), b"a1"),
        (second.id, ani.bytes(), b"a2"),
        (second.id, desk.bytes(), b"d2"),
        (other.epoch, ani.bytes(), b"o1"),
        (second.id, ani.bytes(), b"xx"),
    ] {
        write!(db, |tx| threads::insert_grant(tx, epoch, reader, body, at(3))).unwrap();
    }
    let grant = async |epoch, reader: &[u8]| read!(db, |c| threads::find_grant(c, epoch, reader));
    assert_eq!(grant(scene.epoch, ani.bytes()).await.as_deref(), Some(&b"a1"[..]));
    assert_eq!(grant(second.id, ani.bytes()).await.as_deref(), Some(&b"a2"[..]), "the older grant stays");
    assert_eq!(grant(scene.epoch, desk.bytes()).await, None);
    let mut expected = vec![(ani.bytes().to_vec(), b"a2".to_vec()), (desk.bytes().to_vec(), b"d2".to_vec())];
    expected.sort();
    assert_eq!(read!(db, |c| threads::list_grants(c, second.id)), expected);

    assert_eq!(write!(db, |tx| threads::delete_grants(tx, scene.thread, ani.bytes())).unwrap(), 2);
    assert_eq!(grant(scene.epoch, ani.bytes()).await, None);
    assert_eq!(grant(second.id, ani.bytes()).await, None);
    assert_eq!(grant(second.id, desk.bytes()).await.as_deref(), Some(&b"d2"[..]));
    assert_eq!(grant(other.epoch, ani.bytes()).await.as_deref(), Some(&b"o1"[..]), "another thread's stay");
    assert_eq!(write!(db, |tx| threads::delete_grants(tx, scene.thread, ani.bytes())).unwrap(), 0);
}
