//! The trail: lines are chained, the chain is looked through, and a client reads what concerns them.
//!
//! A line is written in the commit of its event, with a keyed hash of its own; nothing else happens there, so that
//! transactions need not wait for each other. A chore then numbers the lines that wait and holds each to the one before.

use std::collections::HashMap;

use subtle::ConstantTimeEq as _;

use super::session::{Reader, Realm, open_name};
use crate::audit::{self, Action, Told};
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::{AuditId, PersonId};
use crate::limits::TRAIL_PAGE_LINES;
use crate::seal::{Damaged, HouseKey};
use crate::secret::PlainText;
use crate::store::chain::{self as rows, Head, Link};
use crate::store::threads::Thread;
use crate::store::trail::{self, Before, Kept};
use crate::store::{Conn, people};

/// Lines that get their numbers in one transaction, or are looked at together.
const GROUP: usize = 500;

/// Numbers every line that waits. The first time these are also the lines from before there was a chain.
pub async fn chain(house: &House) -> Result<(), Failure> {
    while rows::count_waiting(&mut house.db.read().await?).await? > 0 {
        if chain_group(house).await? < GROUP {
            break;
        }
    }
    Ok(())
}

async fn chain_group(house: &House) -> Result<usize, Failure> {
    let key = &house.keys.house;
    let mut tx = house.db.begin().await?;
    let mut head = rows::hold_head(&mut tx).await?;
    if head.tag.is_empty() && head.number == 0 {
        head.untagged = rows::count_untagged(&mut tx).await?;
    } else if !is_equal(&head.tag, &head_tag(key, &head)) {
        return Err(Damaged::new("the head of the audit is not the one that was written").into());
    }
    let lines = rows::list_waiting(&mut tx, GROUP).await?;
    if lines.is_empty() {
        return Ok(0);
    }
    for kept in &lines {
        head.number += 1;
        head.hash = link(key, head.number, &head.hash, kept).to_vec();
        rows::insert_link(&mut tx, head.number, kept.id, &head.hash).await?;
    }
    head.tag = head_tag(key, &head).to_vec();
    rows::update_head(&mut tx, &head).await?;
    tx.commit().await?;
    Ok(lines.len())
}

/// The hash of a link: over its number, the link before, and all that the line says.
fn link(key: &HouseKey, number: i64, before: &[u8], kept: &Kept) -> [u8; 32] {
    // Number and line have one length each, so the parts cannot run into each other.
    let line = audit::tag(key, kept.id, &kept.line);
    key.hash("audit-link", [&number.to_be_bytes()[..], &line, before].concat())
}

fn head_tag(key: &HouseKey, head: &Head) -> [u8; 32] {
    key.hash("audit-head", [&head.number.to_be_bytes()[..], &head.untagged.to_be_bytes(), &head.hash].concat())
}

fn is_equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// What was found in the chain.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Lines with a number, up to the first break.
    pub lines: i64,
    /// Of them, lines from before there was a chain: what they say is held since it began.
    pub untagged: i64,
    /// Lines that wait for their number.
    pub waiting: i64,
    /// The first line that is not as it was written.
    pub broken: Option<Break>,
}

/// A place where the chain does not hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Break {
    /// The line's number, or the next one where it has none.
    pub number: i64,
    /// What is wrong there.
    pub what: &'static str,
}

impl Break {
    const fn at(number: i64, what: &'static str) -> Self {
        Self { number, what }
    }
}

/// A number and its hash, as somebody kept them elsewhere.
#[derive(Clone)]
pub struct KeptHead {
    /// The number.
    pub number: i64,
    /// The hash of that line's link.
    pub hash: Vec<u8>,
}

/// Looks through the whole chain as it is at one moment, and whether it holds a head that was kept elsewhere.
pub async fn verify(house: &House, kept: Option<&KeptHead>) -> Result<Verdict, Failure> {
    let mut conn = house.db.snapshot().await?;
    let key = &house.keys.house;
    let head = rows::find_head(&mut conn).await?.unwrap_or_default();
    let mut verdict = Verdict { lines: 0, untagged: head.untagged, waiting: 0, broken: None };
    let (mut last, mut met) = (Vec::new(), kept.is_none_or(|k| k.number == 0));
    loop {
        let links = rows::list_links(&mut conn, verdict.lines, GROUP).await?;
        for found in &links {
            let number = verdict.lines + 1;
            if let Some(what) = wrong_with(key, &head, number, &last, found) {
                verdict.broken = Some(Break::at(number, what));
                return Ok(verdict);
            }
            if let Some(kept) = kept.filter(|k| k.number == number) {
                if !is_equal(&kept.hash, &found.hash) {
                    verdict.broken = Some(Break::at(number, "is another than the one in the head you kept"));
                    return Ok(verdict);
                }
                met = true;
            }
            verdict.lines = number;
            last.clone_from(&found.hash);
        }
        if links.len() < GROUP {
            break;
        }
    }
    verdict.broken = end(key, &head, verdict.lines, &last, met);
    if verdict.broken.is_none() {
        loose(key, &mut conn, &head, &mut verdict).await?;
    }
    Ok(verdict)
}

/// What is wrong with the next link, if anything.
fn wrong_with(key: &HouseKey, head: &Head, number: i64, last: &[u8], found: &Link) -> Option<&'static str> {
    let Some(kept) = found.line.as_ref().filter(|_| found.number == number) else {
        return Some("is missing");
    };
    if !is_equal(&found.hash, &link(key, number, last, kept)) {
        return Some("was changed, or is not where it was");
    }
    let is_old = kept.tag.is_empty() && number <= head.untagged;
    (!is_old && !is_equal(&kept.tag, &audit::tag(key, kept.id, &kept.line))).then_some("was not written by this house")
}

/// Whether the head stands where the lines end.
fn end(key: &HouseKey, head: &Head, lines: i64, last: &[u8], met: bool) -> Option<Break> {
    let fresh = *head == Head::default();
    if !fresh && !is_equal(&head.tag, &head_tag(key, head)) {
        return Some(Break::at(lines, "is the last one, and the head was not written by this house"));
    }
    if head.number > lines {
        return Some(Break::at(lines + 1, "is missing, and so is all after it"));
    }
    if head.number != lines || !is_equal(&head.hash, last) {
        return Some(Break::at(head.number + 1, "stands behind the head"));
    }
    (!met).then_some(Break::at(lines + 1, "is missing: the head you kept is of a later line"))
}

/// Looks at the lines without a number: each must be known to wait, and be of this house.
async fn loose(key: &HouseKey, conn: &mut Conn, head: &Head, verdict: &mut Verdict) -> Result<(), Failure> {
    let next = verdict.lines + 1;
    let is_begun = *head != Head::default();
    let mut after: Option<AuditId> = None;
    loop {
        let found = rows::list_loose(conn, after, GROUP).await?;
        for loose in &found {
            let is_old = loose.line.tag.is_empty() && !is_begun;
            let is_ours = is_old || is_equal(&loose.line.tag, &audit::tag(key, loose.line.id, &loose.line.line));
            if !is_ours || !loose.waits {
                verdict.broken = Some(Break::at(next, "was not written by this house, or was taken out of its place"));
                return Ok(());
            }
            verdict.waiting += 1;
            after = Some(loose.line.id);
        }
        if found.len() < GROUP {
            break;
        }
    }
    if rows::count_waiting(conn).await? != verdict.waiting {
        verdict.broken = Some(Break::at(next, "is missing: it was deleted before it had its number"));
    }
    Ok(())
}

/// The number and the hash to keep elsewhere: whoever cuts lines off the end later cannot make them fit.
pub async fn head(house: &House) -> Result<KeptHead, Failure> {
    chain(house).await?;
    let head = rows::find_head(&mut house.db.read().await?).await?.unwrap_or_default();
    Ok(KeptHead { number: head.number, hash: head.hash })
}

/// Shows every line of a span (since the first moment, before the second) with its number and hash, oldest first.
pub async fn export(
    house: &House,
    since: Option<Moment>,
    before: Option<Moment>,
    mut show: impl FnMut(i64, &Kept, &[u8]),
) -> Result<(), Failure> {
    chain(house).await?;
    let mut conn = house.db.snapshot().await?;
    let mut number = 0;
    loop {
        let links = rows::list_links(&mut conn, number, GROUP).await?;
        for link in &links {
            number = link.number;
            let line = link
                .line
                .as_ref()
                .filter(|k| since.is_none_or(|s| k.line.at >= s) && before.is_none_or(|b| k.line.at < b));
            if let Some(line) = line {
                show(link.number, line, &link.hash);
            }
        }
        if links.len() < GROUP {
            return Ok(());
        }
    }
}

/// Who did something, as a client may know it.
pub enum Who {
    /// The client.
    You,
    /// A counselor; by name where they have written to the client.
    Counselor(Option<PlainText>),
    /// The house by itself.
    House,
}

/// A line as its client reads it.
pub struct OwnLine {
    /// When.
    pub at: Moment,
    /// Who.
    pub who: Who,
    /// What. Why is not told: those are words of one colleague to another.
    pub action: Action,
}

/// A page of lines, newest first, and where the next page begins.
pub struct OwnPage {
    /// The lines.
    pub lines: Vec<OwnLine>,
    /// Older ones exist.
    pub older: Option<Before>,
}

/// What the trail says about a client's thread and mailbox. The thread must be their own.
pub async fn own_page(
    house: &House,
    reader: &Reader,
    thread: &Thread,
    mut before: Option<Before>,
) -> Result<OwnPage, Failure> {
    let me = reader.who.person;
    if thread.client != me {
        return Err(Failure::NotFound);
    }
    let mut conn = house.db.read().await?;
    let mut told: Vec<(Before, Option<PersonId>, Action)> = Vec::new();
    // Some lines are not told, so a page may take more than one look.
    while told.len() <= TRAIL_PAGE_LINES {
        let found = trail::list_of_client(&mut conn, thread.id, me, before, GROUP).await?;
        told.extend(found.iter().filter_map(|k| Some(((k.line.at, k.id), k.line.actor, told_action(k, me)?))));
        match found.last() {
            Some(last) if found.len() == GROUP => before = Some((last.line.at, last.id)),
            _ => break,
        }
    }
    let more = told.len() > TRAIL_PAGE_LINES;
    told.truncate(TRAIL_PAGE_LINES);
    let older = told.last().filter(|_| more).map(|(at, ..)| *at);
    let names = known_names(house, &mut conn, thread).await?;
    let who = |actor: Option<PersonId>| match actor {
        Some(person) if person == me => Who::You,
        Some(person) => Who::Counselor(names.get(&person).cloned()),
        None => Who::House,
    };
    let lines = told.into_iter().map(|((at, _), actor, action)| OwnLine { at, who: who(actor), action });
    Ok(OwnPage { lines: lines.collect(), older })
}

/// The action, if the client may know of it.
fn told_action(kept: &Kept, me: PersonId) -> Option<Action> {
    let action = Action::of(&kept.line.action)?;
    let is_told = match action.told() {
        Told::Always => true,
        Told::OwnDeed => kept.line.actor == Some(me),
        Told::Never => false,
    };
    is_told.then_some(action)
}

/// The names of those whose replies the client has got.
async fn known_names(house: &House, conn: &mut Conn, thread: &Thread) -> Result<HashMap<PersonId, PlainText>, Failure> {
    let mut names = HashMap::new();
    for author in trail::list_known(conn, thread.id).await? {
        if let Some(person) = people::find(conn, author).await?
            && let Ok(name) = open_name(house, Realm::Staff, author, &person.name_sealed)
        {
            names.insert(author, name);
        }
    }
    Ok(names)
}
