//! The road every letter goes: invitation, desk, mailbox, letter, queue, answer, recall, release, notification, reading;
//! and a thread handed to a colleague.

use std::collections::BTreeSet;

use merpati::role::Language;

use crate::support::app::{Client, RECALL, Someone, TestApp, accept, invite, make_desk, sign_in, sign_in_staff};
use crate::support::engine::{Scratch, both_engines};

/// Everybody on the road.
pub(super) struct Cast {
    pub(super) operator: Someone,
    pub(super) ratna: Someone,
    pub(super) client: Client,
}

pub(super) const SUBJECT: &str = "Tentang kakak";
pub(super) const LETTER: &str = "Halo, <aku> bingung & sendiri.\n\nBaris kedua.";
pub(super) const REPLY: &str = "Terima kasih sudah menulis, Bintang.\n\nKita pelan-pelan ya.";
const ADDRESS: &str = "bintang@rumah.example";

/// A letter is written and answered, and the answer is on its way. Leaves out reading it.
pub(super) async fn walk(app: &TestApp) -> Cast {
    let operator = app.operator().await;
    make_desk(&operator, "uji", "Meja Uji").await;
    let ratna = app.counselor(&operator, "Meja Uji", "Bu Ratna", Language::English).await;
    let client = app.open_mailbox("Bintang Sore", Language::Indonesian).await;
    app.confirm_address(&client, ADDRESS).await;
    app.write(&client, SUBJECT, LETTER, "yes").await;
    app.take(&ratna, &client).await.must_say(LETTER).must_say(SUBJECT);
    app.reply(&ratna, &client, REPLY).await;
    Cast { operator, ratna, client }
}

async fn a_letter_is_written_answered_and_read(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let operator = app.operator().await;
    make_desk(&operator, "uji", "Meja Uji").await;
    // An invitation works once.
    let path = invite(&operator, "Meja Uji", &app.url).await;
    let ratna = accept(app.browser(Language::English), &path, "Bu Ratna").await;
    app.browser(Language::English).get(&path).await.must_fail(404);

    let calm = app.open_mailbox("Awan Pagi", Language::English).await;
    app.write(&calm, "Quiet", "A calm letter.", "yes").await;
    let client = app.open_mailbox("Bintang Sore", Language::Indonesian).await;
    app.confirm_address(&client, ADDRESS).await;
    let page = client.get(&format!("{}/write", client.mailbox)).await;
    page.must_say("Apakah kamu aman sekarang?");
    let page = app.write(&client, SUBJECT, LETTER, "no").await;
    page.must_say("Suratmu sudah sampai dan tersimpan dengan segel.").must_say(LETTER);
    let english = calm.get(&format!("{}/write", calm.mailbox)).await;
    english.must_say("Are you safe now?");

    // Written later and not safe: stands first.
    let queue = ratna.get("/queue").await;
    assert_eq!(queue.links("/queue/"), [client.queue_path(), calm.queue_path()]);
    queue.must_say("Bintang Sore").must_say("Not safe");
    let thread = client.queue_path();
    let page = ratna.get(&thread).await;
    page.must_say(LETTER).must_say(SUBJECT);
    assert!(page.find_form(&thread).is_none(), "no reply before taking");
    app.take(&ratna, &client).await;

    // Answered, taken back once, and handed in again.
    let page = app.reply(&ratna, &client, "Terlalu cepat.").await;
    let recall = page.form(&format!("{thread}/recall"));
    client.get(&client.mailbox).await.must_not_say("Terlalu cepat");
    let page = ratna.send(recall.clone()).await;
    page.must_be(&format!("{thread}?done=recalled")).must_say("The letter is taken back.");
    assert_eq!(page.form(&thread).value("text"), "Terlalu cepat.");
    ratna.send(recall).await.must_be(&format!("{thread}?done=late"));
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;
    client.get(&client.mailbox).await.must_not_say("Terlalu cepat");
    assert_eq!(app.mails().len(), 1, "what was taken back rings nobody");
    app.reply(&ratna, &client, REPLY).await;
    app.run_due().await;
    client.get(&client.mailbox).await.must_not_say("pelan-pelan").must_say("Seorang konselor sudah memegangnya");
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;

    notification_says_nothing(&app);
    // The session ended meanwhile; signing in opens the reply.
    app.wait(11 * 60);
    assert!(client.get(&client.mailbox).await.path.starts_with("/sign-in"));
    let page = sign_in(&client, &client).await;
    page.must_be(&client.mailbox).must_say(REPLY).must_say("Bu Ratna").must_say("Suratmu sudah dibalas.");
    page.must_not_say("Terlalu cepat");
    sign_in_staff(&app.browser(Language::English), &ratna).await.must_be("/queue").must_say("Awan Pagi");
    app.close().await;
}

/// The confirmation and the notification tell the same: that there is a message.
fn notification_says_nothing(app: &TestApp) {
    let mails = app.mails();
    let [confirmation, notification] = mails.as_slice() else { panic!("{} mails", mails.len()) };
    assert_eq!(notification.to, ADDRESS);
    assert_eq!(notification.subject, "Ada pesan baru untukmu");
    assert!(notification.link(&app.url).starts_with("/sign-in"));
    let told = notification.raw.to_lowercase();
    for word in
        ["sore", "awan", "meja uji", "ratna", "tentang", "kakak", "bingung", "pelan", "konsel", "counsel", "merpati"]
    {
        assert!(!told.contains(word), "{word}: {told}");
    }
    let [a, b] = [confirmation, notification].map(|m| m.body().len());
    assert_eq!(a, b, "equal in size");
    assert_ne!(confirmation.body(), notification.body());
}

async fn a_thread_goes_to_a_colleague(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let Cast { operator, ratna, client } = walk(&app).await;
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;
    let yusuf = app.counselor(&operator, "Meja Uji", "Pak Yusuf", Language::Indonesian).await;
    let thread = client.queue_path();
    // Not let in yet: no thread, however its address is known.
    yusuf.get(&thread).await.must_fail(404);
    let mut outside = app.outside().await;
    let ids = async |outside: &mut crate::support::outside::Outside, sql: &str| {
        outside.row(sql, &[]).await[0].bytes().to_vec()
    };
    let before: BTreeSet<_> = outside.grant_holders().await.into_iter().collect();
    let ratna_id = ids(&mut outside, "SELECT assignee_id FROM thread").await;
    let client_id = ids(&mut outside, "SELECT client_id FROM thread").await;
    let desk_id = ids(&mut outside, "SELECT id FROM desk").await;
    assert_eq!(before, BTreeSet::from([client_id.clone(), desk_id.clone(), ratna_id.clone()]));
    let letters = outside.rows("SELECT id, body FROM letter ORDER BY id", &[]).await;

    let page = ratna.get("/queue").await;
    ratna.send(page.must_say("Pak Yusuf").form("/queue/admit")).await.must_be("/queue?done=admitted");
    yusuf.get(&thread).await.must_not_say("bingung").must_say("Bu Ratna");
    let page = ratna.get(&thread).await;
    let form = page.form(&format!("{thread}/hand-over")).with("to", &page.option("Pak Yusuf"));
    ratna.send(form).await.must_be("/queue?done=handed-over");

    let yusuf_id = ids(&mut outside, "SELECT assignee_id FROM thread").await;
    assert_ne!(yusuf_id, ratna_id);
    let after: BTreeSet<_> = outside.grant_holders().await.into_iter().collect();
    assert_eq!(after, BTreeSet::from([client_id, desk_id, yusuf_id]), "one grant came, one went");
    let same = outside.rows("SELECT id, body FROM letter ORDER BY id", &[]).await;
    assert_eq!(same, letters, "no letter was written anew");
    outside.close().await;
    yusuf.get(&thread).await.must_say(LETTER).must_say(SUBJECT).must_say(REPLY);
    ratna.get(&thread).await.must_not_say("bingung").must_not_say("pelan-pelan");
    app.reply(&yusuf, &client, "Saya Yusuf, saya teruskan.").await;
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;
    // Ten minutes of silence have not passed: the client is still signed in.
    client.get("/mailbox").await.must_say(REPLY).must_say("Saya Yusuf, saya teruskan.").must_say("Pak Yusuf");
    app.close().await;
}

both_engines!(a_letter_is_written_answered_and_read, a_thread_goes_to_a_colleague);
