//! Where connections come from: how many each source may hold open, and how much it may ask for in a minute.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Counts begin anew after this time.
const WINDOW: Duration = Duration::from_secs(60);

/// The open connections of a house.
pub(super) struct Slots {
    all_max: usize,
    source_max: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// One open connection; dropped, it makes room for the next.
pub(super) struct Slot {
    slots: Arc<Slots>,
    source: Option<IpAddr>,
}

impl Slots {
    pub(super) fn new(all_max: usize, source_max: usize) -> Self {
        Self { all_max, source_max, open: Mutex::default() }
    }

    /// Room for one more connection. Without a source it counts among all only, until [`Slot::claim`].
    pub(super) fn take(self: &Arc<Self>, from: Option<IpAddr>) -> Option<Slot> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.all_max {
            return None;
        }
        let source = from.map(neighborhood);
        if let Some(source) = source
            && !open.add(source, self.source_max)
        {
            return None;
        }
        open.all += 1;
        Some(Slot { slots: Arc::clone(self), source })
    }
}

impl Open {
    fn add(&mut self, source: IpAddr, max: usize) -> bool {
        let count = self.by_source.entry(source).or_default();
        let fits = *count < max;
        *count += usize::from(fits);
        fits
    }
}

impl Slot {
    /// Counts the connection for a source that became known later. False: the source holds enough of them.
    pub(super) fn claim(&mut self, from: IpAddr) -> bool {
        let source = neighborhood(from);
        let fits = self.slots.open.lock().unwrap_or_else(PoisonError::into_inner).add(source, self.slots.source_max);
        if fits {
            self.source = Some(source);
        }
        fits
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.slots.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        let Some(source) = self.source else { return };
        if let Some(count) = open.by_source.get_mut(&source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.by_source.remove(&source);
            }
        }
    }
}

/// How much sources asked for in the present minute.
pub(super) struct Rates {
    mails_max: usize,
    refused_max: usize,
    sources_max: usize,
    minute: Mutex<Option<Minute>>,
}

struct Minute {
    began: Instant,
    counts: HashMap<IpAddr, Counts>,
}

#[derive(Default, Clone, Copy)]
struct Counts {
    mails: usize,
    refused: usize,
}

impl Rates {
    pub(super) const fn new(mails_max: usize, refused_max: usize, sources_max: usize) -> Self {
        Self { mails_max, refused_max, sources_max, minute: Mutex::new(None) }
    }

    /// Counts a mail. False: this source brought enough of them for now.
    pub(super) fn mail(&self, from: IpAddr) -> bool {
        self.count(from, |counts| counts.mails += 1).mails <= self.mails_max
    }

    /// Counts a recipient that does not exist.
    pub(super) fn refused(&self, from: IpAddr) {
        self.count(from, |counts| counts.refused += 1);
    }

    /// Has this source asked for too many that do not exist?
    pub(super) fn is_guessing(&self, from: IpAddr) -> bool {
        self.count(from, |_| {}).refused >= self.refused_max
    }

    fn count(&self, from: IpAddr, add: impl FnOnce(&mut Counts)) -> Counts {
        if is_near(from) {
            return Counts::default();
        }
        let now = Instant::now();
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = match &mut *minute {
            Some(minute) if now.saturating_duration_since(minute.began) < WINDOW => minute,
            gone => gone.insert(Minute { began: now, counts: HashMap::new() }),
        };
        let source = neighborhood(from);
        // Who commands more sources than the table holds cannot be held up by counting them.
        if minute.counts.len() >= self.sources_max && !minute.counts.contains_key(&source) {
            return Counts::default();
        }
        let counts = minute.counts.entry(source).or_default();
        add(counts);
        *counts
    }
}

/// What counts as one source: an IPv4 address, or the /64 that one IPv6 customer gets at least.
fn neighborhood(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        ip @ IpAddr::V4(_) => ip,
    }
}

/// This machine and networks of one's own: a mail server that stands in front, or everybody behind a container's
/// gateway.
fn is_near(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn sources_that_count_as_one() {
        let of = |text| neighborhood(ip(text));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }

    #[test]
    fn sources_that_are_not_counted() {
        for (text, expected) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("10.1.2.3", true),
            ("172.17.0.1", true),
            ("::ffff:192.168.0.9", true),
            ("fd00::7", true),
            ("fe80::7", true),
            ("192.0.2.7", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_near(ip(text)), expected, "{text}");
        }
    }

    #[test]
    fn slots_come_back_and_sources_are_forgotten() {
        let slots = Arc::new(Slots::new(3, 2));
        let here = Some(ip("192.0.2.7"));
        let (first, second) = (slots.take(here), slots.take(here));
        assert!(first.is_some() && second.is_some());
        assert!(slots.take(here).is_none(), "two from one source");
        let mut third = slots.take(None).unwrap();
        assert!(slots.take(None).is_none(), "three in all");
        assert!(!third.claim(ip("192.0.2.7")), "two from one source, named later");
        assert!(third.claim(ip("192.0.2.8")));
        drop((first, second, third));
        let open = slots.open.lock().unwrap();
        assert!(open.all == 0 && open.by_source.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_holds_so_much_and_then_begins_anew() {
        let rates = Rates::new(2, 2, 100);
        let (one, neighbor, other) = (ip("2001:db8::1"), ip("2001:db8::2"), ip("192.0.2.8"));
        assert!(rates.mail(one) && rates.mail(neighbor) && !rates.mail(one), "one /64 is one source");
        assert!(rates.mail(other));
        rates.refused(other);
        assert!(!rates.is_guessing(other));
        rates.refused(other);
        assert!(rates.is_guessing(other) && !rates.is_guessing(one));
        tokio::time::advance(WINDOW).await;
        assert!(rates.mail(one) && !rates.is_guessing(other));
        for _ in 0..9 {
            assert!(rates.mail(ip("127.0.0.1")));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_table_stays_small() {
        let rates = Rates::new(1, 1, 10);
        for last in 0..=255 {
            assert!(rates.mail(IpAddr::from([192, 0, 2, last])));
        }
        assert_eq!(rates.minute.lock().unwrap().as_ref().unwrap().counts.len(), 10);
        assert!(!rates.mail(ip("192.0.2.0")), "those it holds are counted on");
    }
}
