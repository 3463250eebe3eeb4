//! A client with two threads: letters that come to the wrong one, or to an address that was replaced (M19), and
//! decisions that are taken back. All of it through the real doors.

use merpati::flow::{furnish, receive};
use merpati::ids::HeldId;
use merpati::jobs;
use merpati::role::Language;

use crate::support::app::{Client, DOMAIN, Someone, TestApp, make_desk, reply, take};
use crate::support::browser::Page;
use crate::support::engine::{Scratch, both_engines};
use crate::support::outside::Cell;
use crate::support::post::lmtp;

both_engines!(
    a_client_writes_to_another_desk,
    a_mail_to_an_old_address_waits_in_the_tray,
    an_answer_to_the_other_thread_waits_in_the_tray,
    a_counselor_moves_a_mail_or_lets_the_client_decide,
    a_decision_is_taken_back,
    what_was_answered_stays,
    a_letter_for_another_desk_goes_there_with_the_clients_yes,
);

const BINTANG: &str = "bintang@rumah.example";
const STRANGER: &str = "orang@lain.example";

/// Bintang writes with two desks: Bu Ratna sits at one, Pak Yusuf at the other.
struct Scene {
    app: TestApp,
    ratna: Someone,
    yusuf: Someone,
    bintang: Client,
    /// `/mailbox/THREAD` of the second thread.
    second: String,
    to_first: String,
    to_second: String,
}

async fn scene(scratch: &Scratch) -> Scene {
    let app = TestApp::open_at_rest(scratch).await;
    let (operator, ratna) = app.furnish().await;
    make_desk(&operator, "karier", "Meja Karier").await;
    let yusuf = app.counselor(&operator, "Meja Karier", "Pak Yusuf", Language::English).await;
    let bintang = app.open_mailbox("Bintang Sore", Language::English).await;
    app.confirm_address(&bintang, BINTANG).await;
    app.tick();
    let second = begin_another(&bintang, "Meja Karier").await;
    let addresses = addresses(&bintang.get("/mailbox/settings").await);
    let [to_first, to_second] = addresses.try_into().unwrap();
    Scene { app, ratna, yusuf, bintang, second, to_first, to_second }
}

/// Begins a thread at another desk; returns its page's path.
async fn begin_another(client: &Client, desk: &str) -> String {
    let page = client.get("/mailbox/another").await;
    let (_, button) = page.html.split_once("name=\"desk\" value=\"").expect("a desk to write to");
    let form = page.form("/mailbox/another").with("desk", button.split('"').next().unwrap());
    page.must_say(desk);
    let path = client.send(form).await.path;
    assert!(path.starts_with("/mailbox/") && path != client.mailbox, "{path}");
    path
}

/// The secret addresses on the settings page, in the order of the threads.
fn addresses(page: &Page) -> Vec<String> {
    let codes = page.html.split("<code translate=\"no\">").skip(1);
    codes.map(|rest| rest.split("</code>").next().unwrap().to_owned()).collect()
}

fn mail(from: &str, to: &str, id: &str, refers: &str, text: &str) -> Vec<u8> {
    let refers = if refers.is_empty() { String::new() } else { format!("{refers}\n") };
    let head = format!("From: {from}\nTo: {to}\nMessage-ID: <{id}@rumah.example>\n{refers}");
    format!("{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n").replace('\n', "\r\n").into_bytes()
}

impl Scene {
    async fn send(&self, from: &str, to: &str, raw: &[u8]) -> String {
        self.app.tick();
        let answer = lmtp(self.app.lmtp, from, &[to], raw).await.remove(0);
        assert!(answer.starts_with("250 "), "{answer}");
        answer
    }

    /// Replaces the address of the first thread; returns the new one.
    async fn change_address(&self) -> String {
        let path = format!("{}/address", self.bintang.mailbox);
        let form = self.bintang.get("/mailbox/settings").await.form(&path);
        let page = self.bintang.send(form).await;
        page.must_say("The address is changed.").must_not_say(&self.to_first);
        addresses(&page).remove(0)
    }

    async fn shelf(&self, who: &Someone) -> Vec<String> {
        who.get("/queue?tab=held").await.links("/held/")
    }

    /// Presses one of the threads in the tray, for its first letter.
    async fn sort_into(&self, mailbox: &str) -> Page {
        let thread = mailbox.rsplit('/').next().unwrap();
        let form = self.bintang.get("/mailbox/tray").await.form("/mailbox/tray");
        self.bintang.send(form.with("to", thread)).await
    }

    async fn count(&self, sql: &str) -> i64 {
        let mut outside = self.app.outside().await;
        let count = outside.row(sql, &[]).await[0].int();
        outside.close().await;
        count
    }

    fn second_in_queue(&self) -> String {
        self.second.replace("/mailbox/", "/queue/")
    }
}

async fn a_client_writes_to_another_desk(scratch: Scratch) {
    let s = scene(&scratch).await;
    assert_ne!(s.to_first, s.to_second, "each thread has an address of its own");
    // There is no third desk, and none gets a second thread.
    s.bintang.get("/mailbox/another").await.must_say("There is no other desk");
    let desk = s.count("SELECT COUNT(*) FROM thread").await;
    assert_eq!(desk, 2);
    assert_eq!(s.count("SELECT COUNT(*) FROM epoch_grant").await, 4, "each is granted to the client and its desk");
    assert_eq!(s.count("SELECT COUNT(DISTINCT epoch_id) FROM thread").await, 2, "and has a key of its own");

    s.send(BINTANG, &s.to_first, &mail(BINTANG, &s.to_first, "1", "", "untuk meja uji")).await;
    s.send(BINTANG, &s.to_second, &mail(BINTANG, &s.to_second, "2", "", "untuk meja karier")).await;
    s.bintang.get(&s.bintang.mailbox).await.must_say("untuk meja uji").must_not_say("untuk meja karier");
    s.bintang.get(&s.second).await.must_say("untuk meja karier").must_not_say("untuk meja uji");
    // Neither desk knows of the other thread.
    s.ratna.get(&s.second_in_queue()).await.must_fail(404);
    s.yusuf.get(&s.bintang.queue_path()).await.must_fail(404);

    take(&s.yusuf, &s.second_in_queue()).await;
    reply(&s.yusuf, &s.second_in_queue(), "Jawaban karier").await;
    s.app.wait(200);
    s.app.run_due().await;
    let list = s.bintang.get("/mailbox").await;
    list.must_be("/mailbox").must_say("Meja Uji").must_say("waiting for an answer");
    list.must_say("Meja Karier").must_say("answered").must_say("last letter");
    assert_eq!(list.text().matches("New answer").count(), 1);
    s.bintang.get(&s.second).await.must_say("Jawaban karier").must_say("All my letters");
    s.bintang.get("/mailbox").await.must_not_say("New answer");
    s.app.close().await;
}

async fn a_mail_to_an_old_address_waits_in_the_tray(scratch: Scratch) {
    let s = scene(&scratch).await;
    let new = s.change_address().await;
    assert!(new != s.to_first && new != s.to_second);
    s.send(BINTANG, &new, &mail(BINTANG, &new, "1", "", "lewat alamat baru")).await;
    let own = s.send(BINTANG, &s.to_first, &mail(BINTANG, &s.to_first, "2", "", "lewat alamat lama")).await;
    let strange = s.send(STRANGER, &s.to_first, &mail(STRANGER, &s.to_first, "3", "", "halo, ini siapa?")).await;
    assert_eq!(own, strange, "the answer is the same");
    // A redelivery is the same letter.
    s.send(BINTANG, &s.to_first, &mail(BINTANG, &s.to_first, "2", "", "lewat alamat lama")).await;

    let page = s.bintang.get(&s.bintang.mailbox).await;
    page.must_say("lewat alamat baru").must_not_say("lewat alamat lama").must_say("A letter waits for you to sort it");
    let tray = s.bintang.get("/mailbox/tray").await;
    tray.must_say("A letter came through an old address: choose where it belongs").must_say("lewat alamat lama");
    tray.must_not_say("ini siapa");
    assert_eq!(tray.html.matches("<article").count(), 1);

    // The desk sees that something waits, and nothing of what it says; the stranger's mail waits on its shelf.
    s.ratna
        .get(&s.bintang.queue_path())
        .await
        .must_say("In the client's sorting tray")
        .must_not_say("lewat alamat lama");
    s.ratna.get("/queue?tab=held&shelf=tray").await.must_say("Letter in a client's sorting tray");
    let held = s.shelf(&s.ratna).await;
    assert_eq!(held.len(), 1);
    s.ratna.get(&held[0]).await.must_say("ini siapa").must_say("It came to an address this mailbox had before.");
    let mut outside = s.app.outside().await;
    let row = outside.row("SELECT id FROM held WHERE state = 'tray'", &[]).await;
    outside.close().await;
    let Cell::Bytes(id) = &row[0] else { panic!("no id") };
    let in_tray = HeldId::try_from(id.as_slice()).unwrap();
    s.ratna.get(&format!("/held/{in_tray}")).await.must_fail(404);
    s.yusuf.get("/queue?tab=held&shelf=tray").await.must_not_say("Letter in a client's sorting tray");
    assert_eq!(s.app.mails().len(), 1, "only the confirmation: nobody was told anything");

    // Sorted, it is a letter dated when it arrived.
    let before = s.count("SELECT received_us FROM held WHERE state = 'tray'").await;
    s.app.wait(60);
    s.sort_into(&s.second).await.must_be(&format!("{}?done=moved", s.second)).must_say("lewat alamat lama");
    assert_eq!(s.count("SELECT received_us FROM letter WHERE flags LIKE '%retired-address%'").await, before);
    s.bintang.get("/mailbox/tray").await.must_say("There is nothing to sort.");
    s.yusuf.get(&s.second_in_queue()).await.must_say("lewat alamat lama").must_say("Old address");
    s.app.close().await;
}

async fn an_answer_to_the_other_thread_waits_in_the_tray(scratch: Scratch) {
    let s = scene(&scratch).await;
    let settings = s.bintang.get("/mailbox/settings/letters").await.form("/mailbox/settings/letters");
    s.bintang.send(settings.with("mode", "clear").with("yes", "1")).await;
    s.send(BINTANG, &s.to_second, &mail(BINTANG, &s.to_second, "surat", "", "soal karier")).await;
    take(&s.yusuf, &s.second_in_queue()).await;
    reply(&s.yusuf, &s.second_in_queue(), "Jawaban karier").await;
    s.app.wait(200);
    s.app.run_due().await;
    let ours = s.app.mails().into_iter().find(|m| m.text.contains("Jawaban karier")).expect("the reply as a mail");
    let id = ours.raw.lines().find_map(|l| l.strip_prefix("Message-ID: ")).unwrap().trim().to_owned();

    let to = &s.to_first;
    let answer = |n: &str, refers: &str| mail(BINTANG, to, n, refers, &format!("jawaban {n}"));
    s.send(BINTANG, to, &answer("satu", &format!("In-Reply-To: {id}"))).await;
    s.send(BINTANG, to, &answer("dua", "References: <x@lain.example>\n <surat@rumah.example>")).await;
    // What refers to this thread last is this thread's; what we do not know says nothing.
    s.send(BINTANG, to, &answer("tiga", "In-Reply-To: <tak-dikenal@lain.example>")).await;
    s.send(BINTANG, to, &answer("empat", "References: <surat@rumah.example> <tiga@rumah.example>")).await;
    let page = s.bintang.get(&s.bintang.mailbox).await;
    page.must_say("jawaban tiga").must_say("jawaban empat").must_not_say("jawaban satu").must_not_say("jawaban dua");
    let tray = s.bintang.get("/mailbox/tray").await;
    tray.must_say("A letter answers other letters than those it came to").must_say("jawaban satu");
    tray.must_say("jawaban dua").must_not_say("jawaban tiga");

    // Thrown away, and brought back.
    let page = s.bintang.send(tray.form("/mailbox/tray").with("throw-away", "1")).await;
    page.must_say("Thrown away").must_not_say("jawaban satu");
    let back = page.form("/mailbox/tray");
    let undo = page.html.split("name=\"undo\" value=\"").nth(1).and_then(|r| r.split('"').next()).unwrap();
    s.bintang.send(back.with("undo", undo)).await.must_say("jawaban satu").must_not_say("Thrown away");

    // In a thread that is marked as not safe a counselor looks at it as well, until the client has sorted it.
    let urgent =
        s.bintang.get(&format!("{}/write", s.bintang.mailbox)).await.form(&format!("{}/write", s.bintang.mailbox));
    s.bintang.send(urgent.with("text", "tolong").with("safe", "no").with("send", "1")).await;
    s.send(BINTANG, to, &answer("lima", &format!("In-Reply-To: {id}"))).await;
    let held = s.shelf(&s.ratna).await;
    s.ratna.get(&held[0]).await.must_say("jawaban lima").must_say("It answers a mail of another thread");
    for _ in 0..3 {
        s.app.tick();
        s.sort_into(&s.second).await.must_say("Meja Karier");
    }
    s.bintang.get("/mailbox/tray").await.must_say("There is nothing to sort.");
    assert!(s.shelf(&s.ratna).await.is_empty(), "the copy on the shelf went with it");
    s.bintang.get(&s.second).await.must_say("jawaban satu").must_say("jawaban dua").must_say("jawaban lima");
    s.app.close().await;
}

async fn a_counselor_moves_a_mail_or_lets_the_client_decide(scratch: Scratch) {
    let s = scene(&scratch).await;
    let new = "bintang.baru@lain.example";
    s.send(new, &s.to_first, &mail(new, &s.to_first, "1", "", "dari alamat baru")).await;
    let held = s.shelf(&s.ratna).await.remove(0);
    // Bu Ratna does not sit at the other desk: she does not learn that there is a thread.
    let page = s.ratna.get(&held).await;
    page.must_say("It belongs elsewhere").must_not_say("Meja Karier").must_say("not proven: nobody checked");
    let give = page.form(&format!("{held}/tray"));
    let elsewhere = page.form(&format!("{held}/let-in")).with("thread", s.second.rsplit('/').next().unwrap());
    s.ratna.send(give).await.must_be("/queue?tab=held&done=tray").must_say("The client chooses where it belongs.");
    s.ratna.get(&held).await.must_fail(404);
    s.ratna.send(elsewhere).await.must_fail(404);
    s.bintang.get("/mailbox/tray").await.must_say("Your counselor asks where this letter belongs");
    s.sort_into(&s.bintang.mailbox).await.must_say("dari alamat baru");

    // Once she sits at both desks, one press moves it there.
    let desk = receive::destination(&s.app.house, "karier", DOMAIN).await.ok().and_then(|d| d.desk()).unwrap();
    furnish::seat(&s.app.house, &s.ratna.name, desk).await.unwrap();
    let admit = s.yusuf.get("/queue").await.form("/queue/admit");
    s.yusuf.send(admit).await;
    s.send(STRANGER, &s.to_first, &mail(STRANGER, &s.to_first, "2", "", "untuk karier")).await;
    let held = s.shelf(&s.ratna).await.remove(0);
    let page = s.ratna.get(&held).await;
    page.must_say("Move it to Meja Karier");
    let there = page.form(&format!("{held}/let-in")).with("thread", s.second.rsplit('/').next().unwrap());
    s.ratna.send(there).await.must_say("Let in");
    s.bintang.get(&s.second).await.must_say("untuk karier");
    s.bintang.get(&s.bintang.mailbox).await.must_not_say("untuk karier");
    s.app.close().await;
}

async fn a_decision_is_taken_back(scratch: Scratch) {
    let s = scene(&scratch).await;
    s.send(STRANGER, &s.to_first, &mail(STRANGER, &s.to_first, "1", "", "satu")).await;
    let held = s.shelf(&s.ratna).await.remove(0);
    let press = async |what: &str| {
        let form = s.ratna.get(&held).await.form(&format!("{held}/{what}"));
        s.ratna.send(form).await
    };
    // Deleted, and back.
    let page = press("discard").await;
    page.must_be("/queue?tab=held").must_say("Deleted").must_say("Undo");
    assert!(page.links("/held/").is_empty());
    s.ratna.get(&held).await.must_fail(404);
    s.ratna.get("/queue?tab=held&shelf=discarded").await.must_not_say("Mail to a mailbox");
    s.yusuf.get("/queue?tab=held").await.must_not_say("Undo");
    let undo = page.form(&format!("{held}/undo"));
    s.ratna.send(undo.clone()).await.must_be(&format!("{held}?done=undone")).must_say("satu");
    s.ratna.send(undo.clone()).await.must_be("/queue?tab=held&done=undo-late");
    assert_eq!(s.count("SELECT CAST(SUM(cases) AS BIGINT) FROM alarm").await, 0, "nothing was decided");

    // Let in, and back: the letter is gone, and the sender is no longer known.
    press("let-in").await.must_be("/queue?tab=held").must_say("Let in");
    s.bintang.get(&s.bintang.mailbox).await.must_say("satu");
    assert_eq!(s.count("SELECT COUNT(*) FROM fine").await, 1);
    s.ratna.send(undo.clone()).await.must_say("satu");
    s.bintang.get(&s.bintang.mailbox).await.must_not_say("satu").must_say("Your mailbox is still empty.");
    assert_eq!(s.count("SELECT COUNT(*) FROM fine").await + s.count("SELECT COUNT(*) FROM letter").await, 0);

    // After ten minutes the mail is gone for good.
    press("discard").await.must_say("Undo");
    s.app.wait(601);
    jobs::run_due(&s.app.house).await.unwrap();
    assert_eq!(s.count("SELECT COUNT(*) FROM held").await, 0);
    s.app.close().await;
}

async fn what_was_answered_stays(scratch: Scratch) {
    let s = scene(&scratch).await;
    s.send(STRANGER, &s.to_first, &mail(STRANGER, &s.to_first, "1", "", "satu")).await;
    let held = s.shelf(&s.ratna).await.remove(0);
    let form = s.ratna.get(&held).await.form(&format!("{held}/let-in"));
    let undo = s.ratna.send(form).await.form(&format!("{held}/undo"));
    s.app.take(&s.ratna, &s.bintang).await;
    s.app.reply(&s.ratna, &s.bintang, "Jawaban").await;
    s.ratna.send(undo).await.must_be("/queue?tab=held&done=undo-late").must_say("can no longer be undone");
    s.bintang.get(&s.bintang.mailbox).await.must_say("satu");
    s.app.close().await;
}

async fn a_letter_for_another_desk_goes_there_with_the_clients_yes(scratch: Scratch) {
    const AWAN: &str = "awan@rumah.example";
    let s = scene(&scratch).await;
    let awan = s.app.open_mailbox("Awan Pagi", Language::English).await;
    s.app.confirm_address(&awan, AWAN).await;
    let address = addresses(&awan.get("/mailbox/settings").await).remove(0);
    s.send(AWAN, &address, &mail(AWAN, &address, "1", "", "Ini sebenarnya untuk Meja Karier, tentang magang.")).await;
    let received = s.count("SELECT MAX(received_us) FROM letter").await;
    s.app.tick();

    let page = awan.get(&awan.mailbox).await;
    page.must_say("Should another desk answer?").must_say("It belongs to Meja Karier");
    let (_, button) = page.html.split_once("name=\"desk\" value=\"").unwrap();
    let desk = button.split('"').next().unwrap();
    let form = page.form(&format!("{}/hint", awan.mailbox)).with("desk", desk);
    let moved = awan.send(form).await;
    moved.must_say("The letter is here now.").must_say("tentang magang");
    assert!(!moved.path.starts_with(&awan.mailbox), "{}", moved.path);
    awan.get(&awan.mailbox).await.must_not_say("tentang magang").must_not_say("Should another desk answer?");
    assert_eq!(s.count("SELECT MAX(received_us) FROM letter").await, received, "it keeps its place in line");
    s.yusuf.get("/queue").await.must_say("Awan Pagi");
    s.ratna.get("/queue").await.must_not_say("Awan Pagi");
    s.app.close().await;
}
