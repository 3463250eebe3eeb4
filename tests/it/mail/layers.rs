//! Forwarded or not, by whom, and which words are fresh: figures over mails nobody here wrote, beside a peer's.

mod languages;
mod variants;
mod wording;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use merpati::classify::{Envelope, Kind, LayerKind, Nature, classify};
use merpati::parse::{self, Letter, Outline, RawLetter};
use serde_json::{Value, json};

use super::sheet;

const SETS: [&str; 5] = ["forward-crisp", "forward-quotequail", "reply-zapier", "reply-multilang", "reply-talon"];

/// A mail as it came and what was found in it.
pub(crate) struct Seen {
    pub(crate) letter: Letter,
    pub(crate) nature: Nature,
}

/// Reads and classifies a mail.
pub(crate) fn see(raw: &[u8]) -> Seen {
    let letter = parse::read(RawLetter::new(raw.to_vec())).map_err(|_| "unreadable").unwrap();
    let outline = Outline::read(raw).map_err(|_| "unreadable").unwrap();
    let nature = classify(&outline, &letter, &Envelope { null_sender: false, our_domain: "merpati.example" });
    Seen { letter, nature }
}

/// A text as the body of a mail.
pub(crate) fn mail(subject: &str, media: &str, body: &str) -> Vec<u8> {
    let head = "From: klien@mail.example\r\nTo: desk@merpati.example\r\nMIME-Version: 1.0\r\n";
    let subject = if subject.is_empty() { String::new() } else { format!("Subject: {subject}\r\n") };
    format!(
        "{head}{subject}Content-Type: {media}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}",
        body.replace("\r\n", "\n").replace('\n', "\r\n")
    )
    .into_bytes()
}

struct Item {
    set: &'static str,
    file: String,
    label: HashMap<String, String>,
    forwarded: bool,
    seen: Seen,
}

impl Item {
    fn label(&self, name: &str) -> &str {
        self.label.get(name).map_or("", String::as_str)
    }
}

/// Every labelled mail of the sets. Some labels stand beside files that hold only the name of another file.
fn items() -> Vec<Item> {
    let mut all = Vec::new();
    for set in SETS {
        for label in sheet::rows(&sheet::folder(set).join("labels.csv")) {
            let file = label["file"].clone();
            let bytes = std::fs::read(sheet::folder(set).join(&file)).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let known = matches!(label["forwarded"].as_str(), "yes" | "no");
            if !known && label.get("has_quote").is_none_or(String::is_empty) || text.trim_end().ends_with(".html") {
                continue;
            }
            let named = label.get("subject_file").filter(|f| !f.is_empty());
            let subject = named.map(|f| std::fs::read_to_string(sheet::folder(set).join(f)).unwrap());
            let raw = match file.rsplit('.').next() {
                Some("eml") => bytes,
                Some("html") => mail("", "text/html", &text),
                _ => mail(subject.unwrap_or_default().trim(), "text/plain", &text),
            };
            all.push(Item { set, forwarded: label["forwarded"] == "yes", file, label, seen: see(&raw) });
        }
    }
    all
}

/// What a finder found in an item: whether it is forwarded, from whom, under which subject.
struct Found {
    forwarded: bool,
    from: Option<String>,
    subject: Option<String>,
}

fn ours(items: &[Item]) -> Vec<Found> {
    let revealed = |text: Option<&merpati::secret::PlainText>| text.map(|t| t.reveal().clone());
    let found = |item: &Item| {
        let forward = item.seen.nature.forward.as_ref();
        Found {
            forwarded: item.seen.nature.kind == Kind::Forward,
            from: revealed(forward.and_then(|f| f.from.as_ref())),
            subject: revealed(forward.and_then(|f| f.subject.as_ref())),
        }
    };
    items.iter().map(found).collect()
}

fn peers(items: &[Item]) -> Vec<Found> {
    let hint = "email-forward-parser is missing: run scripts/test, which fetches it, or name its node_modules in MERPATI_PEERS";
    let modules = std::env::var_os("MERPATI_PEERS").expect(hint);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/mail/layers/peer.js");
    let mut child = Command::new("node")
        .arg(script)
        .arg(modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is missing: run scripts/test, which installs it");
    let texts: Vec<Value> = items
        .iter()
        .map(|i| json!({"subject": i.seen.letter.subject.reveal(), "body": i.seen.letter.text.reveal()}))
        .collect();
    child.stdin.take().unwrap().write_all(json!(texts).to_string().as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{hint}");
    let found: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let found = found.iter().map(|f| Found {
        forwarded: f["forwarded"] == true,
        from: text(&f["from"]),
        subject: text(&f["subject"]),
    });
    found.collect()
}

/// How well a finder does.
#[derive(Default)]
struct Score {
    right: usize,
    missed: usize,
    false_alarms: usize,
    fields: usize,
    fields_right: usize,
    slips: String,
}

impl Score {
    fn precision(&self) -> f64 {
        ratio(self.right, self.right + self.false_alarms)
    }

    fn recall(&self) -> f64 {
        ratio(self.right, self.right + self.missed)
    }

    fn attributed(&self) -> f64 {
        ratio(self.fields_right, self.fields)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn score(items: &[Item], found: &[Found]) -> Score {
    let mut score = Score::default();
    for (item, found) in items.iter().zip(found).filter(|(i, _)| !i.label("forwarded").is_empty()) {
        match (item.forwarded, found.forwarded) {
            (true, true) => score.right += 1,
            (true, false) => score.missed += 1,
            (false, true) => score.false_alarms += 1,
            (false, false) => {}
        }
        if item.forwarded != found.forwarded {
            let _ = writeln!(score.slips, "  {}/{}: forwarded {}", item.set, item.file, found.forwarded);
        }
        let subject = [item.label("orig_subject"), item.label("subject")].concat();
        let from = item.label("from");
        let from = from.rsplit_once('<').map_or(from, |(_, rest)| rest.trim_end_matches('>'));
        if !item.forwarded || from.is_empty() && subject.is_empty() {
            continue;
        }
        score.fields += 1;
        let same = |wanted: &str, found: &Option<String>| wanted.is_empty() || found.as_deref() == Some(wanted);
        if same(from, &found.from) && same(&subject, &found.subject) {
            score.fields_right += 1;
        } else if found.forwarded {
            let _ = writeln!(score.slips, "  {}/{}: {:?} {:?}", item.set, item.file, found.from, found.subject);
        }
    }
    score
}

#[test]
fn forwarded_or_not() {
    let items = items();
    let mut table = format!("{:28} {:>9} {:>7} {:>13}\n", "forwarded or not", "precision", "recall", "from, subject");
    let (ours, peers) = (score(&items, &ours(&items)), score(&items, &peers(&items)));
    for (name, score) in [("merpati", &ours), ("email-forward-parser 1.8.3", &peers)] {
        let _ =
            writeln!(table, "{name:28} {:9.3} {:7.3} {:13.3}", score.precision(), score.recall(), score.attributed());
    }
    println!("{} mails\n{table}\nours:\n{}\npeer's:\n{}", items.len(), ours.slips, peers.slips);
    assert!(ours.precision() >= 0.98 && ours.recall() >= 0.98 && ours.attributed() >= 0.95, "{table}\n{}", ours.slips);
}

#[test]
fn nested_forwards_are_counted() {
    for item in items().iter().filter(|i| !i.label("nested").is_empty() && i.forwarded) {
        let depth = item.seen.nature.forward.as_ref().map_or(0, |f| f.depth);
        assert_eq!(depth > 1, item.label("nested") == "yes", "{}: {depth}", item.file);
    }
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn layer(seen: &Seen, kinds: &[LayerKind]) -> String {
    let text = seen.letter.text.reveal();
    let layers = &seen.nature.layers;
    let of = |(n, layer): (usize, &merpati::classify::Layer)| {
        let end = layers.get(n + 1).map_or(text.len(), |next| next.begin);
        kinds.contains(&layer.kind).then(|| text[layer.begin..end].to_owned())
    };
    layers.iter().enumerate().filter_map(of).collect()
}

/// What a reply's author wrote, with or without their signature; what a forwarder wrote above.
#[test]
fn fresh_words_are_found() {
    let (mut right, mut all, mut slips) = (0, 0, String::new());
    for item in &items() {
        let wanted = ["reply_text", "message", "text_top"].map(|n| item.label(n)).concat();
        if wanted.is_empty() || item.file.ends_with(".html") && item.set == "forward-quotequail" {
            continue;
        }
        let wanted = if item.set == "forward-crisp" { wanted.replace(" / ", "\n\n") } else { wanted };
        let wanted = squeezed(if wanted == "(none)" { "" } else { &wanted });
        let fresh = squeezed(item.seen.nature.fresh(item.seen.letter.text.reveal()).reveal());
        let signed = squeezed(&layer(&item.seen, &[LayerKind::Fresh, LayerKind::Signature]));
        // Two labels keep a forwarded mail in the text because their source leaves forwards alone.
        let whole = squeezed(&layer(&item.seen, &[LayerKind::Fresh, LayerKind::Signature, LayerKind::Forwarded]));
        all += 1;
        if fresh == wanted || signed == wanted || item.set == "reply-talon" && item.forwarded && whole == wanted {
            right += 1;
        } else {
            let _ = writeln!(slips, "  {}/{}: {fresh:?} for {wanted:?}", item.set, item.file);
        }
    }
    println!("fresh words right: {right} of {all} ({:.3})\n{slips}", ratio(right, all));
    assert!(ratio(right, all) >= 0.95, "{right} of {all}\n{slips}");
}

#[test]
fn quotations_are_found() {
    let items = items();
    for item in items.iter().filter(|i| i.label("has_quote") == "yes") {
        let hidden = layer(&item.seen, &[LayerKind::Quoted, LayerKind::Forwarded]);
        assert!(!hidden.trim().is_empty(), "{}: {}", item.file, item.seen.letter.text.reveal());
    }
}
