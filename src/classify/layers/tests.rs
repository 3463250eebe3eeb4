//! What the walk finds in hand-made letters: other programs, other languages, other blanks.

use proptest::prelude::*;

use super::*;
use crate::classify::LayerKind;

fn layers(subject: &str, text: &str) -> Layers {
    let prefixed = prefix::read(subject);
    let known = Known {
        way: prefixed.way,
        subject: prefixed.rest,
        authors: &["klien@mail.example".to_owned()],
        recipients: &["desk@merpati.example".to_owned()],
        threaded: false,
    };
    of_text(&known, text)
}

fn sketch(subject: &str, text: &str) -> String {
    let found = layers(subject, text);
    let mut out = String::new();
    for (n, layer) in found.layers.iter().enumerate() {
        let end = found.layers.get(n + 1).map_or(text.len(), |next| next.begin);
        let letter = match layer.kind {
            LayerKind::Fresh => 'f',
            LayerKind::Signature => 's',
            LayerKind::Quoted => 'q',
            LayerKind::Forwarded => 'F',
        };
        let words: Vec<_> = text[layer.begin..end].split_whitespace().collect();
        let (first, last) = (words.first().copied().unwrap_or(""), words.last().copied().unwrap_or(""));
        out.push_str(&format!("{letter}({first}..{last})"));
    }
    out
}

#[test]
fn layers_of_answers() {
    for (text, expected) in [
        ("Halo\n\nOn Mon, 3 Jun 2024, Ani <a@b.example> wrote:\n> x\n> y", "f(Halo..Halo)q(On..y)"),
        ("> apa kabar?\n> siapa?\nbaik\n\n> kapan?\nbesok", "q(>..siapa?)f(baik..baik)q(>..kapan?)f(besok..besok)"),
        (
            "Halo\n-- \nAni\n\nPada Sab, 15 Jun 2024 pukul 14.59 X <x@y.example>\nmenulis:\n\n> q",
            "f(Halo..Halo)s(--..Ani)q(Pada..q)",
        ),
        ("Halo\n\nDikirim dari iPhone saya\n\n> a\n> b", "f(Halo..Halo)s(Dikirim..saya)q(>..b)"),
        ("Halo\n\n-----Pesan Asli-----\nDari: A\nisi", "f(Halo..Halo)q(-----Pesan..isi)"),
        (
            "Halo\n________________________________\nFrom: A\nSent: 1 Mei 2024 10.30\nTo: B\nSubject: x\n\ny",
            "f(Halo..Halo)q(________________________________..y)",
        ),
        ("bagus--- On Wed, Apr 4, 2012 at 3:59 PM, me@d.example wrote:\n> Hi", "f(bagus..bagus)q(---..Hi)"),
        ("satu\n--\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15", "f(satu..15)"),
        ("Sent from my desk, is much easier than my phone.", "f(Sent..phone.)"),
    ] {
        assert_eq!(sketch("Re: x", text), expected, "{text}");
        assert!(layers("Re: x", text).forward.is_none());
    }
}

#[test]
fn layers_of_forwards() {
    let head = "Dari: A <a@b.example>\nTanggal: 1 Mei 2024 10.30\nSubjek: S\nKepada: c@d.example";
    for (subject, text, expected) in [
        (
            "x",
            format!("lihat\n\n---------- Pesan yang diteruskan ---------\n{head}\n\nisi"),
            "f(lihat..lihat)F(----------..isi)",
        ),
        ("x", format!("----- End -----\nlihat\n\n{head}\n\nisi"), "f(-----..lihat)F(Dari:..isi)"),
        ("Fwd: x", format!("{head}\nisi"), "F(Dari:..isi)"),
        (
            "",
            format!("> Awal pesan yang diteruskan:\n> \n> {}\n> \n> isi\n\nbegitu", head.replace('\n', "\n> ")),
            "F(>..isi)f(begitu..begitu)",
        ),
        (
            "TRS: x",
            "\u{feff}Pada 28/10/2021 12:46, A <a@b.example> menulis:\n\n    isi".to_owned(),
            "F(\u{feff}Pada..isi)",
        ),
        (
            "x",
            format!(
                "----- Forwarded message from A <a@b.example> -----\n\n{head}\n\nisi\n\n----- End forwarded message -----\nterima kasih"
            ),
            "F(-----..-----)f(terima..kasih)",
        ),
    ] {
        for (from, to) in [
            ("", ""),
            ("\n", "\r\n"),
            ("Dari:", "*Dari:*"),
            (": ", "\u{a0}:\u{a0}"),
            ("\n\n", "\n\n\n"),
            (": ", "： "),
            ("\n", "  \n"),
        ] {
            let text = if from.is_empty() { text.clone() } else { text.replace(from, to) };
            let found = layers(subject, &text);
            let forward = found.forward.unwrap_or_else(|| panic!("{text}"));
            assert_eq!(forward.from.map(|f| f.reveal().clone()).as_deref(), Some("a@b.example"), "{text}");
            assert_eq!(forward.depth, 1);
            if from.is_empty() {
                assert_eq!(sketch(subject, &text), expected);
            }
        }
    }
}

/// The same letter under the subjects and heads of programs that mark a forward in the subject only.
#[test]
fn subjects_decide_where_heads_look_alike() {
    let heads = [
        "Von: A <a@b.example>\nGesendet: Dienstag, 1. Mai 2024 10:30\nAn: B <c@d.example>\nBetreff: S\n\nisi",
        "Van: A <a@b.example>\nDatum: dinsdag 1 mei 2024 om 10:30\nAan: B <c@d.example>\nOnderwerp: S\nisi",
        "________________________________\nDe : A <a@b.example>\nEnvoyé : mardi 1 mai 2024 10:30\nÀ : B\nObjet : S\n\nisi",
        "Op 28/10/2021 12:46 heeft A <a@b.example> geschreven:\n\n    isi",
        "El 28/10/2021 12:46, \"A\" <a@b.example> escribió:\n\n    isi",
        "Dnia 28/10/2021 12:46 „A” <a@b.example> napisał(a):\n\n    isi",
        "A <a@b.example> 28/10/2021 12:46 tarihinde şunu yazdı:\n\n    isi",
        "-----Original Message-----\nFrom: A [mailto:a@b.example]\nSent: Tuesday, May 1, 2024 10:30 AM\nTo: B\nSubject: S\n\nisi",
        "差出人: A <a@b.example>\n送信日時: 2024年5月1日 10:30\n宛先: B <c@d.example>\n件名: S\n\nisi",
    ];
    for head in heads {
        for text in [head.to_owned(), format!("Lihat ini.\n\n{head}")] {
            for subject in [
                "Fwd: S",
                "WG: S",
                "RV: S",
                "ENC: S",
                "TR: S",
                "I: S",
                "PD: S",
                "VS: S",
                "Doorst: S",
                "İLT: S",
                "転送: S",
            ] {
                let forward = layers(subject, &text).forward.unwrap_or_else(|| panic!("{subject} {text}"));
                assert_eq!(forward.from.unwrap().reveal(), "a@b.example", "{text}");
                assert_eq!(forward.subject.unwrap().reveal(), "S", "{text}");
            }
            for subject in ["Re: S", "AW: S", "R: S", "RES: S", "SV: S", "YNT: S", "回复: S", "Re: Fwd: S"] {
                let found = layers(subject, &text);
                assert!(found.forward.is_none() && found.is_reply, "{subject} {text}");
            }
        }
    }
}

#[test]
fn letters_that_only_talk_of_it_are_no_forwards() {
    for text in [
        "Aku mau meneruskan pesan dari Ibu: jangan pulang malam.",
        "Pesan yang diteruskan temanku bikin aku takut.\n\nDari: hati yang sedih\nUntuk: kamu",
        "Kepada: Kak Konselor\nDari: Budi\nPerihal: curhat\nTanggal: 12 Mei 2024\n\nHalo kak",
        "Forwarded message itu apa ya kak?",
        "- satu\n- dua\n* tiga",
        "Ani: halo\nBudi: hai\nAni: aku takut",
        "> Aku ini binatang jalang\n> Dari kumpulannya terbuang\n\nPuisi itu tentang aku.",
        "Begin forwarded message: begitu katanya.",
    ] {
        assert!(layers("curhat", text).forward.is_none(), "{text}");
    }
}

#[test]
fn letters_in_each_other_are_counted() {
    let text = "lihat\n\n---------- Forwarded message ---------\nFrom: A <a@b.example>\nSubject: S\n\nx\n\n\
        -------- Pesan Asli --------\nDari: B <b@b.example>\nTanggal: 1 Mei 2024 10.30\nKepada: A\n\ny\n\n\
        On Mon, Apr 2, 2012 at 6:26 PM, C <c@b.example> wrote:\n> z";
    assert_eq!(layers("", text).forward.unwrap().depth, 3);
}

fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop_oneof![
        Just("---------- Forwarded message ---------\n"),
        Just("-----Pesan Asli-----\n"),
        Just("From: A <a@b.example>\n"),
        Just("Tanggal: 1 Mei 2024 10.30\n"),
        Just("Subject: S\n"),
        Just("On Mon, Apr 2, 2012 at 6:26 PM, C <c@b.example> wrote:\n"),
        Just("> kata\n"),
        Just(">\n"),
        Just("\n"),
        Just("-- \n"),
        Just("Sent from my iPhone\n"),
        Just("kata é 字 "),
        Just("________\n"),
        Just("----- End forwarded message -----\n"),
        Just("x--- On 1 Mei 2024, b@c.example wrote:\n"),
    ];
    prop_oneof![proptest::collection::vec(scrap, 0..30).prop_map(|s| s.concat()), ".{0,200}"]
}

proptest! {
    #[test]
    fn layers_cover_any_text(subject in prop_oneof![Just("Re: a"), Just("Fwd: a"), Just("VS: a"), Just("")], text in scraps()) {
        let found = layers(subject, &text);
        prop_assert_eq!(found.layers.is_empty(), text.is_empty());
        prop_assert!(found.layers.first().is_none_or(|l| l.begin == 0));
        for pair in found.layers.windows(2) {
            prop_assert!(pair[0].begin < pair[1].begin && pair[0].kind != pair[1].kind);
        }
        prop_assert!(found.layers.iter().all(|l| text.is_char_boundary(l.begin) && l.begin <= text.len()));
        prop_assert_eq!(found.forward.is_some(), found.layers.iter().any(|l| l.kind == LayerKind::Forwarded));
        let again = layers(subject, &text);
        prop_assert_eq!(again.layers, found.layers);
    }

    #[test]
    fn own_words_stay_own(text in "[a-z]{1,9}( [a-z]{1,9}){0,9}(\n[a-z]{1,9}( [a-z]{1,9}){0,9}){0,5}") {
        let found = layers("", &text);
        prop_assert_eq!(found.layers, [Layer { begin: 0, kind: LayerKind::Fresh }]);
    }
}

#[test]
fn hostile_texts_end_soon() {
    for unit in [
        "> ",
        ">\n",
        "a:\n",
        "From: a@b.c\n",
        "-----Original Message-----\n",
        "On 1:23 x@y wrote:\n",
        "(http",
        "@",
        "--\n",
        "wrote:\n",
        "Date: \n\n",
    ] {
        let text = unit.repeat(crate::limits::LETTER_TEXT_BYTES_MAX / 16 / unit.len());
        let began = std::time::Instant::now();
        layers("Fwd: x", &text);
        assert!(began.elapsed().as_secs() < 10, "{unit:?}: {:?}", began.elapsed());
    }
}
