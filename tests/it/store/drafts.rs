//! Drafts, their files, private notes.

use merpati::ids::{AttachmentId, NoteId};
use merpati::store::{StoreError, drafts};

use super::{read, write};
use crate::support::cast::{Scene, at, fresh};
use crate::support::engine::{Scratch, both_engines};

both_engines!(a_draft_is_saved_over_the_last, files_lie_beside_a_draft, old_drafts_go, notes_are_private);

async fn a_draft_is_saved_over_the_last(db: Scratch) {
    let scene = Scene::set(&db).await;
    let (thread, me, other) = (scene.thread, scene.client, scene.counselor);
    assert_eq!(read!(db, |c| drafts::find(c, thread, me)), None);
    write!(db, |tx| drafts::upsert(tx, thread, me, b"one", at(1))).unwrap();
    write!(db, |tx| drafts::upsert(tx, thread, other, b"theirs", at(1))).unwrap();
    write!(db, |tx| drafts::upsert(tx, thread, me, b"two", at(2))).unwrap();
    assert_eq!(read!(db, |c| drafts::find(c, thread, me)), Some((b"two".to_vec(), at(2))));
    write!(db, |tx| drafts::insert_file(tx, fresh(), thread, me, b"file", at(2))).unwrap();
    write!(db, |tx| drafts::insert_file(tx, fresh(), thread, other, b"file", at(2))).unwrap();
    write!(db, |tx| drafts::delete(tx, thread, me)).unwrap();
    assert_eq!(read!(db, |c| drafts::find(c, thread, me)), None);
    assert_eq!(read!(db, |c| drafts::count_files(c, thread, me)), 0, "its files go along");
    assert_eq!(read!(db, |c| drafts::find(c, thread, other)), Some((b"theirs".to_vec(), at(1))));
    assert_eq!(read!(db, |c| drafts::count_files(c, thread, other)), 1);
    write!(db, |tx| drafts::delete(tx, thread, me)).expect("deleting twice is no error");
}

async fn files_lie_beside_a_draft(db: Scratch) {
    let scene = Scene::set(&db).await;
    let (thread, me) = (scene.thread, scene.client);
    let (early, late): (AttachmentId, AttachmentId) = (fresh(), fresh());
    write!(db, |tx| drafts::insert_file(tx, late, thread, me, b"late", at(2))).unwrap();
    write!(db, |tx| drafts::insert_file(tx, early, thread, me, b"early", at(1))).unwrap();
    let twice = write!(db, |tx| drafts::insert_file(tx, early, thread, me, b"again", at(1)));
    assert!(matches!(twice, Err(StoreError::Taken(_))));
    let files = read!(db, |c| drafts::list_files(c, thread, me));
    assert_eq!(files, [(early, b"early".to_vec()), (late, b"late".to_vec())]);
    assert_eq!(read!(db, |c| drafts::count_files(c, thread, me)), 2);
    write!(db, |tx| drafts::delete_file(tx, early, scene.counselor)).unwrap();
    assert_eq!(read!(db, |c| drafts::count_files(c, thread, me)), 2, "not theirs to take away");
    write!(db, |tx| drafts::delete_file(tx, early, me)).unwrap();
    assert_eq!(read!(db, |c| drafts::count_files(c, thread, me)), 1);
}

async fn old_drafts_go(db: Scratch) {
    let scene = Scene::set(&db).await;
    let thread = scene.thread;
    for (author, moment) in [(scene.client, at(10)), (scene.counselor, at(20))] {
        write!(db, |tx| drafts::upsert(tx, thread, author, b"text", moment)).unwrap();
        write!(db, |tx| drafts::insert_file(tx, fresh(), thread, author, b"file", moment)).unwrap();
    }
    assert_eq!(write!(db, |tx| drafts::delete_old(tx, at(10))).unwrap(), 0);
    assert_eq!(write!(db, |tx| drafts::delete_old(tx, at(20))).unwrap(), 2);
    assert!(read!(db, |c| drafts::find(c, thread, scene.client)).is_none());
    assert!(read!(db, |c| drafts::find(c, thread, scene.counselor)).is_some());
    assert_eq!(read!(db, |c| drafts::count_files(c, thread, scene.counselor)), 1);
}

async fn notes_are_private(db: Scratch) {
    let scene = Scene::set(&db).await;
    let (thread, me) = (scene.thread, scene.counselor);
    let (early, late): (NoteId, NoteId) = (fresh(), fresh());
    write!(db, |tx| drafts::insert_note(tx, late, thread, me, b"late", at(2))).unwrap();
    write!(db, |tx| drafts::insert_note(tx, early, thread, me, b"early", at(1))).unwrap();
    write!(db, |tx| drafts::insert_note(tx, fresh(), thread, scene.client, b"other", at(1))).unwrap();
    let notes = read!(db, |c| drafts::list_notes(c, thread, me));
    assert_eq!(notes, [(early, b"early".to_vec(), at(1)), (late, b"late".to_vec(), at(2))]);
    write!(db, |tx| drafts::delete_note(tx, early, scene.client)).unwrap();
    assert_eq!(read!(db, |c| drafts::list_notes(c, thread, me)).len(), 2, "not theirs to delete");
    write!(db, |tx| drafts::delete_note(tx, early, me)).unwrap();
    assert_eq!(read!(db, |c| drafts::list_notes(c, thread, me)).len(), 1);
}
