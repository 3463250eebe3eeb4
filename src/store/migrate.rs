//! Brings the tables up to date: forward only, the same names on both engines.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{PgPool, SqliteConnection};

use super::StoreError;

/// Version, name, SQLite text, PostgreSQL text.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "house",
        include_str!("../../migrations/sqlite/0001_house.sql"),
        include_str!("../../migrations/postgres/0001_house.sql"),
    ),
    (
        2,
        "shelf",
        include_str!("../../migrations/sqlite/0002_shelf.sql"),
        include_str!("../../migrations/postgres/0002_shelf.sql"),
    ),
    (
        3,
        "client_key",
        include_str!("../../migrations/sqlite/0003_client_key.sql"),
        include_str!("../../migrations/postgres/0003_client_key.sql"),
    ),
    (
        4,
        "fetch",
        include_str!("../../migrations/sqlite/0004_fetch.sql"),
        include_str!("../../migrations/postgres/0004_fetch.sql"),
    ),
    (
        5,
        "canary",
        include_str!("../../migrations/sqlite/0005_canary.sql"),
        include_str!("../../migrations/postgres/0005_canary.sql"),
    ),
    (
        6,
        "threads",
        include_str!("../../migrations/sqlite/0006_threads.sql"),
        include_str!("../../migrations/postgres/0006_threads.sql"),
    ),
    (
        7,
        "attempt",
        include_str!("../../migrations/sqlite/0007_attempt.sql"),
        include_str!("../../migrations/postgres/0007_attempt.sql"),
    ),
    (
        8,
        "audit",
        include_str!("../../migrations/sqlite/0008_audit.sql"),
        include_str!("../../migrations/postgres/0008_audit.sql"),
    ),
];

pub(super) async fn sqlite(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    migrator(|m| m.2).run(conn).await.map_err(version)
}

pub(super) async fn postgres(pool: &PgPool) -> Result<(), StoreError> {
    migrator(|m| m.3).run(pool).await.map_err(version)
}

fn migrator(text: impl Fn(&(i64, &'static str, &'static str, &'static str)) -> &'static str) -> Migrator {
    let list = MIGRATIONS
        .iter()
        .map(|m| Migration::new(m.0, m.1.into(), MigrationType::Simple, sqlx::SqlStr::from_static(text(m)), false));
    Migrator::with_migrations(list.collect())
}

fn version(error: sqlx::migrate::MigrateError) -> StoreError {
    match error {
        sqlx::migrate::MigrateError::Execute(e) => e.into(),
        other => StoreError::Version(other.to_string()),
    }
}
