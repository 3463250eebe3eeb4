//! What can go wrong between us and the database.

use crate::ids::base32;

/// A failed read or write.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or is busy: worth another try later.
    #[error("the database does not answer")]
    Unavailable(#[source] sqlx::Error),
    /// A unique key is taken already.
    #[error("this is there already ({0})")]
    Taken(String),
    /// A row that had to be there (or in that state) is not.
    #[error("{0} is not there or was changed meanwhile")]
    Gone(&'static str),
    /// A row that makes no sense.
    #[error("{column} of row {row} makes no sense")]
    Inconsistent {
        /// `table.column`
        column: &'static str,
        /// The row's id in base 32.
        row: String,
    },
    /// The migrations of this program and of the database do not fit.
    #[error("the database was made by another version of Merpati: {0}")]
    Version(String),
    /// Anything else the engine says; our own texts never hold values, so this may be logged.
    #[error("the database refused a statement: {0}")]
    Refused(String),
}

impl StoreError {
    pub(super) fn inconsistent(column: &'static str, row: &[u8]) -> Self {
        Self::Inconsistent { column, row: base32(row) }
    }

    /// Whether the same call may work in a while.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(ref e) if e.is_unique_violation() => {
                Self::Taken(e.constraint().or(e.table()).unwrap_or("a unique key").to_owned())
            }
            sqlx::Error::Database(ref e) => {
                // SQLite: 5 busy, 6 locked, 10 disk I/O, 13 full, 14 cannot open. PostgreSQL: classes 08, 53, 57 and a
                // serialization failure or deadlock pass by themselves.
                let code = e.code().unwrap_or_default();
                let passing =
                    code.parse::<u32>().is_ok_and(|c| code.len() < 5 && matches!(c & 0xff, 5 | 6 | 10 | 13 | 14))
                        || (code.len() == 5 && ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)));
                if passing { Self::Unavailable(error) } else { Self::Refused(format!("{code} {}", e.kind_name())) }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// The engine's kind of refusal in a word: its own message may quote a value, so it is not used.
trait KindName {
    fn kind_name(&self) -> &'static str;
}

impl KindName for Box<dyn sqlx::error::DatabaseError> {
    fn kind_name(&self) -> &'static str {
        match self.kind() {
            sqlx::error::ErrorKind::ForeignKeyViolation => "foreign key",
            sqlx::error::ErrorKind::NotNullViolation => "not null",
            sqlx::error::ErrorKind::CheckViolation => "check",
            _ => "other",
        }
    }
}
