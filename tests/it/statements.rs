//! Every statement is one both engines understand, and the queue reads its indexes from the front.

use std::fmt::Write as _;

use merpati::store::letters::{GROUP_MAX, insert_group_text, touch_threads_text};
use merpati::store::threads::{TARGETS_MAX, find_targets_text};
use merpati::store::{Conn, Each, TABLES, all_statements};
use sqlx::{AssertSqlSafe, Executor as _, Row as _, SqlSafeStr as _};

use crate::support::engine::{Scratch, both_engines, on_postgres, on_sqlite};

both_engines!(every_statement_is_understood, statements_have_one_name_each);

/// Statement texts that are made when needed, in the sizes that matter.
fn generated(db: &Scratch) -> Vec<(String, String)> {
    let bytes_type = if db.is_sqlite() { "BLOB" } else { "BYTEA" };
    let mut all = Vec::new();
    for rows in [1, 2, GROUP_MAX] {
        all.push((format!("insert_group_text({rows})"), insert_group_text(rows)));
        all.push((format!("touch_threads_text({rows})"), touch_threads_text(rows, bytes_type)));
    }
    for addresses in [1, 2, TARGETS_MAX] {
        all.push((format!("find_targets_text({addresses})"), find_targets_text(addresses)));
    }
    for table in TABLES {
        all.push((format!("{}.insert_many", table.name), table.insert_many(2)));
        all.push((format!("{}.select", table.name), table.select()));
        all.push((format!("{}.insert", table.name), table.insert()));
        for rows in [1, 200] {
            all.push((format!("{}.insert_many({rows})", table.name), table.insert_many(rows)));
        }
    }
    all
}

async fn every_statement_is_understood(db: Scratch) {
    let named = all_statements().map(|(module, name, text)| (format!("{module}::{name}"), text.to_owned()));
    let mut problems = String::new();
    for (name, text) in named.chain(generated(&db)) {
        // Each on a connection of its own: a refused one must not hide the next.
        let mut conn = db.read().await.unwrap();
        let text = AssertSqlSafe(text).into_sql_str();
        let outcome = match conn.each() {
            Each::Sqlite(c) => c.prepare(text).await.map(|_| ()),
            Each::Postgres(c) => c.prepare(text).await.map(|_| ()),
        };
        if let Err(error) = outcome {
            let _ = writeln!(problems, "{name}: {error}");
        }
    }
    assert!(problems.is_empty(), "{}:\n{problems}", db.engine());
}

async fn statements_have_one_name_each(_: Scratch) {
    let mut names: Vec<_> = all_statements().map(|(module, name, _)| (module, name)).collect();
    assert!(names.len() > 100);
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// Lists of the queue, and the index each walks.
const QUEUE: [(&str, &str); 6] = [
    ("LIST_UNASSIGNED", "thread_unassigned"),
    ("LIST_MINE", "thread_mine"),
    ("LIST_ANSWERED", "thread_answered"),
    ("COUNT_UNASSIGNED", "thread_unassigned"),
    ("COUNT_MINE", "thread_mine"),
    ("COUNT_ANSWERED", "thread_answered"),
];

fn text_of(module: &str, name: &str) -> &'static str {
    all_statements().find(|(m, n, _)| (*m, *n) == (module, name)).map(|(_, _, text)| text).unwrap()
}

/// The engine's plan, line by line.
async fn plan(conn: &mut Conn, text: &'static str) -> String {
    match conn.each() {
        Each::Sqlite(c) => {
            let rows = c.fetch_all(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"))).await.unwrap();
            rows.iter().map(|r| r.get::<String, _>("detail")).collect::<Vec<_>>().join("\n")
        }
        Each::Postgres(c) => {
            // For any arguments: such a plan is what a busy server keeps.
            let marks =
                (1..=9).filter(|n| text.contains(&format!("${n}"))).map(|_| "NULL").collect::<Vec<_>>().join(", ");
            let script = format!(
                "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off; \
                 SET plan_cache_mode = force_generic_plan; DEALLOCATE ALL; PREPARE shown AS {text}"
            );
            c.execute(sqlx::raw_sql(AssertSqlSafe(script))).await.unwrap();
            let rows =
                c.fetch_all(sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN EXECUTE shown({marks})")))).await.unwrap();
            rows.iter().map(|r| r.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn the_queue_walks_its_indexes_on_sqlite() {
    on_sqlite(async |db: Scratch| {
        let mut conn = db.read().await.unwrap();
        for (name, index) in QUEUE {
            let plan = plan(&mut conn, text_of("queue", name)).await;
            let by_index = plan.contains(&format!("INDEX {index} "));
            assert!(
                by_index && !plan.contains("SCAN thread") && !plan.contains("SCAN t") && !plan.contains("TEMP B-TREE"),
                "{name}:\n{plan}"
            );
        }
    });
}

/// A desk with 50 counselors and 20,000 threads, so that the planner has something to weigh.
const CROWD: &str = "
    INSERT INTO desk (id, slug, name, zone, hours, cert, created_us) VALUES ('\\x00', 'm', 'Meja', 'UTC', '', '', 0);
    INSERT INTO person (id, roles, name_hash, name_sealed, language, cert, locked_key, locked_recovery, created_us)
        SELECT int4send(n), 'counselor', int4send(n), '', 'id', '', '', '', 0 FROM generate_series(0, 49) AS n;
    INSERT INTO thread (id, desk_id, client_id, state, urgent, assignee_id, epoch_id, token_hash, token_sealed, created_us,
                        waiting_us, last_us)
        SELECT int4send(n), '\\x00', int4send(n % 50), (ARRAY['waiting', 'answered', 'leaving', 'fresh'])[n % 4 + 1],
               (n % 9 = 0)::int, CASE WHEN n % 5 > 0 THEN int4send(n % 50) END, '', int4send(n), '', 0, n, n
        FROM generate_series(1, 20000) AS n;
    ANALYZE";

#[test]
fn the_queue_walks_its_indexes_on_postgres() {
    on_postgres(async |db: Scratch| {
        if let Each::Postgres(c) = db.read().await.unwrap().each() {
            c.execute(sqlx::raw_sql(CROWD)).await.unwrap();
        }
        for (name, index) in QUEUE {
            let mut conn = db.read().await.unwrap();
            let plan = plan(&mut conn, text_of("queue", name)).await;
            assert!(
                plan.contains(&format!(" using {index} "))
                    && !plan.contains("Seq Scan on thread")
                    && !plan.contains("Sort"),
                "{name}:\n{plan}"
            );
        }
    });
}

/// What runs for every letter, page and piece of work finds its rows by an index.
#[test]
fn frequent_statements_search_on_sqlite() {
    const FREQUENT: [(&str, &str); 16] = [
        ("letters", "LIST_BEFORE"),
        ("letters", "COUNT_UNREAD"),
        ("letters", "FIND_DEDUP"),
        ("letters", "FIND_ATTACHMENT"),
        ("letters", "OLDEST_AFTER"),
        ("letters", "LAST_COVERED"),
        ("threads", "FIND_TARGET"),
        ("epochs", "FIND_GRANT"),
        ("sessions", "FIND"),
        ("people", "FIND_BY_NAME"),
        ("desks", "FIND_BY_SLUG"),
        ("held", "LIST"),
        ("jobs", "CLAIM"),
        ("jobs", "NEXT_DUE"),
        ("outbox", "CLAIM"),
        ("queue", "OLDEST_WAITING"),
    ];
    on_sqlite(async |db: Scratch| {
        let mut conn = db.read().await.unwrap();
        for (module, name) in FREQUENT {
            let plan = plan(&mut conn, text_of(module, name)).await;
            // Walking an index in order from its beginning is a SCAN too, and what the claims want.
            let scans = plan
                .lines()
                .any(|l| l.trim().starts_with("SCAN ") && !l.contains(" INDEX ") && !l.contains("CONSTANT ROW"));
            assert!(!scans && !plan.contains("TEMP B-TREE"), "{module}::{name}:\n{plan}");
        }
    });
}
