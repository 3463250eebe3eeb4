//! Hostile mail, slow talkers and crowds at the doors: everybody else is served meanwhile, and nothing is dropped silently.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{alone, mail, shelf_reasons, texts};
use crate::support::child::{Client, Home, People};
use crate::support::peer::{Browser, Lmtp};

/// A small mail beside a hostile one is answered within this time.
const SOON: Duration = Duration::from_secs(5);
const HOSTILE_BYTES: usize = 24 * 1024 * 1024;

fn head(from: &str, kind: &str) -> String {
    format!("From: <{from}>\r\nTo: <a@surat.example>\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n")
}

/// Nested far too deep, and below that nothing but lines that look like boundaries.
fn hostile(from: &str, seed: usize) -> Vec<u8> {
    let mut mail = format!("Message-ID: <{seed}@jahat.example>\r\n{}\r\n", head(from, "multipart/mixed; boundary=b0"));
    for depth in 0..5_000 {
        mail.push_str(&format!("--b{depth}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", depth + 1));
    }
    let mut mail = mail.into_bytes();
    while mail.len() < HOSTILE_BYTES {
        mail.extend_from_slice(b"--\r\n--b\r\n--b1\r\n--b0--\r\n");
    }
    mail
}

/// Mails that each go beyond one limit of what is read.
fn beyond_limits(from: &str) -> Vec<Vec<u8>> {
    let parts = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(2_000);
    let many_parts = format!("{}\r\n{parts}--b--\r\n", head(from, "multipart/mixed; boundary=b"));
    let many_headers = format!("{}{}\r\nx\r\n", head(from, "text/plain"), "X-A: b\r\n".repeat(3_000));
    let long_header = format!("{}X-A: {}\r\n\r\nx\r\n", head(from, "text/plain"), "b ".repeat(200_000));
    [many_parts, many_headers, long_header].map(String::into_bytes).into()
}

async fn send_small(home: &Home, client: &Client, text: &str) -> Duration {
    let asked = Instant::now();
    let mut lmtp = Lmtp::open(home.lmtp()).await.unwrap();
    let bytes = mail(&client.address, "Halo", text);
    assert_eq!(lmtp.send(&client.address, &client.letterbox, &bytes).await.unwrap(), 250);
    asked.elapsed()
}

#[test]
fn small_mails_pass_a_hostile_one() {
    alone(async {
        let home = Home::new("", "");
        let people = People::furnish(&home, 1).await;
        let client = people.clients[0].clone();
        let mut child = home.start().await;
        let browser = Browser::new(&home.settings.web.public_url);
        let attacks: Vec<_> = (0..4)
            .map(|n| {
                let (door, client) = (home.lmtp(), client.clone());
                tokio::spawn(async move {
                    let mail = hostile(&client.address, n);
                    Lmtp::open(door).await.unwrap().send(&client.address, &client.letterbox, &mail).await.unwrap()
                })
            })
            .collect();
        let (mut sent, mut slowest) = (Vec::new(), Duration::ZERO);
        while sent.len() < 10 || attacks.iter().any(|a| !a.is_finished()) {
            let text = format!("Surat {}.", sent.len());
            slowest = slowest.max(send_small(&home, &client, &text).await);
            let asked = Instant::now();
            assert_eq!(browser.get("/desk/konseling").await.unwrap().status(), 200);
            slowest = slowest.max(asked.elapsed());
            sent.push(text);
        }
        println!("{} small mails beside the hostile ones, the slowest after {slowest:?}", sent.len());
        assert!(slowest < SOON, "the slowest took {slowest:?}");
        let mut kept = 0;
        for attack in attacks {
            match attack.await.unwrap() {
                250 => kept += 1,
                code => assert!([452, 552].contains(&code), "{code}"),
            }
        }
        assert!(kept > 0, "there is room for one at least");
        assert!(child.is_running() && !child.log().contains("panicked"), "{}", child.log());
        assert_eq!(texts(&home, &client).await, sent);
        let reasons = shelf_reasons(&home, &people).await;
        assert_eq!(reasons, vec!["unreadable"; kept], "what was taken is there, sealed and shown as unreadable");
    });
}

#[test]
fn beyond_a_limit_is_refused_or_held() {
    alone(async {
        let home = Home::new("", "");
        let people = People::furnish(&home, 1).await;
        let client = &people.clients[0];
        let _child = home.start().await;
        let mut lmtp = Lmtp::open(home.lmtp()).await.unwrap();
        assert_eq!(lmtp.say(&format!("MAIL FROM:<{}> SIZE=30000000", client.address)).await.unwrap(), 552, "announced");
        let mut large = mail(&client.address, "Halo", "");
        large.resize(26 * 1024 * 1024, b'x');
        assert_eq!(lmtp.send(&client.address, &client.letterbox, &large).await.unwrap(), 552, "not announced");
        let odd = beyond_limits(&client.address);
        let count = odd.len();
        for mail in odd {
            assert_eq!(lmtp.send(&client.address, &client.letterbox, &mail).await.unwrap(), 250);
        }
        // No headers at all, no text at all, zero bytes, bytes of no charset: taken, whatever they are.
        let nonsense: [&[u8]; 4] = [
            b"",
            b"\r\n\r\n",
            b"\0\0\0\r\n\0",
            b"From: \xff\xfe\r\nContent-Type: text/plain; charset=none\r\n\r\n\xff",
        ];
        for mail in nonsense {
            assert_eq!(lmtp.send(&client.address, &client.letterbox, mail).await.unwrap(), 250);
        }
        assert_eq!(
            lmtp.send(&client.address, &client.letterbox, &mail(&client.address, "Halo", "Baik.")).await.unwrap(),
            250
        );
        assert_eq!(texts(&home, client).await, ["Baik."], "nothing of that entered the thread");
        let reasons = shelf_reasons(&home, &people).await;
        assert_eq!(reasons.len(), count + nonsense.len(), "{reasons:?}");
        assert_eq!(reasons.iter().take(count).filter(|r| r.contains("unreadable")).count(), count, "{reasons:?}");
    });
}

#[test]
fn slow_talkers_block_nobody() {
    alone(async {
        let home = Home::new("", "");
        let people = People::furnish(&home, 1).await;
        let client = &people.clients[0];
        let _child = home.start().await;
        let mut slow = Vec::new();
        for n in 0..60 {
            let mut lmtp = Lmtp::open_from(home.lmtp(), Ipv4Addr::new(127, 0, 0, 2)).await.unwrap();
            if n % 2 == 0 {
                lmtp.envelope(&client.address, &client.letterbox).await.unwrap();
                assert_eq!(lmtp.say("DATA").await.unwrap(), 354);
            }
            slow.push(lmtp);
        }
        let mut requests = Vec::new();
        for _ in 0..200 {
            let mut web = TcpStream::connect(home.settings.web.listen).await.unwrap();
            web.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ").await.unwrap();
            requests.push(web);
        }
        let browser = Browser::new(&home.settings.web.public_url);
        for n in 0..5 {
            for lmtp in &mut slow {
                lmtp.push(b"x").await.unwrap();
            }
            for web in &mut requests {
                web.write_all(b"x").await.unwrap();
            }
            let took = send_small(&home, client, &format!("Surat {n}.")).await;
            assert!(took < SOON, "{took:?}");
            let asked = Instant::now();
            assert_eq!(browser.get("/desk/konseling").await.unwrap().status(), 200);
            assert!(asked.elapsed() < SOON);
        }
        assert_eq!(texts(&home, client).await.len(), 5);
    });
}

#[test]
fn a_crowd_at_the_door() {
    alone(async {
        let home = Home::new("", "");
        let people = People::furnish(&home, 1).await;
        let client = &people.clients[0];
        let mut child = home.start().await;
        let door = home.lmtp();
        // From five addresses, 60 each: each of them may, all of them together may not.
        let mut knocking = Vec::new();
        for n in 0..300_u16 {
            let from = Ipv4Addr::new(127, 0, 0, u8::try_from(2 + n % 5).unwrap());
            knocking.push(tokio::spawn(async move {
                let mut lmtp = Lmtp::connect(door, from).await.unwrap();
                (lmtp.reply().await.unwrap_or(0), lmtp)
            }));
        }
        let (mut inside, mut away) = (Vec::new(), 0);
        for one in knocking {
            match one.await.unwrap() {
                (220, lmtp) => inside.push(lmtp),
                (421, mut lmtp) => {
                    away += 1;
                    assert!(lmtp.hears_the_end().await);
                }
                (code, _) => panic!("{code}"),
            }
        }
        assert_eq!((inside.len(), away), (256, 44), "as many as the limit says; the others are told to come back");
        // Those inside are served.
        let bytes = mail(&client.address, "Halo", "Di dalam.");
        let first = &mut inside[0];
        assert_eq!(first.say("LHLO mx.example").await.unwrap(), 250);
        assert_eq!(first.send(&client.address, &client.letterbox, &bytes).await.unwrap(), 250);
        drop(inside);
        // And soon there is room again.
        let gone = Instant::now();
        while Lmtp::open(door).await.is_err() {
            assert!(gone.elapsed() < SOON);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // One address alone gets its share and no more.
        let mut alone = Vec::new();
        for _ in 0..70 {
            alone.push(Lmtp::open_from(door, Ipv4Addr::new(127, 0, 0, 9)).await);
        }
        assert_eq!(alone.iter().filter(|l| l.is_ok()).count(), 64);
        assert!(send_small(&home, client, "Sesudah.").await < SOON);
        assert!(child.is_running());
        assert_eq!(texts(&home, client).await, ["Di dalam.", "Sesudah."]);
    });
}
