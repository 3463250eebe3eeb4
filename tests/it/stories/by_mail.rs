//! A client writes with their own mail program: by SMTP, by LMTP, through a mail server's pipe.

use merpati::role::Language;

use crate::support::app::{Client, DOMAIN, Someone, TestApp};
use crate::support::engine::{Scratch, both_engines};
use crate::support::post::{LETTERS, letter, lmtp, plain, smtp};
use crate::support::program::Program;

const BINTANG: &str = "Bintang.Sore@rumah.example";
const AWAN: &str = "awan@rumah.example";

/// A client whose address is confirmed, and their secret address.
async fn writer(app: &TestApp, name: &str, address: &str) -> (Client, String) {
    let client = app.open_mailbox(name, Language::English).await;
    app.confirm_address(&client, address).await;
    let secret = app.secret_address(&client).await;
    assert!(secret.ends_with(&format!("@{DOMAIN}")), "{secret}");
    (client, secret)
}

async fn letters(app: &TestApp) -> i64 {
    let mut outside = app.outside().await;
    let count = outside.count("letter").await;
    outside.close().await;
    count
}

async fn everybody_reads_all_ten(ratna: &Someone, client: &Client) {
    for page in [client.get(&client.mailbox).await, ratna.get(&client.queue_path()).await] {
        for (_, subject, text) in LETTERS {
            page.must_say(subject).must_say(text);
        }
        page.must_say("ございます.pdf");
        let links = page.links("/");
        let file = links.iter().find(|l| l.contains("/file/")).expect("a file");
        assert!(ratna_or_client(&page.path, ratna, client).download(file).await.starts_with(b"%PDF-1.4"));
    }
}

fn ratna_or_client<'a>(path: &str, ratna: &'a Someone, client: &'a Client) -> &'a Someone {
    if path.starts_with("/queue") { ratna } else { client }
}

async fn ten_mails_become_letters(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let (bintang, to_bintang) = writer(&app, "Bintang Sore", BINTANG).await;
    let (awan, to_awan) = writer(&app, "Awan Pagi", AWAN).await;
    for (name, ..) in LETTERS {
        let sent = smtp(app.smtp, BINTANG, &to_bintang, &letter(name, BINTANG));
        assert_eq!(sent.code, 0, "{name}: {}{}", sent.out, sent.err);
        let answers = lmtp(app.lmtp, AWAN, &[&to_awan], &letter(name, "AWAN@Rumah.Example")).await;
        assert!(answers[0].starts_with("250 2."), "{name}: {answers:?}");
    }
    everybody_reads_all_ten(&ratna, &bintang).await;
    everybody_reads_all_ten(&ratna, &awan).await;
    assert_eq!(letters(&app).await, 20);

    // The same mails once more, through either door: accepted and not doubled.
    for (name, ..) in LETTERS {
        assert_eq!(smtp(app.smtp, BINTANG, &to_bintang, &letter(name, BINTANG)).code, 0);
        let answers = lmtp(app.lmtp, AWAN, &[&to_awan], &letter(name, "AWAN@Rumah.Example")).await;
        assert!(answers[0].starts_with("250 "), "{answers:?}");
    }
    assert_eq!(letters(&app).await, 20);
    app.close().await;
}

async fn what_does_not_fit_waits_for_a_person(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let (bintang, to_bintang) = writer(&app, "Bintang Sore", BINTANG).await;
    let stranger = "orang@lain.example";
    let mail = plain(stranger, "alamat-baru", "Ini aku, Bintang.\r\n.titik\r\n..dua titik");
    assert_eq!(smtp(app.smtp, stranger, &to_bintang, &mail).code, 0);
    assert_eq!(smtp(app.smtp, stranger, &to_bintang, &mail).code, 0, "again: stays one");
    let to_desk = format!("uji@{DOMAIN}");
    assert!(
        lmtp(app.lmtp, BINTANG, &[&to_desk], &plain(BINTANG, "ke-meja", "Halo meja.")).await[0].starts_with("250 ")
    );
    bintang.get(&bintang.mailbox).await.must_not_say("Ini aku");
    assert_eq!(letters(&app).await, 0);

    let shelf = ratna.get("/queue?tab=held").await;
    let held = shelf.links("/held/");
    assert_eq!(held.len(), 2, "{}", shelf.text());
    let page = ratna.get(&held[0]).await;
    page.must_say("The sender is not the address this client confirmed.")
        .must_say("Ini aku, Bintang.")
        .must_say(".titik ..dua titik");
    page.must_say("Bintang Sore").must_say("alamat-baru");
    let let_in = page.form(&format!("{}/let-in", held[0]));
    let desk_page = ratna.get(&held[1]).await;
    desk_page.must_say("It was sent to the desk's own address").must_say("Halo meja.");
    assert!(desk_page.find_form(&format!("{}/let-in", held[1])).is_none());

    ratna.send(let_in.clone()).await.must_be("/queue?tab=held").must_say("Let in");
    ratna.send(let_in).await.must_fail(404);
    bintang.get(&bintang.mailbox).await.must_say("Ini aku, Bintang.").must_say("alamat-baru");
    ratna.get(&bintang.queue_path()).await.must_say("Ini aku, Bintang.");
    let discard = desk_page.form(&format!("{}/discard", held[1]));
    ratna.send(discard).await.must_be("/queue?tab=held").must_say("Deleted");
    ratna.get(&held[1]).await.must_fail(404);
    let mut outside = app.outside().await;
    let waiting = outside.row("SELECT COUNT(*) FROM held WHERE state = 'waiting'", &[]).await[0].int();
    assert_eq!((outside.count("letter").await, waiting), (1, 0));
    outside.close().await;
    app.close().await;
}

async fn refusals_say_where_to_write(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let (_, to_bintang) = writer(&app, "Bintang Sore", BINTANG).await;
    let mail = plain(BINTANG, "halo", "Halo.");
    let mistyped = mistype(&to_bintang);
    let cases = [
        (mistyped.clone(), "550 5.1.1 ", "This address is mistyped, nothing was delivered."),
        (format!("no-reply@{DOMAIN}"), "550 5.7.1 ", "Nobody reads this address. Please write at"),
        (format!("siapa@{DOMAIN}"), "550 5.1.1 ", "No such address here."),
        ("seseorang@rumah.example".to_owned(), "550 5.7.1 ", ""),
    ];
    for (to, code, sentence) in &cases {
        let sent = smtp(app.smtp, BINTANG, to, &mail);
        assert_eq!(sent.code, 24, "{to}: {}", sent.out);
        let line = sent.out.lines().find(|l| l.contains(code)).unwrap_or_else(|| panic!("{to}: {}", sent.out));
        assert!(line.contains(sentence) && (sentence.is_empty() || line.contains(&app.url)), "{line}");
        let answers = lmtp(app.lmtp, BINTANG, &[to], &mail).await;
        assert!(answers[0].starts_with(code) && answers[0].contains(sentence), "{answers:?}");
    }
    // One recipient's refusal leaves the others alone.
    let answers = lmtp(app.lmtp, BINTANG, &[&mistyped, &to_bintang, &format!("uji@{DOMAIN}")], &mail).await;
    let codes: Vec<_> = answers.iter().map(|a| &a[..4]).collect();
    assert_eq!(codes, ["550 ", "250 ", "250 "], "{answers:?}");
    assert_eq!(letters(&app).await, 1);
    assert_eq!(ratna.get("/queue?tab=held").await.links("/held/").len(), 1);
    app.close().await;
}

/// The same address with one sign of its first part exchanged.
fn mistype(address: &str) -> String {
    let (first, rest) = address.split_at(1);
    format!("{}{rest}", if first == "a" { "b" } else { "a" })
}

async fn a_mail_server_s_pipe_reads_exit_codes(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let (bintang, to_bintang) = writer(&app, "Bintang Sore", BINTANG).await;
    let program = Program::new(app.home.path(), &app.store_url).at(&app.url);
    let ingest = |to: &str, mail: &[u8]| program.run_with(&["ingest", "--to", to, "--from", BINTANG], mail);
    for _ in 0..2 {
        let ended = ingest(&to_bintang, &letter("utf8", BINTANG));
        assert_eq!(ended.code, 0, "{}", ended.err);
    }
    assert_eq!(letters(&app).await, 1);
    bintang.get(&bintang.mailbox).await.must_say("This is a test message for Eléanor");
    let ended = ingest(&to_bintang, b"");
    assert_eq!(ended.code, 65, "{}", ended.err);
    let ended = ingest(&mistype(&to_bintang), &letter("utf8", BINTANG));
    assert!(ended.code == 67 && ended.err.contains(&app.url), "{} {}", ended.code, ended.err);
    for to in [format!("siapa@{DOMAIN}"), format!("no-reply@{DOMAIN}"), "a@lain.example".to_owned(), "siapa".to_owned()]
    {
        assert_eq!(ingest(&to, &letter("utf8", BINTANG)).code, 67, "{to}");
    }
    assert_eq!(ingest(&format!("uji@{DOMAIN}"), &letter("utf8", BINTANG)).code, 0);
    assert_eq!(ratna.get("/queue?tab=held").await.links("/held/").len(), 1);
    app.close().await;
}

both_engines!(
    ten_mails_become_letters,
    what_does_not_fit_waits_for_a_person,
    refusals_say_where_to_write,
    a_mail_server_s_pipe_reads_exit_codes,
);
