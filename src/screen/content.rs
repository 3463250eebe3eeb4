//! What a mail says, as far as that shows to whom it belongs: passed-on words, a greeting, files, a copied chat.
//!
//! Whatever is found here labels or, twice, makes a person look. It never decides alone, because people write as they
//! like.

use super::{Facts, Seen, SenderFit, Signal, sender};
use crate::classify::{Kind, Nature};
use crate::parse::{Letter, Outline};

/// So few words of their own before what they pass on.
const FEW_WORDS: usize = 5;
/// So many lines of a chat are one.
const CHAT_LINES: usize = 3;
/// Lines of a text that are looked at.
const LINES_MAX: usize = 2_000;
/// Prefixes of a forwarded mail's subject.
const FORWARD_PREFIXES: [&str; 18] = [
    "fw",
    "fwd",
    "trs",
    "terusan",
    "maju",
    "wg",
    "tr",
    "rv",
    "enc",
    "doorst",
    "i",
    "vb",
    "vl",
    "pd",
    "ilt",
    "i\u{307}lt",
    "转发",
    "轉寄",
];
/// Words with which a letter begins and a name follows.
const GREETINGS: [&str; 14] = [
    "yth.",
    "yth",
    "kepada",
    "dear",
    "hi",
    "hello",
    "halo",
    "hai",
    "dengan hormat,",
    "bapak",
    "ibu",
    "pak",
    "bu",
    "dear:",
];
/// Whom nobody greets at a counseling desk.
const BUSINESS_NAMES: [&str; 14] = [
    "hrd",
    "hr",
    "recruiter",
    "recruitment",
    "hiring",
    "manager",
    "manajer",
    "personalia",
    "purchasing",
    "sir",
    "madam",
    "customer",
    "pelanggan",
    "finance",
];
/// Words a counselor is called by.
const COUNSELOR_NAMES: [&str; 12] =
    ["konselor", "counselor", "counsellor", "bk", "guru", "kakak", "kak", "mbak", "mas", "tim", "team", "admin"];
/// Words in the names of business files.
const BUSINESS_FILES: [&str; 12] = [
    "invoice",
    "faktur",
    "tagihan",
    "cv",
    "resume",
    "lamaran",
    "curriculum",
    "quotation",
    "penawaran",
    "purchase",
    "kwitansi",
    "receipt",
];
/// "Forwarded", as chat programs write it.
const CHAT_FORWARDS: [&str; 5] =
    ["diteruskan", "diteruskan berkali-kali", "forwarded", "forwarded many times", "dimajukan"];
/// How somebody asks about a person.
const QUESTIONS: [&str; 18] = [
    "apakah anak saya",
    "apakah dia pernah menulis",
    "apakah siswa",
    "apakah ada klien",
    "apakah saudara",
    "data klien",
    "salinan surat",
    "surat panggilan",
    "penyelidikan",
    "penyidikan",
    "permintaan keterangan",
    "does my child write",
    "is my daughter",
    "is my son",
    "is she a client",
    "is he a client",
    "request for information about",
    "court order",
];

pub(super) fn find(outline: &Outline<'_>, letter: &Letter, nature: &Nature, facts: &Facts<'_>, seen: &mut Seen) {
    passed_on(outline, letter, nature, facts, seen);
    let text = letter.text.reveal();
    seen.add_if(greets_another(text, facts), Signal::GreetsAnother);
    seen.add_if(letter.files.iter().any(|f| is_business(&f.name)), Signal::BusinessFiles);
    let chat = text.lines().take(LINES_MAX).filter(|l| is_chat_line(l)).count();
    seen.add_if(chat >= CHAT_LINES, Signal::ChatLog);
    let is_label =
        |line: &str| CHAT_FORWARDS.contains(&line.trim_matches([' ', '↪', '↱', '⤳', '\t']).to_lowercase().as_str());
    seen.add_if(text.lines().take(LINES_MAX).any(is_label), Signal::ChatForward);
    seen.add_if(letter.signs.encrypted && facts.locked, Signal::Locked);
    let whole = format!("{}\n{text}", letter.subject.reveal()).to_lowercase();
    let names_desk = facts.other_desks.iter().any(|d| !d.is_empty() && contains_words(&whole, &d.to_lowercase()));
    seen.add_if(names_desk, Signal::NamesOtherDesk);
    seen.add_if(QUESTIONS.iter().any(|q| contains_words(&whole, q)), Signal::AsksAboutPerson);
}

fn passed_on(outline: &Outline<'_>, letter: &Letter, nature: &Nature, facts: &Facts<'_>, seen: &mut Seen) {
    let before = nature.fresh(letter.text.reveal());
    let is_forward = nature.kind == Kind::Forward || nature.forward.is_some();
    let enclosed = outline.parts().any(|p| p.media_type() == "message/rfc822") && nature.kind.is_human();
    let prefixed = has_forward_prefix(letter.subject.reveal());
    seen.add_if(prefixed, Signal::ForwardPrefix);
    seen.add_if(is_forward && nature.forward.is_some(), Signal::ForwardDivider);
    seen.add_if(enclosed, Signal::EnclosedMail);
    let few = before.reveal().split_whitespace().count() <= FEW_WORDS;
    seen.add_if(few && (prefixed || is_forward || enclosed), Signal::FewOwnWords);
    let passes_on = is_forward || enclosed || (prefixed && few);
    seen.add_if(passes_on && facts.fit == SenderFit::NoThread, Signal::ThirdPartyForward);
}

/// A prefix alone is always soft: `TR` and `I` also begin ordinary subjects.
fn has_forward_prefix(subject: &str) -> bool {
    let Some((head, _)) = subject.split_once([':', '：']) else { return false };
    let head = head.split(['[', '(']).next().unwrap_or_default().trim().to_lowercase();
    FORWARD_PREFIXES.contains(&head.as_str())
}

/// The first line greets somebody by a name that is nobody's here.
fn greets_another(text: &str, facts: &Facts<'_>) -> bool {
    let Some(line) = text.lines().map(str::trim).find(|l| !l.is_empty()) else { return false };
    let line = sender::folded(line);
    let Some(rest) = GREETINGS.iter().find_map(|g| line.strip_prefix(g).filter(|r| r.starts_with([' ', ',', ':'])))
    else {
        return false;
    };
    let words: Vec<&str> = rest.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).take(4).collect();
    if words.iter().any(|w| BUSINESS_NAMES.contains(w)) {
        return true;
    }
    // A title and a name: "Yth. Ibu Sinta". A bare "halo kak" or "dear counselor" greets us.
    let titled = words.iter().position(|w| matches!(*w, "ibu" | "bu" | "bapak" | "pak" | "mr" | "mrs" | "ms" | "dr"));
    let Some(name) = titled.and_then(|at| words.get(at + 1)) else { return false };
    let is_ours = |staff: &str| staff.to_lowercase().split_whitespace().any(|part| part == *name);
    !COUNSELOR_NAMES.contains(name) && !facts.staff.iter().any(|s| is_ours(s.reveal()))
}

fn is_business(name: &str) -> bool {
    name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| BUSINESS_FILES.contains(&word))
}

/// `[12/03/26 21.14.03] Sari: ...`, `12/03/26, 21:14 - Sari: ...`, `[21:14, 12/3/2026] Sari: ...`.
fn is_chat_line(line: &str) -> bool {
    let line = line.trim_start_matches(['\u{200e}', '[', ' ']);
    if !line.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let Some(end) = line.find([']', '-', '–']).filter(|at| *at <= 32) else { return false };
    let (stamp, rest) = line.split_at(end);
    let is_time = |word: &str| {
        let parts: Vec<&str> = word.split([':', '.']).collect();
        let numbers = parts.iter().all(|p| !p.is_empty() && p.len() <= 2 && p.bytes().all(|b| b.is_ascii_digit()));
        (2..=3).contains(&parts.len()) && numbers
    };
    let has_time = stamp.split([' ', ',', '\u{202f}']).any(is_time);
    let has_date = stamp.contains('/') || stamp.matches('.').count() >= 2 || stamp.matches(':').count() >= 2;
    has_time && has_date && rest.chars().take(80).any(|c| c == ':')
}

/// Whether these words stand in a text as words of their own.
fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + words.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::PlainText;

    #[test]
    fn lines_of_a_chat() {
        for line in [
            "[12/03/26 21.14.03] Sari: jangan bilang ibu",
            "12/03/26, 21:14 - Sari: jangan bilang ibu",
            "[21:14, 12/3/2026] Kak Budi: ok",
            "\u{200e}[12/03/2026, 9:14:03 PM] Sari: hi",
        ] {
            assert!(is_chat_line(line), "{line}");
        }
        for line in
            ["21:14 aku pulang", "12/03/26 hari itu aku takut", "1. makan - tidur", "- Sari: halo", "[1] catatan: x"]
        {
            assert!(!is_chat_line(line), "{line}");
        }
    }

    #[test]
    fn whom_a_letter_greets() {
        let staff = [PlainText::from("Bu Ratna")];
        let facts = Facts { staff: &staff, ..Facts::default() };
        for text in ["Yth. Bapak/Ibu HRD\nSaya melamar", "Dear Hiring Manager,", "Yth. Ibu Sinta,\nterlampir"] {
            assert!(greets_another(text, &facts), "{text}");
        }
        for text in [
            "Halo Bu Ratna",
            "Yth. Ibu Ratna",
            "Dear counselor",
            "Halo kak",
            "Yth. Ibu Konselor",
            "Aku takut",
            "",
            "Ibu marah",
        ] {
            assert!(!greets_another(text, &facts), "{text}");
        }
    }

    #[test]
    fn forward_prefixes_with_counters_and_wide_colons() {
        for subject in ["Fwd: halo", "TRS: surat", "Fw[2]: x", "转发：信", "WG : x"] {
            assert!(has_forward_prefix(subject), "{subject}");
        }
        for subject in ["Re: halo", "halo", "Forward planning: x", "Catatan fwd"] {
            assert!(!has_forward_prefix(subject), "{subject}");
        }
        assert!(contains_words("tentang meja bk, ya", "meja bk") && !contains_words("meja bkx", "meja bk"));
    }
}
