//! How a client's mails usually look: what a thread learns from each letter that enters, and what is unlike all before.
//!
//! A thread keeps a few records of nine bytes: one for the kind, eight of a keyed hash (program, name, greeting, name
//! below) or eight counts (letters by hour of the day, by language). No word of a letter is in them.

use super::receive::Destination;
use super::session::kind;
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::ThreadId;
use crate::limits::TRAITS_MAX;
use crate::parse::{Letter, Outline};
use crate::screen::{self, SenderFit, Strange, Tongue, Traits};
use crate::secret::PlainText;
use crate::store::threads;

/// A record: its kind, and eight bytes.
const RECORD_BYTES: usize = 9;
const MAILER: u8 = b'm';
const NAME: u8 = b'n';
const GREETING: u8 = b'g';
const SIGNATURE: u8 = b's';
const HOURS: u8 = b'h';
const TONGUES: u8 = b'l';
/// Letters after which a thread is known well enough to be surprised by words.
const SETTLED: u32 = 5;
/// The same for the time of day.
const SETTLED_HOURS: u32 = 8;
/// Letters that are counted; afterwards only what is new is noted, so that a long thread costs no writing.
const COUNTED: u32 = 12;
/// Names from which an address is read by several people.
const SEVERAL: usize = 3;
const HOUR_MICROS: i64 = 3_600_000_000;

type Record = [u8; RECORD_BYTES];

/// What one mail looks like, as its thread would keep it.
#[derive(Default)]
pub(super) struct Look {
    hashes: Vec<Record>,
    tongue: Option<usize>,
    /// Three hours of the day, in UTC.
    hour: usize,
}

/// What a mail looks like, bound to its thread.
pub(super) fn look(house: &House, thread: ThreadId, traits: &Traits, received: Moment) -> Look {
    let hash = |tag: u8, text: &Option<PlainText>| {
        let text = text.as_ref()?.reveal();
        let whole = house.keys.house.hash(kind::TRAIT, [thread.bytes(), &[tag], text.as_bytes()].concat());
        let mut record = [tag; RECORD_BYTES];
        for (to, from) in record.iter_mut().skip(1).zip(whole) {
            *to = from;
        }
        Some(record)
    };
    let all = [
        hash(MAILER, &traits.mailer),
        hash(NAME, &traits.name),
        hash(GREETING, &traits.greeting),
        hash(SIGNATURE, &traits.signature),
    ];
    let tongue = traits.tongue.map(|t| match t {
        Tongue::Indonesian => 0,
        Tongue::English => 1,
        Tongue::OtherScript => 2,
    });
    let hour = received.micros().div_euclid(HOUR_MICROS).rem_euclid(24) / 3;
    Look { hashes: all.into_iter().flatten().collect(), tongue, hour: usize::try_from(hour).unwrap_or(0) }
}

/// The same of a letter, as far as it can be read.
pub(super) fn look_at(house: &House, thread: ThreadId, letter: &Letter, received: Moment) -> Look {
    let traits = Outline::read(letter.raw.bytes()).map(|outline| screen::traits(&outline, letter));
    traits.map_or_else(|_| Look::default(), |traits| look(house, thread, &traits, received))
}

/// In what a mail is unlike what its thread knows. Only what the confirmed address sent is compared: of another sender
/// that is known already.
pub(super) fn strange(to: &Destination, fit: SenderFit, look: &Look) -> Strange {
    match to {
        Destination::Thread(target) if fit == SenderFit::Confirmed => Known(&target.traits).strange(look),
        _ => Strange::default(),
    }
}

/// What a thread keeps after a letter, where that is anything new.
pub(super) fn learned(before: &[u8], look: &Look) -> Option<Vec<u8>> {
    let known = Known(before);
    let (mut hours, mut tongues) = (known.counts(HOURS), known.counts(TONGUES));
    let counts = sum(&hours) < COUNTED;
    count(&mut hours, Some(look.hour), counts);
    count(&mut tongues, look.tongue, counts);
    let fresh: Vec<&Record> = look.hashes.iter().filter(|r| known.records().all(|k| k != *r)).collect();
    if fresh.is_empty() && hours == known.counts(HOURS) && tongues == known.counts(TONGUES) {
        return None;
    }
    let is_hash = |record: &&[u8]| !matches!(record.first(), Some(&(HOURS | TONGUES)));
    let hashes: Vec<&[u8]> = known.records().filter(is_hash).chain(fresh.into_iter().map(|r| &r[..])).collect();
    // The oldest go first.
    let surplus = hashes.len().saturating_sub(TRAITS_MAX);
    let mut all = [[HOURS].as_slice(), &hours, &[TONGUES], &tongues].concat();
    all.extend(hashes.into_iter().skip(surplus).flatten());
    Some(all)
}

/// A counselor let a mail of the client's in: what it looks like is no surprise any more.
pub(super) async fn learn_let_in(house: &House, thread: ThreadId, look: &Look) -> Result<(), Failure> {
    let mut conn = house.db.read().await?;
    let row = threads::find(&mut conn, thread).await?.ok_or(Failure::NotFound)?;
    let target = threads::find_target(&mut conn, &row.token_hash).await?.ok_or(Failure::NotFound)?;
    drop(conn);
    if let Some(all) = learned(&target.traits, look) {
        let mut tx = house.db.begin().await?;
        threads::update_traits(&mut tx, thread, &all).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn sum(counts: &[u8; 8]) -> u32 {
    counts.iter().map(|c| u32::from(*c)).sum()
}

/// One letter more, or the first of its kind.
fn count(counts: &mut [u8; 8], at: Option<usize>, counts_on: bool) {
    if let Some(place) = at.and_then(|at| counts.get_mut(at))
        && (counts_on || *place == 0)
    {
        *place = place.saturating_add(1);
    }
}

/// What a thread keeps.
struct Known<'a>(&'a [u8]);

impl<'a> Known<'a> {
    fn records(&self) -> impl Iterator<Item = &'a [u8]> {
        self.0.chunks_exact(RECORD_BYTES)
    }

    fn of(&self, tag: u8) -> impl Iterator<Item = &'a [u8]> {
        self.records().filter(move |r| r.first() == Some(&tag))
    }

    fn counts(&self, tag: u8) -> [u8; 8] {
        self.of(tag).next().and_then(|r| r.get(1..)?.try_into().ok()).unwrap_or_default()
    }

    fn strange(&self, look: &Look) -> Strange {
        let mine = |tag: u8| look.hashes.iter().find(|r| r.first() == Some(&tag));
        let is_new = |tag: u8| mine(tag).is_some_and(|mine| self.of(tag).all(|k| k != mine));
        let known = |tag: u8| self.of(tag).count();
        let (hours, tongues) = (self.counts(HOURS), self.counts(TONGUES));
        let letters = sum(&hours);
        let settled = letters >= SETTLED;
        // Who always did the same and now does another thing; many people never do the same.
        let breaks = |tag: u8| settled && known(tag) == 1 && is_new(tag);
        let never = |counts: &[u8; 8], at: usize| counts.get(at).is_none_or(|c| *c == 0);
        let around = [look.hour, (look.hour + 1) % 8, (look.hour + 7) % 8];
        Strange {
            mailer: known(MAILER) > 0 && is_new(MAILER),
            name: known(NAME) > 0 && is_new(NAME),
            language: look.tongue.is_some_and(|t| sum(&tongues) >= SETTLED && never(&tongues, t)),
            signature: breaks(SIGNATURE),
            greeting: breaks(GREETING),
            hour: letters >= SETTLED_HOURS && around.iter().all(|h| never(&hours, *h)),
            several_names: known(NAME) + usize::from(is_new(NAME)) >= SEVERAL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(name: u8, greeting: u8, tongue: usize, hour: usize) -> Look {
        let record = |tag: u8, value: u8| {
            let mut record = [value; RECORD_BYTES];
            record[0] = tag;
            record
        };
        Look { hashes: vec![record(NAME, name), record(GREETING, greeting)], tongue: Some(tongue), hour }
    }

    fn after(letters: &[Look]) -> Vec<u8> {
        letters.iter().fold(Vec::new(), |known, letter| learned(&known, letter).unwrap_or(known))
    }

    #[test]
    fn nothing_is_strange_to_a_thread_that_knows_little() {
        let known = after(&[mail(1, 1, 0, 3), mail(1, 1, 0, 3), mail(1, 1, 0, 3)]);
        assert_eq!(Known(&known).strange(&mail(1, 2, 1, 7)), Strange::default());
        assert_eq!(Known(&[]).strange(&mail(1, 2, 1, 7)), Strange::default());
    }

    #[test]
    fn what_never_was_so_is_noticed_after_several_letters() {
        let evenings: Vec<Look> = (0..10).map(|n| mail(1, 1, 0, 4 + n % 2)).collect();
        let known = after(&evenings);
        assert_eq!(Known(&known).strange(&mail(1, 1, 0, 5)), Strange::default());
        let odd = Strange { language: true, greeting: true, hour: true, ..Strange::default() };
        assert_eq!(Known(&known).strange(&mail(1, 2, 1, 0)), odd);
        // An hour beside the usual ones is none.
        assert!(!Known(&known).strange(&mail(1, 1, 0, 6)).hour);
        // Who greets now so, now so, surprises nobody.
        let both = learned(&known, &mail(1, 2, 0, 4)).unwrap();
        assert!(!Known(&both).strange(&mail(1, 3, 0, 4)).greeting);
    }

    #[test]
    fn three_names_are_several() {
        let two = after(&[mail(1, 1, 0, 0), mail(2, 1, 0, 0)]);
        assert!(!Known(&two).strange(&mail(2, 1, 0, 0)).several_names);
        assert!(Known(&two).strange(&mail(3, 1, 0, 0)).several_names);
    }

    #[test]
    fn a_long_thread_costs_no_writing() {
        let letters: Vec<Look> = (0..20).map(|_| mail(1, 1, 0, 4)).collect();
        let known = after(&letters);
        assert_eq!(learned(&known, &mail(1, 1, 0, 4)), None);
        assert!(learned(&known, &mail(1, 1, 0, 0)).is_some(), "a new hour is noted once");
        let many: Vec<Look> = (0..60).map(|n| mail(n, 1, 0, 4)).collect();
        assert!(after(&many).len() <= (TRAITS_MAX + 2) * RECORD_BYTES);
    }
}
