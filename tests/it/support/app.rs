//! A whole house on ports of its own, and the people who come to its doors.
//!
//! Everything here goes through the pages and the mail doors; where a story needs to look behind them, it asks `house`.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use merpati::address::{MailAddress, PlusAddress};
use merpati::app::{self, Doors, Running};
use merpati::chance::OsChance;
use merpati::clock::{Clock, Moment, SystemClock, TestClock};
use merpati::config::{self, Metrics, Practice, Settings};
use merpati::custody;
use merpati::flow::furnish;
use merpati::house::House;
use merpati::outbox::Transport;
use merpati::parse::{self, RawLetter};
use merpati::provenance::Witnesses;
use merpati::role::{Language, Role, Roles};
use merpati::seal::Cost;
use merpati::{jobs, outbox};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::browser::{Browser, Page};
use super::engine::Scratch;
use super::outside::Outside;

pub(crate) const DOMAIN: &str = "surat.example";
/// How long a reply can be taken back here: shorter than the silence that locks a screen.
pub(crate) const RECALL: Duration = Duration::from_secs(180);
/// How long the motors may take for what is due.
const MOTORS_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct TestApp {
    pub(crate) house: Arc<House>,
    pub(crate) url: String,
    pub(crate) smtp: SocketAddr,
    pub(crate) lmtp: SocketAddr,
    pub(crate) home: TempDir,
    pub(crate) store_url: String,
    clock: Option<Arc<TestClock>>,
    transport: Transport,
    running: Running,
}

/// Somebody at a window of their own.
#[derive(Clone)]
pub(crate) struct Someone {
    browser: Browser,
    pub(crate) name: String,
    pub(crate) secret: String,
}

impl Deref for Someone {
    type Target = Browser;
    fn deref(&self) -> &Browser {
        &self.browser
    }
}

/// A client with a mailbox.
#[derive(Clone)]
pub(crate) struct Client {
    someone: Someone,
    /// `/mailbox/THREAD`.
    pub(crate) mailbox: String,
}

impl Deref for Client {
    type Target = Someone;
    fn deref(&self) -> &Someone {
        &self.someone
    }
}

impl Client {
    /// The thread's page on the counselor's side.
    pub(crate) fn queue_path(&self) -> String {
        self.mailbox.replace("/mailbox/", "/queue/")
    }

    /// The same client at another window.
    pub(crate) fn at(mut self, browser: Browser) -> Self {
        self.someone.browser = browser;
        self
    }

    pub(crate) fn thread_id(&self) -> &str {
        self.mailbox.rsplit('/').next().unwrap()
    }
}

/// A mail that left.
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) raw: String,
}

impl Mail {
    /// Bytes after the header.
    pub(crate) fn body(&self) -> &str {
        self.raw.split_once("\r\n\r\n").unwrap().1
    }

    /// The path of the first link.
    pub(crate) fn link(&self, url: &str) -> String {
        let line = self.text.lines().find(|l| l.starts_with(url)).unwrap_or_else(|| panic!("no link: {}", self.text));
        line[url.len()..].to_owned()
    }
}

pub(crate) fn settings(web: SocketAddr) -> Settings {
    let mut settings = Settings {
        web: config::Web { listen: web, public_url: format!("http://{web}") },
        mail: config::Mail::default(),
        store: config::Store::default(),
        practice: Practice::default(),
        metrics: Metrics::default(),
        fetch: Default::default(),
        senders: Default::default(),
    };
    DOMAIN.clone_into(&mut settings.mail.domain);
    settings
}

impl TestApp {
    /// Opens a house that goes by the machine's clock.
    pub(crate) async fn open(scratch: &Scratch) -> Self {
        Self::open_with(scratch, None, Witnesses::default(), None).await
    }

    /// Opens a house whose thread addresses are parts of one hosted mailbox; its clock stands still.
    pub(crate) async fn open_hosted(scratch: &Scratch, mailbox: &str) -> Self {
        let mailbox = PlusAddress::new(MailAddress::parse(mailbox).unwrap());
        let clock = Arc::new(TestClock::at(a_day_ago()));
        Self::open_with(scratch, Some(clock), Witnesses::default(), Some(mailbox)).await
    }

    /// Opens a house that asks about senders.
    pub(crate) async fn open_watchful(scratch: &Scratch, witnesses: Witnesses) -> Self {
        Self::open_with(scratch, None, witnesses, None).await
    }

    /// Opens a house whose clock stands still until it is told. It begins a day ago, so that the real program can read
    /// what the house wrote.
    pub(crate) async fn open_at_rest(scratch: &Scratch) -> Self {
        Self::open_with(scratch, Some(Arc::new(TestClock::at(a_day_ago()))), Witnesses::default(), None).await
    }

    async fn open_with(
        scratch: &Scratch,
        clock: Option<Arc<TestClock>>,
        witnesses: Witnesses,
        hosted: Option<PlusAddress>,
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smtp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lmtp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = settings(web.local_addr().unwrap());
        let running_clock: Arc<dyn Clock> = match &clock {
            Some(clock) => Arc::<TestClock>::clone(clock),
            None => Arc::new(SystemClock),
        };
        custody::make(home.path(), &settings, &OsChance, running_clock.now()).unwrap();
        let keys = custody::load(home.path(), &settings).unwrap();
        let mut rules = settings.rules(home.path());
        rules.cost = Cost::CHEAP;
        rules.recall = RECALL;
        rules.plus_address = hosted;
        let house = House::new((**scratch).clone(), running_clock, Arc::new(OsChance), keys, rules).unwrap();
        let house = Arc::new(house.with_witnesses(witnesses));
        let folder = || Transport::Folder(config::outbox_folder(home.path()));
        let (smtp_at, lmtp_at) = (smtp.local_addr().unwrap(), lmtp.local_addr().unwrap());
        let doors = Doors {
            loopback: Some(TcpListener::bind("127.0.0.1:0").await.unwrap()),
            web,
            mail: app::mail_settings(&settings).unwrap(),
            smtp: Some(smtp),
            smtps: None,
            lmtp: Some(lmtp),
            socket: None,
            metrics: None,
        };
        let running = app::start(Arc::clone(&house), doors, folder(), None);
        Self {
            url: house.rules.public_url.clone(),
            smtp: smtp_at,
            lmtp: lmtp_at,
            store_url: scratch.url.clone(),
            clock,
            transport: folder(),
            running,
            house,
            home,
        }
    }

    /// Closes the doors; the house must have let go of everything by then.
    pub(crate) async fn close(self) {
        self.running.stop().await;
    }

    /// Time goes by.
    pub(crate) fn wait(&self, seconds: u64) {
        let clock = self.clock.as_ref().expect("a clock that can be moved");
        clock.advance(Duration::from_secs(seconds));
    }

    /// A moment goes by, where the clock stands still.
    pub(crate) fn tick(&self) {
        if let Some(clock) = &self.clock {
            clock.advance(Duration::from_secs(1));
        }
    }

    pub(crate) fn browser(&self, language: Language) -> Browser {
        Browser::new(&self.url, language)
    }

    pub(crate) async fn outside(&self) -> Outside {
        Outside::open(&self.store_url).await
    }

    /// The first operator, by the link that the program prints.
    pub(crate) async fn operator(&self) -> Someone {
        let link = furnish::invite(&self.house, Roles::of(&[Role::Operator]), None).await.unwrap();
        accept(self.browser(Language::English), &link.reveal()[self.url.len()..], "Pak Operator").await
    }

    /// A counselor the operator invited to a desk.
    pub(crate) async fn counselor(&self, operator: &Someone, desk: &str, name: &str, language: Language) -> Someone {
        let path = invite(operator, desk, &self.url).await;
        accept(self.browser(language), &path, name).await
    }

    /// An operator, a desk `Meja Uji` and its first counselor.
    pub(crate) async fn furnish(&self) -> (Someone, Someone) {
        let operator = self.operator().await;
        make_desk(&operator, "uji", "Meja Uji").await;
        let counselor = self.counselor(&operator, "Meja Uji", "Bu Ratna", Language::English).await;
        (operator, counselor)
    }

    pub(crate) async fn open_mailbox(&self, name: &str, language: Language) -> Client {
        open_mailbox(self.browser(language), "uji", name).await
    }

    pub(crate) async fn write(&self, client: &Client, subject: &str, text: &str, safe: &str) -> Page {
        self.tick();
        let page = write(client, subject, text, safe).await;
        page.must_be(&format!("{}?done={}", client.mailbox, if safe == "yes" { "sent" } else { "sent-urgent" }));
        page
    }

    pub(crate) async fn take(&self, counselor: &Someone, client: &Client) -> Page {
        self.tick();
        take(counselor, &client.queue_path()).await
    }

    pub(crate) async fn reply(&self, counselor: &Someone, client: &Client, text: &str) -> Page {
        self.tick();
        reply(counselor, &client.queue_path(), text).await
    }

    /// Does everything that is due, together with the motors, and waits for them.
    pub(crate) async fn run_due(&self) {
        let started = tokio::time::Instant::now();
        let mut outside = self.outside().await;
        loop {
            jobs::run_due(&self.house).await.unwrap();
            outbox::run_due(&self.house, &self.transport).await.unwrap();
            let now = self.house.now().micros();
            let mut waiting = 0;
            for table in ["job", "outbox"] {
                let sql = format!("SELECT count(*) FROM {table} WHERE state = 'waiting' AND due_us <= {now}");
                waiting += outside.row(&sql, &[]).await[0].int();
            }
            if waiting == 0 {
                return outside.close().await;
            }
            assert!(started.elapsed() < MOTORS_TIMEOUT, "{waiting} pieces of work are due and not done");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The mails that left so far, oldest first.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        let folder = config::outbox_folder(self.home.path());
        let mut files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().collect();
        files.sort_by_key(|f| f.metadata().unwrap().modified().unwrap());
        files.iter().filter(|f| f.file_name().to_string_lossy().ends_with(".eml")).map(|f| mail(&f.path())).collect()
    }

    /// The client asks for notifications at once and follows the link in the mail that comes.
    pub(crate) async fn confirm_address(&self, client: &Client, address: &str) {
        let path = "/mailbox/settings";
        let form = client.get(path).await.form(path).with("mode", "at_once").with("address", address);
        client.send(form).await.must_be("/mailbox/settings?done=asked");
        self.run_due().await;
        let mails = self.mails();
        let mail = mails.iter().rfind(|m| m.to == address).expect("a confirmation");
        let link = mail.link(&self.url);
        assert!(link.starts_with("/confirm/"), "{link}");
        // The mail may be opened on another device.
        let elsewhere = self.browser(Language::English);
        let page = elsewhere.get(&link).await;
        page.must_say("If that was you, press the button below.");
        let form = page.form(&link);
        elsewhere.send(form).await.must_say("The address is confirmed.");
    }

    /// The client's secret mail address, as their own page shows it.
    pub(crate) async fn secret_address(&self, client: &Client) -> String {
        let page = client.get("/mailbox/settings").await;
        let (_, rest) =
            page.html.split_once("<code translate=\"no\">").unwrap_or_else(|| panic!("no address: {}", page.text()));
        rest.split_once("</code>").unwrap().0.to_owned()
    }
}

fn a_day_ago() -> Moment {
    SystemClock.now().minus(Duration::from_secs(86_400))
}

fn mail(path: &std::path::Path) -> Mail {
    let raw = std::fs::read(path).unwrap();
    let letter = parse::read(RawLetter::new(raw.clone())).ok().expect("a mail that can be read");
    Mail {
        to: parse::header(&raw, "To").join(",").trim_matches([' ', '<', '>']).to_owned(),
        subject: letter.subject.reveal().clone(),
        text: letter.text.reveal().clone(),
        raw: String::from_utf8(raw).unwrap(),
    }
}

/// Accepts an invitation with the six words on the page.
pub(crate) async fn accept(browser: Browser, path: &str, name: &str) -> Someone {
    let page = browser.get(path).await;
    let form = page.form(path).with("name", name);
    let secret = form.value("words").to_owned();
    let sheet = browser.send(form).await;
    sheet.must_say(&secret).must_say(name);
    Someone { browser, name: name.to_owned(), secret }
}

pub(crate) async fn make_desk(operator: &Someone, slug: &str, name: &str) {
    let form = operator.get("/operator/desk").await.form("/operator/desk");
    let form =
        form.with("slug", slug).with("name", name).with("about_id", "Kami membaca.").with("about_en", "We read.");
    // A reply leaves when the desk is at work: here always, whatever day it is.
    let form = form.with("hours", "mon-sun 00:00-24:00");
    operator.send(form).await.must_be("/operator?done=desk-added");
}

/// The path of an invitation for a counselor.
pub(crate) async fn invite(operator: &Someone, desk: &str, url: &str) -> String {
    let page = operator.get("/operator/invitation").await;
    let form = page.form("/operator/invitation").with("counselor", "1").with("desk", &page.option(desk));
    let page = operator.send(form).await;
    let text = page.text();
    let link = text.split(' ').find(|w| w.contains("/invitation/")).unwrap_or_else(|| panic!("no link: {text}"));
    link.strip_prefix(url).unwrap().to_owned()
}

/// Opens a mailbox with the six words on the page.
pub(crate) async fn open_mailbox(browser: Browser, desk: &str, name: &str) -> Client {
    let path = format!("/desk/{desk}/open");
    let form = browser.get(&path).await.form(&path).with("name", name);
    let secret = form.value("words").to_owned();
    browser.send(form).await.must_say(&secret).must_say(name);
    let mailbox = browser.get("/mailbox").await.path;
    assert!(mailbox.starts_with("/mailbox/"), "{mailbox}");
    Client { someone: Someone { browser, name: name.to_owned(), secret }, mailbox }
}

pub(crate) async fn write(client: &Client, subject: &str, text: &str, safe: &str) -> Page {
    let path = format!("{}/write", client.mailbox);
    let form = client.get(&path).await.form(&path);
    client.send(form.with("subject", subject).with("text", text).with("safe", safe).with("send", "1")).await
}

pub(crate) async fn take(counselor: &Someone, thread: &str) -> Page {
    let form = counselor.get(thread).await.form(&format!("{thread}/take"));
    let page = counselor.send(form).await;
    page.must_be(&format!("{thread}?done=taken"));
    page
}

pub(crate) async fn reply(counselor: &Someone, thread: &str, text: &str) -> Page {
    let form = counselor.get(thread).await.form(thread);
    let page = counselor.send(form.with("text", text)).await;
    page.must_be(&format!("{thread}?done=sent"));
    page
}

/// A client signs in, in this window or another.
pub(crate) async fn sign_in(browser: &Browser, who: &Someone) -> Page {
    let form = browser.get("/sign-in").await.form("/sign-in").with("name", &who.name).with("secret", &who.secret);
    browser.send(form).await
}

/// A colleague signs in, in this window or another.
pub(crate) async fn sign_in_staff(browser: &Browser, who: &Someone) -> Page {
    let form = browser.get("/staff").await.form("/staff").with("name", &who.name).with("secret", &who.secret);
    browser.send(form).await
}
