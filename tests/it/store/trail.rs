//! The audit's lines.

use merpati::store::StoreError;
use merpati::store::trail::{self, Line};

use super::{read, write};
use crate::support::cast::{at, fresh};
use crate::support::engine::{Scratch, both_engines};

both_engines!(lines_come_back_oldest_first, a_line_may_name_nobody_and_no_thread);

async fn lines_come_back_oldest_first(db: Scratch) {
    let (thread, actor) = (fresh(), fresh());
    for seconds in [30, 10, 20] {
        let line = Line {
            at: at(seconds),
            actor: Some(actor),
            action: "taken".to_owned(),
            thread: Some(thread),
            detail: format!("{seconds}"),
        };
        write!(db, |tx| trail::insert(tx, fresh(), &line)).unwrap();
        let elsewhere = Line { thread: Some(fresh()), ..line };
        write!(db, |tx| trail::insert(tx, fresh(), &elsewhere)).unwrap();
    }
    let lines = read!(db, |c| trail::list_of_thread(c, thread, 10));
    assert_eq!(lines.iter().map(|l| l.at).collect::<Vec<_>>(), [at(10), at(20), at(30)]);
    let Line { at: _, actor: who, action, thread: which, detail } = lines.into_iter().next().unwrap();
    assert_eq!((who, action.as_str(), which, detail.as_str()), (Some(actor), "taken", Some(thread), "10"));
    assert_eq!(read!(db, |c| trail::list_of_thread(c, thread, 2)).len(), 2);
}

async fn a_line_may_name_nobody_and_no_thread(db: Scratch) {
    let (id, thread) = (fresh(), fresh());
    let line =
        Line { at: at(1), actor: None, action: "exported".to_owned(), thread: Some(thread), detail: String::new() };
    write!(db, |tx| trail::insert(tx, id, &line)).unwrap();
    assert!(matches!(write!(db, |tx| trail::insert(tx, id, &line)), Err(StoreError::Taken(_))));
    assert_eq!(read!(db, |c| trail::list_of_thread(c, thread, 2))[0].actor, None);
    let of_the_house = Line { thread: None, ..line };
    write!(db, |tx| trail::insert(tx, fresh(), &of_the_house)).unwrap();
    assert_eq!(read!(db, |c| trail::list_of_thread(c, thread, 9)).len(), 1);
}
