//! Mail programs of other people at our doors: encrypted, at a socket, behind a load balancer.

use std::fs;
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use chrono::Datelike as _;
use merpati::clock::{Clock as _, SystemClock};
use merpati::flow::read;
use merpati::flow::session::Realm;
use rcgen::{CertificateParams, KeyPair};

use crate::support::child::{Child, Client, Home, People, free_address, sign_in};
use crate::support::program::{Ended, feed};

pub(super) const HOST: &str = "mx.surat.example";

/// A certificate for a name, signed by nobody else, with its key; good for that many days.
fn certificate(home: &Home, days: i64) {
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    let now = SystemClock.now().utc();
    let day = (now + chrono::Duration::days(days)).date_naive();
    let (month, day_of_month) = (u8::try_from(day.month()).unwrap(), u8::try_from(day.day()).unwrap());
    params.not_after = rcgen::date_time_ymd(day.year(), month, day_of_month);
    let key = KeyPair::generate().unwrap();
    let cert = params.self_signed(&key).unwrap();
    for (name, text) in [("key.pem", key.serialize_pem()), ("cert.pem", cert.pem())] {
        let next = home.path().join("next.pem");
        fs::write(&next, text).unwrap();
        fs::rename(next, home.path().join(name)).unwrap();
    }
}

/// A home with more settings than the environment gives it.
fn home(more: &str) -> Home {
    let home = Home::new("", "");
    settings(&home, more);
    home
}

fn settings(home: &Home, more: &str) {
    let text = format!("[mail]\nhostname = \"{HOST}\"\n{more}\n");
    fs::write(home.path().join("merpati.toml"), text.replace("HOME", &home.path().display().to_string())).unwrap();
}

const TLS: &str = "tls_cert = \"HOME/cert.pem\"\ntls_key = \"HOME/key.pem\"";

/// Starts the program and waits until it says that it is open.
pub(super) async fn open(home: &Home) -> Child {
    let mut child = home.launch("");
    for _ in 0..3_000 {
        if child.log().contains("Merpati is open") {
            return child;
        }
        assert!(child.is_running(), "{}", child.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not open: {}", child.log());
}

pub(super) fn mail(client: &Client, subject: &str) -> Vec<u8> {
    let head = format!("From: <{}>\r\nTo: <{}>\r\nSubject: {subject}\r\n", client.address, client.letterbox);
    format!("{head}Message-ID: <{subject}@rumah.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0700\r\n\r\nHalo.\r\n")
        .into_bytes()
}

/// The subjects of a client's letters, opened with their key.
pub(super) async fn subjects(home: &Home, client: &Client) -> Vec<String> {
    let house = home.house().await;
    let reader = sign_in(&house, Realm::Clients, &client.name).await;
    let thread = read::own_thread(&house, &reader, client.thread).await.unwrap();
    let letters = read::whole(&house, &reader, &thread).await.unwrap();
    house.db.close().await;
    letters.into_iter().map(|l| l.words.expect("a letter that opens").subject.reveal().clone()).collect()
}

/// Sends with swaks, which is told where and how by `door`. Exit codes: 24 a recipient was refused, 29 no TLS.
pub(super) fn swaks(door: &[&str], from: &str, to: &str, mail: &[u8]) -> Ended {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(mail).unwrap();
    let data = format!("@{}", file.path().display());
    let mut command = Command::new("swaks");
    command.args(["--helo", "pengirim.example", "--from", from, "--to", to, "--data", &data, "--timeout", "30"]);
    tokio::task::block_in_place(|| feed(command.args(door), b""))
}

#[track_caller]
fn must(ended: &Ended, code: i32) -> String {
    let said = format!("{}{}", ended.out, ended.err);
    assert_eq!(ended.code, code, "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn swaks_writes_with_tls_and_hears_of_renewals() {
    let mut home = home("");
    let smtps = free_address();
    settings(&home, &format!("{TLS}\ntls = \"required\"\nsmtps = \"{smtps}\""));
    certificate(&home, 90);
    let people = People::furnish(&home, 1).await;
    let client = &people.clients[0];
    home.settings.mail.lmtp = String::new();
    let child = open(&home).await;
    let (smtp, smtps) = (home.settings.mail.smtp.clone(), smtps.to_string());
    let cert = home.path().join("cert.pem").display().to_string();
    let trusted = |door: &str, how: &str| {
        vec![
            "--server".to_owned(),
            door.to_owned(),
            how.to_owned(),
            "--tls-verify".into(),
            "--tls-ca-path".into(),
            cert.clone(),
        ]
    };
    let send = |door: &str, how: &str, to: &str, subject: &str| {
        let door = trusted(door, how);
        let door: Vec<&str> = door.iter().map(String::as_str).collect();
        swaks(&door, &client.address, to, &mail(client, subject))
    };

    must(&send(&smtp, "--tls", &client.letterbox, "starttls"), 0);
    must(&send(&smtps, "--tls-on-connect", &client.letterbox, "smtps"), 0);
    for (door, how) in [(&smtp, "--tls"), (&smtps, "--tls-on-connect")] {
        let said = must(&send(door, how, "no-reply@surat.example", "jawaban"), 24);
        assert!(said.contains(" 550 5.7.1 Nobody reads this address. Please write at http"), "{said}");
        assert!(said.contains("Silakan menulis di http"), "{said}");
    }
    let in_clear = swaks(&["--server", &smtp], &client.address, &client.letterbox, &mail(client, "terang"));
    let said = must(&in_clear, 23);
    assert!(said.contains("530 5.7.0 ") && said.contains("STARTTLS"), "{said}");
    let mut found = subjects(&home, client).await;
    found.sort();
    assert_eq!(found, ["smtps", "starttls"]);

    let doctor = String::from_utf8(home.run("doctor").stdout).unwrap();
    for line in ["the certificate is good until ", "SMTP with TLS at ", ": open"] {
        assert!(doctor.contains(line), "{doctor}");
    }
    certificate(&home, 7);
    let hangup = Command::new("sh").args(["-c", "kill -HUP \"$0\"", &child.id().to_string()]).status().unwrap();
    assert!(hangup.success());
    let mut renewed = send(&smtps, "--tls-on-connect", &client.letterbox, "diperbarui");
    for _ in 0..20 {
        if renewed.code == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        renewed = send(&smtps, "--tls-on-connect", &client.letterbox, "diperbarui");
    }
    must(&renewed, 0);
    assert!(child.log().contains("was renewed"), "{}", child.log());
    let doctor = String::from_utf8(home.run("doctor").stdout).unwrap();
    assert!(doctor.contains("BAD   the certificate expires on "), "{doctor}");
    fs::write(home.path().join("cert.pem"), "rusak").unwrap();
    let doctor = String::from_utf8(home.run("doctor").stdout).unwrap();
    assert!(doctor.contains("BAD   mail.tls_cert: ") && doctor.contains("holds no certificates"), "{doctor}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_in_the_file_system() {
    let mut home = home("");
    let people = People::furnish(&home, 1).await;
    let client = &people.clients[0];
    let path = home.path().join("lmtp");
    let socket = path.display().to_string();
    home.settings.mail.lmtp = format!("unix:{socket}");
    let door = ["--socket", &socket, "--protocol", "LMTP"];

    let mut child = open(&home).await;
    must(&swaks(&door, &client.address, &client.letterbox, &mail(client, "soket")), 0);
    let said = must(&swaks(&door, &client.address, "no-reply@surat.example", &mail(client, "jawaban")), 24);
    assert!(said.contains(" 550 5.7.1 Nobody reads this address. Please write at http"), "{said}");
    assert!(String::from_utf8(home.run("doctor").stdout).unwrap().contains(&format!("LMTP at unix:{socket}: open")));
    // A second one does not take its place; a sudden end leaves the file behind, and the next start does not mind.
    let second = home.run("serve");
    assert!(!second.status.success());
    child.kill();
    assert!(path.exists());
    let mut child = open(&home).await;
    must(&swaks(&door, &client.address, &client.letterbox, &mail(client, "lagi")), 0);
    child.terminate();
    assert!(child.ended(Duration::from_secs(30)).await.unwrap().success());
    assert!(!path.exists(), "nothing stays behind");
    assert_eq!(subjects(&home, client).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_balancer_stands_in_front() {
    let mut home = home("proxy_from = [\"127.0.0.1\"]");
    let people = People::furnish(&home, 1).await;
    let client = &people.clients[0];
    home.settings.mail.lmtp = String::new();
    let _child = open(&home).await;
    let smtp = home.settings.mail.smtp.clone();
    for version in ["1", "2"] {
        let mut door = vec!["--server", &smtp, "--proxy-version", version, "--proxy-family"];
        door.extend([if version == "1" { "TCP4" } else { "AF_INET" }, "--proxy-source", "203.0.113.9"]);
        door.extend(["--proxy-source-port", "33000", "--proxy-dest", "127.0.0.1", "--proxy-dest-port", "25"]);
        if version == "2" {
            door.extend(["--proxy-protocol", "STREAM", "--proxy-command", "PROXY"]);
        }
        must(&swaks(&door, &client.address, &client.letterbox, &mail(client, &format!("versi-{version}"))), 0);
    }
    let mut found = subjects(&home, client).await;
    found.sort();
    assert_eq!(found, ["versi-1", "versi-2"]);
    let without = ["--server", &smtp, "--timeout", "5"];
    assert_ne!(swaks(&without, &client.address, &client.letterbox, &mail(client, "tanpa")).code, 0);
    assert_eq!(subjects(&home, client).await.len(), 2);
}
