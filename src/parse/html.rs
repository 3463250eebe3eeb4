//! HTML to readable plain text: one pass, bounded, nothing is fetched or run.

use super::entities;
use super::text::one_line;

/// Deepest list or quotation that still moves the margin.
const NESTING_MAX: usize = 8;
/// Longest address written behind a link, in characters.
const LINK_CHARS_MAX: usize = 2_000;

/// Converts a page; stops when the text has reached `limit` bytes and says by `false` that something was left out.
pub(super) fn to_text(html: &str, limit: usize) -> (String, bool) {
    let mut page = Page { out: Out { limit, ..Out::default() }, lists: Vec::new(), link: None, pre: 0 };
    let mut rest = html;
    while !rest.is_empty() && !page.out.full {
        let markup = rest.find('<').unwrap_or(rest.len());
        let (text, tag) = rest.split_at_checked(markup).unwrap_or((rest, ""));
        page.text(text);
        rest = page.markup(tag);
    }
    page.end_link();
    let whole = !page.out.full;
    (page.out.text, whole)
}

struct Page {
    out: Out,
    lists: Vec<Option<u32>>,
    /// Address of the open link and where its text begins.
    link: Option<(String, usize)>,
    pre: usize,
}

impl Page {
    /// A stretch without tags: entities decoded, blanks joined unless preformatted.
    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if c == '&'
                && let Some((decoded, after)) = entities::decode(rest)
            {
                decoded.chars().for_each(|c| self.out.put(c));
                rest = after;
                continue;
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            match c {
                '\n' if self.pre > 0 => self.out.line(),
                '\r' if self.pre > 0 => {}
                ' ' | '\t' if self.pre > 0 => self.out.put(' '),
                ' ' | '\t' | '\n' | '\r' | '\u{c}' => self.out.space = true,
                c => self.out.put(c),
            }
        }
    }

    /// What begins with `<` (or nothing); returns what follows it.
    fn markup<'h>(&mut self, html: &'h str) -> &'h str {
        let Some(inner) = html.strip_prefix('<') else {
            return html;
        };
        if let Some(comment) = inner.strip_prefix("!--") {
            return comment.find("-->").and_then(|end| comment.get(end + 3..)).unwrap_or_default();
        }
        if inner.starts_with(['!', '?']) {
            return inner.find('>').and_then(|end| inner.get(end + 1..)).unwrap_or_default();
        }
        let closing = inner.starts_with('/');
        let body = inner.strip_prefix('/').unwrap_or(inner);
        if !body.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.out.put('<');
            return inner;
        }
        let (tag, after) = split_tag(body);
        let name_end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at_checked(name_end).unwrap_or((tag, ""));
        let name = name.to_ascii_lowercase();
        if closing {
            self.close(&name);
            return after;
        }
        if matches!(
            name.as_str(),
            "script" | "style" | "title" | "template" | "textarea" | "iframe" | "noembed" | "xmp"
        ) {
            return skip_to_end(after, &name);
        }
        self.open(&name, attributes);
        after
    }

    fn open(&mut self, name: &str, attributes: &str) {
        match name {
            "br" => self.out.line(),
            "hr" => {
                self.out.block(1);
                "----".chars().for_each(|c| self.out.put(c));
                self.out.block(1);
            }
            "ul" | "ol" => {
                self.out.block(if self.lists.is_empty() { 2 } else { 1 });
                if self.lists.len() < 100 {
                    self.lists.push((name == "ol").then_some(0));
                }
            }
            "li" => self.item(),
            "td" | "th" => self.out.space = true,
            "blockquote" => {
                self.out.block(2);
                self.out.quote += 1;
            }
            "pre" => {
                self.out.block(2);
                self.pre += 1;
            }
            "a" => {
                self.end_link();
                self.link = attribute(attributes, "href").map(|href| (href, self.out.text.len()));
            }
            "img" => {
                if let Some(alt) = attribute(attributes, "alt").filter(|alt| !alt.is_empty()) {
                    format!("[{alt}]").chars().for_each(|c| self.out.put(c));
                }
            }
            _ => self.out.block(breaks(name)),
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "ul" | "ol" => {
                self.lists.pop();
                self.out.block(if self.lists.is_empty() { 2 } else { 1 });
            }
            "blockquote" => {
                self.out.block(2);
                self.out.quote = self.out.quote.saturating_sub(1);
            }
            "pre" => {
                self.pre = self.pre.saturating_sub(1);
                self.out.block(2);
            }
            "li" => self.out.block(1),
            "a" => self.end_link(),
            "br" => self.out.line(),
            _ => self.out.block(breaks(name)),
        }
    }

    fn item(&mut self) {
        self.out.block(1);
        for _ in 1..self.lists.len().min(NESTING_MAX) {
            "  ".chars().for_each(|c| self.out.put(c));
        }
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number = number.saturating_add(1);
                format!("{number}. ")
            }
            _ => String::from("- "),
        };
        mark.chars().for_each(|c| self.out.put(c));
    }

    /// Writes the address behind the text of a link, unless the text already is the address.
    fn end_link(&mut self) {
        let Some((href, start)) = self.link.take() else { return };
        let lower = href.get(..8.min(href.len())).unwrap_or_default().to_ascii_lowercase();
        if !["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| lower.starts_with(scheme)) {
            return;
        }
        let shown = self.out.text.get(start..).unwrap_or_default().trim();
        let bare = href.strip_prefix("mailto:").or_else(|| href.strip_prefix("tel:")).unwrap_or(&href);
        let same = [href.as_str(), bare].iter().any(|h| h.trim_end_matches('/') == shown.trim_end_matches('/'));
        if same || shown.is_empty() {
            return;
        }
        let space = self.out.space;
        format!(" ({bare})").chars().for_each(|c| self.out.put(c));
        self.out.space = space;
    }
}

/// Line breaks around an element: 2 leaves an empty line, 0 is inline.
fn breaks(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" | "dl" | "figure" | "fieldset" => 2,
        "div" | "tr" | "section" | "article" | "header" | "footer" | "main" | "nav" | "aside" | "address"
        | "center" | "form" | "dt" | "dd" | "caption" | "figcaption" | "body" | "head" | "html" | "tbody" | "thead"
        | "tfoot" | "details" | "summary" | "option" => 1,
        _ => 0,
    }
}

/// Cuts behind the `>` that ends a tag; quoted attributes may hold one.
fn split_tag(body: &str) -> (&str, &str) {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in body.char_indices() {
        match (quote, c) {
            (None, '>') => {
                return body
                    .split_at_checked(at)
                    .map_or((body, ""), |(tag, after)| (tag, after.get(1..).unwrap_or_default()));
            }
            (None, '"' | '\'') if before == '=' => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
        if !c.is_ascii_whitespace() {
            before = c;
        }
    }
    (body, "")
}

/// Skips the raw text of an element up to its end tag; without one, everything.
fn skip_to_end<'h>(html: &'h str, name: &str) -> &'h str {
    let mut rest = html;
    while let Some(at) = rest.find("</") {
        rest = rest.get(at + 2..).unwrap_or_default();
        if rest.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name)) {
            return rest.find('>').and_then(|end| rest.get(end + 1..)).unwrap_or_default();
        }
    }
    ""
}

/// The value of an attribute, decoded, as one bounded line.
fn attribute(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let name_end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/')).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(name_end)?;
        if name.is_empty() && after.is_empty() {
            return None;
        }
        let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
            rest = after;
            continue;
        };
        let (value, after) = match value.chars().next() {
            Some(q @ ('"' | '\'')) => value.get(1..)?.split_once(q).unwrap_or((value, "")),
            _ => value.split_at_checked(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len()))?,
        };
        if name.eq_ignore_ascii_case(wanted) {
            let start: String = value.chars().take(LINK_CHARS_MAX).collect();
            return Some(one_line(&entities::decode_all(&start)));
        }
        rest = after;
    }
}

/// The text under construction.
#[derive(Default)]
struct Out {
    text: String,
    /// Line breaks owed before the next character.
    breaks: usize,
    /// A space owed before the next character.
    space: bool,
    quote: usize,
    limit: usize,
    full: bool,
}

impl Out {
    fn put(&mut self, c: char) {
        if self.text.len() + self.breaks + 2 * NESTING_MAX + c.len_utf8() > self.limit {
            self.full = true;
        }
        if self.full {
            return;
        }
        let first = self.text.is_empty();
        if self.breaks > 0 || first {
            for nth in 0..self.breaks {
                if first {
                    break;
                }
                if nth > 0 {
                    self.margin();
                    self.text.truncate(self.text.trim_end_matches(' ').len());
                }
                self.text.push('\n');
            }
            self.breaks = 0;
            self.space = false;
            self.margin();
        }
        if std::mem::take(&mut self.space) && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
        self.text.push(c);
    }

    fn margin(&mut self) {
        for _ in 0..self.quote.min(NESTING_MAX) {
            self.text.push_str("> ");
        }
    }

    /// One line break more, at most one empty line.
    fn line(&mut self) {
        self.breaks = (self.breaks + 1).min(3);
    }

    /// At least so many line breaks.
    fn block(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(to_text(html, 10_000).0, expected, "{html}");
    }

    #[test]
    fn blocks_become_lines() {
        check("<p>Halo,</p><p>apa   kabar?\n<br>Baik.</p>", "Halo,\n\napa kabar?\nBaik.");
        check("<div>a</div><div>b</div>", "a\nb");
        check("<h1>Title</h1>text", "Title\n\ntext");
        check("a<hr>b", "a\n----\nb");
        check("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc");
        check("a<br><br>b", "a\n\nb");
        check("<pre>a\n  b</pre>", "a\n  b");
        check("<blockquote>kutip<br>dua<p>tiga</p></blockquote>jawab", "> kutip\n> dua\n>\n> tiga\n\njawab");
        check("<ul><li>one<li>two<ol><li>in</ol></ul>end", "- one\n- two\n  1. in\n\nend");
    }

    #[test]
    fn links_show_where_they_lead() {
        check("<a href=\"https://example.org/a?b=1&amp;c\">here</a>.", "here (https://example.org/a?b=1&c).");
        check("<a href='https://example.org'>https://example.org/</a>", "https://example.org/");
        check("<a href=mailto:a@example.org>a@example.org</a> x", "a@example.org x");
        check("<a class=x href=\"javascript:alert(1)\">x</a>", "x");
        check(
            "<a href=\"http://a.example\">one<a href=\"http://b.example\">two",
            "one (http://a.example)two (http://b.example)",
        );
        check("<img src=x alt='a cat'>", "[a cat]");
    }

    #[test]
    fn what_is_not_text_is_dropped() {
        check("<style>p{}</style><script>if (a</b) x</SCRIPT >b<!-- c > d -->e<![CDATA[x]]>f", "bef");
        check("<head><title>t</title></head><body>x</body>", "x");
        check("a<script>never closed", "a");
        check("5 < 6 and a<b title=\">\">c", "5 < 6 and ac");
        check(
            "&lt;b&gt; &amp;&nbsp;&eacute;&#233;&#x41;&#128;&bogus; AT&T &#0;",
            "<b> & éé\u{41}€&bogus; AT&T \u{FFFD}",
        );
    }

    #[test]
    fn hostile_pages_end_soon() {
        for unit in [
            "<",
            "<a",
            "<a href=",
            "<!--",
            "<script>",
            "&",
            "<blockquote>",
            "<ul><li>",
            "</",
            "<a href='x'>",
            "<p \"",
            "&#",
            "<a b",
        ] {
            let (text, _) = to_text(&unit.repeat(200_000), 50_000);
            assert!(text.len() <= 50_000);
        }
    }

    proptest! {
        #[test]
        fn any_page_gives_bounded_text(html in "(<[a-z/!]{0,9}|[a-z&;# \"'=>]|.){0,80}", limit in 0_usize..200) {
            prop_assert!(to_text(&html, limit).0.len() <= limit);
        }
    }
}
