//! Everything in one file: from SQLite to PostgreSQL and back, and a file that was changed or cut restores nothing.

use std::path::Path;

use merpati::custody;
use merpati::role::Language;
use merpati::store::TABLES;

use crate::support::app::{accept, invite, make_desk, open_mailbox, reply, sign_in, sign_in_staff, take, write};
use crate::support::browser::Browser;
use crate::support::engine::{Scratch, on_postgres};
use crate::support::outside::Outside;
use crate::support::program::{Program, secret_file};

const LETTER: &str = "Surat yang harus selamat.";
const REPLY: &str = "Balasan yang harus selamat.";

#[test]
fn a_backup_moves_between_engines() {
    on_postgres(|scratch| async move { there_and_back(&scratch).await });
}

async fn there_and_back(scratch: &Scratch) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let passphrase = at("passphrase");
    secret_file(&passphrase, "sebuah kalimat sandi yang panjang\n");
    let on_file = |home: &str| Program::new(&at(home), &format!("sqlite:{}", at(&format!("{home}.db")).display()));
    let (first, second, third) = (on_file("first"), Program::new(&at("second"), &scratch.url), on_file("third"));

    let serving = first.serve();
    let english = |program: &Program| Browser::new(&program.url(), Language::English);
    let operator = accept(english(&first), &serving.operator_link(&first.url()), "Pak Operator").await;
    make_desk(&operator, "uji", "Meja Uji").await;
    let path = invite(&operator, "Meja Uji", &first.url()).await;
    let ratna = accept(english(&first), &path, "Bu Ratna").await;
    let client = open_mailbox(english(&first), "uji", "Bintang Sore").await;
    write(&client, "", LETTER, "yes").await.must_say(LETTER);
    take(&ratna, &client.queue_path()).await;
    reply(&ratna, &client.queue_path(), REPLY).await;
    let started = std::time::Instant::now();
    while !client.get(&client.mailbox).await.says(REPLY) {
        assert!(started.elapsed().as_secs() < 20, "the reply should have left");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // A backup is made while the doors are open.
    let file = at("first.pgp");
    let mut head = back_up(&first, &file, &passphrase);
    serving.stop();
    let wrong = at("wrong");
    secret_file(&wrong, "ein ganz anderer langer Satz");
    refused(&second, &file, &wrong).await;
    damaged_files_restore_nothing(&second, &file, &passphrase).await;

    let mut from = (&first, file);
    for to in [&second, &third] {
        to.must(&["restore", from.1.to_str().unwrap(), "--passphrase-file", passphrase.to_str().unwrap()]);
        refused_because_full(to, &from.1, &passphrase);
        assert_eq!(count_rows(from.0).await, count_rows(to).await);
        assert!(!head.starts_with("0:") && to.must(&["audit", "head"]).out.trim() == head);
        to.must(&["audit", "verify", "--head", &head]);
        let serving = to.serve();
        assert!(!serving.said().contains("/invitation/"), "there is an operator");
        let window = english(to);
        sign_in(&window, &client).await.must_be(&client.mailbox).must_say(LETTER).must_say(REPLY);
        let answer = format!("Dari {}", to.home.display());
        let again = client.clone().at(window);
        write(&again, "", &answer, "yes").await.must_say(&answer);
        let window = english(to);
        sign_in_staff(&window, &ratna).await.must_be("/queue");
        window.get(&client.queue_path()).await.must_say(LETTER).must_say(&answer);
        let file = to.home.with_extension("pgp");
        head = back_up(to, &file, &passphrase);
        serving.stop();
        from = (to, file);
    }
}

/// Writes the backup; returns the head of the audit.
fn back_up(program: &Program, file: &Path, passphrase: &Path) -> String {
    // Every line has its number from here on, so that the tables stay as the backup shows them.
    let head = program.must(&["audit", "head"]).out.trim().to_owned();
    program.must(&["backup", file.to_str().unwrap(), "--passphrase-file", passphrase.to_str().unwrap()]);
    let bytes = std::fs::read(file).unwrap();
    let has = |word: &[u8]| bytes.windows(word.len()).any(|w| w == word);
    assert!(!has(b"Meja Uji") && !has(b"practice.asc"), "a backup is encrypted whole");
    head
}

/// Rows of each table except of those that live with one program only.
async fn count_rows(program: &Program) -> Vec<(String, i64)> {
    let mut outside = Outside::open(&program.store_url).await;
    let mut counts = Vec::new();
    for table in TABLES {
        counts.push((table.name.to_owned(), outside.count(table.name).await));
    }
    outside.close().await;
    counts
}

async fn refused(program: &Program, file: &Path, passphrase: &Path) {
    let ended = program.run(&["restore", file.to_str().unwrap(), "--passphrase-file", passphrase.to_str().unwrap()]);
    assert_eq!(ended.code, 65, "{} {}", ended.out, ended.err);
    assert!(!custody::exist(&program.home), "no key was restored: {}", ended.err);
    for (table, count) in count_rows(program).await {
        assert_eq!(count, 0, "{table}: {}", ended.err);
    }
}

fn refused_because_full(program: &Program, file: &Path, passphrase: &Path) {
    let ended = program.run(&["restore", file.to_str().unwrap(), "--passphrase-file", passphrase.to_str().unwrap()]);
    assert!(ended.code == 65 && ended.err.contains("already"), "{} {}", ended.code, ended.err);
}

async fn damaged_files_restore_nothing(program: &Program, file: &Path, passphrase: &Path) {
    let whole = std::fs::read(file).unwrap();
    let bad = file.with_extension("bad");
    let end = whole.len();
    for at in [0, 30, end / 3, end / 2, end - 200, end - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        std::fs::write(&bad, bytes).unwrap();
        refused(program, &bad, passphrase).await;
    }
    for keep in [0, 10, end / 2, end - 40, end - 1] {
        std::fs::write(&bad, &whole[..keep]).unwrap();
        refused(program, &bad, passphrase).await;
    }
}
