//! PGP in the text itself: an armored block, or a text signed in the clear.

const MESSAGE: (&str, &str) = ("-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----");
const SIGNED: (&str, &str) = ("-----BEGIN PGP SIGNED MESSAGE-----", "-----END PGP SIGNATURE-----");

/// A stretch of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stretch<'t> {
    /// Anything.
    Outside(&'t str),
    /// An armored message.
    Message(&'t str),
    /// A text signed in the clear.
    Signed(&'t str),
}

/// Cuts a text where blocks begin and end. Markers count only on lines of their own: a quoted block is a quotation. Blank
/// stretches are left out.
pub(super) fn cut(text: &str) -> Vec<Stretch<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((from, marks)) =
        [MESSAGE, SIGNED].iter().filter_map(|m| Some((line(rest, m.0)?.0, m))).min_by_key(|f| f.0)
    {
        let Some(end) = rest.get(from..).and_then(|block| line(block, marks.1)).map(|(_, end)| from + end) else {
            break;
        };
        let (Some(before), Some(block), Some(after)) = (rest.get(..from), rest.get(from..end), rest.get(end..)) else {
            break;
        };
        found.push(Stretch::Outside(before));
        found.push(if *marks == MESSAGE { Stretch::Message(block) } else { Stretch::Signed(block) });
        rest = after;
    }
    found.push(Stretch::Outside(rest));
    found.retain(|s| !matches!(s, Stretch::Outside(text) if text.trim().is_empty()));
    found
}

/// Where the first line that is `mark` begins and ends.
fn line(text: &str, mark: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == mark {
            return Some((at, at + line.len()));
        }
        at += line.len();
    }
    None
}

/// The charset an armored block names.
pub(super) fn charset(block: &str) -> Option<&str> {
    let heads = block.lines().skip(1).take_while(|l| !l.trim().is_empty());
    heads.filter_map(|l| l.split_once(':')).find(|(n, _)| n.eq_ignore_ascii_case("Charset")).map(|(_, v)| v.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_on_lines_of_their_own() {
        let block = "-----BEGIN PGP MESSAGE-----\nCharset: latin1\n\nabc\n-----END PGP MESSAGE-----\n";
        assert_eq!(cut(block), [Stretch::Message(block)]);
        assert_eq!(charset(block), Some("latin1"));
        let around = format!("before\n{block}after");
        assert_eq!(cut(&around), [Stretch::Outside("before\n"), Stretch::Message(block), Stretch::Outside("after")]);
        let quoted = block.replace("-----B", "> -----B").replace("-----E", "> -----E");
        assert_eq!(cut(&quoted), [Stretch::Outside(&quoted)]);
        let open = "-----BEGIN PGP MESSAGE-----\nabc";
        assert_eq!(cut(open), [Stretch::Outside(open)]);
        let signed = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -----BEGIN PGP MESSAGE-----\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----";
        assert_eq!(cut(signed), [Stretch::Signed(signed)]);
        assert!(cut(" \n").is_empty());
    }
}
