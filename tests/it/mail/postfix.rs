//! A real Postfix in front of us, set up with what the README says, and behind us as relay.
//!
//! Each test has an instance of its own in a scratch folder: no systemd, nothing of the machine's own Postfix. The
//! package makes the accounts it runs under; its master wants to be started by root.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use merpati::address::MailAddress;
use merpati::flow::notify;
use merpati::flow::session::Realm;
use merpati::intake::{self, Entrance, Intake, Peer, Reception, Reply, Sender};
use merpati::outbox::{self, Transport};
use merpati::secret::PlainBytes;
use merpati::store::outbox::standing;
use merpati::store::people::NoticeMode;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::doors::{mail, open, subjects, swaks};
use crate::support::child::{Home, People, free_address, sign_in};

/// What every instance needs to live in a folder of its own.
const BASE: &str = "compatibility_level = 3.6
queue_directory = FOLDER/queue
data_directory = FOLDER/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = /dev/stdout
myhostname = mx.postfix.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
disable_dns_lookups = yes
";

const SERVICES: &str = "pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

/// The block of the README behind a line that ends like this.
fn readme(label: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, behind) = text.split_once(label).unwrap_or_else(|| panic!("the README does not say {label}"));
    let (_, block) = behind.split_once("```\n").unwrap();
    block.split_once("```").unwrap().0.replace("surat.example.org", "surat.example")
}

fn as_root(program: &str) -> Command {
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}

/// Postfix at work; it goes with its folder when dropped.
struct Postfix {
    folder: TempDir,
    master: Child,
    log: Arc<Mutex<String>>,
    smtp: SocketAddr,
}

impl Postfix {
    /// A folder that Postfix may enter, prepared but not running.
    fn folder() -> TempDir {
        let folder = tempfile::Builder::new().prefix("merpati-postfix-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["config", "queue", "data"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let data = folder.path().join("data").display().to_string();
        assert!(as_root("chown").args(["postfix", &data]).status().unwrap().success());
        folder
    }

    async fn start(folder: TempDir, more: &str, transport: &str) -> Self {
        let (smtp, config) = (free_address(), folder.path().join("config"));
        let here = |text: &str| {
            text.replace("FOLDER", &folder.path().display().to_string())
                .replace("/etc/postfix", &config.display().to_string())
        };
        fs::write(config.join("main.cf"), here(&format!("{BASE}{more}"))).unwrap();
        fs::write(config.join("master.cf"), format!("{smtp} inet n - n - - smtpd\n{SERVICES}")).unwrap();
        fs::write(config.join("transport"), transport).unwrap();
        let config = config.display().to_string();
        let made = as_root("postmap").args(["-c", &config, &format!("{config}/transport")]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let mut command = as_root("postfix");
        command.args(["-c", &config, "start-fg"]).process_group(0).stdin(Stdio::null());
        let mut master = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (said, to) = (master.stdout.take().unwrap(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                to.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let postfix = Self { folder, master, log, smtp };
        postfix.wait("daemon started").await;
        postfix
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log says so.
    async fn wait(&self, words: &str) {
        for _ in 0..1_500 {
            if self.log().contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not in the log: {words}\n{}", self.log());
    }

    fn command(&self, program: &str, words: &[&str]) -> String {
        let config: PathBuf = self.folder.path().join("config");
        let output = as_root(program).args(["-c", &config.display().to_string()]).args(words).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn send(&self, from: &str, to: &str, mail: &[u8]) -> (i32, String) {
        let (server, port) = (self.smtp.ip().to_string(), self.smtp.port().to_string());
        let ended = swaks(&["--server", &server, "--port", &port], from, to, mail);
        (ended.code, format!("{}{}\n{}", ended.out, ended.err, self.log()))
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.command("postfix", &["stop"]);
        let _ = self.master.wait();
        // What its own account made is not ours to remove where we are not root.
        let _ = as_root("rm").args(["-rf", &self.folder.path().display().to_string()]).status();
    }
}

async fn until(home: &Home, people: &People, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..300 {
        found = subjects(home, &people.clients[0]).await;
        if found.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    found.sort();
    found
}

/// Mail comes in through Postfix; whoever does not exist is refused while the sender is there; what Merpati cannot take
/// waits in the queue.
async fn in_front(mut home: Home, folder: TempDir, transport: &str) {
    let people = People::furnish(&home, 2).await;
    let client = &people.clients[0];
    home.settings.mail.smtp = String::new();
    let mut child = open(&home).await;
    // The tests are strangers to it: what is said of those one trusts must not let them through.
    let strangers = "mynetworks = 127.0.0.2/32\n";
    let settings = format!("{strangers}{}", readme("In `/etc/postfix/main.cf`:"));
    let postfix = Postfix::start(folder, &settings, transport).await;

    let (code, said) = postfix.send(&client.address, &client.letterbox, &mail(client, "satu"));
    assert_eq!(code, 0, "{said}");
    assert_eq!(until(&home, &people, 1).await, ["satu"], "{}", postfix.log());
    let swapped: String = client.letterbox.chars().rev().skip_while(|c| *c != '@').skip(1).collect();
    let mut letters: Vec<char> = swapped.chars().rev().collect();
    let other = letters.iter().position(|c| *c != letters[0]).unwrap();
    letters.swap(0, other);
    let mistyped = format!("{}@surat.example", letters.into_iter().collect::<String>());
    for (to, sentence) in [
        (mistyped.as_str(), "This address is mistyped, nothing was delivered."),
        ("no-reply@surat.example", "Nobody reads this address. Please write at http"),
    ] {
        let (code, said) = postfix.send(&client.address, to, &mail(client, "salah"));
        assert!(code == 24 && said.contains(" 550 5.") && said.contains(sentence), "{said}");
    }

    child.terminate();
    assert!(child.ended(Duration::from_secs(30)).await.unwrap().success());
    let (code, said) = postfix.send(&client.address, &client.letterbox, &mail(client, "dua"));
    assert_eq!(code, 0, "asked about before: {said}");
    postfix.wait("status=deferred").await;
    assert!(postfix.command("postqueue", &["-p"]).contains(&client.address), "{}", postfix.log());
    let unknown = &people.clients[1];
    let (code, said) = postfix.send(&unknown.address, &unknown.letterbox, &mail(unknown, "nanti"));
    assert!(code == 24 && said.contains("450 4."), "nobody knows about this one: {said}");

    let _child = open(&home).await;
    postfix.command("postqueue", &["-f"]);
    assert_eq!(until(&home, &people, 2).await, ["dua", "satu"], "{}", postfix.log());
    assert!(!postfix.folder.path().join("data/verify_cache.db").exists(), "addresses stay in memory");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_hands_mail_on_over_tcp() {
    let home = Home::new("", "");
    let transport = readme("In `/etc/postfix/transport`:").replace("127.0.0.1:2424", &home.lmtp().to_string());
    in_front(home, Postfix::folder(), &transport).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_hands_mail_on_at_a_socket() {
    let mut home = Home::new("", "");
    let folder = Postfix::folder();
    let place = folder.path().join("queue/merpati").display().to_string();
    let made = as_root("install").args(["-d", "-m", "2750", "-g", "postfix", &place]).status().unwrap();
    assert!(made.success());
    home.settings.mail.lmtp = format!("unix:{place}/lmtp");
    in_front(home, folder, &readme("In `/etc/postfix/transport`, for the socket:")).await;
}

/// The world behind the relay.
#[derive(Default)]
struct World(Mutex<Vec<(String, String)>>);

impl Reception for World {
    type Recipient = String;

    async fn recipient(&self, _: &Peer, _: &Sender, local: &str, domain: &str) -> Result<String, Reply> {
        Ok(format!("{local}@{domain}"))
    }

    async fn deliver(&self, _: &Peer, _: &Sender, recipients: Vec<String>, mail: PlainBytes) -> Vec<Reply> {
        let text = String::from_utf8(mail.reveal().clone()).unwrap();
        self.0.lock().unwrap().extend(recipients.iter().map(|to| (to.clone(), text.clone())));
        recipients.iter().map(|_| Reply::accepted()).collect()
    }
}

impl World {
    async fn open() -> (Arc<Self>, SocketAddr) {
        let world = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Intake::new(Arc::clone(&world), intake::Settings::new("world.example"));
        tokio::spawn(intake::serve(listener, Entrance::SMTP, door, CancellationToken::new(), TaskTracker::new()));
        (world, address)
    }
}

/// An authority of one's own, and a certificate of it for `localhost`, as files `ca.pem`, `cert.pem`, `key.pem`.
fn certificates(folder: &Path) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(params, ca_key);
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    for (name, text) in [("ca.pem", ca.pem()), ("cert.pem", cert.pem()), ("key.pem", key.serialize_pem())] {
        fs::write(folder.join(name), text).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_carries_our_mail_on_if_its_own_authority_vouches_for_it() {
    let (world, at) = World::open().await;
    let folder = Postfix::folder();
    certificates(folder.path());
    let ca = folder.path().join("ca.pem");
    let more = format!(
        "mynetworks = 127.0.0.1/32\nsmtpd_relay_restrictions = permit_mynetworks, reject\nrelayhost = [127.0.0.1]:{}\n\
         smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = FOLDER/cert.pem\nsmtpd_tls_key_file = FOLDER/key.pem\n",
        at.port()
    );
    let postfix = Postfix::start(folder, &more, "").await;
    let url = format!("smtp://localhost:{}?tls=required", postfix.smtp.port());
    let home = Home::new("", &url);
    let people = People::furnish(&home, 1).await;
    let house = home.house().await;
    let reader = sign_in(&house, Realm::Clients, &people.clients[0].name).await;
    let address = MailAddress::parse("sari@tetangga.example").unwrap();
    notify::ask_address(&house, &reader, &address, NoticeMode::AtOnce).await.unwrap();

    let stranger = Transport::relay(&url, "surat.example", None).unwrap();
    assert_eq!(stranger.check().await.unwrap_err().to_string(), "tls", "nobody this machine trusts vouches for it");
    let doctor = String::from_utf8(home.run("doctor").stdout).unwrap();
    assert!(doctor.contains("BAD   mail.relay does not let us in (tls)"), "{doctor}");

    fs::write(home.path().join("merpati.toml"), format!("[mail]\nrelay_ca = \"{}\"\n", ca.display())).unwrap();
    let doctor = String::from_utf8(home.run("doctor").stdout).unwrap();
    assert!(doctor.contains("ok    mail.relay answers and lets us in"), "{doctor}");
    let relay = Transport::relay(&url, "surat.example", Some(&ca)).unwrap();
    assert_eq!(outbox::run_due(&house, &relay).await.unwrap(), 1);
    assert_eq!(standing(&mut house.db.read().await.unwrap()).await.unwrap().waiting, 0);
    postfix.wait("status=sent").await;
    let arrived = world.0.lock().unwrap().clone();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].0, "sari@tetangga.example");
    assert!(arrived[0].1.contains(" with ESMTPS id "), "{}", arrived[0].1);

    // An authority that has nothing to do with it does not help, nor does a file that is none.
    certificates(home.path());
    let other = Transport::relay(&url, "surat.example", Some(&home.path().join("ca.pem"))).unwrap();
    assert_eq!(other.check().await.unwrap_err().to_string(), "tls");
    assert!(Transport::relay(&url, "surat.example", Some(&home.path().join("key.pem"))).is_err());
    house.db.close().await;
}
