//! `audit`: look through the chain, write lines out, print its head for keeping elsewhere. Ids only; no names, no letters.

use chrono::{Days, NaiveDate, NaiveTime};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Ended, Place, exit, say};
use crate::app;
use crate::clock::Moment;
use crate::flow::trail::{self, KeptHead};
use crate::house::House;
use crate::ids::{base32, from_base32};
use crate::store::trail::Kept;

/// Commands about the audit.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Look whether every line is as it was written, and where it was.
    ///
    /// Exits 0, or 65 and names the first line that is not. With `--head` also whether the chain still holds the head
    /// that `audit head` printed earlier: only this notices that the last lines were cut off by somebody with the keys.
    ///
    /// Example: merpati --home var audit verify
    Verify(VerifyArgs),
    /// Write lines out, oldest first: number, time, who, what, on which thread, why, hash.
    ///
    /// Example: merpati --home var audit export --since 2026-11-01 --until 2026-11-30 --json
    Export(ExportArgs),
    /// Print number and hash of the last line. Keep it where nobody who runs the house can write.
    ///
    /// Example: merpati --home var audit head
    Head,
}

/// Options of `audit verify`.
#[derive(Args)]
pub(super) struct VerifyArgs {
    /// A head that was printed earlier.
    #[arg(long, value_name = "NUMBER:HASH", value_parser = head)]
    head: Option<KeptHead>,
}

/// Options of `audit export`.
#[derive(Args)]
pub(super) struct ExportArgs {
    /// The first day, as 2026-11-01 (UTC).
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    /// The last day.
    #[arg(long, value_name = "DATE")]
    until: Option<NaiveDate>,
    /// One JSON object a line, instead of columns with tabs between them.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    number: i64,
    at: String,
    actor: Option<String>,
    action: &'a str,
    thread: Option<String>,
    why: &'a str,
    hash: String,
}

fn head(text: &str) -> Result<KeptHead, &'static str> {
    const WHY: &str = "a head is written as NUMBER:HASH, as `merpati audit head` prints it";
    let (number, hash) = text.trim().split_once(':').ok_or(WHY)?;
    let number = number.parse().ok().filter(|n: &i64| *n >= 0).ok_or(WHY)?;
    let hash = from_base32(hash).ok_or(WHY)?;
    Ok(KeptHead { number, hash })
}

pub(super) async fn run(place: &Place, command: &Command) -> Result<(), Ended> {
    let house = app::open_house(&place.home, &place.settings).await?;
    let done = match command {
        Command::Verify(args) => verify(&house, args).await,
        Command::Export(args) => export(&house, args).await,
        Command::Head => {
            let head = trail::head(&house).await?;
            say::line(format!("{}:{}", head.number, base32(&head.hash)));
            Ok(())
        }
    };
    house.db.close().await;
    done
}

async fn verify(house: &House, args: &VerifyArgs) -> Result<(), Ended> {
    let verdict = trail::verify(house, args.head.as_ref()).await?;
    if let Some(found) = verdict.broken {
        return Err(Ended::new(exit::DATA, format!("the audit is broken: line {} {}", found.number, found.what)));
    }
    let mut said = format!("the audit is whole: {} lines", verdict.lines);
    if verdict.untagged > 0 {
        said.push_str(&format!(", the first {} from before there was a chain", verdict.untagged));
    }
    if verdict.waiting > 0 {
        said.push_str(&format!("; {} wait for their number", verdict.waiting));
    }
    say::line(said);
    Ok(())
}

async fn export(house: &House, args: &ExportArgs) -> Result<(), Ended> {
    let begin = |day: NaiveDate| Moment::from(day.and_time(NaiveTime::MIN).and_utc());
    let since = args.since.map(begin);
    let before = args.until.and_then(|day| day.checked_add_days(Days::new(1))).map(begin);
    trail::export(house, since, before, |number, kept, hash| {
        let line = line(number, kept, hash);
        if args.json {
            // Strings and numbers always have a JSON form.
            say::line(serde_json::to_string(&line).unwrap_or_default());
        } else {
            let (actor, thread) = (line.actor.as_deref().unwrap_or("-"), line.thread.as_deref().unwrap_or("-"));
            let fields = [&number.to_string(), &line.at, actor, line.action, thread, line.why, &line.hash];
            say::line(fields.join("\t"));
        }
    })
    .await?;
    Ok(())
}

fn line<'a>(number: i64, kept: &'a Kept, hash: &[u8]) -> Line<'a> {
    Line {
        number,
        at: kept.line.at.utc().to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        actor: kept.line.actor.map(|a| a.to_string()),
        action: &kept.line.action,
        thread: kept.line.thread.map(|t| t.to_string()),
        why: &kept.line.detail,
        hash: base32(hash),
    }
}
