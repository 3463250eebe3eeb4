//! A source file as the tidy tests look at it: with and without comments, texts and tests.

use std::iter::Peekable;
use std::str::Chars;

use super::{files, root};

/// A source file.
pub(super) struct Source {
    /// From the root of the repository.
    pub(super) path: String,
    pub(super) text: String,
    /// The text with blanks in place of comments and of what stands in quotes; every line keeps its place.
    pub(super) code: String,
}

impl Source {
    /// The code without tests.
    pub(super) fn product(&self) -> String {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let is_test = self.path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs");
        if is_test { String::new() } else { without_tests(&self.code) }
    }
}

pub(super) fn sources(folder: &str) -> Vec<Source> {
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = code(&text);
        Source { path: path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(), text, code }
    };
    files(&root().join(folder)).into_iter().map(read).collect()
}

/// Words of code: identifiers, keywords, numbers.
pub(super) fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty())
}

/// Blanks out comments, texts and characters.
fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('/', Some('/')) => skip(&mut rest, &mut out, |_, next| next == Some('\n')),
            ('/', Some('*')) => skip(&mut rest, &mut out, |before, now| before == '*' && now == Some('/')),
            ('"', _) => quoted(&mut rest, &mut out),
            ('r', Some('"' | '#')) if !before.is_alphanumeric() && before != '_' || before == 'b' && c == 'r' => {
                raw(&mut rest, &mut out)
            }
            ('\'', _) => character(&mut rest, &mut out),
            _ => out.push(c),
        }
        before = c;
    }
    out
}

fn blank(c: char) -> char {
    if c == '\n' { '\n' } else { ' ' }
}

/// Blanks out until `ends` says so, told the last character and the next one.
fn skip(rest: &mut Peekable<Chars<'_>>, out: &mut String, ends: impl Fn(char, Option<char>) -> bool) {
    let mut last = ' ';
    while !ends(last, rest.peek().copied()) {
        let Some(c) = rest.next() else { return };
        out.push(blank(c));
        last = c;
    }
    if rest.peek() == Some(&'/') {
        rest.next();
    }
}

fn quoted(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('"');
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => {
                out.push(' ');
                if let Some(escaped) = rest.next() {
                    out.push(blank(escaped));
                }
            }
            other => out.push(blank(other)),
        }
    }
    out.push('"');
}

/// After the `r` of a raw text (or of a raw identifier, which has one `#` and no quote).
fn raw(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let mut hashes = 0;
    while rest.next_if_eq(&'#').is_some() {
        hashes += 1;
    }
    if rest.next_if_eq(&'"').is_none() {
        return;
    }
    let mut seen = None;
    for c in rest.by_ref() {
        out.push(blank(c));
        seen = match (c, seen) {
            ('"', _) => Some(0),
            ('#', Some(n)) => Some(n + 1),
            _ => None,
        };
        if seen == Some(hashes) {
            return;
        }
    }
}

/// After a `'`: a character, or a lifetime, which has no second one.
fn character(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let mut ahead = rest.clone();
    let length = match (ahead.next(), ahead.next()) {
        (Some('\\'), _) => {
            let tail = rest.clone().skip(2).position(|c| c == '\'');
            tail.map(|t| t + 3)
        }
        (Some(_), Some('\'')) => Some(2),
        _ => None,
    };
    out.push('\'');
    for _ in 0..length.unwrap_or(0) {
        rest.next();
        out.push(' ');
    }
}

/// Takes out every item under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(start) = rest.find("#[cfg(test)]") {
        let (kept, item) = rest.split_at(start);
        out.push_str(kept);
        rest = &item[end_of_item(item)..];
    }
    out.push_str(rest);
    out
}

/// Where an item ends: after its `;` or its braces.
fn end_of_item(code: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Every function with a body: its name and its lines, first to last.
pub(super) fn functions(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let begins_a_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let item = &code[at..];
        let name: String = item[3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if begins_a_word && !name.is_empty() {
            found.push((name, item[..end_of_item(item)].lines().count()));
        }
    }
    found
}

/// The modules of this crate a file names: `crate::a`, `use crate::{a, b::c}`.
pub(super) fn used_modules(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        let rest = &code[at + path.len()..];
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        match rest.strip_prefix('{') {
            Some(group) => found.extend(first_names(group)),
            None => found.extend(words(rest).next().map(str::to_owned)),
        }
    }
    found
}

/// The first name of each path of a `use` group.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut fresh) = (0usize, Vec::new(), true);
    let mut rest = group;
    while let Some(c) = rest.chars().next() {
        if c.is_alphanumeric() || c == '_' {
            let word = words(rest).next().unwrap_or_default();
            if fresh && depth == 0 {
                names.push(word.to_owned());
            }
            fresh = false;
            rest = &rest[word.len()..];
            continue;
        }
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' => fresh = true,
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    names
}

#[test]
fn code_leaves_out_what_is_not_code() {
    let text = "let a = \"TO { \\\" DO\"; // crate::x\n/* { */ let b = '{'; fn f<'a>() { r#\"}\"# } b'\\n'";
    let code = code(text);
    assert!(!code.contains("DO") && !code.contains("crate"), "{code}");
    assert_eq!((code.matches('{').count(), code.matches('}').count()), (1, 1), "{code}");
    assert_eq!(code.lines().count(), text.lines().count());
}

#[test]
fn functions_are_measured() {
    let text =
        "fn short() {}\nimpl A {\n    pub fn long(&self) {\n        if x {\n        }\n    }\n    fn none(&self);\n}\n";
    assert_eq!(functions(text), [("short".to_owned(), 1), ("long".to_owned(), 4), ("none".to_owned(), 1)]);
}

#[test]
fn tests_are_left_out() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n#[cfg(test)]\nmod more;\nfn c() {}\n";
    let names: Vec<_> = functions(&without_tests(text)).into_iter().map(|f| f.0).collect();
    assert_eq!(names, ["a", "c"]);
}

#[test]
fn uses_are_found() {
    let text =
        "use crate::{a, b::{c, d}, e as f};\nuse crate::g::h;\nfn x(y: crate::i) { $crate::j!() } pub(crate) fn k() {}";
    assert_eq!(used_modules(text), ["a", "b", "e", "g", "i", "j"]);
}
