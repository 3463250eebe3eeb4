//! What `check mail` finds in mails as people write them here: every case is seen, and no honest letter waits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use merpati::address::MailAddress;
use merpati::cli::{Around, lines};
use merpati::screen::DeskName;
use merpati::secret::PlainText;
use serde_json::Value;

const MAILS: &str = include_str!("screening/mails.txt");
/// Cases `check mail` can see without keys, a history or a second thread.
const CASES: [&str; 16] =
    ["M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M9", "M10", "M11", "M12", "M13", "M14", "M15", "M18"];

struct Mail {
    name: &'static str,
    disposition: &'static str,
    cases: BTreeSet<String>,
    options: &'static str,
    raw: Vec<u8>,
}

fn mails() -> Vec<Mail> {
    let mails = MAILS.split("\n=== ").skip(1);
    mails.map(|mail| read(mail.split_once('\n').expect("a heading"))).collect()
}

fn read((heading, mail): (&'static str, &'static str)) -> Mail {
    let parts: Vec<&str> = heading.split('|').map(str::trim).collect();
    let [name, disposition, cases, options] = parts[..] else { panic!("{heading}") };
    let text_only = mail.strip_prefix('\n').map(|text| ("", text));
    let (head, text) = text_only.or_else(|| mail.split_once("\n\n")).expect("a text");
    let mut all = String::new();
    for (field, default) in [
        ("From", "Bintang <bintang@rumah.example>"),
        ("To", "abc@surat.example"),
        ("Content-Type", "text/plain; charset=utf-8"),
    ] {
        if !head.lines().any(|line| line.starts_with(&format!("{field}:"))) {
            writeln!(all, "{field}: {default}").unwrap();
        }
    }
    for line in head.lines().filter(|l| !l.is_empty() && !l.ends_with(": -")) {
        writeln!(all, "{}", line.replace("&#x430;", "\u{430}")).unwrap();
    }
    let raw = format!("{all}\n{text}").replace('\n', "\r\n").into_bytes();
    Mail { name, disposition, cases: cases.split_whitespace().map(str::to_owned).collect(), options, raw }
}

fn check(mail: &Mail) -> (String, BTreeSet<String>, String) {
    let client = MailAddress::parse("bintang@rumah.example").unwrap();
    let staff = [PlainText::from("Ratna Wulandari"), PlainText::from("Dimas Prakoso")];
    let other_desks = [DeskName { name: "Meja Karier".to_owned(), slug: "karier".to_owned() }];
    let around = Around {
        our_domain: "surat.example",
        authserv_id: Some("mx.surat.example"),
        stranger: mail.options == "stranger",
        client: (mail.options == "other").then_some(&client),
        staff: &staff,
        other_desks: &other_desks,
    };
    let line = lines(mail.name, &mail.raw, &around).next().unwrap();
    let found: Value = serde_json::from_str(line.json.reveal()).unwrap();
    let findings = found["findings"].as_array().unwrap();
    let cases = findings.iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect();
    let why: Vec<&str> = findings.iter().map(|f| f["why"].as_str().unwrap()).collect();
    (found["disposition"].as_str().unwrap().to_owned(), cases, why.join(" "))
}

#[test]
fn every_case_is_seen_and_no_honest_letter_waits() {
    let mails = mails();
    // For each case: seen and meant, seen and not meant, meant and not seen.
    let mut tally: BTreeMap<String, [u32; 3]> = BTreeMap::new();
    let mut wrong = String::new();
    let (mut honest, mut kept) = (0_u32, 0_u32);
    for mail in &mails {
        let (disposition, cases, why) = check(mail);
        for case in cases.union(&mail.cases) {
            let place = match (cases.contains(case), mail.cases.contains(case)) {
                (true, true) => 0,
                (true, false) => 1,
                _ => 2,
            };
            tally.entry(case.clone()).or_default()[place] += 1;
        }
        if mail.disposition == "deliver" {
            honest += 1;
            kept += u32::from(disposition != "deliver");
        }
        if disposition != mail.disposition || cases != mail.cases {
            writeln!(
                wrong,
                "{}: {disposition} {cases:?}, not {} {:?} ({why})",
                mail.name, mail.disposition, mail.cases
            )
            .unwrap();
        }
    }
    println!("{} mails; honest letters that would wait: {kept} of {honest}", mails.len());
    for (case, [right, more, missed]) in &tally {
        println!("{case}: precision {right}/{}, recall {right}/{}", right + more, right + missed);
    }
    assert!(mails.len() >= 120 && honest >= 70, "{} {honest}", mails.len());
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(CASES.iter().chain(&["M21"]).all(|case| tally.contains_key(*case)));
}
