//! People who send mail: a real SMTP client, and an LMTP client of our own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::program::{Ended, feed};

/// Ten mails of other people's programs: name, subject, a piece of the text.
pub(crate) const LETTERS: [(&str, &str, &str); 10] = [
    ("8bitmime", "2 RCPT MIME", "Превел\n\n123"),
    ("body_ks_c_5601-1987", "This is a test", "고맙습니다."),
    (
        "german-qp",
        "Testnachricht",
        "das ist eine Testnachricht mit 8 Bit Sönderzäichen, und obendrein noch \nquoted-printable",
    ),
    ("gmail-iso8859-2", "Nikad više", "Na štriku se suši šosić."),
    ("japanese", "日本語メールテスト (testing Japanese emails)", "日本語が\n正常に\n送れているか\nテスト."),
    ("outlook_web_access_2010_html_only", "Upgrade Redmine to 3.0.x", "A mess.\n\n--Geoff Maciolek"),
    ("quoted_printable_utf8", "issue 14675", "Freundliche Grüsse"),
    ("ticket_by_unknown_user", "Ticket by unknown user", "submitted by an unknown user."),
    ("urlize-encoding", "Message à urlizer", "non-ASCII chracters"),
    ("utf8", "Testing for Eléanor", "This is a test message for Eléanor"),
];

/// A mail of the corpus with line ends as on the wire and another sender.
pub(crate) fn letter(name: &str, from: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/corpus/letters", &format!("{name}.eml")].iter().collect();
    let raw = std::fs::read(path).unwrap();
    let mut out = Vec::new();
    let mut in_head = true;
    let mut lines = raw.split(|b| *b == b'\n').peekable();
    while let Some(line) = lines.next() {
        if line.is_empty() && lines.peek().is_none() {
            break;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        in_head &= !line.is_empty();
        if in_head && line.starts_with(b"From:") {
            out.extend_from_slice(format!("From: Bintang <{from}>").as_bytes());
        } else {
            out.extend_from_slice(line);
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A plain mail.
pub(crate) fn plain(from: &str, subject: &str, text: &str) -> Vec<u8> {
    let head =
        format!("From: {from}\r\nTo: undisclosed:;\r\nSubject: {subject}\r\nMessage-ID: <{subject}@t.example>\r\n");
    format!("{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n").into_bytes()
}

/// Sends with swaks. Its exit code says at which step it was refused: 24 a recipient, 26 the data.
pub(crate) fn smtp(door: SocketAddr, from: &str, to: &str, mail: &[u8]) -> Ended {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(mail).unwrap();
    let data = format!("@{}", file.path().display());
    let (server, port) = (door.ip().to_string(), door.port().to_string());
    let mut command = Command::new(Path::new("swaks"));
    command.args(["--server", &server, "--port", &port, "--helo", "pengirim.example", "--from", from, "--to", to]);
    command.args(["--data", &data, "--timeout", "20"]);
    tokio::task::block_in_place(|| feed(&mut command, b""))
}

/// Sends by LMTP and returns the answers: one per recipient, from RCPT where it was refused there, else from the data.
pub(crate) async fn lmtp(door: SocketAddr, from: &str, to: &[&str], mail: &[u8]) -> Vec<String> {
    let mut line = BufReader::new(TcpStream::connect(door).await.unwrap());
    assert!(answer(&mut line).await.starts_with("220 "));
    assert!(ask(&mut line, "LHLO pengirim.example").await.starts_with("250"));
    assert!(ask(&mut line, &format!("MAIL FROM:<{from}> SIZE={}", mail.len())).await.starts_with("250 "));
    let mut answers = Vec::new();
    for to in to {
        answers.push(ask(&mut line, &format!("RCPT TO:<{to}>")).await);
    }
    if answers.iter().any(|a| a.starts_with("250 ")) {
        assert!(ask(&mut line, "DATA").await.starts_with("354 "));
        let mut data = Vec::new();
        for text in mail.split_inclusive(|b| *b == b'\n') {
            if text.starts_with(b".") {
                data.push(b'.');
            }
            data.extend_from_slice(text);
        }
        data.extend_from_slice(b".\r\n");
        line.write_all(&data).await.unwrap();
        for a in &mut answers {
            if a.starts_with("250 ") {
                *a = answer(&mut line).await;
            }
        }
    }
    assert!(ask(&mut line, "QUIT").await.starts_with("221 "));
    answers
}

async fn ask(line: &mut BufReader<TcpStream>, words: &str) -> String {
    line.write_all(format!("{words}\r\n").as_bytes()).await.unwrap();
    answer(line).await
}

/// One answer, however many lines it has.
async fn answer(line: &mut BufReader<TcpStream>) -> String {
    let mut all = String::new();
    loop {
        let start = all.len();
        assert_ne!(line.read_line(&mut all).await.unwrap(), 0, "the door closed: {all}");
        if all.as_bytes().get(start + 3) != Some(&b'-') {
            return all;
        }
    }
}
