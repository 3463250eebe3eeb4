//! Stopping in two stages: the first signal lets what is under way finish, the second ends at once.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{alone, mail, texts};
use crate::support::child::{Child, Home, People};
use crate::support::peer::Lmtp;

const WITHIN: Duration = Duration::from_secs(5);

/// A connection in the middle of a mail: half of it is said.
async fn half_a_mail(home: &Home, people: &People, text: &str) -> (Lmtp, Vec<u8>) {
    let client = &people.clients[0];
    let mut lmtp = Lmtp::open(home.lmtp()).await.unwrap();
    assert_eq!(lmtp.envelope(&client.address, &client.letterbox).await.unwrap(), 250);
    assert_eq!(lmtp.say("DATA").await.unwrap(), 354);
    let mail = mail(&client.address, "Halo", text);
    let (half, rest) = mail.split_at(mail.len() / 2);
    lmtp.push(half).await.unwrap();
    (lmtp, rest.to_vec())
}

async fn is_refused(door: std::net::SocketAddr) -> bool {
    let started = Instant::now();
    while started.elapsed() < WITHIN {
        if TcpStream::connect(door).await.is_err() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

async fn closes_its_doors(home: &Home, child: &Child) {
    child.terminate();
    for door in [home.lmtp(), home.settings.mail.smtp.parse().unwrap(), home.settings.web.listen] {
        assert!(is_refused(door).await, "no new connections");
    }
}

#[test]
fn a_mail_under_way_may_finish() {
    alone(async {
        let home = Home::new("", "");
        let people = People::furnish(&home, 1).await;
        let mut child = home.start().await;
        let (mut lmtp, rest) = half_a_mail(&home, &people, "Hampir selesai.").await;
        let mut idle = Lmtp::open(home.lmtp()).await.unwrap();
        // A page under way: its request has not quite arrived.
        let mut web = TcpStream::connect(home.settings.web.listen).await.unwrap();
        web.write_all(b"GET /sign-in HTTP/1.1\r\nHost: x\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;

        closes_its_doors(&home, &child).await;
        assert_eq!(idle.reply().await.unwrap(), 421, "whoever says nothing is sent away");
        assert!(child.is_running());
        web.write_all(b"Connection: close\r\n\r\n").await.unwrap();
        let mut page = Vec::new();
        web.read_to_end(&mut page).await.unwrap();
        assert!(page.starts_with(b"HTTP/1.1 200"), "a page under way is served");
        lmtp.push(&rest).await.unwrap();
        lmtp.push(b"\r\n.\r\n").await.unwrap();
        assert_eq!(lmtp.reply().await.unwrap(), 250);
        assert!(child.ended(WITHIN).await.expect("it ends once the mail is in").success());
        assert!(child.log().contains("closed"));
        assert_eq!(texts(&home, &people.clients[0]).await, ["Hampir selesai."]);
    });
}

#[test]
fn a_second_signal_ends_at_once() {
    alone(async {
        let home = Home::new("", "");
        let people = People::furnish(&home, 1).await;
        let mut child = home.start().await;
        let (mut lmtp, _) = half_a_mail(&home, &people, "Tidak selesai.").await;
        closes_its_doors(&home, &child).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(child.is_running());
        child.terminate();
        assert!(child.ended(Duration::from_secs(2)).await.is_some(), "at once");
        assert!(lmtp.reply().await.is_err(), "no word about a mail that is not there");
        assert_eq!(texts(&home, &people.clients[0]).await, [""; 0]);
        home.start().await;
    });
}

#[test]
fn nobody_can_hold_the_door_open() {
    alone(async {
        let home = Home::new("", "");
        let people = People::furnish(&home, 1).await;
        let mut child = home.start().await;
        let (mut mail, _) = half_a_mail(&home, &people, "Tidak pernah selesai.").await;
        let mut drip = Lmtp::connect(home.lmtp(), Ipv4Addr::LOCALHOST).await.unwrap();
        let mut web = TcpStream::connect(home.settings.web.listen).await.unwrap();
        web.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        child.terminate();
        let signal = Instant::now();
        let dripping = async {
            loop {
                // Always something new, never an end.
                let _ = (mail.push(b"x").await, drip.push(b"x").await, web.write_all(b"A: b\r\n").await);
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        let within = merpati::app::GRACE + WITHIN;
        let ended = tokio::select! { ended = child.ended(within) => ended, () = dripping => None };
        assert!(ended.expect("it ends within its grace").success());
        assert!(signal.elapsed() > Duration::from_secs(15), "it waited for the mail");
    });
}
