//! Mails put together from pieces whose meaning is known: what the sender wrote, what they quote, what they pass on.
//!
//! Every line of the sender holds [`OWN`], every line of somebody else [`THEIRS`].

use std::fmt::Write as _;

use super::choices::Choices;

/// A word of the sender's own lines only.
pub const OWN: &str = "sendiri";
/// A word of other people's lines only.
pub const THEIRS: &str = "kutipan";

/// Most pieces of a body.
const PIECES_MAX: usize = 24;

/// A mail and what is known of it.
pub struct Composed {
    /// Its bytes.
    pub mail: Vec<u8>,
    /// The sender's lines outside a signature, in order.
    pub own: Vec<String>,
    /// Nothing in its header comes from a machine.
    pub human: bool,
    /// Somebody else's mail is passed on in the text.
    pub forwarded: bool,
    /// The recipients of its delivery report.
    pub reported: Vec<String>,
}

const SUBJECTS: [&str; 8] = ["", "Halo", "Tentang sekolah", "pertanyaan", "Tugas akhir", "Question", "Привет", "中文"];
const PREFIXES: [&str; 12] =
    ["", "", "Re: ", "Bls: ", "AW: ", "Fwd: ", "TRS: ", "Fw: Re: ", "I: ", "VS: ", "Re[2]: ", "RES: "];

const ATTRIBUTIONS: [&str; 7] = [
    "On Mon, Jan 1, 2024 at 10:00 AM Ani Wijaya <ani@mail.example> wrote:",
    "Pada Sen, 1 Jan 2024 pukul 10.00 Ani Wijaya <ani@mail.example> menulis:",
    "Am 01.01.2024 um 10:00 schrieb Ani Wijaya <ani@mail.example>:",
    "Le lun. 1 janv. 2024 à 10:00, Ani Wijaya <ani@mail.example> a écrit :",
    "El lun, 1 ene 2024 a las 10:00, Ani Wijaya (<ani@mail.example>) escribió:",
    "Em seg., 1 de jan. de 2024 às 10:00, Ani Wijaya <ani@mail.example> escreveu:",
    "1 янв. 2024 г., в 10:00, Ani Wijaya <ani@mail.example> написал(а):",
];

const DIVIDERS: [&str; 5] = [
    "---------- Forwarded message ---------",
    "---------- Pesan yang diteruskan --------",
    "---------- Pesan terusan ----------",
    "-------- Weitergeleitete Nachricht --------",
    "Begin forwarded message:",
];

/// Names of header lines: from, date, subject, to.
const LABELS: [[&str; 4]; 4] = [
    ["From", "Date", "Subject", "To"],
    ["Dari", "Tanggal", "Subjek", "Kepada"],
    ["Von", "Datum", "Betreff", "An"],
    ["De", "Date", "Objet", "À"],
];

/// What people write around letters and machines read as something else.
const ODD: [&str; 10] = [
    "aku menulis ini: sendiri",
    "kemarin jam 10:00 ibu berkata sendiri",
    "sendiri <3 :)",
    "sendiri * satu * dua",
    "(sendiri) https://contoh.example/a?b=c",
    "5 > 3, kata guru, sendiri",
    "sendiri: \"Kenapa?\"",
    "Teman-teman forward pesan sendiri",
    "sendiri\u{200b}\u{a0}diam",
    "- sendiri",
];

/// Puts a mail together.
pub fn compose(choices: &mut Choices<'_>) -> Composed {
    let mut body = Body::default();
    let (prefix, subject) = (choices.of(&PREFIXES), choices.of(&SUBJECTS));
    let mut head = format!("From: Sari <sari@client.example>\r\nSubject: {prefix}{subject}\r\n");
    let to = choices.of(&["desk@merpati.example", "ani@mail.example", ""]);
    if !to.is_empty() {
        let _ = write!(head, "To: {to}\r\n");
    }
    if choices.yes() {
        head.push_str("In-Reply-To: <1@merpati.example>\r\n");
    }
    let human = !machine(choices, &mut head);
    let report = report(choices);
    for _ in 0..PIECES_MAX {
        if choices.is_empty() || body.is_closed {
            break;
        }
        body.piece(choices);
    }
    let text = body.text.replace('\n', "\r\n");
    let plain = "Content-Type: text/plain; charset=utf-8\r\n";
    let (mail, reported) = match report {
        None => (format!("{head}{plain}\r\n{text}"), Vec::new()),
        Some((status, reported)) => {
            let kind = "multipart/report; report-type=delivery-status; boundary=x";
            let part = format!("--x\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n--x--\r\n");
            (format!("{head}Content-Type: {kind}\r\n\r\n--x\r\n{plain}\r\n{text}\r\n{part}"), reported)
        }
    };
    let human = human && reported.is_empty();
    Composed { mail: mail.into_bytes(), own: body.own, human, forwarded: body.forwarded, reported }
}

/// Header fields of machines; says whether there are any.
fn machine(choices: &mut Choices<'_>, head: &mut String) -> bool {
    const FIELDS: [&str; 6] = [
        "Auto-Submitted: auto-replied",
        "Precedence: bulk",
        "List-Id: <warga.list.example>",
        "X-Failed-Recipients: hilang@mail.example",
        "X-Autoreply: yes",
        "Return-Path: <>",
    ];
    let flags = choices.byte();
    let chosen = FIELDS.iter().enumerate().filter(|(n, _)| flags & 0xC0 == 0xC0 && flags >> n & 1 == 1);
    chosen.map(|(_, field)| *head += &format!("{field}\r\n")).count() > 0
}

/// The machine-readable half of a delivery report, and whom it names.
fn report(choices: &mut Choices<'_>) -> Option<(String, Vec<String>)> {
    if choices.byte() < 0xC0 {
        return None;
    }
    let mut status = "Reporting-MTA: dns; mx.example\r\n".to_owned();
    let mut named = Vec::new();
    for n in 0..=choices.below(4) {
        let who = format!("orang{n}@mail.example");
        let action = choices.of(&["failed", "delayed", "delivered", "relayed", "expanded", "failed (odd)"]);
        let code = choices.of(&["5.1.1", "4.2.2", "2.0.0", "5.7.1 (policy)", "x", ""]);
        let form = choices.of(&["rfc822; ", "RFC822;", "rfc822;<", ""]);
        let close = if form.ends_with('<') { ">" } else { "" };
        let _ = write!(status, "\r\nFinal-Recipient: {form}{who}{close}\r\nAction: {action}\r\nStatus: {code}\r\n");
        named.push(who);
    }
    Some((status, named))
}

/// A text that grows piece by piece.
#[derive(Default)]
struct Body {
    text: String,
    own: Vec<String>,
    forwarded: bool,
    /// What follows would belong to somebody else, or be no text of the letter.
    is_closed: bool,
    count: usize,
}

impl Body {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn own(&mut self, line: String) {
        self.line(&line);
        self.own.push(line);
    }

    fn piece(&mut self, choices: &mut Choices<'_>) {
        self.count += 1;
        match choices.below(8) {
            0 | 1 => self.own(format!("Aku menulis {OWN} baris {}.", self.count)),
            2 => {
                let odd = choices.of(&ODD).to_owned();
                self.own(odd);
            }
            3 => self.line(""),
            4 => {
                self.line("");
                self.line(choices.of(&ATTRIBUTIONS));
                self.quoted(choices);
            }
            5 => self.quoted(choices),
            6 => self.passed_on(choices),
            _ => self.signature(choices),
        }
    }

    /// Lines with quote marks, and an empty line.
    fn quoted(&mut self, choices: &mut Choices<'_>) {
        for n in 0..=choices.below(4) {
            let mark = choices.of(&["> ", ">> ", "> > ", ">"]);
            self.line(&format!("{mark}Ini {THEIRS} nomor {n}"));
        }
        self.line("");
    }

    /// Somebody else's mail below its header lines, up to the end of the text or a line that says where it ends.
    fn passed_on(&mut self, choices: &mut Choices<'_>) {
        self.forwarded = true;
        let (divider, labels) = (choices.of(&DIVIDERS), choices.of(&LABELS));
        self.line("");
        self.line(divider);
        let values = [
            "Budi <budi@mail.example>",
            "Mon, 1 Jan 2024 10:00",
            &format!("Surat {THEIRS}"),
            "Sari <sari@client.example>",
        ];
        for (label, value) in labels.iter().zip(values) {
            self.line(&format!("{label}: {value}"));
        }
        self.line("");
        for n in 0..=choices.below(4) {
            self.line(&format!("Ini {THEIRS} nomor {n}"));
        }
        if divider.contains("Forwarded message") && choices.yes() {
            self.line("----- End forwarded message -----");
        } else {
            self.is_closed = true;
        }
    }

    /// A name below two strokes ends the sender's own words.
    fn signature(&mut self, choices: &mut Choices<'_>) {
        self.line("-- ");
        self.line(choices.of(&["Sari", "Sari Putri, kelas XI", "sari@client.example"]));
        self.is_closed = true;
    }
}
