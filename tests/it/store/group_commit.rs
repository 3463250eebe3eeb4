//! SQLite only: the one writer, its group commit, and readers that cannot write.

use std::time::Duration;

use merpati::role::Role;
use merpati::store::{Conn, Db, Each, StoreError, people, trail};
use merpati::{ids::ThreadId, store::trail::Line};
use sqlx::Executor as _;

use super::{read, write};
use crate::support::cast::{at, fresh, person};
use crate::support::engine::{Scratch, on_sqlite};

fn line(thread: ThreadId) -> Line {
    Line { at: at(1), actor: None, action: "taken".to_owned(), thread: Some(thread), detail: String::new() }
}

/// Runs a statement the store does not have.
async fn run(conn: &mut Conn, text: &'static str) -> Result<(), sqlx::Error> {
    match conn.each() {
        Each::Sqlite(c) => c.execute(text).await.map(|_| ()),
        Each::Postgres(_) => panic!("a test of SQLite"),
    }
}

/// Writes a line and lets the commit of its whole group fail, as on a full disk: a foreign key is checked only then.
async fn poisoned(db: &Db, thread: ThreadId) -> merpati::store::Tx {
    let mut tx = db.begin().await.unwrap();
    trail::insert(&mut tx, fresh(), &line(thread), b"tag").await.unwrap();
    run(&mut tx, "PRAGMA defer_foreign_keys = ON").await.unwrap();
    run(&mut tx, "INSERT INTO session VALUES (x'01', x'02', x'', 0, 0)").await.unwrap();
    tx
}

async fn lines(db: &Db, thread: ThreadId) -> usize {
    read!(db, |c| trail::list_of_client(c, thread, fresh(), None, 1_000)).len()
}

#[test]
fn a_reader_cannot_write() {
    on_sqlite(async |db: Scratch| {
        let mut conn = db.read().await.unwrap();
        for text in
            ["INSERT INTO schedule VALUES ('x', 1)", "DELETE FROM person", "CREATE TABLE t (x)", "DROP TABLE desk"]
        {
            assert!(run(&mut conn, text).await.is_err(), "{text}");
        }
        write!(db, |tx| people::insert(tx, &person(&[Role::Client]))).unwrap();
        assert_eq!(read!(db, |c| people::count_clients(c)), 1);
    });
}

#[test]
fn a_commit_reaches_the_disk() {
    on_sqlite(async |db: Scratch| {
        let mut tx = db.begin().await.unwrap();
        let Each::Sqlite(c) = tx.each() else { panic!("a test of SQLite") };
        let ask = async |c: &mut sqlx::SqliteConnection, text: &'static str| -> String {
            let row = c.fetch_one(text).await.unwrap();
            sqlx::Row::try_get_unchecked(&row, 0).unwrap()
        };
        assert_eq!(ask(c, "SELECT journal_mode FROM pragma_journal_mode").await, "wal");
        assert_eq!(ask(c, "SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous").await, "2", "FULL");
        assert_eq!(ask(c, "SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys").await, "1");
        assert_eq!(ask(c, "SELECT CAST(secure_delete AS TEXT) FROM pragma_secure_delete").await, "1");
    });
}

#[test]
fn a_group_whose_commit_fails_is_told_so() {
    on_sqlite(async |db: Scratch| {
        let (good, bad) = (fresh(), fresh());
        let mut first = db.begin().await.unwrap();
        trail::insert(&mut first, fresh(), &line(good), b"tag").await.unwrap();
        // Waits behind the first, and so goes into the same commit.
        let second = tokio::spawn({
            let db = db.clone();
            async move { poisoned(&db, bad).await.commit().await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let told = (first.commit().await, second.await.unwrap());
        assert!(told.1.is_err());
        assert_eq!(lines(&db, bad).await, 0);
        assert_eq!(lines(&db, good).await, usize::from(told.0.is_ok()), "told {told:?}");
        write!(db, |tx| trail::insert(tx, fresh(), &line(good), b"tag")).unwrap();
    });
}

#[test]
fn a_commit_that_fails_while_closing_is_told_so() {
    on_sqlite(async |db: Scratch| {
        let bad = fresh();
        let tx = poisoned(&db, bad).await;
        // Waits for the writer, before the committer is woken.
        let closing = tokio::spawn({
            let db = db.clone();
            async move { db.close().await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let told = tx.commit().await;
        closing.await.unwrap();
        let again = Scratch::open(&db.url).await;
        assert_eq!(lines(&again, bad).await, 0);
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
        again.close().await;
    });
}

#[test]
fn writers_that_wait_share_a_commit() {
    on_sqlite(async |db: Scratch| {
        let mut holder = db.begin().await.unwrap();
        trail::insert(&mut holder, fresh(), &line(fresh()), b"tag").await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for n in 0..40 {
            let (db, p) = (db.clone(), person(&[Role::Client]));
            waiting.spawn(async move {
                let mut tx = db.begin().await.unwrap();
                people::insert(&mut tx, &p).await.unwrap();
                // Every fourth changes its mind; that undoes its own write and nobody else's.
                if n % 4 == 0 { Ok(()) } else { tx.commit().await }
            });
        }
        tokio::task::yield_now().await;
        holder.commit().await.unwrap();
        for outcome in waiting.join_all().await {
            outcome.unwrap();
        }
        assert_eq!(read!(db, |c| people::count_clients(c)), 30);
    });
}

#[test]
fn the_file_is_whole_after_all_this() {
    on_sqlite(async |db: Scratch| {
        for n in 0..20 {
            let tx = poisoned(&db, fresh()).await;
            if n % 2 == 0 {
                assert!(tx.commit().await.is_err());
            }
        }
        write!(db, |tx| people::insert(tx, &person(&[Role::Client]))).unwrap();
        let mut conn = db.read().await.unwrap();
        let Each::Sqlite(c) = conn.each() else { panic!("a test of SQLite") };
        let (whole,): (String,) = sqlx::query_as("PRAGMA integrity_check").fetch_one(&mut *c).await.unwrap();
        assert_eq!(whole, "ok");
        assert!(c.fetch_all("PRAGMA foreign_key_check").await.unwrap().is_empty());
    });
}
