//! Transfer encodings, read leniently: a damaged letter is shown as far as it goes.

/// Values of the base64 alphabet; 64 and above are no digits.
const DIGITS: [u8; 256] = digits();
const PAD: u8 = 64;
const BLANK: u8 = 65;
const JUNK: u8 = 66;

const fn digits() -> [u8; 256] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [JUNK; 256];
    let mut value = 0_u8;
    while value < 64 {
        #[expect(clippy::indexing_slicing, reason = "computed by the compiler; `get_mut` is not const")]
        {
            table[ALPHABET[value as usize] as usize] = value;
        }
        value += 1;
    }
    #[expect(clippy::indexing_slicing, reason = "computed by the compiler; `get_mut` is not const")]
    {
        table[b'=' as usize] = PAD;
        table[b' ' as usize] = BLANK;
        table[b'\t' as usize] = BLANK;
        table[b'\r' as usize] = BLANK;
        table[b'\n' as usize] = BLANK;
    }
    table
}

fn digit(byte: u8) -> u8 {
    DIGITS.get(usize::from(byte)).copied().unwrap_or(JUNK)
}

/// Decodes base64 (RFC 2045 6.8): blanks are skipped; what is not of the alphabet is skipped and told by the second value.
/// Padding ends the text, unless the next line goes on in base64: some programs encode in pieces, and some lists write
/// their footer behind the end.
pub(super) fn base64(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut group, mut count, mut damaged) = (0_u32, 0_u8, false);
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        if let (0, [a, b, c, d, later @ ..]) = (count, rest) {
            let (a, b, c, d) = (digit(*a), digit(*b), digit(*c), digit(*d));
            if (a | b | c | d) < PAD {
                let [_, x, y, z] =
                    (u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d)).to_be_bytes();
                out.extend_from_slice(&[x, y, z]);
                rest = later;
                continue;
            }
        }
        rest = after;
        match digit(byte) {
            PAD => {
                end_group(&mut out, &mut group, &mut count);
                let line = after.iter().position(|b| *b == b'\n').map_or(after.len(), |at| at + 1);
                let (same, next) = after.split_at_checked(line).unwrap_or((after, b""));
                let goes_on = next.split(|b| *b == b'\n').next().is_some_and(is_base64_line);
                damaged |= same.iter().any(|b| digit(*b) < PAD || digit(*b) == JUNK)
                    || !goes_on && next.iter().any(|b| digit(*b) < PAD || digit(*b) == JUNK);
                rest = if goes_on { next } else { b"" };
            }
            BLANK => {}
            value if value < PAD => {
                group = group << 6 | u32::from(value);
                count += 1;
                if count == 4 {
                    let [_, x, y, z] = group.to_be_bytes();
                    out.extend_from_slice(&[x, y, z]);
                    (group, count) = (0, 0);
                }
            }
            _ => damaged = true,
        }
    }
    damaged |= count == 1;
    end_group(&mut out, &mut group, &mut count);
    (out, damaged)
}

fn is_base64_line(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.len().is_multiple_of(4) && !line.is_empty() && line.iter().all(|b| digit(*b) <= PAD)
}

fn end_group(out: &mut Vec<u8>, group: &mut u32, count: &mut u8) {
    let [_, x, y, _] = (*group << (6 * (4 - u32::from(*count)).min(4))).to_be_bytes();
    match *count {
        2 => out.push(x),
        3 => out.extend_from_slice(&[x, y]),
        _ => {}
    }
    (*group, *count) = (0, 0);
}

/// Decodes quoted-printable (RFC 2045 6.7); what is no escape stays as it is and is told by the second value.
pub(super) fn quoted_printable(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(bytes.len());
    let mut damaged = false;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let text = line.trim_ascii_end();
        let ends = line.ends_with(b"\n");
        let soft = text.strip_suffix(b"=");
        damaged |= unescape(soft.unwrap_or(text), &mut out);
        if soft.is_none() && ends {
            out.extend_from_slice(if line.ends_with(b"\r\n") { b"\r\n" } else { b"\n" });
        }
    }
    (out, damaged)
}

/// The Q encoding of header words (RFC 2047 4.2).
pub(super) fn q_word(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes.iter().map(|b| if *b == b'_' { b' ' } else { *b }).collect();
    let mut out = Vec::with_capacity(bytes.len());
    unescape(&spaced, &mut out);
    out
}

fn unescape(text: &[u8], out: &mut Vec<u8>) -> bool {
    let mut damaged = false;
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| *b == b'=') {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, b""));
        out.extend_from_slice(before);
        match escape {
            [_, high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(hex(*high) << 4 | hex(*low));
                rest = after;
            }
            _ => {
                damaged = true;
                out.push(b'=');
                rest = escape.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
    damaged
}

fn hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64_is_read_leniently() {
        for (text, expected, damaged) in [
            ("", "", false),
            ("c3VyYXQ=", "surat", false),
            ("c3Vy\r\nYXQ=\r\n", "surat", false),
            ("c3VyYXQ", "surat", false),
            ("c3Vy!YXQ=", "surat", true),
            ("c3VyYQ==\nc3VyYQ==\n", "surasura", false),
            ("c3VyYQ== ignored", "sura", true),
            ("c3VyYQ==\n--\nfooter of a list", "sura", true),
            ("c3VyYQ==\n\n", "sura", false),
            ("c3VyYXQh\n", "surat!", false),
            ("c", "", true),
        ] {
            assert_eq!(base64(text.as_bytes()), (expected.as_bytes().to_vec(), damaged), "{text}");
        }
    }

    #[test]
    fn quoted_printable_is_read_leniently() {
        for (text, expected, damaged) in [
            ("a=3Db=\r\nc \r\nd", "a=bc\r\nd", false),
            ("a= \nb", "ab", false),
            ("100 = 100", "100 = 100", true),
            ("=c3=A9=", "é", false),
            ("tail=20\r\n", "tail \r\n", false),
        ] {
            assert_eq!(quoted_printable(text.as_bytes()), (expected.as_bytes().to_vec(), damaged), "{text}");
        }
    }

    proptest! {
        #[test]
        fn base64_returns_what_was_encoded(bytes: Vec<u8>, wrap in 1_usize..90) {
            use ::base64::Engine as _;
            let text = ::base64::engine::general_purpose::STANDARD.encode(&bytes);
            let lines: Vec<&[u8]> = text.as_bytes().chunks(wrap).collect();
            prop_assert_eq!(base64(&lines.join(&b"\r\n"[..])), (bytes, false));
        }
    }
}
