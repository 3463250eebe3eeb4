//! Where random bytes come from.
//!
//! Ids, tokens, salts and session keys are drawn through [`Chance`], so that a test can repeat itself. The OpenPGP
//! library draws its own randomness from its crypto backend; that is the one exception.

use std::sync::Mutex;

use sha2::{Digest, Sha256};

/// A source of unguessable bytes.
pub trait Chance: Send + Sync {
    /// Fills `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}

/// Draws `N` random bytes.
pub fn bytes<const N: usize>(chance: &dyn Chance) -> [u8; N] {
    let mut out = [0; N];
    chance.fill(&mut out);
    out
}

/// A number below `bound` (which must be over zero), each equally likely.
pub fn below(chance: &dyn Chance, bound: u32) -> u32 {
    let bound = u64::from(bound.max(1));
    // 64 bits over a bound of 32: the bias is under 2^-32.
    u32::try_from(u64::from_le_bytes(bytes(chance)) % bound).unwrap_or(0)
}

/// The operating system's source.
#[derive(Clone, Copy, Default)]
pub struct OsChance;

impl Chance for OsChance {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn fill(&self, out: &mut [u8]) {
        if getrandom::fill(out).is_err() {
            // Without randomness every key would be guessable: nothing may go on.
            std::process::abort();
        }
    }
}

/// Repeatable bytes for tests: SHA-256 over a seed and a counter.
pub struct SeededChance(Mutex<(u64, u64)>);

impl SeededChance {
    /// A source that always says the same for the same seed.
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new((seed, 0)))
    }
}

impl Chance for SeededChance {
    fn fill(&self, out: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in out.chunks_mut(32) {
            let mut hash = Sha256::new();
            hash.update(state.0.to_le_bytes());
            hash.update(state.1.to_le_bytes());
            state.1 += 1;
            for (to, from) in chunk.iter_mut().zip(hash.finalize()) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_two_draws_differ() {
        let (a, b) = (SeededChance::new(7), SeededChance::new(7));
        let first: [u8; 40] = bytes(&a);
        assert_eq!(first, bytes::<40>(&b));
        assert_ne!(first, bytes::<40>(&a));
    }

    #[test]
    fn below_stays_below() {
        let chance = SeededChance::new(1);
        assert!((0..1000).all(|_| below(&chance, 6) < 6));
    }
}
