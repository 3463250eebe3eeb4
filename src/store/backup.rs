//! Every table as plain rows, for a backup that either engine can restore.
//!
//! All columns are one of three kinds, so a row is a list of [`Value`]s. The list of tables stands in the order in which
//! foreign keys allow them to be written; a test compares it with the real tables of both engines.

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Row as _};

use super::tables::Column::{Bytes, Int, MaybeBytes, Text};
use super::tables::{Column, Table};
use super::{Conn, StoreError, Tx, on};

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes or nothing.
    Bytes(Option<Vec<u8>>),
}

impl Column {
    /// The column's name.
    pub const fn name(self) -> &'static str {
        match self {
            Int(n) | Text(n) | Bytes(n) | MaybeBytes(n) => n,
        }
    }
}

impl Table {
    /// The text that reads all rows.
    pub fn select(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|c| c.name()).collect();
        format!("SELECT {} FROM {} ORDER BY {}", columns.join(", "), self.name, self.key)
    }

    /// The text that writes one row.
    pub fn insert(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|c| c.name()).collect();
        let marks: Vec<_> = (1..=columns.len()).map(|n| format!("${n}")).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", self.name, columns.join(", "), marks.join(", "))
    }

    /// The text that writes so many rows at once.
    pub fn insert_many(&self, rows: usize) -> String {
        let width = self.columns.len();
        let columns: Vec<_> = self.columns.iter().map(|c| c.name()).collect();
        let marks = |row: usize| (1..=width).map(|n| format!("${}", row * width + n)).collect::<Vec<_>>().join(", ");
        let groups: Vec<_> = (0..rows).map(|row| format!("({})", marks(row))).collect();
        format!("INSERT INTO {} ({}) VALUES {}", self.name, columns.join(", "), groups.join(", "))
    }

    /// Whether the table holds nothing.
    pub async fn is_empty(&self, conn: &mut Conn) -> Result<bool, StoreError> {
        let text = format!("SELECT COUNT(*) FROM (SELECT 1 AS x FROM {} LIMIT 1) AS n", self.name);
        let row: (i64,) = on!(conn, |c| sqlx::query_as(AssertSqlSafe(text)).fetch_one(c).await)?;
        Ok(row.0 == 0)
    }

    /// Shows every row as it comes, so that memory stays bounded. The receiver's error ends it.
    pub async fn each<E: From<StoreError>>(
        &self,
        conn: &mut Conn,
        mut show: impl FnMut(Vec<Value>) -> Result<(), E>,
    ) -> Result<(), E> {
        on!(conn, |c| {
            let mut rows = sqlx::query(AssertSqlSafe(self.select())).fetch(c);
            while let Some(row) = rows.try_next().await.map_err(StoreError::from)? {
                let cells = self.columns.iter().map(|column| {
                    Ok(match column {
                        Int(n) => Value::Int(row.try_get(*n)?),
                        Text(n) => Value::Text(row.try_get(*n)?),
                        Bytes(n) => Value::Bytes(Some(row.try_get(*n)?)),
                        MaybeBytes(n) => Value::Bytes(row.try_get(*n)?),
                    })
                });
                show(cells.collect::<Result<_, sqlx::Error>>().map_err(StoreError::from)?)?;
            }
            Ok(())
        })
    }

    /// Writes a row; its cells must fit the columns.
    pub async fn write(&self, tx: &mut Tx, row: &[Value]) -> Result<(), StoreError> {
        on!(tx, |c| {
            let mut query = sqlx::query(AssertSqlSafe(self.insert()));
            for value in row {
                query = match value {
                    Value::Int(n) => query.bind(*n),
                    Value::Text(t) => query.bind(t),
                    Value::Bytes(b) => query.bind(b),
                };
            }
            query.execute(c).await.map(|_| ())
        })?;
        Ok(())
    }

    /// Writes many rows with one statement: for bulk, where a statement costs more than a row. Both engines take a few
    /// hundred rows of any table.
    pub async fn write_many(&self, tx: &mut Tx, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        on!(tx, |c| {
            let mut query = sqlx::query(AssertSqlSafe(self.insert_many(rows.len())));
            for value in rows.iter().flatten() {
                query = match value {
                    Value::Int(n) => query.bind(*n),
                    Value::Text(t) => query.bind(t),
                    Value::Bytes(b) => query.bind(b),
                };
            }
            query.execute(c).await.map(|_| ())
        })?;
        Ok(())
    }
}
