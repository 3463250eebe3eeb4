//! Pages of staff, through the router, in both languages.

mod entry;

use std::time::Duration;

use axum::http::{Request, StatusCode};

use crate::flow::enter;
use crate::flow::session::{self, Cookie, Visit};
use crate::flow::{answer, read, work};
use crate::limits::STAFF_IDLE;
use crate::role::{Language, Role};
use crate::web::door::{Browser, Door, SECRET};

#[test]
fn where_a_colleague_goes_on() {
    for (back, on) in [
        ("/queue/abc?page=2", Some("/queue/abc?page=2")),
        ("/staffing", Some("/staffing")),
        ("", None),
        ("/", None),
        ("/lock?back=/lock", None),
        ("/staff/recover", None),
        ("/language/en?back=/", None),
        ("//evil.example", None),
        ("https://evil.example", None),
        ("/\\evil.example", None),
    ] {
        assert_eq!(super::goes_back(back), on, "{back}");
    }
}

#[tokio::test]
async fn signing_in_and_out() {
    let door = Door::open().await;
    let desk = door.desk().await;
    door.colleague("Bu Ratna", &[Role::Counselor], Some(desk)).await;
    door.colleague("Pak Oper", &[Role::Operator], None).await;
    door.colleague("Bu Jadwal", &[Role::Scheduler], None).await;
    let mut browser = door.browser();
    let [_, page] = browser.get_both("/staff?back=/queue/x").await;
    page.shows("autocomplete=\"current-password\"").shows("data-reveal=\"secret\"").shows("value=\"/queue/x\"");
    let wrong = browser.post("/staff", &[("name", "Bu Ratna"), ("secret", "not my own secret at all")]).await;
    let unknown = browser.post("/staff", &[("name", "Nobody"), ("secret", "not my own secret at all")]).await;
    wrong.shows("The name and the secret do not fit together").hides("not my own").shows("value=\"Bu Ratna\"");
    let same = wrong.text.replace("value=\"Bu Ratna\"", "value=\"Nobody\"");
    assert_eq!(same, unknown.text, "unknown and wrong look the same");
    for (name, back, leads) in [
        ("bu  ratna", "", "/queue"),
        ("Bu Ratna", "/queue/x?y=1", "/queue/x?y=1"),
        ("Bu Ratna", "//evil.example", "/queue"),
        ("Pak Oper", "/lock", "/operator"),
        ("Bu Jadwal", "", "/schedule"),
    ] {
        let answer = browser.post("/staff", &[("name", name), ("secret", SECRET), ("back", back)]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, leads), "{name}");
    }
    assert_eq!(browser.get("/staff").await.location(), "/schedule", "who is here already goes on");
    let old = browser.cookies["s"].clone();
    let out = browser.post("/sign-out", &[]).await;
    assert_eq!(out.location(), "/staff?out");
    assert_eq!(out.headers["clear-site-data"], r#""cache", "cookies", "storage""#);
    assert!(!browser.cookies.contains_key("s"));
    assert!(matches!(session::visit(&door.house, &Cookie::read(&old).unwrap()).await.unwrap(), Visit::Stranger));
    browser.get("/staff?out").await.shows("role=\"status\"");
    assert_eq!(browser.get("/sign-out?idle").await.location(), "/sign-in?idle");
}

#[tokio::test]
async fn still_here_keeps_a_session_awake() {
    let door = Door::open().await;
    let (mut browser, _) = door.colleague("Pak Oper", &[Role::Operator], None).await;
    let page = browser.get("/operator").await;
    let token = page.value("form_token").to_owned();
    let ask = |token: &str| {
        Request::post("/still-here").header("x-form-token", token).header("sec-fetch-site", "same-origin")
    };
    for _ in 0..3 {
        door.clock.advance(STAFF_IDLE - Duration::from_secs(10));
        assert_eq!(
            browser.send(ask(&token), String::new()).await.status,
            StatusCode::NO_CONTENT,
            "no body, no type: as fetch sends it"
        );
    }
    assert_eq!(browser.send(ask("wrong"), String::new()).await.status, StatusCode::UNAUTHORIZED);
    door.clock.advance(STAFF_IDLE + Duration::from_secs(10));
    assert_eq!(browser.send(ask(&token), String::new()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(door.browser().get("/still-here").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn locking_and_unlocking() {
    let door = Door::open().await;
    let (mut browser, _) = door.colleague("Pak Oper", &[Role::Operator], None).await;
    browser.get("/operator").await;
    let from = Request::get("/lock?idle").header("referer", "http://surat.contoh.sch.id/operator/desk?x=1");
    let idle = browser.send(from, String::new()).await;
    assert_eq!(idle.location(), "/lock?back=/operator/desk%3Fx%3D1");
    let [_, page] = browser.get_both("/lock?back=/operator/desk%3Fx%3D1").await;
    page.shows("Pak Oper").shows("/operator/desk?x=1").hides("data-idle-seconds");
    assert_eq!(browser.get("/operator").await.location(), "/lock?back=/operator", "locked is locked");
    let wrong = browser.post("/unlock", &[("secret", "some wrong secret"), ("back", "/operator/desk")]).await;
    wrong.shows("This secret does not fit").hides("some wrong secret").shows("value=\"/operator/desk\"");
    let old = browser.cookies["s"].clone();
    let open = browser.post("/unlock", &[("secret", SECRET), ("back", "/operator/desk")]).await;
    assert_eq!(open.location(), "/operator/desk");
    assert_ne!(browser.cookies["s"], old);
    assert_eq!(browser.get("/operator").await.status, StatusCode::OK);
    assert_eq!(browser.post("/lock", &[]).await.location(), "/lock?back=");
    assert_eq!(browser.get("/staff").await.location(), "/lock?back=/operator");
    assert_eq!(door.browser().get("/lock").await.location(), "/staff?back=");
}

async fn a_taken_thread(door: &Door, browser: &Browser<'_>) -> crate::ids::ThreadId {
    let desk = crate::store::desks::list(&mut door.house.db.read().await.unwrap()).await.unwrap().remove(0);
    let client = enter::open_mailbox(&door.house, desk.id, "Bintang Sore", SECRET, Language::Indonesian).await.unwrap();
    let thread = crate::store::threads::list_of_client(&mut door.house.db.read().await.unwrap(), client.person)
        .await
        .unwrap()
        .remove(0);
    let Visit::Open(reader) = session::visit(&door.house, &Cookie::read(&browser.cookies["s"]).unwrap()).await.unwrap()
    else {
        panic!("not signed in");
    };
    work::take(&door.house, &reader, &thread).await.unwrap();
    thread.id
}

async fn draft_of(door: &Door, browser: &Browser<'_>, thread: crate::ids::ThreadId) -> Option<String> {
    let Visit::Open(reader) = session::visit(&door.house, &Cookie::read(&browser.cookies["s"]).unwrap()).await.unwrap()
    else {
        panic!("not signed in");
    };
    read::staff_thread(&door.house, &reader, thread).await.ok()?;
    answer::draft(&door.house, &reader, thread)
        .await
        .unwrap()
        .map(|d| format!("{}|{}", d.subject.reveal(), d.text.reveal()))
}

#[tokio::test]
async fn a_reply_survives_the_lock() {
    let door = Door::open().await;
    let desk = door.desk().await;
    let (mut browser, _) = door.colleague("Bu Ratna", &[Role::Counselor], Some(desk)).await;
    let thread = a_taken_thread(&door, &browser).await;
    let id = thread.to_string();
    let carried =
        [("carry_thread", id.as_str()), ("carry_subject", "Halo <&>"), ("carry_text", "Satu\r\n\r\ndua \"tiga\"")];
    browser.get("/lock").await;
    let wrong = browser.post("/unlock", &[&[("secret", "some wrong secret")], &carried[..]].concat()).await;
    assert_eq!(wrong.value("carry_thread"), id);
    wrong.shows("Satu\n\ndua &#34;tiga&#34;").shows("Halo &#60;&#38;&#62;");
    // The form's token was lost: nothing else is.
    browser.cookies.remove("f");
    let body = format!("secret=x&carry_thread={id}&carry_text=Satu");
    let form = Request::post("/unlock").header("content-type", "application/x-www-form-urlencoded");
    browser.send(form, body).await.shows("name=\"carry_text\" value=\"Satu\"");
    let open = browser.post("/unlock", &[&[("secret", SECRET)], &carried[..]].concat()).await;
    assert_eq!(open.location(), format!("/queue/{thread}?done=carried"));
    assert_eq!(draft_of(&door, &browser, thread).await.as_deref(), Some("Halo <&>|Satu\n\ndua \"tiga\""));
    // Already unlocked in another window: no secret is needed again.
    let again = [("carry_thread", id.as_str()), ("carry_text", "lagi")];
    assert_eq!(browser.post("/unlock", &again).await.location(), format!("/queue/{thread}?done=carried"));
    // The session is over: the words go through the sign-in to their author, and to nobody else.
    browser.cookies.remove("s");
    let over = browser.post("/unlock", &[("carry_thread", id.as_str()), ("carry_text", "terakhir")]).await;
    over.shows("name=\"carry_text\" value=\"terakhir\"").shows("action=\"/staff\"");
    let (mut other, _) = door.colleague("Pak Yusuf", &[Role::Counselor], Some(desk)).await;
    let fields = [("secret", SECRET), ("carry_thread", id.as_str()), ("carry_text", "terakhir")];
    assert_eq!(other.post("/staff", &[&[("name", "Pak Yusuf")], &fields[..]].concat()).await.location(), "/queue");
    assert_eq!(draft_of(&door, &other, thread).await, None);
    assert_eq!(
        browser.post("/staff", &[&[("name", "Bu Ratna")], &fields[..]].concat()).await.location(),
        format!("/queue/{thread}?done=carried")
    );
    assert_eq!(draft_of(&door, &browser, thread).await.as_deref(), Some("|terakhir"));
}

#[tokio::test]
async fn a_client_has_no_screen_to_lock() {
    let door = Door::open().await;
    let desk = door.desk().await;
    door.colleague("Bu Ratna", &[Role::Counselor], Some(desk)).await;
    let client = enter::open_mailbox(&door.house, desk, "Bintang Sore", SECRET, Language::Indonesian).await.unwrap();
    let mut browser = door.browser();
    browser.cookies.insert("s".to_owned(), client.cookie.text().reveal().clone());
    assert_eq!(browser.get("/lock").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.post("/unlock", &[("secret", SECRET)]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/sign-out?idle").await.location(), "/sign-in?idle");
    assert!(!browser.cookies.contains_key("s"));
}
