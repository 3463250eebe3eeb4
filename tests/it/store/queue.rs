//! The triage queue.

use merpati::clock::Moment;
use merpati::ids::{PersonId, ThreadId};
use merpati::limits::QUEUE_COUNT_MAX;
use merpati::role::Role;
use merpati::store::queue::{self, After, List, Waiting};
use merpati::store::{people, threads};

use super::{read, write};
use crate::support::cast::{Scene, at, person, thread};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    a_row_of_the_queue_comes_back,
    each_thread_stands_in_one_list,
    pages_leave_nothing_out_and_repeat_nothing,
    pages_of_answered_threads_too,
    counts_stop_at_the_cap,
    a_desk_knows_its_load,
);

/// Threads of one client, stored, each made to wait since the given second and given to somebody.
async fn fill(db: &Scratch, scene: Scene, rows: &[(i64, bool, Option<PersonId>)]) -> Vec<ThreadId> {
    let mut ids = Vec::new();
    let mut owned = db.begin().await.unwrap();
    let tx = &mut owned;
    for (since, urgent, assignee) in rows {
        let (new, first) = thread(scene.desk, scene.client, at(1));
        threads::insert(tx, &new, &first).await.unwrap();
        threads::update_waiting(tx, new.id, at(*since)).await.unwrap();
        threads::update_urgent(tx, new.id, *urgent).await.unwrap();
        if let Some(who) = assignee {
            assert!(threads::assign(tx, new.id, *who).await.unwrap());
        }
        ids.push(new.id);
    }
    owned.commit().await.unwrap();
    ids
}

async fn a_row_of_the_queue_comes_back(db: Scratch) {
    let scene = Scene::set(&db).await;
    let new = fill(&db, scene, &[(10, true, Some(scene.counselor))]).await;
    let rows = read!(db, |c| queue::list(c, List::Mine(scene.counselor), None, 10));
    let client = read!(db, |c| people::find(c, scene.client)).unwrap();
    let Waiting { thread, desk, name_sealed, client: client_id, language, urgent, assignee, waiting, last, state } =
        rows.into_iter().next().unwrap();
    assert_eq!((thread, desk, client_id), (new[0], scene.desk, scene.client));
    assert_eq!((name_sealed, language.as_str()), (client.name_sealed, client.language.code()));
    assert_eq!((urgent, assignee, waiting, last), (true, Some(scene.counselor), Some(at(10)), None));
    assert_eq!(state, threads::ThreadState::Waiting);
}

async fn each_thread_stands_in_one_list(db: Scratch) {
    let (scene, other) = (Scene::set(&db).await, Scene::set(&db).await);
    let budi = person(&[Role::Counselor]);
    write!(db, |tx| people::insert(tx, &budi)).unwrap();
    let (ani, budi) = (scene.counselor, budi.id);
    let rows = [
        (10, false, None),
        (20, false, Some(ani)),
        (30, false, Some(ani)),
        (40, false, Some(ani)),
        (50, false, Some(budi)),
    ];
    let ids = fill(&db, scene, &rows).await;
    fill(&db, other, &[(5, false, None)]).await;
    write!(db, |tx| threads::update_answered(tx, ids[2], at(60), None)).unwrap();
    write!(db, |tx| threads::update_leaving(tx, ids[3])).unwrap();
    let list = async |which| {
        let rows = read!(db, |c| queue::list(c, which, None, 10));
        assert_eq!(read!(db, |c| queue::count(c, which)), i64::try_from(rows.len()).unwrap());
        rows.into_iter().map(|r| r.thread).collect::<Vec<_>>()
    };
    assert_eq!(list(List::Unassigned(scene.desk)).await, [ids[0]]);
    assert_eq!(list(List::Mine(ani)).await, [ids[1]]);
    assert_eq!(list(List::Answered(ani)).await, [ids[3], ids[2]], "leaving ones have no last letter yet here");
    assert_eq!(list(List::Mine(budi)).await, [ids[4]]);
    assert!(list(List::Answered(budi)).await.is_empty());
}

/// Walks a list page by page.
async fn walk(
    db: &Scratch,
    list: List,
    limit: usize,
    by: fn(&Waiting) -> Option<Moment>,
) -> Vec<(ThreadId, bool, Option<Moment>)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = read!(db, |c| queue::list(c, list, after, limit));
        assert!(page.len() <= limit);
        let Some(last) = page.last() else { return all };
        after = Some(After { urgent: last.urgent, at: by(last).unwrap(), thread: last.thread });
        all.extend(page.iter().map(|r| (r.thread, r.urgent, by(r))));
        assert!(all.len() <= 1_000, "the pages go round in circles");
    }
}

async fn pages_leave_nothing_out_and_repeat_nothing(db: Scratch) {
    let scene = Scene::set(&db).await;
    for assignee in [None, Some(scene.counselor)] {
        // Many wait since the same moment: the border between two pages falls between them.
        let rows: Vec<_> = (0..60).map(|n| (10 + n % 4, n % 5 == 0, assignee)).collect();
        let ids = fill(&db, scene, &rows).await;
        let list = if assignee.is_none() { List::Unassigned(scene.desk) } else { List::Mine(scene.counselor) };
        let mut expected: Vec<_> =
            ids.into_iter().zip(&rows).map(|(id, (since, urgent, _))| (id, *urgent, Some(at(*since)))).collect();
        expected.sort_by_key(|(id, urgent, since)| (!urgent, *since, *id));
        for limit in [1, 7, 60, 100] {
            assert_eq!(walk(&db, list, limit, |r| r.waiting).await, expected, "pages of {limit}");
        }
    }
}

async fn pages_of_answered_threads_too(db: Scratch) {
    let scene = Scene::set(&db).await;
    let rows: Vec<_> = (0..30).map(|n| (10, n % 2 == 0, Some(scene.counselor))).collect();
    let ids = fill(&db, scene, &rows).await;
    let mut expected = Vec::new();
    for (n, id) in (0..).zip(&ids) {
        write!(db, |tx| threads::update_answered(tx, *id, at(50 + n % 3), None)).unwrap();
        expected.push((*id, false, Some(at(50 + n % 3))));
    }
    expected.sort_by_key(|(id, _, last)| (*last, *id));
    for limit in [1, 4, 30] {
        assert_eq!(walk(&db, List::Answered(scene.counselor), limit, |r| r.last).await, expected, "pages of {limit}");
    }
}

async fn counts_stop_at_the_cap(db: Scratch) {
    let scene = Scene::set(&db).await;
    let rows: Vec<_> = (0..QUEUE_COUNT_MAX + 20).map(|n| (n, false, None)).collect();
    fill(&db, scene, &rows).await;
    assert_eq!(read!(db, |c| queue::count(c, List::Unassigned(scene.desk))), QUEUE_COUNT_MAX);
    assert_eq!(read!(db, |c| queue::load(c, scene.desk)), (QUEUE_COUNT_MAX, Some(at(0))));
}

async fn a_desk_knows_its_load(db: Scratch) {
    let scene = Scene::set(&db).await;
    assert_eq!(read!(db, |c| queue::load(c, scene.desk)), (0, None));
    assert_eq!(read!(db, |c| queue::count_held(c, scene.desk)), 0);
    fill(&db, scene, &[(20, false, None), (10, false, Some(scene.counselor))]).await;
    assert_eq!(read!(db, |c| queue::load(c, scene.desk)), (2, Some(at(10))));
}
