//! The web door in tests: a house in a scratch folder, a browser that keeps its cookies, pages that say no raw key.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt as _;

use crate::address::MailAddress;
use crate::chance::SeededChance;
use crate::clock::{Moment, TestClock};
use crate::flow::enter::{self, Entered};
use crate::flow::furnish::{self, DeskForm};
use crate::house::{House, Keys, Rules};
use crate::ids::DeskId;
use crate::role::{Language, Role, Roles};
use crate::seal::{Cost, HouseKey, PracticeKey};
use crate::store::Db;

/// A secret that is good enough.
pub(in crate::web) const SECRET: &str = "kelapa jendela ombak perahu melati sendok";

/// A house and its door.
pub(in crate::web) struct Door {
    pub(in crate::web) house: Arc<House>,
    pub(in crate::web) clock: Arc<TestClock>,
    router: Router,
    _folder: tempfile::TempDir,
}

impl Door {
    pub(in crate::web) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("house.db").display()), 2).await.unwrap();
        let noon = chrono::DateTime::parse_from_rfc3339("2026-11-19T05:00:00Z").unwrap().to_utc();
        let clock = Arc::new(TestClock::at(Moment::from(noon)));
        let chance = Arc::new(SeededChance::new(11));
        let address = MailAddress::parse("surat@contoh.sch.id").unwrap();
        let practice = PracticeKey::generate("Kotak Surat", &address, Moment::from(noon)).unwrap();
        let keys = Keys { house: HouseKey::draw(&*chance), practice };
        let rules = Rules {
            public_url: "http://surat.contoh.sch.id".to_owned(),
            mail_domain: "contoh.sch.id".to_owned(),
            plus_address: None,
            sender_name: "Kotak Surat".to_owned(),
            recall: Duration::from_secs(600),
            leave_url: "https://id.wikipedia.org/".to_owned(),
            daily_hour: 16,
            outbox_folder: Some("keluar".into()),
            cost: Cost::CHEAP,
        };
        let house = Arc::new(House::new(db, clock.clone(), chance, keys, rules).unwrap());
        Self { router: super::router(Arc::clone(&house)), house, clock, _folder: folder }
    }

    /// Makes a desk.
    pub(in crate::web) async fn desk(&self) -> DeskId {
        let form = DeskForm {
            slug: "bk".to_owned(),
            name: "BK SMA Nusantara 3".to_owned(),
            zone: "Asia/Jakarta".to_owned(),
            hours: "mon-thu 07:30-12:00 13:00-15:30; fri 07:30-11:30".to_owned(),
            reads_per_day: 2,
            ..DeskForm::default()
        };
        furnish::add_desk(&self.house, &form).await.unwrap()
    }

    /// The path of a new invitation.
    pub(in crate::web) async fn invitation(&self, roles: &[Role], desk: Option<DeskId>) -> String {
        let link = furnish::invite(&self.house, Roles::of(roles), desk).await.unwrap();
        link.reveal().strip_prefix(&self.house.rules.public_url).unwrap().to_owned()
    }

    /// Somebody who accepted an invitation, with a browser of their own.
    pub(in crate::web) async fn colleague(
        &self,
        name: &str,
        roles: &[Role],
        desk: Option<DeskId>,
    ) -> (Browser<'_>, Entered) {
        let path = self.invitation(roles, desk).await;
        let token = path.rsplit('/').next().unwrap();
        let entered = enter::accept_invitation(&self.house, token, name, SECRET, Language::Indonesian).await.unwrap();
        let mut browser = self.browser();
        browser.cookies.insert("s".to_owned(), entered.cookie.text().reveal().clone());
        (browser, entered)
    }

    pub(in crate::web) fn browser(&self) -> Browser<'_> {
        Browser { door: self, cookies: BTreeMap::new() }
    }
}

/// A browser.
pub(in crate::web) struct Browser<'a> {
    door: &'a Door,
    pub(in crate::web) cookies: BTreeMap<String, String>,
}

/// An answer.
pub(in crate::web) struct Answer {
    pub(in crate::web) status: StatusCode,
    pub(in crate::web) headers: HeaderMap,
    pub(in crate::web) text: String,
}

impl Answer {
    /// Where it leads.
    pub(in crate::web) fn location(&self) -> &str {
        self.headers.get("location").map_or("", |h| h.to_str().unwrap())
    }

    /// The value of the first input of that name.
    pub(in crate::web) fn value(&self, name: &str) -> &str {
        let (_, rest) =
            self.text.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name}"));
        rest.split('"').next().unwrap()
    }

    #[track_caller]
    pub(in crate::web) fn shows(&self, text: &str) -> &Self {
        assert!(self.text.contains(text), "{text:?} is not in {}", self.text);
        self
    }

    #[track_caller]
    pub(in crate::web) fn hides(&self, text: &str) -> &Self {
        assert!(!self.text.contains(text), "{text:?} is in {}", self.text);
        self
    }
}

impl Browser<'_> {
    pub(in crate::web) async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request = request.header("cookie", cookies.join("; ")).header("host", "surat.contoh.sch.id");
        let response = self.door.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all("set-cookie") {
            let (pair, rest) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        let answer = Answer { status: parts.status, headers: parts.headers, text };
        says_no_key(&answer.text);
        answer
    }

    pub(in crate::web) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    /// A page in each language; the browser stays with the second.
    pub(in crate::web) async fn get_both(&mut self, path: &str) -> [Answer; 2] {
        self.cookies.insert("l".to_owned(), "id".to_owned());
        let indonesian = self.get(path).await;
        self.cookies.insert("l".to_owned(), "en".to_owned());
        let english = self.get(path).await;
        for (answer, code) in [(&indonesian, "id"), (&english, "en")] {
            if answer.headers.get("content-type").is_some_and(|t| t.to_str().unwrap().starts_with("text/html")) {
                answer.shows(&format!("<html lang=\"{code}\""));
            }
        }
        [indonesian, english]
    }

    /// Fills in a form: its token and these fields.
    pub(in crate::web) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        if !self.cookies.contains_key("f") {
            self.get("/staff/recover").await;
        }
        let token = crate::flow::session::form_token(&self.door.house, &self.cookies["f"]);
        let all = [&[("form_token", token.as_str())], fields].concat();
        let body: Vec<_> = all.iter().map(|(n, v)| format!("{n}={}", super::ctx::percent_encoded(v))).collect();
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request, body.join("&")).await
    }
}

impl Browser<'_> {
    /// Hands a form in and is led on.
    pub(in crate::web) async fn leads(&mut self, path: &str, fields: &[(&str, &str)], to: &str) {
        let answer = self.post(path, fields).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, to), "{path}");
    }
}

/// A key without a text would be shown as itself.
#[track_caller]
fn says_no_key(html: &str) {
    for prefix in ["staff-", "operator-", "schedule-"] {
        for (at, _) in html.match_indices(prefix) {
            let before = html[..at].chars().next_back();
            let part_of_word = before.is_some_and(|c| c.is_alphanumeric() || "-/_".contains(c));
            assert!(part_of_word, "a raw key: {}", html[at..].chars().take(40).collect::<String>());
        }
    }
}
