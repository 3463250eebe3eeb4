//! What must hold when things break: the program is killed, stopped, cut off, flooded.

mod database_gone;
mod disk;
mod hostile_mail;
mod kill;
mod locked;
mod relay_down;
mod stop;

use std::sync::{Mutex, PoisonError};

use merpati::chance::{self, OsChance};
use merpati::flow::session::Realm;
use merpati::flow::{read, shelf};

use crate::support::child::{COUNSELOR, Client, Home, People, sign_in};

/// Runs a test; those of this folder take turns, because they measure how quickly an answer comes.
fn alone<F: Future<Output = ()>>(test: F) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap().block_on(test);
}

/// A number below `bound`.
fn below(bound: u32) -> u32 {
    chance::below(&OsChance, bound)
}

/// A plain mail of a client to their own thread.
fn mail(from: &str, subject: &str, text: &str) -> Vec<u8> {
    let id = chance::bytes::<8>(&OsChance).map(|b| format!("{b:02x}")).concat();
    let text = text.replace('\n', "\r\n");
    format!(
        "From: <{from}>\r\nTo: <surat@surat.example>\r\nSubject: {subject}\r\nMessage-ID: <{id}@example.org>\r\n\
         Date: Sat, 21 Nov 2026 10:00:00 +0700\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}"
    )
    .into_bytes()
}

/// The texts of all letters of a client's thread, opened with the client's key; a letter that does not open is an error.
async fn texts(home: &Home, client: &Client) -> Vec<String> {
    let house = home.house().await;
    let reader = sign_in(&house, Realm::Clients, &client.name).await;
    let thread = read::own_thread(&house, &reader, client.thread).await.unwrap();
    let letters = read::whole(&house, &reader, &thread).await.unwrap();
    house.db.close().await;
    letters.into_iter().map(|l| l.words.expect("a letter that opens").text.reveal().trim().to_owned()).collect()
}

/// Why mails are on the shelf, each opened with the counselor's key.
async fn shelf_reasons(home: &Home, people: &People) -> Vec<String> {
    let house = home.house().await;
    let reader = sign_in(&house, Realm::Staff, COUNSELOR).await;
    let mut reasons = Vec::new();
    for line in
        shelf::list(&house, &reader, people.desk, merpati::store::held::HeldState::Waiting, None, 1_000).await.unwrap()
    {
        let held = shelf::open(&house, &reader, line.id).await.unwrap();
        let words: Vec<_> = held.line.reasons.iter().map(|r| r.word()).collect();
        reasons.push(words.join(","));
    }
    house.db.close().await;
    reasons
}
