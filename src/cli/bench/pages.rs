//! Time of pages over HTTP, with few and with very many threads stored.

use std::time::Instant;

use super::Common;
use super::browser::Browser;
use super::fill::Stencil;
use super::report::{Cell, Report, percentile};
use super::scene::{Scene, Signed};
use super::server::Server;
use crate::cli::Ended;
use crate::flow::answer::{self, Reply};
use crate::flow::{read, work};
use crate::ids::{LetterId, ThreadId};
use crate::limits::THREAD_PAGE_LETTERS;

const REQUESTS: usize = 200;
const WARM_UP: usize = 20;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// Threads stored, one block of rows each; in rising order.
    #[arg(long, value_delimiter = ',', default_value = "1000,100000")]
    threads: Vec<usize>,
    #[command(flatten)]
    pub(super) common: Common,
}

pub(super) async fn run(args: &Args) -> Result<Report, Ended> {
    let scene = Scene::build(args.common.postgres.as_deref()).await?;
    let desk = scene.desk().await?;
    let counselor = scene.counselor(desk, "Counselor").await?;
    let (client, thread) = scene.client(desk, "client").await?;
    let thread = thread.id;
    scene.write_letter(&client, thread).await?;
    let mut stencil = Stencil::cut(&scene, client.person, counselor.person).await?;
    correspond(&scene, &client, &counselor, thread).await?;
    let columns = &["threads", "page", "median ms", "p95 ms", "KiB"];
    let mut report = Report::new(format!("Pages over HTTP, one request at a time, {}", scene.engine()), columns);
    for threads in &args.threads {
        stencil.fill(&scene, *threads).await?;
        let server = Server::start(&scene).await?;
        let opened = server.opened_after.as_secs_f64() * 1e3;
        report.rows.push(vec![
            Cell::Text(threads.to_string()),
            "start to first page".into(),
            Cell::Number(opened, 1),
            Cell::Nothing,
            Cell::Nothing,
        ]);
        let pages = [
            ("queue, unassigned", &counselor, "/queue".to_owned()),
            ("queue, mine", &counselor, "/queue?tab=mine".to_owned()),
            ("thread, counselor", &counselor, format!("/queue/{thread}")),
            ("thread, client", &client, format!("/mailbox/{thread}")),
        ];
        for (what, who, path) in pages {
            let (times, bytes) = visit(&scene, &server, who, &path).await?;
            report.rows.push(vec![
                Cell::Text(threads.to_string()),
                what.into(),
                Cell::Number(percentile(&times, 50), 2),
                Cell::Number(percentile(&times, 95), 2),
                Cell::Number(super::report::float(bytes) / 1024.0, 1),
            ]);
        }
    }
    scene.house.db.close().await;
    Ok(report)
}

/// Fills the thread up to a page of letters, half of them replies, and leaves it with the counselor.
async fn correspond(scene: &Scene, client: &Signed, counselor: &Signed, thread: ThreadId) -> Result<(), Ended> {
    let house = &scene.house;
    let reader = scene.reader(counselor).await?;
    let (found, _) = read::staff_thread(house, &reader, thread).await?;
    work::take(house, &reader, &found).await?;
    for n in 1..THREAD_PAGE_LETTERS {
        if n % 2 == 0 {
            scene.write_letter(client, thread).await?;
            continue;
        }
        let (found, _) = read::staff_thread(house, &reader, thread).await?;
        let text = "A reply of a few lines.\n\nIt answers what was asked, and asks something back.";
        let reply = Reply {
            passed: None,
            subject: "Re: Bench".into(),
            text: text.into(),
            covers: house.now(),
            form_id: LetterId::draw(&*house.chance),
        };
        answer::hand_in(house, &reader, &found, reply).await?;
        crate::jobs::run_due(house).await?;
    }
    Ok(())
}

/// Milliseconds of each request, and the size of the page.
async fn visit(scene: &Scene, server: &Server, who: &Signed, path: &str) -> Result<(Vec<f64>, usize), Ended> {
    let cookie = scene.sign_in(who).await?;
    let mut browser = Browser::connect(server.web, Some(cookie.text().reveal())).await?;
    let (mut times, mut bytes) = (Vec::with_capacity(REQUESTS), 0);
    for n in 0..WARM_UP + REQUESTS {
        let started = Instant::now();
        bytes = browser.get(path).await?;
        if n >= WARM_UP {
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok((times, bytes))
}
