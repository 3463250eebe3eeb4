//! Undoes the dot-stuffing of DATA (RFC 5321 4.5.2) and finds the end of a mail.
//!
//! Exactly CR LF, dot, CR LF ends a mail. smtp-proto's receiver also takes CR LF, dot, CR, CR, LF for the end, which
//! lets one mail become two; hence our own.

/// What has just been read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// CR LF, or the command line itself.
    Line,
    /// A dot at the beginning of a line; it is not part of the mail.
    Dot,
    /// Such a dot and a CR, of which nobody knows yet whether it belongs to the end.
    DotCr,
    /// A CR within a mail.
    Cr,
    /// Anything else.
    Text,
}

/// Reads the bytes after DATA, however they are cut into pieces.
pub(super) struct Unstuffer {
    after: After,
}

impl Unstuffer {
    pub(super) const fn new() -> Self {
        Self { after: After::Line }
    }

    /// Reads `input` up to the end of the mail; hands what belongs to the mail to `take`, which gets at most one byte
    /// more than `input` has. Says how many bytes were read and whether the mail is complete.
    pub(super) fn read(&mut self, input: &[u8], mut take: impl FnMut(&[u8])) -> (usize, bool) {
        let mut rest = input;
        while let Some((&byte, tail)) = rest.split_first() {
            match (self.after, byte) {
                (After::Line, b'.') => self.after = After::Dot,
                (After::Dot, b'\r') => self.after = After::DotCr,
                (After::DotCr, b'\n') => return (input.len() - tail.len(), true),
                (After::DotCr, _) => {
                    // The CR was part of the mail; the byte behind it is looked at again.
                    take(b"\r");
                    self.after = After::Cr;
                    continue;
                }
                (After::Cr, b'\n') => {
                    take(b"\n");
                    self.after = After::Line;
                }
                _ => {
                    // Everything up to the next CR goes in one piece.
                    let cr = rest.iter().position(|&b| b == b'\r');
                    let (text, tail) = rest.split_at(cr.map_or(rest.len(), |at| at + 1));
                    take(text);
                    self.after = if cr.is_some() { After::Cr } else { After::Text };
                    rest = tail;
                    continue;
                }
            }
            rest = tail;
        }
        (input.len(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &[u8], expected: Option<(&[u8], &[u8])>) {
        for size in 1..=input.len() {
            let (mut mail, mut rest, mut unstuffer) = (Vec::new(), input, Unstuffer::new());
            let mut end = None;
            while !rest.is_empty() && end.is_none() {
                let (taken, complete) = unstuffer.read(&rest[..size.min(rest.len())], |part| mail.extend(part));
                rest = &rest[taken..];
                end = complete.then_some(rest);
            }
            assert_eq!(
                end.map(|rest| (mail.as_slice(), rest)),
                expected,
                "{:?} by {size}",
                String::from_utf8_lossy(input)
            );
        }
    }

    #[test]
    fn where_a_mail_ends() {
        check(b".\r\n", Some((b"", b"")));
        check(b".\r\nQUIT", Some((b"", b"QUIT")));
        check(b"a\r\n.\r\n.\r\n", Some((b"a\r\n", b".\r\n")));
        check(b"..\r\n.\r\n", Some((b".\r\n", b"")));
        check(b".a\r\n...\r\n.\r\n", Some((b"a\r\n..\r\n", b"")));
        check(b"\r\r\n.\r\n", Some((b"\r\r\n", b"")));
    }

    #[test]
    fn where_it_does_not_end() {
        for input in [
            "a\n.\n",
            "a\n.\r\n",
            "a\r\n.\n",
            "a\r.\r\n",
            "a\r\n.\r\r\n",
            "a\r\n..\r\n",
            "a\r\n. \r\n",
            "a\r\n.\r",
            ".\r.\r\n",
            "a.\r\n",
            "\n.\r\n",
            ".\r\r\r\n",
        ] {
            check(input.as_bytes(), None);
        }
        check(b"a\r\n.\r\r\n.\r\n", Some((b"a\r\n\r\r\n", b"")));
        check(b".\rx\r\n.\r\n", Some((b"\rx\r\n", b"")));
    }

    #[test]
    fn a_byte_held_back_is_the_only_surplus() {
        let mut unstuffer = Unstuffer::new();
        unstuffer.read(b".\r", |_| unreachable!("undecided"));
        let mut count = 0;
        unstuffer.read(b"x", |part| count += part.len());
        assert_eq!(count, 2);
    }
}
