//! This program as a child process: what it costs is read from `/proc`.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::browser::Browser;
use super::scene::Scene;
use super::stuck;
use crate::cli::Ended;

/// The kernel counts CPU time for programs in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running child; it ends with this value.
pub(super) struct Server {
    child: Child,
    pub(super) lmtp: SocketAddr,
    pub(super) web: SocketAddr,
    /// From the start of the process to the first page served.
    pub(super) opened_after: Duration,
}

impl Server {
    /// Starts `serve` in the scene's home and waits for its first page.
    pub(super) async fn start(scene: &Scene) -> Result<Self, Ended> {
        let program = std::env::current_exe()?;
        let started = Instant::now();
        let child = Command::new(program)
            .args(["--log", "info", "--home"])
            .arg(scene.home.path())
            .arg("serve")
            // Settings of this process are none of the child's.
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(scene.home.path().join("log"))?)
            .spawn()?;
        let lmtp = scene.settings.mail.lmtp.parse().map_err(stuck)?;
        let mut server = Self { child, lmtp, web: scene.settings.web.listen, opened_after: Duration::ZERO };
        while !first_page(server.web).await {
            if started.elapsed() > START_TIMEOUT || server.child.try_wait()?.is_some() {
                let log = fs::read_to_string(scene.home.path().join("log")).unwrap_or_default();
                return Err(stuck(format!("the server did not start: {log}")));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server.opened_after = started.elapsed();
        Ok(server)
    }

    /// CPU seconds so far, user and system.
    pub(super) fn cpu(&self) -> Result<f64, Ended> {
        cpu(format!("/proc/{}", self.child.id()))
    }

    /// Resident memory in MiB: `VmRSS` now, `VmHWM` at most.
    pub(super) fn memory(&self, what: &str) -> Result<f64, Ended> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix(what)?.strip_prefix(':'));
        let kib = line.and_then(|l| l.split_whitespace().next()?.parse::<u32>().ok());
        kib.map(|k| f64::from(k) / 1024.0).ok_or_else(|| stuck("no memory in /proc"))
    }

    /// Lets `VmHWM` begin anew.
    pub(super) fn forget_peak(&self) -> Result<(), Ended> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn first_page(web: SocketAddr) -> bool {
    let Ok(mut browser) = Browser::connect(web, None).await else { return false };
    browser.get("/").await.is_ok()
}

/// CPU seconds of this process so far.
pub(super) fn own_cpu() -> Result<f64, Ended> {
    cpu("/proc/self")
}

fn cpu(process: impl AsRef<Path>) -> Result<f64, Ended> {
    let stat = fs::read_to_string(process.as_ref().join("stat"))?;
    // The program's name stands in parentheses and may hold anything; behind it user and system time are the 12th and
    // 13th field.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace());
    let times: Vec<u32> = fields.into_iter().flatten().skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    match times.as_slice() {
        [user, system] => Ok((f64::from(*user) + f64::from(*system)) / TICKS_PER_SECOND),
        _ => Err(stuck("no CPU times in /proc")),
    }
}
