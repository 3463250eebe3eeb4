//! A real PostgreSQL for the tests.
//!
//! `MERPATI_TEST_POSTGRES` may name a database whose role may create others. Otherwise the first test that asks starts a
//! throw-away cluster on a socket in a temporary folder. A shell stands guard beside it: it reads a pipe that only this
//! process holds, and when the pipe closes, however this process ends, it stops the server and removes the folder.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use merpati::store::Db;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection};

/// The oldest version the store is written for.
const VERSION_MIN: u32 = 15;
const VERSIONS: &str = "/usr/lib/postgresql";
const START_TIMEOUT: Duration = Duration::from_secs(60);
const GUARD: &str = r#"
"$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$2/log" 2>&1 || exit 1
"$1/postgres" -D "$2/data" -k "$2" $3 -c listen_addresses= -c max_connections=200 >>"$2/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$2"
"#;

/// Whether a commit reaches the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    /// It need not: no test of this cluster pulls the plug.
    Fast,
    /// It does, as in a real house.
    Durable,
}

/// A throw-away cluster; it ends with this value or with the process.
pub(crate) struct Cluster {
    guard: Child,
    folder: PathBuf,
}

impl Cluster {
    pub(crate) fn start(disk: Disk) -> Self {
        let folder = tempfile::Builder::new().prefix("merpati-pg-").tempdir().unwrap().keep();
        let mut command = Command::new("sh");
        if fs::metadata(&folder).unwrap().uid() == 0 {
            // PostgreSQL refuses to run as root.
            let (uid, gid) = servant();
            chown(&folder, Some(uid), Some(gid)).unwrap();
            command.uid(uid).gid(gid);
        }
        let settings = match disk {
            Disk::Fast => "-c fsync=off -c synchronous_commit=off -c full_page_writes=off",
            Disk::Durable => "-c fsync=on -c synchronous_commit=on",
        };
        let guard = command
            .args(["-c", GUARD, "guard"])
            .arg(programs())
            .arg(&folder)
            .arg(settings)
            .current_dir(&folder)
            // Out of reach of an interrupt from the keyboard: that ends this process, and the pipe tells the guard.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut cluster = Self { guard, folder };
        cluster.wait();
        cluster
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.display())
    }

    fn wait(&mut self) {
        let started = std::time::Instant::now();
        let url = self.url("postgres");
        while let Err(error) = block_on(async { PgConnection::connect(&url).await?.close().await }) {
            let ended = self.guard.try_wait().unwrap().is_some();
            if ended || started.elapsed() > START_TIMEOUT {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("the PostgreSQL for the tests did not start ({error}): {log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
        // The servant may not be allowed to remove the folder itself.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where the server's programs are.
fn programs() -> PathBuf {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions.filter_map(|v| v.file_name().to_str()?.parse::<u32>().ok()).max();
    let found = newest.filter(|v| *v >= VERSION_MIN).map(|v| Path::new(VERSIONS).join(v.to_string()).join("bin"));
    found.filter(|bin| bin.join("initdb").exists()).unwrap_or_else(|| {
        panic!(
            "The tests need a PostgreSQL server, version {VERSION_MIN} or newer: install the package `postgresql` (scripts/test \
             does), or set MERPATI_TEST_POSTGRES to the URL of a database whose role may create others."
        )
    })
}

/// User and group the server runs as when we are root.
fn servant() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let mut fields = users.lines().map(|l| l.split(':')).find(|l| l.clone().next() == Some(name))?.skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody")).expect("a user `postgres` or `nobody` to run PostgreSQL as")
}

/// Where this run makes its databases.
pub(crate) struct Server {
    base: String,
    run: u32,
    next: AtomicU32,
    /// The databases of our own cluster are made as copies of this one. A server that outlives us keeps no template.
    template: Option<String>,
    cluster: Option<Cluster>,
}

/// The server all tests of this run share.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::find)
}

impl Server {
    fn find() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the program")]
        let given = std::env::var("MERPATI_TEST_POSTGRES").ok();
        let cluster = given.is_none().then(|| Cluster::start(Disk::Fast));
        let base = given.or_else(|| cluster.as_ref().map(|c| c.url("postgres"))).unwrap_or_default();
        let run = std::process::id();
        let mut server = Self { base, run, next: AtomicU32::new(0), template: None, cluster };
        if server.cluster.is_some() {
            let name = server.make_database();
            block_on(async { Db::open(&server.url(&name), 1).await.unwrap().close().await });
            server.template = Some(name);
        }
        server
    }

    /// A database of its own for one test; returns its name.
    pub(crate) fn make_database(&self) -> String {
        let name = format!("merpati_{}_{}", self.run, self.next.fetch_add(1, Ordering::Relaxed));
        let template = self.template.as_ref().map(|t| format!(" TEMPLATE {t}")).unwrap_or_default();
        self.run_text(format!("CREATE DATABASE {name}{template}"));
        name
    }

    pub(crate) fn drop_database(&self, name: &str) {
        self.run_text(format!("DROP DATABASE {name} WITH (FORCE)"));
    }

    pub(crate) fn url(&self, database: &str) -> String {
        let mut url: sqlx::postgres::PgConnectOptions = self.base.parse().unwrap();
        url = url.database(database);
        url.to_url_lossy().to_string()
    }

    fn run_text(&self, text: String) {
        block_on(async {
            let mut conn = PgConnection::connect(&self.base).await.unwrap();
            conn.execute(AssertSqlSafe(text)).await.unwrap();
            conn.close().await.unwrap();
        });
    }
}

/// Runs a future to its end; not from within a runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_cluster_ends_with_its_guard() {
    let cluster = Cluster::start(Disk::Fast);
    let folder = cluster.folder.clone();
    let server: u32 =
        fs::read_to_string(folder.join("data/postmaster.pid")).unwrap().lines().next().unwrap().parse().unwrap();
    assert!(Path::new("/proc").join(server.to_string()).exists());
    drop(cluster);
    assert!(!folder.exists());
    assert!(!Path::new("/proc").join(server.to_string()).exists());
}
