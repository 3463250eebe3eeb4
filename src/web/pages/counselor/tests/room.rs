//! A furnished house and browsers in it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use tower::ServiceExt as _;

use crate::address::MailAddress;
use crate::chance::OsChance;
use crate::clock::{Moment, TestClock};
use crate::flow::enter::{accept_invitation, open_mailbox};
use crate::flow::furnish::{DeskForm, add_desk, invite};
use crate::flow::receive::{Destination, Received, by_mail};
use crate::flow::session::{Cookie, Reader, Visit, form_token, visit};
use crate::flow::write::{FormLetter, by_form};
use crate::flow::{read, work};
use crate::house::{House, Keys, Rules};
use crate::ids::{DeskId, HeldId, LetterId, PersonId, ThreadId};
use crate::provenance::Provenance;
use crate::role::{Language, Role, Roles};
use crate::seal::{Cost, HouseKey, PracticeKey};
use crate::secret::{PlainBytes, PlainText};
use crate::store::{Db, desks, held, threads};

const FORM_COOKIE: &str = "abcdefghijklmnopqrstuvwxyz234567";
pub(super) const SECRET: &str = "kelapa jendela ombak perahu melati sendok";

pub(super) struct Room {
    pub(super) house: Arc<House>,
    clock: Arc<TestClock>,
    desk: DeskId,
    pub(super) thread: ThreadId,
    pub(super) ratna_id: String,
    pub(super) yusuf_id: String,
    ratna: String,
    yusuf: String,
    client: String,
    _folder: tempfile::TempDir,
}

pub(super) struct Browser {
    router: Router,
    token: String,
    session: String,
    pub(super) cookie: Cookie,
}

pub(super) struct Page {
    pub(super) status: u16,
    pub(super) body: String,
    headers: HeaderMap,
}

impl Room {
    pub(super) async fn furnish(language: Language) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(Moment::from_micros(1_795_000_000_000_000)));
        let house = house(folder.path(), Arc::clone(&clock)).await;
        let form = DeskForm {
            slug: "bk".to_owned(),
            name: "BK SMA Nusantara 3".to_owned(),
            zone: "Asia/Jakarta".to_owned(),
            hours: "mon-sun 00:00-24:00".to_owned(),
            reads_per_day: 1,
            ..DeskForm::default()
        };
        let desk = add_desk(&house, &form).await.unwrap();
        let (ratna_id, ratna) = colleague(&house, desk, "Bu Ratna", language).await;
        let (yusuf_id, yusuf) = colleague(&house, desk, "Pak Yusuf", language).await;
        let entered = open_mailbox(&house, desk, "Bintang Sore", SECRET, Language::Indonesian).await.unwrap();
        let thread =
            threads::list_of_client(&mut house.db.read().await.unwrap(), entered.person).await.unwrap().remove(0);
        let room = Self {
            house,
            clock,
            desk,
            thread: thread.id,
            ratna_id: ratna_id.to_string(),
            yusuf_id: yusuf_id.to_string(),
            ratna,
            yusuf,
            client: entered.cookie.text().reveal().clone(),
            _folder: folder,
        };
        room.write("Halo Kak,\n\naku bingung <b>.\nSungguh.", true).await;
        room
    }

    async fn write(&self, text: &str, urgent: bool) {
        let client = reader(&self.house, &self.client).await;
        let thread = read::own_thread(&self.house, &client, self.thread).await.unwrap();
        let letter = FormLetter {
            subject: PlainText::default(),
            text: text.into(),
            files: Vec::new(),
            urgent,
            form_id: LetterId::draw(&OsChance),
        };
        by_form(&self.house, &client, &thread, letter).await.unwrap();
        self.clock.advance(Duration::from_secs(1));
    }

    pub(super) async fn more_letters(&self, count: usize) {
        for n in 0..count {
            self.write(&format!("Surat {n}"), false).await;
        }
    }

    pub(super) async fn more_threads(&self, count: usize) {
        for n in 0..count {
            let entered =
                open_mailbox(&self.house, self.desk, &format!("Awan {n}"), SECRET, Language::English).await.unwrap();
            let thread = threads::list_of_client(&mut self.house.db.read().await.unwrap(), entered.person)
                .await
                .unwrap()
                .remove(0);
            let client = reader(&self.house, entered.cookie.text().reveal()).await;
            let form_id = LetterId::draw(&OsChance);
            let letter = FormLetter {
                subject: PlainText::default(),
                text: "Halo".into(),
                files: Vec::new(),
                urgent: false,
                form_id,
            };
            by_form(&self.house, &client, &thread, letter).await.unwrap();
        }
    }

    pub(super) fn ratna(&self) -> Browser {
        self.browser(&self.ratna)
    }

    pub(super) fn yusuf_waiting(&self) -> Browser {
        self.browser(&self.yusuf)
    }

    /// Let in by Ratna through the page.
    pub(super) async fn yusuf(&self) -> Browser {
        let fields = [("desk", self.desk.to_string()), ("person", self.yusuf_id.clone())];
        let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        self.ratna().post("/queue/admit", &fields).await.leads_to("/queue?done=admitted");
        self.browser(&self.yusuf)
    }

    fn browser(&self, session: &str) -> Browser {
        Browser {
            router: crate::web::router(Arc::clone(&self.house)),
            token: form_token(&self.house, FORM_COOKIE),
            session: session.to_owned(),
            cookie: Cookie::read(session).unwrap(),
        }
    }

    pub(super) async fn hold_in_thread(&self) -> HeldId {
        let mut conn = self.house.db.read().await.unwrap();
        let thread = threads::find(&mut conn, self.thread).await.unwrap().unwrap();
        let target = threads::find_target(&mut conn, &thread.token_hash).await.unwrap().unwrap();
        drop(conn);
        self.hold(&Destination::Thread(Box::new(target))).await
    }

    pub(super) async fn hold_at_desk(&self) -> HeldId {
        let desk = desks::find(&mut self.house.db.read().await.unwrap(), self.desk).await.unwrap().unwrap();
        self.hold(&Destination::Desk { id: desk.id, cert: desk.cert }).await
    }

    async fn hold(&self, to: &Destination) -> HeldId {
        let known: Vec<_> = self.held().await;
        let mail = "From: Sari <sari@example.org>\r\nTo: bk@surat.example\r\nSubject: Halo\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
            baris satu\r\nbaris dua\r\nbaris tiga\r\nbaris empat\r\n--x\r\nContent-Type: text/plain; name=\"=?utf-8?Q?catatan_h=C3=A4ri.txt?=\"\r\n\
            Content-Disposition: attachment\r\n\r\nisi berkas\r\n--x--\r\n";
        let received =
            by_mail(&self.house, to, false, &Provenance::default(), PlainBytes::new(mail.as_bytes().to_vec()))
                .await
                .unwrap();
        assert_eq!(received, Received::Held);
        self.held().await.into_iter().find(|id| !known.contains(id)).unwrap()
    }

    async fn held(&self) -> Vec<HeldId> {
        held::list(&mut self.house.db.read().await.unwrap(), self.desk, held::HeldState::Waiting, None, 10)
            .await
            .unwrap()
            .iter()
            .map(|h| h.id)
            .collect()
    }
}

async fn house(folder: &std::path::Path, clock: Arc<TestClock>) -> Arc<House> {
    let db = Db::open(&format!("sqlite:{}", folder.join("house.db").display()), 4).await.unwrap();
    let address = MailAddress::parse("surat@surat.example").unwrap();
    let start = Moment::from_micros(1_794_000_000_000_000);
    let keys = Keys {
        house: HouseKey::draw(&OsChance),
        practice: PracticeKey::generate("Rumah Surat", &address, start).unwrap(),
    };
    let rules = Rules {
        public_url: "http://surat.example".to_owned(),
        mail_domain: "surat.example".to_owned(),
        plus_address: None,
        sender_name: "Kotak Surat".to_owned(),
        recall: Duration::from_secs(600),
        leave_url: "https://example.org".to_owned(),
        daily_hour: 9,
        outbox_folder: None,
        cost: Cost::CHEAP,
    };
    Arc::new(House::new(db, clock, Arc::new(OsChance), keys, rules).unwrap())
}

async fn colleague(house: &House, desk: DeskId, name: &str, language: Language) -> (PersonId, String) {
    let link = invite(house, Roles::of(&[Role::Counselor]), Some(desk)).await.unwrap();
    let token = link.reveal().rsplit('/').next().unwrap().to_owned();
    let entered = accept_invitation(house, &token, name, SECRET, language).await.unwrap();
    assert_eq!(work::staff_name(house, entered.person).await.unwrap().reveal(), name);
    (entered.person, entered.cookie.text().reveal().clone())
}

async fn reader(house: &House, session: &str) -> Reader {
    match visit(house, &Cookie::read(session).unwrap()).await.unwrap() {
        Visit::Open(reader) => reader,
        Visit::Locked(_) | Visit::Stranger => panic!("not signed in"),
    }
}

impl Browser {
    pub(super) async fn get(&mut self, path: &str) -> Page {
        self.ask(Request::get(path), Body::empty()).await
    }

    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.token.clone();
        self.post_with_token(&token, path, fields).await
    }

    pub(super) async fn post_with_token(&mut self, token: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let encode = |(name, value): (&str, &str)| format!("&{name}={}", crate::web::ctx::percent_encoded(value));
        let body = fields.iter().fold(format!("form_token={token}"), |all, f| all + &encode(*f));
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.ask(request, Body::from(body)).await
    }

    async fn ask(&self, request: axum::http::request::Builder, body: Body) -> Page {
        let request = request.header("cookie", format!("s={}; f={FORM_COOKIE}", self.session)).body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
        Page { status, headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// The value of a hidden field of a page.
    pub(super) async fn field(&mut self, path: &str, name: &str) -> String {
        let page = self.get(path).await.body;
        plain(&page, &format!("name=\"{name}\" value=\"")).to_owned()
    }
}

impl Page {
    #[track_caller]
    pub(super) fn leads_to(&self, path: &str) {
        assert_eq!((self.status, self.header("location")), (303, path), "{}", self.body);
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|h| h.to_str().ok()).unwrap_or_default()
    }
}

/// What stands behind a mark, up to the next quote.
#[track_caller]
pub(super) fn plain<'a>(page: &'a str, mark: &str) -> &'a str {
    let (_, rest) = page.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {page}"));
    rest.split('"').next().unwrap_or_default()
}
