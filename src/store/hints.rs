//! What a client is told or asked in the mailbox, and the code word.

use super::{Conn, StoreError, Tx, moment, on, statements, word};
use crate::clock::Moment;
use crate::ids::{PersonId, ThreadId};

/// Something a client is told or asked.
pub struct Hint {
    /// A word of `flow::hints::HintKind`.
    pub kind: String,
    /// The letter or held mail it is about, as id bytes.
    pub about: Vec<u8>,
    /// When it came up.
    pub created: Moment,
    /// When the client put it away.
    pub seen: Option<Moment>,
    /// What the client answered, in a word; empty: nothing yet.
    pub answer: String,
}

/// How a question for the code word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeResult {
    /// Not answered.
    Open,
    /// The word was right.
    Match,
    /// It was not.
    Miss,
}

impl CodeResult {
    /// The word in the table and in text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Match => "match",
            Self::Miss => "miss",
        }
    }
}

impl std::str::FromStr for CodeResult {
    type Err = crate::role::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Open, Self::Match, Self::Miss].into_iter().find(|s| s.word() == text).ok_or(crate::role::UnknownWord)
    }
}

/// A counselor's question for the code word.
pub struct CodeQuestion {
    /// When it was asked.
    pub asked: Moment,
    /// How it stands.
    pub result: CodeResult,
    /// When it was answered last.
    pub answered: Option<Moment>,
    /// Tries since `day`.
    pub tries: i64,
    /// When the present day of tries began.
    pub day: Moment,
}

statements! {
    UPSERT_HINT = "INSERT INTO hint (thread_id, kind, about_id, created_us) VALUES ($1, $2, $3, $4) ON CONFLICT (thread_id, kind) \
                   DO UPDATE SET about_id = excluded.about_id, created_us = excluded.created_us, seen_us = 0, answer = ''";
    INSERT_HINT_ONCE = "INSERT INTO hint (thread_id, kind, about_id, created_us) VALUES ($1, $2, $3, $4) ON CONFLICT (thread_id, kind) DO NOTHING";
    LIST_HINTS = "SELECT kind, about_id, created_us, seen_us, answer FROM hint WHERE thread_id = $1 ORDER BY created_us, kind";
    ANSWER_HINT = "UPDATE hint SET seen_us = $3, answer = $4 WHERE thread_id = $1 AND kind = $2 AND seen_us = 0";
    UPSERT_WORD = "INSERT INTO code_word (person_id, hidden, set_us) VALUES ($1, $2, $3) ON CONFLICT (person_id) \
                   DO UPDATE SET hidden = excluded.hidden, set_us = excluded.set_us";
    FIND_WORD = "SELECT hidden, set_us FROM code_word WHERE person_id = $1";
    DELETE_WORD = "DELETE FROM code_word WHERE person_id = $1";
    ASK_CODE = "INSERT INTO code_question (thread_id, asked_us, result) VALUES ($1, $2, 'open') ON CONFLICT (thread_id) \
                DO UPDATE SET asked_us = excluded.asked_us, result = 'open', answered_us = 0";
    FIND_CODE = "SELECT asked_us, result, answered_us, tries, day_us FROM code_question WHERE thread_id = $1";
    COUNT_TRY = "UPDATE code_question SET tries = CASE WHEN day_us < $2 THEN 1 ELSE tries + 1 END, \
                 day_us = CASE WHEN day_us < $2 THEN $3 ELSE day_us END \
                 WHERE thread_id = $1 AND (day_us < $2 OR tries < $4)";
    ANSWER_CODE = "UPDATE code_question SET result = $2, answered_us = $3 WHERE thread_id = $1";
}

/// Tells a client something; the same kind again replaces the one before, unless it is asked once only.
pub async fn insert(
    tx: &mut Tx,
    thread: ThreadId,
    kind: &str,
    about: &[u8],
    now: Moment,
    once: bool,
) -> Result<(), StoreError> {
    let text = if once { INSERT_HINT_ONCE } else { UPSERT_HINT };
    on!(tx, |c| sqlx::query(text)
        .bind(thread.bytes())
        .bind(kind)
        .bind(about)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// All hints of a thread, oldest first.
pub async fn list(conn: &mut Conn, thread: ThreadId) -> Result<Vec<Hint>, StoreError> {
    let rows: Vec<(String, Vec<u8>, i64, i64, String)> =
        on!(conn, |c| sqlx::query_as(LIST_HINTS).bind(thread.bytes()).fetch_all(c).await)?;
    let hint = |r: (String, Vec<u8>, i64, i64, String)| Hint {
        kind: r.0,
        about: r.1,
        created: Moment::from_micros(r.2),
        seen: moment(r.3),
        answer: r.4,
    };
    Ok(rows.into_iter().map(hint).collect())
}

/// The client put a hint away with an answer; false when it was answered before.
pub async fn answer(tx: &mut Tx, thread: ThreadId, kind: &str, answer: &str, now: Moment) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(ANSWER_HINT)
        .bind(thread.bytes())
        .bind(kind)
        .bind(now.micros())
        .bind(answer)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// Sets a client's code word, hidden.
pub async fn upsert_word(tx: &mut Tx, person: PersonId, hidden: &[u8], now: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(UPSERT_WORD)
        .bind(person.bytes())
        .bind(hidden)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// A client's code word, hidden, and since when.
pub async fn find_word(conn: &mut Conn, person: PersonId) -> Result<Option<(Vec<u8>, Moment)>, StoreError> {
    let row: Option<(Vec<u8>, i64)> =
        on!(conn, |c| sqlx::query_as(FIND_WORD).bind(person.bytes()).fetch_optional(c).await)?;
    Ok(row.map(|r| (r.0, Moment::from_micros(r.1))))
}

/// Forgets a client's code word.
pub async fn delete_word(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(DELETE_WORD).bind(person.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Asks for the code word (again); tries of the day stay counted.
pub async fn ask_code(tx: &mut Tx, thread: ThreadId, now: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(ASK_CODE).bind(thread.bytes()).bind(now.micros()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// How the question of a thread stands.
pub async fn find_code(conn: &mut Conn, thread: ThreadId) -> Result<Option<CodeQuestion>, StoreError> {
    let row: Option<(i64, String, i64, i64, i64)> =
        on!(conn, |c| sqlx::query_as(FIND_CODE).bind(thread.bytes()).fetch_optional(c).await)?;
    row.map(|r| {
        Ok(CodeQuestion {
            asked: Moment::from_micros(r.0),
            result: word(&r.1, "code_question.result", thread.bytes())?,
            answered: moment(r.2),
            tries: r.3,
            day: Moment::from_micros(r.4),
        })
    })
    .transpose()
}

/// Takes one of the day's tries; false when none is left. A day begins anew when the last began before `since`.
pub async fn count_try(
    tx: &mut Tx,
    thread: ThreadId,
    since: Moment,
    now: Moment,
    tries_max: i64,
) -> Result<bool, StoreError> {
    let done = on!(tx, |c| sqlx::query(COUNT_TRY)
        .bind(thread.bytes())
        .bind(since.micros())
        .bind(now.micros())
        .bind(tries_max)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    Ok(done == 1)
}

/// The question was answered.
pub async fn answer_code(tx: &mut Tx, thread: ThreadId, result: CodeResult, now: Moment) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(ANSWER_CODE)
        .bind(thread.bytes())
        .bind(result.word())
        .bind(now.micros())
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}
