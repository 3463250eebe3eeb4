//! A word of one's own goes through every door, and is looked for in everything that is left behind: tables and their
//! files, the write-ahead log, what the program said, temporary files, mail that left.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use merpati::config;
use merpati::role::Language;

use crate::support::app::{Client, Someone, accept, invite, make_desk, open_mailbox, sign_in, take, write};
use crate::support::browser::Browser;
use crate::support::engine::{Scratch, both_engines};
use crate::support::outside::{Cell, Outside};
use crate::support::post::{plain, smtp};
use crate::support::program::Program;
use crate::support::scan::{Scanner, marker};

const MAIL_TIMEOUT: Duration = Duration::from_secs(20);

/// The words, and what each of them is.
struct Words(Vec<(&'static str, String)>);

impl Words {
    fn draw() -> Self {
        let what = [
            "subject",
            "letter",
            "file name",
            "file",
            "draft",
            "draft's file",
            "reply",
            "reply's subject",
            "reply's draft",
            "note",
            "mail",
            "mail's subject",
            "held mail",
            "held mail's sender",
            "mailbox name",
            "address",
        ];
        Self(what.map(|what| (what, marker())).to_vec())
    }

    fn of(&self, what: &str) -> &str {
        &self.0.iter().find(|(w, _)| *w == what).unwrap().1
    }
}

async fn a_word_through_every_door_is_found_nowhere(scratch: Scratch) {
    let (home, temp) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = Program::new(home.path(), &scratch.url).watched(temp.path());
    let mut words = Words::draw();
    let serving = program.serve();
    let link = serving.operator_link(&program.url());
    let english = || Browser::new(&program.url(), Language::English);
    let operator = accept(english(), &link, "Pak Operator").await;
    // What may be found: it is public, and proves that the search finds.
    let public = marker();
    make_desk(&operator, "uji", &format!("Meja {public}")).await;
    let path = invite(&operator, &format!("Meja {public}"), &program.url()).await;
    let ratna = accept(english(), &path, "Bu Ratna").await;
    let client = open_mailbox(english(), "uji", words.of("mailbox name")).await;
    words.0.push(("client's secret", client.secret.clone()));
    words.0.push(("counselor's secret", ratna.secret.clone()));
    walk(&program, &words, &ratna, &client).await;
    let scanner = Scanner::new(words.0.iter().map(|(what, word)| (*what, word.as_str())));
    let control = Scanner::new([("public word", public.as_str())]);

    // While it runs, and after it has closed; before and after the log is written back.
    search_database(&scratch, &scanner, &control).await;
    let said = serving.stop();
    assert!(said.contains("Merpati is open") && said.contains("closed"), "the log was seen: {said}");
    let found = scanner.find(said.as_bytes());
    assert!(found.is_empty(), "said by the program: {found:?}");
    search_database(&scratch, &scanner, &control).await;
    let mut outside = Outside::open(&scratch.url).await;
    if scratch.is_sqlite() {
        outside.rows("PRAGMA wal_checkpoint(TRUNCATE)", &[]).await;
    }
    outside.close().await;
    search_database(&scratch, &scanner, &control).await;

    scanner.must_not_find(temp.path());
    scanner.must_not_find(&home.path().join("keys"));
    let mails = search_outbox(home.path(), &scanner);
    assert_eq!(mails, 2, "the confirmation and the notification");
}

/// Each word through its door.
async fn walk(program: &Program, words: &Words, ratna: &Someone, client: &Client) {
    let address = format!("{}@rumah.example", words.of("address"));
    let settings = "/mailbox/settings";
    let form = client.get(settings).await.form(settings).with("mode", "at_once").with("address", &address);
    client.send(form).await.must_be("/mailbox/settings?done=asked");
    let confirmation = wait_for_mail(&program.home, 1).await;
    let link = confirmation.lines().find(|l| l.contains("/confirm/")).unwrap();
    let link = link.strip_prefix(&program.url()).unwrap();
    let elsewhere = Browser::new(&program.url(), Language::English);
    elsewhere.send(elsewhere.get(link).await.form(link)).await.must_say("The address is confirmed.");
    let page = client.get(settings).await;
    let secret_address =
        page.html.split_once("<code translate=\"no\">").unwrap().1.split_once("</code>").unwrap().0.to_owned();

    let path = format!("{}/write", client.mailbox);
    let form = client.get(&path).await.form(&path).with("safe", "no").with("text", words.of("draft")).with("save", "1");
    client.send(form.with_file("a.txt", words.of("draft's file").as_bytes())).await.must_say("a.txt");
    let form =
        client.get(&path).await.form(&path).with("subject", words.of("subject")).with("text", words.of("letter"));
    let form = form.with_file(&format!("{}.txt", words.of("file name")), words.of("file").as_bytes());
    let sent = client.send(form.with("safe", "no").with("send", "1")).await;
    sent.must_say(words.of("letter")).must_say(words.of("file name"));
    // Refused, and seen by nobody else.
    write(client, words.of("subject"), words.of("draft"), "").await.must_say("Choose one answer");

    let thread = client.queue_path();
    let page = take(ratna, &thread).await;
    page.must_say(words.of("letter")).must_say(words.of("mailbox name"));
    let file = &page.links(&format!("{thread}/file/"))[0];
    ratna.download(file).await;
    ratna.send(page.form(&format!("{thread}/note")).with("note", words.of("note"))).await.must_say(words.of("note"));
    let form = page.form(&thread).with("text", words.of("reply's draft")).with("keep", "1");
    ratna.send(form).await.must_say(words.of("reply's draft"));
    let form = ratna.get(&thread).await.form(&thread);
    let form = form.with("text", words.of("reply")).with("subject", words.of("reply's subject"));
    ratna.send(form).await.must_say(words.of("reply"));
    wait_for_mail(&program.home, 2).await;

    let mail = plain(&address, words.of("mail's subject"), words.of("mail"));
    let sent = smtp(program.smtp, &address, &secret_address, &mail);
    assert_eq!(sent.code, 0, "{}", sent.out);
    let stranger = format!("{}@lain.example", words.of("held mail's sender"));
    let mail = plain(&stranger, "halo", words.of("held mail"));
    assert_eq!(smtp(program.smtp, &stranger, &secret_address, &mail).code, 0);
    // Refused at the door.
    assert_eq!(smtp(program.smtp, &address, &format!("{}@surat.example", words.of("mailbox name")), &mail).code, 24);
    let held = ratna.get("/queue?tab=held").await.links("/held/").remove(0);
    ratna.get(&held).await.must_say(words.of("held mail"));
    sign_in(&Browser::new(&program.url(), Language::English), client)
        .await
        .must_say(words.of("mail"))
        .must_say(words.of("reply"));
}

/// Waits until so many mails have left and returns the last.
async fn wait_for_mail(home: &Path, count: usize) -> String {
    let started = Instant::now();
    loop {
        let mut mails = mails(home);
        if mails.len() >= count {
            mails.sort_by_key(|m| m.metadata().unwrap().modified().unwrap());
            return std::fs::read_to_string(mails.last().unwrap()).unwrap();
        }
        assert!(started.elapsed() < MAIL_TIMEOUT, "{count} mails should have left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn mails(home: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(config::outbox_folder(home)).into_iter().flatten();
    files.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "eml")).collect()
}

/// A mail necessarily names its recipient, in one line.
fn search_outbox(home: &Path, scanner: &Scanner) -> usize {
    let all = mails(home);
    for path in &all {
        let raw = std::fs::read_to_string(path).unwrap();
        let rest: Vec<_> = raw.lines().filter(|l| !l.starts_with("To: ")).collect();
        let found = scanner.find(rest.join("\n").as_bytes());
        assert!(found.is_empty() && rest.len() == raw.lines().count() - 1, "{}: {found:?}", path.display());
    }
    all.len()
}

/// All bytes of the database: its files, and every value of every table.
async fn search_database(scratch: &Scratch, scanner: &Scanner, control: &Scanner) {
    let mut outside = Outside::open(&scratch.url).await;
    let mut seen = Vec::new();
    for table in merpati::store::TABLES.iter().map(|t| t.name).chain(["session"]) {
        for row in outside.rows(&format!("SELECT * FROM {table}"), &[]).await {
            for cell in row {
                match cell {
                    Cell::Bytes(bytes) => seen.extend(bytes),
                    Cell::Text(text) => seen.extend(text.into_bytes()),
                    Cell::Int(_) | Cell::Nothing => {}
                }
                seen.extend(b"\n");
            }
        }
    }
    let found = scanner.find(&seen);
    assert!(found.is_empty(), "in a table: {found:?}");
    assert!(!control.find(&seen).is_empty(), "the public word is in a table");
    let mut is_in_files = false;
    for file in files(scratch, &mut outside).await {
        scanner.must_not_find(&file);
        is_in_files |= file.is_file() && !control.find(&std::fs::read(&file).unwrap_or_default()).is_empty();
    }
    assert!(is_in_files, "the public word is in a file");
    outside.close().await;
}

/// The files that hold this database.
async fn files(scratch: &Scratch, outside: &mut Outside) -> Vec<PathBuf> {
    if scratch.is_sqlite() {
        let main = PathBuf::from(scratch.url.strip_prefix("sqlite:").unwrap());
        let files = std::fs::read_dir(main.parent().unwrap()).unwrap().map(|f| f.unwrap().path()).collect::<Vec<_>>();
        assert!(files.contains(&main));
        return files;
    }
    outside.rows("CHECKPOINT", &[]).await;
    let sql = "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = current_database()";
    let base = PathBuf::from(outside.row(sql, &[]).await[0].text());
    let log = base.parent().unwrap().with_file_name("pg_wal");
    let all = [&base, &log].map(|folder| {
        let files =
            std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}; the tests must see it", folder.display()));
        files.map(|f| f.unwrap().path()).filter(|p| p.is_file()).collect::<Vec<_>>()
    });
    all.concat()
}

both_engines!(a_word_through_every_door_is_found_nowhere);
