//! What stands around every page: the bar, the pages, the languages, the crisis line, the leave link.

use super::assets;
use super::ctx::{self, Ctx};
use crate::clock::Moment;
use crate::crisis::{self, Contact, Kind};
use crate::flow::session::Visit;
use crate::house::House;
use crate::limits::{CLIENT_IDLE, STAFF_IDLE};
use crate::role::{Language, Role, Roles};
use crate::texts::Texts;

/// The server waits a little longer than the page, so that the page's last save still finds its session.
const IDLE_MARGIN_SECS: u64 = 30;

/// Whose page it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// A client's, or anybody's.
    Client,
    /// The house's.
    Staff,
}

/// A link of the bar.
pub(crate) struct Link {
    pub(crate) href: &'static str,
    pub(crate) text: String,
    pub(crate) current: bool,
}

/// When the page closes itself.
pub(crate) struct Idle {
    pub(crate) seconds: u64,
    pub(crate) warn_seconds: u64,
    pub(crate) url: &'static str,
}

/// Around a page.
pub(crate) struct Shell {
    pub(crate) texts: Texts,
    pub(crate) title: String,
    pub(crate) token: String,
    pub(crate) css: &'static str,
    pub(crate) js: &'static str,
    pub(crate) side: Side,
    pub(crate) links: Vec<Link>,
    pub(crate) idle: Option<Idle>,
    pub(crate) path: String,
    pub(crate) brand: String,
    now: Moment,
}

impl Shell {
    /// Around a page of this request. `here` is the path of the link that is current.
    pub(crate) fn new(ctx: &Ctx, who: Option<Roles>, title_key: &str, here: &str) -> Self {
        let mut shell = Self::outside(&ctx.house, ctx.texts, &ctx.texts.t(title_key));
        shell.token = ctx.form_token();
        shell.path.clone_from(&ctx.path);
        let Some(roles) = who else { return shell };
        let client = roles.has(Role::Client);
        shell.side = if client { Side::Client } else { Side::Staff };
        shell.links = links(ctx.texts, roles, here);
        let limit = if client { CLIENT_IDLE } else { STAFF_IDLE }.as_secs() - IDLE_MARGIN_SECS;
        let url = if client { "/sign-out?idle" } else { "/lock?idle" };
        let warn_seconds = if client { limit - 120 } else { limit - 60 };
        shell.idle = Some(Idle { seconds: limit, warn_seconds, url });
        shell
    }

    /// Around a page of nobody in particular.
    pub(crate) fn outside(house: &House, texts: Texts, title: &str) -> Self {
        let paths = assets::paths();
        Self {
            texts,
            title: title.to_owned(),
            token: String::new(),
            css: &paths.css,
            js: &paths.js,
            side: Side::Client,
            links: Vec::new(),
            idle: None,
            path: "/".to_owned(),
            brand: house.rules.sender_name.clone(),
            now: house.now(),
        }
    }

    /// The same for the staff's side before anybody is known.
    pub(crate) fn for_staff(mut self) -> Self {
        self.side = Side::Staff;
        self
    }

    pub(crate) fn t(&self, key: &str) -> String {
        self.texts.t(key)
    }

    pub(crate) fn t1(&self, key: &str, name: &'static str, value: &str) -> String {
        self.texts.t1(key, name, value.to_owned())
    }

    /// This page's path, for a query.
    pub(crate) fn back(&self) -> String {
        ctx::percent_encoded(&self.path)
    }

    pub(crate) fn is_staff(&self) -> bool {
        self.side == Side::Staff
    }

    pub(crate) fn code(&self) -> &'static str {
        self.texts.0.code()
    }

    pub(crate) fn languages(&self) -> impl Iterator<Item = (Language, bool)> {
        let mine = self.texts.0;
        Language::ALL.into_iter().map(move |l| (l, l == mine))
    }

    /// The contacts of the crisis panel.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = Line<'static>> {
        let (language, now) = (self.texts.0, self.now);
        crisis::contacts("id").iter().map(move |contact| Line { contact, language, now })
    }

    /// The contact of the crisis line.
    pub(crate) fn first_number(&self) -> Option<Line<'static>> {
        self.contacts().find(|l| l.is_call())
    }
}

/// A contact in the reader's language.
pub(crate) struct Line<'a> {
    contact: &'a Contact,
    language: Language,
    now: Moment,
}

impl Line<'_> {
    pub(crate) fn name(&self) -> &str {
        self.contact.name.get(self.language)
    }
    pub(crate) fn hours(&self) -> &str {
        self.contact.hours.get(self.language)
    }
    pub(crate) fn note(&self) -> &str {
        self.contact.note.get(self.language)
    }
    pub(crate) fn value(&self) -> &str {
        &self.contact.value
    }
    pub(crate) fn dial(&self) -> &str {
        self.contact.dial()
    }
    pub(crate) fn is_call(&self) -> bool {
        self.contact.kind == Kind::Call
    }
    pub(crate) fn is_chat(&self) -> bool {
        self.contact.kind == Kind::Chat
    }
    pub(crate) fn is_stale(&self) -> bool {
        self.contact.is_stale(self.now)
    }
}

/// The roles of whoever stands at the door with an open session.
pub(crate) fn roles(visit: &Visit) -> Option<Roles> {
    match visit {
        Visit::Open(reader) => Some(reader.who.roles),
        Visit::Locked(_) | Visit::Stranger => None,
    }
}

fn links(texts: Texts, roles: Roles, here: &str) -> Vec<Link> {
    let all: [(Role, &'static str, &'static str); 5] = [
        (Role::Client, "/mailbox", "nav-mailbox"),
        (Role::Client, "/mailbox/settings", "nav-settings"),
        (Role::Counselor, "/queue", "nav-queue"),
        (Role::Scheduler, "/schedule", "nav-schedule"),
        (Role::Operator, "/operator", "nav-operator"),
    ];
    let mine = all.into_iter().filter(|(role, ..)| roles.has(*role));
    mine.map(|(_, href, key)| Link { href, text: texts.t(key), current: href == here }).collect()
}
