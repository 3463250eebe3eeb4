//! Before a reply leaves: the wrong thread, private numbers, the desk's hours.

use merpati::role::Language;

use crate::support::app::{RECALL, Someone, TestApp, make_desk};
use crate::support::browser::{Form, Page};
use crate::support::engine::{Scratch, both_engines};

both_engines!(a_reply_in_the_wrong_thread_is_stopped, private_numbers_need_a_reason, a_reply_waits_for_the_desk);

const OWN_WORDS: &str =
    "Sejak bulan lalu aku selalu pulang lewat gang belakang karena takut bertemu kakak kelas itu di gerbang.";

/// Presses the primary button with these words.
async fn hand_in(counselor: &Someone, thread: &str, text: &str) -> Page {
    let form = counselor.get(thread).await.form(thread);
    counselor.send(form.with("text", text)).await
}

/// The form of a page on which the guard stopped a reply, with its button pressed.
fn pass(page: &Page, thread: &str) -> Form {
    let mark = page.html.split("name=\"guard\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    page.form(thread).with("guard", mark)
}

async fn a_reply_in_the_wrong_thread_is_stopped(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let operator = app.operator().await;
    make_desk(&operator, "uji", "Meja Uji").await;
    let ratna = app.counselor(&operator, "Meja Uji", "Bu Ratna", Language::English).await;
    let bintang = app.open_mailbox("Bintang Sore", Language::Indonesian).await;
    let perahu = app.open_mailbox("Perahu Kertas", Language::Indonesian).await;
    let senja = app.open_mailbox("Senja", Language::Indonesian).await;
    app.write(&bintang, "", "Halo, aku ingin bercerita.", "yes").await;
    app.write(&perahu, "", OWN_WORDS, "yes").await;
    app.write(&senja, "", "Boleh tanya?", "yes").await;
    app.take(&ratna, &bintang).await;
    app.take(&ratna, &perahu).await;

    // Twelve of the other client's own words, and their name.
    let thread = bintang.queue_path();
    let reply = format!("Halo Perahu Kertas, Anda menulis: {OWN_WORDS} Itu berat.");
    let page = hand_in(&ratna, &thread, &reply).await;
    page.must_fail(422).must_say("Nothing was sent yet").must_say("You are writing to");
    page.must_say("Your reply holds this mailbox name").must_say("repeats words that this client wrote");
    page.must_say("pulang lewat gang belakang").must_not_say("Senja");
    assert_eq!(page.form(&thread).value("text"), reply, "nothing is lost");
    assert!(page.links("/queue/").contains(&perahu.queue_path()), "the other thread is one press away");
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;
    bintang.get(&bintang.mailbox).await.must_not_say("gang belakang");

    // Pressing the usual button again is no answer, nor is a mark of other doubts.
    ratna.send(page.form(&thread)).await.must_fail(422);
    let changed = pass(&page, &thread).with("text", "Halo Senja, sampai besok.");
    let page = ratna.send(changed).await;
    page.must_fail(422).must_say("Senja").must_not_say("Perahu Kertas");
    // Somebody looked: it leaves, and that is written down without content.
    ratna.send(pass(&page, &thread)).await.must_be(&format!("{thread}?done=sent"));
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;
    let mut outside = app.outside().await;
    let lines =
        outside.row("SELECT count(*) FROM audit WHERE action = 'guard-passed' AND detail = 'name: looked'", &[]);
    assert_eq!(lines.await[0].int(), 1);
    outside.close().await;

    // The same words belong in the thread of whoever wrote them.
    let page = hand_in(&ratna, &perahu.queue_path(), &format!("Anda menulis: {OWN_WORDS}")).await;
    page.must_be(&format!("{}?done=sent", perahu.queue_path()));
    app.close().await;
}

async fn private_numbers_need_a_reason(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::Indonesian).await;
    app.write(&client, "", "Halo.", "yes").await;
    app.take(&ratna, &client).await;
    let thread = client.queue_path();
    let page = hand_in(&ratna, &thread, "Tulis saja ke WA saya 0812-3456-7890.").await;
    page.must_fail(422).must_say("0812-3456-7890");
    let page = ratna.send(pass(&page, &thread)).await;
    page.must_fail(422);
    assert!(page.html.contains("guard-reason-problem"), "the reason is asked for");
    let form = pass(&page, &thread).with("guard_reason", "help");
    ratna.send(form).await.must_be(&format!("{thread}?done=sent"));
    // The crisis contacts and the practice's own addresses are no secret.
    let page = hand_in(&ratna, &thread, "Kalau berat, telepon 119 atau tulis ke uji@surat.example.").await;
    page.must_be(&format!("{thread}?done=sent"));
    app.close().await;
}

async fn a_reply_waits_for_the_desk(scratch: Scratch) {
    const DAY: i64 = 86_400;
    let app = TestApp::open_at_rest(&scratch).await;
    let operator = app.operator().await;
    // At work on one morning only, more than a day from now.
    let now = app.house.now();
    let day = now.seconds().div_euclid(DAY) + 2;
    let name = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"][usize::try_from(day.rem_euclid(7)).unwrap()];
    let form = operator.get("/operator/desk").await.form("/operator/desk");
    let form = form.with("slug", "uji").with("name", "Meja Uji").with("about_id", "a").with("about_en", "b");
    let form = form.with("zone", "UTC").with("hours", &format!("{name} 08:00-09:00"));
    operator.send(form).await.must_be("/operator?done=desk-added");
    let ratna = app.counselor(&operator, "Meja Uji", "Bu Ratna", Language::English).await;
    let client = app.open_mailbox("Bintang Sore", Language::Indonesian).await;
    app.write(&client, "", "Halo.", "yes").await;
    app.take(&ratna, &client).await;
    let thread = client.queue_path();
    ratna.get(&thread).await.must_say("08:00");
    hand_in(&ratna, &thread, "Sampai nanti.").await.must_say("when the desk is at work again");
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;
    client.get(&client.mailbox).await.must_not_say("Sampai nanti");
    // Long after the usual window it can still be taken back.
    let page = ratna.get(&thread).await;
    ratna.send(page.form(&format!("{thread}/recall"))).await.must_be(&format!("{thread}?done=recalled"));
    // Who is not safe does not wait for the desk.
    let page = ratna.get(&thread).await;
    ratna.send(page.form(&format!("{thread}/urgent"))).await;
    hand_in(&ratna, &thread, "Segera.").await;
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;
    client.get(&client.mailbox).await.must_say("Segera.");
    // Once that is answered, the next one leaves when the desk opens.
    app.write(&client, "", "Terima kasih.", "yes").await;
    hand_in(&ratna, &thread, "Pagi itu.").await;
    let opens = day * DAY + 8 * 3600;
    app.wait(u64::try_from(opens - app.house.now().seconds() - 5).unwrap());
    app.run_due().await;
    let released = "SELECT count(*) FROM letter WHERE author = 'counselor' AND released_us > 0";
    let mut outside = app.outside().await;
    assert_eq!(outside.row(released, &[]).await[0].int(), 1);
    app.wait(6);
    app.run_due().await;
    assert_eq!(outside.row(released, &[]).await[0].int(), 2);
    outside.close().await;
    app.close().await;
}
