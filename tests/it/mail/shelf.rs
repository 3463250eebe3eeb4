//! Two real threads and every case of misaddressed, forwarded or doubtful mail, through the real door.
//!
//! M17 is the outgoing guard's (`guard`); M20 needs groups, which do not exist yet. Bounces (M10) and a client with two
//! threads (M19, `threads`) have files of their own.

use merpati::role::Language;

use crate::support::app::{Client, DOMAIN, RECALL, Someone, TestApp, make_desk};
use crate::support::engine::{Scratch, both_engines};
use crate::support::outside::Cell;
use crate::support::post::lmtp;

both_engines!(
    every_case_ends_where_it_should,
    a_stranger_is_held_and_the_client_is_asked,
    what_is_fine_is_remembered_for_this_thread_only,
    the_code_word_shows_match_or_not_and_nothing_else,
    a_third_party_s_note_stays_outside,
    nothing_is_sent_while_somebody_else_may_be_writing,
    a_slip_of_the_client_is_told_to_them_alone,
    mistyped_and_shared_addresses_are_questioned,
    more_than_a_page_waits,
);

const BINTANG: &str = "bintang@rumah.example";
const AWAN: &str = "awan@rumah.example";

struct Scene {
    app: TestApp,
    operator: Someone,
    ratna: Someone,
    bintang: Client,
    awan: Client,
    to_bintang: String,
}

async fn scene(scratch: &Scratch) -> Scene {
    scene_in(TestApp::open(scratch).await).await
}

async fn scene_in(app: TestApp) -> Scene {
    let (operator, ratna) = app.furnish().await;
    make_desk(&operator, "karier", "Meja Karier").await;
    let bintang = app.open_mailbox("Bintang Sore", Language::English).await;
    app.confirm_address(&bintang, BINTANG).await;
    let to_bintang = app.secret_address(&bintang).await;
    let awan = app.open_mailbox("Awan Pagi", Language::Indonesian).await;
    Scene { app, operator, ratna, bintang, awan, to_bintang }
}

/// A mail that says who sent it in which form, with `to` in its To line.
fn mail(from: &str, to: &str, head: &str, text: &str) -> Vec<u8> {
    let to = if to.is_empty() { String::new() } else { format!("To: {to}\n") };
    let content = if head.contains("Content-Type") { "" } else { "Content-Type: text/plain; charset=utf-8\n" };
    format!("From: {from}\n{to}{head}{content}\n{text}\n").replace('\n', "\r\n").into_bytes()
}

impl Scene {
    async fn send(&self, sender: &str, to: &str, raw: &[u8]) -> String {
        lmtp(self.app.lmtp, sender, &[to], raw).await.remove(0)
    }

    /// Where the newest mail went and under which words: `letter`, or the state of the shelf.
    async fn newest(&self) -> (String, Vec<String>) {
        let mut outside = self.app.outside().await;
        let sql = "SELECT place, words, received_us FROM (SELECT 'letter' AS place, flags AS words, received_us FROM letter \
                   UNION ALL SELECT state AS place, reasons AS words, received_us FROM held) AS x ORDER BY received_us DESC LIMIT 1";
        let row = outside.rows(sql, &[]).await.remove(0);
        outside.close().await;
        let text = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Bytes(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            other => panic!("no text: {other:?}"),
        };
        (text(&row[0]), text(&row[1]).split(',').map(str::to_owned).collect())
    }

    /// Sends a mail to Bintang's address; it must go to `place` with these words among its own.
    async fn case(&self, case: &str, from: &str, raw: &[u8], place: &str, words: &[&str]) {
        let answer = self.send(from, &self.to_bintang, raw).await;
        assert!(answer.starts_with("250 "), "{case}: {answer}");
        let (there, found) = self.newest().await;
        assert_eq!(there, place, "{case}: {found:?}");
        for word in words {
            assert!(found.iter().any(|w| w == word), "{case}: {word} is not in {found:?}");
        }
    }

    async fn shelf(&self) -> Vec<String> {
        self.ratna.get("/queue?tab=held").await.links("/held/")
    }
}

const ENCLOSED: &str = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n";
const ENCLOSED_TEXT: &str = "--x\nContent-Type: text/plain\n\nLihat ini M1\n--x\nContent-Type: message/rfc822\n\nFrom: budi@lain.example\nSubject: dari Budi\n\nKata Budi\n--x--";
const CHAT: &str = "12/03/26, 21:14 - Sari: M14 jangan\n12/03/26, 21:15 - Budi: ya\n12/03/26, 21:16 - Sari: ok";

async fn every_case_ends_where_it_should(scratch: Scratch) {
    let s = scene(&scratch).await;
    let to = s.to_bintang.clone();
    let from_bintang = |head: &str, text: &str| mail(BINTANG, &to, head, text);
    s.case("M1", BINTANG, &from_bintang(ENCLOSED, ENCLOSED_TEXT), "letter", &["enclosed-mail"]).await;
    s.case("M3", AWAN, &mail(AWAN, &to, "", "M3"), "waiting", &["unknown-sender"]).await;
    s.case("M4", BINTANG, &from_bintang("Cc: ibu@lain.example\n", "M4"), "letter", &["others-addressed"]).await;
    let hrd = mail(BINTANG, "hrd@lain.example", "", "Yth. HRD\nbaris dua\nbaris tiga\nbaris keempat rahasia M5");
    s.case("M5", BINTANG, &hrd, "waiting", &["greets-another", "not-addressed-to-us"]).await;
    s.case("M6", BINTANG, &mail(BINTANG, "", "", "M6"), "letter", &["hidden-delivery"]).await;
    let passed = "X-Forwarded-To: a@b.example\nResent-From: bintang@kantor.example\n";
    s.case("M7", BINTANG, &from_bintang(passed, "M7"), "letter", &["passed-on-by-machine", "resent"]).await;
    let auto = "Auto-Submitted: auto-replied\n";
    s.case("M9", BINTANG, &from_bintang(auto, "M9 cuti"), "filed", &["automatic"]).await;
    s.case("M11", BINTANG, &from_bintang("List-Id: <milis.example>\n", "M11"), "waiting", &["list"]).await;
    let near = "bintan@rumah.example";
    s.case("M12", near, &mail(near, &to, "", "M12"), "waiting", &["unknown-sender", "near-confirmed"]).await;
    let school = "osis@smpn1.sch.id";
    s.case("M13", school, &mail(school, &to, "", "M13"), "waiting", &["shared-name", "school-domain"]).await;
    s.case("M14", BINTANG, &from_bintang("", CHAT), "letter", &["chat-log"]).await;
    let fake = mail(&format!("Bu Ratna <{BINTANG}>"), &to, "", "M15");
    s.case("M15", BINTANG, &fake, "waiting", &["counselor-name"]).await;
    let armor = "-----BEGIN PGP MESSAGE-----\n\nwcBMA0NvdW5zZWw=\n=AAAA\n-----END PGP MESSAGE-----";
    s.case("M16", BINTANG, &from_bintang("", armor), "waiting", &[]).await;
    s.case("M18", BINTANG, &from_bintang("", "untuk Meja Karier M18"), "letter", &["names-other-desk"]).await;
    let police = "reskrim@polri.go.id";
    let asks = mail(police, "uji@surat.example", "", "Permintaan keterangan: apakah siswa ini menulis? M21");
    assert!(s.send(police, &format!("uji@{DOMAIN}"), &asks).await.starts_with("250 "));
    let (place, words) = s.newest().await;
    assert!(
        place == "waiting" && ["asks-about-person", "official-domain"].iter().all(|w| words.contains(&(*w).to_owned()))
    );

    // Nothing of it anywhere in the other thread, and what waits is not in this one.
    let bintang = s.bintang.get(&s.bintang.mailbox).await;
    for here in ["M4", "M6", "M7", "M18", "jangan"] {
        bintang.must_say(here);
    }
    for waits in ["M3", "M5", "M9 cuti", "M11", "M12", "M13", "M15", "M21"] {
        bintang.must_not_say(waits);
    }
    let awan = s.awan.get(&s.awan.mailbox).await;
    for word in ["M1", "M3", "M4", "M7", "jangan"] {
        awan.must_not_say(word);
    }
    look_at_the_pages(&s).await;
    the_client_is_told(&s).await;
    our_own_mail_comes_back(&s).await;
    s.app.close().await;
}

async fn look_at_the_pages(s: &Scene) {
    let thread = s.ratna.get(&s.bintang.queue_path()).await;
    thread.must_say("Mail enclosed").must_say("Others got it too").must_say("Notes from machines");
    thread.must_say("Identity not confirmed.").must_not_say("ibu@lain.example").must_not_say("M9 cuti");
    let links = thread.links("/queue/");
    let others = links.iter().find(|l| l.contains("others=")).expect("a way to the others");
    s.ratna.get(others).await.must_say("ibu@lain.example");
    for held in s.shelf().await {
        let page = s.ratna.get(&held).await;
        if page.says("Greets somebody else") || page.says("It greets somebody who does not work here.") {
            page.must_say("Yth. HRD").must_not_say("baris keempat rahasia");
        }
        if page.says("Office or press") || page.says("The sender writes from the police") {
            page.must_say("What you may say").must_say("What we can and cannot say");
        }
        if page.says("M12") {
            page.must_say("bintan@rumah.example").must_say("b…@rumah.example");
        }
    }
    // A machine's note opens no clock: it is beside the thread, folded, and can be read.
    let filed = s.ratna.get("/queue?tab=held&shelf=filed").await.links("/held/");
    s.ratna.get(&filed[0]).await.must_say("M9 cuti");
}

async fn the_client_is_told(s: &Scene) {
    let page = s.bintang.get(&s.bintang.mailbox).await;
    page.must_say("Others got your letter too").must_say("Your letter holds words of another person");
    page.must_say("Is your mail passed on automatically?").must_say("Your letter came through a list");
    page.must_say("A letter from another address waits").must_say("We could not open a letter");
    page.must_say("Should another desk answer?");
    let path = format!("{}/hint", s.bintang.mailbox);
    let form = page.form(&path);
    let answered = s.bintang.send(form.with("kind", "passed-on").with("answer", "yes")).await;
    answered.must_say("We will send you no mails.").must_not_say("Is your mail passed on automatically?");
    // Read is what was on the page; what came meanwhile stays.
    assert!(
        answered.html.contains(r#"name="news" value="#) && answered.html.contains("others-words"),
        "{}",
        answered.html
    );
    let read = s.bintang.send(answered.form(&path).with("news", "others,list,other-address")).await;
    read.must_not_say("Others got your letter too").must_not_say("Your letter came through a list");
    read.must_say("Your letter holds words of another person").must_say("A letter from another address waits");
}

async fn our_own_mail_comes_back(s: &Scene) {
    let own = s.app.mails().remove(0).raw;
    let answer = s.send("", &s.to_bintang, own.as_bytes()).await;
    assert!(answer.starts_with("554 5.4.6 ") && answer.contains("circles"), "{answer}");
    s.operator.get("/schedule").await.must_say("Our own mail came back").must_say("Meja Uji");
}

async fn a_stranger_is_held_and_the_client_is_asked(scratch: Scratch) {
    let s = scene(&scratch).await;
    let stranger = "orang@lain.example";
    let raw = mail(stranger, &s.to_bintang, "", "Ini aku dari telepon baru.");
    let known = s.send(stranger, &s.to_bintang, &raw).await;
    let unknown = s.send(stranger, &format!("uji@{DOMAIN}"), &mail(stranger, "uji@surat.example", "", "halo")).await;
    assert_eq!(known, unknown, "the answer tells nobody whether a client exists");
    assert_eq!(s.app.mails().len(), 1, "only the confirmation: nothing went back, and no notification");
    let page = s.bintang.get(&s.bintang.mailbox).await;
    page.must_say("A letter from another address waits").must_not_say("telepon baru");
    let form = page.form(&format!("{}/hint", s.bintang.mailbox));
    s.bintang.send(form.with("answer", "yes")).await.must_not_say("A letter from another address waits");
    let held = s.shelf().await;
    let opened = s.ratna.get(&held[0]).await;
    opened.must_say("this letter is from me").must_say(stranger).must_say("b…@rumah.example");
    s.app.close().await;
}

async fn what_is_fine_is_remembered_for_this_thread_only(scratch: Scratch) {
    let s = scene(&scratch).await;
    // A label that is called fine goes, and does not come again.
    s.app.take(&s.ratna, &s.bintang).await;
    let cc = "Cc: ibu@lain.example\n";
    s.case("M4", BINTANG, &mail(BINTANG, &s.to_bintang, cc, "lima"), "letter", &["others-addressed"]).await;
    let thread = s.ratna.get(&s.bintang.queue_path()).await;
    let fine = thread.form(&format!("{}/fine", s.bintang.queue_path())).with("case", "M4");
    s.ratna.send(fine).await.must_say("The label is gone.");
    s.case("M4 again", BINTANG, &mail(BINTANG, &s.to_bintang, cc, "enam"), "letter", &[""]).await;

    let new = "bintang.baru@lain.example";
    s.case("first", new, &mail(new, &s.to_bintang, "", "satu"), "waiting", &["unknown-sender"]).await;
    let held = s.shelf().await.remove(0);
    let form = s.ratna.get(&held).await.form(&format!("{held}/let-in"));
    s.ratna.send(form).await.must_be("/queue?tab=held");
    s.case("the same sender", new, &mail(new, &s.to_bintang, "", "dua"), "letter", &[]).await;
    let other = "orang.lain@lain.example";
    s.case("another one", other, &mail(other, &s.to_bintang, "", "tiga"), "waiting", &["unknown-sender"]).await;
    s.app.confirm_address(&s.awan, AWAN).await;
    let to_awan = s.app.secret_address(&s.awan).await;
    assert!(s.send(new, &to_awan, &mail(new, &to_awan, "", "empat")).await.starts_with("250 "));
    assert_eq!(s.newest().await.0, "waiting", "in the other thread nobody said so");
    s.app.close().await;
}

async fn the_code_word_shows_match_or_not_and_nothing_else(scratch: Scratch) {
    let s = scene(&scratch).await;
    let stranger = "orang@lain.example";
    s.case("M3", stranger, &mail(stranger, &s.to_bintang, "", "aku?"), "waiting", &["unknown-sender"]).await;
    let held = s.shelf().await.remove(0);
    let ask = s.ratna.get(&held).await.form(&format!("{held}/code"));
    s.ratna.send(ask.clone()).await.must_say("This client has set no code word.");
    let settings = s.bintang.get("/mailbox/settings").await;
    let form = settings.form("/mailbox/settings/code-word").with("word", "Jeruk Bali");
    s.bintang.send(form).await.must_say("Your code word is saved.");
    s.ratna.send(ask).await.must_say("The client will be asked");
    s.ratna.get(&held).await.must_say("not answered yet");
    let path = format!("{}/code", s.bintang.mailbox);
    let answer = async |word: &str| {
        let form = s.bintang.get(&s.bintang.mailbox).await.form(&path).with("word", word);
        s.bintang.send(form).await
    };
    for _ in 0..4 {
        answer("jeruk purut").await.must_say("That was not the word.");
    }
    s.ratna.get(&held).await.must_say("Code word: wrong").must_not_say("jeruk");
    s.ratna.get(&s.bintang.queue_path()).await.must_say("Identity not confirmed.");
    answer("jeruk  bali").await.must_say("The word was right.");
    s.ratna.get(&held).await.must_say("Code word: right").must_not_say("jeruk");
    // The sixth try of the day is none.
    let ask = s.ratna.get(&held).await.form(&format!("{held}/code"));
    s.ratna.send(ask).await.must_say("The client will be asked");
    answer("jeruk bali").await.must_say("often enough for today");
    let mut outside = s.app.outside().await;
    let words = outside.rows("SELECT detail FROM audit WHERE action LIKE 'code-%'", &[]).await;
    outside.close().await;
    assert_eq!(words.len(), 7, "asked twice, missed four times, matched once");
    s.app.close().await;
}

async fn a_third_party_s_note_stays_outside(scratch: Scratch) {
    let s = scene(&scratch).await;
    let teacher = "guru@smpn1.sch.id";
    let raw = mail(teacher, "uji@surat.example", "Subject: Fwd: dari murid saya\n", "Tolong M2");
    assert!(s.send(teacher, &format!("uji@{DOMAIN}"), &raw).await.starts_with("250 "));
    let (place, words) = s.newest().await;
    assert!(place == "waiting" && words.contains(&"third-party-forward".to_owned()), "{words:?}");
    let held = s.shelf().await.remove(0);
    let page = s.ratna.get(&held).await;
    page.must_say("Somebody without a mailbox here passes on");
    s.ratna.send(page.form(&format!("{held}/note"))).await.must_say("The mail is now a note from a third party.");
    assert!(s.shelf().await.is_empty());
    let notes = s.ratna.get("/queue?tab=held&shelf=note").await.links("/held/");
    assert_eq!(notes.join(" "), held);
    let note = s.ratna.get(&held).await;
    note.must_say("Tolong M2");
    assert!(note.find_form(&format!("{held}/let-in")).is_none(), "a note enters no thread");
    s.app.close().await;
}

async fn nothing_is_sent_while_somebody_else_may_be_writing(scratch: Scratch) {
    let s = scene_in(TestApp::open_at_rest(&scratch).await).await;
    s.case("a letter", BINTANG, &mail(BINTANG, &s.to_bintang, "", "satu"), "letter", &[""]).await;
    s.app.take(&s.ratna, &s.bintang).await;
    let stranger = "orang@lain.example";
    s.case("M3", stranger, &mail(stranger, &s.to_bintang, "", "aku juga"), "waiting", &["unknown-sender"]).await;
    let before = s.app.mails().len();
    s.app.reply(&s.ratna, &s.bintang, "Jawaban untukmu.").await;
    s.app.wait(RECALL.as_secs() + 1);
    s.app.run_due().await;
    assert_eq!(s.app.mails().len(), before, "no notification");
    s.bintang.get(&s.bintang.mailbox).await.must_say("Jawaban untukmu.");
    s.app.close().await;
}

async fn a_slip_of_the_client_is_told_to_them_alone(scratch: Scratch) {
    let s = scene(&scratch).await;
    let raw = mail(BINTANG, "hrd@lain.example", "", "Yth. HRD\nSaya melamar.");
    s.case("M5", BINTANG, &raw, "waiting", &["greets-another"]).await;
    let before = s.app.mails().len();
    let held = s.shelf().await.remove(0);
    let form = s.ratna.get(&held).await.form(&format!("{held}/discard")).with("checked", "yes");
    s.ratna.send(form).await;
    assert!(s.shelf().await.is_empty());
    s.bintang.get(&s.bintang.mailbox).await.must_say("A letter was probably meant for somebody else");
    // A stranger's mail to the same address: nobody is told.
    let stranger = "orang@lain.example";
    let raw = mail(stranger, "hrd@lain.example", "", "Yth. HRD\nKami melamar.");
    s.case("M5", stranger, &raw, "waiting", &["unknown-sender"]).await;
    let held = s.shelf().await.remove(0);
    let form = s.ratna.get(&held).await.form(&format!("{held}/discard")).with("checked", "yes");
    s.ratna.send(form).await;
    let page = s.bintang.get(&s.bintang.mailbox).await;
    assert_eq!(page.text().matches("A letter was probably meant").count(), 1);
    assert_eq!(s.app.mails().len(), before, "nothing went back");
    s.app.close().await;
}

async fn mistyped_and_shared_addresses_are_questioned(scratch: Scratch) {
    let s = scene(&scratch).await;
    let path = "/mailbox/settings";
    let ask = async |address: &str| {
        let form = s.awan.get(path).await.form(path).with("mode", "at_once").with("address", address);
        s.awan.send(form).await
    };
    let before = s.app.mails().len();
    let page = ask("awan@gmial.com").await;
    page.must_say("Maksudmu gmail.com?").must_say("awan@gmial.com").must_say("awan@gmail.com");
    s.app.run_due().await;
    assert_eq!(s.app.mails().len(), before, "no mail leaves before the answer");
    let question = page.form(path).with("sure", "meant");
    s.awan.send(question).await.must_be("/mailbox/settings?done=asked");
    s.app.run_due().await;
    assert_eq!(s.app.mails().last().unwrap().to, "awan@gmail.com");
    let page = ask("keluarga.awan@rumah.example").await;
    page.must_say("Lebih aman kalau kami tidak mengirim apa pun.");
    s.awan.send(page.form(path).with("sure", "never")).await.must_be("/mailbox/settings?done=asked");
    let settings = s.awan.get(path).await;
    assert_eq!(settings.form(path).value("mode"), "never");
    s.app.close().await;
}

async fn more_than_a_page_waits(scratch: Scratch) {
    let s = scene(&scratch).await;
    for n in 0..53 {
        let from = format!("orang{n}@lain.example");
        assert!(s.send(&from, &s.to_bintang, &mail(&from, &s.to_bintang, "", "x")).await.starts_with("250 "));
    }
    let first = s.ratna.get("/queue?tab=held").await;
    assert_eq!(first.links("/held/").len(), 50);
    let next = first.links("/queue").into_iter().find(|l| l.contains("from=")).expect("a next page");
    let second = s.ratna.get(&next).await;
    assert_eq!(second.links("/held/").len(), 3);
    assert!(second.links("/held/").iter().all(|l| !first.links("/held/").contains(l)));
    s.app.close().await;
}
