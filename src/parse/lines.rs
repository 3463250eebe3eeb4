//! Lines of a mail, found without looking at more bytes than there are.

use std::ops::Range;

pub(super) fn slice<'r>(raw: &'r [u8], range: &Range<usize>) -> &'r [u8] {
    raw.get(range.clone()).unwrap_or_default()
}

/// A line without its end.
pub(super) fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Where the line that begins at `pos` ends, its line break included.
pub(super) fn next_line(raw: &[u8], pos: usize) -> Option<usize> {
    let rest = raw.get(pos..).filter(|rest| !rest.is_empty())?;
    Some(find(rest, b'\n').map_or(raw.len(), |at| pos + at + 1))
}

/// Where the next line that begins with two dashes begins, at `pos` or behind it.
pub(super) fn dashed_line(raw: &[u8], pos: usize) -> Option<usize> {
    let mut at = pos;
    loop {
        at += find(raw.get(at..)?, b'-')?;
        let starts = at == 0 || at.checked_sub(1).and_then(|before| raw.get(before)) == Some(&b'\n');
        if starts && raw.get(at + 1) == Some(&b'-') {
            return Some(at);
        }
        at += 1;
    }
}

/// The first byte of that value, eight at a time: most of a large mail is nothing anybody needs to look at.
fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mask = ONES * u64::from(wanted);
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word) ^ mask;
        let hits = word.wrapping_sub(ONES) & !word & HIGH;
        if hits != 0 {
            return usize::try_from(hits.trailing_zeros() / 8).ok().map(|i| at * 8 + i);
        }
    }
    rest.iter().position(|b| *b == wanted).map(|i| words.len() * 8 + i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_found_anywhere() {
        for len in 0..40 {
            for at in 0..len {
                let mut bytes = vec![0x0B; len];
                bytes[at] = b'\n';
                assert_eq!(find(&bytes, b'\n'), Some(at));
            }
            assert_eq!(find(&vec![0x8A; len], b'\n'), None);
        }
    }
}
