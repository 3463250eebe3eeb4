//! Desks and their members.

use merpati::role::Role;
use merpati::store::desks::{self, Desk, Member};
use merpati::store::{StoreError, people};

use super::{read, write};
use crate::support::cast::{at, desk, fresh, person};
use crate::support::engine::{Scratch, both_engines};

both_engines!(a_desk_comes_back, a_slug_belongs_to_one_desk, a_desk_changes, a_desk_gets_one_key, members_come_and_go);

async fn a_desk_comes_back(db: Scratch) {
    for is_open in [true, false] {
        let new = Desk { is_open, cert: vec![7; 40], ..desk() };
        write!(db, |tx| desks::insert(tx, &new)).unwrap();
        for found in
            [read!(db, |c| desks::find(c, new.id)).unwrap(), read!(db, |c| desks::find_by_slug(c, &new.slug)).unwrap()]
        {
            same(found, new.clone());
        }
    }
    assert!(read!(db, |c| desks::find(c, fresh())).is_none());
    assert!(read!(db, |c| desks::find_by_slug(c, "nowhere")).is_none());
}

fn same(found: Desk, new: Desk) {
    let Desk { id, slug, name, about_id, about_en, zone, hours, reads_per_day, is_open, cert, created } = found;
    assert_eq!((id, slug, name, about_id, about_en), (new.id, new.slug, new.name, new.about_id, new.about_en));
    assert_eq!((zone, hours, reads_per_day, is_open), (new.zone, new.hours, new.reads_per_day, new.is_open));
    assert_eq!((cert, created), (new.cert, new.created));
}

async fn a_slug_belongs_to_one_desk(db: Scratch) {
    let (late, early) = (Desk { created: at(8), ..desk() }, desk());
    write!(db, |tx| desks::insert(tx, &late)).unwrap();
    write!(db, |tx| desks::insert(tx, &early)).unwrap();
    let twin = Desk { slug: late.slug.clone(), ..desk() };
    assert!(matches!(write!(db, |tx| desks::insert(tx, &twin)), Err(StoreError::Taken(_))));
    let all: Vec<_> = read!(db, |c| desks::list(c)).into_iter().map(|d| d.id).collect();
    assert_eq!(all, [early.id, late.id], "oldest first");
}

async fn a_desk_changes(db: Scratch) {
    let old = desk();
    write!(db, |tx| desks::insert(tx, &old)).unwrap();
    let mut new = Desk { id: old.id, is_open: false, reads_per_day: 1, about_en: "Other".to_owned(), ..desk() };
    "Asia/Jayapura".clone_into(&mut new.zone);
    "mon 10:00-11:00".clone_into(&mut new.hours);
    "Lain".clone_into(&mut new.about_id);
    write!(db, |tx| desks::update(tx, &new)).unwrap();
    // The slug stands in addresses that people hold; it and the birthday stay.
    same(read!(db, |c| desks::find(c, old.id)).unwrap(), Desk { slug: old.slug, created: old.created, ..new });
    assert!(matches!(write!(db, |tx| desks::update(tx, &desk())), Err(StoreError::Gone(_))));
}

async fn a_desk_gets_one_key(db: Scratch) {
    let d = desk();
    write!(db, |tx| desks::insert(tx, &d)).unwrap();
    write!(db, |tx| desks::update_cert(tx, d.id, b"first")).unwrap();
    assert!(matches!(write!(db, |tx| desks::update_cert(tx, d.id, b"second")), Err(StoreError::Gone(_))));
    assert_eq!(read!(db, |c| desks::find(c, d.id)).unwrap().cert, b"first");
}

async fn members_come_and_go(db: Scratch) {
    let (one, two) = (desk(), Desk { created: at(3), ..desk() });
    let (ani, budi) = (person(&[Role::Counselor]), person(&[Role::Scheduler]));
    for d in [&one, &two] {
        write!(db, |tx| desks::insert(tx, d)).unwrap();
    }
    for p in [&ani, &budi] {
        write!(db, |tx| people::insert(tx, p)).unwrap();
    }
    write!(db, |tx| desks::insert_member(tx, one.id, budi.id, b"", at(20))).unwrap();
    write!(db, |tx| desks::insert_member(tx, one.id, ani.id, b"grant", at(10))).unwrap();
    write!(db, |tx| desks::insert_member(tx, two.id, ani.id, b"other", at(30))).unwrap();
    let twice = write!(db, |tx| desks::insert_member(tx, one.id, ani.id, b"grant", at(10)));
    assert!(matches!(twice, Err(StoreError::Taken(_))));
    write!(db, |tx| people::update_disabled(tx, budi.id, Some(at(40)))).unwrap();

    let members = read!(db, |c| desks::list_members(c, one.id));
    assert_eq!(members.iter().map(|m| m.person).collect::<Vec<_>>(), [ani.id, budi.id], "longest first");
    let Member { person: _, roles, name_sealed, cert, desk_grant, disabled } = members.into_iter().next().unwrap();
    assert_eq!((roles, name_sealed, cert), (ani.roles, ani.name_sealed.clone(), ani.cert.clone()));
    assert_eq!((desk_grant.as_slice(), disabled), (&b"grant"[..], false));
    assert!(read!(db, |c| desks::list_members(c, one.id))[1].disabled);
    let sits_at: Vec<_> = read!(db, |c| desks::list_of_person(c, ani.id)).into_iter().map(|d| d.id).collect();
    assert_eq!(sits_at, [one.id, two.id]);

    assert_eq!(read!(db, |c| desks::find_grant(c, one.id, budi.id)), Some(Vec::new()), "sits there, may not read");
    write!(db, |tx| desks::update_member(tx, one.id, budi.id, b"new")).unwrap();
    assert_eq!(read!(db, |c| desks::find_grant(c, one.id, budi.id)), Some(b"new".to_vec()));
    assert_eq!(read!(db, |c| desks::find_grant(c, two.id, budi.id)), None);
    write!(db, |tx| desks::delete_member(tx, one.id, budi.id)).unwrap();
    assert_eq!(read!(db, |c| desks::find_grant(c, one.id, budi.id)), None);
    assert!(matches!(write!(db, |tx| desks::delete_member(tx, one.id, budi.id)), Err(StoreError::Gone(_))));
    assert!(matches!(write!(db, |tx| desks::update_member(tx, one.id, budi.id, b"")), Err(StoreError::Gone(_))));
}
