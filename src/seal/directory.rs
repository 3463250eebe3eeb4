//! The names under which a Web Key Directory keeps keys (draft-koch-openpgp-webkey-service).

use sequoia_openpgp as openpgp;

use openpgp::types::HashAlgorithm;

/// The letters of z-base-32.
const LETTERS: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";
/// SHA-1 names the file; nothing is secured by it.
const HASH_BYTES: usize = 20;

/// The 32 characters that stand for the local part of an address.
pub fn directory_name(local_part: &str) -> String {
    let mut digest = [0u8; HASH_BYTES];
    if let Ok(context) = HashAlgorithm::SHA1.context() {
        let mut context = context.for_digest();
        context.update(local_part.to_ascii_lowercase().as_bytes());
        let _ = context.digest(&mut digest);
    }
    let mut out = String::with_capacity(HASH_BYTES * 8 / 5);
    for five in digest.chunks(5) {
        let number = five.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
        for shift in (0..8).rev() {
            let index = usize::try_from(number >> (shift * 5) & 31).unwrap_or_default();
            out.push(char::from(LETTERS.get(index).copied().unwrap_or(b'y')));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_standard_s_example() {
        assert_eq!(directory_name("Joe.Doe"), "iy9q119eutrkn8s1mk4r39qejnbu3n5q");
    }
}
