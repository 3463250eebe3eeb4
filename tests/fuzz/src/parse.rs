//! Reading mails, folders of mails, encoded bodies and uploaded files.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use merpati::address::MailAddress;
use merpati::limits::{
    ATTACHMENT_BYTES_MAX, LETTER_TEXT_BYTES_MAX, MAIL_BYTES_MAX, MAIL_DEPTH_MAX, MAIL_PARTS_MAX, SUBJECT_CHARS_MAX,
};
use merpati::parse::{
    self, Head, Letter, Outline, PartView, RawLetter, Unreadable, addresses, clean_upload, dedup_digest,
};

use super::choices::Choices;

/// Longest name of a file, in characters.
const FILE_NAME_CHARS_MAX: usize = 120;
/// Longest value of a header field once decoded, in bytes: 16 KiB are looked at, and one byte of an old charset becomes
/// three of UTF-8 at most.
const VALUE_BYTES_MAX: usize = 3 * 16 * 1024;
/// Mailboxes of the fields of one name.
const MAILBOXES_MAX: usize = 200;
/// Mails of a folder that are read, and parts of a mail that are looked at: the fuzzer's time is better spent on others.
const LOOKED_AT_MAX: usize = 20;

const FIELDS: [&str; 6] = ["Subject", "From", "To", "Date", "Content-Type", "Received"];

/// Everything that must hold.
pub fn walk(bytes: &[u8]) {
    mail(bytes);
    folder(bytes);
    encoded(bytes);
    upload(bytes);
}

/// Any bytes as a mail.
pub fn mail(bytes: &[u8]) {
    let letter = match (read(bytes), Outline::read(bytes)) {
        (Ok(letter), Ok(outline)) => {
            tree(bytes, &outline, &letter);
            letter
        }
        (Err(why), Err(reason)) => {
            assert_eq!(why, reason, "both say the same");
            assert_ne!(why, Unreadable::Broken, "the reader itself failed");
            return;
        }
        _ => panic!("read and without an outline, or the other way round"),
    };
    assert!(bytes.len() <= MAIL_BYTES_MAX && letter.raw.bytes() == bytes, "the bytes stay as received");
    shown(&letter);
    files(&letter);
    same(&letter, &read(bytes).expect("read before"));
    brought_again(bytes, &letter);
}

/// Reads a mail; what cannot be read must come back whole.
fn read(bytes: &[u8]) -> Result<Letter, Unreadable> {
    parse::read(RawLetter::new(bytes.to_vec())).map_err(|(raw, why)| {
        assert_eq!(raw.bytes(), bytes, "what cannot be read is kept as it came");
        why
    })
}

fn shown(letter: &Letter) {
    let (subject, text) = (letter.subject.reveal(), letter.text.reveal());
    assert!(text.len() <= LETTER_TEXT_BYTES_MAX && subject.chars().count() <= SUBJECT_CHARS_MAX);
    assert!(is_safe(text, true) && is_safe(subject, false));
    assert_eq!(text.trim_end(), text);
    assert_eq!(letter.signs.empty, text.is_empty() && letter.files.is_empty());
    if let Some(from) = &letter.from {
        is_address(from);
    }
    if let Some(id) = &letter.message_id {
        assert!(!id.is_empty() && id.chars().count() <= 998 && !id.contains(|c: char| c.is_control() || c == ' '));
    }
    let problems: HashSet<_> = letter.problems.iter().map(|p| p.word()).collect();
    assert_eq!(problems.len(), letter.problems.len(), "each problem once");
}

/// Nothing that could hide or reorder what was written.
fn is_safe(text: &str, lines: bool) -> bool {
    let deceives = |c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    !text.chars().any(|c| deceives(c) || c.is_control() && !(lines && matches!(c, '\n' | '\t')))
}

fn is_address(address: &MailAddress) {
    let again = MailAddress::parse(&address.text()).expect("an address is read as one");
    assert!(again == *address, "the normal form is its own normal form");
}

fn files(letter: &Letter) {
    let raw = letter.raw.bytes();
    assert!(letter.files.len() <= MAIL_PARTS_MAX && parse::file(raw, letter.files.len()).is_none());
    for (n, listed) in letter.files.iter().enumerate().take(LOOKED_AT_MAX) {
        assert_eq!(listed.index, n);
        is_file_name(&listed.name);
        let file = parse::file(raw, n).expect("a listed file is there");
        assert_eq!((&file.name, &file.media_type), (&listed.name, &listed.media_type));
        assert_eq!(file.bytes.reveal().len(), listed.bytes);
        assert!(listed.bytes <= raw.len());
    }
}

fn is_file_name(name: &str) {
    assert!(!name.is_empty() && name.chars().count() <= FILE_NAME_CHARS_MAX && is_safe(name, false));
    assert!(!name.contains(['/', '\\']) && !name.starts_with('.'), "names a file, and not a hidden one");
}

/// Twice read is twice the same.
fn same(one: &Letter, two: &Letter) {
    assert_eq!(one.text.reveal(), two.text.reveal());
    assert_eq!(one.subject.reveal(), two.subject.reveal());
    assert!(one.from == two.from && one.files == two.files);
    assert_eq!((&one.message_id, one.signs, &one.problems), (&two.message_id, two.signs, &two.problems));
}

/// Another server's trace on top changes nothing of what a mail says, and a redelivery is recognized.
fn brought_again(bytes: &[u8], letter: &Letter) {
    if !bytes[0].is_ascii_alphabetic() || bytes.starts_with(b"From ") {
        return;
    }
    let again = [b"Received: from a.example by b.example; Mon, 1 Jan 2024 00:00:00 +0000\r\n", bytes].concat();
    let Ok(brought) = read(&again) else { return };
    assert_eq!(brought.text.reveal(), letter.text.reveal());
    assert_eq!(brought.subject.reveal(), letter.subject.reveal());
    assert!(brought.from == letter.from && brought.files == letter.files);
    if Head::read(bytes).fields().any(|(name, _)| name.eq_ignore_ascii_case(b"Message-ID")) {
        assert_eq!(dedup_digest(&again), dedup_digest(bytes));
    }
}

fn tree(bytes: &[u8], outline: &Outline<'_>, letter: &Letter) {
    assert!(std::ptr::eq(outline.raw(), bytes));
    assert!((1..=MAIL_PARTS_MAX).contains(&outline.parts().count()));
    let root = outline.root().expect("the mail itself");
    inside(bytes, root.whole());
    let counted = branch(root, 0);
    assert_eq!(counted, outline.parts().count(), "every part hangs in the tree once");
    for part in outline.parts().take(LOOKED_AT_MAX) {
        leaf(part);
    }
    for name in FIELDS {
        let values = outline.values(name);
        values.iter().for_each(|v| is_value(v));
        assert_eq!(values, parse::header(bytes, name), "two ways to one field");
        assert_eq!(values.first().cloned(), outline.value(name));
        outline.raw_values(name).for_each(|v| inside(bytes, v));
        let people = outline.mailboxes(name);
        assert!(people.len() <= MAILBOXES_MAX);
        for person in &people {
            is_address(&person.address);
            assert!(person.name.as_ref().is_none_or(|n| is_safe(n, false) && n.len() <= VALUE_BYTES_MAX));
        }
        outline.raw_values(name).flat_map(addresses).for_each(|a| is_address(&a));
    }
    assert!(Head::read(bytes).sender() == letter.from, "the head alone names the same sender");
}

/// A part holds its body and the parts below it, which stand one behind the other; says how many there are.
fn branch(part: PartView<'_, '_>, depth: usize) -> usize {
    assert!(depth <= MAIL_DEPTH_MAX);
    inside(part.whole(), part.body());
    let mut count = 1;
    let mut free = part.whole().as_ptr();
    for child in part.children() {
        inside(part.whole(), child.whole());
        let place = child.whole().as_ptr_range();
        assert!(child.whole().is_empty() || place.start >= free, "parts do not overlap");
        free = place.end.max(free);
        count += branch(child, depth + 1);
    }
    count
}

fn inside(outer: &[u8], inner: &[u8]) {
    let (outer, place) = (outer.as_ptr_range(), inner.as_ptr_range());
    assert!(inner.is_empty() || outer.start <= place.start && place.end <= outer.end, "lies inside");
}

fn leaf(part: PartView<'_, '_>) {
    let kind = part.media_type();
    assert!(kind.contains('/') && is_safe(kind, false) && kind == kind.to_ascii_lowercase(), "{kind:?}");
    assert!(part.decoded().len() <= part.body().len(), "no transfer encoding makes a body longer");
    let text = part.text();
    assert!(text.reveal().len() <= LETTER_TEXT_BYTES_MAX && is_safe(text.reveal(), true));
    part.values("Content-Type").iter().for_each(|v| is_value(v));
}

fn is_value(value: &str) {
    assert!(is_safe(value, false) && value.len() <= VALUE_BYTES_MAX && value.trim() == value, "one bounded line");
}

/// A file of mails, and the mails of a folder that was written from these bytes.
pub fn folder(bytes: &[u8]) {
    let mails: Vec<_> = parse::mails(bytes).collect();
    assert!(!mails.is_empty());
    assert!(mails.iter().map(|m| m.len()).sum::<usize>() <= bytes.len(), "nothing is read twice");
    // Line ends of old Macs are read as ours, and a folder may begin with empty lines.
    let old_mac = !bytes.contains(&b'\n');
    let whole: Vec<u8> = bytes.iter().map(|b| if old_mac && *b == b'\r' { b'\n' } else { *b }).collect();
    let begin = whole.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(0);
    if !whole[begin..].starts_with(b"From ") {
        assert!(mails.len() == 1 && *mails[0] == *whole, "what is no folder is one mail");
    }
    for mail in mails.iter().take(LOOKED_AT_MAX) {
        let _ = read(mail);
    }
    let (one, two) = bytes.split_at(bytes.len() / 2);
    let letters = [one, two].map(|body| [b"Subject: x\nTo: y\n\n", body, b"\n"].concat());
    let written: Vec<u8> = letters.iter().flat_map(|l| in_folder(l)).collect();
    assert!(parse::mails(&written).eq(letters.iter().map(Vec::as_slice)), "a folder gives back what was put in");
}

/// A mail as it stands in a folder (mboxrd).
fn in_folder(mail: &[u8]) -> Vec<u8> {
    let mut out = b"From a@b.example Mon Jan  1 00:00:00 2024\n".to_vec();
    for line in mail.split_inclusive(|b| *b == b'\n') {
        let marks = line.iter().take_while(|b| **b == b'>').count();
        if line[marks..].starts_with(b"From ") {
            out.push(b'>');
        }
        out.extend_from_slice(line);
    }
    out
}

const CHARSETS: [&str; 12] = [
    "utf-8",
    "us-ascii",
    "iso-8859-1",
    "windows-1252",
    "iso-2022-jp",
    "utf-16",
    "utf-7",
    "gb18030",
    "big5",
    "koi8-r",
    "shift_jis",
    "unheard-of",
];
const KINDS: [&str; 3] = ["text/plain", "text/html", "text/plain; format=flowed; delsp=yes"];

/// The bytes as a body under a transfer encoding and a charset.
pub fn encoded(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let (kind, charset) = (choices.of(&KINDS), choices.of(&CHARSETS));
    let encoding = choices.of(&["base64", "quoted-printable", "8bit", "x-uuencode"]);
    let body = choices.rest();
    mail(&under(kind, charset, encoding, body));
    for (encoding, coded) in [("base64", base64_lines(body)), ("quoted-printable", quoted_printable(body))] {
        let made = under(kind, charset, encoding, &coded);
        let outline = Outline::read(&made).expect("a mail of two lines");
        assert!(*outline.root().expect("itself").decoded() == *body, "{encoding} gives back what went in");
    }
    let made = under("text/plain", "utf-8", "base64", &base64_lines(body));
    let words = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    if body.len() > LETTER_TEXT_BYTES_MAX {
        return;
    }
    if let (Ok(text), Ok(letter)) = (std::str::from_utf8(body), read(&made)) {
        assert_eq!(words(letter.text.reveal()), words(text), "no word is lost");
    }
}

fn under(kind: &str, charset: &str, encoding: &str, body: &[u8]) -> Vec<u8> {
    let separator = if kind.contains(';') { "; charset=" } else { ";\r\n charset=" };
    let head = format!(
        "Content-Type: {kind}{separator}{charset}\r\nContent-Transfer-Encoding: {encoding}\r\nSubject: x\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn base64_lines(body: &[u8]) -> Vec<u8> {
    let lines: Vec<String> = body.chunks(57).map(|line| BASE64_STANDARD.encode(line) + "\r\n").collect();
    lines.concat().into_bytes()
}

/// Every byte in its coded form, each line with a soft end.
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let line = |line: &[u8]| line.iter().map(|b| format!("={b:02X}")).collect::<String>() + "=\r\n";
    body.chunks(24).map(line).collect::<String>().into_bytes()
}

/// The bytes as a file that somebody adds to a letter.
pub fn upload(bytes: &[u8]) {
    let Ok(clean) = clean_upload("../Foto Ibu.exe", bytes.to_vec()) else { return };
    let content = clean.bytes.reveal();
    is_file_name(&clean.name);
    assert!(!clean.name.ends_with(".exe"), "the ending fits what it is");
    assert!(!content.is_empty() && content.len() <= bytes.len().min(ATTACHMENT_BYTES_MAX));
    assert_eq!(clean.cleaned, content != bytes);
    let again = clean_upload(&clean.name, content.clone()).unwrap_or_else(|why| panic!("a clean file is taken: {why}"));
    assert!(!again.cleaned && again.bytes.reveal() == content, "a clean file stays as it is");
    assert_eq!((again.name, again.media_type), (clean.name, clean.media_type));
}
