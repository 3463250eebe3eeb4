//! Tables as plain rows: what one engine wrote the other reads.

use merpati::role::{Language, Role, Roles};
use merpati::store::client_keys::{ClientKey, KeyOrigin, KeyState};
use merpati::store::delivery::{DeliveryMode, ReplyMail};
use merpati::store::hints::CodeResult;
use merpati::store::outbox::{MailKind, Outgoing};
use merpati::store::people::{Invitation, Notice, NoticeMode};
use merpati::store::trail::Line;
use merpati::store::{
    Conn, Db, StoreError, TABLES, Table, Value, attempts, canary, chain, client_keys, decisions, delivery, desks,
    doubts, drafts, fetched, held, hints, jobs, letters, outbox, people, retired, threads, trail,
};

use super::{read, write};
use crate::support::cast::{Scene, at, fresh, person, random, sealed_blob, two_files};
use crate::support::engine::{Scratch, both_engines, on_sqlite};
use crate::support::postgres::server;
use tokio::task::block_in_place;

both_engines!(
    many_rows_are_written_at_once,
    a_snapshot_is_of_one_moment,
    a_receiver_that_has_enough_ends_the_reading,
    an_empty_house_is_empty
);

/// A row in every table, and nothing in any column that is what a column holds by default; returns them.
async fn furnish(db: &Db) -> Tables {
    let scene = Scene::set(db).await;
    let mut owned = db.begin().await.unwrap();
    let tx = &mut owned;
    desks::update_cert(tx, scene.desk, b"desk cert").await.unwrap();
    desks::insert_member(tx, scene.desk, scene.counselor, b"grant", at(3)).await.unwrap();
    people::update_seen(tx, scene.client, at(4)).await.unwrap();
    people::update_disabled(tx, scene.client, Some(at(5))).await.unwrap();
    let notice = Notice {
        bounces: (0, 0),
        stopped: None,
        person: scene.client,
        mode: NoticeMode::Daily,
        address_sealed: vec![1, 2],
        address_hash: vec![3],
        token_hash: vec![4],
        asked: at(6),
        confirmed: Some(at(7)),
    };
    people::upsert_notice(tx, &notice).await.unwrap();
    for desk in [None, Some(scene.desk)] {
        let roles = Roles::of(&[Role::Counselor]);
        let i =
            Invitation { token_hash: random::<32>().to_vec(), roles, desk, created: at(1), expires: at(9), used: None };
        people::insert_invitation(tx, &i).await.unwrap();
        assert!(people::use_invitation(tx, &i.token_hash, at(2)).await.unwrap());
    }
    attempts::count(tx, b"scope", at(8), at(1)).await.unwrap();
    attempts::hold(tx, b"scope", at(9)).await.unwrap();
    threads::insert_grant(tx, scene.epoch, scene.desk.bytes(), b"body", at(8)).await.unwrap();
    let letter = letters::NewLetter { attachments: two_files(), ..scene.letter(at(10)) };
    let reply =
        letters::NewLetter { released: Some(at(12)), covers: Some(at(10)), author: None, ..scene.reply(at(11)) };
    letters::insert_group(tx, &[&letter, &reply]).await.unwrap();
    letters::update_mail(tx, letter.id, b"mail").await.unwrap();
    retired::insert(tx, b"old token", scene.thread, at(12)).await.unwrap();
    letters::mark_read(tx, scene.thread, at(13)).await.unwrap();
    threads::assign(tx, scene.thread, scene.counselor).await.unwrap();
    threads::update_urgent(tx, scene.thread, true).await.unwrap();
    for thread in [None, Some(scene.thread)] {
        let body = sealed_blob("Surat \u{e9}".as_bytes());
        let h = held::NewHeld {
            state: held::HeldState::Waiting,
            provenance: "checked pass pass pass reject none -".to_owned(),
            id: fresh(),
            desk: scene.desk,
            thread,
            reasons: "virus".to_owned(),
            received: at(14),
            body,
            dedup: random(),
        };
        assert!(held::insert(tx, &h).await.unwrap());
        let entered = held::HeldState::Entered;
        decisions::decide(tx, h.id, entered, scene.counselor, at(15), Some(letter.id)).await.unwrap();
    }
    let canary = fresh();
    canary::insert(tx, canary, at(14)).await.unwrap();
    assert!(canary::store(tx, canary, &sealed_blob(b"canary"), at(15)).await.unwrap());
    canary::note_return(tx, canary, at(16)).await.unwrap();
    let account = b"account".as_slice();
    assert!(fetched::claim(tx, account, b"node", at(1), at(9)).await.unwrap());
    assert!(fetched::advance(tx, account, b"node", 7, 8, at(9)).await.unwrap());
    fetched::looked(tx, account, at(10)).await.unwrap();
    fetched::failed(tx, account, at(11), "refused").await.unwrap();
    fetched::add_trouble(tx, account, 9, 2, "too-large").await.unwrap();
    doubts::insert_fine(tx, scene.thread, "unknown-sender", b"hash", at(14)).await.unwrap();
    doubts::count_alarm(tx, scene.desk, "unknown-sender", true).await.unwrap();
    doubts::count_incident(tx, "loop", scene.desk.bytes(), at(1), at(14)).await.unwrap();
    hints::insert(tx, scene.thread, "names", scene.desk.bytes(), at(14), false).await.unwrap();
    assert!(hints::answer(tx, scene.thread, "names", "seen", at(15)).await.unwrap());
    hints::upsert_word(tx, scene.client, b"hidden", at(14)).await.unwrap();
    hints::ask_code(tx, scene.thread, at(14)).await.unwrap();
    assert!(hints::count_try(tx, scene.thread, at(13), at(15), 5).await.unwrap());
    hints::answer_code(tx, scene.thread, CodeResult::Match, at(16)).await.unwrap();
    drafts::upsert(tx, scene.thread, scene.counselor, b"draft", at(15)).await.unwrap();
    drafts::insert_file(tx, fresh(), scene.thread, scene.counselor, b"file", at(16)).await.unwrap();
    drafts::insert_note(tx, fresh(), scene.thread, scene.counselor, b"note", at(17)).await.unwrap();
    let (kind, language) = (MailKind::Confirmation, Language::English);
    let mail = Outgoing {
        id: fresh(),
        kind,
        language,
        recipient_sealed: vec![1],
        link_sealed: vec![2],
        tries: 0,
        address_hash: vec![3],
    };
    outbox::insert(tx, &mail, at(18), at(17)).await.unwrap();
    outbox::claim(tx, at(18), at(19)).await.unwrap();
    outbox::finish(tx, mail.id, Some("no such mailbox \u{2192} gone"), at(20)).await.unwrap();
    let key = ClientKey {
        person: scene.client,
        key_hash: random::<32>().to_vec(),
        cert_sealed: vec![3],
        state: KeyState::Confirmed,
        how: KeyOrigin::Given,
        seen: at(18),
        confirmed: Some(at(19)),
    };
    client_keys::upsert(tx, &key).await.unwrap();
    delivery::upsert(tx, scene.client, DeliveryMode::Clear, "2026", at(19)).await.unwrap();
    let letter = letters::list_all(tx, scene.thread).await.unwrap()[0].id;
    let mail = ReplyMail { letter, mode: DeliveryMode::Pgp, key_hash: vec![4], body_sealed: vec![5] };
    delivery::insert_mail(tx, &mail, at(20)).await.unwrap();
    delivery::hand_over(tx, letter, fresh()).await.unwrap();
    jobs::insert(tx, fresh(), "release", b"subject", at(21), at(20)).await.unwrap();
    jobs::claim(tx, at(21), at(22)).await.unwrap();
    jobs::schedule(tx, "sweep", at(23)).await.unwrap();
    for (actor, thread) in [(None, None), (Some(scene.counselor), Some(scene.thread))] {
        let line =
            Line { at: at(24), actor, action: "taken-over".to_owned(), thread, detail: "sakit\u{2026}".to_owned() };
        trail::insert(tx, fresh(), &line, b"tag").await.unwrap();
    }
    let waiting = chain::list_waiting(tx, 1).await.unwrap();
    chain::hold_head(tx).await.unwrap();
    chain::insert_link(tx, 1, waiting[0].id, b"hash").await.unwrap();
    let head = chain::Head { number: 1, hash: vec![1], untagged: 1, tag: vec![2] };
    chain::update_head(tx, &head).await.unwrap();
    owned.commit().await.unwrap();
    all(db).await
}

type Tables = Vec<(&'static str, Vec<Vec<Value>>)>;

/// Every row of every table, of one moment.
async fn all(db: &Db) -> Tables {
    let mut conn = db.snapshot().await.unwrap();
    let mut tables = Vec::new();
    for table in TABLES {
        let rows = rows(&mut conn, table).await;
        assert_eq!(table.is_empty(&mut conn).await.unwrap(), rows.is_empty());
        tables.push((table.name, rows));
    }
    tables
}

async fn rows(conn: &mut Conn, table: &Table) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    let keep = |row| -> Result<(), StoreError> {
        rows.push(row);
        Ok(())
    };
    table.each(conn, keep).await.unwrap();
    rows
}

/// Writes these rows into an empty house, which then holds the same.
async fn copy(rows: &Tables, to: &Db) {
    let mut tx = to.begin().await.unwrap();
    for (table, (_, rows)) in TABLES.iter().zip(rows) {
        assert!(!rows.is_empty(), "{} must have a row for this test", table.name);
        for row in rows {
            table.write(&mut tx, row).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    assert_eq!(all(to).await, *rows);
}

#[test]
fn every_table_travels_from_one_engine_to_the_other_and_back() {
    on_sqlite(async |lite: Scratch| {
        let rows = furnish(&lite).await;
        let server = server();
        let name = block_in_place(|| server.make_database());
        let big = Scratch::open(&server.url(&name)).await;
        copy(&rows, &big).await;
        let folder = tempfile::tempdir().unwrap();
        let lite_again = Scratch::open(&format!("sqlite:{}", folder.path().join("again.db").display())).await;
        copy(&all(&big).await, &lite_again).await;
        big.close().await;
        lite_again.close().await;
        block_in_place(|| server.drop_database(&name));
    });
}

async fn many_rows_are_written_at_once(db: Scratch) {
    let table = TABLES.iter().find(|t| t.name == "audit").unwrap();
    let row = |n: i64| {
        let (id, thread) = (random::<16>().to_vec(), (n % 2 == 0).then(|| random::<16>().to_vec()));
        let (action, detail) = (Value::Text("taken".to_owned()), Value::Text(String::new()));
        let tag = Value::Bytes(Some(random::<32>().to_vec()));
        vec![Value::Bytes(Some(id)), Value::Int(n), Value::Bytes(None), action, Value::Bytes(thread), detail, tag]
    };
    let mut new: Vec<_> = (0..300).map(row).collect();
    write!(db, |tx| table.write_many(tx, &new)).unwrap();
    write!(db, |tx| table.write_many(tx, &[])).expect("nothing to write is no error");
    let twice = write!(db, |tx| table.write_many(tx, &new[..2]));
    assert!(matches!(twice, Err(StoreError::Taken(_))));
    db.refresh_statistics().await.unwrap();
    let key = |row: &Vec<Value>| match &row[0] {
        Value::Bytes(Some(id)) => id.clone(),
        other => panic!("{other:?} is no id"),
    };
    new.sort_by_key(key);
    assert_eq!(rows(&mut db.read().await.unwrap(), table).await, new);
}

async fn a_snapshot_is_of_one_moment(db: Scratch) {
    let table = TABLES.iter().find(|t| t.name == "person").unwrap();
    write!(db, |tx| people::insert(tx, &person(&[Role::Client]))).unwrap();
    let mut snapshot = db.snapshot().await.unwrap();
    assert_eq!(rows(&mut snapshot, table).await.len(), 1);
    write!(db, |tx| people::insert(tx, &person(&[Role::Client]))).unwrap();
    assert_eq!(rows(&mut snapshot, table).await.len(), 1, "what came later is not in it");
    drop(snapshot);
    assert_eq!(rows(&mut db.read().await.unwrap(), table).await.len(), 2);
}

async fn a_receiver_that_has_enough_ends_the_reading(db: Scratch) {
    let table = TABLES.iter().find(|t| t.name == "person").unwrap();
    for _ in 0..5 {
        write!(db, |tx| people::insert(tx, &person(&[Role::Client]))).unwrap();
    }
    let mut conn = db.read().await.unwrap();
    let mut shown = 0;
    let outcome = table.each(&mut conn, |_| {
        shown += 1;
        if shown == 3 { Err(StoreError::Gone("room")) } else { Ok(()) }
    });
    assert!(matches!(outcome.await, Err(StoreError::Gone("room"))));
    assert_eq!(shown, 3);
    assert_eq!(rows(&mut conn, table).await.len(), 5, "the connection goes on");
}

async fn an_empty_house_is_empty(db: Scratch) {
    for table in TABLES {
        assert!(read!(db, |c| table.is_empty(c)), "{}", table.name);
    }
}
