//! A desk's week in words.

use chrono_tz::Tz;

use crate::commitments::week::Week;
use crate::house::{Failure, House};
use crate::store::desks;
use crate::texts::Texts;

/// One line: which days, which hours.
pub(crate) struct Line {
    pub(crate) days: String,
    pub(crate) spans: String,
}

/// The open days of a week, runs of equal days together: "Senin–Kamis", "07.30–12.00, 13.00–15.30".
pub(crate) fn in_words(texts: Texts, week: &Week) -> Vec<Line> {
    let day = |n: usize| texts.day(u32::try_from(n).unwrap_or(0));
    week.runs()
        .into_iter()
        .map(|(first, last, spans)| Line {
            days: if first == last { day(first) } else { format!("{}–{}", day(first), day(last)) },
            spans: spans.iter().map(|s| s.text(texts.clock_mark())).collect::<Vec<_>>().join(", "),
        })
        .collect()
}

/// The zone of a desk; UTC where the row names none we know.
pub(crate) fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(chrono_tz::UTC)
}

/// The zone in which times of the house itself are said: that of its first desk.
pub(crate) async fn house_zone(house: &House) -> Result<Tz, Failure> {
    let all = desks::list(&mut house.db.read().await?).await?;
    Ok(all.first().map_or(chrono_tz::UTC, |d| zone(&d.zone)))
}
