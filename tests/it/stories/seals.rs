//! Who can open what lies in the tables, and what becomes of a table somebody wrote into (design, section 3).

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use merpati::clock::{Clock as _, SystemClock};
use merpati::role::Language;
use merpati::seal::{Cert, PersonKey, SharedKey, readers};

use super::main_road::{Cast, LETTER, REPLY, SUBJECT, walk};
use crate::support::app::{Client, DOMAIN, RECALL, TestApp};
use crate::support::browser::Page;
use crate::support::engine::{Scratch, both_engines};
use crate::support::outside::{Cell, Outside};
use crate::support::post::{lmtp, plain};
use crate::support::program::{Program, feed, secret_file, secret_folder};

/// What stands behind a stored certificate.
const TAG_BYTES: usize = 32;
const DAMAGED: &str = "Surat ini tidak bisa ditampilkan";
const DAMAGED_FOR_STAFF: &str = "What is stored in this row is not the letter that was once put there";

/// The main road walked to its end, and everything else that is stored: files, drafts, notes, mails in a thread and on
/// the shelf.
async fn furnished(scratch: &Scratch) -> (TestApp, Cast, Client) {
    let app = TestApp::open_at_rest(scratch).await;
    let cast = walk(&app).await;
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;
    let Cast { ratna, client, .. } = &cast;
    let path = format!("{}/write", client.mailbox);
    let form = client.get(&path).await.form(&path).with("text", "Dengan berkas.").with("safe", "yes").with("send", "1");
    client.send(form.with_file("catatan.txt", b"isi catatan")).await.must_say("catatan.txt");
    let form = client.get(&path).await.form(&path).with("text", "Belum selesai.").with("save", "1");
    client.send(form.with_file("nanti.txt", b"berkas nanti")).await.must_say("nanti.txt");
    let (thread, secret) = (client.queue_path(), app.secret_address(client).await);
    let page = ratna.get(&thread).await;
    ratna.send(page.form(&format!("{thread}/note")).with("note", "Catatan Ratna.")).await.must_say("Catatan Ratna.");
    ratna.send(page.form(&thread).with("text", "Draf Ratna.").with("keep", "1")).await.must_say("Draf Ratna.");
    let long = "Surat panjang. ".repeat(8_000);
    let mails = [("bintang@rumah.example", long.as_str()), ("lain@rumah.example", "Ditahan.")];
    for (from, text) in mails {
        app.wait(1);
        let text = text.replace(". ", ".\r\n");
        assert!(lmtp(app.lmtp, from, &[&secret], &plain(from, "surel", &text)).await[0].starts_with("250 "));
    }
    let desk = format!("uji@{DOMAIN}");
    assert!(
        lmtp(app.lmtp, "a@rumah.example", &[&desk], &plain("a@rumah.example", "x", "Meja.")).await[0]
            .starts_with("250 ")
    );
    let waiting = app.open_mailbox("Awan Pagi", Language::Indonesian).await;
    app.write(&waiting, "", "Belum diambil.", "unsure").await;
    (app, cast, waiting)
}

/// The key to which a stored certificate encrypts.
fn key_of(vouched: &[u8]) -> String {
    Cert::parse(&vouched[..vouched.len() - TAG_BYTES]).unwrap().encryption_fingerprint().unwrap()
}

async fn each_row_opens_with_its_own_key_only(scratch: Scratch) {
    let (app, cast, waiting) = furnished(&scratch).await;
    let mut outside = app.outside().await;
    let tables = [
        ("letters", 5, "SELECT l.body, e.cert FROM letter l JOIN epoch e ON e.id = l.epoch_id"),
        (
            "files",
            2,
            "SELECT a.body, e.cert FROM attachment a JOIN letter l ON l.id = a.letter_id JOIN epoch e ON e.id = l.epoch_id",
        ),
        ("grants to people", 3, "SELECT g.body, p.cert FROM epoch_grant g JOIN person p ON p.id = g.reader_id"),
        ("grants to desks", 2, "SELECT g.body, d.cert FROM epoch_grant g JOIN desk d ON d.id = g.reader_id"),
        ("desk keys", 1, "SELECT m.desk_grant, p.cert FROM member m JOIN person p ON p.id = m.person_id"),
        ("drafts", 2, "SELECT d.body, p.cert FROM draft d JOIN person p ON p.id = d.author_id"),
        ("files of drafts", 1, "SELECT d.body, p.cert FROM draft_file d JOIN person p ON p.id = d.author_id"),
        ("notes", 1, "SELECT n.body, p.cert FROM note n JOIN person p ON p.id = n.author_id"),
        ("held mails", 2, "SELECT h.body, d.cert FROM held h JOIN desk d ON d.id = h.desk_id"),
    ];
    let mut keys = BTreeSet::new();
    for (what, count, sql) in tables {
        let rows = outside.rows(sql, &[]).await;
        assert_eq!(rows.len(), count, "{what}");
        for row in rows {
            let key = key_of(row[1].bytes());
            assert_eq!(readers(row[0].bytes()).unwrap(), std::slice::from_ref(&key), "{what}");
            keys.insert(key);
        }
    }
    // Two clients, one counselor, one desk, two epochs: no key serves two of them.
    assert_eq!(keys.len(), 6);
    let predecessors = outside.rows("SELECT id FROM epoch WHERE length(previous_sealed) > 0", &[]).await;
    assert!(predecessors.is_empty(), "first epochs hold no other key");

    let holders =
        "SELECT g.reader_id FROM epoch_grant g JOIN epoch e ON e.id = g.epoch_id JOIN thread t ON t.id = e.thread_id
        WHERE t.assignee_id IS";
    for (client, taken) in [(&waiting, ""), (&cast.client, "NOT")] {
        let rows = outside.rows(&format!("{holders} {taken} NULL"), &[]).await;
        let got: BTreeSet<_> = rows.iter().map(|r| r[0].bytes().to_vec()).collect();
        let sql = format!("SELECT client_id, desk_id, assignee_id FROM thread WHERE assignee_id IS {taken} NULL");
        let row = outside.row(&sql, &[]).await;
        let entitled = row.iter().filter(|c| **c != Cell::Nothing).map(|c| c.bytes().to_vec());
        assert_eq!(got, entitled.collect(), "{}", client.name);
    }
    outside.close().await;
    app.close().await;
}

/// The client's letters of the main thread, oldest first: id, body.
async fn letters(outside: &mut Outside, client: &Client) -> Vec<(Vec<u8>, Vec<u8>)> {
    let thread: merpati::ids::ThreadId = client.thread_id().parse().unwrap();
    let sql = "SELECT id, body FROM letter WHERE thread_id = $1 ORDER BY received_us, id";
    let rows = outside.rows(sql, &[thread.bytes()]).await;
    rows.iter().map(|r| (r[0].bytes().to_vec(), r[1].bytes().to_vec())).collect()
}

async fn put(outside: &mut Outside, letter: &[u8], body: &[u8]) {
    outside.rows("UPDATE letter SET body = $1 WHERE id = $2", &[body, letter]).await;
}

/// Both sides' pages show so many letters as damaged.
async fn damaged(cast: &Cast, count: usize) -> [Page; 2] {
    let pages = [cast.client.get(&cast.client.mailbox).await, cast.ratna.get(&cast.client.queue_path()).await];
    for (page, words) in pages.iter().zip([DAMAGED, DAMAGED_FOR_STAFF]) {
        assert_eq!((page.status, page.text().matches(words).count()), (200, count), "{}", page.text());
    }
    pages
}

async fn a_row_written_from_outside_is_no_letter(scratch: Scratch) {
    let (app, cast, waiting) = furnished(&scratch).await;
    let mut outside = app.outside().await;
    let rows = letters(&mut outside, &cast.client).await;
    let [(first, first_body), (reply, reply_body), (third, third_body), _] = rows.as_slice() else {
        panic!("{}", rows.len())
    };
    damaged(&cast, 0).await[0].must_say(LETTER).must_say(REPLY);

    // Two of the client's letters exchanged; the reply and a letter exchanged.
    for (a, a_body, b, b_body, gone) in [
        (first, first_body, third, third_body, ["bingung", "Dengan berkas."]),
        (first, first_body, reply, reply_body, ["bingung", "pelan-pelan"]),
    ] {
        put(&mut outside, a, b_body).await;
        put(&mut outside, b, a_body).await;
        for page in damaged(&cast, 2).await {
            page.must_not_say(gone[0]).must_not_say(gone[1]);
        }
        put(&mut outside, a, a_body).await;
        put(&mut outside, b, b_body).await;
    }
    // Replayed: an old body in a newer row, and one of another thread.
    let foreign = letters(&mut outside, &waiting).await.remove(0).1;
    for body in [first_body, &foreign] {
        put(&mut outside, third, body).await;
        for page in damaged(&cast, 1).await {
            assert_eq!(page.text().matches("bingung").count(), 1, "once, in its own place");
            page.must_not_say("Belum diambil.");
        }
    }
    put(&mut outside, third, third_body).await;
    // Changed, cut, lengthened.
    let end = first_body.len();
    let mut changed: Vec<Vec<u8>> = [0, 1, 40, end / 2, end - 1].map(|at| flipped(first_body, at)).to_vec();
    changed.extend([first_body[..end - 1].to_vec(), [first_body, &[0][..]].concat(), Vec::new(), b"hello".to_vec()]);
    for body in changed {
        put(&mut outside, first, &body).await;
        for page in damaged(&cast, 1).await {
            page.must_not_say("bingung").must_not_say(SUBJECT).must_say("pelan-pelan");
        }
    }
    put(&mut outside, first, first_body).await;
    // The same letter at another time.
    outside.rows("UPDATE letter SET received_us = received_us - 60000000 WHERE id = $1", &[first]).await;
    damaged(&cast, 1).await[0].must_not_say("bingung");
    outside.rows("UPDATE letter SET received_us = received_us + 60000000 WHERE id = $1", &[first]).await;
    // The client's words as the counselor's, and the other way round.
    for (id, from, to) in [(first, "client", "counselor"), (reply, "counselor", "client")] {
        let set = |author: &str| format!("UPDATE letter SET author = '{author}' WHERE id = $1");
        outside.rows(&set(to), &[id]).await;
        damaged(&cast, 1).await;
        outside.rows(&set(from), &[id]).await;
    }
    damaged(&cast, 0).await[0].must_say(LETTER).must_say(REPLY);
    outside.close().await;
    app.close().await;
}

fn flipped(body: &[u8], at: usize) -> Vec<u8> {
    let mut body = body.to_vec();
    body[at] ^= 1;
    body
}

/// A certificate of a thief's own with a tag from somewhere else.
fn forged(cert: &[u8], genuine: &[u8]) -> Vec<u8> {
    [cert, &genuine[genuine.len() - TAG_BYTES..]].concat()
}

async fn an_exchanged_certificate_is_noticed(scratch: Scratch) {
    let (app, cast, waiting) = furnished(&scratch).await;
    let Cast { client, ratna, .. } = &cast;
    let mut outside = app.outside().await;
    let now = SystemClock.now();
    let person = "SELECT p.id, p.cert FROM person p JOIN thread t ON t.assignee_id = p.id";
    let row = outside.row(person, &[]).await;
    let (id, genuine) = (row[0].bytes().to_vec(), row[1].bytes().to_vec());
    let thief = PersonKey::generate(now).unwrap().public().unwrap();
    let other = outside
        .row("SELECT p.cert FROM person p JOIN thread t ON t.client_id = p.id WHERE t.assignee_id IS NULL", &[])
        .await;
    let update = "UPDATE person SET cert = $1 WHERE id = $2";
    for cert in [forged(&thief, &genuine), other[0].bytes().to_vec(), flipped(&genuine, 100)] {
        outside.rows(update, &[&cert, &id]).await;
        let page = client.get(&client.mailbox).await;
        page.must_say(DAMAGED).must_not_say("pelan-pelan").must_say(LETTER);
        let page = ratna.get(&client.queue_path()).await;
        page.must_fail(500).must_not_say("bingung");
    }
    outside.rows(update, &[&genuine, &id]).await;

    // To a thief's epoch or desk nothing is ever encrypted: not a letter, not a reply, not a mail, not a new mailbox.
    let (_, stolen) = SharedKey::generate(now).unwrap();
    let secret = app.secret_address(client).await;
    let before = counts(&mut outside).await;
    for table in ["epoch", "desk"] {
        let rows = outside.rows(&format!("SELECT id, cert FROM {table}"), &[]).await;
        for row in &rows {
            let update = format!("UPDATE {table} SET cert = $1 WHERE id = $2");
            outside.rows(&update, &[&forged(&stolen, row[1].bytes()), row[0].bytes()]).await;
        }
        if table == "epoch" {
            let path = format!("{}/write", waiting.mailbox);
            let form = waiting.get(&path).await.form(&path).with("text", "Untuk pencuri.").with("safe", "yes");
            waiting.send(form.with("send", "1")).await.must_fail(500);
            let form = ratna.get(&client.queue_path()).await.form(&client.queue_path()).with("text", "Untuk pencuri.");
            ratna.send(form).await.must_fail(500);
        } else {
            let window = app.browser(Language::English);
            let form = window.get("/desk/uji/open").await.form("/desk/uji/open").with("name", "Ombak Kecil");
            window.send(form).await.must_fail(500);
        }
        let from = if table == "epoch" { "bintang@rumah.example" } else { "lain@rumah.example" };
        let answers = lmtp(app.lmtp, from, &[&secret], &plain(from, table, "Untuk pencuri.")).await;
        assert!(answers[0].starts_with("451 4."), "{answers:?}");
        for row in &rows {
            let update = format!("UPDATE {table} SET cert = $1 WHERE id = $2");
            outside.rows(&update, &[row[1].bytes(), row[0].bytes()]).await;
        }
    }
    assert_eq!(counts(&mut outside).await, before, "nothing was stored");
    assert!(
        lmtp(app.lmtp, "bintang@rumah.example", &[&secret], &plain("bintang@rumah.example", "epoch", "Untuk pencuri."))
            .await[0]
            .starts_with("250 ")
    );
    outside.close().await;
    app.close().await;
}

async fn counts(outside: &mut Outside) -> [i64; 3] {
    [outside.count("letter").await, outside.count("held").await, outside.count("person").await]
}

/// A grant copied to another reader's row opens nothing.
async fn a_moved_grant_opens_nothing(scratch: Scratch) {
    let (app, cast, waiting) = furnished(&scratch).await;
    let mut outside = app.outside().await;
    let rows = outside.rows("SELECT epoch_id, reader_id, body FROM epoch_grant", &[]).await;
    // Every client gets the other client's grant.
    let clients = outside.rows("SELECT epoch_id, client_id FROM thread", &[]).await;
    let body = |epoch: &Cell, reader: &Cell| {
        rows.iter().find(|r| r[0] == *epoch && r[1] == *reader).map(|r| r[2].bytes().to_vec()).unwrap()
    };
    let update = "UPDATE epoch_grant SET body = $1 WHERE epoch_id = $2 AND reader_id = $3";
    for (a, b) in [(0, 1), (1, 0)] {
        let moved = body(&clients[b][0], &clients[b][1]);
        outside.rows(update, &[&moved, clients[a][0].bytes(), clients[a][1].bytes()]).await;
    }
    cast.client.get(&cast.client.mailbox).await.must_fail(500).must_not_say("bingung");
    waiting.get(&waiting.mailbox).await.must_fail(500).must_not_say("Belum diambil.");
    cast.ratna.get(&cast.client.queue_path()).await.must_say(LETTER);
    outside.close().await;
    app.close().await;
}

async fn what_a_client_takes_along_opens_in_gnupg(scratch: Scratch) {
    let (app, Cast { client, .. }, _) = furnished(&scratch).await;
    let folder = tempfile::tempdir().unwrap();
    let (secret, out) = (folder.path().join("secret"), folder.path().join("letters"));
    secret_file(&secret, &format!("{}\n", client.secret));
    let program = Program::new(app.home.path(), &app.store_url).at(&app.url);
    let words = |secret: &Path, out: &Path| {
        program.run(&[
            "thread",
            "export",
            &client.name,
            "--out",
            out.to_str().unwrap(),
            "--secret-file",
            secret.to_str().unwrap(),
        ])
    };
    let wrong = folder.path().join("wrong");
    secret_file(&wrong, "bukan ini kata rahasianya sama sekali");
    let ended = words(&wrong, &out);
    assert!(ended.code == 65 && !out.exists(), "{} {}", ended.code, ended.err);
    let ended = words(&secret, &out);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("uji: 4 letters, 0 damaged"), "{}", ended.out);

    let home = folder.path().join("gnupg");
    secret_folder(&home);
    let gpg = |words: &[&str], input: &[u8]| {
        let mut command = Command::new("gpg");
        command
            .args(["--batch", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", &client.secret])
            .args(words);
        tokio::task::block_in_place(|| feed(command.env("GNUPGHOME", &home), input))
    };
    let import = gpg(&["--import", out.join("uji-thread-key.asc").to_str().unwrap()], b"");
    assert_eq!(import.code, 0, "{}", import.err);
    let mbox = std::fs::read_to_string(out.join("uji-letters.mbox")).unwrap();
    assert!(!mbox.contains("bingung") && !mbox.contains("kakak"), "encrypted");
    let mut letters = String::new();
    for part in mbox.split("-----BEGIN PGP MESSAGE-----").skip(1) {
        let armored =
            format!("-----BEGIN PGP MESSAGE-----{}", part.split_inclusive("-----END PGP MESSAGE-----").next().unwrap());
        let opened = gpg(&["--decrypt"], armored.as_bytes());
        assert_eq!(opened.code, 0, "{}", opened.err);
        let letter = merpati::parse::read(merpati::parse::RawLetter::new(opened.out.into_bytes())).ok().unwrap();
        letters += &format!("{}\n{}\n", letter.subject.reveal(), letter.text.reveal());
    }
    for words in [SUBJECT, LETTER, REPLY, "Dengan berkas.", "Surat panjang."] {
        assert!(letters.contains(words), "{words}: {letters:.2000}");
    }
    tokio::task::block_in_place(|| {
        Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", &home).status().unwrap()
    });
    app.close().await;
}

both_engines!(
    each_row_opens_with_its_own_key_only,
    a_row_written_from_outside_is_no_letter,
    an_exchanged_certificate_is_noticed,
    a_moved_grant_opens_nothing,
    what_a_client_takes_along_opens_in_gnupg,
);
