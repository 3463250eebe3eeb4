//! Who guesses at a sign-in is slowed down, on every node and across restarts.
//!
//! A try is counted before the slow hash runs and taken back when the secret was right, so that many tries at once find each
//! other. Three counts, each by a keyed hash:
//!
//! | of | free tries | then a wait of |
//! | --- | --- | --- |
//! | one account asked for by one source | 5 in an hour | 1, 5, 15, 60 minutes |
//! | one source, whatever it asks for | 40 in an hour | 1, 5, 15 minutes |
//! | one account, whoever asks | 100 in a day | 1 minute |
//!
//! So somebody who knows a name cannot lock its owner out from elsewhere, but for a minute at a time and only from very many
//! places. A name that nobody has is counted like any other: the answer tells nothing.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::store::attempts;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Where a try comes from, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source(Option<IpAddr>);

impl Source {
    /// Nobody knows: tries are counted by account alone.
    pub const UNKNOWN: Self = Self(None);

    /// An address; of IPv6 the network, because a household has one and not an address.
    pub fn of(address: IpAddr) -> Self {
        Self(Some(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => IpAddr::V4(v4),
                None => {
                    let [a, b, c, d, ..] = v6.segments();
                    IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
                }
            },
        }))
    }
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Pair,
    Source,
    Account,
}

impl Scope {
    const fn word(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Source => "source",
            Self::Account => "account",
        }
    }

    /// Free tries, the time they are counted in, and the waits after them.
    const fn rule(self) -> (i64, Duration, &'static [u32]) {
        match self {
            Self::Pair => (5, HOUR, &[1, 5, 15, 60]),
            Self::Source => (40, HOUR, &[1, 5, 15]),
            Self::Account => (100, DAY, &[1]),
        }
    }

    /// How long nobody may try after so many wrong tries.
    fn wait(self, wrong: i64) -> Option<Duration> {
        let (free, _, waits) = self.rule();
        let beyond = usize::try_from(wrong - free).ok()?;
        waits.get(beyond).or(waits.last()).map(|minutes| MINUTE * *minutes)
    }
}

/// A try that is under way.
pub(super) struct Try(Vec<(Scope, [u8; 32])>);

/// Begins a try at an account, named by any bytes that are its own. [`Failure::Later`] when nobody may try yet.
pub(super) async fn begin(house: &House, account: &[u8], source: Source) -> Result<Try, Failure> {
    let place = source.0.map(|address| address.to_string()).unwrap_or_default();
    let hash =
        |scope: Scope, what: &[u8]| (scope, house.keys.house.hash("attempt", [scope.word().as_bytes(), what].concat()));
    let mut scopes = vec![hash(Scope::Account, account), hash(Scope::Pair, &[account, place.as_bytes()].concat())];
    if source != Source::UNKNOWN {
        scopes.push(hash(Scope::Source, place.as_bytes()));
    }
    // Rows are written in one order, so that two tries never wait for each other.
    scopes.sort_by_key(|(_, hash)| *hash);
    let now = house.now();
    let mut tx = house.db.begin().await?;
    let mut held: Option<Moment> = None;
    for (_, hash) in &scopes {
        held = held.max(attempts::find(&mut tx, hash).await?.filter(|until| *until > now));
    }
    if let Some(until) = held {
        return Err(Failure::Later(until));
    }
    for (scope, hash) in &scopes {
        let (_, window, _) = scope.rule();
        let wrong = attempts::count(&mut tx, hash, now, now.minus(window)).await?;
        if let Some(wait) = scope.wait(wrong) {
            attempts::hold(&mut tx, hash, now.plus(wait)).await?;
        }
    }
    tx.commit().await?;
    Ok(Try(scopes))
}

impl Try {
    /// Ends the try with what came of it: a right secret forgets the wrong ones before it, and a try that never came to the
    /// lock does not count.
    pub(super) async fn end<T>(self, house: &House, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if matches!(outcome, Err(Failure::NotAllowed)) {
            return outcome;
        }
        let mut tx = house.db.begin().await?;
        for (scope, hash) in &self.0 {
            if outcome.is_ok() && *scope == Scope::Pair {
                attempts::delete(&mut tx, hash).await?;
            } else {
                attempts::uncount(&mut tx, hash).await?;
            }
        }
        tx.commit().await?;
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end_nowhere() {
        let minutes = |scope: Scope, wrong| scope.wait(wrong).map(|wait| wait.as_secs() / 60);
        let pair: Vec<_> = (4..11).map(|wrong| minutes(Scope::Pair, wrong)).collect();
        assert_eq!(pair, [None, Some(1), Some(5), Some(15), Some(60), Some(60), Some(60)]);
        assert_eq!(minutes(Scope::Account, 1_000_000), Some(1), "nobody is locked out for long from elsewhere");
    }

    #[test]
    fn a_household_is_one_source() {
        let of = |text: &str| Source::of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::7"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
