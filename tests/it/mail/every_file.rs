//! Every file of the corpus, and each of them damaged at random, on the road of `check mail` and through the LMTP door:
//! in time, in bounded memory, and kept or refused with a reason.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use merpati::cli::{Around, lines};
use merpati::parse::{self, RawLetter};
use merpati::role::Language;
use serde_json::Value;
use tokio::task::JoinSet;

use super::kinds::corpus;
use crate::support::app::{DOMAIN, TestApp};
use crate::support::engine::{Scratch, on_sqlite};
use crate::support::post::lmtp;

/// Damaged forms of each file.
const MUTATIONS: u64 = 10;
/// The promise for a mail, and some room where the program is built without optimisation.
const TIME_MAX: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 250 });
/// A mail that took longer is measured again: the machine does other things too.
const TRIES: usize = 3;

/// The promise for a mail: what it takes beside its own bytes.
const MEMORY_MAX: u64 = 64 << 20;
/// Connections at once.
const SENDERS: usize = 8;
/// What the program takes before it has read anything.
const PROGRAM: u64 = 4 << 20;
/// Files of one process: memory that is not given back adds up.
const AT_ONCE: usize = 400;

const KINDS: [&str; 13] = [
    "letter",
    "reply",
    "forward",
    "bounce",
    "delay",
    "report",
    "auto-reply",
    "list",
    "receipt",
    "feedback",
    "challenge",
    "calendar",
    "own",
];

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

fn all_files() -> Vec<PathBuf> {
    let mut all = Vec::new();
    files(&corpus(), &mut all);
    assert!(all.len() > 500);
    all
}

/// A small generator: the same damage at each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % sides.max(1)
    }
}

/// Pieces that mean something to a parser.
const PIECES: [&[u8]; 12] = [
    b"\r\n\r\n",
    b"\r\n--",
    b"\n ",
    b":",
    b"\0",
    b"\xFF\xFE",
    b"=?utf-8?B?",
    b"\r\nFrom ",
    b"Content-Type: multipart/report; boundary=\"\"\r\n",
    b"\r\nFinal-Recipient: rfc822;",
    b"-----BEGIN PGP MESSAGE-----\r\n",
    b"\xE2\x80\xAE",
];

/// The file with one to eight wounds.
fn damaged(file: &[u8], seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut bytes = file.to_vec();
    for _ in 0..=dice.roll(8) {
        let at = dice.roll(bytes.len() + 1);
        let end = (at + dice.roll(200)).min(bytes.len());
        match dice.roll(6) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(dice.roll(256)).unwrap(),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            3 => bytes.truncate(at),
            4 => bytes.extend_from_within(at..end),
            _ => drop(bytes.splice(at..at, PIECES[dice.roll(PIECES.len())].iter().copied())),
        }
    }
    bytes
}

/// Looks at the bytes as `check mail` does. Says what was wrong with the answer.
fn examine(name: &str, bytes: &[u8]) -> Result<Duration, String> {
    let around = Around { our_domain: DOMAIN, ..Around::default() };
    let start = Instant::now();
    let answers: Vec<_> = lines(name, bytes, &around).collect();
    let mails = answers.len();
    let taken = start.elapsed() / u32::try_from(mails.max(1)).unwrap();
    if mails == 0 {
        return Err("no line".into());
    }
    for (answer, mail) in answers.iter().zip(parse::mails(bytes)) {
        let value: Value = serde_json::from_str(answer.json.reveal()).map_err(|e| e.to_string())?;
        let text = |field: &str| value[field].as_str().map(str::to_owned).ok_or(format!("no {field}"));
        if text("file")? != name || !KINDS.contains(&text("kind")?.as_str()) {
            return Err(format!("odd file or kind: {}", text("kind")?));
        }
        if !["deliver", "hold", "file", "refuse"].contains(&text("disposition")?.as_str()) {
            return Err("odd disposition".into());
        }
        if !answer.readable && value["problems"].as_array().is_none_or(Vec::is_empty) {
            return Err("unreadable without a problem".into());
        }
        let whole = parse::read(RawLetter::new(mail.to_vec())).map(|l| l.text.reveal().clone()).unwrap_or_default();
        let mut rest = whole.as_str();
        for line in text("fresh_text")?.lines().map(str::trim).filter(|l| !l.is_empty()) {
            let at = rest.find(line).ok_or("fresh text that is not in the mail, or in another order")?;
            rest = &rest[at..];
        }
    }
    Ok(taken)
}

#[test]
fn every_file_and_its_damaged_forms_get_their_lines_in_time() {
    let files = all_files();
    let halves = files.chunks(files.len().div_ceil(2));
    let (mut wrong, mut slowest) = (Vec::new(), Duration::ZERO);
    std::thread::scope(|scope| {
        let workers: Vec<_> = halves.map(|half| scope.spawn(move || walk(half))).collect();
        for worker in workers {
            let (w, s) = worker.join().unwrap();
            wrong.extend(w);
            slowest = slowest.max(s);
        }
    });
    println!("{} files, each in {} damaged forms; the slowest took {slowest:?}", files.len(), MUTATIONS);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn walk(files: &[PathBuf]) -> (Vec<String>, Duration) {
    let (mut wrong, mut slowest) = (Vec::new(), Duration::ZERO);
    for path in files {
        let bytes = fs::read(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        for seed in 0..=MUTATIONS {
            let bytes = if seed == 0 { bytes.clone() } else { damaged(&bytes, seed) };
            let mut outcome = examine(&name, &bytes);
            for _ in 1..TRIES {
                if outcome.as_ref().is_ok_and(|taken| *taken > TIME_MAX) {
                    outcome = examine(&name, &bytes);
                }
            }
            match outcome {
                Ok(taken) if taken <= TIME_MAX => slowest = slowest.max(taken),
                Ok(taken) => wrong.push(format!("{} {seed}: took {taken:?}", path.display())),
                Err(why) => wrong.push(format!("{} {seed}: {why}", path.display())),
            }
        }
    }
    (wrong, slowest)
}

/// Runs `check mail` where the kernel gives it no more memory than the promise allows: whoever asks for more is aborted.
fn checks_within_its_memory(files: &[PathBuf]) {
    let largest = files.iter().map(|f| fs::metadata(f).unwrap().len()).max().unwrap();
    let mut command = Command::new("prlimit");
    command.arg(format!("--data={}", MEMORY_MAX + PROGRAM + largest)).arg(env!("CARGO_BIN_EXE_merpati"));
    let ended = command.args(["check", "mail"]).args(files).stdout(Stdio::null()).output().unwrap();
    let code = ended.status.code();
    let first = files[0].display();
    assert!(matches!(code, Some(0 | 65)), "{first} and later: {code:?} {}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn every_file_and_its_damaged_forms_fit_into_the_memory() {
    let scratch = tempfile::tempdir().unwrap();
    let all = all_files();
    for (turn, some) in all.chunks(AT_ONCE).enumerate() {
        checks_within_its_memory(some);
        // The files are small, so some of the damaged forms tell as much as all.
        let mut damaged_ones = Vec::new();
        for (n, path) in some.iter().enumerate() {
            let file = fs::read(path).unwrap();
            for seed in 1..=3 {
                let path = scratch.path().join(format!("{turn}-{n}-{seed}"));
                fs::write(&path, damaged(&file, seed)).unwrap();
                damaged_ones.push(path);
            }
        }
        checks_within_its_memory(&damaged_ones);
    }
}

#[test]
fn the_largest_mails_fit_into_the_memory() {
    const MAIL_BYTES: usize = 25 << 20;
    let base64 = "JVBERi0xLjQKJcfsj6IKNSAwIG9iago8PC9MZW5ndGggNiAwIFIv\r\n";
    let head = "From: <a@b.example>\r\nSubject: besar\r\nMIME-Version: 1.0\r\n";
    let file = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhalo\r\n--b\r\n\
                Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let parts = "--b\r\nContent-Type: text/plain\r\n\r\nlagi dan lagi\r\n";
    let scratch = tempfile::tempdir().unwrap();
    let mails = [
        ("one file", file, base64),
        ("one text", "Content-Type: text/plain; charset=utf-8\r\n\r\n", "aku lelah sekali hari ini\r\n"),
        ("one page", "Content-Type: text/html; charset=utf-8\r\n\r\n", "<p>aku <b>lelah</b></p><div>\r\n"),
        (
            "another charset",
            "Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            base64,
        ),
        ("many parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", parts),
        ("one header", "", "X-Long: aku lelah\r\n"),
        ("one line", "\r\n", "aku lelah "),
    ];
    for (n, (name, more, again)) in mails.into_iter().enumerate() {
        let mut mail = format!("{head}{more}").into_bytes();
        while mail.len() + again.len() <= MAIL_BYTES {
            mail.extend_from_slice(again.as_bytes());
        }
        let path = scratch.path().join(n.to_string());
        fs::write(&path, mail).unwrap();
        println!("{name}");
        checks_within_its_memory(&[path]);
    }
}

/// Line ends as on the wire.
fn on_the_wire(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + 64);
    for line in mail.split(|b| *b == b'\n') {
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Hands in files and their damaged forms; returns the codes of the answers.
async fn hand_in(door: SocketAddr, files: &[PathBuf]) -> Vec<String> {
    let mut codes = Vec::new();
    let to = format!("postmaster@{DOMAIN}");
    for path in files {
        let file = fs::read(path).unwrap();
        for seed in 0..=MUTATIONS {
            let mail = if seed == 0 { file.clone() } else { damaged(&file, seed) };
            let answer = lmtp(door, "ujung@rumah.example", &[&to], &on_the_wire(&mail)).await.remove(0);
            let code: String = answer.split(' ').take(2).collect::<Vec<_>>().join(" ");
            let has_reason = code.len() >= 9 && code.matches('.').count() == 2;
            assert!(has_reason && answer.starts_with(['2', '5']), "{} {seed}: {answer}", path.display());
            codes.push(code);
        }
    }
    codes
}

async fn every_file_is_kept_or_refused_with_a_reason(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let _ = app.furnish().await;
    let mut answers: HashMap<String, usize> = HashMap::new();
    let all = all_files();
    let mut tasks = JoinSet::new();
    for some in all.chunks(all.len().div_ceil(SENDERS)) {
        let (some, door) = (some.to_vec(), app.lmtp);
        tasks.spawn(async move { hand_in(door, &some).await });
    }
    for code in tasks.join_all().await.into_iter().flatten() {
        *answers.entry(code).or_default() += 1;
    }
    assert_eq!(answers.values().sum::<usize>(), all.len() * (1 + usize::try_from(MUTATIONS).unwrap()));
    println!("{answers:?}");
    assert!(answers.keys().any(|code| code.starts_with("250 2.")));
    // The house is still in order.
    app.browser(Language::English).get("/").await.must_say("How it works");
    app.close().await;
}

#[test]
fn every_file_passes_the_door() {
    on_sqlite(every_file_is_kept_or_refused_with_a_reason);
}
