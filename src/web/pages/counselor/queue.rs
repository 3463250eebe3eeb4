//! `GET /queue`: the triage queue, and the shelf of held mail as its last tab.

use std::fmt::Write as _;

use axum::extract::Query;
use axum::response::Response;
use chrono_tz::Tz;
use serde::Deserialize;

use super::held_undo::{self, UndoBar};
use super::{Notice, When, notice};
use crate::clock::Moment;
use crate::flow::session::Reader;
use crate::flow::shelf::{self, HeldLine};
use crate::flow::work::{self, QueueLine, QueuePage, Tab};
use crate::ids::{DeskId, HeldId, PersonId};
use crate::limits::{QUEUE_COUNT_MAX, QUEUE_PAGE_ROWS};
use crate::role::Language;
use crate::secret::PlainText;
use crate::store::desks::Desk;
use crate::store::held::HeldState;
use crate::store::queue::After;
use crate::store::threads::ThreadState;
use crate::web::ctx::{Counselor, Ctx};
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

/// What the address asks for.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    tab: Option<String>,
    desk: Option<String>,
    after: Option<String>,
    done: Option<String>,
    /// Which part of the shelf: waiting, filed, note.
    shelf: Option<String>,
    /// Where a page of the shelf begins.
    from: Option<String>,
}

struct TabView {
    href: String,
    text: String,
    count: String,
    current: bool,
}

struct DeskView {
    word: String,
    name: String,
    chosen: bool,
}

struct Newcomer {
    desk: DeskId,
    person: PersonId,
    name: PlainText,
    desk_name: String,
}

struct Row {
    href: String,
    name: PlainText,
    is_next: bool,
    urgent: bool,
    leaving: bool,
    /// The client's language where it is not the reader's.
    language: Option<Language>,
    when: Option<When>,
    desk: String,
    assignee: String,
}

struct HeldRow {
    href: String,
    title: String,
    reasons: Vec<String>,
    when: When,
    desk: String,
}

#[derive(askama::Template)]
#[template(path = "pages/counselor/queue.html")]
struct Page {
    s: Shell,
    notice: Option<Notice>,
    tab: Tab,
    tabs: Vec<TabView>,
    desks: Vec<DeskView>,
    is_filtered: bool,
    closed_desks: Vec<String>,
    newcomers: Vec<Newcomer>,
    rows: Vec<Row>,
    held: Vec<HeldRow>,
    shelf: HeldState,
    /// Mail in clients' sorting trays, as the tab shows it.
    trays: usize,
    bars: Vec<UndoBar>,
    first: Option<String>,
    next: Option<String>,
    no_seat: bool,
    empty_title: String,
    empty_text: String,
}

impl Page {
    fn undo_path(&self, bar: &UndoBar) -> String {
        format!("/held/{}/undo", bar.id)
    }
}

pub(super) async fn get(Query(asked): Query<Asked>, Counselor(ctx, reader): Counselor) -> Result<Response, Refusal> {
    let desk = match asked.desk.as_deref().filter(|d| !d.is_empty()) {
        Some(word) => Some(desk_of(&ctx, &reader, word).await?),
        None => None,
    };
    let after = asked.after.as_deref().and_then(read_after);
    let chosen: Option<Tab> = asked.tab.as_deref().and_then(|t| t.parse().ok());
    let mut tab = chosen.unwrap_or(Tab::Mine);
    let mut found = work::queue(&ctx.house, &reader, tab, desk, after).await?;
    if chosen.is_none() && found.lines.is_empty() {
        tab = Tab::Unassigned;
        found = work::queue(&ctx.house, &reader, tab, desk, after).await?;
    }
    let shelf = asked.shelf.as_deref().and_then(|s| s.parse().ok()).filter(|s: &HeldState| s.is_listed());
    let shelf = shelf.unwrap_or(HeldState::Waiting);
    let from = asked.from.as_deref().and_then(read_from);
    let asked_for = Shown { tab, desk, after, done: asked.done, shelf, from };
    let held = if tab == Tab::Held { held_lines(&ctx, &reader, &found, &asked_for).await? } else { Vec::new() };
    let (mut bars, mut trays) = (Vec::new(), 0);
    if tab == Tab::Held {
        bars = held_undo::bars(&ctx, &reader).await?;
        let part = Shown { shelf: HeldState::Tray, from: None, done: None, ..asked_for };
        trays = held_lines(&ctx, &reader, &found, &part).await?.len();
    }
    let page = Page { bars, trays, ..view(&ctx, &reader, &asked_for, found, held) };
    Ok(ctx.page(&page))
}

/// What is shown of the queue.
struct Shown {
    tab: Tab,
    desk: Option<DeskId>,
    after: Option<After>,
    done: Option<String>,
    shelf: HeldState,
    from: Option<(Moment, HeldId)>,
}

async fn desk_of(ctx: &Ctx, reader: &Reader, word: &str) -> Result<DeskId, Refusal> {
    let seats = work::seats(&ctx.house, reader).await?;
    seats.iter().find(|d| d.slug == word || d.id.to_string() == word).map(|d| d.id).ok_or(Refusal::NotFound)
}

/// `1795000000000000.HELDID`: receipt and id of the mail a page of the shelf begins after.
fn read_from(text: &str) -> Option<(Moment, HeldId)> {
    let (at, id) = text.split_once('.')?;
    Some((Moment::from_micros(at.parse().ok()?), id.parse().ok()?))
}

/// The oldest held mails of the desks this counselor can read.
async fn held_lines(ctx: &Ctx, reader: &Reader, found: &QueuePage, shown: &Shown) -> Result<Vec<HeldLine>, Refusal> {
    let mut lines = Vec::new();
    let readable = found.desks.iter().map(|d| d.id).filter(|d| !found.waiting_for_key.contains(d));
    for id in readable.filter(|id| shown.desk.is_none_or(|d| d == *id)) {
        lines.extend(shelf::list(&ctx.house, reader, id, shown.shelf, shown.from, QUEUE_PAGE_ROWS + 1).await?);
    }
    lines.sort_by_key(|l| (l.received, l.id));
    Ok(lines)
}

/// `1.1795000000000000.THREADID`: urgency, time and thread of the row a page begins after.
fn read_after(text: &str) -> Option<After> {
    let mut parts = text.splitn(3, '.');
    let urgent = match parts.next()? {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    let at = Moment::from_micros(parts.next()?.parse().ok()?);
    Some(After { urgent, at, thread: parts.next()?.parse().ok()? })
}

fn write_after(after: &After) -> String {
    format!("{}.{}.{}", u8::from(after.urgent), after.at.micros(), after.thread)
}

fn href(tab: Tab, desk: Option<&Desk>, after: Option<&After>) -> String {
    let mut out = format!("/queue?tab={}", tab.word());
    if let Some(desk) = desk {
        out.push_str("&desk=");
        out.push_str(&desk.slug);
    }
    if let Some(after) = after {
        out.push_str("&after=");
        out.push_str(&write_after(after));
    }
    out
}

/// The same with the part of the shelf and the mail its page begins after.
fn shelf_href(shown: &Shown, desk: Option<&Desk>, after: Option<&HeldLine>) -> String {
    let mut out = href(shown.tab, desk, None);
    if shown.shelf != HeldState::Waiting {
        out.push_str("&shelf=");
        out.push_str(shown.shelf.word());
    }
    if let Some(line) = after {
        let _ = write!(out, "&from={}.{}", line.received.micros(), line.id);
    }
    out
}

fn zone_of(desks: &[Desk], id: DeskId) -> Tz {
    desks.iter().find(|d| d.id == id).map_or(Tz::UTC, |d| hours::zone(&d.zone))
}

fn name_of(desks: &[Desk], id: DeskId) -> String {
    desks.iter().find(|d| d.id == id).map(|d| d.name.clone()).unwrap_or_default()
}

fn view(ctx: &Ctx, reader: &Reader, shown: &Shown, found: QueuePage, mut held: Vec<HeldLine>) -> Page {
    let more_held = held.len() > QUEUE_PAGE_ROWS;
    held.truncate(QUEUE_PAGE_ROWS);
    let last_held = held.last().filter(|_| more_held);
    let QueuePage { desks, waiting_for_key, counts, lines, more, newcomers } = found;
    let desk = desks.iter().find(|d| Some(d.id) == shown.desk);
    let tab = |tab: Tab| TabView {
        href: href(tab, desk, None),
        text: ctx.texts.t(&format!("queue-tab-{}", tab.word())),
        count: ctx.texts.capped(counts.of(tab), QUEUE_COUNT_MAX),
        current: tab == shown.tab,
    };
    let newcomer = |(desk, person, name): (DeskId, PersonId, PlainText)| Newcomer {
        desk,
        person,
        name,
        desk_name: name_of(&desks, desk),
    };
    let is_first = shown.after.is_none() && shown.from.is_none();
    let rows =
        lines.into_iter().enumerate().map(|(n, line)| row(ctx, reader, shown.tab, &desks, line, is_first && n == 0));
    Page {
        s: Shell::new(ctx, Some(reader.who.roles), "queue-title", "/queue"),
        notice: notice(ctx.texts, shown.done.as_deref()),
        tab: shown.tab,
        tabs: Tab::ALL.into_iter().map(tab).collect(),
        desks: desks
            .iter()
            .map(|d| DeskView { word: d.slug.clone(), name: d.name.clone(), chosen: Some(d.id) == shown.desk })
            .collect(),
        is_filtered: shown.desk.is_some(),
        closed_desks: waiting_for_key.iter().map(|d| name_of(&desks, *d)).collect(),
        newcomers: newcomers.into_iter().map(newcomer).collect(),
        rows: rows.collect(),
        shelf: shown.shelf,
        trays: 0,
        bars: Vec::new(),
        held: held.iter().map(|line| held_row(ctx, &desks, line)).collect(),
        first: (!is_first).then(|| shelf_href(shown, desk, None)),
        next: more.map(|m| href(shown.tab, desk, Some(&m))).or(last_held.map(|l| shelf_href(shown, desk, Some(l)))),
        no_seat: desks.is_empty(),
        empty_title: ctx.texts.t(&format!("queue-empty-{}-title", shown.tab.word())),
        empty_text: ctx.texts.t(&format!("queue-empty-{}", shown.tab.word())),
    }
}

fn row(ctx: &Ctx, reader: &Reader, tab: Tab, desks: &[Desk], line: QueueLine, is_next: bool) -> Row {
    let QueueLine { row, name, desk } = line;
    let at = if tab == Tab::Waiting { row.last } else { row.waiting };
    let assignee = if row.assignee == Some(reader.who.person) { "queue-assignee-you" } else { "queue-assignee-nobody" };
    Row {
        href: format!("/queue/{}", row.thread),
        name,
        is_next: is_next && tab != Tab::Waiting,
        urgent: row.urgent,
        leaving: row.state == ThreadState::Leaving,
        language: row.language.parse().ok().filter(|l| *l != reader.who.language),
        when: at.map(|at| When::new(ctx, at, zone_of(desks, row.desk))),
        desk,
        assignee: ctx.texts.t(assignee),
    }
}

fn held_row(ctx: &Ctx, desks: &[Desk], line: &HeldLine) -> HeldRow {
    let title = match line.thread {
        Some(_) if line.state == HeldState::Tray => "held-row-tray",
        Some(_) => "held-row-thread",
        None => "held-row-desk",
    };
    // What lies in a tray is its client's to open.
    let tray_thread = line.thread.filter(|_| line.state == HeldState::Tray);
    HeldRow {
        href: tray_thread.map_or_else(|| format!("/held/{}", line.id), |thread| format!("/queue/{thread}")),
        title: ctx.texts.t(title),
        reasons: line.reasons.iter().map(|r| ctx.texts.t(&format!("held-reason-{}", r.word()))).collect(),
        when: When::new(ctx, line.received, zone_of(desks, line.desk)),
        desk: name_of(desks, line.desk),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ThreadId;

    #[test]
    fn where_a_page_begins_comes_back() {
        let after =
            After { urgent: true, at: Moment::from_micros(1_795_000_000_000_000), thread: ThreadId::from([7; 16]) };
        let text = write_after(&after);
        assert!(text.starts_with("1.1795000000000000."));
        let read = read_after(&text).unwrap();
        assert_eq!((read.urgent, read.at, read.thread), (true, after.at, after.thread));
        for bad in ["", "1", "2.1.x", "1.x.y", "1.5", "1.5.short", "1.5.<b>"] {
            assert!(read_after(bad).is_none(), "{bad}");
        }
    }
}
