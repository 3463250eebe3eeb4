//! The audit's lines, and that they stay.

use merpati::store::trail::{self, Line};
use merpati::store::{StoreError, all_statements, chain};

use super::{read, write};
use crate::support::cast::{at, fresh};
use crate::support::engine::{Scratch, both_engines};
use crate::support::outside::Outside;

both_engines!(
    lines_come_back_newest_first,
    a_line_may_name_nobody_and_no_thread,
    a_client_reads_their_own_lines,
    lines_without_a_tag_come_first,
    the_engine_refuses_to_change_a_line,
    lines_of_an_older_version_wait,
);

fn line(seconds: i64) -> Line {
    Line { at: at(seconds), actor: None, action: "taken".to_owned(), thread: None, detail: format!("{seconds}") }
}

async fn lines_come_back_newest_first(db: Scratch) {
    let (thread, actor) = (fresh(), fresh());
    for seconds in [30, 10, 20] {
        let line = Line { actor: Some(actor), thread: Some(thread), ..line(seconds) };
        write!(db, |tx| trail::insert(tx, fresh(), &line, b"tag")).unwrap();
        let elsewhere = Line { thread: Some(fresh()), ..line };
        write!(db, |tx| trail::insert(tx, fresh(), &elsewhere, b"tag")).unwrap();
    }
    let lines = read!(db, |c| trail::list_of_client(c, thread, fresh(), None, 10));
    assert_eq!(lines.iter().map(|k| k.line.at).collect::<Vec<_>>(), [at(30), at(20), at(10)]);
    assert_eq!(lines[2].line, Line { actor: Some(actor), thread: Some(thread), ..line(10) });
    assert_eq!(lines[2].tag, b"tag");
    let first = read!(db, |c| trail::list_of_client(c, thread, fresh(), None, 1));
    let before = Some((first[0].line.at, first[0].id));
    assert_eq!(read!(db, |c| trail::list_of_client(c, thread, fresh(), before, 10)), lines[1..]);
}

async fn a_line_may_name_nobody_and_no_thread(db: Scratch) {
    let (id, thread) = (fresh(), fresh());
    let of_thread = Line { thread: Some(thread), ..line(1) };
    write!(db, |tx| trail::insert(tx, id, &of_thread, b"")).unwrap();
    assert!(matches!(write!(db, |tx| trail::insert(tx, id, &of_thread, b"")), Err(StoreError::Taken(_))));
    write!(db, |tx| trail::insert(tx, fresh(), &line(1), b"")).unwrap();
    let found = read!(db, |c| trail::list_of_client(c, thread, fresh(), None, 9));
    assert_eq!((found.len(), found[0].line.actor), (1, None));
}

async fn a_client_reads_their_own_lines(db: Scratch) {
    let (thread, client, other) = (fresh(), fresh(), fresh());
    let mine = Line { actor: Some(client), ..line(1) };
    write!(db, |tx| trail::insert(tx, fresh(), &mine, b"")).unwrap();
    let elsewhere = Line { actor: Some(client), thread: Some(fresh()), ..line(2) };
    write!(db, |tx| trail::insert(tx, fresh(), &elsewhere, b"")).unwrap();
    write!(db, |tx| trail::insert(tx, fresh(), &Line { actor: Some(other), ..line(3) }, b"")).unwrap();
    // Many of one moment: none is left out between two pages.
    for _ in 0..5 {
        let same = Line { thread: Some(thread), actor: Some(other), ..line(9) };
        write!(db, |tx| trail::insert(tx, fresh(), &same, b"")).unwrap();
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = read!(db, |c| trail::list_of_client(c, thread, client, before, 2));
        let Some(last) = page.last() else { break };
        before = Some((last.line.at, last.id));
        seen.extend(page);
    }
    let mut ids: Vec<_> = seen.iter().map(|k| k.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((seen.len(), ids.len()), (6, 6));
    assert_eq!(seen.last().unwrap().line, mine);
}

async fn lines_without_a_tag_come_first(db: Scratch) {
    for (seconds, tag) in [(1, b"tag".as_slice()), (3, b""), (2, b"")] {
        write!(db, |tx| trail::insert(tx, fresh(), &line(seconds), tag)).unwrap();
    }
    let waiting = read!(db, |c| chain::list_waiting(c, 10));
    assert_eq!(waiting.iter().map(|k| k.line.at).collect::<Vec<_>>(), [at(2), at(3), at(1)]);
    assert_eq!(read!(db, |c| chain::count_untagged(c)), 2);
    write!(db, |tx| chain::insert_link(tx, 1, waiting[0].id, b"hash")).unwrap();
    assert_eq!(read!(db, |c| chain::count_waiting(c)), 2);
    let twice = write!(db, |tx| chain::insert_link(tx, 1, waiting[1].id, b"hash"));
    assert!(matches!(twice, Err(StoreError::Taken(_))), "one line for each number");
    let links = read!(db, |c| chain::list_links(c, 0, 10));
    assert_eq!((links.len(), links[0].number, links[0].line.as_ref()), (1, 1, Some(&waiting[0])));
    let loose = read!(db, |c| chain::list_loose(c, None, 10));
    assert!(loose.len() == 2 && loose.iter().all(|l| l.waits));
}

async fn the_engine_refuses_to_change_a_line(db: Scratch) {
    write!(db, |tx| trail::insert(tx, fresh(), &line(1), b"tag")).unwrap();
    let waiting = read!(db, |c| chain::list_waiting(c, 1));
    write!(db, |tx| async {
        chain::hold_head(tx).await?;
        chain::insert_link(tx, 1, waiting[0].id, b"hash").await
    })
    .unwrap();
    let mut outside = Outside::open(&db.url).await;
    let mut refused = vec!["DELETE FROM audit_head".to_owned()];
    for (table, column) in [("audit", "detail"), ("audit_link", "number")] {
        refused.extend([format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")]);
    }
    for sql in refused {
        assert!(outside.attempt(&sql).await.unwrap_err().contains("only ever added to"), "{sql}");
    }
    for table in ["audit", "audit_link", "audit_head"] {
        assert_eq!(outside.count(table).await, 1, "{table}");
    }
    outside.close().await;
}

/// A database of before the chain, opened by this version.
async fn lines_of_an_older_version_wait(db: Scratch) {
    write!(db, |tx| trail::insert(tx, fresh(), &line(1), b"")).unwrap();
    let triggers = if db.is_sqlite() {
        "DROP TRIGGER audit_stays; DROP TRIGGER audit_stays_whole"
    } else {
        "DROP FUNCTION audit_stays CASCADE"
    };
    let mut outside = Outside::open(&db.url).await;
    let back = "DROP TABLE audit_link; DROP TABLE audit_head; DROP TABLE audit_unchained; DROP INDEX audit_actor;
                ALTER TABLE audit DROP COLUMN tag; DELETE FROM _sqlx_migrations WHERE version = 8";
    outside.attempt(&format!("{triggers}; {back}")).await.unwrap();
    outside.close().await;
    let newer = Scratch::open(&db.url).await;
    let waiting = read!(newer, |c| chain::list_waiting(c, 10));
    assert_eq!((waiting.len(), &waiting[0].line, waiting[0].tag.len()), (1, &line(1), 0));
    newer.close().await;
}

/// The program itself only ever adds.
#[test]
fn no_statement_changes_the_audit() {
    for (module, name, text) in all_statements() {
        let words: Vec<_> = text.split_whitespace().collect();
        let touched = |w: &&str| matches!(*w, "audit" | "audit_link");
        for pair in words.windows(2) {
            let changes = pair[0].eq_ignore_ascii_case("UPDATE") && touched(&pair[1]);
            let deletes = pair[0].eq_ignore_ascii_case("FROM") && touched(&pair[1]) && text.contains("DELETE");
            assert!(!changes && !deletes, "{module}::{name}");
        }
    }
}
