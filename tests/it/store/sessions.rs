//! Sessions.

use merpati::clock::Moment;
use merpati::role::Role;
use merpati::store::sessions::{self, Session};
use merpati::store::{StoreError, people};

use super::{read, write};
use crate::support::cast::{at, fresh, person};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    a_session_comes_back_with_its_person,
    a_session_is_touched_locked_and_ended,
    silent_sessions_lock_and_end
);

async fn a_session_comes_back_with_its_person(db: Scratch) {
    let of = person(&[Role::Scheduler]);
    write!(db, |tx| people::insert(tx, &of)).unwrap();
    write!(db, |tx| sessions::insert(tx, b"hash", of.id, b"keys", at(5))).unwrap();
    let found = read!(db, |c| sessions::find(c, b"hash")).unwrap();
    let Session { id, person, roles, language, name_sealed, cert, sealed_keys, created, seen, disabled } = found;
    assert_eq!((id.as_slice(), person, sealed_keys.as_slice()), (&b"hash"[..], of.id, &b"keys"[..]));
    assert_eq!((roles, language, name_sealed, cert), (of.roles, of.language, of.name_sealed, of.cert));
    assert_eq!((created, seen, disabled), (at(5), at(5), None));
    write!(db, |tx| people::update_disabled(tx, of.id, Some(at(6)))).unwrap();
    assert_eq!(read!(db, |c| sessions::find(c, b"hash")).unwrap().disabled, Some(at(6)));
    assert!(read!(db, |c| sessions::find(c, b"other")).is_none());
    let again = write!(db, |tx| sessions::insert(tx, b"hash", of.id, b"keys", at(5)));
    assert!(matches!(again, Err(StoreError::Taken(_))));
    let of_nobody = write!(db, |tx| sessions::insert(tx, b"third", fresh(), b"keys", at(5)));
    assert!(matches!(of_nobody, Err(StoreError::Refused(_))), "a foreign key is checked");
}

async fn a_session_is_touched_locked_and_ended(db: Scratch) {
    let (one, two) = (person(&[Role::Counselor]), person(&[Role::Client]));
    for (p, cookies) in [(&one, [b"1a", b"1b"]), (&two, [b"2a", b"2b"])] {
        write!(db, |tx| people::insert(tx, p)).unwrap();
        for cookie in cookies {
            write!(db, |tx| sessions::insert(tx, cookie, p.id, b"keys", at(5))).unwrap();
        }
    }
    write!(db, |tx| sessions::touch(tx, b"1a", at(9))).unwrap();
    write!(db, |tx| sessions::lock(tx, b"1a")).unwrap();
    let found = read!(db, |c| sessions::find(c, b"1a")).unwrap();
    assert_eq!((found.seen, found.created, found.sealed_keys), (at(9), at(5), Vec::new()));
    let other = read!(db, |c| sessions::find(c, b"1b")).unwrap();
    assert_eq!((other.seen, other.sealed_keys.as_slice()), (at(5), &b"keys"[..]));
    write!(db, |tx| sessions::delete(tx, b"2a")).unwrap();
    write!(db, |tx| sessions::delete(tx, b"2a")).expect("ending twice is no error");
    assert!(read!(db, |c| sessions::find(c, b"2a")).is_none());
    assert!(read!(db, |c| sessions::find(c, b"2b")).is_some());
    write!(db, |tx| sessions::delete_of_person(tx, one.id)).unwrap();
    assert!(read!(db, |c| sessions::find(c, b"1a")).is_none());
    assert!(read!(db, |c| sessions::find(c, b"1b")).is_none());
    assert!(read!(db, |c| sessions::find(c, b"2b")).is_some());
}

async fn silent_sessions_lock_and_end(db: Scratch) {
    let of = person(&[Role::Counselor]);
    write!(db, |tx| people::insert(tx, &of)).unwrap();
    let ages: [(&[u8], Moment); 3] = [(b"a", at(10)), (b"b", at(20)), (b"c", at(30))];
    for (cookie, seen) in ages {
        write!(db, |tx| sessions::insert(tx, cookie, of.id, b"keys", at(0))).unwrap();
        write!(db, |tx| sessions::touch(tx, cookie, seen)).unwrap();
    }
    assert_eq!(write!(db, |tx| sessions::lock_unseen(tx, at(20))).unwrap(), 1);
    assert_eq!(write!(db, |tx| sessions::lock_unseen(tx, at(20))).unwrap(), 0, "locked already");
    assert!(read!(db, |c| sessions::find(c, b"a")).unwrap().sealed_keys.is_empty());
    assert!(!read!(db, |c| sessions::find(c, b"b")).unwrap().sealed_keys.is_empty());
    assert_eq!(write!(db, |tx| sessions::delete_unseen(tx, at(20), at(-1))).unwrap(), 1);
    assert!(read!(db, |c| sessions::find(c, b"a")).is_none());
    assert_eq!(write!(db, |tx| sessions::delete_unseen(tx, at(0), at(1))).unwrap(), 2, "no session lives for ever");
}
