//! The tables as they are: equal on both engines, and as `store::TABLES` says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use merpati::store::{Column, Each, TABLES};
use sqlx::{Executor as _, Row as _};

use crate::support::engine::{Scratch, both_engines, on_sqlite};

both_engines!(the_tables_are_as_the_store_says, the_indexes_are_as_the_migrations_say, every_migration_has_run);

/// A column: its name, its type in the engine's word, whether it may be empty.
type Real = (String, String, bool);

const OF_SQLX: &str = "_sqlx_migrations";

/// Columns that may be empty. Everything else is NOT NULL: "not yet" is 0, "nothing" is no bytes.
const NULLABLE: [&str; 6] = [
    "audit.actor_id",
    "audit.thread_id",
    "held.thread_id",
    "invitation.desk_id",
    "letter.author_id",
    "thread.assignee_id",
];

/// One row per column: table, column, type, nullable (1).
async fn columns(db: &Scratch) -> BTreeMap<String, Vec<Real>> {
    let mut conn = db.read().await.unwrap();
    let rows: Vec<(String, String, String, i64)> = match conn.each() {
        Each::Sqlite(c) => sqlx::query_as(
            "SELECT t.name, c.name, c.type, 1 - c.\"notnull\" FROM sqlite_master t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
        )
        .fetch_all(c)
        .await
        .unwrap(),
        Each::Postgres(c) => sqlx::query_as(
            "SELECT table_name::text, column_name::text, data_type::text, (is_nullable = 'YES')::int::bigint \
             FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
        )
        .fetch_all(c)
        .await
        .unwrap(),
    };
    let mut tables: BTreeMap<String, Vec<Real>> = BTreeMap::new();
    for (table, column, kind, nullable) in rows.into_iter().filter(|r| r.0 != OF_SQLX) {
        tables.entry(table).or_default().push((column, kind, nullable == 1));
    }
    tables
}

async fn the_tables_are_as_the_store_says(db: Scratch) {
    let real = columns(&db).await;
    let (int, text, bytes) = if db.is_sqlite() { ("INTEGER", "TEXT", "BLOB") } else { ("bigint", "text", "bytea") };
    let mut expected = BTreeMap::new();
    for table in TABLES {
        let columns = table.columns.iter().map(|column| match *column {
            Column::Int(n) => (n.to_owned(), int.to_owned(), false),
            Column::Text(n) => (n.to_owned(), text.to_owned(), false),
            Column::Bytes(n) => (n.to_owned(), bytes.to_owned(), false),
            Column::MaybeBytes(n) => (n.to_owned(), bytes.to_owned(), true),
        });
        assert!(expected.insert(table.name.to_owned(), columns.collect::<Vec<_>>()).is_none());
    }
    let listed: BTreeSet<_> = expected.keys().cloned().collect();
    let there: BTreeSet<_> = real.keys().filter(|n| *n != "session").cloned().collect();
    assert_eq!(there, listed, "a backup holds every table but the sessions");
    for (table, columns) in &expected {
        assert_eq!(&real[table], columns, "{table}: order, types and what may be empty");
    }
    let nullable = real
        .iter()
        .flat_map(|(table, columns)| columns.iter().filter(|c| c.2).map(move |c| format!("{table}.{}", c.0)));
    assert_eq!(nullable.collect::<Vec<_>>(), NULLABLE);
}

/// Names of indexes the migrations make by name; the two folders are compared by what they made.
async fn the_indexes_are_as_the_migrations_say(db: Scratch) {
    let mut conn = db.read().await.unwrap();
    let rows: Vec<(String,)> = match conn.each() {
        Each::Sqlite(c) => {
            sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
                .fetch_all(c)
                .await
                .unwrap()
        }
        Each::Postgres(c) => sqlx::query_as(
            "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_pkey' \
             AND indexname NOT LIKE '%\\_key' ORDER BY indexname",
        )
        .fetch_all(c)
        .await
        .unwrap(),
    };
    let real: BTreeSet<_> = rows.into_iter().map(|r| r.0).collect();
    let mut written = BTreeSet::new();
    for engine in ["sqlite", "postgres"] {
        let mut of_engine = BTreeSet::new();
        for (_, text) in migrations(engine) {
            for line in text.lines().filter(|l| l.starts_with("CREATE ") && l.contains(" INDEX ")) {
                of_engine.insert(line.split(" INDEX ").nth(1).unwrap().split(' ').next().unwrap().to_owned());
            }
        }
        if engine == "postgres" {
            assert_eq!(of_engine, written, "both folders make the same indexes");
        }
        written = of_engine;
    }
    assert_eq!(real, written);
}

fn migrations(engine: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    let files = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
    files.map(|f| (f.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(f).unwrap())).collect()
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine| migrations(engine).into_keys().collect::<Vec<_>>();
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

/// The list in `store::migrate` has every file, under its number and name.
async fn every_migration_has_run(db: Scratch) {
    let mut conn = db.read().await.unwrap();
    const TEXT: &str = "SELECT version, description FROM _sqlx_migrations ORDER BY version";
    let rows: Vec<(i64, String)> = match conn.each() {
        Each::Sqlite(c) => sqlx::query_as(TEXT).fetch_all(c).await.unwrap(),
        Each::Postgres(c) => sqlx::query_as(TEXT).fetch_all(c).await.unwrap(),
    };
    let run: Vec<_> = rows.into_iter().map(|(version, name)| format!("{version:04}_{name}.sql")).collect();
    assert_eq!(run, migrations("sqlite").into_keys().collect::<Vec<_>>());
}

#[test]
fn every_table_of_sqlite_is_strict() {
    on_sqlite(async |db: Scratch| {
        let mut conn = db.read().await.unwrap();
        let Each::Sqlite(c) = conn.each() else { panic!("a test of SQLite") };
        let rows = c.fetch_all("PRAGMA table_list").await.unwrap();
        for row in rows {
            let (name, kind, strict): (String, String, i64) = (row.get("name"), row.get("type"), row.get("strict"));
            let ours = kind == "table" && !name.starts_with("sqlite_") && name != OF_SQLX;
            assert!(!ours || strict == 1, "{name}");
        }
    });
}

/// A backup writes table by table: what a row refers to must be there before it.
#[test]
fn tables_stand_in_the_order_of_their_references() {
    on_sqlite(async |db: Scratch| {
        let mut conn = db.read().await.unwrap();
        let Each::Sqlite(c) = conn.each() else { panic!("a test of SQLite") };
        for (place, table) in TABLES.iter().enumerate() {
            let rows: Vec<(String,)> = sqlx::query_as("SELECT \"table\" FROM pragma_foreign_key_list($1)")
                .bind(table.name)
                .fetch_all(&mut *c)
                .await
                .unwrap();
            for (refers_to,) in rows {
                assert!(
                    TABLES[..place].iter().any(|t| t.name == refers_to),
                    "{} stands before {refers_to}",
                    table.name
                );
            }
        }
    });
}
