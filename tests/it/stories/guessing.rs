//! Somebody guesses at a sign-in: they are slowed down, the owner is not locked out, and nobody learns who exists.

use merpati::flow::session::{self, Realm};
use merpati::flow::throttle::Source;
use merpati::house::Failure;
use merpati::role::Language;

use crate::support::app::{TestApp, sign_in, sign_in_staff};
use crate::support::browser::{Browser, Page};
use crate::support::engine::{Scratch, both_engines};

both_engines!(
    guessing_is_slowed_down_and_the_owner_comes_in,
    a_name_nobody_has_is_answered_alike,
    many_places_together_hold_an_account_for_a_minute_only,
    staff_and_the_recovery_sheet_are_guarded_too,
);

async fn try_secret(browser: &Browser, page: &str, name: &str, secret: &str) -> Page {
    let form = browser.get(page).await.form(page);
    browser.send(form.with("name", name).with("secret", secret)).await
}

async fn guessing_is_slowed_down_and_the_owner_comes_in(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    let window = app.browser(Language::English);
    for _ in 0..5 {
        try_secret(&window, "/sign-in", "Bintang Sore", "salah sama sekali").await.must_say("do not fit");
    }
    // The right words do not help now: otherwise guessing could go on.
    let page = try_secret(&window, "/sign-in", "bintang  SORE", &client.secret).await;
    page.must_be("/sign-in").must_say("Please try again in one minute.");
    let indonesian = app.browser(Language::Indonesian);
    try_secret(&indonesian, "/sign-in", "Bintang Sore", &client.secret).await.must_say("Coba lagi dalam 1 menit.");
    app.wait(61);
    try_secret(&window, "/sign-in", "Bintang Sore", "salah lagi").await.must_say("do not fit");
    try_secret(&window, "/sign-in", "Bintang Sore", &client.secret).await.must_say("in 5 minutes");
    app.wait(301);
    sign_in(&window, &client).await.must_say("Meja Uji");
    // A right secret forgets the wrong ones.
    for _ in 0..4 {
        try_secret(&app.browser(Language::English), "/sign-in", "Bintang Sore", "salah").await.must_say("do not fit");
    }
    sign_in(&app.browser(Language::English), &client).await.must_say("Meja Uji");
    app.close().await;
}

async fn a_name_nobody_has_is_answered_alike(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    app.furnish().await;
    app.open_mailbox("Bintang Sore", Language::English).await;
    let window = app.browser(Language::English);
    for _ in 0..8 {
        let known = try_secret(&window, "/sign-in", "Bintang Sore", "salah sama sekali").await;
        let unknown = try_secret(&window, "/sign-in", "Bintang Siang", "salah sama sekali").await;
        assert_eq!(known.text().replace("Sore", "Siang"), unknown.text());
    }
    app.close().await;
}

async fn many_places_together_hold_an_account_for_a_minute_only(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    let guess = async |place: u8, secret: &str| {
        let source = Source::of([203, 0, 113, place].into());
        session::sign_in(&app.house, Realm::Clients, "Bintang Sore", secret, source).await.map(|_| ())
    };
    // One place is stopped; the owner, elsewhere, notices nothing.
    for _ in 0..5 {
        assert!(matches!(guess(1, "salah").await, Err(Failure::NotAllowed)));
    }
    assert!(matches!(guess(1, &client.secret).await, Err(Failure::Later(_))));
    guess(200, &client.secret).await.unwrap();
    // Twenty more places, five guesses each: the account rests for a minute, not longer.
    let mut held = false;
    for place in 2..=21 {
        for _ in 0..5 {
            held |= matches!(guess(place, "salah").await, Err(Failure::Later(_)));
        }
    }
    assert!(held, "a hundred guesses are too many, wherever they come from");
    assert!(matches!(guess(200, &client.secret).await, Err(Failure::Later(_))));
    app.wait(61);
    guess(200, &client.secret).await.unwrap();
    app.close().await;
}

async fn staff_and_the_recovery_sheet_are_guarded_too(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let window = app.browser(Language::English);
    for _ in 0..3 {
        try_secret(&window, "/staff", "Bu Ratna", "salah sama sekali").await.must_be("/staff");
    }
    // Guesses at the sheet's code count with them.
    for _ in 0..3 {
        let form = window.get("/staff/recover").await.form("/staff/recover").with("name", "Bu Ratna");
        let page = window.send(form.with("code", "AAAA-BBBB").with("secret", "kuda laut menari di bulan sabit")).await;
        page.must_be("/staff/recover");
    }
    let form = window.get("/staff").await.form("/staff").with("name", "Bu Ratna").with("secret", &ratna.secret);
    window.send(form).await.must_say("Please try again in one minute.");
    app.wait(61);
    sign_in_staff(&window, &ratna).await.must_say("Letters");
    // Behind a proxy on this machine each client is counted for itself: this one says nothing, so the source is unknown.
    app.close().await;
}
