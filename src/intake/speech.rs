//! In which language a sender likely reads what becomes of their mail.

use super::Sender;
use crate::role::Language;

/// Bytes of a mail in which its language is looked for.
const HEAD_BYTES: usize = 16 * 1024;
/// Fields in which mail programs name a language.
const FIELDS: [&[u8]; 2] = [b"content-language:", b"accept-language:"];

/// By the sender's domain: `.id` reads Indonesian, everybody else English.
pub(super) fn of_sender(sender: &Sender) -> Language {
    match sender {
        Sender::Address(address) if address.domain().ends_with(".id") => Language::Indonesian,
        _ => Language::English,
    }
}

/// By what the mail says of itself, where it does.
pub(super) fn of_mail(mail: &[u8]) -> Option<Language> {
    let head = mail.get(..HEAD_BYTES).unwrap_or(mail);
    let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).take_while(|line| !line.is_empty());
    let value = |line: &[u8]| {
        let line = line.to_ascii_lowercase();
        FIELDS.iter().find_map(|f| line.strip_prefix(*f).map(|v| v.trim_ascii().to_vec()))
    };
    let first = lines.filter_map(value).next()?;
    match first.get(..2)? {
        b"id" => Some(Language::Indonesian),
        b"en" => Some(Language::English),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::MailAddress;

    #[test]
    fn what_a_sender_likely_reads() {
        let from = |text: &str| of_sender(&Sender::Address(MailAddress::parse(text).unwrap()));
        assert_eq!(from("sari@smpn1.sch.id"), Language::Indonesian);
        assert_eq!(from("sari@gmail.com"), Language::English);
        assert_eq!(of_sender(&Sender::Null), Language::English);
        assert_eq!(of_mail(b"From: a\r\nContent-Language: id-ID\r\n\r\nx"), Some(Language::Indonesian));
        assert_eq!(of_mail(b"Accept-Language: en-US, id\r\n\r\n"), Some(Language::English));
        assert_eq!(of_mail(b"From: a\r\n\r\nContent-Language: id"), None, "that is text");
    }
}
