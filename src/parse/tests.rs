//! Whole mails: written here, found elsewhere (`tests/corpus`), and damaged at random.

mod hostile;

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::limits::{LETTER_TEXT_BYTES_MAX, MAIL_BYTES_MAX, MAIL_PARTS_MAX, SUBJECT_CHARS_MAX};

fn letter(mail: &str) -> Letter {
    let raw = RawLetter::new(mail.replace('\n', "\r\n").into_bytes());
    read(raw).unwrap_or_else(|(_, reason)| panic!("{reason}: {mail}"))
}

fn refused(mail: Vec<u8>) -> Unreadable {
    let copy = mail.clone();
    let Err((raw, reason)) = read(RawLetter::new(mail)) else { panic!("was read") };
    assert!(raw.bytes() == copy, "the original comes back");
    reason
}

fn corpus(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let files = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut mails: Vec<PathBuf> =
        files.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "eml")).collect();
    mails.sort();
    mails.into_iter().map(|p| (p.clone(), fs::read(p).unwrap())).collect()
}

/// What holds for every letter, whatever it was made of.
fn check_letter(letter: &Letter) {
    let (subject, text) = (letter.subject.reveal(), letter.text.reveal());
    assert!(subject.chars().count() <= SUBJECT_CHARS_MAX && !subject.chars().any(char::is_control));
    assert!(text.len() <= LETTER_TEXT_BYTES_MAX);
    assert!(
        !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
    );
    assert!(letter.files.len() <= MAIL_PARTS_MAX);
    for (nth, info) in letter.files.iter().enumerate() {
        let file = file(letter.raw.bytes(), nth).unwrap_or_else(|| panic!("file {nth} is listed and missing"));
        assert_eq!((info.index, info.bytes), (nth, file.bytes.reveal().len()));
        assert!(info.name == file.name && info.media_type == file.media_type && !file.name.is_empty());
    }
    assert!(file(letter.raw.bytes(), letter.files.len()).is_none());
    assert_eq!(letter.signs.empty, text.is_empty() && letter.files.is_empty());
}

fn names(letter: &Letter) -> Vec<&str> {
    letter.files.iter().map(|f| f.name.as_str()).collect()
}

#[test]
fn a_letter_with_a_file_is_read() {
    let got = letter(
        "From: Sari <sari@example.org>\nSubject: =?utf-8?q?Kabar_dari_rumah?=\nMessage-ID: <1@example.org>\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\nHalo,\nini saya.\n--a\nContent-Type: text/html\n\n<p>Halo,<p>ini saya.\n--a--\n--b\nContent-Type: image/jpeg; name=../foto.jpg\nContent-Transfer-Encoding: base64\n\nZm90bw==\n--b--\n",
    );
    check_letter(&got);
    assert_eq!(got.from.as_ref().map(|f| f.text()).as_deref(), Some("sari@example.org"));
    assert_eq!(got.subject.reveal(), "Kabar dari rumah");
    assert_eq!(got.text.reveal(), "Halo,\nini saya.");
    assert_eq!(got.message_id.as_deref(), Some("1@example.org"));
    assert_eq!(names(&got), ["foto.jpg"]);
    assert_eq!(file(got.raw.bytes(), 0).unwrap().bytes.reveal(), b"foto");
    assert_eq!(got.signs, Signs::default());
    assert!(got.problems.is_empty());
}

#[test]
fn the_corpus_reads_as_expected() {
    let expected: [(&str, &str, &str, &[&str]); 31] = [
        ("letters/8bitmime", "2 RCPT MIME", "Превел\n\n123", &[]),
        ("letters/body_ks_c_5601-1987", "This is a test", "고맙습니다.", &[]),
        (
            "letters/german-qp",
            "Testnachricht",
            "das ist eine Testnachricht mit 8 Bit Sönderzäichen, und obendrein noch \nquoted-printable",
            &[],
        ),
        ("letters/gmail-iso8859-2", "Nikad više", "Na štriku se suši šosić.\n\n-- \nšosić", &[]),
        (
            "letters/japanese",
            "日本語メールテスト (testing Japanese emails)",
            "日本語が\n正常に\n送れているか\nテスト.",
            &[],
        ),
        (
            "letters/outlook_web_access_2010_html_only",
            "Upgrade Redmine to 3.0.x",
            "A mess.\n\n--Geoff Maciolek\nMYCOMPANYNAME, LLC",
            &[],
        ),
        ("letters/quoted_printable_utf8", "issue 14675", "Freundliche Grüsse", &[]),
        ("letters/ticket_by_unknown_user", "Ticket by unknown user", "submitted by an unknown user.", &[]),
        ("letters/urlize-encoding", "Message à urlizer", "non-ASCII chracters", &["ございます.pdf"]),
        ("letters/utf8", "Testing for Eléanor", "This is a test message for Eléanor", &[]),
        (
            "mime/flowed-delsp",
            "Test of text body with format=flowed; delsp=yes",
            "a few months ago, but now there isa \"You do not",
            &[],
        ),
        ("mime/gmail_with_attachment_ja", "test", "test", &["テスト.txt"]),
        ("mime/mime-alternative", "Multipart Mixed", "Section one", &[]),
        ("mime/mime-mixed-related", "Multipart Mixed", "html1\nhtml2", &[]),
        ("mime/multipart-digest", "", "", &["file-1"]),
        (
            "mime/multiple_text_parts",
            "Test with multiple text parts",
            "The first text part.\nThe second text part.\nThe third one.",
            &["1st.pdf", "2nd.pdf", "textfile.txt"],
        ),
        ("mime/psgi_attach", "hi", "abcdef=g\n==blah", &["bayce-sixty-four", "noop.txt", "dotfile"]),
        ("mime/torture-part", "Multi-media mail demonstration", "mail with encapsulated messages.", &["file-1"]),
        (
            "mime/urlize-simple-mutiple-attachments",
            "Nested message 1",
            "A Simple text part",
            &["attachment.pdf", "text.txt", "image.png"],
        ),
        ("malformed/broken-utf8", "Broken UTF8 byte in quoted printable", "¡This works!\n\u{FFFD}This doesn't!", &[]),
        ("malformed/double-boundary", "Ambiguous boundary", "", &["file-1"]),
        ("malformed/dovecot-003", "", "body", &[]),
        ("malformed/dovecot-009", "", "1\n22\n333", &[]),
        ("malformed/dovecot-018", "", "Best\nEnviado desde mi BlackBerry® de Vodafone", &[]),
        ("malformed/dovecot-022", "broken rfc822 attachment", "hello", &["broken.eml"]),
        ("malformed/enclosed", "Wow", "Hello", &["thanks.eml"]),
        ("malformed/malformed-base64-attach", "Attachment", "A text section", &["some.doc"]),
        ("malformed/malformed-header-CTE-2", "malformed Content-Transfer-Encoding v2", "invalid header value", &[]),
        ("malformed/missing-boundaries", "", "Hi This is a broken message", &[]),
        (
            "malformed/multi-2evil",
            "Two images for you...",
            "produce two GIF files",
            &[
                "because_ofpath3d-compress.gif",
                "3d-eye-is-an-evil-filename because of excessive length and verbosity. Unfortunately what can we do given an idiotic situ",
            ],
        ),
        (
            "malformed/unknown-charset",
            "[Mailman-cabal] Fwd: xana:x: - V1AgR@ \\ Vali+u+m + V|cod|^n :S:oma + :Pntermin: wbpjkmtzlffi",
            "We believe ordering medication",
            &[],
        ),
    ];
    let mut expected = expected.into_iter().map(|e| (e.0.to_owned(), e)).collect::<std::collections::BTreeMap<_, _>>();
    for folder in ["letters", "mime", "malformed"] {
        for (path, mail) in corpus(folder) {
            let name = format!("{folder}/{}", path.file_stem().unwrap().to_str().unwrap());
            let (_, subject, text, files) = expected.remove(&name).unwrap_or_else(|| panic!("{name}: no expectation"));
            for mail in [mail.clone(), crlf(&mail)] {
                let got = read(RawLetter::new(mail)).unwrap_or_else(|(_, reason)| panic!("{name}: {reason}"));
                check_letter(&got);
                assert_eq!(got.subject.reveal(), subject, "{name}");
                assert!(
                    got.text.reveal().contains(text) && (!text.is_empty() || got.text.reveal().is_empty()),
                    "{name}: {}",
                    got.text.reveal()
                );
                assert_eq!(names(&got), files, "{name}");
                assert!(folder != "letters" || got.from.is_some() && !got.text.reveal().is_empty(), "{name}");
            }
        }
    }
    assert!(expected.is_empty(), "no mail for {:?}", expected.keys());
}

/// The mail as a mail server would hand it over.
fn crlf(mail: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = mail.split(|b| *b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l)).collect();
    lines.join(&b"\r\n"[..])
}

#[test]
fn signs_are_seen() {
    let signs = |head: &str| letter(&format!("From: a@example.org\n{head}\n\ntext")).signs;
    for (head, auto_submitted, report, list, encrypted) in [
        ("Auto-Submitted: auto-replied", true, false, false, false),
        ("Auto-Submitted: no", false, false, false, false),
        ("Auto-Submitted: No; x=y", false, false, false, false),
        ("X-Autoreply: yes", true, false, false, false),
        ("Precedence: auto_reply", true, false, false, false),
        ("Precedence: bulk", false, false, true, false),
        ("List-Id: <a.example.org>", false, false, true, false),
        ("Content-Type: multipart/report; boundary=x", false, true, false, false),
        ("X-Failed-Recipients: b@example.org", false, true, false, false),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data", false, false, false, true),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data", false, false, false, false),
        ("Content-Type: multipart/encrypted; boundary=x", false, false, false, false),
        (
            "Content-Type: multipart/encrypted; boundary=x\n\n--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1",
            false,
            false,
            false,
            true,
        ),
        ("Subject: x\n\nhello\n-----BEGIN PGP MESSAGE-----\n", false, false, false, true),
    ] {
        let got = signs(head);
        // A multipart without its parts is shown as text and is nothing else.
        if head.ends_with("boundary=x") {
            assert_eq!(got.encrypted, encrypted, "{head}");
            continue;
        }
        assert_eq!(got, Signs { auto_submitted, report, list, encrypted, empty: false }, "{head}");
    }
    assert!(letter("From: a@example.org\n\n \n").signs.empty);
}

#[test]
fn oddities_are_noted_and_survived() {
    for (mail, problem) in [
        ("From: a@example.org\n\na\0b", Problem::NulBytes),
        ("Subject: x\n\ntext", Problem::FromMissing),
        ("From: a@example.org\nFrom: b@example.org\n\ntext", Problem::FromAmbiguous),
        ("From: nobody\n\ntext", Problem::FromUnreadable),
        ("From: a@example.org\nSubject: 1\nSubject: 2\n\ntext", Problem::SubjectAmbiguous),
        ("From: a@example.org\nno header\nSubject: 2\n\ntext", Problem::HeadersMalformed),
        ("Content-Type: multipart/mixed\n\ntext", Problem::BoundaryMissing),
        ("Content-Type: multipart/mixed; boundary=x\n\n--x\n\ntext", Problem::BoundaryUnclosed),
        ("Content-Transfer-Encoding: x-uue\n\ntext", Problem::EncodingUnknown),
        ("Content-Transfer-Encoding: base64\n\ndGV4dA==\n%%%\n", Problem::EncodingDamaged),
        ("Content-Type: text/plain; charset=x-none\n\ntext", Problem::CharsetUnknown),
    ] {
        let got = letter(mail);
        check_letter(&got);
        assert!(got.problems.contains(&problem), "{mail:?}: {:?}", got.problems);
        assert!(
            got.text.reveal().contains("text") || problem == Problem::NulBytes && got.text.reveal() == "ab",
            "{mail:?}"
        );
    }
    let long = format!("From: a@example.org\nSubject: {}\n\n{}", "é ".repeat(300), "é".repeat(200_000));
    let got = letter(&long);
    check_letter(&got);
    assert!(got.problems.contains(&Problem::SubjectCut) && got.problems.contains(&Problem::TextCut));
    assert_eq!(got.raw.bytes().len(), long.len() + 3, "the original keeps everything");
}

#[test]
fn a_header_is_read_for_other_steps() {
    let mail = b"To: =?utf-8?q?Meja?= <x@example.org>\r\nReferences: <a@b>\r\n\t<c@d>\r\nto: second\r\n\r\nTo: no";
    assert_eq!(header(mail, "to"), ["Meja <x@example.org>", "second"]);
    assert_eq!(header(mail, "References"), ["<a@b> <c@d>"]);
    assert!(header(mail, "Cc").is_empty());
}
