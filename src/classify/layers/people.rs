//! Names and addresses as mail programs write them above an earlier letter.

use super::lines::{address_in, is_blank};

/// Most people read from one line.
const PEOPLE_MAX: usize = 50;

/// Somebody in a header line.
#[derive(Default)]
pub(super) struct Person {
    pub(super) address: Option<String>,
    pub(super) name: Option<String>,
}

/// The first person of a value such as `Ani <a@b.c>`, `Ani [mailto:a@b.c]`, `a@b.c (Ani)` or `Ani`.
pub(super) fn person(value: &str) -> Person {
    let Some(found) = address_in(value) else {
        return Person { address: None, name: tidy(value) };
    };
    let address = value.get(found.clone()).map(str::to_owned);
    let before = value.get(..found.start).unwrap_or_default().trim_end_matches("mailto:");
    let before = before.split(['<', '[', '(']).next().unwrap_or_default();
    let name = tidy(before).or_else(|| {
        let after = value.get(found.end..).unwrap_or_default();
        let inside = after.split_once('(')?.1.split(')').next()?;
        tidy(inside).filter(|name| !name.contains('@'))
    });
    Person { name: name.filter(|n| Some(n) != address.as_ref() && !n.contains('@')), address }
}

/// The people of a list: addresses, or names where there is none.
pub(super) fn people(value: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut held = String::new();
    for part in split(value) {
        // A comma inside a name: `Doe, John <a@b.c>`.
        let joined = if held.is_empty() { part.to_owned() } else { format!("{held}, {part}") };
        let person = person(&joined);
        match person.address {
            Some(address) if !out.contains(&address) => out.push(address),
            Some(_) => {}
            None => {
                held = joined;
                continue;
            }
        }
        held.clear();
        if out.len() >= PEOPLE_MAX {
            return out;
        }
    }
    let names = held.split([',', ';']).filter_map(tidy);
    out.extend(names);
    out.truncate(PEOPLE_MAX);
    out
}

/// Splits at semicolons where there are any, else at commas; never inside quotes or brackets.
fn split(value: &str) -> Vec<&str> {
    let mark = if value.contains(';') { ';' } else { ',' };
    let mut parts = Vec::new();
    let (mut quoted, mut depth, mut from) = (false, 0_usize, 0);
    for (at, c) in value.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '<' | '[' | '(' if !quoted => depth += 1,
            '>' | ']' | ')' if !quoted => depth = depth.saturating_sub(1),
            c if c == mark && !quoted && depth == 0 => {
                parts.push(value.get(from..at).unwrap_or_default());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(value.get(from..).unwrap_or_default());
    parts.retain(|p| !p.trim().is_empty());
    parts
}

/// A name without quotes and punctuation around it.
pub(super) fn tidy(name: &str) -> Option<String> {
    let edge = |c: char| is_blank(c) || "\"'<>[](),;:*«»“”„‘’".contains(c);
    let name = name.trim_matches(edge);
    (!name.is_empty()).then(|| name.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_read_as_programs_write_them() {
        for (value, address, name) in [
            ("John Doe <john.doe@acme.com>", Some("john.doe@acme.com"), Some("John Doe")),
            ("\"Doe, John\" <j@a.example>", Some("j@a.example"), Some("Doe, John")),
            ("John Doe [mailto:j@a.example]", Some("j@a.example"), Some("John Doe")),
            (
                "J<mailto:j@a.example> <j@a.example<mailto:j@a.example>> on behalf of t@a.example",
                Some("j@a.example"),
                Some("J"),
            ),
            ("j@a.example (John Doe)", Some("j@a.example"), Some("John Doe")),
            ("j@a.example <j@a.example>", Some("j@a.example"), None),
            ("John Doe", None, Some("John Doe")),
            ("", None, None),
        ] {
            let found = person(value);
            assert_eq!((found.address.as_deref(), found.name.as_deref()), (address, name), "{value}");
        }
        assert_eq!(people("<a@b.c>, Doe, John <d@e.f>"), ["a@b.c", "d@e.f"]);
        assert_eq!(people("A <a@b.c>; B <d@e.f<mailto:d@e.f>>;"), ["a@b.c", "d@e.f"]);
        assert_eq!(people("John S. Greene; Ani"), ["John S. Greene", "Ani"]);
    }
}
