//! The outbox.

use merpati::ids::OutboxId;
use merpati::role::Language;
use merpati::store::outbox::{self, Dead, MailKind, Outgoing, Standing};
use merpati::store::{StoreError, TABLES, Value};

use super::{read, write};
use crate::support::cast::{at, fresh, lease, random};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    a_mail_comes_back_when_claimed,
    mails_leave_when_due_longest_due_first,
    a_lease_keeps_others_away_until_it_ends,
    a_mail_rests_and_is_tried_again,
    a_finished_mail_forgets_its_address,
    dead_mails_are_listed_latest_first,
    an_unwanted_mail_is_removed_while_it_waits,
    the_outbox_tells_how_it_stands,
);

fn mail() -> Outgoing {
    Outgoing {
        address_hash: vec![7; 32],
        id: fresh(),
        kind: MailKind::Notification,
        language: Language::Indonesian,
        recipient_sealed: random::<40>().to_vec(),
        link_sealed: random::<41>().to_vec(),
        tries: 0,
    }
}

async fn claim(db: &Scratch, seconds: i64) -> Option<OutboxId> {
    let now = at(seconds);
    write!(db, |tx| outbox::claim(tx, now, lease(now))).unwrap().map(|m| m.id)
}

async fn a_mail_comes_back_when_claimed(db: Scratch) {
    let confirmation = Outgoing { kind: MailKind::Confirmation, language: Language::English, ..mail() };
    for new in [mail(), confirmation] {
        write!(db, |tx| outbox::insert(tx, &new, at(5), at(1))).unwrap();
        let found = write!(db, |tx| outbox::claim(tx, at(5), lease(at(5)))).unwrap().unwrap();
        let Outgoing { id, kind, language, recipient_sealed, link_sealed, tries, address_hash } = found;
        assert_eq!(address_hash, new.address_hash);
        assert_eq!((id, kind, language, tries), (new.id, new.kind, new.language, 1));
        assert_eq!((recipient_sealed, link_sealed), (new.recipient_sealed.clone(), new.link_sealed.clone()));
        assert!(matches!(write!(db, |tx| outbox::insert(tx, &new, at(5), at(1))), Err(StoreError::Taken(_))));
    }
}

async fn mails_leave_when_due_longest_due_first(db: Scratch) {
    let (late, early) = (mail(), mail());
    write!(db, |tx| outbox::insert(tx, &late, at(20), at(1))).unwrap();
    write!(db, |tx| outbox::insert(tx, &early, at(10), at(2))).unwrap();
    assert_eq!(read!(db, |c| outbox::next_due(c, at(0))), Some(at(10)));
    assert_eq!(claim(&db, 9).await, None, "not due");
    assert_eq!(claim(&db, 30).await, Some(early.id));
    assert_eq!(read!(db, |c| outbox::next_due(c, at(30))), Some(at(20)), "somebody is at the first");
    assert_eq!(claim(&db, 30).await, Some(late.id));
    assert_eq!(claim(&db, 30).await, None);
}

async fn a_lease_keeps_others_away_until_it_ends(db: Scratch) {
    let new = mail();
    write!(db, |tx| outbox::insert(tx, &new, at(0), at(0))).unwrap();
    assert_eq!(claim(&db, 0).await, Some(new.id));
    assert_eq!(claim(&db, 59).await, None);
    let again = write!(db, |tx| outbox::claim(tx, at(60), lease(at(60)))).unwrap().unwrap();
    assert_eq!((again.id, again.tries), (new.id, 2));
    assert!(write!(db, |tx| outbox::finish(tx, new.id, None, at(61))).unwrap());
    assert!(!write!(db, |tx| outbox::finish(tx, new.id, None, at(62))).unwrap(), "the first worker comes too late");
    assert_eq!(claim(&db, 1_000).await, None);
}

async fn a_mail_rests_and_is_tried_again(db: Scratch) {
    let new = mail();
    write!(db, |tx| outbox::insert(tx, &new, at(0), at(0))).unwrap();
    assert_eq!(claim(&db, 0).await, Some(new.id));
    assert!(!write!(db, |tx| outbox::retry(tx, new.id, 2, at(30), "busy")).unwrap(), "no such try");
    assert!(write!(db, |tx| outbox::retry(tx, new.id, 1, at(30), "the relay is busy")).unwrap());
    assert_eq!(read!(db, |c| outbox::next_due(c, at(1))), Some(at(30)));
    assert_eq!(claim(&db, 29).await, None);
    assert_eq!(claim(&db, 30).await, Some(new.id), "the lease ended with the try");
    assert!(!write!(db, |tx| outbox::retry(tx, new.id, 1, at(99), "late")).unwrap(), "another worker is at it by now");
    assert!(write!(db, |tx| outbox::finish(tx, new.id, None, at(31))).unwrap());
    assert!(!write!(db, |tx| outbox::retry(tx, new.id, 2, at(40), "late")).unwrap());
    assert_eq!(claim(&db, 1_000).await, None, "a mail that left does not leave again");
}

async fn a_finished_mail_forgets_its_address(db: Scratch) {
    for (dead, state, reason) in [(None, "sent", ""), (Some("no such mailbox"), "dead", "no such mailbox")] {
        let new = mail();
        write!(db, |tx| outbox::insert(tx, &new, at(0), at(0))).unwrap();
        assert_eq!(claim(&db, 0).await, Some(new.id));
        assert!(write!(db, |tx| outbox::finish(tx, new.id, dead, at(7))).unwrap());
        let table = TABLES.iter().find(|t| t.name == "outbox").unwrap();
        let (mut row, mut conn) = (Vec::new(), db.read().await.unwrap());
        let find = |found: Vec<Value>| -> Result<(), StoreError> {
            if found[0] == Value::Bytes(Some(new.id.bytes().to_vec())) {
                row = found;
            }
            Ok(())
        };
        table.each(&mut conn, find).await.unwrap();
        assert_eq!((&row[3], &row[4]), (&Value::Bytes(Some(Vec::new())), &Value::Bytes(Some(Vec::new()))));
        assert_eq!((&row[5], &row[9]), (&Value::Text(state.to_owned()), &Value::Text(reason.to_owned())));
        assert_eq!(row[11], Value::Int(at(7).micros()));
    }
}

async fn dead_mails_are_listed_latest_first(db: Scratch) {
    let (first, second) = (mail(), Outgoing { kind: MailKind::Confirmation, ..mail() });
    for (new, reason, when) in [(&first, "no such mailbox", 10), (&second, "refused", 20)] {
        write!(db, |tx| outbox::insert(tx, new, at(0), at(0))).unwrap();
        assert_eq!(claim(&db, 0).await, Some(new.id));
        assert!(write!(db, |tx| outbox::finish(tx, new.id, Some(reason), at(when))).unwrap());
    }
    write!(db, |tx| outbox::insert(tx, &mail(), at(0), at(0))).unwrap();
    let dead = read!(db, |c| outbox::list_dead(c, 10));
    assert_eq!(dead.iter().map(|d| d.id).collect::<Vec<_>>(), [second.id, first.id]);
    let Dead { id: _, kind, reason, tries, at: when } = dead.into_iter().next().unwrap();
    assert_eq!((kind, reason.as_str(), tries, when), (MailKind::Confirmation, "refused", 1, at(20)));
    assert_eq!(read!(db, |c| outbox::list_dead(c, 1)).len(), 1);
}

async fn an_unwanted_mail_is_removed_while_it_waits(db: Scratch) {
    let (unwanted, sent) = (mail(), mail());
    write!(db, |tx| outbox::insert(tx, &unwanted, at(0), at(0))).unwrap();
    write!(db, |tx| outbox::insert(tx, &sent, at(0), at(0))).unwrap();
    assert!(write!(db, |tx| outbox::finish(tx, sent.id, None, at(1))).unwrap());
    for id in [unwanted.id, sent.id] {
        write!(db, |tx| outbox::delete(tx, id)).unwrap();
    }
    assert_eq!(claim(&db, 10).await, None);
    assert_eq!(write!(db, |tx| outbox::delete_sent(tx, at(2))).unwrap(), 1, "what was sent stays until its time");
}

async fn the_outbox_tells_how_it_stands(db: Scratch) {
    let stands = async || {
        let Standing { waiting, oldest, dead } = read!(db, |c| outbox::standing(c));
        (waiting, oldest, dead)
    };
    assert_eq!(stands().await, (0, None, 0));
    assert_eq!(read!(db, |c| outbox::next_due(c, at(0))), None);
    let mails: Vec<_> = (0..4).map(|_| mail()).collect();
    for (n, new) in (0..).zip(&mails) {
        write!(db, |tx| outbox::insert(tx, new, at(100), at(10 + n))).unwrap();
    }
    assert!(write!(db, |tx| outbox::finish(tx, mails[0].id, None, at(20))).unwrap());
    assert!(write!(db, |tx| outbox::finish(tx, mails[1].id, Some("gone"), at(20))).unwrap());
    assert_eq!(stands().await, (2, Some(at(12)), 1));
    assert_eq!(write!(db, |tx| outbox::delete_sent(tx, at(20))).unwrap(), 0);
    assert_eq!(write!(db, |tx| outbox::delete_sent(tx, at(21))).unwrap(), 1);
    assert_eq!(stands().await, (2, Some(at(12)), 1), "the dead stay");
}
