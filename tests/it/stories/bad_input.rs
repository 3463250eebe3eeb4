//! What goes wrong while somebody writes: too long, empty, expired, locked, sent twice, sent from elsewhere. Nothing typed
//! is lost, nothing half is stored.

use merpati::limits::{ATTACHMENT_BYTES_MAX, CLIENT_IDLE, LETTER_TEXT_BYTES_MAX, STAFF_IDLE, SUBJECT_CHARS_MAX};
use merpati::role::Language;

use crate::support::app::{Client, Someone, TestApp, make_desk, open_mailbox};
use crate::support::browser::{Form, Page};
use crate::support::engine::{Scratch, both_engines};

const SUBJECT: &str = "Judul \"yang\" <tetap>";
const TEXT: &str = "Satu & dua.\n\n<tiga> \"empat\"";

async fn letters(app: &TestApp) -> i64 {
    let mut outside = app.outside().await;
    let count = outside.count("letter").await;
    outside.close().await;
    count
}

/// The form for writing, filled in.
async fn filled(client: &Client) -> Form {
    let path = format!("{}/write", client.mailbox);
    let form = client.get(&path).await.form(&path);
    form.with("subject", SUBJECT).with("text", TEXT).with("safe", "yes").with("send", "1")
}

/// The answer is the form again, with everything that was typed.
#[track_caller]
fn given_back(page: &Page, client: &Client) -> Form {
    let form = page.form(&format!("{}/write", client.mailbox));
    assert_eq!((form.value("subject"), form.value("text")), (SUBJECT, TEXT));
    form
}

async fn a_letter_that_must_be_mended_comes_back(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    let path = format!("{}/write", client.mailbox);

    let long = "x".repeat(SUBJECT_CHARS_MAX + 1);
    let page = client.send(filled(&client).await.with("subject", &long)).await;
    page.must_say("A subject has at most 200 letters.");
    assert_eq!((page.form(&path).value("subject"), page.form(&path).value("text")), (long.as_str(), TEXT));

    let long = "panjang ".repeat(LETTER_TEXT_BYTES_MAX / 8 + 1);
    let page = client.send(filled(&client).await.with("text", &long)).await;
    page.must_say("This letter is too long to be sent at once.");
    assert_eq!((page.form(&path).value("subject"), page.form(&path).value("text")), (SUBJECT, long.as_str()));

    let page = client.send(filled(&client).await.with("text", " \n\t ")).await;
    page.must_say("The letter is still empty.");
    assert_eq!(page.form(&path).value("subject"), SUBJECT);

    for safe in ["", "perhaps"] {
        let page = client.send(filled(&client).await.with("safe", safe)).await;
        given_back(page.must_say("Choose one answer about how you are now."), &client);
    }

    let program = [&b"MZ\x90\0\x03"[..], &[0; 600]].concat();
    for (name, bytes, problem) in [
        ("foto.jpg", &program[..], "we do not take this kind of file"),
        ("program.exe", &program[..], "we do not take this kind of file"),
        ("seite.html", b"<!doctype html><script>alert(1)</script>", "we do not take this kind of file"),
    ] {
        let page = client.send(filled(&client).await.with_file(name, bytes)).await;
        given_back(page.must_say(problem).must_say(name), &client);
    }
    for bytes in [11_000_000, ATTACHMENT_BYTES_MAX + 1] {
        let page = client.send(filled(&client).await.with_file("besar.txt", &vec![b'a'; bytes])).await;
        given_back(page.must_say("besar.txt").must_say("too large. At most 10 MB."), &client);
    }
    assert_eq!(letters(&app).await, 0, "nothing was sent");

    // Exactly as long as allowed goes.
    let (subject, text) = ("x".repeat(SUBJECT_CHARS_MAX), "y".repeat(LETTER_TEXT_BYTES_MAX));
    let page = client.send(filled(&client).await.with("subject", &subject).with("text", &text)).await;
    page.must_be(&format!("{}?done=sent", client.mailbox)).must_say(&subject).must_say(&text);
    assert_eq!(letters(&app).await, 1);
    app.close().await;
}

async fn nul_bytes_never_arrive(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let (operator, ratna) = app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    let form = filled(&client).await.with("subject", "se\0belas").with("text", "dua\0belas");
    let page = client.send(form).await;
    page.must_be(&format!("{}?done=sent", client.mailbox)).must_say("sebelas").must_say("duabelas");
    app.take(&ratna, &client).await;
    let thread = client.queue_path();
    let page = app.reply(&ratna, &client, "tiga\0belas").await;
    page.must_say("tigabelas");
    let note = page.form(&format!("{thread}/note")).with("note", "empat\0belas");
    ratna.send(note).await.must_say("empatbelas");

    // Where no NUL can be meant, the form is refused as a mistake of the sender, not of the house.
    let window = app.browser(Language::English);
    let form = window.get("/desk/uji/open").await.form("/desk/uji/open").with("name", "Awan\0Pagi");
    let page = window.send(form).await;
    assert!(page.status < 500 && !page.path.starts_with("/mailbox"), "{}", page.status);
    let desk = operator.get("/operator/desk").await.form("/operator/desk");
    for field in ["name", "slug", "about_id", "about_en", "zone", "hours"] {
        let form = desk.clone().with("slug", "lain").with("name", "Lain").with(field, "a\0b");
        let page = operator.send(form).await;
        assert!(page.status < 500, "{field}: {}", page.status);
    }
    let yusuf = app.counselor(&operator, "Meja Uji", "Pak Yusuf", Language::English).await;
    ratna.send(ratna.get("/queue").await.form("/queue/admit")).await;
    let take_over = yusuf.get(&thread).await.form(&format!("{thread}/take-over")).with("reason", "Ratna\0sakit");
    let page = yusuf.send(take_over).await;
    assert!(page.status < 500, "{}", page.status);
    app.close().await;
}

async fn a_lost_form_token_costs_one_press(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    let form = filled(&client).await;
    client.drop_cookie("f");
    let page = client.send(form).await;
    page.must_say("The page was open for too long.");
    let again = given_back(&page, &client);
    assert_eq!(letters(&app).await, 0);
    client.send(again.with("safe", "yes").with("send", "1")).await.must_be(&format!("{}?done=sent", client.mailbox));

    app.take(&ratna, &client).await;
    let thread = client.queue_path();
    let form = ratna.get(&thread).await.form(&thread).with("text", TEXT).with("subject", SUBJECT);
    ratna.drop_cookie("f");
    let page = ratna.send(form).await;
    page.must_fail(422);
    let again = page.form(&thread);
    assert_eq!((again.value("text"), again.value("subject")), (TEXT, SUBJECT));
    ratna.send(again).await.must_be(&format!("{thread}?done=sent"));
    assert_eq!(letters(&app).await, 2);
    app.close().await;
}

async fn an_ended_session_carries_the_letter_through_sign_in(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    let other = app.open_mailbox("Awan Pagi", Language::English).await;
    // As long as a letter may be, in a script whose letters take three bytes each.
    let text = format!("{TEXT}\n{}", "あ".repeat((LETTER_TEXT_BYTES_MAX - 100) / 3));
    let form = filled(&client).await.with("text", &text);
    app.wait(CLIENT_IDLE.as_secs() + 1);
    let page = client.send(form.clone()).await;
    page.must_say("Your mailbox had closed when you pressed the button.");
    let sign_in = page.form("/sign-in").with("name", &client.name);
    let page = client.send(sign_in.with("secret", "bukan ini kata rahasianya sama sekali")).await;
    let sign_in = page.form("/sign-in").with("name", &client.name).with("secret", &client.secret);
    assert_eq!((sign_in.value("carry_subject"), sign_in.value("carry_text")), (SUBJECT, text.as_str()));
    client.drop_cookie("f");
    let page = client.send(sign_in).await;
    let sign_in = page.form("/sign-in").with("secret", &client.secret);
    let page = client.send(sign_in).await;
    page.must_be(&format!("{}/write?done=carried", client.mailbox)).must_say("What you wrote is here as a draft.");
    let draft = page.form(&format!("{}/write", client.mailbox));
    assert_eq!((draft.value("subject"), draft.value("text")), (SUBJECT, text.as_str()));
    assert_eq!(letters(&app).await, 0, "a draft, nothing more");

    // Somebody else signs in on this browser: the words go nowhere.
    let page = app.browser(Language::English).send(form).await;
    let window = app.browser(Language::English);
    let fresh = window.get("/sign-in").await.form("/sign-in").with("name", &other.name).with("secret", &other.secret);
    let carried = page.form("/sign-in");
    let fresh =
        fresh.with("carry_thread", carried.value("carry_thread")).with("carry_subject", "x").with("carry_text", TEXT);
    window.send(fresh).await.must_be(&other.mailbox).must_not_say("Satu & dua.");
    let mut outside = app.outside().await;
    assert_eq!(outside.count("draft").await, 1);
    outside.close().await;
    client.send(draft.with("safe", "yes").with("send", "1")).await.must_say("Satu & dua.");
    app.close().await;
}

async fn a_locked_screen_carries_the_reply_through_unlocking(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    app.write(&client, "", "Halo.", "yes").await;
    app.take(&ratna, &client).await;
    let thread = client.queue_path();
    let text = format!("{TEXT}\n{}", "あ".repeat((LETTER_TEXT_BYTES_MAX - 100) / 3));
    let form = ratna.get(&thread).await.form(&thread).with("subject", SUBJECT).with("text", &text);
    app.wait(STAFF_IDLE.as_secs() + 1);
    let page = ratna.send(form).await;
    let unlock = page.must_say("Your reply is not lost.").must_not_say("Halo.").form("/unlock");
    let page = ratna.send(unlock.with("secret", "bukan ini kata rahasianya sama sekali")).await;
    let unlock = page.form("/unlock").with("secret", &ratna.secret);
    assert_eq!((unlock.value("carry_subject"), unlock.value("carry_text")), (SUBJECT, text.as_str()));
    let page = ratna.send(unlock).await;
    page.must_be(&format!("{thread}?done=carried")).must_say("What you wrote is here as your draft");
    let draft = page.form(&thread);
    assert_eq!((draft.value("subject"), draft.value("text")), (SUBJECT, text.as_str()));
    assert_eq!(letters(&app).await, 1, "the client's only");
    ratna.send(draft).await.must_be(&format!("{thread}?done=sent"));
    app.close().await;
}

async fn a_reply_that_must_be_mended_comes_back(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    app.write(&client, "", "Halo.", "yes").await;
    app.take(&ratna, &client).await;
    let thread = client.queue_path();
    let form = ratna.get(&thread).await.form(&thread).with("subject", SUBJECT);

    let page = ratna.send(form.clone().with("text", "  \n ")).await;
    assert_eq!(page.must_fail(422).must_say("The letter is still empty.").form(&thread).value("subject"), SUBJECT);
    // One sign too long, once in letters of one byte, once in letters of three.
    for sign in ["y", "あ"] {
        let long = sign.repeat(LETTER_TEXT_BYTES_MAX / sign.len() + 1);
        let page = ratna.send(form.clone().with("text", &long)).await;
        page.must_fail(422).must_say("The letter is too long to be sent at once.");
        assert_eq!(page.form(&thread).value("text"), long);
    }
    assert_eq!(letters(&app).await, 1);
    let long = "あ".repeat(LETTER_TEXT_BYTES_MAX / 3);
    ratna.send(form.with("text", &long)).await.must_be(&format!("{thread}?done=sent")).must_say(&long);
    app.close().await;
}

async fn a_form_from_another_site_is_refused(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let page = client.send_from(filled(&client).await, Some(origin)).await;
        page.must_fail(403).must_say("The form was sent from another site");
    }
    assert_eq!(letters(&app).await, 0);
    client.send_from(filled(&client).await, Some(&app.url)).await.must_be(&format!("{}?done=sent", client.mailbox));
    let thread = client.queue_path();
    let take = ratna.get(&thread).await.form(&format!("{thread}/take"));
    ratna.send_from(take, Some("https://evil.example")).await.must_fail(403);
    // A form without its token, from our own page or none.
    let take = ratna.get(&thread).await.form(&format!("{thread}/take")).with("form_token", "x");
    ratna.send(take).await.must_fail(400);
    let mut outside = app.outside().await;
    assert_eq!(outside.rows("SELECT id FROM thread WHERE assignee_id IS NOT NULL", &[]).await.len(), 0);
    outside.close().await;
    app.close().await;
}

async fn somebody_else_s_thread_is_no_page(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let (operator, ratna) = app.furnish().await;
    make_desk(&operator, "lain", "Meja Lain").await;
    let sinta = app.counselor(&operator, "Meja Lain", "Bu Sinta", Language::English).await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    let curious = app.open_mailbox("Awan Pagi", Language::English).await;
    let elsewhere = open_mailbox(app.browser(Language::English), "lain", "Ombak Kecil").await;
    let file = filled(&client).await.with_file("catatan.txt", b"isi catatan");
    client.send(file).await.must_say("catatan.txt");
    let files = client.get(&client.mailbox).await.links(&format!("{}/file/", client.mailbox));
    assert_eq!(client.download(&files[0]).await, b"isi catatan");

    let unknown = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
    for mailbox in
        [client.mailbox.clone(), format!("/mailbox/{unknown}"), "/mailbox/x".to_owned(), "/mailbox/%00".to_owned()]
    {
        for path in ["", "/write", "?before=1"] {
            curious.get(&format!("{mailbox}{path}")).await.must_fail(404);
        }
        curious.send(filled(&curious).await.to(&format!("{mailbox}/write"))).await.must_fail(404);
        let save = filled(&curious).await.with_saved_words().to(&format!("{mailbox}/draft"));
        curious.send(save).await.must_fail(404);
    }
    // The right file in the wrong thread.
    curious.get(&files[0]).await.must_fail(404);
    curious.get(&files[0].replace(client.thread_id(), curious.thread_id())).await.must_fail(404);
    client.get(&files[0].replace("/0", "/7")).await.must_fail(404);
    client.get(&files[0].replace("/0", "/-1")).await.must_fail(404);

    // A counselor of another desk, a client, an operator.
    let (thread, form) = (client.queue_path(), sinta.get("/operator/desk").await);
    form.must_fail(404);
    for path in [thread.clone(), format!("/queue/{unknown}"), "/queue/x".to_owned()] {
        sinta.get(&path).await.must_fail(404);
        staff_posts(&sinta, &elsewhere, &path).await;
        curious.get(&path).await.must_fail(404);
        operator.get(&path).await.must_fail(404);
    }
    ratna.get(&client.mailbox).await.must_fail(404);
    curious.get("/queue").await.must_fail(404);
    curious.get("/operator").await.must_fail(404);
    assert_eq!(letters(&app).await, 1);
    app.close().await;
}

/// Every form of a thread's page, sent to a thread that is not this counselor's.
async fn staff_posts(sinta: &Someone, own: &Client, path: &str) {
    let own_thread = own.queue_path();
    let take = sinta.get(&own_thread).await.form(&format!("{own_thread}/take"));
    for action in
        ["", "/take", "/take-over", "/give-back", "/hand-over", "/urgent", "/recall", "/draft", "/note", "/note/delete"]
    {
        let form =
            take.clone().to(&format!("{path}{action}")).with("text", TEXT).with("note", TEXT).with("reason", "x");
        sinta.send(form).await.must_fail(404);
    }
}

async fn a_form_sent_twice_is_one_letter(scratch: Scratch) {
    let app = TestApp::open(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    let form = filled(&client).await;
    for _ in 0..2 {
        client.send(form.clone()).await.must_be(&format!("{}?done=sent", client.mailbox));
    }
    let (a, b) = tokio::join!(client.send(filled(&client).await), async {
        let form = filled(&client).await;
        tokio::join!(client.send(form.clone()), client.send(form))
    });
    a.must_say(TEXT);
    b.0.must_say(TEXT);
    b.1.must_say(TEXT);
    assert_eq!(letters(&app).await, 3);
    app.take(&ratna, &client).await;
    let thread = client.queue_path();
    let form = ratna.get(&thread).await.form(&thread).with("text", "Halo juga.");
    for _ in 0..2 {
        ratna.send(form.clone()).await.must_be(&format!("{thread}?done=sent"));
    }
    assert_eq!(letters(&app).await, 4);
    let mut outside = app.outside().await;
    assert_eq!((outside.count("draft").await, outside.count("job").await), (0, 1));
    outside.close().await;
    app.close().await;
}

both_engines!(
    a_letter_that_must_be_mended_comes_back,
    nul_bytes_never_arrive,
    a_lost_form_token_costs_one_press,
    an_ended_session_carries_the_letter_through_sign_in,
    a_locked_screen_carries_the_reply_through_unlocking,
    a_reply_that_must_be_mended_comes_back,
    a_form_from_another_site_is_refused,
    somebody_else_s_thread_is_no_page,
    a_form_sent_twice_is_one_letter,
);
