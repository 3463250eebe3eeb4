//! Weekly hours: the words an operator types and what the public page says of them.
//!
//! `mon-thu 07:30-12:00 13:00-15:30; fri 07:30-11:30 13:30-15:30`: days or ranges of days, then spans of local wall time;
//! a semicolon between groups. A day that is not named is closed.

use std::fmt::Write as _;

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A span of local wall time, in minutes since midnight; the end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First minute.
    pub start: u16,
    /// First minute after it.
    pub end: u16,
}

/// The open spans of each day, Monday first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Week([Vec<Span>; 7]);

/// What is wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeekError {
    /// Not a day: the word.
    #[error("{0:?} is not a day: write mon, tue, wed, thu, fri, sat or sun")]
    Day(String),
    /// Not a span: the word.
    #[error("{0:?} is not a span of time: write 08:00-16:00")]
    Span(String),
    /// Two spans of one day overlap or stand in the wrong order.
    #[error("the spans of {0} overlap or are not in order")]
    Order(&'static str),
    /// No hours at all.
    #[error("no hours: write for example mon-fri 08:00-16:00")]
    Empty,
}

impl Week {
    /// The spans of a day, 0 = Monday.
    pub fn day(&self, day: usize) -> &[Span] {
        self.0.get(day).map_or(&[], Vec::as_slice)
    }

    /// Runs of days with the same hours: first day, last day, their spans. Closed days are left out.
    pub fn runs(&self) -> Vec<(usize, usize, &[Span])> {
        let mut runs: Vec<(usize, usize, &[Span])> = Vec::new();
        for (day, spans) in self.0.iter().enumerate().filter(|(_, s)| !s.is_empty()) {
            match runs.last_mut() {
                Some(run) if run.1 + 1 == day && run.2 == spans.as_slice() => run.1 = day,
                _ => runs.push((day, day, spans)),
            }
        }
        runs
    }
}

impl Span {
    /// `08:00–16:00`, with the mark the language puts between hour and minute.
    pub fn text(self, mark: char) -> String {
        let mut out = String::new();
        let _ = write!(
            out,
            "{:02}{mark}{:02}–{:02}{mark}{:02}",
            self.start / 60,
            self.start % 60,
            self.end / 60,
            self.end % 60
        );
        out
    }
}

impl std::str::FromStr for Week {
    type Err = WeekError;
    fn from_str(text: &str) -> Result<Self, WeekError> {
        let mut week = Self::default();
        for group in text.split(';').map(str::trim).filter(|g| !g.is_empty()) {
            let mut days = Vec::new();
            let mut spans = Vec::new();
            for item in group.split([' ', ',']).filter(|w| !w.is_empty()) {
                if item.starts_with(|c: char| c.is_ascii_digit()) {
                    spans.push(span(item)?);
                } else {
                    days.extend(day_range(item)?);
                }
            }
            if days.is_empty() || spans.is_empty() {
                return Err(WeekError::Span(group.to_owned()));
            }
            for (_, list) in week.0.iter_mut().enumerate().filter(|(day, _)| days.contains(day)) {
                list.extend(&spans);
            }
        }
        for (day, spans) in DAYS.iter().zip(&week.0) {
            if spans.windows(2).any(|w| matches!(w, [a, b] if a.end > b.start)) {
                return Err(WeekError::Order(day));
            }
        }
        if week.0.iter().all(Vec::is_empty) { Err(WeekError::Empty) } else { Ok(week) }
    }
}

fn day_range(word: &str) -> Result<Vec<usize>, WeekError> {
    let find = |name: &str| {
        DAYS.iter().position(|d| *d == name.to_ascii_lowercase()).ok_or_else(|| WeekError::Day(word.to_owned()))
    };
    match word.split_once('-') {
        None => Ok(vec![find(word)?]),
        Some((from, to)) => {
            let (from, to) = (find(from)?, find(to)?);
            if from <= to { Ok((from..=to).collect()) } else { Err(WeekError::Day(word.to_owned())) }
        }
    }
}

fn span(word: &str) -> Result<Span, WeekError> {
    let wrong = || WeekError::Span(word.to_owned());
    let (start, end) = word.split_once('-').ok_or_else(wrong)?;
    let span = Span { start: minutes(start).ok_or_else(wrong)?, end: minutes(end).ok_or_else(wrong)? };
    if span.start < span.end { Ok(span) } else { Err(wrong()) }
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once([':', '.'])?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let total = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && total <= DAY_MINUTES).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_week() {
        let week: Week = "mon-thu 07:30-12:00 13:00-15:30; fri 07:30-11:30, 13:30-15:30".parse().unwrap();
        let runs = week.runs();
        assert_eq!(runs.len(), 2);
        assert_eq!((runs[0].0, runs[0].1), (0, 3));
        assert_eq!(runs[0].2[1].text('.'), "13.00–15.30");
        assert!(week.day(5).is_empty());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |text: &str| text.parse::<Week>().unwrap_err();
        assert_eq!(check(""), WeekError::Empty);
        assert_eq!(check("someday 08:00-09:00"), WeekError::Day("someday".into()));
        assert_eq!(check("mon 09:00-08:00"), WeekError::Span("09:00-08:00".into()));
        assert_eq!(check("mon 08:00-24:01"), WeekError::Span("08:00-24:01".into()));
        assert_eq!(check("mon 08:00-12:00 11:00-13:00"), WeekError::Order("mon"));
        assert_eq!(check("mon"), WeekError::Span("mon".into()));
        assert_eq!("sun 00:00-24:00".parse::<Week>().unwrap().day(6), [Span { start: 0, end: 1440 }]);
    }
}
