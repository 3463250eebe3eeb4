//! The relay is down, says no, or is slow: mails are tried again by the table, where everybody can see it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use merpati::address::MailAddress;
use merpati::clock::{Clock as _, SystemClock, TestClock};
use merpati::flow::notify;
use merpati::flow::session::Realm;
use merpati::house::House;
use merpati::intake::{self, Entrance, Intake, Peer, Reception, Reply, Sender};
use merpati::motor;
use merpati::outbox::{self, Transport};
use merpati::secret::PlainBytes;
use merpati::store::outbox::{Standing, list_dead, standing};
use merpati::store::people::NoticeMode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{alone, mail};
use crate::support::child::{Home, People, free_address, sign_in};
use crate::support::peer::Lmtp;

const SLOW: Duration = Duration::from_secs(8);

/// A relay that counts, by recipient. `gone@` is refused for good, `slow@` takes its time.
#[derive(Default)]
struct Relay {
    taken: Mutex<HashMap<String, usize>>,
}

impl Reception for Relay {
    type Recipient = String;

    async fn recipient(&self, _: &Peer, _: &Sender, local: &str, domain: &str) -> Result<String, Reply> {
        if local == "gone" { Err(Reply::no_such_mailbox()) } else { Ok(format!("{local}@{domain}")) }
    }

    async fn deliver(&self, _: &Peer, _: &Sender, recipients: Vec<String>, _: PlainBytes) -> Vec<Reply> {
        if recipients.iter().any(|r| r.starts_with("slow")) {
            tokio::time::sleep(SLOW).await;
        }
        for recipient in &recipients {
            *self.taken.lock().unwrap().entry(recipient.clone()).or_default() += 1;
        }
        recipients.iter().map(|_| Reply::accepted()).collect()
    }
}

impl Relay {
    /// Opens at an address until the runtime ends.
    async fn open(address: SocketAddr) -> Arc<Self> {
        let relay = Arc::new(Self::default());
        let listener = TcpListener::bind(address).await.unwrap();
        let door = Intake::new(Arc::clone(&relay), intake::Settings::new("relay.example"));
        tokio::spawn(intake::serve(listener, Entrance::SMTP, door, CancellationToken::new(), TaskTracker::new()));
        relay
    }

    fn count(&self, recipient: &str) -> usize {
        self.taken.lock().unwrap().get(recipient).copied().unwrap_or_default()
    }
}

/// A client asks for a confirmation mail to this address.
async fn ask(house: &House, people: &People, n: usize, address: &str) {
    let reader = sign_in(house, Realm::Clients, &people.clients[n].name).await;
    notify::ask_address(house, &reader, &MailAddress::parse(address).unwrap(), NoticeMode::AtOnce).await.unwrap();
}

async fn stands(house: &House) -> Standing {
    standing(&mut house.db.read().await.unwrap()).await.unwrap()
}

/// What the doctor says of the outbox.
fn doctor(home: &Home) -> String {
    let said = String::from_utf8(home.run("doctor").stdout).unwrap();
    said.lines().filter(|l| l.contains("outbox:")).collect::<Vec<_>>().join("\n")
}

#[test]
fn down_and_back() {
    alone(async {
        let address = free_address();
        let home = Home::new("", &format!("smtp://{address}?tls=none"));
        let people = People::furnish(&home, 2).await;
        let transport = Transport::relay(&home.settings.mail.relay, &home.settings.mail.domain, None).unwrap();
        // Three hours ago the relay went down.
        let clock = Arc::new(TestClock::at(SystemClock.now().minus(Duration::from_secs(3 * 3600))));
        let house = home.house_at(clock.clone()).await;
        ask(&house, &people, 0, "sari@example.org").await;
        let asked = clock.now();
        for tries in 1..=4 {
            assert_eq!(outbox::run_due(&house, &transport).await.unwrap(), 1, "try {tries}");
            assert_eq!(outbox::run_due(&house, &transport).await.unwrap(), 0, "it rests");
            let rest = motor::rest(tries).unwrap();
            clock.advance(rest - Duration::from_secs(1));
            assert_eq!(outbox::run_due(&house, &transport).await.unwrap(), 0, "not before its time");
            clock.advance(Duration::from_secs(1));
            let now = stands(&house).await;
            assert_eq!((now.waiting, now.oldest, now.dead), (1, Some(asked), 0));
        }
        let said = doctor(&home);
        assert!(
            said.contains("BAD   outbox: 1 mails wait, the oldest since") && said.contains("is the relay up?"),
            "{said}"
        );

        let relay = Relay::open(address).await;
        ask(&house, &people, 1, "gone@example.org").await;
        assert_eq!(outbox::run_due(&house, &transport).await.unwrap(), 2);
        assert_eq!(outbox::run_due(&house, &transport).await.unwrap(), 0);
        assert_eq!(relay.count("sari@example.org"), 1, "once");
        let dead = list_dead(&mut house.db.read().await.unwrap(), 10).await.unwrap();
        assert_eq!(dead.iter().map(|d| (d.reason.as_str(), d.tries)).collect::<Vec<_>>(), [("smtp 550", 1)]);
        let said = doctor(&home);
        assert!(
            said.contains("look  outbox: 1 mails gave up") && said.contains("ok    outbox: 0 mails wait"),
            "{said}"
        );
        house.db.close().await;
    });
}

/// The program itself: letters come in while the relay is down, and what waited leaves when it is back.
#[test]
fn letters_come_in_all_the_same() {
    alone(async {
        let address = free_address();
        let home = Home::new("", &format!("smtp://{address}?tls=none"));
        let people = People::furnish(&home, 1).await;
        let house = home.house().await;
        ask(&house, &people, 0, "baru@example.org").await;
        let mut child = home.start().await;
        let started = Instant::now();
        while !child.log().contains("a mail did not leave; it is tried again") {
            assert!(started.elapsed() < Duration::from_secs(20), "the log says so");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let client = &people.clients[0];
        let bytes = mail(&client.address, "Halo", "Surat.");
        assert_eq!(
            Lmtp::open(home.lmtp()).await.unwrap().send(&client.address, &client.letterbox, &bytes).await.unwrap(),
            250
        );
        assert!(child.is_running());
        let relay = Relay::open(address).await;
        // Its rest is a minute; the motor looks at least every half minute beyond that.
        let back = Instant::now();
        while relay.count("baru@example.org") == 0 {
            assert!(back.elapsed() < Duration::from_secs(100), "what waited leaves: {}", child.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(relay.count("baru@example.org"), 1);
        assert_eq!(stands(&house).await.waiting, 0);
        house.db.close().await;
    });
}

#[test]
fn a_slow_one_holds_nobody_up() {
    alone(async {
        let address = free_address();
        let relay = Relay::open(address).await;
        let home = Home::new("", &format!("smtp://{address}?tls=none"));
        let people = People::furnish(&home, 7).await;
        let house = Arc::new(home.house().await);
        ask(&house, &people, 0, "slow@example.org").await;
        for n in 1..7 {
            ask(&house, &people, n, &format!("cepat{n}@example.org")).await;
        }
        let transport = Transport::relay(&home.settings.mail.relay, &home.settings.mail.domain, None).unwrap();
        let stop = CancellationToken::new();
        let motor = tokio::spawn(outbox::run(Arc::clone(&house), transport, stop.clone()));
        let started = Instant::now();
        while (1..7).any(|n| relay.count(&format!("cepat{n}@example.org")) == 0) {
            assert!(started.elapsed() < SLOW, "the others left meanwhile");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(relay.count("slow@example.org"), 0);
        // Told to stop in the middle of the slow one, the motor still brings it to its end.
        stop.cancel();
        motor.await.unwrap();
        assert_eq!((relay.count("slow@example.org"), stands(&house).await.waiting), (1, 0));
        house.db.close().await;
    });
}
