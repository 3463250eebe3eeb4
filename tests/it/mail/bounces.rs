//! Reports about our own mails: what is ours counts, what is forged marks nobody.

use merpati::ids::OutboxId;
use merpati::role::Language;
use merpati::seal::bounce_local;

use crate::support::app::{Client, DOMAIN, RECALL, Someone, TestApp};
use crate::support::engine::{Scratch, both_engines};
use crate::support::post::{lmtp, plain};

both_engines!(one_hard_report_stops_the_mail, soft_ones_stop_it_after_three, forged_reports_mark_nobody);

const BINTANG: &str = "bintang@rumah.example";

/// A delivery report as mail servers write it (RFC 3464).
fn report(to: &str, status: &str) -> Vec<u8> {
    format!(
        "From: MAILER-DAEMON@rumah.example\nTo: <{to}>\nSubject: Undelivered Mail Returned to Sender\n\
         Auto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n\
         --x\nContent-Type: text/plain\n\nThe mail could not be delivered.\n\
         --x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.rumah.example\n\n\
         Final-Recipient: rfc822; {BINTANG}\nAction: failed\nStatus: {status}\n\
         Diagnostic-Code: smtp; 550 {status} no\n\n--x--\n"
    )
    .replace('\n', "\r\n")
    .into_bytes()
}

async fn scene(scratch: &Scratch) -> (TestApp, Someone, Client) {
    let app = TestApp::open_at_rest(scratch).await;
    let (_, ratna) = app.furnish().await;
    let bintang = app.open_mailbox("Bintang Sore", Language::English).await;
    app.confirm_address(&bintang, BINTANG).await;
    app.write(&bintang, "Halo", "Aku menulis.", "yes").await;
    app.take(&ratna, &bintang).await;
    (app, ratna, bintang)
}

/// The return address of the newest mail.
async fn return_address(app: &TestApp) -> String {
    let mut outside = app.outside().await;
    let row = outside.rows("SELECT id FROM outbox ORDER BY created_us DESC LIMIT 1", &[]).await.remove(0);
    outside.close().await;
    let id = OutboxId::try_from(row[0].bytes()).unwrap();
    format!("{}@{DOMAIN}", bounce_local(id, &app.house.keys.house))
}

async fn come_back(app: &TestApp, to: &str, status: &str) -> String {
    lmtp(app.lmtp, "", &[to], &report(to, status)).await.remove(0)
}

/// A reply leaves, and its notification if there is one. Signs everybody in again who fell silent.
async fn reply(app: &TestApp, ratna: &Someone, bintang: &Client, text: &str) {
    app.reply(ratna, bintang, text).await;
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;
}

async fn marks(app: &TestApp) -> (i64, i64, bool) {
    let mut outside = app.outside().await;
    let row = outside.row("SELECT hard_bounces, soft_bounces, stopped_us FROM notice", &[]).await;
    outside.close().await;
    (row[0].int(), row[1].int(), row[2].int() != 0)
}

async fn one_hard_report_stops_the_mail(scratch: Scratch) {
    let (app, ratna, bintang) = scene(&scratch).await;
    reply(&app, &ratna, &bintang, "Jawaban satu.").await;
    let sent = app.mails().len();
    assert_eq!(sent, 2, "the confirmation and a notification");
    let back = return_address(&app).await;
    assert!(come_back(&app, &back, "5.1.1").await.starts_with("250 "));
    assert_eq!(marks(&app).await, (1, 0, true));
    assert!(come_back(&app, &back, "5.1.1").await.starts_with("250 "));
    assert_eq!(marks(&app).await, (1, 0, true), "the same mail counts once");
    reply(&app, &ratna, &bintang, "Jawaban dua.").await;
    assert_eq!(app.mails().len(), sent, "no mail goes there any more");
    let page = bintang.get(&bintang.mailbox).await;
    page.must_say("Our mails do not reach you").must_say("Jawaban dua.");
    let form = page.form(&format!("{}/hint", bintang.mailbox)).with("try-again", "1");
    bintang.send(form).await.must_not_say("Our mails do not reach you");
    reply(&app, &ratna, &bintang, "Jawaban tiga.").await;
    assert_eq!(app.mails().len(), sent + 1);
    let mut outside = app.outside().await;
    assert_eq!((outside.count("held").await, outside.count("letter").await), (0, 4), "a report is no letter");
    outside.close().await;
    app.close().await;
}

async fn soft_ones_stop_it_after_three(scratch: Scratch) {
    let (app, ratna, bintang) = scene(&scratch).await;
    for n in 1..=3 {
        reply(&app, &ratna, &bintang, &format!("Jawaban {n}.")).await;
        let back = return_address(&app).await;
        for _ in 0..2 {
            assert!(come_back(&app, &back, "4.2.2").await.starts_with("250 "));
        }
        assert_eq!(marks(&app).await, (0, n, n == 3));
        bintang.get(&bintang.mailbox).await;
    }
    app.close().await;
}

async fn forged_reports_mark_nobody(scratch: Scratch) {
    let (app, ratna, bintang) = scene(&scratch).await;
    reply(&app, &ratna, &bintang, "Jawaban.").await;
    let back = return_address(&app).await;
    let forged = format!("b-{}{}", if &back[2..3] == "a" { "b" } else { "a" }, &back[3..]);
    let answer = come_back(&app, &forged, "5.1.1").await;
    assert!(answer.starts_with("550 5.1.1 "), "{answer}");
    // A report that reaches a desk or a thread is a machine's note and marks nobody either.
    assert!(come_back(&app, &format!("uji@{DOMAIN}"), "5.1.1").await.starts_with("250 "));
    let secret = app.secret_address(&bintang).await;
    assert!(come_back(&app, &secret, "5.1.1").await.starts_with("250 "));
    assert_eq!(marks(&app).await, (0, 0, false));
    assert!(ratna.get("/queue?tab=held").await.links("/held/").is_empty(), "nobody has to decide on it");
    // A person who writes to a return address hears where to write.
    let answer = lmtp(app.lmtp, BINTANG, &[&back], &plain(BINTANG, "halo", "Halo?")).await.remove(0);
    assert!(answer.starts_with("550 5.7.1 ") && answer.contains(&app.url), "{answer}");
    app.close().await;
}
