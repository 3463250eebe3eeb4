//! The real program as a child process in a home of its own, and the people it serves.
//!
//! What the tests need in the house (a desk, a counselor, clients who may write by mail) is made by the same stories as
//! in real life, on the same home, before the program starts. The same way they look at what is there afterwards.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use merpati::address::MailAddress;
use merpati::chance::OsChance;
use merpati::clock::{Clock, SystemClock};
use merpati::config::{Mail, Metrics, Practice, Settings, Store, Web};
use merpati::custody;
use merpati::flow::furnish::{self, DeskForm};
use merpati::flow::session::{self, Reader, Realm, Visit};
use merpati::flow::throttle::Source;
use merpati::flow::{enter, leave, notify, read};
use merpati::house::House;
use merpati::ids::{DeskId, ThreadId};
use merpati::role::{Language, Role, Roles};
use merpati::seal::Cost;
use merpati::store::Db;
use merpati::store::people::NoticeMode;
use tempfile::TempDir;

use super::peer::Lmtp;

/// Everybody's secret.
pub(crate) const SECRET: &str = "kuda-lumping menari di halaman";
pub(crate) const COUNSELOR: &str = "Bu Ratna";
const DOMAIN: &str = "surat.example";
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Below the ports the system hands out by itself, so that nobody takes one while its program is down.
const FIRST_PORT: u16 = 18_000;
const PORTS: u16 = 12_000;

/// The program, held open: a build that ends meanwhile cannot put another one in its place.
static PROGRAM: LazyLock<File> = LazyLock::new(|| File::open(env!("CARGO_BIN_EXE_merpati")).unwrap());

/// A port nobody listens on.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(u32::from(u16::MAX) & (std::process::id().wrapping_mul(7))).unwrap();
    loop {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, FIRST_PORT + offset)).is_ok() {
            return FIRST_PORT + offset;
        }
    }
}

pub(crate) fn free_address() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, free_port()).into()
}

/// Settings, keys and database of one program.
pub(crate) struct Home {
    folder: TempDir,
    pub(crate) settings: Settings,
}

impl Home {
    /// A home with keys. Empty `store`: SQLite in the home; empty `relay`: mail leaves into its folder.
    pub(crate) fn new(store: &str, relay: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("merpati-home-").tempdir().unwrap();
        let (web, smtp, lmtp) = (free_address(), free_address(), free_address());
        let settings = Settings {
            web: Web { listen: web, public_url: format!("http://{web}") },
            mail: Mail {
                domain: DOMAIN.into(),
                smtp: smtp.to_string(),
                lmtp: lmtp.to_string(),
                relay: relay.into(),
                ..Mail::default()
            },
            store: Store { url: store.into(), connections: 8 },
            practice: Practice::default(),
            metrics: Metrics::default(),
            fetch: Default::default(),
            senders: Default::default(),
        };
        custody::make(folder.path(), &settings, &OsChance, SystemClock.now()).unwrap();
        Self { folder, settings }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn lmtp(&self) -> SocketAddr {
        self.settings.mail.lmtp.parse().unwrap()
    }

    /// The house as seen from this process, beside the program or instead of it. Its locks cost next to nothing.
    pub(crate) async fn house(&self) -> House {
        self.house_at(Arc::new(SystemClock)).await
    }

    pub(crate) async fn house_at(&self, clock: Arc<dyn Clock>) -> House {
        let keys = custody::load(self.path(), &self.settings).unwrap();
        let db = Db::open(&self.settings.store_url(self.path()), 4).await.unwrap();
        let mut rules = self.settings.rules(self.path());
        rules.cost = Cost::CHEAP;
        House::new(db, clock, Arc::new(OsChance), keys, rules).unwrap()
    }

    /// A command of the program, ready to run.
    fn command(&self, before: &str, arguments: &str) -> Command {
        let mut command = Command::new("sh");
        let program = format!("/proc/{}/fd/{}", std::process::id(), PROGRAM.as_raw_fd());
        command.args(["-c", &format!("{before} exec \"$0\" {arguments}"), &program]);
        let s = &self.settings;
        command.envs([
            ("MERPATI_HOME", self.path().display().to_string()),
            ("MERPATI_LOG", "info".to_owned()),
            ("MERPATI_WEB__LISTEN", s.web.listen.to_string()),
            ("MERPATI_WEB__PUBLIC_URL", s.web.public_url.clone()),
            ("MERPATI_MAIL__DOMAIN", s.mail.domain.clone()),
            ("MERPATI_MAIL__SMTP", s.mail.smtp.clone()),
            ("MERPATI_MAIL__LMTP", s.mail.lmtp.clone()),
            ("MERPATI_MAIL__RELAY", s.mail.relay.clone()),
            ("MERPATI_STORE__URL", s.store.url.clone()),
        ]);
        command.env_remove("MERPATI_TEST_POSTGRES").stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &str) -> Output {
        self.command("", arguments).output().unwrap()
    }

    /// Starts the program and waits until its doors are open.
    pub(crate) async fn start(&self) -> Child {
        self.start_after("").await
    }

    /// The same with shell commands before it that set limits.
    pub(crate) async fn start_after(&self, before: &str) -> Child {
        let mut child = self.launch(before);
        child.wait_ready(self.lmtp()).await;
        child
    }

    /// Starts the program and does not wait.
    pub(crate) fn launch(&self, before: &str) -> Child {
        let mut command = self.command(before, "serve");
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        follow(process.stdout.take().unwrap(), &log);
        follow(process.stderr.take().unwrap(), &log);
        Child { process, log }
    }
}

/// Copies what the program says.
fn follow(from: impl std::io::Read + Send + 'static, log: &Arc<Mutex<String>>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}

/// The running program; killed when dropped.
pub(crate) struct Child {
    process: std::process::Child,
    log: Arc<Mutex<String>>,
}

impl Child {
    async fn wait_ready(&mut self, door: SocketAddr) {
        let started = Instant::now();
        while Lmtp::open(door).await.is_err() {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none() && started.elapsed() < START_TIMEOUT, "not open ({ended:?}): {}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it said so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Pulls the plug: `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop: SIGTERM.
    pub(crate) fn terminate(&self) {
        let sent = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            let status = self.process.try_wait().unwrap();
            if status.is_some() || started.elapsed() > within {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            println!("the program said:\n{}", self.log());
        }
    }
}

/// A client who may write by mail.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: String,
    /// Their own, confirmed address.
    pub(crate) address: String,
    pub(crate) thread: ThreadId,
    /// The secret address of the thread.
    pub(crate) letterbox: String,
}

/// Who is there.
pub(crate) struct People {
    pub(crate) desk: DeskId,
    pub(crate) clients: Vec<Client>,
}

impl People {
    /// Makes a desk with a counselor and that many clients.
    pub(crate) async fn furnish(home: &Home, clients: usize) -> Self {
        let house = home.house().await;
        let form = DeskForm {
            slug: "konseling".into(),
            name: "Konseling".into(),
            about_id: "Meja".into(),
            about_en: "Desk".into(),
            zone: "Asia/Jakarta".into(),
            hours: "mon-sun 00:00-24:00".into(),
            reads_per_day: 2,
        };
        let desk = furnish::add_desk(&house, &form).await.unwrap();
        for (name, role) in [("Pak Budi", Role::Operator), (COUNSELOR, Role::Counselor)] {
            let link = furnish::invite(&house, Roles::of(&[role]), Some(desk)).await.unwrap();
            let token = link.reveal().rsplit('/').next().unwrap();
            enter::accept_invitation(&house, token, name, SECRET, Language::Indonesian).await.unwrap();
        }
        let mut all = Vec::new();
        for number in 0..clients {
            all.push(client(&house, desk, number).await);
        }
        house.db.close().await;
        Self { desk, clients: all }
    }
}

async fn client(house: &House, desk: DeskId, number: usize) -> Client {
    let (name, address) = (format!("melati {number}"), format!("melati{number}@example.org"));
    enter::open_mailbox(house, desk, &name, SECRET, Language::English).await.unwrap();
    let reader = sign_in(house, Realm::Clients, &name).await;
    let own = MailAddress::parse(&address).unwrap();
    notify::ask_address(house, &reader, &own, NoticeMode::AtOnce).await.unwrap();
    let mail = leave::claim(house).await.unwrap().unwrap();
    let opened = leave::open(house, &mail).unwrap();
    assert!(notify::confirm(house, opened.link.reveal().rsplit('/').next().unwrap()).await.unwrap());
    leave::finish(house, mail.id).await.unwrap();
    let thread = read::own_threads(house, &reader).await.unwrap().remove(0).0.id;
    let letterbox = read::own_addresses(house, &reader).await.unwrap().remove(0).2.reveal().clone();
    Client { name, address, thread, letterbox }
}

/// Somebody with their key open.
pub(crate) async fn sign_in(house: &House, realm: Realm, name: &str) -> Reader {
    let (cookie, ..) = session::sign_in(house, realm, name, SECRET, Source::UNKNOWN).await.unwrap();
    match session::visit(house, &cookie).await.unwrap() {
        Visit::Open(reader) => reader,
        Visit::Stranger | Visit::Locked(_) => panic!("{name} has just signed in"),
    }
}
