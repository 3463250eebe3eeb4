//! The disk is full: mail is put off, nothing acknowledged is lost, and with room again all goes on without a restart.
//!
//! "Full" is a limit on the size of a file, set for the running program alone: its writes fail where those of a full
//! disk would, on any machine and without being root. The soft limit is lifted from outside to make room.

use std::process::Command;

use super::{alone, mail, shelf_reasons, texts};
use crate::support::child::{Child, Client, Home, People, SECRET};
use crate::support::peer::{Browser, Lmtp};

/// What a file may hold: the database fits, the write-ahead log soon does not.
const FILE_BYTES: u64 = 1024 * 1024;
/// Mails until the disk is full, at the most.
const MAILS_MAX: usize = 500;

fn limit_files(child: &Child, bytes: &str) {
    let set = Command::new("prlimit").args(["--pid", &child.id().to_string(), &format!("--fsize={bytes}:")]).status();
    assert!(set.expect("prlimit, of util-linux").success());
}

async fn send(lmtp: &mut Lmtp, from: &str, client: &Client, text: &str) -> u16 {
    lmtp.send(from, &client.letterbox, &mail(from, "Halo", text)).await.unwrap()
}

#[test]
fn a_full_disk_puts_mail_off_and_loses_nothing() {
    alone(async {
        let home = Home::new("", "");
        let people = People::furnish(&home, 2).await;
        // Without this the system ends a program that writes too much, instead of telling it.
        let mut child = home.start_after("trap '' XFSZ;").await;
        let browser = Browser::new(&home.settings.web.public_url);
        assert_eq!(browser.sign_in(&people.clients[0].name, SECRET).await.unwrap(), "/mailbox");
        let form =
            browser.write(&people.clients[0].thread.to_string(), "Halo", &"panjang ".repeat(9_000)).await.unwrap();
        limit_files(&child, &FILE_BYTES.to_string());

        // Two connections, so that letters of both stand in one group when it cannot be written.
        let workers: Vec<_> = people
            .clients
            .iter()
            .cloned()
            .map(|client| {
                let door = home.lmtp();
                tokio::spawn(async move {
                    let mut lmtp = Lmtp::open(door).await.unwrap();
                    let (mut accepted, mut put_off) = (Vec::new(), 0);
                    for n in 0..MAILS_MAX {
                        let text = format!("Surat {n}. {}", "y".repeat(20_000));
                        match send(&mut lmtp, &client.address, &client, &text).await {
                            250 => accepted.push(text),
                            451 | 452 => put_off += 1,
                            code => panic!("{code}"),
                        }
                        if put_off == 5 {
                            break;
                        }
                    }
                    assert_eq!(put_off, 5, "the disk is full at some time");
                    accepted
                })
            })
            .collect();
        let mut accepted = Vec::new();
        for worker in workers {
            accepted.push(worker.await.unwrap());
        }
        let answer = browser.hand_in(&form).await.unwrap();
        assert_eq!(answer.status(), 503, "a page says so too");
        let mut lmtp = Lmtp::open(home.lmtp()).await.unwrap();
        assert!(
            [451, 452].contains(&send(&mut lmtp, "asing@example.net", &people.clients[0], &"z".repeat(40_000)).await)
        );

        limit_files(&child, "unlimited");
        for (client, accepted) in people.clients.iter().zip(&mut accepted) {
            assert_eq!(send(&mut lmtp, &client.address, client, "Sesudah.").await, 250, "there is room again");
            accepted.push("Sesudah.".to_owned());
        }
        assert_eq!(send(&mut lmtp, "asing@example.net", &people.clients[0], "Siapa ini?").await, 250);
        assert!(child.is_running());
        child.kill();
        for (client, accepted) in people.clients.iter().zip(&accepted) {
            let found = texts(&home, client).await;
            let lost = accepted.iter().filter(|a| found.iter().filter(|f| f == a).count() != 1).count();
            assert_eq!(lost, 0, "{} of {} acknowledged letters are not there once", lost, accepted.len());
        }
        assert_eq!(shelf_reasons(&home, &people).await, ["unknown-sender"]);
    });
}
