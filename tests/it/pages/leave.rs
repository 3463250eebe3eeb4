//! Leaving: by click, by keys, by doing nothing. Afterwards nothing is left on the glass or in the browser.

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use serde_json::{Value, json};

use super::browser::{Browser, Scripts};
use super::house::HOUSE;

const WORDS_OF_THE_LETTER: &str = "aku bingung mulai dari mana";

async fn reading() -> Browser {
    let browser = Browser::in_language(Scripts::On, "id").await;
    browser.sign_in("/sign-in", "Bintang Sore", HOUSE.secret("Bintang Sore")).await;
    assert!(browser.text("main").await.contains(WORDS_OF_THE_LETTER));
    browser
}

/// The neutral page was asked for, the way back shows nothing, and the session has ended.
async fn nothing_is_left(browser: Browser) {
    let begin = std::time::Instant::now();
    while browser.0.current_url().await.unwrap().as_str().starts_with(&HOUSE.url) {
        assert!(begin.elapsed().as_secs() < 20, "the page is still there");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    browser.0.back().await.ok();
    assert!(
        !browser.0.source().await.unwrap_or_default().contains(WORDS_OF_THE_LETTER),
        "the back button shows a letter"
    );
    browser.go("/mailbox").await;
    assert_eq!(browser.path().await, "/sign-in");
    browser.close().await;
}

#[tokio::test]
async fn a_click_ends_the_session_and_the_way_back_shows_nothing() {
    let browser = reading().await;
    browser.click("header.site a.leave").await;
    nothing_is_left(browser).await;
}

#[tokio::test]
async fn shift_three_times_leaves_and_capital_letters_do_not() {
    let browser = reading().await;
    let shift = '\u{e008}';
    let mut typing = KeyActions::new("typing".into());
    for key in ['a', 'b', 'c', 'd'] {
        typing = typing.then(KeyAction::Down { value: shift }).then(KeyAction::Down { value: key });
        typing = typing.then(KeyAction::Up { value: key }).then(KeyAction::Up { value: shift });
    }
    browser.0.perform_actions(typing).await.unwrap();
    assert!(browser.text("main").await.contains(WORDS_OF_THE_LETTER), "capital letters threw somebody out");
    let mut leaving = KeyActions::new("leaving".into());
    for _ in 0..3 {
        leaving = leaving.then(KeyAction::Down { value: shift }).then(KeyAction::Up { value: shift });
    }
    browser.0.perform_actions(leaving).await.ok();
    nothing_is_left(browser).await;
}

#[tokio::test]
async fn doing_nothing_is_warned_of_in_a_dialog_that_has_the_focus() {
    let browser = reading().await;
    // Before the page's own script runs: the warning comes after one second.
    let hurry = "document.addEventListener('readystatechange', () => { const d = document.body.dataset; \
        if (d.idleSeconds) { d.idleSeconds = 60; d.idleWarnSeconds = 1; } });";
    browser.developer("Page.addScriptToEvaluateOnNewDocument", json!({ "source": hurry })).await;
    browser.go("/mailbox").await;
    browser.until("return document.getElementById('idle-warning').open").await;
    let dialog = browser.find("#idle-warning").await;
    assert_eq!(dialog.attr("role").await.unwrap().as_deref(), Some("alertdialog"));
    let focused = "return document.activeElement.matches('#idle-warning [data-stay]')";
    assert_eq!(browser.run(focused).await, Value::Bool(true));
    assert!(browser.text("#idle-title").await.len() > 5 && browser.text("[data-idle-left]").await.starts_with("0:"));
    browser.click("[data-stay]").await;
    browser.until("return !document.getElementById('idle-warning').open").await;
    browser.close().await;
}

#[tokio::test]
async fn the_browser_keeps_nothing() {
    let browser = reading().await;
    browser.click("main a.primary").await;
    browser.fill("#text", "Tulisan yang belum dikirim").await;
    let kept =
        browser.run("return [localStorage.length, sessionStorage.length, document.cookie.includes('session')]").await;
    assert_eq!(kept, json!([0, 0, false]));
    browser.close().await;
}
