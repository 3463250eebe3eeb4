//! Resident memory of the server.

use std::time::Duration;

use super::Common;
use super::letters::Post;
use super::lmtp::{self, Line, Mail, heavy_mail};
use super::report::{Cell, Report};
use super::server::Server;
use crate::cli::Ended;

const CONNECTIONS: usize = 32;
const LETTERS: usize = 10_000;
/// Just under the limit of the doors.
const HEAVY_BYTES: usize = 25_000_000;
/// What was needed to start has been given back by then.
const SETTLE: Duration = Duration::from_secs(3);

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    pub(super) common: Common,
}

pub(super) async fn run(args: &Args) -> Result<Report, Ended> {
    let mut post = Post::build(args.common.postgres.as_deref()).await?;
    let server = Server::start(&post.scene).await?;
    let mut report = Report::new(
        format!("Resident memory of the server, {}", post.scene.engine()),
        &["when", "now MiB", "peak MiB"],
    );
    let mut row = |what: &str| {
        report.rows.push(vec![
            what.into(),
            Cell::Number(server.memory("VmRSS")?, 1),
            Cell::Number(server.memory("VmHWM")?, 1),
        ]);
        server.forget_peak()
    };
    tokio::time::sleep(SETTLE).await;
    row("after the start, idle")?;
    let mails = post.mails(LETTERS);
    lmtp::send_all(server.lmtp, &mails, CONNECTIONS).await?;
    drop(mails);
    row("10,000 letters over 32 connections")?;
    tokio::time::sleep(SETTLE).await;
    row("idle again")?;
    let (from, to) = post.address()?;
    let heavy = Mail::new(from, to, heavy_mail(from, to, HEAVY_BYTES));
    Line::open(server.lmtp).await?.deliver(&heavy).await?;
    row("one mail of 25 MB")?;
    tokio::time::sleep(SETTLE).await;
    row("idle again after it")?;
    Ok(report)
}
