//! `kill -9` at any moment: what was acknowledged is there once, and what was not is there once or not at all.
//!
//! Every round starts the program, loads it through LMTP and the web, and pulls the plug at a random moment, some of
//! them before its doors are open. Whoever got no answer hands the same bytes in again next time, as mail servers do.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use merpati::flow::session::{Reader, Realm};
use merpati::flow::{read, shelf};
use merpati::house::House;
use merpati::ids::{HeldId, LetterId};
use merpati::store::held::HeldState;
use merpati::store::letters;
use merpati::store::threads::ThreadState;

use super::{alone, below, mail};
use crate::support::child::{COUNSELOR, Client, Home, People, SECRET, sign_in};
use crate::support::peer::{Browser, LetterForm, Lmtp, confirms};
use crate::support::postgres::{Cluster, Disk};

const KILLS: u32 = 52;
/// The plug is pulled within this time, in milliseconds.
const LOAD_MS: u32 = 400;
/// Connections to the LMTP door; one client each.
const POSTS: usize = 3;
/// In one of so many rounds the plug is pulled while the program starts.
const EARLY: u32 = 8;
const PDF_BYTES: usize = 70_000;

#[test]
fn sqlite() {
    alone(survive(Home::new("", "")));
}

#[test]
fn postgres() {
    // A cluster of its own whose commits reach the disk.
    let cluster = Cluster::start(Disk::Durable);
    alone(survive(Home::new(&cluster.url("postgres"), "")));
}

/// Something on its way: its number stands in its text.
#[derive(Clone)]
enum Piece {
    /// From, to, bytes.
    Mail(String, String, Vec<u8>),
    Form(LetterForm),
}

/// What was handed out, what was acknowledged, and what waits to be handed in again, by worker.
#[derive(Default)]
struct Ledger {
    next: u32,
    acknowledged: HashSet<u32>,
    pending: HashMap<usize, (u32, Piece)>,
}

type Shared = Arc<Mutex<Ledger>>;

/// The text of letter `number`.
fn text(number: u32) -> String {
    format!(
        "Surat nomor {number} itu.\nKata demi kata, semoga sampai. {}",
        "x".repeat(usize::try_from(number % 7).unwrap() * 300)
    )
}

/// The number in a text, which must be that letter's whole text.
fn number(found: &str) -> u32 {
    let found = found.trim();
    let number =
        found.split(' ').nth(2).and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("not one of ours: {found:?}"));
    assert_eq!(found, text(number).trim(), "a letter opens as it was written");
    number
}

/// A mail with a file, large enough to be stored in two pieces.
fn large_mail(from: &str, number: u32) -> Vec<u8> {
    let plain = String::from_utf8(mail(from, &format!("Surat {number}"), &text(number))).unwrap();
    let (head, body) = plain.split_once("Content-Type: text/plain; charset=utf-8\r\n\r\n").unwrap();
    let line = format!("{}\r\n", "AAAA".repeat(19));
    let file = line.repeat(PDF_BYTES / 57);
    format!(
        "{head}Content-Type: multipart/mixed; boundary=batas\r\n\r\n--batas\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         {body}\r\n--batas\r\nContent-Type: application/pdf; name=surat.pdf\r\nContent-Disposition: attachment; filename=surat.pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{file}--batas--\r\n"
    )
    .into_bytes()
}

impl Ledger {
    /// What this worker hands in next: the piece that got no answer, or a new one.
    fn take(shared: &Shared, worker: usize, new: impl FnOnce(u32) -> Piece) -> (u32, Piece) {
        let mut ledger = shared.lock().unwrap();
        let next = ledger.next;
        if let Some(pending) = ledger.pending.get(&worker) {
            return pending.clone();
        }
        ledger.next += 1;
        let entry = (next, new(next));
        ledger.pending.insert(worker, entry.clone());
        entry
    }

    fn acknowledge(shared: &Shared, worker: usize, number: u32) {
        let mut ledger = shared.lock().unwrap();
        ledger.acknowledged.insert(number);
        ledger.pending.remove(&worker);
    }

    fn is_pending(shared: &Shared, worker: usize) -> bool {
        shared.lock().unwrap().pending.contains_key(&worker)
    }
}

/// Sends mails of a client until the line breaks, or, with `last`, only what is left.
async fn post(shared: Shared, worker: usize, door: std::net::SocketAddr, client: Client, last: bool) {
    let mut lmtp = match Lmtp::open(door).await {
        Ok(lmtp) => lmtp,
        Err(error) => return broke(last, error),
    };
    while !last || Ledger::is_pending(&shared, worker) {
        let (number, piece) = Ledger::take(&shared, worker, |number| {
            // Some come from an address nobody knows: they go onto the shelf.
            let from = if number % 5 == 4 { "asing@example.net" } else { &client.address };
            let bytes = if number % 6 == 5 {
                large_mail(from, number)
            } else {
                mail(from, &format!("Surat {number}"), &text(number))
            };
            Piece::Mail(from.to_owned(), client.letterbox.clone(), bytes)
        });
        let Piece::Mail(from, to, bytes) = piece else { unreachable!("this worker only sends mail") };
        match lmtp.send(&from, &to, &bytes).await {
            Ok(250) => Ledger::acknowledge(&shared, worker, number),
            Ok(code) => assert!((400..500).contains(&code), "a good mail was refused with {code}"),
            Err(error) => return broke(last, error),
        }
    }
}

/// While the plug is pulled a line may break at any moment; while nobody pulls it, it may not.
fn broke(last: bool, error: impl std::fmt::Debug) {
    assert!(!last, "the line broke though the program ran: {error:?}");
}

/// Writes letters in a browser until the line breaks, or, with `last`, only what is left.
async fn browse(shared: Shared, worker: usize, browser: Browser, client: Client, fresh: bool, last: bool) {
    if fresh {
        match browser.sign_in(&client.name, SECRET).await {
            Ok(to) => assert_eq!(to, "/mailbox", "a client signs in"),
            Err(error) => return broke(last, error),
        }
    }
    while !last || Ledger::is_pending(&shared, worker) {
        let mut form = match browser.write(&client.thread.to_string(), "Halo", "").await {
            Ok(form) => form,
            Err(error) => return broke(last, error),
        };
        let token = form.token.clone();
        let (number, piece) = Ledger::take(&shared, worker, |number| {
            form.text = text(number);
            form.file = (number % 3 == 0).then(|| [b"%PDF-1.4\n".as_slice(), &vec![b'x'; 5_000]].concat());
            Piece::Form(form)
        });
        let Piece::Form(mut form) = piece else { unreachable!("this worker only fills in forms") };
        // Who has signed in anew since finds their words again on a page of the new session.
        form.token = token;
        match browser.hand_in(&form).await {
            Ok(answer) if confirms(&answer) => Ledger::acknowledge(&shared, worker, number),
            Ok(answer) => panic!("a good letter was answered with {}", answer.status()),
            Err(error) => return broke(last, error),
        }
    }
}

/// Everything found so far; rows that were opened once are not opened again until the end.
#[derive(Default)]
struct Found {
    letters: HashMap<LetterId, u32>,
    held: HashMap<HeldId, u32>,
}

impl Found {
    /// Looks at every row, opens the new ones, and compares with what was acknowledged.
    async fn look(&mut self, home: &Home, people: &People, shared: &Shared) {
        let house = home.house().await;
        for client in &people.clients {
            let reader = sign_in(&house, Realm::Clients, &client.name).await;
            check_rows(&house, client).await;
            self.open_new(&house, &reader, client).await;
        }
        let counselor = sign_in(&house, Realm::Staff, COUNSELOR).await;
        for line in shelf::list(&house, &counselor, people.desk, HeldState::Waiting, None, 100_000).await.unwrap() {
            if let std::collections::hash_map::Entry::Vacant(place) = self.held.entry(line.id) {
                let held = shelf::open(&house, &counselor, line.id).await.unwrap();
                place.insert(number(held.text.expect("a held mail opens").reveal()));
            }
        }
        house.db.close().await;
        let mut once = HashSet::new();
        for number in self.letters.values().chain(self.held.values()) {
            assert!(once.insert(*number), "letter {number} is there twice");
        }
        let lost: Vec<_> = shared.lock().unwrap().acknowledged.difference(&once).copied().collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }

    async fn open_new(&mut self, house: &House, reader: &Reader, client: &Client) {
        let thread = read::own_thread(house, reader, client.thread).await.unwrap();
        let mut before = None;
        loop {
            let page = read::page(house, reader, &thread, before).await.unwrap();
            let mut known = true;
            for letter in page.letters {
                if self.letters.contains_key(&letter.id) {
                    continue;
                }
                known = false;
                let words = letter.words.expect("a letter opens");
                for (n, line) in words.files.iter().enumerate() {
                    let file = read::file(house, reader, &thread, letter.id, n).await.unwrap();
                    assert_eq!(u64::try_from(file.bytes.reveal().len()).unwrap(), line.bytes);
                }
                self.letters.insert(letter.id, number(words.text.reveal()));
            }
            before = page.older;
            if known || before.is_none() {
                return;
            }
        }
    }
}

/// No letter is half there: it has all its files, and its thread says that somebody waits.
async fn check_rows(house: &House, client: &Client) {
    let mut conn = house.db.read().await.unwrap();
    let rows = letters::list_all(&mut conn, client.thread).await.unwrap();
    let thread = merpati::store::threads::find(&mut conn, client.thread).await.unwrap().unwrap();
    for row in &rows {
        let files = letters::list_attachments(&mut conn, row.id).await.unwrap().len();
        assert_eq!(i64::try_from(files).unwrap(), row.files, "files of a letter");
    }
    let (first, last) = (rows.iter().map(|r| r.received).min(), rows.iter().map(|r| r.received).max());
    assert_eq!((thread.waiting.is_some(), thread.last), (first.is_some(), last), "the thread knows its letters");
    assert!(rows.is_empty() || thread.state == ThreadState::Waiting);
}

async fn round(home: &Home, people: &People, shared: &Shared, lasting: &Browser, last: bool) {
    let mut child = home.start().await;
    let mut workers = Vec::new();
    for (n, client) in people.clients.iter().take(POSTS).enumerate() {
        workers.push(tokio::spawn(post(Arc::clone(shared), n, home.lmtp(), client.clone(), last)));
    }
    // One client signs in anew every round, in a browser that knows no cookie; the other's session lasts through all.
    let fresh = Browser::new(&home.settings.web.public_url);
    for (n, (browser, fresh)) in [(&fresh, true), (lasting, false)].into_iter().enumerate() {
        let client = people.clients[POSTS + n].clone();
        workers.push(tokio::spawn(browse(Arc::clone(shared), POSTS + n, browser.clone(), client, fresh, last)));
    }
    if !last {
        tokio::time::sleep(Duration::from_millis(u64::from(below(LOAD_MS)))).await;
        child.kill();
    }
    for worker in workers {
        worker.await.unwrap();
    }
}

async fn survive(home: Home) {
    let started = Instant::now();
    let people = People::furnish(&home, POSTS + 2).await;
    let lasting = Browser::new(&home.settings.web.public_url);
    let (shared, mut found) = (Shared::default(), Found::default());
    let mut child = home.start().await;
    assert_eq!(lasting.sign_in(&people.clients[POSTS + 1].name, SECRET).await.unwrap(), "/mailbox");
    child.kill();
    for kill in 0..KILLS {
        if kill % EARLY == EARLY - 1 {
            let mut child = home.launch("");
            tokio::time::sleep(Duration::from_millis(u64::from(below(LOAD_MS)))).await;
            child.kill();
        } else {
            round(&home, &people, &shared, &lasting, false).await;
            found.look(&home, &people, &shared).await;
        }
    }
    round(&home, &people, &shared, &lasting, true).await;
    // Once more from the beginning: nothing opened before has gone or changed since.
    found = Found::default();
    found.look(&home, &people, &shared).await;
    let issued = shared.lock().unwrap().next;
    let there = found.letters.len() + found.held.len();
    assert_eq!(there, usize::try_from(issued).unwrap(), "in the end every letter is there once");
    assert!(!found.held.is_empty() && issued > KILLS, "there was some load: {issued}");
    println!("{KILLS} kills, {issued} letters, {} s", started.elapsed().as_secs());
}
