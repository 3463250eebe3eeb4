//! Mail is fetched from a real Dovecot.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use merpati::address::{MailAddress, PlusAddress};
use merpati::fetch::{self, Account, After, Protection};
use merpati::house::House;
use merpati::limits::MAIL_BYTES_MAX;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::child::{Client, Home, People};
use crate::support::dovecot::{Dovecot, PASSWORD, USER};
use crate::support::outside::Outside;

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(30);

/// A house with a client, and what fetches for it.
struct Desk {
    home: Home,
    house: Arc<House>,
    client: Client,
    fetching: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Desk {
    async fn new() -> Self {
        let home = Home::new("", "");
        let client = People::furnish(&home, 1).await.clients.remove(0);
        let house = Arc::new(home.house().await);
        Self { home, house, client, fetching: None }
    }

    fn fetch(&mut self, account: Account) {
        let stop = CancellationToken::new();
        let task = tokio::spawn(fetch::run(Arc::clone(&self.house), account, stop.clone()));
        self.fetching = Some((stop, task));
    }

    async fn stop(&mut self) {
        let (stop, task) = self.fetching.take().unwrap();
        stop.cancel();
        task.await.unwrap();
    }

    async fn count(&self, table: &str) -> i64 {
        let mut outside = Outside::open(&self.home.settings.store_url(self.home.path())).await;
        let count = outside.count(table).await;
        outside.close().await;
        count
    }

    async fn holds(&self, letters: i64, held: i64) {
        let what = format!("{letters} letters and {held} held mails");
        until(&what, async || (self.count("letter").await, self.count("held").await) == (letters, held)).await;
    }

    /// A mail of the client to their thread.
    fn mail(&self, number: u32) -> Vec<u8> {
        mail(&self.client.address, &self.client.letterbox, number)
    }

    async fn close(mut self) {
        if self.fetching.is_some() {
            self.stop().await;
        }
        self.house.db.close().await;
    }
}

fn mail(from: &str, to: &str, number: u32) -> Vec<u8> {
    format!("From: <{from}>\r\nTo: <{to}>\r\nSubject: Surat {number}\r\nMessage-ID: <{number}@example.org>\r\n\r\nIsi {number}.\r\n")
        .into_bytes()
}

async fn until<F: Future<Output = bool>>(what: &str, is: impl Fn() -> F) {
    let started = Instant::now();
    while !is().await {
        assert!(started.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_mail_arrives_as_soon_as_the_server_tells_of_it() {
    let (server, mut desk) = (Dovecot::start("").await, Desk::new().await);
    let mut owner = server.owner().await;
    owner.0.create("Arsip").await.unwrap();
    owner.put("INBOX", &desk.mail(1)).await;
    let account = server.account(Protection::Implicit, After::Move("Arsip".into()), HOUR);
    account.check().await.unwrap();
    desk.fetch(account.clone());
    desk.holds(1, 0).await;
    // Let it come to rest first: this one is told by the server.
    tokio::time::sleep(SECOND).await;
    let sent = Instant::now();
    owner.put("INBOX", &desk.mail(2)).await;
    desk.holds(2, 0).await;
    assert!(sent.elapsed() < Duration::from_secs(15), "by the server's word, not by the clock");
    // From a stranger, to nobody, and to an address that the server alone knows.
    owner.put("INBOX", &mail("orang@lain.example", &desk.client.letterbox, 3)).await;
    owner.put("INBOX", &mail(&desk.client.address, "konseling@sekolah.example", 4)).await;
    let noted = [
        format!("Delivered-To: {}\r\n", desk.client.letterbox).into_bytes(),
        mail(&desk.client.address, "x@y.example", 5),
    ];
    owner.put("INBOX", &noted.concat()).await;
    desk.holds(3, 2).await;
    let (mut owner, done) = (server.owner().await, Instant::now());
    while owner.count("INBOX").await.0 > 0 || owner.count("Arsip").await.0 < 5 {
        assert!(done.elapsed() < PATIENCE, "stored mails are moved");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (progress, stuck) = account.standing(&desk.house).await.unwrap();
    assert!(progress.done.is_some() && progress.failed.is_none() && stuck == 0, "{progress:?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_mail_is_looked_for_where_the_server_tells_nothing_and_new_numbers_double_nothing() {
    let server = Dovecot::start("imap_capability = IMAP4rev1 UIDPLUS\n").await;
    let mut desk = Desk::new().await;
    let mut owner = server.owner().await;
    owner.0.create("Masuk").await.unwrap();
    let account = Account { folder: "Masuk".to_owned(), ..server.account(Protection::StartTls, After::Seen, SECOND) };
    desk.fetch(account.clone());
    for number in 1..=3 {
        owner.put("Masuk", &desk.mail(number)).await;
        desk.holds(i64::from(number), 0).await;
    }
    desk.stop().await;
    assert_eq!(owner.count("Masuk").await, (3, 3), "kept and marked as read");
    // Begun again, it takes up where it stopped.
    desk.fetch(account.clone());
    owner.put("Masuk", &desk.mail(4)).await;
    desk.holds(4, 0).await;
    desk.stop().await;
    let before = account.standing(&desk.house).await.unwrap().0;
    assert_eq!(before.last_uid, 4);
    // The folder is made anew, with old mails and one more.
    owner.renew("Masuk").await;
    for number in [2, 1, 5] {
        owner.put("Masuk", &desk.mail(number)).await;
    }
    desk.fetch(account.clone());
    desk.holds(5, 0).await;
    desk.stop().await;
    let after = account.standing(&desk.house).await.unwrap().0;
    assert_ne!(before.uid_validity, after.uid_validity);
    assert_eq!(after.last_uid, 3);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_is_told_and_not_repeated_in_haste() {
    let (server, mut desk) = (Dovecot::start("auth_verbose = yes\n").await, Desk::new().await);
    let wrong = server.path("wrong");
    std::fs::write(&wrong, "bukan ini").unwrap();
    let account = Account { password_file: wrong, ..server.account(Protection::Implicit, After::Delete, SECOND) };
    assert_eq!(account.check().await.unwrap_err().to_string(), "sign-in-refused");
    desk.fetch(account.clone());
    until("the failure is on record", async || account.standing(&desk.house).await.unwrap().0.failed.is_some()).await;
    tokio::time::sleep(3 * SECOND).await;
    assert_eq!(account.standing(&desk.house).await.unwrap().0.reason, "sign-in-refused");
    let log = server.log();
    let refused = log.lines().filter(|l| l.contains("password mismatch") || l.contains("Password mismatch")).count();
    assert!((2..=3).contains(&refused), "once by the check, once by the motor: {log}");
    assert!(!log.contains(PASSWORD));
    desk.stop().await;
    // Nobody we trust vouches for this server; and nobody listens here.
    let strangers = Account { ca_file: None, ..server.account(Protection::Implicit, After::Keep, SECOND) };
    assert_eq!(strangers.check().await.unwrap_err().to_string(), "tls");
    let named = Account { host: "127.0.0.1".to_owned(), ..server.account(Protection::StartTls, After::Keep, SECOND) };
    assert_eq!(named.check().await.unwrap_err().to_string(), "tls", "the certificate bears another name");
    let nowhere = Account { port: 1, ..server.account(Protection::Implicit, After::Keep, SECOND) };
    assert_eq!(nowhere.check().await.unwrap_err().to_string(), "unreachable");
    let nothing =
        Account { folder: "Tidak ada".to_owned(), ..server.account(Protection::Implicit, After::Keep, SECOND) };
    assert_eq!(nothing.check().await.unwrap_err().to_string(), "no-folder");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_taken_stays_and_holds_up_nobody() {
    let (server, mut desk) = (Dovecot::start("").await, Desk::new().await);
    let mut owner = server.owner().await;
    let mut huge = desk.mail(1);
    huge.resize(MAIL_BYTES_MAX + 1, b'x');
    owner.put("INBOX", &desk.mail(2)).await;
    owner.put("INBOX", &huge).await;
    // No mail at all, and one that is broken in every way: they are kept unread on the shelf.
    owner.put("INBOX", b"\0\0\0").await;
    owner.put("INBOX", b"Content-Type: multipart/mixed; boundary=\"\r\n\r\n--\xff\xfe").await;
    owner.put("INBOX", &desk.mail(3)).await;
    let account = server.account(Protection::Implicit, After::Delete, HOUR);
    desk.fetch(account.clone());
    desk.holds(2, 2).await;
    let started = Instant::now();
    while owner.count("INBOX").await.0 > 1 {
        assert!(started.elapsed() < PATIENCE, "what was stored is deleted, and nothing else");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(account.standing(&desk.house).await.unwrap().1, 1, "and it is counted");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_with_a_plus_serves_many_threads() {
    let (server, mut desk) = (Dovecot::start("").await, Desk::new().await);
    desk.house.db.close().await;
    let base = MailAddress::parse("konseling@sekolah.example").unwrap();
    let mut house = desk.home.house().await;
    house.rules.plus_address = Some(PlusAddress::new(base));
    let token = desk.client.letterbox.split('@').next().unwrap();
    let address = house.rules.thread_address(token);
    assert_eq!(address, format!("konseling+{token}@sekolah.example"));
    desk.house = Arc::new(house);
    let mut owner = server.owner().await;
    owner.put("INBOX", &mail(&desk.client.address, &address, 1)).await;
    owner.put("INBOX", &mail(&desk.client.address, "konseling+salah@sekolah.example", 2)).await;
    desk.fetch(server.account(Protection::Implicit, After::Keep, HOUR));
    desk.holds(1, 1).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_killed_stores_each_mail_once() {
    const MAILS: u32 = 60;
    const KILLS: u64 = 8;
    let server = Dovecot::start("").await;
    let desk = Desk::new().await;
    desk.house.db.close().await;
    let mut owner = server.owner().await;
    for number in 0..MAILS {
        owner.put("INBOX", &desk.mail(number)).await;
    }
    let account = server.account(Protection::Implicit, After::Delete, HOUR);
    let settings = format!(
        "[fetch]\nhost = \"localhost\"\nport = {}\nuser = \"{USER}\"\npassword_file = \"{}\"\nca_file = \"{}\"\nafter = \"delete\"\n",
        account.port,
        server.path("password").display(),
        server.path("cert.pem").display()
    );
    std::fs::write(desk.home.path().join("merpati.toml"), settings).unwrap();
    let url = desk.home.settings.store_url(desk.home.path());
    let mut rounds = 0_u64;
    while owner.count("INBOX").await.0 > 0 {
        // The lease of the one that was killed is over.
        let mut outside = Outside::open(&url).await;
        outside.rows("UPDATE fetched SET leased_until_us = 0", &[]).await;
        outside.close().await;
        let before = desk.count("letter").await;
        let mut program = desk.home.start().await;
        // Killed while it takes mails; after a while it may finish.
        let enough = if rounds < KILLS { before + 1 } else { i64::from(MAILS) };
        until("it fetches", async || desk.count("letter").await >= enough.min(i64::from(MAILS))).await;
        tokio::time::sleep(Duration::from_millis(if rounds < KILLS { 13 * (rounds % 7) } else { 2_000 })).await;
        program.kill();
        rounds += 1;
        assert!(rounds < 4 * KILLS, "it gets nowhere: {}", program.log());
    }
    assert_eq!(desk.count("letter").await, i64::from(MAILS), "after {rounds} kills");
    assert!(rounds > 1, "it was too quick to be killed");
}
