//! Every table as plain rows, for a backup that either engine can restore.
//!
//! All columns are one of three kinds, so a row is a list of [`Value`]s. The list of tables stands in the order in which
//! foreign keys allow them to be written; a test compares it with the real tables of both engines.

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Row as _};

use super::{Conn, StoreError, Tx, on};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// A number.
    Int(&'static str),
    /// A word or a text.
    Text(&'static str),
    /// Bytes.
    Bytes(&'static str),
    /// Bytes or nothing.
    MaybeBytes(&'static str),
}

use Column::{Bytes, Int, MaybeBytes, Text};

/// A table and its columns.
pub struct Table {
    /// Name.
    pub name: &'static str,
    /// Columns in order; the first ones are the key.
    pub columns: &'static [Column],
    /// The columns rows are read in order of.
    pub key: &'static str,
}

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

/// All tables but `session`: nobody stays signed in across a restore.
pub const TABLES: &[Table] = &[
    Table {
        name: "desk",
        columns: &[
            Bytes("id"),
            Text("slug"),
            Text("name"),
            Text("about_id"),
            Text("about_en"),
            Text("zone"),
            Text("hours"),
            Int("reads_per_day"),
            Int("is_open"),
            Bytes("cert"),
            Int("created_us"),
        ],
        key: "id",
    },
    Table {
        name: "person",
        columns: &[
            Bytes("id"),
            Text("roles"),
            Bytes("name_hash"),
            Bytes("name_sealed"),
            Text("language"),
            Bytes("cert"),
            Bytes("locked_key"),
            Bytes("locked_recovery"),
            Int("created_us"),
            Int("seen_us"),
            Int("disabled_us"),
        ],
        key: "id",
    },
    Table {
        name: "notice",
        columns: &[
            Bytes("person_id"),
            Text("mode"),
            Bytes("address_sealed"),
            Bytes("address_hash"),
            Bytes("token_hash"),
            Int("asked_us"),
            Int("confirmed_us"),
        ],
        key: "person_id",
    },
    Table {
        name: "client_key",
        columns: &[
            Bytes("person_id"),
            Bytes("key_hash"),
            Bytes("cert_sealed"),
            Text("state"),
            Text("how"),
            Int("seen_us"),
            Int("confirmed_us"),
        ],
        key: "person_id, key_hash",
    },
    Table {
        name: "delivery",
        columns: &[Bytes("person_id"), Text("mode"), Text("warning"), Int("chosen_us")],
        key: "person_id",
    },
    Table {
        name: "invitation",
        columns: &[
            Bytes("token_hash"),
            Text("roles"),
            MaybeBytes("desk_id"),
            Int("created_us"),
            Int("expires_us"),
            Int("used_us"),
        ],
        key: "token_hash",
    },
    Table {
        name: "member",
        columns: &[Bytes("desk_id"), Bytes("person_id"), Bytes("desk_grant"), Int("since_us")],
        key: "desk_id, person_id",
    },
    Table {
        name: "thread",
        columns: &[
            Bytes("id"),
            Bytes("desk_id"),
            Bytes("client_id"),
            Text("state"),
            Int("urgent"),
            MaybeBytes("assignee_id"),
            Bytes("epoch_id"),
            Bytes("token_hash"),
            Bytes("token_sealed"),
            Int("created_us"),
            Int("waiting_us"),
            Int("last_us"),
        ],
        key: "id",
    },
    Table {
        name: "epoch",
        columns: &[
            Bytes("id"),
            Bytes("thread_id"),
            Int("number"),
            Bytes("cert"),
            Bytes("previous_sealed"),
            Int("created_us"),
        ],
        key: "id",
    },
    Table {
        name: "epoch_grant",
        columns: &[Bytes("epoch_id"), Bytes("reader_id"), Bytes("body"), Int("created_us")],
        key: "epoch_id, reader_id",
    },
    Table {
        name: "letter",
        columns: &[
            Bytes("id"),
            Bytes("thread_id"),
            Bytes("epoch_id"),
            Text("author"),
            MaybeBytes("author_id"),
            Text("door"),
            Int("received_us"),
            Int("released_us"),
            Int("read_us"),
            Int("covers_us"),
            Int("files"),
            Bytes("body"),
            Bytes("dedup"),
        ],
        key: "id",
    },
    Table {
        name: "attachment",
        columns: &[Bytes("id"), Bytes("letter_id"), Int("position"), Bytes("body")],
        key: "id",
    },
    Table {
        name: "reply_mail",
        columns: &[
            Bytes("letter_id"),
            Bytes("outbox_id"),
            Text("mode"),
            Bytes("key_hash"),
            Bytes("body_sealed"),
            Int("created_us"),
        ],
        key: "letter_id",
    },
    Table {
        name: "held",
        columns: &[
            Bytes("id"),
            Bytes("desk_id"),
            MaybeBytes("thread_id"),
            Text("reasons"),
            Int("received_us"),
            Bytes("body"),
            Bytes("dedup"),
        ],
        key: "id",
    },
    Table {
        name: "draft",
        columns: &[Bytes("thread_id"), Bytes("author_id"), Bytes("body"), Int("updated_us")],
        key: "thread_id, author_id",
    },
    Table {
        name: "draft_file",
        columns: &[Bytes("id"), Bytes("thread_id"), Bytes("author_id"), Bytes("body"), Int("created_us")],
        key: "id",
    },
    Table {
        name: "note",
        columns: &[Bytes("id"), Bytes("thread_id"), Bytes("author_id"), Bytes("body"), Int("created_us")],
        key: "id",
    },
    Table {
        name: "outbox",
        columns: &[
            Bytes("id"),
            Text("kind"),
            Text("language"),
            Bytes("recipient_sealed"),
            Bytes("link_sealed"),
            Text("state"),
            Int("due_us"),
            Int("leased_until_us"),
            Int("tries"),
            Text("reason"),
            Int("created_us"),
            Int("done_us"),
        ],
        key: "id",
    },
    Table {
        name: "job",
        columns: &[
            Bytes("id"),
            Text("kind"),
            Bytes("subject"),
            Text("state"),
            Int("due_us"),
            Int("leased_until_us"),
            Int("tries"),
            Text("reason"),
            Int("created_us"),
            Int("done_us"),
        ],
        key: "id",
    },
    Table { name: "schedule", columns: &[Text("name"), Int("next_us")], key: "name" },
    Table {
        name: "fetched",
        columns: &[
            Bytes("account"),
            Int("uid_validity"),
            Int("last_uid"),
            Bytes("holder"),
            Int("leased_until_us"),
            Int("done_us"),
            Int("failed_us"),
            Text("reason"),
        ],
        key: "account",
    },
    Table {
        name: "fetch_trouble",
        columns: &[Bytes("account"), Int("uid"), Int("tries"), Text("reason")],
        key: "account, uid",
    },
    Table {
        name: "audit",
        columns: &[
            Bytes("id"),
            Int("at_us"),
            MaybeBytes("actor_id"),
            Text("action"),
            MaybeBytes("thread_id"),
            Text("detail"),
        ],
        key: "id",
    },
    Table {
        name: "canary",
        columns: &[Bytes("id"), Int("sent_us"), Int("stored_us"), Int("returned_us"), Bytes("body")],
        key: "id",
    },
];

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
