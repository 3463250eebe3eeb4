//! What a benchmark prints: one table, as text or as JSON.

use serde_json::{Map, Value, json};

/// One cell.
pub(super) enum Cell {
    /// A word.
    Text(String),
    /// A number and how many digits stand behind its point.
    Number(f64, usize),
    /// Not measured.
    Nothing,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number, digits) => format!("{number:.digits$}"),
            Self::Nothing => "-".to_owned(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(..) => self.text().parse::<f64>().map_or(Value::Null, |n| json!(n)),
            Self::Nothing => Value::Null,
        }
    }
}

/// A table with a title.
pub(super) struct Report {
    pub(super) title: String,
    pub(super) columns: &'static [&'static str],
    pub(super) rows: Vec<Vec<Cell>>,
    /// Lines below the table.
    pub(super) notes: Vec<String>,
}

impl Report {
    pub(super) fn new(title: String, columns: &'static [&'static str]) -> Self {
        Self { title, columns, rows: Vec::new(), notes: Vec::new() }
    }

    pub(super) fn text(&self) -> String {
        let head: Vec<String> = self.columns.iter().map(|c| (*c).to_owned()).collect();
        let mut lines = vec![head];
        lines.extend(self.rows.iter().map(|row| row.iter().map(Cell::text).collect()));
        let width = |n: usize| lines.iter().filter_map(|l| l.get(n)).map(|t| t.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut out = format!("{}\n", self.title);
        for line in &lines {
            for (n, (text, width)) in line.iter().zip(&widths).enumerate() {
                let padded = if n == 0 { format!("  {text:<width$}") } else { format!("  {text:>width$}") };
                out.push_str(&padded);
            }
            out.push('\n');
        }
        for note in &self.notes {
            out.push_str(&format!("  {note}\n"));
        }
        out.trim_end().to_owned()
    }

    pub(super) fn json(&self) -> String {
        let row = |cells: &Vec<Cell>| -> Value {
            let pairs = self.columns.iter().zip(cells).map(|(column, cell)| ((*column).to_owned(), cell.json()));
            Value::Object(pairs.collect::<Map<_, _>>())
        };
        let rows: Vec<Value> = self.rows.iter().map(row).collect();
        json!({ "title": self.title, "rows": rows, "notes": self.notes }).to_string()
    }
}

/// The value below which this share (in percent) of the sample lies; 0 of an empty one.
pub(super) fn percentile(sample: &[f64], percent: usize) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(0.0)
}

/// A count as a number to divide by.
pub(super) fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_and_the_same_in_json() {
        let mut report = Report::new("Title".to_owned(), &["what", "number"]);
        report.rows.push(vec!["one".into(), Cell::Number(1.25, 1)]);
        report.rows.push(vec!["eleven".into(), Cell::Nothing]);
        assert_eq!(report.text(), "Title\n  what    number\n  one        1.2\n  eleven       -");
        let json: Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["rows"][0]["number"], json!(1.2));
        assert_eq!(json["rows"][1]["number"], Value::Null);
    }

    #[test]
    fn percentiles_stay_inside_the_sample() {
        let sample = [3.0, 1.0, 2.0];
        assert_eq!([0, 50, 95, 100].map(|p| percentile(&sample, p)), [1.0, 2.0, 3.0, 3.0]);
        assert_eq!(percentile(&[], 50), 0.0);
    }
}
