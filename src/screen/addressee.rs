//! For whom a letter is: somebody who works here, somebody else, another desk of the house.

use strsim::osa_distance;

use super::content::contains_words;
use super::words::{self, Text};
use super::{Facts, Seen, Signal, sender};
use crate::parse::{Letter, Outline};

/// Titles before a name.
const TITLES: [&str; 8] = ["ibu", "bu", "bapak", "pak", "mr", "mrs", "ms", "dr"];
/// Kinds of files that are hardly ever part of a letter to a counselor.
const BUSINESS_KINDS: [&str; 5] = [
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet",
    "text/vcard",
    "text/x-vcard",
];
const BUSINESS_WORDS_MIN: usize = 3;
/// Words in the names of desks that say nothing of what they are for.
const PLAIN_WORDS: [&str; 12] = [
    "meja",
    "desk",
    "konseling",
    "counseling",
    "layanan",
    "service",
    "bimbingan",
    "surat",
    "kotak",
    "untuk",
    "team",
    "unit",
];
/// So often it comes back to what another desk is for.
const TOPIC_WORDS_MIN: usize = 2;

pub(super) fn find(outline: &Outline<'_>, letter: &Letter, fresh: &str, facts: &Facts<'_>, seen: &mut Seen) {
    seen.add_if(greets_another(fresh, facts), Signal::GreetsAnother);
    let is_business = |name: &str, kind: &str| is_business_file(name) || BUSINESS_KINDS.contains(&kind);
    seen.add_if(letter.files.iter().any(|f| is_business(&f.name, &f.media_type)), Signal::BusinessFiles);
    let whole = format!("{}\n{fresh}", letter.subject.reveal()).to_lowercase();
    seen.add_if(is_about_business(&Text::read(&whole)), Signal::BusinessWords);
    if !facts.other_desks.is_empty() {
        other_desks(outline, letter, &whole, facts, seen);
    }
}

/// The first line greets somebody by a name that is nobody's here.
fn greets_another(text: &str, facts: &Facts<'_>) -> bool {
    let Some(written) = text.lines().map(str::trim).find(|l| !l.is_empty()) else { return false };
    let line = sender::folded(written);
    let greeting =
        words::GREETINGS.iter().filter(|g| line.strip_prefix(*g).is_some_and(|r| r.starts_with([' ', ',', ':'])));
    let Some(greeting) = greeting.max_by_key(|g| g.len()) else { return false };
    let rest = line.get(greeting.len()..).unwrap_or_default();
    // A greeting ends with the first comma: what follows is the letter.
    let greeted =
        rest.trim_start_matches([' ', ',', ':']).split([',', '!', '.', ';', ':', '-']).next().unwrap_or_default();
    let greeted: Vec<&str> = greeted.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).take(4).collect();
    if greeted.iter().any(|w| words::BUSINESS_NAMES.contains(w)) {
        return true;
    }
    if greeted.iter().any(|w| words::FAMILIAR.contains(w)) {
        return false;
    }
    if let Some(at) = greeted.iter().position(|w| TITLES.contains(w)) {
        // A title and a name: "Yth. Ibu Sinta".
        return greeted.get(at + 1).is_some_and(|name| !TITLES.contains(name) && !is_ours(name, facts));
    }
    is_title_free_name(written, greeting, &greeted) && !greeted.iter().any(|w| is_ours(w, facts))
}

/// "Dear Budi," and nothing else: one or two words with capitals, and the line or the greeting is over.
fn is_title_free_name(written: &str, greeting: &str, greeted: &[&str]) -> bool {
    let formal = !matches!(greeting, "bapak" | "ibu" | "pak" | "bu" | "dengan hormat");
    let named = (1..=2).contains(&greeted.len())
        && greeted.iter().all(|w| w.chars().count() >= 3 && !words::NO_NAMES.contains(w));
    let mut written = written.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    let capital =
        |w: &str| w.chars().next().is_some_and(char::is_uppercase) && w.chars().skip(1).all(char::is_lowercase);
    formal && named && greeted.iter().all(|name| written.any(|w| w.to_lowercase() == *name && capital(w)))
}

/// Somebody's here: the name, what people make of it ("Rat" or "Na" for Ratna), or a slip of it.
fn is_ours(name: &str, facts: &Facts<'_>) -> bool {
    let is_of = |staff: &str| {
        let staff = staff.to_lowercase();
        let is_short = |part: &str| name.len() >= 2 && (part.starts_with(name) || part.ends_with(name));
        staff.split_whitespace().any(|part| is_short(part) || part.len() >= 4 && osa_distance(part, name) <= 1)
    };
    words::NO_NAMES.contains(name) || words::FAMILIAR.contains(name) || facts.staff.iter().any(|s| is_of(s.reveal()))
}

fn is_business_file(name: &str) -> bool {
    name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| words::BUSINESS_FILES.contains(word))
}

fn is_about_business(text: &Text<'_>) -> bool {
    text.count(&words::BUSINESS) >= BUSINESS_WORDS_MIN && !text.holds(&words::OWN_MATTERS)
}

/// Another desk: its name, its address or one like it beside ours, or what it is for, again and again.
fn other_desks(outline: &Outline<'_>, letter: &Letter, text: &str, facts: &Facts<'_>, seen: &mut Seen) {
    let to: Vec<_> = ["To", "Cc"].iter().flat_map(|field| outline.mailboxes(field)).collect();
    for desk in facts.other_desks {
        let name = desk.name.to_lowercase();
        seen.add_if(!name.is_empty() && contains_words(text, &name), Signal::NamesOtherDesk);
        let is_writer = |folded: &str| letter.from.as_ref().is_some_and(|f| f.folded() == folded);
        let is_like = |local: &str| local == desk.slug || desk.slug.len() >= 5 && osa_distance(local, &desk.slug) <= 1;
        let addressed =
            to.iter().any(|m| is_like(&m.address.local().to_lowercase()) && !is_writer(&m.address.folded()));
        seen.add_if(addressed, Signal::OtherDeskAddress);
        let topics = name.split_whitespace().filter(|w| w.len() >= 4 && !PLAIN_WORDS.contains(w));
        let times: usize = topics.map(|w| text.matches(w).count()).sum();
        seen.add_if(times >= TOPIC_WORDS_MIN, Signal::OtherDeskTopic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::PlainText;

    #[test]
    fn whom_a_letter_greets() {
        let staff = [PlainText::from("Bu Ratna")];
        let facts = Facts { staff: &staff, ..Facts::default() };
        for text in [
            "Yth. Bapak/Ibu HRD\nSaya melamar",
            "Dear Hiring Manager,",
            "Yth. Ibu Sinta,\nterlampir",
            "Kepada Yth. Pak Joko\ndi tempat",
            "Dear Budi,\nsee you",
            "Hi Sarah Tan,",
            "Halo Dimas, besok jadi?",
        ] {
            assert!(greets_another(text, &facts), "{text}");
        }
        for text in [
            "Halo Bu Ratna",
            "Yth. Ibu Ratna",
            "Halo Bu Rat, aku mau cerita",
            "Halo Na,",
            "Hi Ratna!",
            "Hai Kak Rin,",
            "Halo Mbak Dewi, ini aku lagi",
            "Dear counselor",
            "Dear Counselor, my name is Budi",
            "Halo kak",
            "Halo, Budi lagi nih",
            "Halo semua",
            "Hello there,",
            "Hi, I need help",
            "Halo aku Sinta",
            "Halo Selamat pagi",
            "Yth. Ibu Konselor",
            "Yth. Bapak/Ibu,",
            "Aku takut",
            "",
            "Ibu marah",
            "Ibu Sari guruku marah terus",
        ] {
            assert!(!greets_another(text, &facts), "{text}");
        }
    }

    #[test]
    fn business_is_told_from_trouble_with_it() {
        let apply = "dengan hormat, saya melamar untuk posisi staf. terlampir riwayat hidup saya.";
        let is_business = |text: &str| is_about_business(&Text::read(text));
        assert!(is_business(apply));
        assert!(!is_business(&format!("{apply} aku takut ditolak lagi.")));
        assert!(!is_business("tagihan sekolah belum dibayar"));
    }
}
