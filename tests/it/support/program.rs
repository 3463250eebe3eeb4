//! The real program, run as people run it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::app::DOMAIN;

const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A home, a database and how the program is told of them.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) home: PathBuf,
    pub(crate) store_url: String,
    pub(crate) web: SocketAddr,
    pub(crate) smtp: SocketAddr,
    log: &'static str,
    temp: Option<PathBuf>,
}

/// What one run left behind.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    pub(crate) fn new(home: &Path, store_url: &str) -> Self {
        let (web, smtp) = (free_port(), free_port());
        Self { home: home.to_owned(), store_url: store_url.to_owned(), web, smtp, log: "info", temp: None }
    }

    /// Logs everything and keeps its temporary files, if it makes any, in a folder of its own.
    pub(crate) fn watched(mut self, temp: &Path) -> Self {
        self.log = "trace";
        self.temp = Some(temp.to_owned());
        self
    }

    /// The same, as seen from outside.
    pub(crate) fn at(mut self, url: &str) -> Self {
        self.web = url.strip_prefix("http://").unwrap().parse().unwrap();
        self
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.web)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_merpati"));
        // Nothing of the tests' own surroundings.
        command.env_clear().env("PATH", "/usr/bin:/bin").arg("--home").arg(&self.home).args(words);
        command
            .env("MERPATI_LOG", self.log)
            .env("MERPATI_STORE__URL", &self.store_url)
            .env("MERPATI_MAIL__DOMAIN", DOMAIN);
        command.env("MERPATI_WEB__LISTEN", self.web.to_string()).env("MERPATI_WEB__PUBLIC_URL", self.url());
        command.env("MERPATI_MAIL__SMTP", self.smtp.to_string()).env("MERPATI_MAIL__LMTP", "");
        command.env("MERPATI_PRACTICE__RECALL_MINUTES", "0");
        if let Some(temp) = &self.temp {
            command.env("TMPDIR", temp);
        }
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        self.run_with(words, b"")
    }

    pub(crate) fn run_with(&self, words: &[&str], input: &[u8]) -> Ended {
        tokio::task::block_in_place(|| feed(&mut self.command(words), input))
    }

    /// Runs a command that must end well.
    #[track_caller]
    pub(crate) fn must(&self, words: &[&str]) -> Ended {
        let ended = self.run(words);
        assert_eq!(ended.code, 0, "{words:?}: {} {}", ended.out, ended.err);
        ended
    }

    /// Opens the doors and returns with the first operator's link, if there is one.
    pub(crate) fn serve(&self) -> Serving {
        let files = tempfile::tempdir().unwrap();
        let file = |name: &str| fs::File::create(files.path().join(name)).unwrap();
        let mut command = self.command(&["serve", "--init"]);
        let child = command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err")).spawn().unwrap();
        let mut serving = Serving { child: Some(child), files };
        tokio::task::block_in_place(|| serving.wait(self.web));
        serving
    }
}

/// Starts a program, gives it its input, and waits.
pub(crate) fn feed(command: &mut Command, input: &[u8]) -> Ended {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses before it reads closes the pipe: its answer is what counts.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
}

/// The program with its doors open.
pub(crate) struct Serving {
    child: Option<Child>,
    files: tempfile::TempDir,
}

impl Serving {
    fn wait(&mut self, web: SocketAddr) {
        let started = Instant::now();
        while !self.said().contains("Merpati is open") || std::net::TcpStream::connect(web).is_err() {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap().is_some();
            assert!(!ended && started.elapsed() < START_TIMEOUT, "the program did not start: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Everything it said on both streams so far.
    pub(crate) fn said(&self) -> String {
        let mut said = Vec::new();
        for name in ["out", "err"] {
            fs::File::open(self.files.path().join(name)).unwrap().read_to_end(&mut said).unwrap();
        }
        String::from_utf8_lossy(&said).into_owned()
    }

    /// The path of the first operator's link.
    pub(crate) fn operator_link(&self, url: &str) -> String {
        let said = self.said();
        let link =
            said.split_whitespace().find(|w| w.contains("/invitation/")).unwrap_or_else(|| panic!("no link: {said}"));
        link.strip_prefix(url).unwrap().to_owned()
    }

    /// Asks it to close and returns everything it said.
    pub(crate) fn stop(mut self) -> String {
        let mut child = self.child.take().unwrap();
        let status = tokio::task::block_in_place(|| {
            Command::new("kill").arg(child.id().to_string()).status().unwrap();
            child.wait().unwrap()
        });
        assert!(status.success(), "{}", self.said());
        self.said()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A port nobody listens on at this moment.
fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A file only its owner reads.
pub(crate) fn secret_file(path: &Path, secret: &str) {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .unwrap()
        .write_all(secret.as_bytes())
        .unwrap();
}

/// A folder only its owner enters.
pub(crate) fn secret_folder(path: &Path) {
    fs::create_dir(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}
