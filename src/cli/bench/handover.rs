//! Handing a thread to a colleague: one grant, however long the history.

use std::time::Instant;

use super::Common;
use super::fill::Stencil;
use super::report::{Cell, Report, percentile};
use super::scene::Scene;
use crate::cli::Ended;
use crate::flow::session::Reader;
use crate::flow::{read, work};
use crate::ids::ThreadId;

const SHORT: usize = 10;
const LONG: usize = 10_000;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// How often each thread is handed over.
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    #[command(flatten)]
    pub(super) common: Common,
}

pub(super) async fn run(args: &Args) -> Result<Report, Ended> {
    let scene = Scene::build(args.common.postgres.as_deref()).await?;
    let house = &scene.house;
    let desk = scene.desk().await?;
    let one = scene.counselor(desk, "Counselor one").await?;
    let other = scene.counselor(desk, "Counselor two").await?;
    let (one, other_reader) = (scene.reader(&one).await?, scene.reader(&other).await?);
    work::admit(house, &one, desk, other.person).await?;
    let mut threads = Vec::new();
    for (name, letters) in [("short", SHORT), ("long", LONG)] {
        let (client, thread) = scene.client(desk, name).await?;
        scene.write_letter(&client, thread.id).await?;
        Stencil::lengthen(&scene, thread.id.bytes(), letters - 1).await?;
        let (thread, _) = read::staff_thread(house, &one, thread.id).await?;
        work::take(house, &one, &thread).await?;
        threads.push((letters, thread.id, Vec::new()));
    }
    house.db.refresh_statistics().await?;
    for round in 0..args.rounds {
        let pair = if round % 2 == 0 { (&one, &other_reader) } else { (&other_reader, &one) };
        for (_, thread, times) in &mut threads {
            times.push(hand_over(&scene, pair, *thread).await?);
        }
    }
    let mut report =
        Report::new(format!("Handover of a thread, {}", scene.engine()), &["letters", "median ms", "p95 ms"]);
    for (letters, _, times) in &threads {
        let cells = vec![
            Cell::Text(letters.to_string()),
            Cell::Number(percentile(times, 50), 2),
            Cell::Number(percentile(times, 95), 2),
        ];
        report.rows.push(cells);
    }
    if let [(.., short), (.., long)] = threads.as_slice() {
        report.notes.push(format!("long to short: {:.2}", percentile(long, 50) / percentile(short, 50)));
    }
    house.db.close().await;
    Ok(report)
}

async fn hand_over(scene: &Scene, (from, to): (&Reader, &Reader), thread: ThreadId) -> Result<f64, Ended> {
    let (thread, _) = read::staff_thread(&scene.house, from, thread).await?;
    let started = Instant::now();
    work::hand_over(&scene.house, from, &thread, to.who.person).await?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}
