//! A desk, its people and sealed letters: rows that make sense, made in one line.

use std::sync::LazyLock;
use std::time::Duration;

use merpati::address::MailAddress;
use merpati::chance::{self, OsChance};
use merpati::clock::Moment;
use merpati::ids::{AttachmentId, DeskId, EpochId, LetterId, PersonId, ThreadId};
use merpati::role::{Language, Role, Roles};
use merpati::seal::{
    Author, BlobContext, Cert, Content, Entity, PracticeKey, SealedBlob, SealedLetter, SharedKey, seal_blob,
    seal_letter,
};
use merpati::secret::{PlainBytes, PlainText};
use merpati::store::letters::{Door, NewLetter, Side};
use merpati::store::people::Person;
use merpati::store::threads::{Epoch, Thread, ThreadState};
use merpati::store::{Db, desks, people, threads};

/// A point in time, in seconds after a fixed start.
pub(crate) const fn at(seconds: i64) -> Moment {
    Moment::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
}

/// Random bytes for hashes and such.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    chance::bytes(&OsChance)
}

/// A fresh id of any kind.
pub(crate) fn fresh<T: From<[u8; 16]>>() -> T {
    T::from(random())
}

/// The keys everything in the tests is sealed with; each costs too much to make a new one per letter.
struct Keys {
    practice: PracticeKey,
    epoch: Cert,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let address = MailAddress::parse("surat@rumah.example").unwrap();
    let practice = PracticeKey::generate("Rumah Surat", &address, at(-100_000)).unwrap();
    let (_, epoch) = SharedKey::generate(at(-100_000)).unwrap();
    Keys { practice, epoch: Cert::parse(&epoch).unwrap() }
});

/// A sealed letter.
pub(crate) fn sealed_letter(thread: ThreadId, letter: LetterId, received: Moment, text: &str) -> SealedLetter {
    let content = Content::Text { text: PlainText::from(text), attachments: Vec::new() };
    let entity = Entity {
        thread,
        letter,
        received,
        author: Author::Client,
        subject: PlainText::from("Halo"),
        content,
        wrap: None,
    };
    seal_letter(entity, &KEYS.epoch, KEYS.practice.signer()).unwrap()
}

/// Sealed bytes.
pub(crate) fn sealed_blob(bytes: &[u8]) -> SealedBlob {
    let context = BlobContext { kind: "attachment", ids: &[] };
    seal_blob(PlainBytes::new(bytes.to_vec()), &KEYS.epoch, KEYS.practice.signer(), at(0), &context).unwrap()
}

/// Somebody with these roles; every field differs from every other person's.
pub(crate) fn person(roles: &[Role]) -> Person {
    Person {
        id: fresh(),
        roles: Roles::of(roles),
        name_hash: random::<32>().to_vec(),
        name_sealed: random::<48>().to_vec(),
        language: Language::English,
        cert: random::<64>().to_vec(),
        locked_key: random::<80>().to_vec(),
        locked_recovery: random::<81>().to_vec(),
        created: at(1),
        seen: None,
        disabled: None,
    }
}

/// A desk; every field differs from every other desk's.
pub(crate) fn desk() -> desks::Desk {
    let slug: u64 = u64::from_le_bytes(random());
    desks::Desk {
        id: fresh(),
        slug: format!("desk-{slug}"),
        name: format!("Meja {slug}"),
        about_id: "Tentang kami".to_owned(),
        about_en: "About us".to_owned(),
        zone: "Asia/Jakarta".to_owned(),
        hours: "mon-sun 00:00-24:00".to_owned(),
        reads_per_day: 2,
        is_open: true,
        cert: Vec::new(),
        created: at(0),
    }
}

/// A thread with its first epoch.
pub(crate) fn thread(desk: DeskId, client: PersonId, created: Moment) -> (Thread, Epoch) {
    let (id, epoch_id) = (fresh(), fresh());
    let thread = Thread {
        id,
        desk,
        client,
        state: ThreadState::Fresh,
        urgent: false,
        assignee: None,
        epoch: epoch_id,
        token_hash: random::<32>().to_vec(),
        token_sealed: random::<40>().to_vec(),
        created,
        waiting: None,
        last: None,
    };
    (thread, epoch(epoch_id, id, 1))
}

/// A period of a thread.
pub(crate) fn epoch(id: EpochId, thread: ThreadId, number: i64) -> Epoch {
    let previous_sealed = if number == 1 { Vec::new() } else { random::<50>().to_vec() };
    Epoch { id, thread, number, cert: random::<60>().to_vec(), previous_sealed, created: at(number) }
}

/// A desk with a counselor, a client and the client's thread, all stored.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) desk: DeskId,
    pub(crate) counselor: PersonId,
    pub(crate) client: PersonId,
    pub(crate) thread: ThreadId,
    pub(crate) epoch: EpochId,
}

impl Scene {
    pub(crate) async fn set(db: &Db) -> Self {
        let (desk, counselor, client) = (desk(), person(&[Role::Counselor]), person(&[Role::Client]));
        let (thread, epoch) = thread(desk.id, client.id, at(2));
        let mut tx = db.begin().await.unwrap();
        desks::insert(&mut tx, &desk).await.unwrap();
        people::insert(&mut tx, &counselor).await.unwrap();
        people::insert(&mut tx, &client).await.unwrap();
        threads::insert(&mut tx, &thread, &epoch).await.unwrap();
        tx.commit().await.unwrap();
        Self { desk: desk.id, counselor: counselor.id, client: client.id, thread: thread.id, epoch: epoch.id }
    }

    /// The same scene with a thread of another client, stored.
    pub(crate) async fn another(self, db: &Db) -> Self {
        let client = person(&[Role::Client]);
        let (thread, epoch) = thread(self.desk, client.id, at(2));
        let mut tx = db.begin().await.unwrap();
        people::insert(&mut tx, &client).await.unwrap();
        threads::insert(&mut tx, &thread, &epoch).await.unwrap();
        tx.commit().await.unwrap();
        Self { client: client.id, thread: thread.id, epoch: epoch.id, ..self }
    }

    /// A letter of the client, not stored.
    pub(crate) fn letter(self, received: Moment) -> NewLetter {
        let id: LetterId = fresh();
        NewLetter {
            id,
            thread: self.thread,
            epoch: self.epoch,
            side: Side::Client,
            author: Some(self.client),
            door: Door::Mail,
            received,
            released: Some(received),
            covers: None,
            body: sealed_letter(self.thread, id, received, "Apa kabar?"),
            attachments: Vec::new(),
            dedup: random(),
            flags: String::new(),
            mail_hash: Vec::new(),
        }
    }

    /// A reply of the counselor, not released and not stored.
    pub(crate) fn reply(self, received: Moment) -> NewLetter {
        NewLetter {
            side: Side::Counselor,
            author: Some(self.counselor),
            door: Door::Web,
            released: None,
            ..self.letter(received)
        }
    }
}

/// Two files.
pub(crate) fn two_files() -> Vec<(AttachmentId, SealedBlob)> {
    vec![(fresh(), sealed_blob(b"first")), (fresh(), sealed_blob(b"second"))]
}

/// A lease that ends in a minute.
pub(crate) fn lease(now: Moment) -> Moment {
    now.plus(Duration::from_secs(60))
}
