//! The limit program: parses, encrypts, signs and commits the same mails in one bare loop, with nothing around it.
//!
//! What a mailbox takes in is read as a share of what that loop does on the same machine at the same time.

use std::path::Path;
use std::process::{Command, Stdio};

use super::report::percentile;
use super::scene::Scratch;
use super::stuck;
use crate::cli::Ended;

/// What the loop did.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) per_second: f64,
    pub(super) cpu_micros: f64,
}

/// Runs it for three rounds and takes the medians.
pub(super) fn run(program: &Path) -> Result<Limit, Ended> {
    let scratch = Scratch::new()?;
    let mut command = Command::new(program);
    command
        .args(["--recipients", "1", "--sign", "on", "--rounds", "3", "--stages", "off", "--db"])
        .arg(scratch.path().join("limit.db"))
        .stderr(Stdio::inherit());
    let output = tokio::task::block_in_place(|| command.output())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rounds = text.lines().filter(|l| l.starts_with("round"));
    let (rates, costs): (Vec<f64>, Vec<f64>) =
        rounds.filter_map(|l| Some((number(l, ": ")?, number(l, "all ")?))).unzip();
    if rates.is_empty() {
        return Err(stuck(format!("the limit program said: {text}")));
    }
    Ok(Limit { per_second: percentile(&rates, 50), cpu_micros: percentile(&costs, 50) })
}

/// The first number behind a mark.
fn number(line: &str, mark: &str) -> Option<f64> {
    line.split_once(mark)?.1.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_lines_are_understood() {
        let line = "round 1:    5321 letters/s; CPU us/letter: all 370 = parse 19 + seal 300 + commit thread 31 + rest 9; 157 commits";
        assert_eq!((number(line, ": "), number(line, "all ")), (Some(5321.0), Some(370.0)));
    }
}
