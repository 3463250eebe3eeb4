//! The chain through the audit: a number for each line, a keyed hash that holds it to the line before, and the head.

use super::trail::{Kept, Row, kept};
use super::{Conn, NOTHING, StoreError, Tx, on, one, statements};
use crate::ids::AuditId;

/// Where the chain ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The last line's number; 0 while there is none.
    pub number: i64,
    /// The last link's hash.
    pub hash: Vec<u8>,
    /// How many lines at the beginning are older than the chain and have no tag of their own.
    pub untagged: i64,
    /// The keyed hash of all this; empty where nobody has written it yet.
    pub tag: Vec<u8>,
}

/// A link, and the line it holds; `None` where the line is gone.
pub struct Link {
    /// The line's number.
    pub number: i64,
    /// The keyed hash.
    pub hash: Vec<u8>,
    /// The line.
    pub line: Option<Kept>,
}

statements! {
    /// Makes the row where there is none, and holds it until the commit, so that one node chains at a time.
    HOLD_HEAD = "INSERT INTO audit_head (id, number, hash, untagged, tag) VALUES (1, 0, $1, 0, $1) \
        ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING number, hash, untagged, tag";
    FIND_HEAD = "SELECT number, hash, untagged, tag FROM audit_head";
    UPDATE_HEAD = "UPDATE audit_head SET number = $1, hash = $2, untagged = $3, tag = $4 WHERE id = 1";
    COUNT_UNTAGGED = "SELECT COUNT(*) FROM audit_unchained u JOIN audit a ON a.id = u.line_id WHERE length(a.tag) = 0";
    /// Lines without a tag first: they are older than the chain.
    LIST_WAITING = "SELECT a.id, a.at_us, a.actor_id, a.action, a.thread_id, a.detail, a.tag \
        FROM audit_unchained u JOIN audit a ON a.id = u.line_id ORDER BY length(a.tag) > 0, a.at_us, a.id LIMIT $1";
    COUNT_WAITING = "SELECT COUNT(*) FROM audit_unchained";
    INSERT_LINK = "INSERT INTO audit_link (number, line_id, hash) VALUES ($1, $2, $3)";
    DELETE_WAITING = "DELETE FROM audit_unchained WHERE line_id = $1";
    LIST_LINKS = "SELECT l.number, l.hash, a.id, a.at_us, a.actor_id, a.action, a.thread_id, a.detail, a.tag \
        FROM audit_link l LEFT JOIN audit a ON a.id = l.line_id WHERE l.number > $1 ORDER BY l.number LIMIT $2";
    /// Lines without a number, and whether they are known to wait for one.
    LIST_LOOSE = "SELECT a.id, a.at_us, a.actor_id, a.action, a.thread_id, a.detail, a.tag, \
        CAST(CASE WHEN u.line_id IS NULL THEN 0 ELSE 1 END AS BIGINT) \
        FROM audit a LEFT JOIN audit_link l ON l.line_id = a.id LEFT JOIN audit_unchained u ON u.line_id = a.id \
        WHERE l.line_id IS NULL AND a.id > $1 ORDER BY a.id LIMIT $2";
}

type HeadRow = (i64, Vec<u8>, i64, Vec<u8>);

fn head(row: HeadRow) -> Head {
    Head { number: row.0, hash: row.1, untagged: row.2, tag: row.3 }
}

fn rows_max(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The head, held for this transaction; a new one where there is none.
pub async fn hold_head(tx: &mut Tx) -> Result<Head, StoreError> {
    let row: HeadRow = on!(tx, |c| sqlx::query_as(HOLD_HEAD).bind(NOTHING).fetch_one(c).await)?;
    Ok(head(row))
}

/// The head as it stands.
pub async fn find_head(conn: &mut Conn) -> Result<Option<Head>, StoreError> {
    let row: Option<HeadRow> = on!(conn, |c| sqlx::query_as(FIND_HEAD).fetch_optional(c).await)?;
    Ok(row.map(head))
}

/// Moves the head on.
pub async fn update_head(tx: &mut Tx, head: &Head) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_HEAD)
        .bind(head.number)
        .bind(&head.hash)
        .bind(head.untagged)
        .bind(&head.tag)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "head of the audit")
}

/// How many waiting lines have no tag.
pub async fn count_untagged(conn: &mut Conn) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT_UNTAGGED).fetch_one(c).await)?;
    Ok(row.0)
}

/// How many lines wait for their number.
pub async fn count_waiting(conn: &mut Conn) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT_WAITING).fetch_one(c).await)?;
    Ok(row.0)
}

/// Lines that wait for their number, in the order in which they get it.
pub async fn list_waiting(conn: &mut Conn, limit: usize) -> Result<Vec<Kept>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST_WAITING).bind(rows_max(limit)).fetch_all(c).await)?;
    rows.into_iter().map(kept).collect()
}

/// Gives a line its number.
pub async fn insert_link(tx: &mut Tx, number: i64, line: AuditId, hash: &[u8]) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT_LINK)
        .bind(number)
        .bind(line.bytes())
        .bind(hash)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "link of the audit")?;
    on!(tx, |c| sqlx::query(DELETE_WAITING).bind(line.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

type LinkRow = (
    i64,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<i64>,
    Option<Vec<u8>>,
    Option<String>,
    Option<Vec<u8>>,
    Option<String>,
    Option<Vec<u8>>,
);

/// The links after this number, with their lines.
pub async fn list_links(conn: &mut Conn, after: i64, limit: usize) -> Result<Vec<Link>, StoreError> {
    let rows: Vec<LinkRow> =
        on!(conn, |c| sqlx::query_as(LIST_LINKS).bind(after).bind(rows_max(limit)).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(number, hash, id, at, actor, action, thread, detail, tag)| {
            let line = match (id, at, action, detail, tag) {
                (Some(id), Some(at), Some(action), Some(detail), Some(tag)) => {
                    // A line that was made senseless from outside is as good as gone.
                    kept((id, at, actor, action, thread, detail, tag)).ok()
                }
                _ => None,
            };
            Ok(Link { number, hash, line })
        })
        .collect()
}

/// A line without a number.
pub struct Loose {
    /// The line.
    pub line: Kept,
    /// It is in the list of those that wait.
    pub waits: bool,
}

type LooseRow = (Vec<u8>, i64, Option<Vec<u8>>, String, Option<Vec<u8>>, String, Vec<u8>, i64);

/// Lines without a number, by their rows.
pub async fn list_loose(conn: &mut Conn, after: Option<AuditId>, limit: usize) -> Result<Vec<Loose>, StoreError> {
    let after = after.map_or_else(Vec::new, |a| a.bytes().to_vec());
    let rows: Vec<LooseRow> =
        on!(conn, |c| sqlx::query_as(LIST_LOOSE).bind(after).bind(rows_max(limit)).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(id, at, actor, action, thread, detail, tag, waits)| {
            Ok(Loose { line: kept((id, at, actor, action, thread, detail, tag))?, waits: waits == 1 })
        })
        .collect()
}
