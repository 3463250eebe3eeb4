//! PostgreSQL goes away and comes back: mail is put off, pages say so, and the doors recover by themselves.

use std::time::{Duration, Instant};

use super::{alone, mail, texts};
use crate::support::child::{Client, Home, People, SECRET};
use crate::support::peer::{Browser, Lmtp, confirms};
use crate::support::postgres::server;
use crate::support::proxy::{Proxy, Wire};

/// An answer while the database is away comes within this time.
const PATIENCE: Duration = Duration::from_secs(20);
/// Connections that are in the middle of a mail when the wire is cut.
const CROWD: usize = 20;

/// Runs a test with a database behind a wire. The home used for looking from outside goes around the wire.
fn behind_a_wire<F: Future<Output = ()>>(test: impl FnOnce(Home, Proxy, String) -> F) {
    let server = server();
    let name = server.make_database();
    let direct = server.url(&name);
    alone(async {
        let (proxy, through) = Proxy::to(&direct).await;
        test(Home::new(&through, ""), proxy, direct).await;
    });
    server.drop_database(&name);
}

async fn send(lmtp: &mut Lmtp, client: &Client, text: &str) -> u16 {
    lmtp.send(&client.address, &client.letterbox, &mail(&client.address, "Halo", text)).await.unwrap()
}

/// A 503 page that says when to come back and what to quote when asking for help.
async fn says_unavailable(answer: reqwest::Response) {
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    let page = answer.text().await.unwrap();
    // "Nomor permintaan: ABCDEFGH" in either language: eight signs of our alphabet in the small print.
    let (_, small) = page.split_once("class=\"soft small\">").unwrap_or_else(|| panic!("no request id in {page}"));
    let small = small.split('<').next().unwrap();
    assert!(small.split_whitespace().any(|w| w.trim_matches('.').len() == 8), "{small}");
}

/// Waits until a letter gets its yes again, without any help.
async fn recovers(lmtp: &mut Lmtp, client: &Client, text: &str) {
    let mended = Instant::now();
    let bytes = mail(&client.address, "Halo", text);
    while lmtp.send(&client.address, &client.letterbox, &bytes).await.unwrap() != 250 {
        assert!(mended.elapsed() < PATIENCE, "mail gets in again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[test]
fn cut_and_mended() {
    behind_a_wire(|home, proxy, _| async move {
        let people = People::furnish(&home, 1).await;
        let client = &people.clients[0];
        let mut child = home.start().await;
        let mut lmtp = Lmtp::open(home.lmtp()).await.unwrap();
        let browser = Browser::new(&home.settings.web.public_url);
        assert_eq!(browser.sign_in(&client.name, SECRET).await.unwrap(), "/mailbox");
        let form = browser.write(&client.thread.to_string(), "Halo", "Lewat situs.").await.unwrap();
        assert_eq!(send(&mut lmtp, client, "Sebelum.").await, 250);
        // This one's recipient is known already when the wire is cut.
        let mut second = Lmtp::open(home.lmtp()).await.unwrap();
        assert_eq!(second.envelope(&client.address, &client.letterbox).await.unwrap(), 250);

        proxy.is_now(Wire::Cut);
        let cut = Instant::now();
        assert_eq!(second.data(&mail(&client.address, "Halo", "Ditunda.")).await.unwrap(), 451);
        assert_eq!(send(&mut lmtp, client, "Ditunda juga.").await, 451, "not even the recipient can be looked up");
        says_unavailable(browser.get("/mailbox").await.unwrap()).await;
        says_unavailable(browser.get("/desk/konseling").await.unwrap()).await;
        says_unavailable(browser.hand_in(&form).await.unwrap()).await;
        assert!(cut.elapsed() < 2 * PATIENCE, "answers come soon: {:?}", cut.elapsed());

        proxy.is_now(Wire::Whole);
        recovers(&mut lmtp, client, "Sesudah.").await;
        recovers(&mut second, client, "Ditunda.").await;
        assert_eq!(browser.get("/mailbox").await.unwrap().status(), 200);
        assert!(confirms(&browser.hand_in(&form).await.unwrap()), "the same form goes through");
        assert!(child.is_running());
        let mut found = texts(&home, client).await;
        found.sort();
        assert_eq!(found, ["Ditunda.", "Lewat situs.", "Sebelum.", "Sesudah."]);
    });
}

/// A crowd of letters waits for the writer when the wire is cut: each is answered soon, not one after the other.
#[test]
fn a_crowd_is_put_off_soon() {
    behind_a_wire(|home, proxy, _| async move {
        let people = People::furnish(&home, 1).await;
        let client = &people.clients[0];
        let _child = home.start().await;
        let mut crowd = Vec::new();
        for _ in 0..CROWD {
            let mut lmtp = Lmtp::open(home.lmtp()).await.unwrap();
            assert_eq!(lmtp.envelope(&client.address, &client.letterbox).await.unwrap(), 250);
            crowd.push(lmtp);
        }
        proxy.is_now(Wire::Cut);
        let cut = Instant::now();
        let waiting: Vec<_> = crowd
            .into_iter()
            .enumerate()
            .map(|(n, mut lmtp)| {
                let mail = mail(&client.address, "Halo", &format!("Surat {n}."));
                tokio::spawn(async move { lmtp.data(&mail).await.unwrap() })
            })
            .collect();
        for one in waiting {
            assert_eq!(one.await.unwrap(), 451);
        }
        assert!(cut.elapsed() < PATIENCE, "the last of {CROWD} heard after {:?}", cut.elapsed());
        proxy.is_now(Wire::Whole);
        recovers(&mut Lmtp::open(home.lmtp()).await.unwrap(), client, "Sesudah.").await;
        assert_eq!(texts(&home, client).await, ["Sesudah."]);
    });
}

/// The wire breaks again and again under load: whatever got its yes is there, whatever is there is there once.
#[test]
fn a_loose_contact_loses_nothing() {
    behind_a_wire(|home, proxy, _| async move {
        let people = People::furnish(&home, 3).await;
        let mut child = home.start().await;
        let door = home.lmtp();
        let until = Instant::now() + Duration::from_secs(8);
        let workers: Vec<_> = people
            .clients
            .iter()
            .cloned()
            .map(|client| {
                tokio::spawn(async move {
                    let (mut accepted, mut number) = (Vec::new(), 0);
                    let mut lmtp = Lmtp::open(door).await.unwrap();
                    while Instant::now() < until {
                        let text = format!("Surat {number}.");
                        let bytes = mail(&client.address, "Halo", &text);
                        while lmtp.send(&client.address, &client.letterbox, &bytes).await.unwrap() != 250 {}
                        accepted.push(text);
                        number += 1;
                    }
                    accepted
                })
            })
            .collect();
        while Instant::now() < until {
            for (wire, ms) in [(Wire::Cut, 150), (Wire::Whole, 600), (Wire::Held, 400), (Wire::Whole, 500)] {
                proxy.is_now(wire);
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
        }
        for (worker, client) in workers.into_iter().zip(&people.clients) {
            let mut accepted = worker.await.unwrap();
            let mut found = texts(&home, client).await;
            accepted.sort();
            found.sort();
            assert_eq!(found, accepted);
        }
        assert!(child.is_running());
    });
}
