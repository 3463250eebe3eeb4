//! Mail addresses in the middle of other text.

/// Bytes of an address that are looked for to each side of the `@`.
const SIDE_BYTES_MAX: usize = 254;

/// The addresses of a text, in order, as written.
pub(super) fn all(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('@').filter_map(move |(at, _)| around(text, at))
}

/// The first address of a text.
pub(super) fn first(text: &str) -> Option<&str> {
    all(text).next()
}

fn around(text: &str, at: usize) -> Option<&str> {
    let left = text.get(..at)?;
    let right = text.get(at + 1..)?;
    let local = left.chars().rev().take(SIDE_BYTES_MAX).take_while(|c| is_local(*c)).map(char::len_utf8).sum::<usize>();
    let domain = right.chars().take(SIDE_BYTES_MAX).take_while(|c| is_domain(*c)).map(char::len_utf8).sum::<usize>();
    let local = text.get(at - local..at)?.trim_start_matches(['\'', '.', '/', '=', '*']);
    let domain = right.get(..domain)?.trim_end_matches(['.', '-', '_']);
    let fits = !local.is_empty() && !domain.is_empty() && !domain.starts_with('.');
    if fits { text.get(at - local.len()..at + 1 + domain.len()) } else { None }
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || ".-_#".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_cut_out() {
        let found: Vec<_> = all("<a.b+c@x.example>: to 'd@y.example'. (e@z.example), @no, no@ \"f@w\"").collect();
        assert_eq!(found, ["a.b+c@x.example", "d@y.example", "e@z.example", "f@w"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC*") {
            for found in all(&text) {
                prop_assert!(text.contains(found) && found.contains('@'));
            }
        }
    }
}
