//! Every sentence a person reads, by key and language (`templates/lang`), and how dates, sizes and counts are said.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{Datelike as _, Timelike as _};
use chrono_tz::Tz;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader as _, langid};

use crate::clock::Moment;
use crate::role::Language;

fluent_templates::static_loader! {
    static TEXTS = {
        locales: "./templates/lang",
        fallback_language: "id",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static INDONESIAN: LanguageIdentifier = langid!("id");
static ENGLISH: LanguageIdentifier = langid!("en");

/// Speaks one language.
#[derive(Clone, Copy)]
pub struct Texts(pub Language);

impl Texts {
    fn id(self) -> &'static LanguageIdentifier {
        match self.0 {
            Language::Indonesian => &INDONESIAN,
            Language::English => &ENGLISH,
        }
    }

    /// The text of a key. A key without a text (a test finds those) is shown as itself.
    pub fn t(&self, key: &str) -> String {
        TEXTS.try_lookup(self.id(), key).unwrap_or_else(|| key.to_owned())
    }

    /// The text of a key with one value in it.
    pub fn t1(&self, key: &str, name: &'static str, value: impl Into<FluentValue<'static>>) -> String {
        self.with(key, HashMap::from([(Cow::Borrowed(name), value.into())]))
    }

    /// The text of a key with two values in it.
    pub fn t2(
        &self,
        key: &str,
        first: (&'static str, impl Into<FluentValue<'static>>),
        second: (&'static str, impl Into<FluentValue<'static>>),
    ) -> String {
        self.with(
            key,
            HashMap::from([(Cow::Borrowed(first.0), first.1.into()), (Cow::Borrowed(second.0), second.1.into())]),
        )
    }

    fn with(self, key: &str, values: HashMap<Cow<'static, str>, FluentValue<'static>>) -> String {
        TEXTS.try_lookup_with_args(self.id(), key, &values).unwrap_or_else(|| key.to_owned())
    }

    /// Whether a key has a text in this language (not in the fallback).
    pub fn has(&self, key: &str) -> bool {
        TEXTS.lookup_single_language::<String>(self.id(), key, None).is_ok()
    }

    /// The name of a day, 0 = Monday.
    pub fn day(&self, day: u32) -> String {
        const DAYS: [&str; 7] = ["day-mon", "day-tue", "day-wed", "day-thu", "day-fri", "day-sat", "day-sun"];
        self.t(usize::try_from(day).ok().and_then(|d| DAYS.get(d)).unwrap_or(&"day-mon"))
    }

    /// Between hour and minute.
    pub const fn clock_mark(&self) -> char {
        match self.0 {
            Language::Indonesian => '.',
            Language::English => ':',
        }
    }

    /// The name of a zone as people say it: WIB, WITA, WIT in Indonesia, the zone's own letters elsewhere.
    pub fn zone(&self, zone: Tz, at: Moment) -> String {
        match zone {
            chrono_tz::Asia::Jakarta | chrono_tz::Asia::Pontianak => "WIB".to_owned(),
            chrono_tz::Asia::Makassar => "WITA".to_owned(),
            chrono_tz::Asia::Jayapura => "WIT".to_owned(),
            other => at.utc().with_timezone(&other).format("%Z").to_string(),
        }
    }

    /// "Kamis, 19 November 2026, 20.42 WIB".
    pub fn date_time(&self, at: Moment, zone: Tz) -> String {
        format!("{}, {}", self.date(at, zone), self.clock(at, zone))
    }

    /// "Kamis, 19 November 2026".
    pub fn date(&self, at: Moment, zone: Tz) -> String {
        const MONTHS: [&str; 12] = [
            "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9",
            "month-10", "month-11", "month-12",
        ];
        let local = at.utc().with_timezone(&zone);
        let month = self.t(usize::try_from(local.month0()).ok().and_then(|m| MONTHS.get(m)).unwrap_or(&"month-1"));
        format!("{}, {} {month} {}", self.day(local.weekday().num_days_from_monday()), local.day(), local.year())
    }

    /// "20.42 WIB", with a blank that does not break.
    pub fn clock(&self, at: Moment, zone: Tz) -> String {
        let local = at.utc().with_timezone(&zone);
        format!("{:02}{}{:02}\u{a0}{}", local.hour(), self.clock_mark(), local.minute(), self.zone(zone, at))
    }

    /// "5 jam yang lalu": how long ago, in the largest unit that fits.
    pub fn age(&self, at: Moment, now: Moment) -> String {
        let minutes = i64::try_from(now.since(at).as_secs() / 60).unwrap_or(i64::MAX);
        match minutes {
            0 => self.t("age-now"),
            1..60 => self.t1("age-minutes", "n", minutes),
            60..2_880 => self.t1("age-hours", "n", minutes / 60),
            _ => self.t1("age-days", "n", minutes / 1_440),
        }
    }

    /// "1,2 MB".
    pub fn size(&self, bytes: u64) -> String {
        let decimal = if self.0 == Language::Indonesian { ',' } else { '.' };
        match bytes {
            0..1_000 => format!("{bytes}\u{a0}B"),
            1_000..1_000_000 => format!("{}\u{a0}KB", bytes.div_ceil(1_000)),
            _ => format!("{}{decimal}{}\u{a0}MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        }
    }

    /// A count that stops at the cap.
    pub fn capped(&self, count: i64, cap: i64) -> String {
        if count >= cap { format!("{}+", cap - 1) } else { count.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key in two files would keep the texts from loading at all.
    #[test]
    fn every_key_stands_once_and_in_both_languages() {
        let keys = |language: &str| {
            let folder = format!("{}/templates/lang/{language}", env!("CARGO_MANIFEST_DIR"));
            let mut all = Vec::new();
            for entry in std::fs::read_dir(folder).unwrap() {
                let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
                let lines = text.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase()));
                all.extend(lines.filter_map(|l| l.split_once(" =")).map(|(key, _)| key.to_owned()));
            }
            all.sort_unstable();
            all
        };
        let (id, en) = (keys("id"), keys("en"));
        let twice: Vec<_> = en.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
        assert!(twice.is_empty(), "keys that stand twice: {twice:?}");
        let lonely: Vec<_> =
            id.iter().filter(|k| !en.contains(k)).chain(en.iter().filter(|k| !id.contains(k))).collect();
        assert!(lonely.is_empty(), "keys of one language only: {lonely:?}");
        assert_eq!(id, en);
    }

    #[test]
    fn dates_sizes_and_ages_in_both_languages() {
        let (id, en) = (Texts(Language::Indonesian), Texts(Language::English));
        let at = Moment::from(chrono::DateTime::parse_from_rfc3339("2026-11-19T13:42:00Z").unwrap().to_utc());
        assert_eq!(id.date_time(at, chrono_tz::Asia::Jakarta), "Kamis, 19 November 2026, 20.42\u{a0}WIB");
        assert_eq!(en.date_time(at, chrono_tz::Asia::Jayapura), "Thursday, 19 November 2026, 22:42\u{a0}WIT");
        assert_eq!(en.clock(at, chrono_tz::Europe::Amsterdam), "14:42\u{a0}CET");
        assert_eq!(id.size(1_234_567), "1,2\u{a0}MB");
        assert_eq!(en.size(84_001), "85\u{a0}KB");
        assert_eq!(id.age(at, at.plus(std::time::Duration::from_secs(5 * 3600))), "5 jam yang lalu");
        assert_eq!(en.age(at, at.plus(std::time::Duration::from_secs(60))), "1 minute ago");
        assert_eq!(en.capped(1000, 1000), "999+");
    }
}
