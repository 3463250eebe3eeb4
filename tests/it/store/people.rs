//! People, their notices and invitations.

use merpati::role::{Language, Role, Roles};
use merpati::store::StoreError;
use merpati::store::people::{self, Invitation, Notice, NoticeMode, Person};

use super::{read, write};
use crate::support::cast::{at, desk, fresh, person, random};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    a_person_comes_back,
    a_name_belongs_to_one_person,
    a_person_changes,
    staff_and_clients_are_told_apart,
    a_notice_comes_back_and_is_replaced,
    a_confirmation_link_works_once_and_in_time,
    wishes_at_an_address_are_counted,
    an_invitation_comes_back,
    an_invitation_works_once_and_in_time,
    old_invitations_go,
    changing_nobody_is_an_error,
);

type Fields = (Roles, Vec<u8>, Vec<u8>, Language, Vec<u8>, Vec<u8>, Vec<u8>);

/// Every field, so that a new one is missed by the compiler.
fn fields(p: Person) -> Fields {
    let Person {
        id: _,
        roles,
        name_hash,
        name_sealed,
        language,
        cert,
        locked_key,
        locked_recovery,
        created,
        seen,
        disabled,
    } = p;
    assert_eq!((created, seen, disabled), (at(1), None, None));
    (roles, name_hash, name_sealed, language, cert, locked_key, locked_recovery)
}

async fn a_person_comes_back(db: Scratch) {
    for language in Language::ALL {
        let new = Person { language, ..person(&[Role::Operator, Role::Counselor]) };
        let (id, hash) = (new.id, new.name_hash.clone());
        write!(db, |tx| people::insert(tx, &new)).unwrap();
        let found = read!(db, |c| people::find(c, id)).unwrap();
        assert_eq!(found.id, id);
        let by_name = read!(db, |c| people::find_by_name(c, &hash)).unwrap();
        assert_eq!(by_name.id, id);
        let new = fields(new);
        assert_eq!(fields(found), new);
        assert_eq!(fields(by_name), new);
    }
    assert!(read!(db, |c| people::find(c, fresh())).is_none());
    assert!(read!(db, |c| people::find_by_name(c, b"nobody")).is_none());
}

async fn a_name_belongs_to_one_person(db: Scratch) {
    let first = person(&[Role::Client]);
    write!(db, |tx| people::insert(tx, &first)).unwrap();
    let second = Person { name_hash: first.name_hash.clone(), ..person(&[Role::Client]) };
    assert!(matches!(write!(db, |tx| people::insert(tx, &second)), Err(StoreError::Taken(_))));
    let same_id = Person { id: first.id, ..person(&[Role::Client]) };
    assert!(matches!(write!(db, |tx| people::insert(tx, &same_id)), Err(StoreError::Taken(_))));
    assert_eq!(read!(db, |c| people::count_clients(c)), 1);
}

async fn a_person_changes(db: Scratch) {
    let new = person(&[Role::Client]);
    write!(db, |tx| people::insert(tx, &new)).unwrap();
    write!(db, |tx| people::update_locks(tx, new.id, b"key", b"sheet")).unwrap();
    write!(db, |tx| people::update_seen(tx, new.id, at(50))).unwrap();
    write!(db, |tx| people::update_language(tx, new.id, Language::Indonesian)).unwrap();
    write!(db, |tx| people::update_disabled(tx, new.id, Some(at(60)))).unwrap();
    let found = read!(db, |c| people::find(c, new.id)).unwrap();
    assert_eq!((found.locked_key.as_slice(), found.locked_recovery.as_slice()), (&b"key"[..], &b"sheet"[..]));
    assert_eq!((found.seen, found.disabled, found.language), (Some(at(50)), Some(at(60)), Language::Indonesian));
    assert_eq!((found.cert, found.name_sealed), (new.cert, new.name_sealed), "the rest stays");
    write!(db, |tx| people::update_disabled(tx, new.id, None)).unwrap();
    assert_eq!(read!(db, |c| people::find(c, new.id)).unwrap().disabled, None);
}

async fn staff_and_clients_are_told_apart(db: Scratch) {
    let late = Person { created: at(9), ..person(&[Role::Scheduler]) };
    let early = person(&[Role::Counselor, Role::Operator]);
    for p in [&late, &early, &person(&[Role::Client]), &person(&[Role::Client])] {
        write!(db, |tx| people::insert(tx, p)).unwrap();
    }
    let staff: Vec<_> = read!(db, |c| people::list_staff(c)).into_iter().map(|p| p.id).collect();
    assert_eq!(staff, [early.id, late.id], "oldest first");
    assert_eq!(read!(db, |c| people::count_clients(c)), 2);
}

fn notice(of: &Person) -> Notice {
    Notice {
        bounces: (0, 0),
        stopped: None,
        person: of.id,
        mode: NoticeMode::AtOnce,
        address_sealed: random::<40>().to_vec(),
        address_hash: random::<32>().to_vec(),
        token_hash: random::<32>().to_vec(),
        asked: at(10),
        confirmed: None,
    }
}

async fn a_notice_comes_back_and_is_replaced(db: Scratch) {
    let of = person(&[Role::Client]);
    write!(db, |tx| people::insert(tx, &of)).unwrap();
    assert!(read!(db, |c| people::find_notice(c, of.id)).is_none());
    let modes = [NoticeMode::Never, NoticeMode::AtOnce, NoticeMode::Daily];
    for (mode, confirmed) in modes.into_iter().zip([None, Some(at(70)), None]) {
        let new = Notice { mode, confirmed, ..notice(&of) };
        write!(db, |tx| people::upsert_notice(tx, &new)).unwrap();
        for found in [
            read!(db, |c| people::find_notice(c, of.id)).unwrap(),
            read!(db, |c| people::find_notice_by_token(c, &new.token_hash)).unwrap(),
        ] {
            let Notice { person, mode, address_sealed, address_hash, token_hash, asked, confirmed, bounces, stopped } =
                found;
            assert_eq!((bounces, stopped), ((0, 0), None));
            assert_eq!((person, mode, asked, confirmed), (of.id, new.mode, new.asked, new.confirmed));
            assert_eq!((address_sealed, address_hash), (new.address_sealed.clone(), new.address_hash.clone()));
            assert_eq!(token_hash, new.token_hash);
        }
    }
    write!(db, |tx| people::update_notice_mode(tx, of.id, NoticeMode::AtOnce)).unwrap();
    assert_eq!(read!(db, |c| people::find_notice(c, of.id)).unwrap().mode, NoticeMode::AtOnce);
    write!(db, |tx| people::delete_notice(tx, of.id)).unwrap();
    assert!(read!(db, |c| people::find_notice(c, of.id)).is_none());
    write!(db, |tx| people::delete_notice(tx, of.id)).expect("forgetting twice is no error");
}

async fn a_confirmation_link_works_once_and_in_time(db: Scratch) {
    let of = person(&[Role::Client]);
    write!(db, |tx| people::insert(tx, &of)).unwrap();
    let n = notice(&of);
    write!(db, |tx| people::upsert_notice(tx, &n)).unwrap();
    assert!(!write!(db, |tx| people::confirm_notice(tx, b"unknown", at(20), at(0))).unwrap());
    assert!(!write!(db, |tx| people::confirm_notice(tx, &n.token_hash, at(20), n.asked)).unwrap(), "too old");
    assert!(write!(db, |tx| people::confirm_notice(tx, &n.token_hash, at(20), at(9))).unwrap());
    assert!(!write!(db, |tx| people::confirm_notice(tx, &n.token_hash, at(21), at(9))).unwrap(), "used");
    assert_eq!(read!(db, |c| people::find_notice(c, of.id)).unwrap().confirmed, Some(at(20)));
}

async fn wishes_at_an_address_are_counted(db: Scratch) {
    let wants = async |mode, confirmed, disabled| {
        let of = person(&[Role::Client]);
        let n = Notice { mode, confirmed, address_hash: b"home".to_vec(), ..notice(&of) };
        write!(db, |tx| people::insert(tx, &of)).unwrap();
        write!(db, |tx| people::upsert_notice(tx, &n)).unwrap();
        write!(db, |tx| people::update_disabled(tx, of.id, disabled)).unwrap();
        read!(db, |c| people::count_wishes(c, b"home"))
    };
    assert_eq!(wants(NoticeMode::AtOnce, None, None).await, 0, "not confirmed");
    assert_eq!(wants(NoticeMode::Never, Some(at(1)), None).await, 0);
    assert_eq!(wants(NoticeMode::Daily, Some(at(1)), Some(at(2))).await, 0, "shut out");
    assert_eq!(wants(NoticeMode::Daily, Some(at(1)), None).await, 1);
    assert_eq!(wants(NoticeMode::AtOnce, Some(at(1)), None).await, 2);
    assert_eq!(read!(db, |c| people::count_wishes(c, b"elsewhere")), 0);
}

fn invitation() -> Invitation {
    Invitation {
        token_hash: random::<32>().to_vec(),
        roles: Roles::of(&[Role::Counselor]),
        desk: None,
        created: at(1),
        expires: at(100),
        used: None,
    }
}

async fn an_invitation_comes_back(db: Scratch) {
    let at_desk = desk();
    write!(db, |tx| merpati::store::desks::insert(tx, &at_desk)).unwrap();
    for desk in [None, Some(at_desk.id)] {
        let new = Invitation { desk, ..invitation() };
        write!(db, |tx| people::insert_invitation(tx, &new)).unwrap();
        let found = read!(db, |c| people::find_invitation(c, &new.token_hash)).unwrap();
        let Invitation { token_hash, roles, desk, created, expires, used } = found;
        assert_eq!((token_hash, roles, desk), (new.token_hash.clone(), new.roles, new.desk));
        assert_eq!((created, expires, used), (new.created, new.expires, None));
        assert!(matches!(write!(db, |tx| people::insert_invitation(tx, &new)), Err(StoreError::Taken(_))));
    }
    assert!(read!(db, |c| people::find_invitation(c, b"unknown")).is_none());
}

async fn an_invitation_works_once_and_in_time(db: Scratch) {
    let (new, late) = (invitation(), invitation());
    write!(db, |tx| people::insert_invitation(tx, &new)).unwrap();
    write!(db, |tx| people::insert_invitation(tx, &late)).unwrap();
    assert!(!write!(db, |tx| people::use_invitation(tx, &late.token_hash, at(100))).unwrap(), "expired");
    assert!(write!(db, |tx| people::use_invitation(tx, &new.token_hash, at(99))).unwrap());
    assert!(!write!(db, |tx| people::use_invitation(tx, &new.token_hash, at(99))).unwrap(), "used");
    assert_eq!(read!(db, |c| people::find_invitation(c, &new.token_hash)).unwrap().used, Some(at(99)));
}

async fn old_invitations_go(db: Scratch) {
    let (old, young) = (invitation(), Invitation { expires: at(200), ..invitation() });
    write!(db, |tx| people::insert_invitation(tx, &old)).unwrap();
    write!(db, |tx| people::insert_invitation(tx, &young)).unwrap();
    assert_eq!(write!(db, |tx| people::delete_old_invitations(tx, at(100))).unwrap(), 0, "not before, but at");
    assert_eq!(write!(db, |tx| people::delete_old_invitations(tx, at(101))).unwrap(), 1);
    assert!(read!(db, |c| people::find_invitation(c, &old.token_hash)).is_none());
    assert!(read!(db, |c| people::find_invitation(c, &young.token_hash)).is_some());
}

async fn changing_nobody_is_an_error(db: Scratch) {
    let gone = |outcome| matches!(outcome, Err(StoreError::Gone(_)));
    assert!(gone(write!(db, |tx| people::update_locks(tx, fresh(), b"", b""))));
    assert!(gone(write!(db, |tx| people::update_seen(tx, fresh(), at(1)))));
    assert!(gone(write!(db, |tx| people::update_language(tx, fresh(), Language::English))));
    assert!(gone(write!(db, |tx| people::update_disabled(tx, fresh(), None))));
    assert!(gone(write!(db, |tx| people::update_notice_mode(tx, fresh(), NoticeMode::Never))));
}
