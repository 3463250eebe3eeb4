//! License expressions (SPDX): `MIT OR (Apache-2.0 AND ISC)`.

use std::collections::BTreeSet;

/// The licenses under which we may use a package, when those allowed suffice.
pub(super) fn chosen(expression: &str, allowed: &BTreeSet<&str>) -> Option<Vec<String>> {
    // Old packages write a slash for "or".
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let outcome = either(&mut rest, allowed);
    assert!(rest.is_empty(), "not a license expression: {expression}");
    outcome
}

type Tokens<'a, 'b> = &'a mut &'b [&'b str];

fn next_is(rest: Tokens<'_, '_>, word: &str) -> bool {
    let is = rest.first() == Some(&word);
    if is {
        *rest = &rest[1..];
    }
    is
}

/// The first choice that is allowed; of two, the one written first.
fn either(rest: Tokens<'_, '_>, allowed: &BTreeSet<&str>) -> Option<Vec<String>> {
    let mut choice = both(rest, allowed);
    while next_is(rest, "OR") {
        let other = both(rest, allowed);
        choice = choice.or(other);
    }
    choice
}

fn both(rest: Tokens<'_, '_>, allowed: &BTreeSet<&str>) -> Option<Vec<String>> {
    let mut all = one(rest, allowed);
    while next_is(rest, "AND") {
        let more = one(rest, allowed);
        all = all.zip(more).map(|(mut all, more)| {
            all.extend(more);
            all
        });
    }
    all
}

fn one(rest: Tokens<'_, '_>, allowed: &BTreeSet<&str>) -> Option<Vec<String>> {
    if next_is(rest, "(") {
        let inner = either(rest, allowed);
        assert!(next_is(rest, ")"), "a bracket is not closed");
        return inner;
    }
    let (name, after) = rest.split_first().expect("a license is missing");
    let mut name = (*name).to_owned();
    *rest = after;
    if next_is(rest, "WITH") {
        let (exception, after) = rest.split_first().expect("an exception is missing");
        name = format!("{name} WITH {exception}");
        *rest = after;
    }
    allowed.contains(name.as_str()).then(|| vec![name])
}

#[test]
fn expressions_are_understood() {
    let allowed = BTreeSet::from(["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]);
    let may = |expression| chosen(expression, &allowed).map(|c| c.join("+"));
    assert_eq!(may("MIT").as_deref(), Some("MIT"));
    assert_eq!(may("Apache-2.0/MIT").as_deref(), Some("MIT"));
    assert_eq!(may("GPL-2.0-only OR ISC AND MIT").as_deref(), Some("ISC+MIT"));
    assert_eq!(may("(GPL-2.0-only OR ISC) AND MIT").as_deref(), Some("ISC+MIT"));
    assert_eq!(may("Apache-2.0 WITH LLVM-exception").as_deref(), Some("Apache-2.0 WITH LLVM-exception"));
    assert_eq!(may("Apache-2.0"), None);
    assert_eq!(may("MIT AND Apache-2.0"), None);
}
