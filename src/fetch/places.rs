//! Where a fetched mail belongs. The envelope is gone; what the mailbox's server noted of it comes first, then what the
//! mail says. A mail for nobody we know waits on the first desk's shelf.

use crate::address::MailAddress;
use crate::flow::receive::{self, Destination, NoDestination};
use crate::house::{Failure, House};
use crate::parse::{Head, addresses};

/// Fields in which servers note the envelope's recipient.
const NOTED: [&str; 4] = ["Delivered-To", "X-Original-To", "X-Delivered-To", "Envelope-To"];
/// Fields that the sender wrote.
const WRITTEN: [&str; 2] = ["To", "Cc"];
/// Addresses of one mail that are looked up.
const LOOKUPS_MAX: usize = 50;

/// The destinations of a mail, at least one, and whether its envelope sender was the empty one.
pub(super) async fn of(house: &House, mail: &[u8]) -> Result<(Vec<Destination>, bool), Failure> {
    let head = Head::read(mail);
    let null_sender = values(&head, "Return-Path").next().is_some_and(|v| v.trim_ascii() == b"<>");
    let mut desk = None;
    for names in [&NOTED[..], &WRITTEN[..]] {
        let mut threads = Vec::new();
        for address in names.iter().flat_map(|n| values(&head, n)).flat_map(addresses).take(LOOKUPS_MAX) {
            match lookup(house, &address).await? {
                Some(Destination::Thread(target)) => {
                    let known = |d: &Destination| matches!(d, Destination::Thread(t) if t.thread == target.thread);
                    if !threads.iter().any(known) {
                        threads.push(Destination::Thread(target));
                    }
                }
                Some(found) => {
                    desk.get_or_insert(found);
                }
                None => {}
            }
        }
        if !threads.is_empty() {
            return Ok((threads, null_sender));
        }
    }
    let desk = match desk {
        Some(desk) => desk,
        None => found(receive::destination(house, "postmaster", "").await)?.ok_or(Failure::NotFound)?,
    };
    Ok((vec![desk], null_sender))
}

fn values<'h>(head: &'h Head<'_>, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    head.fields().filter(move |(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
}

async fn lookup(house: &House, address: &MailAddress) -> Result<Option<Destination>, Failure> {
    found(receive::destination(house, address.local(), address.domain()).await)
}

fn found(answer: Result<Destination, NoDestination>) -> Result<Option<Destination>, Failure> {
    match answer {
        Ok(destination) => Ok(Some(destination)),
        Err(NoDestination::Failure(failure)) => Err(failure),
        Err(_) => Ok(None),
    }
}
