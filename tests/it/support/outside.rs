//! The database as somebody sees it who has only the database.

use sqlx::{AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Executor as _, Row as _, TypeInfo as _};
use sqlx::{PgConnection, SqliteConnection};

/// A value of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Nothing,
}

impl Cell {
    #[track_caller]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            other => panic!("no bytes: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn int(&self) -> i64 {
        match self {
            Self::Int(n) => *n,
            other => panic!("no number: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            other => panic!("no text: {other:?}"),
        }
    }
}

pub(crate) enum Outside {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

macro_rules! cells {
    ($row:expr) => {
        $row.columns()
            .iter()
            .enumerate()
            .map(|(n, column)| {
                let number = || $row.try_get::<Option<i64>, _>(n).unwrap().map(Cell::Int);
                match column.type_info().name() {
                    "INTEGER" | "INT8" | "BIGINT" => number(),
                    "TEXT" | "NAME" | "VARCHAR" => $row.try_get::<Option<String>, _>(n).unwrap().map(Cell::Text),
                    "BLOB" | "BYTEA" => $row.try_get::<Option<Vec<u8>>, _>(n).unwrap().map(Cell::Bytes),
                    // What an expression gives has no declared type in SQLite.
                    _ => $row
                        .try_get::<i64, _>(n)
                        .ok()
                        .map(Cell::Int)
                        .or_else(|| $row.try_get::<Vec<u8>, _>(n).ok().map(Cell::Bytes)),
                }
                .unwrap_or(Cell::Nothing)
            })
            .collect()
    };
}

impl Outside {
    pub(crate) async fn open(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            let options: sqlx::sqlite::SqliteConnectOptions = url.parse().unwrap();
            Self::Sqlite(options.busy_timeout(std::time::Duration::from_secs(10)).connect().await.unwrap())
        } else {
            Self::Postgres(PgConnection::connect(url).await.unwrap())
        }
    }

    /// The rows of a query of ours; `$1`, `$2` are bytes.
    pub(crate) async fn rows(&mut self, sql: &str, bytes: &[&[u8]]) -> Vec<Vec<Cell>> {
        let text = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(c) => {
                let query = bytes.iter().fold(sqlx::query(text), |q, b| q.bind(b.to_vec()));
                query.fetch_all(c).await.unwrap().iter().map(|row| cells!(row)).collect()
            }
            Self::Postgres(c) => {
                let query = bytes.iter().fold(sqlx::query(text), |q, b| q.bind(b.to_vec()));
                query.fetch_all(c).await.unwrap().iter().map(|row| cells!(row)).collect()
            }
        }
    }

    pub(crate) async fn row(&mut self, sql: &str, bytes: &[&[u8]]) -> Vec<Cell> {
        let mut rows = self.rows(sql, bytes).await;
        assert_eq!(rows.len(), 1, "{sql}");
        rows.remove(0)
    }

    pub(crate) async fn count(&mut self, table: &str) -> i64 {
        self.row(&format!("SELECT count(*) FROM {table}"), &[]).await[0].int()
    }

    /// Runs statements of ours; what the engine says where it refuses.
    pub(crate) async fn attempt(&mut self, sql: &str) -> Result<(), String> {
        let text = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let outcome = match self {
            Self::Sqlite(c) => c.execute(text).await.map(|_| ()),
            Self::Postgres(c) => c.execute(text).await.map(|_| ()),
        };
        outcome.map_err(|e| e.to_string())
    }

    /// The ids of everybody who holds a grant, in order.
    pub(crate) async fn grant_holders(&mut self) -> Vec<Vec<u8>> {
        let rows = self.rows("SELECT reader_id FROM epoch_grant ORDER BY reader_id", &[]).await;
        rows.iter().map(|r| r[0].bytes().to_vec()).collect()
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Sqlite(c) => c.close().await.unwrap(),
            Self::Postgres(c) => c.close().await.unwrap(),
        }
    }
}
