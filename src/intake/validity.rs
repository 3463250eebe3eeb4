//! Until when a certificate is good: the one field of X.509 (RFC 5280 4.1) that the TLS library does not tell.

use chrono::NaiveDateTime;

use crate::clock::Moment;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// The end of a certificate's validity, or nothing if its bytes are none.
pub(super) fn not_after(der: &[u8]) -> Option<Moment> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (body, _) = expect(certificate, SEQUENCE)?;
    let body = expect(body, VERSION).map_or(body, |(_, rest)| rest);
    let (_, body) = expect(body, INTEGER)?;
    let (_algorithm, body) = expect(body, SEQUENCE)?;
    let (_issuer, body) = expect(body, SEQUENCE)?;
    let (validity, _) = expect(body, SEQUENCE)?;
    let (_, _, rest) = element(validity)?;
    let (kind, text, _) = element(rest)?;
    let text = std::str::from_utf8(text).ok()?;
    let full = match kind {
        // Two digits of the year: 50 and later lie in the last century.
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    NaiveDateTime::parse_from_str(&full, "%Y%m%d%H%M%SZ").ok().map(|at| at.and_utc().into())
}

fn expect(bytes: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    element(bytes).filter(|(found, ..)| *found == kind).map(|(_, content, rest)| (content, rest))
}

/// The first element: its kind, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[kind, length], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => rest.split_first().map(|(&length, rest)| (usize::from(length), rest))?,
        0x82 => rest.split_first_chunk().map(|(&length, rest)| (usize::from(u16::from_be_bytes(length)), rest))?,
        _ => return None,
    };
    rest.split_at_checked(length).map(|(content, rest)| (kind, content, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn certificate(year: i32) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 3, 4);
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn both_ways_to_write_a_time() {
        for year in [1999, 2026, 2049, 2050, 2999] {
            let told = not_after(&certificate(year)).unwrap().utc().format("%F %T").to_string();
            assert_eq!(told, format!("{year}-03-04 00:00:00"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..400_usize) {
            not_after(&bytes);
            let whole = certificate(2030);
            not_after(&whole[..cut.min(whole.len())]);
        }
    }
}
