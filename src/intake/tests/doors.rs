//! Doors on real sockets.

use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::*;
use crate::intake::Socket;

#[tokio::test]
async fn a_mail_over_tcp_and_one_over_a_unix_socket() {
    let words = "LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n";
    let expected = "220 250 250 250 354 250 221";
    let door = open(Entrance::LMTP).await;
    let mut client = door.knock().await;
    client.write_all(words.as_bytes()).await.unwrap();
    assert_eq!(codes(&hear_all(&mut client).await), expected);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lmtp");
    let listener = Socket::bind(&path).unwrap();
    let (intake, stop, tracker) = (Arc::clone(&door.trial.intake), door.trial.stop.clone(), door.tracker.clone());
    let served = tokio::spawn(crate::intake::serve(listener, Entrance::LMTP, intake, stop, tracker));
    let mut client = UnixStream::connect(&path).await.unwrap();
    client.write_all(words.as_bytes()).await.unwrap();
    assert_eq!(codes(&hear_all(&mut client).await), expected);
    assert_eq!(door.trial.house.taken().len(), 2);

    door.trial.stop.cancel();
    timeout(Duration::from_secs(5), served).await.unwrap().unwrap();
}

#[tokio::test]
async fn one_source_gets_so_many_connections() {
    let door = open(Entrance::SMTP).await;
    let mut clients = Vec::new();
    for _ in 0..4 {
        let mut client = door.knock().await;
        assert!(hear(&mut client).await.starts_with("220 "));
        clients.push(client);
    }
    let mut surplus = door.knock().await;
    assert_eq!(hear_all(&mut surplus).await, "421 4.7.0 Too many connections; please come back\r\n");
    let mut leaving = clients.pop().unwrap();
    leaving.write_all(b"QUIT\r\n").await.unwrap();
    assert!(hear_all(&mut leaving).await.starts_with("221 "));
    drop(leaving);
    // The place is free as soon as the session has ended.
    let mut heard = String::new();
    for _ in 0..100 {
        let mut next = door.knock().await;
        heard = hear(&mut next).await;
        if heard.starts_with("220 ") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(heard.starts_with("220 "));
}

#[tokio::test]
async fn a_panic_ends_its_own_session_only() {
    let door = open(Entrance::SMTP).await;
    let mut neighbor = door.knock().await;
    assert!(hear(&mut neighbor).await.starts_with("220 "));
    for _ in 0..6 {
        // More often than there are places for one source: each comes back.
        let mut client = door.knock().await;
        client.write_all(b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<panic@example.org>\r\nBDAT 1 LAST\r\nx").await.unwrap();
        let mut heard = String::new();
        let _ = timeout(Duration::from_secs(10), client.read_to_string(&mut heard)).await.unwrap();
        assert!(!heard.contains("Accepted"), "{heard}");
    }
    neighbor
        .write_all(b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\nBDAT 1 LAST\r\nxQUIT\r\n")
        .await
        .unwrap();
    assert_eq!(codes(&hear_all(&mut neighbor).await), "250 250 250 250 221");
    assert_eq!(door.trial.house.taken().len(), 1);
}

#[tokio::test]
async fn the_door_closes_gracefully() {
    let door = open(Entrance::SMTP).await;
    let mut idle = door.knock().await;
    hear(&mut idle).await;
    let mut sending = door.knock().await;
    sending.write_all(b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\nDATA\r\nx\r\n").await.unwrap();
    while !hear(&mut sending).await.contains("354 ") {}
    door.trial.stop.cancel();
    door.tracker.close();
    assert!(hear_all(&mut idle).await.starts_with("421 4.3.2 "));
    drop(idle);
    timeout(Duration::from_secs(5), door.served).await.unwrap().unwrap();
    assert!(TcpStream::connect(door.address).await.is_err(), "nobody listens");
    sending.write_all(b".\r\n").await.unwrap();
    let rest = hear_all(&mut sending).await;
    assert_eq!(codes(&rest), "250 421");
    drop(sending);
    timeout(Duration::from_secs(5), door.tracker.wait()).await.unwrap();
    assert_eq!(door.trial.house.taken().len(), 1);
}

#[tokio::test]
async fn the_last_word_reaches_a_client_that_talks_on() {
    let door = open(Entrance::SMTP).await;
    let mut client = door.knock().await;
    let _ = client.write_all("FOO\r\n".repeat(20_000).as_bytes()).await;
    assert!(codes(&hear_all(&mut client).await).ends_with(" 421"));
}
