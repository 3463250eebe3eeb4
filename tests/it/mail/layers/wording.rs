//! Mails rendered from what mail clients really write, in Indonesian, Malay and every other language of the table.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use merpati::classify::{Kind, LayerKind};

use super::super::sheet;
use super::{Seen, layer, mail, see};

const AUTHOR: &str = "Ani Lestari <ani@surat.example>";
const BODY: &str = "Jangan pulang malam lagi.\nIbu menunggu.";
const OWN: &str = "Aku tidak tahu harus bilang apa.";

/// The strings of one client in one language.
type Strings = HashMap<String, Vec<String>>;

fn clients() -> BTreeMap<(String, String), Strings> {
    let mut all: BTreeMap<_, Strings> = BTreeMap::new();
    for row in sheet::rows(&sheet::folder("locale-strings").join("client-locale-strings.csv")) {
        let strings = all.entry((row["locale"].clone(), row["client"].clone())).or_default();
        strings.entry(row["key"].clone()).or_default().push(row["text"].clone());
    }
    all
}

/// A sentence with its places filled.
fn filled(text: &str, date: &str) -> String {
    let mut out = text.replace("\\n", "\n");
    let places = [
        ("${AbbrevWeekdayName}", "Sab"),
        ("${WeekdayName}", "Sabtu"),
        ("${Day}", "15"),
        ("${ Day}", "15"),
        ("${MonthName}", "Juni"),
        ("${Month}", "06"),
        ("${Year}", "2024"),
        ("${24Hour}", "14"),
        ("${Minute}", "59"),
        ("${TimeZone}", "+0700"),
        ("${Sender}", AUTHOR),
        ("$date", date),
        ("$sender", AUTHOR),
        ("%1$s", date),
        ("%2$s", AUTHOR),
        ("%s", AUTHOR),
        ("%d", date),
        ("%n", AUTHOR),
        ("%f", AUTHOR),
        ("%t", "budi@surat.example"),
        ("%c", "citra@surat.example"),
        ("%M", BODY),
        ("%q", "> Jangan pulang malam lagi."),
        ("%X", ""),
    ];
    for (place, value) in places {
        out = out.replace(place, value);
    }
    out
}

/// Header lines under a client's labels.
fn head(strings: &Strings, nth: usize) -> Option<String> {
    let label = |key: &str| {
        let all = strings.get(&format!("header-{key}"))?;
        Some(all.get(nth % all.len())?.trim().trim_end_matches([':', '：', '\u{17d6}']).trim().to_owned())
    };
    let mut out = String::new();
    for (key, value) in [
        ("subject", "Kabar rumah"),
        ("date", "Sab, 15 Jun 2024 14:59:01 +0700"),
        ("from", AUTHOR),
        ("to", "budi@surat.example"),
    ] {
        let _ = writeln!(out, "{}: {value}", label(key)?);
    }
    let _ = label("cc").map(|cc| writeln!(out, "{cc}: citra@surat.example"));
    Some(out)
}

fn template(text: &str) -> String {
    let mut out = text.replace("\\n", "\n");
    for (mark, keep) in [("?d{", true), ("?f{", true), ("?t{", true), ("?c{", true), ("?n{", false), ("?s{", true)] {
        if let Some((before, rest)) = out.clone().split_once(mark) {
            let (inner, after) = rest.split_once('}').unwrap_or((rest, ""));
            out = format!("{before}{}{after}", if keep { inner } else { "" });
        }
    }
    // Here `%s` is the subject, elsewhere the sender.
    filled(&out.replace("%s", "Kabar rumah"), "Sab, 15 Jun 2024 14:59:01 +0700")
}

/// What a client makes of a forwarded mail, and of an answered one.
fn rendered(strings: &Strings) -> (Vec<String>, Vec<String>) {
    let (mut forwards, mut replies) = (Vec::new(), Vec::new());
    let of = |key: &str| strings.get(key).into_iter().flatten();
    for start in of("forward-start") {
        let start = filled(start, "Sab, 15 Jun 2024 14:59:01 +0700");
        let heads: Vec<_> = (0..2).filter_map(|n| head(strings, n)).collect();
        for head in if heads.is_empty() { vec![String::new()] } else { heads } {
            forwards.push(format!("{OWN}\n\n{start}\n{head}\n{BODY}\n"));
        }
    }
    for line in of("forward-and-original-line") {
        forwards.extend(head(strings, 0).map(|head| format!("{line}\n{head}\n{BODY}\n")));
    }
    forwards.extend(of("forward-template").map(|t| format!("{OWN}\n{}", template(t))));
    for intro in of("reply-intro").chain(of("reply-intro-short")) {
        for date in ["Sab, 15 Jun 2024 14:59", "15/06/2024 14.59"] {
            replies.push(format!("{OWN}\n\n{}\n> {}\n", filled(intro, date), BODY.replace('\n', "\n> ")));
        }
    }
    for line in of("original-line").chain(of("forward-and-original-line")) {
        replies.push(format!("{OWN}\n\n{line}\n{}\n{BODY}\n", head(strings, 0).unwrap_or_default()));
    }
    replies.extend(of("reply-template").map(|t| format!("{OWN}\n\n{}", filled(t, "Sab, 15 Jun 2024 14:59"))));
    (forwards, replies)
}

fn is_forward(seen: &Seen) -> bool {
    let from = seen.nature.forward.as_ref().and_then(|f| f.from.as_ref());
    let body = layer(seen, &[LayerKind::Forwarded]);
    seen.nature.kind == Kind::Forward
        && from.is_some_and(|f| f.reveal() == "ani@surat.example")
        && body.contains("Jangan")
}

fn is_reply(seen: &Seen) -> bool {
    let fresh = seen.nature.fresh(seen.letter.text.reveal());
    seen.nature.kind == Kind::Reply && fresh.reveal() == OWN
}

#[test]
fn every_wording_is_found() {
    let mut table: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut slips = String::new();
    for ((locale, client), strings) in clients() {
        let (forwards, replies) = rendered(&strings);
        // A program's answer carries its prefix; what it forwards must be seen without one.
        let checks =
            forwards.iter().map(|text| ("", text, true)).chain(replies.iter().map(|text| ("Re: kabar", text, false)));
        for (subject, text, forwarded) in checks {
            let seen = see(&mail(subject, "text/plain", text));
            let right = if forwarded { is_forward(&seen) } else { is_reply(&seen) };
            let ours = ["id", "ms"].contains(&locale.split(['_', '@']).next().unwrap());
            let entry = table.entry(if ours { locale.clone() } else { "other languages".to_owned() }).or_default();
            entry.0 += usize::from(right);
            entry.1 += 1;
            if !right {
                let _ = writeln!(slips, "{locale} {client} forwarded {forwarded}:\n{text}");
            }
        }
    }
    for (locale, (right, all)) in &table {
        println!("wording of {locale}: {right} of {all} found");
    }
    println!("{slips}");
    let others = table.remove("other languages").unwrap();
    assert!(table.values().all(|(right, all)| right == all) && table.len() >= 3, "{slips}");
    assert!(others.0 as f64 / others.1 as f64 >= 0.95, "{} of {}", others.0, others.1);
}

#[test]
fn what_indonesian_letters_look_like_is_found() {
    for subject in [
        "TRS: kabar",
        "Terusan: kabar",
        "Fwd: kabar",
        "Fwd: Re: kabar",
        "TRS：kabar",
        "Trs : kabar",
        "Diteruskan: kabar",
    ] {
        let text = format!("Dari: {AUTHOR}\nTanggal: Sab, 15 Jun 2024 14.59\nKepada: budi@surat.example\n\n{BODY}");
        assert!(is_forward(&see(&mail(subject, "text/plain", &text))), "{subject}");
    }
    for subject in ["Bls: kabar", "Balas: kabar", "Balasan: kabar", "Re[2]: kabar", "Bls: Trs: kabar", "RE：kabar"] {
        assert_eq!(see(&mail(subject, "text/plain", OWN)).nature.kind, Kind::Reply, "{subject}");
    }
    for line in [
        "Pada Sab, 15 Jun 2024 pukul 14.59 Ani Lestari <ani@surat.example>\nmenulis:",
        "Pada tanggal Sen, 3 Des 2018 10.41 Ani Lestari <ani@surat.example> menulis:",
        "Pada hari Sabtu, 15 Juni 2024 14.59.01 WIB, Ani Lestari menulis:",
        "Ani Lestari menulis di 15 Juni 2024 14.59:",
        "Ani Lestari (ani@surat.example) menulis:",
    ] {
        let seen = see(&mail("kabar", "text/plain", &format!("{OWN}\n\n{line}\n\n> Jangan pulang malam.\n> Ibu")));
        assert!(is_reply(&seen), "{line}");
    }
}
