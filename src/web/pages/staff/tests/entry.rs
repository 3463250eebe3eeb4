//! Accepting an invitation, and the recovery sheet.

use std::time::Duration;

use axum::http::StatusCode;

use crate::role::Role;
use crate::web::door::{Door, SECRET};

#[tokio::test]
async fn an_invitation_that_opens_nothing() {
    let door = Door::open().await;
    let mut browser = door.browser();
    for path in ["/invitation/unknown", "/invitation/x%00y"] {
        let [_, gone] = browser.get_both(path).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        gone.shows("Ask the operator for a new one");
    }
    let path = door.invitation(&[Role::Scheduler], None).await;
    let fields = [("choice", "own"), ("name", "Bu Sri"), ("secret", SECRET)];
    door.clock.advance(Duration::from_secs(3 * 24 * 3600 + 1));
    assert_eq!(browser.post(&path, &fields).await.status, StatusCode::NOT_FOUND, "too old");
}

#[tokio::test]
async fn an_invitation_is_mended_until_it_fits() {
    let door = Door::open().await;
    door.colleague("Bu Ratna", &[Role::Operator], None).await;
    let path = door.invitation(&[Role::Counselor, Role::Operator], Some(door.desk().await)).await;
    let mut browser = door.browser();
    let [_, page] = browser.get_both(&path).await;
    page.shows("Counselor").shows("Operator").hides("Scheduler</dt>").shows("autocomplete=\"new-password\"");
    let words = page.value("words").to_owned();
    assert_eq!(words.split(' ').count(), 6);
    let form =
        |choice, name, secret| [("choice", choice), ("name", name), ("secret", secret), ("words", words.as_str())];
    let weak = browser.post(&path, &form("own", "Bu Sri", "password123")).await;
    weak.shows("too easy to guess").hides("password123").shows("value=\"Bu Sri\"").shows(&words);
    browser.post(&path, &form("own", "Bu Sri", "short")).await.shows("at least 10 characters");
    browser.post(&path, &form("words", "x", "")).await.shows("A name has 3 to 40");
    let taken = browser.post(&path, &form("words", "BU RATNA", "")).await;
    taken.shows("id=\"name-problem\"").shows(&words);
    assert_eq!(browser.get(&path).await.status, StatusCode::OK, "it is not used up");
}

#[tokio::test]
async fn accepting_an_invitation() {
    let door = Door::open().await;
    let path = door.invitation(&[Role::Counselor, Role::Operator], Some(door.desk().await)).await;
    let mut browser = door.browser();
    let words = browser.get(&path).await.value("words").to_owned();
    let fields = [("choice", "words"), ("name", " Bu  Ratna "), ("words", words.as_str()), ("language", "en")];
    let sheet = browser.post(&path, &fields).await;
    assert_eq!(sheet.status, StatusCode::OK);
    sheet.shows("class=\"sheet\"").shows("data-print").shows("<bdi>Bu Ratna</bdi>").shows("href=\"/queue\"");
    sheet.shows("surat.contoh.sch.id/staff").shows("<html lang=\"en\"").shows("Your recovery sheet");
    sheet.shows("Thursday, 19 November 2026");
    assert_eq!(browser.get("/operator").await.status, StatusCode::OK, "the page carries the session");
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "once is once");
    door.browser().leads("/staff", &[("name", "bu ratna"), ("secret", &words)], "/queue").await;
}

#[tokio::test]
async fn recovering() {
    let door = Door::open().await;
    let (mut elsewhere, entered) = door.colleague("Pak Oper", &[Role::Operator], None).await;
    let mut browser = door.browser();
    browser.get_both("/staff/recover").await;
    let fields = |code| [("name", "Pak Oper"), ("code", code), ("secret", "satu meja dua kursi tiga lampu")];
    browser
        .post("/staff/recover", &fields("abcd-efgh"))
        .await
        .shows("The name and the code do not fit together")
        .hides("abcd-efgh");
    browser
        .post("/staff/recover", &[("name", "Pak Oper"), ("code", "x"), ("secret", "password")])
        .await
        .shows("id=\"secret-problem\"");
    let code = entered.recovery.reveal().to_uppercase();
    assert_eq!(browser.post("/staff/recover", &fields(&code)).await.location(), "/operator");
    assert_eq!(browser.get("/operator").await.status, StatusCode::OK);
    assert_eq!(elsewhere.get("/operator").await.location(), "/staff?back=/operator", "other sessions have ended");
    assert_eq!(
        door.browser()
            .post("/staff", &[("name", "Pak Oper"), ("secret", "satu meja dua kursi tiga lampu")])
            .await
            .location(),
        "/operator"
    );
}
