//! What the store promises, on both engines.

mod attempts;
mod backup;
mod cancel;
mod concurrent;
mod desks;
mod drafts;
mod gather;
mod group_commit;
mod groups;
mod held;
mod jobs;
mod letters;
mod outbox;
mod people;
mod queue;
mod sessions;
mod threads;
mod trail;
mod transactions;

/// Writes in a transaction of its own and keeps it: `write!(db, |tx| people::insert(tx, &p))`.
macro_rules! write {
    ($db:expr, |$tx:ident| $body:expr) => {{
        let mut owned = $db.begin().await.unwrap();
        let $tx = &mut owned;
        let outcome = $body.await;
        if outcome.is_ok() {
            owned.commit().await.unwrap();
        }
        outcome
    }};
}
use write;

/// Reads on a connection of its own.
macro_rules! read {
    ($db:expr, |$conn:ident| $body:expr) => {{
        let mut owned = $db.read().await.unwrap();
        let $conn = &mut owned;
        $body.await.unwrap()
    }};
}
use read;
