//! Mails in the wording of many languages and the layouts of many programs, all of them made here.

use merpati::classify::Kind;

use super::{Seen, mail, see};

/// Words for from, sent, date, subject and to; above an answered letter, a forwarded one, and at the beginning of one; the
/// prefixes of answers and forwards; a date; and the lines above a quotation, with `{n}` and `{a}` for name and address.
const LANGUAGES: &str = include_str!("languages.txt");

const NAME: &str = "Ani Lestari";
const ADDRESS: &str = "ani@surat.example";
const BODY: &str = "Jangan pulang malam lagi.\n\nIbu menunggu di rumah sampai larut.";
const OWN: [&str; 3] =
    ["", "Lihat ini.", "Halo Kak,\n\nAku dapat ini dari ibu: tolong dibaca.\nAku bingung.\n\nTerima kasih\nBudi"];

fn quoted(text: &str) -> String {
    text.lines().map(|l| format!("> {l}").trim_end().to_owned() + "\n").collect()
}

fn fresh(seen: &Seen) -> String {
    seen.nature.fresh(seen.letter.text.reveal()).reveal().clone()
}

/// Fails unless the mail is a forward of Ani's letter with exactly these words above.
fn must_pass_on(own: &str, subject: &str, block: &str) {
    let text = if own.is_empty() { block.to_owned() } else { format!("{own}\n\n{block}") };
    let seen = see(&mail(subject, "text/plain", &text));
    let forward = seen.nature.forward.as_ref().unwrap_or_else(|| panic!("no forward: {subject}\n{text}"));
    let found = [&forward.from, &forward.from_name, &forward.subject].map(|f| f.as_ref().map(|t| t.reveal().as_str()));
    assert_eq!(found, [Some(ADDRESS), Some(NAME), Some("Pulang")], "{text}");
    assert!(seen.nature.kind == Kind::Forward && forward.date.is_some(), "{subject}\n{text}");
    assert_eq!(fresh(&seen), own, "{text}");
}

/// Fails unless the mail is an answer with exactly these fresh words.
fn must_answer(own: &str, subject: &str, text: &str) {
    let seen = see(&mail(subject, "text/plain", text));
    assert_eq!((seen.nature.kind, fresh(&seen).as_str()), (Kind::Reply, own), "{subject}\n{text}");
}

#[test]
fn forwards_and_answers_of_every_language() {
    for row in LANGUAGES.lines() {
        let cells: Vec<&str> = row.split('|').collect();
        let [from, sent, date, subject, to, original, forwarded, begin, re, fw, when] = cells[..11] else {
            panic!("{row}")
        };
        let head = |date: &str| {
            format!("{from}: {NAME} <{ADDRESS}>\n{date}: {when}\n{to}: Budi <budi@mail.example>\n{subject}: Pulang")
        };
        let (dated, outlook) = (head(date), head(sent));
        let line = "________________________________";
        for own in OWN {
            must_pass_on(own, "Fwd: Pulang", &format!("---------- Forwarded message ---------\n{dated}\n\n\n{BODY}"));
            must_pass_on(own, "", &format!("-------- {forwarded} --------\n{dated}\n\n\n{BODY}"));
            must_pass_on(own, "lihat", &format!("{begin}\n\n{}", quoted(&format!("{dated}\n\n{BODY}"))));
            must_pass_on(own, &format!("{fw}: Pulang"), &format!("{outlook}\n\n{BODY}"));
            must_pass_on(own, "FW: Pulang", &format!("{line}\n{outlook}\n\n{BODY}"));
            must_pass_on(own, "Fwd: Pulang", &format!("-----{original}-----\n{dated}\n\n{BODY}"));
        }
        let own = "Terima kasih, aku akan coba.\nTapi aku masih takut.";
        must_answer(own, &format!("{re}: Pulang"), &format!("{own}\n\n{outlook}\n\n{BODY}"));
        must_answer(own, "RE: Pulang", &format!("{own}\n\n-----{original}-----\n{outlook}\n\n{BODY}"));
        for line in &cells[11..] {
            let line = line.replace("{n}", NAME).replace("{a}", ADDRESS);
            must_answer(own, &format!("{re}: Pulang"), &format!("{own}\n\n{line}\n\n{}", quoted(BODY)));
            must_answer(own, "Re: Pulang", &format!("{line}\n{}\n{own}", quoted(BODY)));
            // Broken where programs break it, before the address.
            if let Some(at) = line.find(" <ani@") {
                let (above, below) = line.split_at(at);
                must_answer(own, "Re: Pulang", &format!("{own}\n\n{above}\n{}\n\n{}", &below[1..], quoted(BODY)));
            }
        }
    }
}

/// Lines above quotations that are written the same in every language, or by rare programs.
const LINES: [&str; 16] = [
    "In message <abc@surat.example> Ani <ani@surat.example> writes:",
    "At 02:59 PM 6/15/2024 +0700, Ani Lestari wrote:",
    "2013/10/2 camilo <camilo@surat.example>",
    "2024-06-15 14:59 GMT+07:00 Ani Lestari <ani@surat.example>:",
    "Ani Lestari via Merpati wrote:",
    "Quoting Ani Lestari <ani@surat.example>:",
    "* Ani Lestari <ani@surat.example> [2024-06-15 14:59]:",
    "Ani Lestari/Kantor/ID wrote on 06/15/2024 02:59:00 PM:",
    "15 Jun 2024, 14:59 oleh ani@surat.example:",
    "On Sat, 2024-06-15 at 14:59 +0700, Ani Lestari wrote:",
    "On Sat, 15 Jun 2024, 14:59 Ani Lestari, <ani@surat.example> wrote:",
    "Pada Sabtu, 15 Juni 2024 14.59.01 WIB, Ani Lestari <ani@surat.example> menulis:",
    "Ani Lestari <ani@surat.example> menulis pada Sabtu, 15 Juni 2024:",
    "---- Pada Sab, 15 Jun 2024 14:59:01 +0700 Ani <ani@surat.example> menulis ----",
    "-----Ani Lestari <ani@surat.example> wrote: -----",
    "On Sat, 15 Jun 2024 14:59:01 +0700\nAni Lestari <ani@surat.example> wrote:",
];

#[test]
fn lines_of_rare_programs_are_found() {
    let own = "Terima kasih.\nAku coba.";
    for line in LINES {
        for subject in ["Re: Pulang", ""] {
            must_answer(own, subject, &format!("{own}\n\n{line}\n\n{}", quoted(BODY)));
            must_answer(own, subject, &format!("{line}\n{}\n{own}", quoted(BODY)));
        }
    }
}

#[test]
fn own_words_that_look_like_marks_stay() {
    for text in [
        ">_< capek banget kak",
        "Pada 15 Juni 2024 jam 14.59 dia menulis:\nJangan cerita ke siapa pun\nAku takut.",
        "On June 15, 2024 at 2:59 PM he wrote:\nDo not tell anyone\nI am scared.",
        "ibu@mail.example menulis:\nAku harus pulang kak.",
        "Nama: Sari <sari@mail.example>\nTanggal lahir: 15/06/2008 10:00\nMasalah: aku takut",
        "Dari: ibuku aku belajar.\nKepada: ayah aku marah.",
        "Kronologi:\n15/06/2024 14:59 dia datang\n15/06/2024 15:10 dia memukul\n15/06/2024 16:00 aku lari",
        "Dikirim dari lubuk hati yang paling dalam, aku minta maaf.\nAku lelah.",
        "=====\nBab 1\n=====\nAku lahir di desa.",
    ] {
        let seen = see(&mail("curhat", "text/plain", text));
        assert_eq!((fresh(&seen).as_str(), seen.nature.kind), (text, Kind::Letter));
    }
    // Also in an answer, as long as something below tells more surely where the earlier letter begins.
    let own = "Pada 15 Juni 2024 jam 14.59 dia menulis:\nJangan cerita\nAku takut.";
    let above = "Pada Sab, 16 Jun 2024 pukul 14.59 Ani <ani@surat.example> menulis:";
    must_answer(own, "Re: Pulang", &format!("{own}\n\n{above}\n\n{}", quoted(BODY)));
}
