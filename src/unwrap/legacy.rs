//! Copies of hidden header fields at the top of a text, made for programs that do not know them (Legacy Display Elements,
//! RFC 9788, 4.5.3). We show the fields themselves, so the copies go.
//!
//! Only where the root of what was encrypted says that it hides fields, and only in texts that say they bear a copy.

use zeroize::Zeroizing;

use super::head;
use crate::mime;
use crate::parse::{Outline, PartView};

/// Texts of one mail that are looked at.
const TEXTS_MAX: usize = 16;
/// The class of the element in a web page.
const CLASS: &str = "header-protection-legacy-display";

/// What was encrypted, without the copies; `None` when there are none.
pub(super) fn without(payload: &Outline<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let root = payload.root().filter(|root| head::param(*root, "hp").as_deref() == Some("cipher"))?;
    let mut texts = Vec::new();
    find(root, &mut texts);
    let raw = payload.raw();
    let mut out = Zeroizing::new(Vec::with_capacity(raw.len() * 3 / 2));
    let mut done = 0;
    for text in texts {
        let from = text.whole().as_ptr().addr().checked_sub(raw.as_ptr().addr())?;
        let Some(bare) = stripped(text) else { continue };
        out.extend_from_slice(raw.get(done..from)?);
        let fields = head::fields(text.whole(), |n| !n.eq_ignore_ascii_case("Content-Transfer-Encoding"));
        out.extend_from_slice(&Zeroizing::new(fields));
        mime::encode(&mut out, &bare);
        done = from.checked_add(text.whole().len())?;
    }
    if done == 0 {
        return None;
    }
    out.extend_from_slice(raw.get(done..)?);
    Some(out)
}

/// The texts that say so, in the order they stand; not those of a mail within the mail.
fn find<'m, 'a>(part: PartView<'m, 'a>, texts: &mut Vec<PartView<'m, 'a>>) {
    if part.media_type().starts_with("multipart/") {
        part.children().for_each(|child| find(child, texts));
    } else if matches!(part.media_type(), "text/plain" | "text/html")
        && !part.is_attachment()
        && head::param(part, "hp-legacy-display").as_deref() == Some("1")
        && texts.len() < TEXTS_MAX
    {
        texts.push(part);
    }
}

fn stripped(part: PartView<'_, '_>) -> Option<Zeroizing<Vec<u8>>> {
    // In charsets of wide characters a line does not end with one byte.
    let is_wide = head::param(part, "charset").is_some_and(|c| c.starts_with("utf-16") || c.starts_with("utf-32"));
    let whole = part.decoded();
    let rest = if part.media_type() == "text/html" { below_element(&whole) } else { below_blank(&whole) };
    let rest = rest.filter(|_| !is_wide)?;
    Some(Zeroizing::new(rest.concat()))
}

/// A text without its first lines, up to the first empty one.
fn below_blank(text: &[u8]) -> Option<[&[u8]; 2]> {
    let mut at = 0;
    for line in text.split_inclusive(|b| *b == b'\n') {
        at += line.len();
        if line == b"\n" || line == b"\r\n" {
            return Some([&[], text.get(at..)?]);
        }
    }
    None
}

/// A web page without the element, if that comes first in the body.
fn below_element(page: &[u8]) -> Option<[&[u8]; 2]> {
    let small = Zeroizing::new(page.to_ascii_lowercase());
    let find =
        |what: &[u8], from: usize| small.get(from..)?.windows(what.len()).position(|w| w == what).map(|at| from + at);
    let body = find(b"<body", 0).and_then(|at| find(b">", at)).map_or(0, |at| at + 1);
    let blanks = small.get(body..)?.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let from = body + blanks;
    let head_end = find(b">", from)?;
    let head = std::str::from_utf8(small.get(from..head_end)?).ok()?;
    let has_class = head.split(|c: char| c.is_whitespace() || "\"'=".contains(c)).any(|word| word == CLASS);
    if !head.starts_with("<div") || !has_class {
        return None;
    }
    let (mut at, mut open) = (head_end, 1);
    while open > 0 {
        at = find(b"<", at + 1)?;
        match small.get(at..)? {
            tag if tag.starts_with(b"</div") => open -= 1,
            tag if tag.starts_with(b"<div") => open += 1,
            _ => {}
        }
    }
    let end = find(b">", at)? + 1;
    Some([page.get(..from)?, page.get(end..)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Option<String> {
        below_element(text.as_bytes()).map(|rest| String::from_utf8(rest.concat()).unwrap())
    }

    #[test]
    fn the_element_of_a_web_page_goes_only_where_it_comes_first() {
        let copy = "<div class=\"header-protection-legacy-display\"><pre>Subject: x</pre><div></div></div >";
        assert_eq!(page(&format!("<html><body>\n{copy}<p>a</p>")).unwrap(), "<html><body>\n<p>a</p>");
        assert_eq!(page(&format!("{}a", copy.to_uppercase())).unwrap(), "a");
        assert_eq!(page(&format!("<body><p>a</p>{copy}")), None);
        assert_eq!(page("<body><div class=\"x\">a</div>"), None);
        let deep = format!("<div class={CLASS}>{}{}end", "<div>".repeat(200_000), "</div>".repeat(200_001));
        assert_eq!(page(&deep).unwrap(), "end", "and soon");
        assert_eq!(page("<body><div class=\"header-protection-legacy-display\">a"), None, "without an end");
    }

    #[test]
    fn only_marked_texts_under_a_root_that_hides_fields_lose_lines() {
        let mail = |root: &str, part: &str| {
            let raw = format!(
                "Content-Type: multipart/alternative; boundary=b{root}\r\nSubject: Asli\r\n\r\n--b\r\n\
                 Content-Type: text/plain{part}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
                 Subject: Asli =E2=98=82\r\n\r\nHalo =E2=98=82\r\n--b\r\nContent-Type: text/html{part}\r\n\r\n\
                 <body><div class=\"header-protection-legacy-display\">Subject: Asli</div>Hai\r\n--b--\r\n"
            );
            let bare = without(&Outline::read(raw.as_bytes()).ok().unwrap())?;
            let outline = Outline::read(&bare).ok().unwrap();
            assert_eq!(outline.value("Subject").unwrap(), "Asli");
            Some(outline.parts().skip(1).map(|p| p.text().reveal().trim().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(mail("; hp=\"cipher\"", "; hp-legacy-display=\"1\"").unwrap(), ["Halo ☂", "Hai"]);
        assert_eq!(mail("; hp=\"cipher\"", "; hp-legacy-display=0"), None);
        assert_eq!(mail("; hp=\"clear\"", "; hp-legacy-display=1"), None);
        assert_eq!(mail("", "; hp-legacy-display=1"), None);
    }

    #[test]
    fn a_single_text_without_an_empty_line_stays() {
        let check = |body: &str, expected: Option<&str>| {
            let head = "Content-Type: text/plain; hp=\"cipher\"; hp-legacy-display=\"1\"\r\nSubject: x\r\n\r\n";
            let raw = format!("{head}{body}");
            let bare = without(&Outline::read(raw.as_bytes()).ok().unwrap());
            let text = bare.map(|b| Outline::read(&b).ok().unwrap().root().unwrap().text().reveal().trim().to_owned());
            assert_eq!(text.as_deref(), expected, "{body:?}");
        };
        check("Subject: x\r\nTo: y\r\n\r\nHalo\r\n\r\nlagi", Some("Halo\n\nlagi"));
        check("Subject: x\r\nHalo", None);
    }
}
