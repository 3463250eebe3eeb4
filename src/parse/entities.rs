//! HTML character references: numbers, and the names people's mail programs use.

use super::charset;

/// Latin-1 from U+00A0 on, in the order of their code points.
const LATIN: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo", "not", "shy",
    "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot", "cedil", "sup1", "ordm",
    "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig",
    "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve",
    "Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN",
    "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc",
    "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml",
    "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];

const OTHERS: [(&str, char); 41] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("hellip", '…'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("bull", '•'),
    ("euro", '€'),
    ("trade", '™'),
    ("dagger", '†'),
    ("permil", '‰'),
    ("larr", '←'),
    ("uarr", '↑'),
    ("rarr", '→'),
    ("darr", '↓'),
    ("hearts", '♥'),
    ("check", '✓'),
    ("minus", '−'),
    ("ne", '≠'),
    ("le", '≤'),
    ("ge", '≥'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Yuml", 'Ÿ'),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("zwj", '\u{200D}'),
    ("zwnj", '\u{200C}'),
];

/// Decodes the reference at the beginning of `text` (an `&`) and returns what follows it.
pub(super) fn decode(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('&')?;
    let end =
        inner.bytes().take(12).position(|b| !b.is_ascii_alphanumeric() && b != b'#').unwrap_or(inner.len().min(12));
    let (name, after) = inner.split_at_checked(end)?;
    let c = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => named(name)?,
    };
    Some((c.to_string(), after.strip_prefix(';').unwrap_or(after)))
}

/// Decodes every reference of a short text.
pub(super) fn decode_all(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, _)) = rest.split_once('&') {
        out.push_str(before);
        let reference = rest.get(before.len()..).unwrap_or_default();
        if let Some((decoded, after)) = decode(reference) {
            out.push_str(&decoded);
            rest = after;
        } else {
            out.push('&');
            rest = reference.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

fn named(name: &str) -> Option<char> {
    if let Some((_, c)) = OTHERS.iter().find(|(n, _)| *n == name) {
        return Some(*c);
    }
    let at = LATIN.iter().position(|n| *n == name)?;
    match u32::try_from(at).ok()? + 0xA0 {
        0xA0 => Some(' '),
        code => char::from_u32(code),
    }
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16),
        None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse(),
        _ => return None,
    };
    match code.ok()? {
        0 => Some(char::REPLACEMENT_CHARACTER),
        0xA0 => Some(' '),
        // Written by programs that meant windows-1252.
        code @ 0x80..=0x9F => charset::guess(&[u8::try_from(code).ok()?]).chars().next(),
        code => Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_by_example() {
        for (text, expected) in [
            ("&amp;x", Some(("&", "x"))),
            ("&eacute", Some(("é", ""))),
            ("&yuml;", Some(("ÿ", ""))),
            ("&#8211;", Some(("–", ""))),
            ("&#xD800;", Some(("\u{FFFD}", ""))),
            ("&T x", None),
            ("&#", None),
            ("&#99999999999", None),
        ] {
            assert_eq!(decode(text).as_ref().map(|(d, a)| (d.as_str(), *a)), expected, "{text}");
        }
        assert_eq!(decode_all("a&lt;b & c&"), "a<b & c&");
    }
}
