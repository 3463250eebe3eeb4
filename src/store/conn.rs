//! The seam: one database, two engines, readers and writers.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction};

use super::StoreError;
use super::group::{GroupTx, Writer};
use super::migrate;

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// A PostgreSQL connection that was idle for longer is asked whether it is still there before it is used.
const IDLE_UNASKED: Duration = Duration::from_secs(1);

/// An open database; cheap to clone.
#[derive(Clone)]
pub struct Db(Engine);

#[derive(Clone)]
enum Engine {
    Sqlite { readers: SqlitePool, writer: Writer },
    Postgres(PgPool),
}

/// A connection that reads.
pub struct Conn {
    kind: Kind,
    /// A statement on it has failed.
    failed: bool,
}

enum Kind {
    /// A pooled reader or a turn of the one writer.
    Sqlite(SqliteConn),
    /// A pooled connection or a transaction.
    Postgres(PgConn),
}

/// The engine's own connection behind a [`Conn`].
pub enum Each<'a> {
    /// SQLite.
    Sqlite(&'a mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'a mut PgConnection),
}

impl Conn {
    const fn new(kind: Kind) -> Self {
        Self { kind, failed: false }
    }

    /// The engine's own connection, for the macro `on`.
    pub fn each(&mut self) -> Each<'_> {
        match &mut self.kind {
            Kind::Sqlite(c) => Each::Sqlite(c),
            Kind::Postgres(c) => Each::Postgres(c),
        }
    }

    /// Remembers that a statement failed, for the macro `on`.
    pub(super) const fn note_failure(&mut self) {
        self.failed = true;
    }
}

/// See [`Kind::Sqlite`].
enum SqliteConn {
    /// Query-only.
    Reader(PoolConnection<Sqlite>),
    /// Query-only, all of it at one moment.
    Snapshot(Transaction<'static, Sqlite>),
    /// A savepoint of the group.
    Writer(GroupTx),
}

/// See [`Kind::Postgres`].
enum PgConn {
    /// Outside a transaction.
    Pooled(PoolConnection<Postgres>),
    /// Inside one.
    Writer(Transaction<'static, Postgres>),
}

/// A transaction: everything written through it is kept together by [`Tx::commit`], or not at all when it is dropped.
///
/// After a failed statement PostgreSQL keeps nothing and says "done" to a commit all the same, where SQLite would keep
/// the rest. So that nobody is told of something that is not there, [`Tx::commit`] refuses on both.
pub struct Tx(Conn);

impl Db {
    /// Opens `sqlite:PATH` or `postgres://...` and brings the tables up to date.
    pub async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            Self::open_sqlite(Path::new(path.trim_start_matches("//")), connections).await
        } else {
            let options = PgConnectOptions::from_str(url)?.application_name("merpati").disable_statement_logging();
            let pool = PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                // A connection in use a moment ago is not asked again whether it is still there.
                .test_before_acquire(false)
                .before_acquire(|conn, meta| {
                    Box::pin(async move {
                        if meta.idle_for > IDLE_UNASKED {
                            sqlx::Connection::ping(conn).await?;
                        }
                        Ok(true)
                    })
                })
                .connect_with(options)
                .await?;
            migrate::postgres(&pool).await?;
            Ok(Self(Engine::Postgres(pool)))
        }
    }

    async fn open_sqlite(path: &Path, connections: u32) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A letter is acknowledged after its commit, so the commit must be on the disk.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("secure_delete", "ON")
            .pragma("temp_store", "MEMORY")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let mut conn = options.connect().await?;
        migrate::sqlite(&mut conn).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A file does not hang up; asking whether it did would cost as much as the statement.
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self(Engine::Sqlite { readers, writer: Writer::new(conn) }))
    }

    /// A connection for reading.
    pub async fn read(&self) -> Result<Conn, StoreError> {
        Ok(Conn::new(match &self.0 {
            Engine::Sqlite { readers, .. } => Kind::Sqlite(SqliteConn::Reader(readers.acquire().await?)),
            Engine::Postgres(pool) => Kind::Postgres(PgConn::Pooled(pool.acquire().await?)),
        }))
    }

    /// Begins a transaction. Only `flow` calls this.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Tx(Conn::new(match &self.0 {
            Engine::Sqlite { writer, .. } => Kind::Sqlite(SqliteConn::Writer(writer.begin().await?)),
            Engine::Postgres(pool) => Kind::Postgres(PgConn::Writer(pool.begin().await?)),
        })))
    }

    /// A connection that sees everything as it was at one moment, for a backup.
    pub async fn snapshot(&self) -> Result<Conn, StoreError> {
        Ok(Conn::new(match &self.0 {
            Engine::Sqlite { readers, .. } => Kind::Sqlite(SqliteConn::Snapshot(readers.begin().await?)),
            Engine::Postgres(pool) => {
                let tx = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
                Kind::Postgres(PgConn::Writer(tx))
            }
        }))
    }

    /// "SQLite" or "PostgreSQL".
    pub const fn engine(&self) -> &'static str {
        match self.0 {
            Engine::Sqlite { .. } => "SQLite",
            Engine::Postgres(_) => "PostgreSQL",
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut conn = self.read().await?;
        super::on!(conn, |c| sqlx::query("SELECT 1").execute(c).await.map(|_| ()))?;
        Ok(())
    }

    /// After very many rows were written at once: lets PostgreSQL count them, so that it plans for what is there. It
    /// would do so itself a minute later; SQLite needs no counts here.
    pub async fn refresh_statistics(&self) -> Result<(), StoreError> {
        if let Engine::Postgres(pool) = &self.0 {
            sqlx::query("ANALYZE").execute(pool).await?;
        }
        Ok(())
    }

    /// Ends all connections.
    pub async fn close(&self) {
        match &self.0 {
            Engine::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Keeps everything written and returns once it is durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.0.failed {
            return Err(StoreError::Gone("transaction"));
        }
        match self.0.kind {
            Kind::Sqlite(SqliteConn::Writer(tx)) => tx.commit().await,
            Kind::Postgres(PgConn::Writer(tx)) => Ok(tx.commit().await?),
            // Not reachable: a `Tx` is made by `Db::begin` only.
            Kind::Sqlite(SqliteConn::Reader(_) | SqliteConn::Snapshot(_)) | Kind::Postgres(PgConn::Pooled(_)) => {
                Err(StoreError::Gone("transaction"))
            }
        }
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

impl Deref for SqliteConn {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Reader(c) => c,
            Self::Snapshot(c) => c,
            Self::Writer(c) => c,
        }
    }
}

impl DerefMut for SqliteConn {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Reader(c) => c,
            Self::Snapshot(c) => c,
            Self::Writer(c) => c,
        }
    }
}

impl Deref for PgConn {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        match self {
            Self::Pooled(c) => c,
            Self::Writer(c) => c,
        }
    }
}

impl DerefMut for PgConn {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Pooled(c) => c,
            Self::Writer(c) => c,
        }
    }
}
