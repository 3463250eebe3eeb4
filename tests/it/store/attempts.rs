//! Wrong tries at a sign-in.

use merpati::store::attempts;

use super::{read, write};
use crate::support::cast::at;
use crate::support::engine::{Scratch, both_engines};

both_engines!(tries_are_counted_in_their_time, a_hold_is_seen_and_taken_back, tries_at_once_are_all_counted);

async fn tries_are_counted_in_their_time(db: Scratch) {
    for n in 1..=3 {
        assert_eq!(write!(db, |tx| attempts::count(tx, b"a", at(n), at(0))).unwrap(), n);
    }
    assert_eq!(write!(db, |tx| attempts::count(tx, b"b", at(3), at(0))).unwrap(), 1, "each scope has its own");
    assert_eq!(write!(db, |tx| attempts::count(tx, b"a", at(9), at(5))).unwrap(), 1, "the old ones are forgotten");
    assert_eq!(write!(db, |tx| attempts::count(tx, b"a", at(10), at(5))).unwrap(), 2);
    write!(db, |tx| attempts::uncount(tx, b"a")).unwrap();
    assert_eq!(write!(db, |tx| attempts::count(tx, b"a", at(11), at(5))).unwrap(), 2);
    write!(db, |tx| attempts::delete(tx, b"a")).unwrap();
    assert_eq!(write!(db, |tx| attempts::count(tx, b"a", at(12), at(5))).unwrap(), 1);
}

async fn a_hold_is_seen_and_taken_back(db: Scratch) {
    assert_eq!(read!(db, |c| attempts::find(c, b"a")), None);
    write!(db, |tx| attempts::count(tx, b"a", at(1), at(0))).unwrap();
    assert_eq!(read!(db, |c| attempts::find(c, b"a")), None);
    write!(db, |tx| attempts::hold(tx, b"a", at(60))).unwrap();
    assert_eq!(read!(db, |c| attempts::find(c, b"a")), Some(at(60)));
    // What still holds somebody is not forgotten.
    write!(db, |tx| attempts::delete_old(tx, at(30), at(59))).unwrap();
    assert_eq!(read!(db, |c| attempts::find(c, b"a")), Some(at(60)));
    write!(db, |tx| attempts::uncount(tx, b"a")).unwrap();
    assert_eq!(read!(db, |c| attempts::find(c, b"a")), None);
    write!(db, |tx| attempts::delete_old(tx, at(30), at(61))).unwrap();
    assert_eq!(write!(db, |tx| attempts::count(tx, b"a", at(62), at(0))).unwrap(), 1);
}

async fn tries_at_once_are_all_counted(db: Scratch) {
    let db = std::sync::Arc::new(db);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let db = std::sync::Arc::clone(&db);
        tasks.spawn(async move { write!(db, |tx| attempts::count(tx, b"a", at(1), at(0))).unwrap() });
    }
    let mut counts = tasks.join_all().await;
    counts.sort_unstable();
    assert_eq!(counts, (1..=12).collect::<Vec<i64>>());
}
