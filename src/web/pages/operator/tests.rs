//! Pages of an operator and of a scheduler, through the router, in both languages.

use axum::http::StatusCode;

use crate::flow::enter;
use crate::flow::oversee;
use crate::role::{Language, Role};
use crate::web::door::{Door, SECRET};

#[tokio::test]
async fn a_house_is_furnished() {
    let door = Door::open().await;
    let (mut operator, _) = door.colleague("Pak Oper", &[Role::Operator], None).await;
    let [_, empty] = operator.get_both("/operator").await;
    empty.shows("There is no desk yet").shows("keluar").shows("/practice-key.asc");
    let [_, new] = operator.get_both("/operator/desk").await;
    new.shows("datalist").shows("Asia/Jayapura").shows("Monday–Friday 08:00–16:00");
    let fields = [
        ("name", "BK SMA Nusantara 3"),
        ("slug", "BK-3"),
        ("zone", "Asia/Jakarta"),
        ("hours", "mon-fri 08:00-16:00"),
        ("reads", "2"),
    ];
    for (field, value, said) in [
        ("name", " ", "name-problem"),
        ("slug", "postmaster", "slug-problem"),
        ("zone", "Jakarta", "zone-problem"),
        ("hours", "someday 08:00-16:00", "“someday” is not a day"),
        ("hours", "mon 08.00", "“08.00” has no span"),
        ("hours", "mon 09:00-11:00 10:00-12:00", "The hours of Monday overlap"),
        ("hours", "", "hours-problem"),
        ("reads", "often", "reads-problem"),
    ] {
        let mended: Vec<_> = fields.iter().map(|(n, v)| (*n, if *n == field { value } else { *v })).collect();
        let answer = operator.post("/operator/desk", &mended).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer
            .shows(said)
            .shows("aria-invalid=\"true\"")
            .shows(&format!("name=\"{field}\" value=\"{}\"", value.trim()));
    }
    assert_eq!(operator.post("/operator/desk", &fields).await.location(), "/operator?done=desk-added");
    operator.post("/operator/desk", &fields).await.shows("Another desk has this short name");
    let [indonesian, list] = operator.get_both("/operator?done=desk-added").await;
    list.shows("No counselor yet: not open to clients")
        .shows("bk-3@contoh.sch.id")
        .shows("Monday–Friday 08:00–16:00")
        .shows("WIB");
    indonesian.shows("Senin–Jumat 08.00–16.00");
    let desk = oversee::overview(&door.house).await.unwrap().desks.remove(0).desk.id;
    let edit = format!("/operator/desk/{desk}");
    operator.get_both(&edit).await[1]
        .shows("id=\"is_open\" name=\"is_open\" value=\"1\" checked")
        .hides("name=\"slug\"");
    operator
        .post(&edit, &[("name", ""), ("zone", "UTC"), ("hours", "sat 10:00-12:00"), ("reads", "1")])
        .await
        .shows("Saturday 10:00–12:00")
        .shows("name-problem");
    assert_eq!(
        operator
            .post(&edit, &[("name", "Baru"), ("zone", "UTC"), ("hours", "sat 10:00-12:00"), ("reads", "1")])
            .await
            .location(),
        "/operator?done=desk-changed"
    );
    let changed = oversee::overview(&door.house).await.unwrap().desks.remove(0).desk;
    assert_eq!((changed.name.as_str(), changed.slug.as_str(), changed.is_open), ("Baru", "bk-3", false));
    assert_eq!(operator.get("/operator/desk/unknown").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn colleagues_are_invited_and_shut_out() {
    let door = Door::open().await;
    let desk = door.desk().await;
    let (mut operator, me) = door.colleague("Pak Oper", &[Role::Operator], None).await;
    operator.get_both("/operator/invitation").await;
    operator.post("/operator/invitation", &[("desk", "")]).await.shows("Choose at least one role");
    operator
        .post("/operator/invitation", &[("counselor", "1"), ("desk", "")])
        .await
        .shows("Choose the counselor’s desk")
        .shows("id=\"counselor\" name=\"counselor\" value=\"1\" checked");
    let id = desk.to_string();
    let answer = operator.post("/operator/invitation", &[("counselor", "1"), ("desk", &id)]).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.shows("translate=\"no\">http://surat.contoh.sch.id/invitation/").shows("within 3 days");
    let (_, rest) = answer.text.split_once("/invitation/").unwrap();
    let token = rest.split('<').next().unwrap();
    let ratna = enter::accept_invitation(&door.house, token, "Bu Ratna", SECRET, Language::English).await.unwrap();
    door.colleague("Pak Yusuf", &[Role::Counselor], Some(desk)).await;
    let [_, page] = operator.get_both("/operator").await;
    page.shows("Waiting to be let in").shows("<bdi>Pak Yusuf</bdi>").shows("That is you").hides("No counselor yet");
    let disable = format!("/operator/person/{}/disable", ratna.person);
    let mut ratnas = door.browser();
    ratnas.cookies.insert("s".to_owned(), ratna.cookie.text().reveal().clone());
    assert_eq!(operator.post(&disable, &[]).await.location(), "/operator?done=disabled#people");
    assert_eq!(ratnas.get("/schedule").await.location(), "/staff?back=/schedule", "the session has ended");
    ratnas.post("/staff", &[("name", "Bu Ratna"), ("secret", SECRET)]).await.shows("tidak cocok");
    operator.get_both("/operator?done=disabled").await[1].shows("Nobody can read its letters").shows("Let back in");
    assert_eq!(
        operator.post(&disable.replace("disable", "enable"), &[]).await.location(),
        "/operator?done=enabled#people"
    );
    assert_eq!(ratnas.post("/staff", &[("name", "Bu Ratna"), ("secret", SECRET)]).await.location(), "/queue");
    assert_eq!(
        operator.post(&format!("/operator/person/{}/disable", me.person), &[]).await.status,
        StatusCode::FORBIDDEN
    );
    let client = enter::open_mailbox(&door.house, desk, "Bintang Sore", SECRET, Language::Indonesian).await.unwrap();
    assert_eq!(
        operator.post(&format!("/operator/person/{}/disable", client.person), &[]).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(ratnas.get("/operator").await.status, StatusCode::NOT_FOUND, "a counselor is no operator");
    assert_eq!(ratnas.post(&disable, &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_scheduler_sees_numbers_only() {
    let door = Door::open().await;
    let (mut scheduler, _) = door.colleague("Bu Jadwal", &[Role::Scheduler], None).await;
    scheduler.get_both("/schedule").await[1].shows("There is no desk yet");
    let desk = door.desk().await;
    door.colleague("Bu Ratna", &[Role::Counselor], Some(desk)).await;
    enter::open_mailbox(&door.house, desk, "Bintang Sore", SECRET, Language::Indonesian).await.unwrap();
    let [_, page] = scheduler.get_both("/schedule").await;
    page.shows("BK SMA Nusantara 3").shows("<bdi>Bu Ratna</bdi>").shows("Nothing waits").hides("Bintang");
    page.shows("Monday–Thursday 07:30–12:00, 13:00–15:30").hides("/operator");
    assert_eq!(scheduler.get("/operator").await.status, StatusCode::NOT_FOUND);
    let (mut operator, _) = door.colleague("Pak Oper", &[Role::Operator], None).await;
    assert_eq!(operator.get("/schedule").await.status, StatusCode::OK);
    let key = door.browser().get("/practice-key.asc").await;
    assert_eq!(key.headers["content-type"], "application/pgp-keys");
    key.shows("-----BEGIN PGP PUBLIC KEY BLOCK-----");
}
