//! Letters per second: LMTP in, parsed, screened, sealed, durable.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::lmtp::{self, Mail, webmail};
use super::report::{Cell, Report, float, percentile};
use super::scene::Scene;
use super::server::{Server, own_cpu};
use super::{Common, stuck, yardstick};
use crate::cli::Ended;
use crate::ids::ThreadId;
use crate::store::letters::{self, Viewer};
use crate::store::threads;

/// Threads that the letters are spread over.
const THREADS: usize = 200;
/// A usual letter.
const MAIL_BYTES: usize = 4096;
/// Letters before the clock starts, over 8 connections: so many that no thread still learns what its letters look like.
const WARM_UP: usize = 3_000;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// Connections at a time, one row each.
    #[arg(long, value_delimiter = ',', default_value = "1,8,32")]
    connections: Vec<usize>,
    /// Letters of each row.
    #[arg(long, default_value_t = 10_000)]
    letters: usize,
    /// Measurements of each row; the medians are printed.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The limit program, run before and after: the rows then say which share of it they reach.
    #[arg(long)]
    limit: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: Common,
}

/// A house whose clients can send mail.
pub(super) struct Post {
    pub(super) scene: Scene,
    addresses: Vec<(String, String)>,
    threads: Vec<ThreadId>,
    made: usize,
}

impl Post {
    pub(super) async fn build(postgres: Option<&str>) -> Result<Self, Ended> {
        let scene = Scene::build(postgres).await?;
        let desk = scene.desk().await?;
        scene.counselor(desk, "Counselor").await?;
        let (mut addresses, mut threads) = (Vec::new(), Vec::new());
        for n in 0..THREADS {
            let (client, thread) = scene.client(desk, &format!("client {n}")).await?;
            let from = format!("anna{n}@example.net");
            scene.confirm_sender(client.person, &from).await?;
            addresses.push((from, scene.address(&client).await?));
            threads.push(thread.id);
        }
        Ok(Self { scene, addresses, threads, made: 0 })
    }

    /// Letters that were never sent before.
    pub(super) fn mails(&mut self, count: usize) -> Arc<Vec<Mail>> {
        let range = self.made..self.made + count;
        self.made += count;
        let both = range.zip(self.addresses.iter().cycle());
        Arc::new(both.map(|(n, (from, to))| Mail::new(from, to, webmail(n, from, to, MAIL_BYTES))).collect())
    }

    /// Sender and recipient of one of the threads.
    pub(super) fn address(&self) -> Result<&(String, String), Ended> {
        self.addresses.first().ok_or_else(|| stuck("no address"))
    }

    /// Every letter that was acknowledged must be there.
    async fn check(&self) -> Result<(), Ended> {
        let mut conn = self.scene.house.db.read().await?;
        let mut found = 0;
        for thread in &self.threads {
            if threads::find(&mut conn, *thread).await?.is_some() {
                found += letters::count(&mut conn, *thread, Viewer::Staff).await?;
            }
        }
        let made = i64::try_from(self.made).unwrap_or(i64::MAX);
        if found == made { Ok(()) } else { Err(stuck(format!("{made} letters were acknowledged, {found} are stored"))) }
    }
}

/// One measurement.
struct Sample {
    per_second: f64,
    server_micros: f64,
    client_micros: f64,
}

async fn measure(server: &Server, mails: &Arc<Vec<Mail>>, connections: usize) -> Result<Sample, Ended> {
    let (server_before, own_before, started) = (server.cpu()?, own_cpu()?, Instant::now());
    lmtp::send_all(server.lmtp, mails, connections).await?;
    let seconds = started.elapsed().as_secs_f64();
    let (count, micros) = (float(mails.len()), 1e6 / float(mails.len()));
    Ok(Sample {
        per_second: count / seconds,
        server_micros: (server.cpu()? - server_before) * micros,
        client_micros: (own_cpu()? - own_before) * micros,
    })
}

pub(super) async fn run(args: &Args) -> Result<Report, Ended> {
    const COLUMNS: &[&str] = &[
        "connections",
        "letters/s",
        "slowest",
        "fastest",
        "server CPU us",
        "client CPU us",
        "peak MiB",
        "of limit",
        "CPU to limit",
    ];
    let mut post = Post::build(args.common.postgres.as_deref()).await?;
    let before = limit(args)?;
    let server = Server::start(&post.scene).await?;
    lmtp::send_all(server.lmtp, &post.mails(WARM_UP), 8).await?;
    let mut measured = Vec::new();
    for connections in &args.connections {
        server.forget_peak()?;
        let mut samples = Vec::new();
        for _ in 0..args.rounds.max(1) {
            let mails = post.mails(args.letters);
            samples.push(measure(&server, &mails, *connections).await?);
        }
        measured.push((*connections, samples, server.memory("VmHWM")?));
    }
    post.check().await?;
    drop(server);
    let after = limit(args)?;
    let title = format!("Letters through LMTP, {MAIL_BYTES} bytes, {THREADS} threads, {}", post.scene.engine());
    let mut report = Report::new(title, COLUMNS);
    let limits: Vec<_> = before.into_iter().chain(after).collect();
    let mean = |value: fn(&yardstick::Limit) -> f64| limits.iter().map(value).sum::<f64>() / float(limits.len());
    for (connections, samples, peak) in measured {
        let rates: Vec<f64> = samples.iter().map(|s| s.per_second).collect();
        let middle = |value: fn(&Sample) -> f64| percentile(&samples.iter().map(value).collect::<Vec<_>>(), 50);
        let (rate, cpu) = (percentile(&rates, 50), middle(|s| s.server_micros));
        let share =
            |part: f64, whole: f64| if limits.is_empty() { Cell::Nothing } else { Cell::Number(part / whole, 2) };
        report.rows.push(vec![
            Cell::Text(connections.to_string()),
            Cell::Number(rate, 0),
            Cell::Number(percentile(&rates, 0), 0),
            Cell::Number(percentile(&rates, 100), 0),
            Cell::Number(cpu, 0),
            Cell::Number(middle(|s| s.client_micros), 0),
            Cell::Number(peak, 1),
            share(rate, mean(|l| l.per_second)),
            share(cpu, mean(|l| l.cpu_micros)),
        ]);
    }
    report.notes.push(format!("{} letters sent, all of them stored", post.made));
    for (when, limit) in ["before", "after"].iter().zip(&limits) {
        report.notes.push(format!(
            "limit program {when}: {:.0} letters/s, {:.0} us CPU per letter",
            limit.per_second, limit.cpu_micros
        ));
    }
    Ok(report)
}

fn limit(args: &Args) -> Result<Option<yardstick::Limit>, Ended> {
    match &args.limit {
        Some(program) => Ok(Some(yardstick::run(program)?)),
        None => Ok(None),
    }
}
