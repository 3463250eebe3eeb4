//! Recognizes a mail that is delivered again.

use sha2::{Digest as _, Sha256};

use super::fields::unfold;
use super::scan::{head, values};

/// SHA-256 over Message-ID, From, Date and everything behind the header block. Trace fields differ between two deliveries
/// of one mail and are left out. A mail without a Message-ID is taken as a whole: nothing else tells two short ones apart,
/// and a letter stored twice is better than a letter taken for another. Works on anything, readable or not.
pub fn dedup_digest(raw: &[u8]) -> [u8; 32] {
    let (fields, body) = head(raw);
    if values(raw, &fields, "Message-ID").next().is_none() {
        return Sha256::new_with_prefix(b"merpati whole mail 1\0").chain_update(raw).finalize().into();
    }
    let mut hash = Sha256::new_with_prefix(b"merpati mail 1\0");
    for name in ["Message-ID", "From", "Date"] {
        for value in values(raw, &fields, name) {
            let value = unfold(value);
            hash.update([1]);
            hash.update(length(value.len()));
            hash.update(&value);
        }
        hash.update([0]);
    }
    hash.update(raw.get(body..).unwrap_or_default());
    hash.finalize().into()
}

fn length(len: usize) -> [u8; 8] {
    u64::try_from(len).unwrap_or(u64::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redelivery_is_recognized_and_another_mail_is_not() {
        let mail = b"Message-ID: <1@x>\r\nFrom: a@example.org\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\nbody\r\n"
            .as_slice();
        let again = [b"Return-Path: <a@example.org>\r\nReceived: from b\r\n by c\r\n".as_slice(), mail].concat();
        assert_eq!(dedup_digest(mail), dedup_digest(&again));
        let folded =
            b"Date: Mon, 1 Jan 2024\r\n 00:00:00 +0000\r\nFrom: a@example.org\r\nMessage-Id:  <1@x> \r\n\r\nbody\r\n";
        assert_eq!(dedup_digest(mail), dedup_digest(folded));
        for (from, to) in [("<1@x>", "<2@x>"), ("a@", "b@"), ("2024", "2025"), ("body", "bodY"), ("Date: ", "X: ")] {
            let other = String::from_utf8(mail.to_vec()).unwrap().replace(from, to);
            assert_ne!(dedup_digest(mail), dedup_digest(other.as_bytes()), "{from}");
        }
        let (one, two) = (b"Subject: a\r\n\r\n".as_slice(), b"Subject: b\r\n\r\n".as_slice());
        assert_ne!(dedup_digest(one), dedup_digest(two), "without a Message-ID every byte counts");
        for odd in [b"".as_slice(), b"no mail", b"\r\n\r\n", b"A: b"] {
            assert_ne!(dedup_digest(odd), dedup_digest(mail));
        }
    }
}
