//! TLS at the doors, with a real client library at the other end.

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::intake::Identity;

const MAIL: &str = "MAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\nBDAT 1 LAST\r\nx";

/// A certificate for mx.example.org, and a client that trusts it.
fn identity() -> (Arc<Identity>, TlsConnector) {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(vec!["mx.example.org".to_owned()]).unwrap();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(made.cert.der().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    (Arc::new(Identity::load(&cert, &key).unwrap()), TlsConnector::from(Arc::new(config)))
}

fn settings() -> (Settings, TlsConnector) {
    let (identity, connector) = identity();
    (Settings { identity: Some(identity), handshake_timeout: Duration::from_millis(500), ..small() }, connector)
}

async fn shake<S: AsyncRead + AsyncWrite + Unpin>(connector: &TlsConnector, stream: S) -> TlsStream<S> {
    connector.connect(ServerName::try_from("mx.example.org").unwrap(), stream).await.unwrap()
}

#[tokio::test]
async fn starttls_begins_anew() {
    for entrance in [Entrance::SMTP, Entrance::LMTP] {
        let (settings, connector) = settings();
        let door = open_with(entrance, settings).await;
        let hello = if entrance == Entrance::SMTP { "EHLO" } else { "LHLO" };
        let mut client = door.knock().await;
        hear(&mut client).await;
        client.write_all(format!("{hello} before\r\n").as_bytes()).await.unwrap();
        assert!(hear(&mut client).await.contains("\r\n250-STARTTLS\r\n"));
        // An envelope begun in clear, and a command smuggled in behind the question.
        let smuggled = "MAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\nSTARTTLS\r\nRCPT TO:<smuggled@example.org>\r\n";
        client.write_all(smuggled.as_bytes()).await.unwrap();
        let mut heard = String::new();
        while codes(&heard).split(' ').count() < 3 {
            heard += &hear(&mut client).await;
        }
        assert_eq!(codes(&heard), "250 250 220");
        let mut client = shake(&connector, client).await;
        client.write_all(MAIL.get(..14).unwrap().as_bytes()).await.unwrap();
        assert_eq!(codes(&hear(&mut client).await), "503", "hello is to be said again, and no greeting came");
        client.write_all(format!("{hello} after\r\n").as_bytes()).await.unwrap();
        assert!(!hear(&mut client).await.contains("STARTTLS"));
        client.write_all(format!("STARTTLS\r\nDATA\r\n{MAIL}QUIT\r\n").as_bytes()).await.unwrap();
        assert_eq!(codes(&hear_all(&mut client).await), "503 503 250 250 250 221");
        let taken = door.trial.house.taken();
        assert_eq!(taken.len(), 1);
        let name = if entrance == Entrance::SMTP { "smtp" } else { "lmtp" };
        assert_eq!(taken[0].peer, format!("{name} 127.0.0.1 after tls"));
        assert_eq!(taken[0].recipients, ["sari"]);
    }
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let (settings, connector) = settings();
    let proxied = Settings { proxies: vec!["127.0.0.1".parse().unwrap()], ..settings.clone() };
    for (settings, header, ip) in
        [(settings, &b""[..], "127.0.0.1"), (proxied, b"PROXY TCP6 2001:db8::9 ::1 33000 465\r\n", "2001:db8::9")]
    {
        let door = open_with(Entrance::SMTPS, settings).await;
        let mut client = door.knock().await;
        client.write_all(header).await.unwrap();
        let mut client = shake(&connector, client).await;
        client.write_all(format!("EHLO a\r\n{MAIL}QUIT\r\n").as_bytes()).await.unwrap();
        assert_eq!(codes(&hear_all(&mut client).await), "220 250 250 250 250 221");
        assert_eq!(door.trial.house.taken()[0].peer, format!("smtp {ip} a tls"));
    }
}

#[tokio::test]
async fn mail_only_with_tls_where_it_is_required() {
    let (settings, connector) = settings();
    let settings = Settings { tls_required: true, ..settings };
    let door = open_with(Entrance::SMTP, settings.clone()).await;
    let mut client = door.knock().await;
    client.write_all(format!("EHLO a\r\n{}", MAIL.get(..14).unwrap()).as_bytes()).await.unwrap();
    client.write_all(b"RCPT TO:<sari@example.org>\r\nSTARTTLS\r\n").await.unwrap();
    let mut heard = String::new();
    while !heard.contains("\r\n220 ") {
        heard += &hear(&mut client).await;
    }
    assert_eq!(codes(&heard), "220 250 530 503 220");
    let mut client = shake(&connector, client).await;
    client.write_all(format!("EHLO a\r\n{MAIL}QUIT\r\n").as_bytes()).await.unwrap();
    assert_eq!(codes(&hear_all(&mut client).await), "250 250 250 250 221");
    let trial = Trial::new(settings);
    let (heard, _) = trial.say(Protocol::Lmtp, 1 << 20, format!("LHLO a\r\n{MAIL}").as_bytes()).await;
    assert_eq!(codes(&heard), "220 250 250 250 250", "LMTP is spoken by a mail server of ours");
}

#[tokio::test]
async fn a_handshake_that_stalls_frees_its_place() {
    let (settings, connector) = settings();
    let door = open_with(Entrance::SMTPS, settings).await;
    let mut stalled = Vec::new();
    for words in [&b""[..], b"\x16\x03\x01\x02\x00", b"EHLO a\r\n", b"\x16\x03"] {
        let mut client = door.knock().await;
        client.write_all(words).await.unwrap();
        stalled.push(client);
    }
    // All places of this source are taken, for as long as a handshake may last.
    let began = tokio::time::Instant::now();
    for mut client in stalled {
        let mut heard = Vec::new();
        let _ = timeout(Duration::from_secs(5), client.read_to_end(&mut heard)).await.unwrap();
        assert!(!heard.starts_with(b"2") && !heard.starts_with(b"4"));
    }
    assert!(began.elapsed() < Duration::from_secs(3));
    let mut client = shake(&connector, door.knock().await).await;
    assert!(hear(&mut client).await.starts_with("220 "));
}

#[tokio::test]
async fn hundreds_of_clients_with_tls() {
    let (settings, connector) = settings();
    let settings = Settings {
        connections_max: 300,
        connections_per_source_max: 300,
        handshake_timeout: Duration::from_secs(60),
        ..settings
    };
    let door = Arc::new(open_with(Entrance::SMTPS, settings).await);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let (door, connector) = (Arc::clone(&door), connector.clone());
        clients.spawn(async move {
            let mut client = shake(&connector, door.knock().await).await;
            client.write_all(format!("EHLO a\r\n{MAIL}QUIT\r\n").as_bytes()).await.unwrap();
            let mut heard = String::new();
            client.read_to_string(&mut heard).await.unwrap();
            heard
        });
    }
    for heard in clients.join_all().await {
        assert_eq!(codes(&heard), "220 250 250 250 250 221");
    }
    assert_eq!(door.trial.house.taken().len(), 300);
}
