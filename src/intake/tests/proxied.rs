//! Doors behind a load balancer, and sources that ask for too much.

use super::*;

const WORDS: &str = "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\nBDAT 1 LAST\r\nxQUIT\r\n";

fn behind() -> Settings {
    Settings { proxies: vec!["127.0.0.0/8".parse().unwrap()], proxy_timeout: Duration::from_millis(300), ..small() }
}

fn v2(source: [u8; 4]) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    header.extend(source);
    header.extend([127, 0, 0, 1, 0x80, 0, 0, 25]);
    header
}

async fn told(door: &OpenDoor, header: &[u8], words: &str) -> String {
    let mut client = door.knock().await;
    client.write_all(&[header, words.as_bytes()].concat()).await.unwrap();
    hear_all(&mut client).await
}

#[tokio::test]
async fn the_load_balancer_names_the_client() {
    let door = open_with(Entrance::SMTP, behind()).await;
    for header in [&b"PROXY TCP4 203.0.113.9 127.0.0.1 33000 25\r\n"[..], b"PROXY UNKNOWN\r\n", &v2([203, 0, 113, 8])] {
        assert_eq!(codes(&told(&door, header, WORDS).await), "220 250 250 250 250 221");
    }
    let peers: Vec<_> = door.trial.house.taken().into_iter().map(|taken| taken.peer).collect();
    assert_eq!(peers, ["smtp 203.0.113.9 a clear", "smtp 127.0.0.1 a clear", "smtp 203.0.113.8 a clear"]);
}

#[tokio::test]
async fn without_its_header_nothing_is_said() {
    let door = open_with(Entrance::SMTP, behind()).await;
    for words in [WORDS, "", "PROXY TCP4 203.0.113.9\r\nEHLO a\r\n", "PROXY TCP4 203.0.113.9 127.0.0.1 33000 25"] {
        let mut client = door.knock().await;
        client.write_all(words.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        // Hanging up on unread words may look like a broken line.
        let _ = timeout(Duration::from_secs(10), client.read_to_end(&mut heard)).await.unwrap();
        assert!(heard.is_empty(), "{words}");
    }
    assert!(door.trial.house.taken().is_empty());
}

#[tokio::test]
async fn nobody_else_names_their_own_address() {
    let elsewhere = Settings { proxies: vec!["198.51.100.0/24".parse().unwrap()], ..small() };
    let door = open_with(Entrance::SMTP, elsewhere).await;
    let heard = told(&door, b"PROXY TCP4 203.0.113.9 127.0.0.1 33000 25\r\n", WORDS).await;
    assert_eq!(codes(&heard), "220 500 250 250 250 250 221");
    assert_eq!(door.trial.house.taken()[0].peer, "smtp 127.0.0.1 a clear");
}

#[tokio::test]
async fn one_client_behind_it_gets_so_many_connections() {
    let door = open_with(Entrance::SMTP, behind()).await;
    let mut clients = Vec::new();
    for last in [9, 9, 9, 9, 8] {
        let mut client = door.knock().await;
        client.write_all(&v2([203, 0, 113, last])).await.unwrap();
        assert!(hear(&mut client).await.starts_with("220 "));
        clients.push(client);
    }
    assert_eq!(codes(&told(&door, &v2([203, 0, 113, 9]), "").await), "421");
}

#[tokio::test]
async fn a_source_that_sends_too_much_is_asked_to_come_back() {
    let trial = Trial::new(Settings { mails_per_connection_max: 3, ..small() });
    let words =
        format!("EHLO a\r\n{}QUIT\r\n", "MAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\nBDAT 1 LAST\r\nx".repeat(3));
    for expected in [" 250".repeat(9), " 250".repeat(9), " 450 503 503".repeat(3)] {
        let (heard, _) = trial.say(Protocol::Smtp, 1 << 20, words.as_bytes()).await;
        assert_eq!(codes(&heard), format!("220 250{expected} 221"));
    }
    assert_eq!(trial.house.taken().len(), 6);
    let lmtp = words.replace("EHLO", "LHLO");
    let (heard, _) = trial.say(Protocol::Lmtp, 1 << 20, lmtp.as_bytes()).await;
    assert_eq!(codes(&heard), format!("220 250{} 221", " 250".repeat(9)), "our own mail server may");
}

#[tokio::test]
async fn guessing_addresses_ends_soon() {
    let trial = Trial::new(small());
    let guesses = format!("EHLO a\r\nMAIL FROM:<>\r\n{}", "RCPT TO:<nobody@example.org>\r\n".repeat(9));
    let known = "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\nQUIT\r\n";
    for (words, expected) in [
        (guesses.as_str(), "220 250 250 550 550 550 421"),
        (known, "220 250 250 250 221"),
        (&guesses, "220 250 250 550 550 450 450 450 450 450 450 450"),
        (known, "220 250 250 450 221"),
    ] {
        let (heard, _) = trial.say(Protocol::Smtp, 1 << 20, words.as_bytes()).await;
        assert_eq!(codes(&heard), expected, "{heard}");
    }
    let (heard, _) = trial.say(Protocol::Lmtp, 1 << 20, guesses.replace("EHLO", "LHLO").as_bytes()).await;
    assert_eq!(codes(&heard), format!("220 250 250{}", " 550".repeat(9)), "our own mail server asks for everybody");
}
