//! The program with its sample, as a process of its own on a free port.

use std::collections::HashMap;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Serves until this process ends, however it ends; then the home goes too.
const GUARD: &str = r#"
"$1" --home "$2" serve >"$2/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -KILL $server
wait $server
rm -rf "$2"
"#;
const START_TIMEOUT: Duration = Duration::from_secs(60);
const PROGRAM: &str = env!("CARGO_BIN_EXE_merpati");

/// One sample house for all tests of this binary.
pub(super) static HOUSE: LazyLock<House> = LazyLock::new(House::open);

pub(super) struct House {
    pub(super) url: String,
    secrets: HashMap<String, String>,
    _guard: Child,
}

impl House {
    fn open() -> Self {
        let home = tempfile::Builder::new().prefix("merpati-pages-").tempdir().unwrap().keep();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://localhost:{port}");
        let settings = [
            ("MERPATI_WEB__LISTEN", format!("127.0.0.1:{port}")),
            ("MERPATI_WEB__PUBLIC_URL", url.clone()),
            ("MERPATI_MAIL__SMTP", String::new()),
            ("MERPATI_MAIL__LMTP", String::new()),
            ("MERPATI_PRACTICE__RECALL_MINUTES", "0".to_owned()),
        ];
        let made = Command::new(PROGRAM).arg("--home").arg(&home).arg("demo").envs(settings.clone()).output().unwrap();
        let said = String::from_utf8(made.stdout).unwrap();
        assert!(made.status.success(), "{said}{}", String::from_utf8_lossy(&made.stderr));
        // A reply leaves when the desk is at work: here always, whatever day it is.
        let hours = ["desk", "hours", "bk", "mon-sun 00:00-24:00"];
        let changed =
            Command::new(PROGRAM).arg("--home").arg(&home).args(hours).envs(settings.clone()).output().unwrap();
        assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "guard", PROGRAM]).arg(&home).envs(settings).stdin(Stdio::piped());
        let guard = guard.spawn().unwrap();
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begin.elapsed() < START_TIMEOUT, "the sample does not open; see {}/log", home.display());
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { url, secrets: secrets(&said), _guard: guard }
    }

    /// The sign-in secret of somebody of the sample.
    pub(super) fn secret(&self, name: &str) -> &str {
        &self.secrets[name]
    }
}

/// Reads `  staff    Bu Ratna       six words ...`.
fn secrets(said: &str) -> HashMap<String, String> {
    let mut all = HashMap::new();
    for line in said.lines() {
        let Some(rest) = line.trim_start().strip_prefix("staff ").or_else(|| line.trim_start().strip_prefix("client "))
        else {
            continue;
        };
        if let Some((name, secret)) = rest.trim_start().split_once("  ") {
            all.insert(name.to_owned(), secret.trim().to_owned());
        }
    }
    all
}
