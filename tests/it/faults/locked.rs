//! Another process holds the SQLite database for longer than we wait: mail and pages are put off, then all goes on.

use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::{alone, mail, texts};
use crate::support::child::{Home, People, SECRET};
use crate::support::peer::{Browser, Lmtp, confirms};

/// Writers that wait at the same time.
const CROWD: usize = 8;
/// The last of them hears an answer within this time: a little over two times the engine's own patience of 5 s.
const PATIENCE: Duration = Duration::from_secs(18);

#[test]
fn a_locked_database_puts_everybody_off_and_recovers() {
    alone(async {
        let home = Home::new("", "");
        let people = People::furnish(&home, 1).await;
        let client = people.clients[0].clone();
        let mut child = home.start().await;
        let browser = Browser::new(&home.settings.web.public_url);
        assert_eq!(browser.sign_in(&client.name, SECRET).await.unwrap(), "/mailbox");
        let form = browser.write(&client.thread.to_string(), "Halo", "Lewat situs.").await.unwrap();

        let mut other = SqliteConnectOptions::new().filename(home.path().join("merpati.db")).connect().await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();
        let locked = Instant::now();
        let mut workers = Vec::new();
        for n in 0..CROWD {
            let (door, client) = (home.lmtp(), client.clone());
            workers.push(tokio::spawn(async move {
                // Half of them are unknown senders: their mail goes onto the shelf, by another way into the store.
                let from = if n % 2 == 0 { &client.address } else { "asing@example.net" };
                let bytes = mail(from, "Halo", &format!("Surat {n}."));
                let code = Lmtp::open(door).await.unwrap().send(from, &client.letterbox, &bytes).await.unwrap();
                (code, locked.elapsed())
            }));
        }
        let (answer, read) = tokio::join!(browser.hand_in(&form), async {
            // Whoever only reads notices nothing.
            tokio::time::sleep(Duration::from_millis(500)).await;
            browser.get("/desk/konseling").await
        });
        assert_eq!(read.unwrap().status(), 200);
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        for worker in workers {
            let (code, after) = worker.await.unwrap();
            assert_eq!(code, 451);
            assert!(after < PATIENCE, "heard after {after:?}");
        }
        other.execute("ROLLBACK").await.unwrap();
        other.close().await.unwrap();

        let bytes = mail(&client.address, "Halo", "Sesudah.");
        let code =
            Lmtp::open(home.lmtp()).await.unwrap().send(&client.address, &client.letterbox, &bytes).await.unwrap();
        assert_eq!(code, 250, "the next one gets in at once");
        assert!(confirms(&browser.hand_in(&form).await.unwrap()));
        assert!(child.is_running());
        let mut found = texts(&home, &client).await;
        found.sort();
        assert_eq!(found, ["Lewat situs.", "Sesudah."]);
    });
}
