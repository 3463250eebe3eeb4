//! Every file of the corpus, and each of them damaged at random, on the road of `check mail` and through the LMTP door.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use merpati::cli::{Around, lines};
use merpati::parse::{self, RawLetter};
use merpati::role::Language;
use serde_json::Value;

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

/// Line ends as on the wire.
fn on_the_wire(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + 64);
    for line in mail.split(|b| *b == b'\n') {
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    out
}

async fn every_file_is_kept_or_refused_with_a_reason(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let _ = app.furnish().await;
    let mut answers: HashMap<String, usize> = HashMap::new();
    for (n, path) in all_files().iter().enumerate() {
        let file = fs::read(path).unwrap();
        let mail = if n % 2 == 0 { file } else { damaged(&file, 1) };
        let to = format!("postmaster@{DOMAIN}");
        let answer = lmtp(app.lmtp, "ujung@rumah.example", &[&to], &on_the_wire(&mail)).await.remove(0);
        let code: String = answer.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let has_reason = code.len() >= 9 && code.matches('.').count() == 2;
        assert!(has_reason && answer.starts_with(['2', '5']), "{}: {answer}", path.display());
        *answers.entry(code).or_default() += 1;
    }
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
