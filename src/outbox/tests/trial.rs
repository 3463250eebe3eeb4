//! A small house with a desk, a counselor and a client, on a clock that stands still.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::address::MailAddress;
use crate::chance::{Chance, OsChance, SeededChance};
use crate::clock::{Clock, Moment, TestClock};
use crate::flow::enter::{accept_invitation, open_mailbox};
use crate::flow::furnish::{DeskForm, add_desk, invite};
use crate::flow::session::{Reader, Realm, Visit, kind, sign_in, visit};
use crate::flow::throttle::Source;
use crate::flow::write::{FormLetter, by_form};
use crate::flow::{answer, notify, work};
use crate::house::{House, Keys, Rules};
use crate::ids::{LetterId, OutboxId, PersonId};
use crate::outbox::Transport;
use crate::role::{Language, Role, Roles};
use crate::seal::{Cost, HouseKey, PracticeKey};
use crate::secret::PlainText;
use crate::store::outbox::{MailKind, Outgoing};
use crate::store::people::NoticeMode;
use crate::store::threads::Thread;
use crate::store::{Db, letters, outbox, threads};

const COUNSELOR: &str = "Bu Ratna";
const CLIENT: &str = "Melati Senja";
const SECRET: &str = "kuda-lumping menari di halaman";

/// Everything one test needs.
pub(crate) struct Trial {
    pub(crate) house: Arc<House>,
    pub(crate) clock: Arc<TestClock>,
    client: PersonId,
    scratch: TempDir,
}

async fn house_at(scratch: &Path, clock: Arc<TestClock>, chance: Arc<dyn Chance>) -> Arc<House> {
    let db = Db::open(&format!("sqlite:{}", scratch.join("house.db").display()), 4).await.unwrap();
    let practice = MailAddress::parse("rumah@surat.example").unwrap();
    let keys = Keys {
        house: HouseKey::draw(&SeededChance::new(1)),
        practice: PracticeKey::generate("Rumah", &practice, clock.now()).unwrap(),
    };
    let rules = Rules {
        public_url: "https://surat.example".into(),
        mail_domain: "surat.example".into(),
        plus_address: None,
        sender_name: "Kotak Surat".into(),
        recall: Duration::from_secs(600),
        leave_url: "https://example.org".into(),
        daily_hour: 8,
        outbox_folder: None,
        cost: Cost::CHEAP,
    };
    Arc::new(House::new(db, clock, chance, keys, rules).unwrap())
}

/// The mails in a folder, as text.
pub(crate) fn mails_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "eml"));
    paths.map(|p| std::fs::read_to_string(p).unwrap()).collect()
}

impl Trial {
    pub(crate) async fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(Moment::from_micros(1_795_000_000_000_000)));
        let house = house_at(scratch.path(), Arc::clone(&clock), Arc::new(SeededChance::new(2))).await;
        let desk = DeskForm {
            slug: "kampus".into(),
            name: "Meja Kampus".into(),
            zone: "Asia/Jakarta".into(),
            hours: "mon-sun 00:00-24:00".into(),
            reads_per_day: 2,
            ..DeskForm::default()
        };
        let desk = add_desk(&house, &desk).await.unwrap();
        let link = invite(&house, Roles::of(&[Role::Counselor]), Some(desk)).await.unwrap();
        let token = link.reveal().rsplit('/').next().unwrap();
        accept_invitation(&house, token, COUNSELOR, SECRET, Language::Indonesian).await.ok().unwrap();
        let client = open_mailbox(&house, desk, CLIENT, SECRET, Language::English).await.ok().unwrap().person;
        Self { house, clock, client, scratch }
    }

    /// Another process on the same database with the same keys.
    pub(crate) async fn another_node(&self) -> Arc<House> {
        house_at(self.scratch.path(), Arc::clone(&self.clock), Arc::new(OsChance)).await
    }

    /// Signs in anew: the clock may have run on for days.
    async fn reader(&self, realm: Realm, name: &str) -> Reader {
        let (cookie, ..) = sign_in(&self.house, realm, name, SECRET, Source::UNKNOWN).await.unwrap();
        match visit(&self.house, &cookie).await.unwrap() {
            Visit::Open(reader) => reader,
            Visit::Stranger | Visit::Locked(_) => panic!("nobody is signed in"),
        }
    }

    pub(crate) async fn client(&self) -> Reader {
        self.reader(Realm::Clients, CLIENT).await
    }

    pub(crate) fn address(&self) -> MailAddress {
        MailAddress::parse("sari@example.org").unwrap()
    }

    pub(crate) fn folder_transport(&self) -> (PathBuf, Transport) {
        let folder = self.scratch.path().join("outbox");
        (folder.clone(), Transport::Folder(folder))
    }

    /// The client wants mails at once, and the address is theirs.
    pub(crate) async fn confirm(&self) {
        self.wish(NoticeMode::AtOnce).await;
    }

    /// The client wants mails, and the address is theirs. The confirmation itself is taken out of the way.
    pub(crate) async fn wish(&self, mode: NoticeMode) {
        let reader = self.client().await;
        notify::ask_address(&self.house, &reader, &self.address(), mode).await.unwrap();
        let row = crate::flow::leave::claim(&self.house).await.unwrap().unwrap();
        let link = crate::flow::leave::open(&self.house, &row).unwrap().link;
        let token = link.reveal().rsplit('/').next().unwrap();
        assert!(notify::confirm(&self.house, token).await.unwrap());
        crate::flow::leave::withdraw(&self.house, row.id).await.unwrap();
    }

    /// The client writes, the counselor takes the thread and hands a reply in.
    pub(crate) async fn answer(&self, client: &Reader) -> (LetterId, Moment) {
        let mut thread = self.thread(client).await;
        let letter = FormLetter {
            subject: PlainText::default(),
            text: "Aku mau bercerita.".into(),
            files: Vec::new(),
            urgent: false,
            form_id: LetterId::draw(&OsChance),
        };
        by_form(&self.house, client, &thread, letter).await.unwrap();
        let counselor = self.reader(Realm::Staff, COUNSELOR).await;
        if thread.assignee.is_none() {
            work::take(&self.house, &counselor, &thread).await.unwrap();
        }
        thread = self.thread(client).await;
        let reply = answer::Reply {
            passed: None,
            subject: PlainText::default(),
            text: "Ceritakan.".into(),
            covers: self.house.now(),
            form_id: LetterId::draw(&OsChance),
        };
        let letter = answer::hand_in(&self.house, &counselor, &thread, reply).await.unwrap();
        (letter, answer::leaves_at(&self.house, letter).await.unwrap().unwrap())
    }

    async fn thread(&self, client: &Reader) -> Thread {
        let mut conn = self.house.db.read().await.unwrap();
        threads::list_of_client(&mut conn, client.who.person).await.unwrap().pop().unwrap()
    }

    /// Puts notifications into the outbox.
    pub(crate) async fn put_mails(&self, count: usize) {
        for _ in 0..count {
            self.put(OutboxId::draw(&OsChance), None).await;
        }
    }

    /// One whose address was sealed for another row.
    pub(crate) async fn put_damaged_mail(&self) {
        self.put(OutboxId::draw(&OsChance), Some(OutboxId::draw(&OsChance))).await;
    }

    async fn put(&self, id: OutboxId, sealed_for: Option<OutboxId>) {
        let context = sealed_for.unwrap_or(id);
        let seal = |plain: &str| self.house.keys.house.seal(kind::OUTBOX, context.bytes(), plain.as_bytes(), &OsChance);
        let mail = Outgoing {
            id,
            kind: MailKind::Notification,
            language: Language::English,
            recipient_sealed: seal(&self.address().text()),
            link_sealed: seal("https://surat.example/sign-in"),
            tries: 0,
            address_hash: Vec::new(),
        };
        let now = self.house.now();
        let mut tx = self.house.db.begin().await.unwrap();
        outbox::insert(&mut tx, &mail, now, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Released replies the client has not seen.
    pub(crate) async fn unread(&self) -> i64 {
        let mut conn = self.house.db.read().await.unwrap();
        letters::count_unread_of_client(&mut conn, self.client).await.unwrap()
    }
}
