//! When a desk is next at work: the instants behind its weekly hours.

use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;

use super::week::{Span, Week};
use crate::clock::Moment;

/// Days looked ahead: a week has at least one open day, and the day on which it begins may be half over.
const DAYS_AHEAD: u64 = 8;

/// `at`, if the desk works then; else the beginning of its next working span. `None` for a week without hours.
pub fn next_open(week: &Week, zone: Tz, at: Moment) -> Option<Moment> {
    let today = at.utc().with_timezone(&zone).date_naive();
    let days = (0..=DAYS_AHEAD).filter_map(|n| today.checked_add_days(Days::new(n)));
    days.flat_map(|day| spans(week, zone, day)).find(|(_, end)| *end > at).map(|(start, _)| start.max(at))
}

/// The working spans of a local day as instants, in order. A span that a clock change swallows whole is left out.
fn spans(week: &Week, zone: Tz, day: NaiveDate) -> Vec<(Moment, Moment)> {
    use chrono::Datelike as _;
    let weekday = usize::try_from(day.weekday().num_days_from_monday()).unwrap_or(0);
    let instants = |span: &Span| Some((instant(zone, day, span.start, false)?, instant(zone, day, span.end, true)?));
    week.day(weekday).iter().filter_map(instants).filter(|(start, end)| start < end).collect()
}

/// The instant of a local wall time. In a repeated hour a start takes the first, an end the last; a time that is skipped
/// is the moment of the change.
fn instant(zone: Tz, day: NaiveDate, minute: u16, is_end: bool) -> Option<Moment> {
    let local: NaiveDateTime = day.and_hms_opt(0, 0, 0)? + TimeDelta::minutes(i64::from(minute));
    let found = zone.from_local_datetime(&local);
    let found = if is_end { found.latest() } else { found.earliest() };
    if let Some(at) = found {
        return Some(Moment::from(at.to_utc()));
    }
    // Skipped: the first minute that exists again.
    (1..=180)
        .find_map(|n| zone.from_local_datetime(&(local + TimeDelta::minutes(n))).earliest())
        .map(|at| Moment::from(at.to_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hours: &str, zone: &str, at: &str, expected: &str) {
        let read = |t: &str| Moment::from(chrono::DateTime::parse_from_rfc3339(t).unwrap().to_utc());
        let week = hours.parse().unwrap();
        assert_eq!(next_open(&week, zone.parse().unwrap(), read(at)), Some(read(expected)), "{hours} {at}");
    }

    #[test]
    fn work_begins_again() {
        let school = "mon-thu 07:30-12:00 13:00-15:30; fri 07:30-11:30";
        let check = |at, expected| check(school, "Asia/Jakarta", at, expected);
        // Written on Tuesday at 22:10, it leaves on Wednesday at 07:30 (R37).
        check("2026-11-24T22:10:00+07:00", "2026-11-25T07:30:00+07:00");
        check("2026-11-24T10:00:00+07:00", "2026-11-24T10:00:00+07:00");
        check("2026-11-24T12:00:00+07:00", "2026-11-24T13:00:00+07:00");
        check("2026-11-24T15:29:59+07:00", "2026-11-24T15:29:59+07:00");
        check("2026-11-27T11:30:00+07:00", "2026-11-30T07:30:00+07:00");
    }

    #[test]
    fn a_desk_that_never_closes_is_always_open() {
        check("mon-sun 00:00-24:00", "Asia/Jayapura", "2026-11-28T23:59:59+09:00", "2026-11-28T23:59:59+09:00");
    }

    #[test]
    fn one_day_a_week() {
        check("sun 09:00-10:00", "UTC", "2026-11-22T10:00:00Z", "2026-11-29T09:00:00Z");
    }

    #[test]
    fn clocks_change() {
        let check = |at, expected| check("mon-sun 02:00-03:00", "Europe/Amsterdam", at, expected);
        // The hour is skipped in spring and lasts twice as long in autumn.
        check("2027-03-27T23:30:00Z", "2027-03-29T00:00:00Z");
        check("2027-10-31T01:30:00Z", "2027-10-31T01:30:00Z");
    }
}
