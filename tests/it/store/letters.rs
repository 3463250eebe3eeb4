//! Letters one by one: fields, lists, release, recall, reading marks.

use merpati::clock::Moment;
use merpati::ids::LetterId;
use merpati::store::letters::{self, Door, Letter, NewLetter, Side, Stored, Viewer};
use merpati::store::{StoreError, Tx};

use super::{read, write};
use crate::support::cast::{Scene, at, fresh, random, sealed_blob, two_files};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    a_letter_comes_back,
    files_come_back_in_order,
    a_file_belongs_to_its_letter,
    a_recognition_mark_is_found,
    pages_of_a_thread_leave_nothing_out,
    a_client_sees_released_replies_only,
    a_reply_is_released_once,
    a_reply_is_recalled_by_its_author_in_time,
    replies_are_read_once,
    what_is_covered_and_what_is_not,
    a_letter_to_nowhere_is_refused,
    a_deleted_letter_takes_its_files_along,
    a_mail_is_known_by_its_id,
    when_the_last_letter_came,
);

/// Stores one letter; it must be new.
async fn put(tx: &mut Tx, new: &NewLetter) -> Result<(), StoreError> {
    let stored = letters::insert_group(tx, &[new]).await?;
    assert_eq!(stored, [Stored::New]);
    Ok(())
}

async fn a_letter_comes_back(db: Scratch) {
    let scene = Scene::set(&db).await;
    let by_nobody = NewLetter { author: None, ..scene.letter(at(20)) };
    let reply = NewLetter { covers: Some(at(10)), released: Some(at(31)), ..scene.reply(at(30)) };
    for new in [scene.letter(at(10)), by_nobody, reply] {
        write!(db, |tx| put(tx, &new)).unwrap();
        let found = read!(db, |c| letters::find(c, new.id)).unwrap();
        let Letter { id, thread, epoch, side, author, door, received, released, read, covers, files, flags, body } =
            found;
        assert_eq!(flags, new.flags);
        assert_eq!((id, thread, epoch, side, author), (new.id, new.thread, new.epoch, new.side, new.author));
        assert_eq!((door, received, released, covers), (new.door, new.received, new.released, new.covers));
        assert_eq!((read, files, body.as_slice()), (None, 0, new.body.bytes()));
    }
    let web = NewLetter { door: Door::Web, ..scene.letter(at(40)) };
    write!(db, |tx| put(tx, &web)).unwrap();
    assert_eq!(read!(db, |c| letters::find(c, web.id)).unwrap().door, Door::Web);
    assert!(read!(db, |c| letters::find(c, fresh())).is_none());
    let all: Vec<_> = read!(db, |c| letters::list_all(c, scene.thread)).iter().map(|l| l.received).collect();
    assert_eq!(all, [at(10), at(20), at(30), at(40)], "oldest first");
}

async fn files_come_back_in_order(db: Scratch) {
    let scene = Scene::set(&db).await;
    let new = NewLetter { attachments: two_files(), ..scene.letter(at(10)) };
    let plain = scene.letter(at(11));
    write!(db, |tx| put(tx, &new)).unwrap();
    write!(db, |tx| put(tx, &plain)).unwrap();
    assert_eq!(read!(db, |c| letters::find(c, new.id)).unwrap().files, 2);
    let expected: Vec<_> = new.attachments.iter().map(|(id, body)| (*id, body.bytes().to_vec())).collect();
    assert_eq!(read!(db, |c| letters::list_attachments(c, new.id)), expected);
    assert!(read!(db, |c| letters::list_attachments(c, plain.id)).is_empty());
}

async fn a_file_belongs_to_its_letter(db: Scratch) {
    let scene = Scene::set(&db).await;
    let (one, two) = (
        NewLetter { attachments: two_files(), ..scene.letter(at(10)) },
        NewLetter { attachments: two_files(), ..scene.letter(at(11)) },
    );
    write!(db, |tx| put(tx, &one)).unwrap();
    write!(db, |tx| put(tx, &two)).unwrap();
    let (file, body) = &one.attachments[1];
    assert_eq!(read!(db, |c| letters::find_attachment(c, one.id, *file)).as_deref(), Some(body.bytes()));
    assert_eq!(read!(db, |c| letters::find_attachment(c, two.id, *file)), None);
    let thief = NewLetter { attachments: vec![(*file, sealed_blob(b"other"))], ..scene.letter(at(12)) };
    let mut tx = db.begin().await.unwrap();
    let outcome = letters::insert_group(&mut tx, &[&thief]).await;
    assert!(matches!(outcome, Err(StoreError::Taken(_))));
}

async fn a_recognition_mark_is_found(db: Scratch) {
    let scene = Scene::set(&db).await;
    let new = scene.letter(at(10));
    assert!(!read!(db, |c| letters::has_dedup(c, &new.dedup)));
    write!(db, |tx| put(tx, &new)).unwrap();
    assert!(read!(db, |c| letters::has_dedup(c, &new.dedup)));
}

async fn pages_of_a_thread_leave_nothing_out(db: Scratch) {
    let scene = Scene::set(&db).await;
    let other = scene.another(&db).await;
    let mut written = Vec::new();
    for n in 0..25 {
        let new = if n % 3 == 0 { scene.reply(at(n)) } else { scene.letter(at(n)) };
        write!(db, |tx| put(tx, &new)).unwrap();
        write!(db, |tx| put(tx, &other.letter(at(n)))).unwrap();
        written.push(new.id);
    }
    let (mut seen, mut before): (Vec<LetterId>, Moment) = (Vec::new(), Moment::from_micros(i64::MAX));
    loop {
        let page = read!(db, |c| letters::list_before(c, scene.thread, before, Viewer::Staff, 4));
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 4);
        before = last.received;
        seen.extend(page.iter().map(|l| l.id));
    }
    written.reverse();
    assert_eq!(seen, written, "newest first, each once");
    assert_eq!(read!(db, |c| letters::count(c, scene.thread, Viewer::Staff)), 25);
}

async fn a_client_sees_released_replies_only(db: Scratch) {
    let scene = Scene::set(&db).await;
    let (letter, hidden) = (scene.letter(at(10)), scene.reply(at(20)));
    let shown = NewLetter { released: Some(at(31)), ..scene.reply(at(30)) };
    for new in [&letter, &hidden, &shown] {
        write!(db, |tx| put(tx, new)).unwrap();
    }
    let list = |page: Vec<Letter>| page.into_iter().map(|l| l.id).collect::<Vec<_>>();
    let client = read!(db, |c| letters::list_before(c, scene.thread, at(100), Viewer::Client, 9));
    assert_eq!(list(client), [shown.id, letter.id]);
    let staff = read!(db, |c| letters::list_before(c, scene.thread, at(100), Viewer::Staff, 9));
    assert_eq!(list(staff), [shown.id, hidden.id, letter.id]);
    assert_eq!(read!(db, |c| letters::count(c, scene.thread, Viewer::Client)), 2);
    assert_eq!(read!(db, |c| letters::count(c, scene.thread, Viewer::Staff)), 3);
    assert_eq!(list(read!(db, |c| letters::list_unreleased(c, scene.thread))), [hidden.id]);
}

async fn a_reply_is_released_once(db: Scratch) {
    let scene = Scene::set(&db).await;
    let reply = scene.reply(at(20));
    write!(db, |tx| put(tx, &reply)).unwrap();
    assert!(write!(db, |tx| letters::release(tx, reply.id, at(25))).unwrap());
    assert!(!write!(db, |tx| letters::release(tx, reply.id, at(26))).unwrap());
    assert_eq!(read!(db, |c| letters::find(c, reply.id)).unwrap().released, Some(at(25)));
    assert!(!write!(db, |tx| letters::recall(tx, reply.id, scene.counselor)).unwrap(), "too late");
    assert!(!write!(db, |tx| letters::release(tx, fresh(), at(25))).unwrap());
}

async fn a_reply_is_recalled_by_its_author_in_time(db: Scratch) {
    let scene = Scene::set(&db).await;
    let reply = scene.reply(at(20));
    write!(db, |tx| put(tx, &reply)).unwrap();
    assert!(!write!(db, |tx| letters::recall(tx, reply.id, scene.client)).unwrap(), "not the author");
    assert!(write!(db, |tx| letters::recall(tx, reply.id, scene.counselor)).unwrap());
    assert!(!write!(db, |tx| letters::recall(tx, reply.id, scene.counselor)).unwrap());
    assert!(!write!(db, |tx| letters::release(tx, reply.id, at(25))).unwrap(), "nothing is left to release");
}

async fn replies_are_read_once(db: Scratch) {
    let scene = Scene::set(&db).await;
    let released = |seconds| NewLetter { released: Some(at(seconds)), ..scene.reply(at(seconds)) };
    let (first, second, hidden, own) = (released(20), released(21), scene.reply(at(22)), scene.letter(at(23)));
    for new in [&first, &second, &hidden, &own] {
        write!(db, |tx| put(tx, new)).unwrap();
    }
    let unread = async || {
        let in_thread = read!(db, |c| letters::count_unread(c, scene.thread));
        assert_eq!(read!(db, |c| letters::count_unread_of_client(c, scene.client)), in_thread);
        in_thread
    };
    assert_eq!(unread().await, 2);
    assert_eq!(write!(db, |tx| letters::mark_read(tx, scene.thread, at(40))).unwrap(), 2);
    assert_eq!(write!(db, |tx| letters::mark_read(tx, scene.thread, at(50))).unwrap(), 0);
    assert_eq!(unread().await, 0);
    assert_eq!(read!(db, |c| letters::find(c, first.id)).unwrap().read, Some(at(40)));
    for untouched in [hidden.id, own.id] {
        assert_eq!(read!(db, |c| letters::find(c, untouched)).unwrap().read, None);
    }
    assert!(write!(db, |tx| letters::release(tx, hidden.id, at(60))).unwrap());
    assert_eq!(unread().await, 1);
    assert_eq!(read!(db, |c| letters::count_unread_of_client(c, scene.counselor)), 0);
}

async fn what_is_covered_and_what_is_not(db: Scratch) {
    let scene = Scene::set(&db).await;
    let covered = async || read!(db, |c| letters::last_covered(c, scene.thread));
    let open = async |after| read!(db, |c| letters::oldest_after(c, scene.thread, after));
    assert_eq!((covered().await, open(at(0)).await), (Moment::from_micros(0), None));
    for new in [scene.letter(at(10)), scene.letter(at(20)), scene.letter(at(30))] {
        write!(db, |tx| put(tx, &new)).unwrap();
    }
    let reply = NewLetter { covers: Some(at(20)), ..scene.reply(at(35)) };
    write!(db, |tx| put(tx, &reply)).unwrap();
    assert_eq!(covered().await, Moment::from_micros(0), "not released yet");
    assert!(write!(db, |tx| letters::release(tx, reply.id, at(36))).unwrap());
    assert_eq!(covered().await, at(20));
    assert_eq!(open(at(20)).await, Some(at(30)), "the letter that crossed the reply; the reply itself does not count");
    assert_eq!(open(at(30)).await, None);
}

async fn a_letter_to_nowhere_is_refused(db: Scratch) {
    let scene = Scene::set(&db).await;
    for lost in [
        NewLetter { thread: fresh(), ..scene.letter(at(10)) },
        NewLetter { epoch: fresh(), ..scene.letter(at(10)) },
        NewLetter { author: Some(fresh()), ..scene.letter(at(10)) },
    ] {
        let mut tx = db.begin().await.unwrap();
        let outcome = letters::insert_group(&mut tx, &[&lost]).await;
        assert!(matches!(&outcome, Err(StoreError::Refused(why)) if why.ends_with("foreign key")), "{outcome:?}");
    }
    assert_eq!(read!(db, |c| letters::count(c, scene.thread, Viewer::Staff)), 0);
}

async fn a_deleted_letter_takes_its_files_along(db: Scratch) {
    let scene = Scene::set(&db).await;
    let reply = NewLetter { attachments: two_files(), side: Side::Counselor, ..scene.reply(at(20)) };
    write!(db, |tx| put(tx, &reply)).unwrap();
    assert!(write!(db, |tx| letters::recall(tx, reply.id, scene.counselor)).unwrap());
    assert!(read!(db, |c| letters::list_attachments(c, reply.id)).is_empty());
}

async fn a_mail_is_known_by_its_id(db: Scratch) {
    let scene = Scene::set(&db).await;
    let hash = random::<32>();
    let (came, form, reply) =
        (NewLetter { mail_hash: hash.to_vec(), ..scene.letter(at(10)) }, scene.letter(at(11)), scene.reply(at(12)));
    for new in [&came, &form, &reply] {
        write!(db, |tx| put(tx, new)).unwrap();
    }
    assert_eq!(read!(db, |c| letters::find_mail(c, &hash)), Some(scene.thread));
    assert_eq!(read!(db, |c| letters::find_mail(c, &[])), None, "what never was a mail is not found by it");
    let left = random::<32>();
    assert_eq!(read!(db, |c| letters::find_mail(c, &left)), None);
    write!(db, |tx| letters::update_mail(tx, reply.id, &left)).unwrap();
    assert_eq!(read!(db, |c| letters::find_mail(c, &left)), Some(scene.thread));
}

async fn when_the_last_letter_came(db: Scratch) {
    let scene = Scene::set(&db).await;
    assert_eq!(read!(db, |c| letters::last(c, scene.thread)), None);
    let reply = NewLetter { covers: Some(at(10)), ..scene.reply(at(30)) };
    for new in [&scene.letter(at(10)), &scene.letter(at(20)), &reply] {
        write!(db, |tx| put(tx, new)).unwrap();
    }
    assert_eq!(read!(db, |c| letters::last(c, scene.thread)), Some(at(20)), "a reply counts when it is released");
    write!(db, |tx| letters::release(tx, reply.id, at(40))).unwrap();
    assert_eq!(read!(db, |c| letters::last(c, scene.thread)), Some(at(40)));
    assert_eq!(read!(db, |c| letters::count_covering(c, scene.thread, at(10))), 1);
    assert_eq!(read!(db, |c| letters::count_covering(c, scene.thread, at(11))), 0);
}
