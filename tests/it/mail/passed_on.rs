//! Machines' mail in people's hands: each bounce of the corpora, passed on, quoted or pasted by somebody, is that person's.

use merpati::classify::Kind;
use merpati::parse::{self, RawLetter};

use super::layers::{mail, see};
use super::sheet;

const OWN: &str = "Kak, kenapa surat saya kembali? Saya takut kakak tidak baca.";

/// Subject and shown text of the corpora's bounces.
fn notices() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for set in ["bounce-flufl", "bounce-mdsbp", "bounce-schleuder", "bounce-sisimai"] {
        for row in sheet::rows(&sheet::folder(set).join("labels.csv")) {
            let raw = std::fs::read(sheet::folder(set).join(&row["file"])).unwrap();
            let Ok(letter) = parse::read(RawLetter::new(raw)) else { continue };
            let text = letter.text.reveal().trim().to_owned();
            if matches!(row["kind"].as_str(), "bounce" | "delay") && !text.is_empty() {
                all.push((letter.subject.reveal().replace(['\r', '\n'], " "), text));
            }
        }
    }
    assert!(all.len() > 300, "{}", all.len());
    all
}

/// How many of the mails that `form` makes of a subject and a text are not of the kind `right` accepts.
fn wrong(
    notices: &[(String, String)],
    right: impl Fn(Kind) -> bool,
    form: impl Fn(&str, &str) -> (String, String),
) -> usize {
    let judged = notices.iter().filter(|(subject, text)| {
        let (subject, text) = form(subject, text);
        let seen = see(&mail(&subject, "text/plain", &text));
        let lost = !seen.nature.fresh(seen.letter.text.reveal()).reveal().contains(OWN);
        let right = right(seen.nature.kind) && !lost;
        if !right {
            println!("{}{subject}: {}", if lost { "words lost, " } else { "" }, seen.nature.kind.word());
        }
        !right
    });
    judged.count()
}

#[test]
fn notices_that_people_pass_on_are_theirs() {
    let notices = notices();
    let head = |from: &str, date: &str, subject: &str, to: &str| {
        format!(
            "{from}: MAILER-DAEMON@mx.example\n{date}: Sat, 15 Jun 2024 14:59\n{subject}: kembali\n{to}: klien@mail.example"
        )
    };
    let is_forward = |kind| kind == Kind::Forward;
    for (prefix, divider, head) in [
        ("Fwd", "---------- Forwarded message ---------", head("From", "Date", "Subject", "To")),
        ("Trs", "---------- Pesan terusan ---------", head("Dari", "Tanggal", "Subjek", "Kepada")),
        ("WG", "-----Ursprüngliche Nachricht-----", head("Von", "Gesendet", "Betreff", "An")),
    ] {
        let form = |s: &str, t: &str| (format!("{prefix}: {s}"), format!("{OWN}\n\n{divider}\n{head}\n\n{t}\n"));
        assert_eq!(wrong(&notices, is_forward, form), 0, "{prefix}");
    }
    let quoted = |t: &str| t.lines().map(|l| format!("> {l}\n")).collect::<String>();
    let form = |s: &str, t: &str| {
        let above = "On Sat, Jun 15, 2024 at 2:59 PM Mail System <mailer-daemon@mx.example> wrote:";
        (format!("Re: {s}"), format!("{OWN}\n\n{above}\n\n{}", quoted(t)))
    };
    assert_eq!(wrong(&notices, |kind| kind == Kind::Reply, form), 0);
    let form = |_: &str, t: &str| ("surat saya kembali".to_owned(), format!("{OWN}\n\n{}", quoted(t)));
    assert_eq!(wrong(&notices, Kind::is_human, form), 0);
    // Pasted without any mark, some still look like what they are.
    let form = |_: &str, t: &str| ("surat saya kembali".to_owned(), format!("{OWN}\n\n{t}\n\nTolong ya kak."));
    let wrong = wrong(&notices, Kind::is_human, form);
    println!("pasted notices taken for the machine's: {wrong} of {}", notices.len());
    assert!(wrong * 100 <= notices.len());
}
