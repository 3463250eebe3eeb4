//! What the guard sees and what it leaves alone.

use proptest::prelude::*;

use super::*;

fn person<'a>(name: &'a str, code: &'a str, letters: &[&'a str]) -> Person<'a> {
    Person { name, code, letters: letters.to_vec() }
}

fn words(reply: &str, to: &Person<'_>, others: &[Person<'_>]) -> Vec<String> {
    let doubts = look(reply, to, others, &["surat.example", "119", "+62 811 3855 472"]);
    doubts
        .iter()
        .map(|d| match d {
            Doubt::Words { shared, .. } => format!("words: {}", shared.reveal()),
            Doubt::Contact { kind, text } => format!("{}: {}", kind.word(), text.reveal()),
            other => other.word().to_owned(),
        })
        .collect()
}

const STORY: &str =
    "Sudah tiga minggu saya tidak bisa tidur karena ayah pulang larut malam dan membanting pintu kamar.";

#[test]
fn another_clients_name_is_seen() {
    let to = person("Bintang Sore", "abcd-2345", &["Halo, saya ingin bercerita."]);
    let others = [person("Perahu Kertas", "ijkl-2345", &[]), person("Senja", "mnop-2345", &[])];
    assert_eq!(words("Halo perahu kertas, terima kasih.", &to, &others), ["name"]);
    assert_eq!(words("Halo Senja, terima kasih.", &to, &others), ["name"]);
    assert!(words("Kita bertemu lagi di waktu senja, Bintang Sore.", &to, &others).is_empty(), "an everyday word");
    assert_eq!(words("Berkas MNOP-2345 sudah saya baca.", &to, &others), ["code"]);
}

#[test]
fn what_the_client_wrote_themself_may_be_answered() {
    let to = person("Bintang Sore", "abcd-2345", &["Sahabatku Senja marah padaku.", STORY]);
    let others = [person("Senja", "mnop-2345", &[STORY])];
    assert!(words(&format!("Soal Senja: {STORY}"), &to, &others).is_empty());
    let namesake = person("Sore", "x", &[]);
    assert!(words("Halo Bintang Sore!", &to, &[namesake]).is_empty(), "part of the client's own name");
}

#[test]
fn another_clients_words_are_seen() {
    let to = person("Bintang Sore", "abcd-2345", &["Halo."]);
    let others = [person("Perahu Kertas", "ijkl-2345", &[STORY])];
    let said = "Anda menulis: sudah tiga minggu saya TIDAK bisa tidur, karena ayah pulang larut malam dan itu berat.";
    let shared = "words: sudah tiga minggu saya TIDAK bisa tidur, karena ayah pulang larut malam dan";
    assert_eq!(words(said, &to, &others), [shared]);
    assert!(words("Anda tidak bisa tidur karena ayah pulang larut malam dan itu berat.", &to, &others).is_empty());
}

#[test]
fn private_numbers_and_names_are_questioned() {
    let to = person("Bintang Sore", "abcd-2345", &[]);
    let check = |text: &str, expected: &[&str]| assert_eq!(words(text, &to, &[]), expected, "{text}");
    check("Hubungi saya di 0812-3456-7890 ya.", &["phone: 0812-3456-7890"]);
    check("Nomor saya +62 812 3456 7890.", &["phone: +62 812 3456 7890"]);
    check("WA 6281234567890", &["phone: 6281234567890"]);
    check("Tulis ke ratna@gmail.com saja.", &["mail: ratna@gmail.com"]);
    check(
        "Ikuti @ratna.bk atau https://wa.me/6281234567890",
        &["phone: 6281234567890", "handle: @ratna.bk", "handle: https://wa.me/6281234567890"],
    );
    check("Telepon 119 atau +62 811-3855-472, tulis ke bk@surat.example.", &[]);
    check("Kita bertemu 24-11-2026 pukul 09.00-10.30, ruang 2, lihat 1/12/2026 dan 2026-11-24.", &[]);
    check("Harganya 1.250.000 rupiah, halaman 12, tahun 2026.", &[]);
}

proptest! {
    #[test]
    fn any_text_can_be_looked_at(reply in ".{0,300}", letter in ".{0,300}", name in ".{0,20}") {
        let to = person("Bintang", "abcd", &[]);
        let others = [person(&name, "efgh", &[&letter])];
        for doubt in look(&reply, &to, &others, &[]) {
            if let Doubt::Words { shared, .. } = &doubt {
                prop_assert!(reply.contains(shared.reveal().as_str()));
            }
        }
    }

    #[test]
    fn a_run_of_twelve_words_is_always_found(
        run in prop::collection::vec("[a-z]{3,9}", OWN_WORDS),
        before in prop::collection::vec("[A-Z]{2,5}", 0..20),
        after in prop::collection::vec("[A-Z]{2,5}", 0..20),
    ) {
        let reply = [before.join(" "), run.join(", "), after.join(" ")].join(" ");
        let letter = format!("x {} y", run.join(" "));
        let to = person("Bintang", "abcd", &[]);
        let found = look(&reply, &to, &[person("Q", "efgh", &[&letter])], &[]);
        let is_found = found.iter().any(|d| d.word() == "words");
        prop_assert!(is_found);
        // The client's own words are never held against the reply.
        let own = person("Bintang", "abcd", &[&letter]);
        let found = look(&reply, &own, &[person("Q", "efgh", &[&letter])], &[]);
        let is_found = found.iter().any(|d| d.word() == "words");
        prop_assert!(!is_found);
    }
}
