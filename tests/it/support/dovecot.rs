//! A real Dovecot with one mailbox, in a folder of its own, on loopback.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_imap::{Client, Session};
use merpati::fetch::{Account, After, Protection};
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::child::free_address;

pub(crate) const USER: &str = "konseling";
pub(crate) const PASSWORD: &str = "rahasia benar";
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// The server; it ends when dropped.
pub(crate) struct Dovecot {
    folder: TempDir,
    plain: u16,
    tls: u16,
    process: Child,
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Its master ends its children when it is asked to end.
        let _ = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

impl Dovecot {
    /// `more`: further lines of its settings.
    pub(crate) async fn start(more: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("merpati-dovecot-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let at = folder.path().display().to_string();
        let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(folder.path().join("cert.pem"), certified.cert.pem()).unwrap();
        fs::write(folder.path().join("key.pem"), certified.signing_key.serialize_pem()).unwrap();
        fs::write(folder.path().join("users"), format!("{USER}:{PASSWORD}\n")).unwrap();
        fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        fs::create_dir(folder.path().join("mail")).unwrap();
        let (plain, tls) = (free_address().port(), free_address().port());
        let settings = settings(&at, plain, tls, &owner(&at), more);
        fs::write(folder.path().join("dovecot.conf"), settings).unwrap();
        let mut command = Command::new("dovecot");
        command.args(["-F", "-c", &format!("{at}/dovecot.conf")]).stdin(Stdio::null());
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("dovecot is installed");
        let server = Self { folder, plain, tls, process };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", plain)).await.is_err() {
            assert!(started.elapsed() < START_TIMEOUT, "dovecot does not answer: {}", server.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn account(&self, protection: Protection, after: After, every: Duration) -> Account {
        Account {
            host: "localhost".to_owned(),
            port: if protection == Protection::Implicit { self.tls } else { self.plain },
            user: USER.to_owned(),
            password_file: self.path("password"),
            folder: "INBOX".to_owned(),
            protection,
            ca_file: Some(self.path("cert.pem")),
            after,
            every,
        }
    }

    /// The mailbox as its owner sees it.
    pub(crate) async fn owner(&self) -> Owner {
        let mut client = Client::new(TcpStream::connect(("127.0.0.1", self.plain)).await.unwrap());
        client.read_response().await.unwrap().unwrap();
        Owner(client.login(USER, PASSWORD).await.map_err(|e| e.0).unwrap())
    }
}

/// Somebody who is signed in to the mailbox.
pub(crate) struct Owner(pub(crate) Session<TcpStream>);

impl Owner {
    /// A mail arrives.
    pub(crate) async fn put(&mut self, folder: &str, mail: &[u8]) {
        self.0.append(folder, None, None, mail).await.unwrap();
    }

    /// How many mails a folder holds, and how many of them are marked as read.
    pub(crate) async fn count(&mut self, folder: &str) -> (u32, usize) {
        let exists = self.0.select(folder).await.unwrap().exists;
        let seen = self.0.uid_search("SEEN").await.unwrap().len();
        (exists, seen)
    }

    /// The folder is made anew: its mails are gone and its numbers begin again.
    pub(crate) async fn renew(&mut self, folder: &str) {
        self.0.select("INBOX").await.unwrap();
        self.0.delete(folder).await.unwrap();
        self.0.create(folder).await.unwrap();
    }
}

/// Whose mails they are: Dovecot refuses to work as root.
fn owner(at: &str) -> String {
    let id = Command::new("id").arg("-un").output().unwrap().stdout;
    let id = String::from_utf8(id).unwrap().trim().to_owned();
    if id == "root" {
        let given = Command::new("chown").args(["nobody", &format!("{at}/mail")]).status().unwrap();
        assert!(given.success());
        return "mail_uid = nobody\nmail_gid = nogroup\n".to_owned();
    }
    let chroots = ["anvil", "imap-login"].map(|service| format!("service {service} {{\n  chroot =\n}}\n"));
    format!("default_internal_user = {id}\ndefault_login_user = {id}\nmail_uid = {id}\n{}", chroots.concat())
}

fn settings(at: &str, plain: u16, tls: u16, owner: &str, more: &str) -> String {
    format!(
        "base_dir = {at}/run
state_dir = {at}/state
log_path = {at}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{at}/cert.pem
ssl_key = <{at}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{at}/mail/%u
first_valid_uid = 1
first_valid_gid = 1
{owner}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {at}/users
}}
userdb {{
  driver = static
  args = home={at}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
{more}
"
    )
}
