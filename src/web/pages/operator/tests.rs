//! Pages of an operator and of a scheduler, through the router, in both languages.

use axum::http::StatusCode;

use crate::flow::enter;
use crate::flow::oversee;
use crate::role::{Language, Role};
use crate::web::door::{Door, SECRET};

const DESK: [(&str, &str); 5] = [
    ("name", "BK SMA Nusantara 3"),
    ("slug", "BK-3"),
    ("zone", "Asia/Jakarta"),
    ("hours", "mon-fri 08:00-16:00"),
    ("reads", "2"),
];

#[tokio::test]
async fn what_is_wrong_with_a_desk_stands_beside_its_field() {
    let door = Door::open().await;
    let (mut operator, _) = door.colleague("Pak Oper", &[Role::Operator], None).await;
    let [_, new] = operator.get_both("/operator/desk").await;
    new.shows("datalist").shows("Asia/Jayapura").shows("Monday–Friday 08:00–16:00");
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
        let mended = DESK.map(|(n, v)| (n, if n == field { value } else { v }));
        let answer = operator.post("/operator/desk", &mended).await;
        assert_eq!(answer.status, StatusCode::OK);
        let kept = format!("name=\"{field}\" value=\"{}\"", value.trim());
        answer.shows(said).shows("aria-invalid=\"true\"").shows(&kept);
    }
}

#[tokio::test]
async fn a_house_is_furnished() {
    let door = Door::open().await;
    let (mut operator, _) = door.colleague("Pak Oper", &[Role::Operator], None).await;
    let [_, empty] = operator.get_both("/operator").await;
    empty.shows("There is no desk yet").shows("keluar").shows("/practice-key.asc");
    operator.leads("/operator/desk", &DESK, "/operator?done=desk-added").await;
    let again = operator.post("/operator/desk", &DESK).await;
    again.shows("Another desk has this short name");
    let [indonesian, list] = operator.get_both("/operator?done=desk-added").await;
    list.shows("No counselor yet: not open to clients").shows("bk-3@contoh.sch.id");
    list.shows("Monday–Friday 08:00–16:00").shows("WIB");
    indonesian.shows("Senin–Jumat 08.00–16.00");
    let desk = oversee::overview(&door.house).await.unwrap().desks.remove(0).desk.id;
    let edit = format!("/operator/desk/{desk}");
    let [_, page] = operator.get_both(&edit).await;
    page.shows("id=\"is_open\" name=\"is_open\" value=\"1\" checked").hides("name=\"slug\"");
    let fields = |name| [("name", name), ("zone", "UTC"), ("hours", "sat 10:00-12:00"), ("reads", "1")];
    let nameless = operator.post(&edit, &fields("")).await;
    nameless.shows("Saturday 10:00–12:00").shows("name-problem");
    operator.leads(&edit, &fields("Baru"), "/operator?done=desk-changed").await;
    let changed = oversee::overview(&door.house).await.unwrap().desks.remove(0).desk;
    let said = (changed.name.as_str(), changed.slug.as_str(), changed.is_open);
    assert_eq!(said, ("Baru", "bk-3", false));
    assert_eq!(operator.get("/operator/desk/unknown").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn colleagues_are_invited() {
    let door = Door::open().await;
    let id = door.desk().await.to_string();
    let (mut operator, _) = door.colleague("Pak Oper", &[Role::Operator], None).await;
    operator.get_both("/operator/invitation").await;
    let nobody = operator.post("/operator/invitation", &[("desk", "")]).await;
    nobody.shows("Choose at least one role");
    let nowhere = operator.post("/operator/invitation", &[("counselor", "1"), ("desk", "")]).await;
    nowhere.shows("Choose the counselor’s desk").shows("name=\"counselor\" value=\"1\" checked");
    let answer = operator.post("/operator/invitation", &[("counselor", "1"), ("desk", &id)]).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.shows("translate=\"no\">http://surat.contoh.sch.id/invitation/").shows("within 3 days");
    let (_, rest) = answer.text.split_once("/invitation/").unwrap();
    let token = rest.split('<').next().unwrap();
    enter::accept_invitation(&door.house, token, "Bu Ratna", SECRET, Language::English).await.unwrap();
    let [_, page] = operator.get_both("/operator").await;
    page.shows("<bdi>Bu Ratna</bdi>").shows("That is you").hides("No counselor yet").hides("Waiting to be let in");
}

#[tokio::test]
async fn colleagues_are_shut_out_and_let_back_in() {
    let door = Door::open().await;
    let desk = door.desk().await;
    let (mut operator, me) = door.colleague("Pak Oper", &[Role::Operator], None).await;
    let (mut ratnas, ratna) = door.colleague("Bu Ratna", &[Role::Counselor], Some(desk)).await;
    let (mut yusufs, _) = door.colleague("Pak Yusuf", &[Role::Counselor], Some(desk)).await;
    let [_, page] = operator.get_both("/operator").await;
    page.shows("Waiting to be let in").shows("<bdi>Pak Yusuf</bdi>");
    let person = |id, what| format!("/operator/person/{id}/{what}");
    operator.leads(&person(ratna.person, "disable"), &[], "/operator?done=disabled#people").await;
    assert_eq!(ratnas.get("/queue").await.location(), "/staff?back=/queue", "the session has ended");
    let sign_in = [("name", "Bu Ratna"), ("secret", SECRET)];
    ratnas.post("/staff", &sign_in).await.shows("tidak cocok");
    let [_, page] = operator.get_both("/operator?done=disabled").await;
    page.shows("Nobody can read its letters").shows("Let back in");
    operator.leads(&person(ratna.person, "enable"), &[], "/operator?done=enabled#people").await;
    ratnas.leads("/staff", &sign_in, "/queue").await;
    let oneself = operator.post(&person(me.person, "disable"), &[]).await;
    assert_eq!(oneself.status, StatusCode::FORBIDDEN);
    let language = Language::Indonesian;
    let client = enter::open_mailbox(&door.house, desk, "Bintang Sore", SECRET, language).await.unwrap();
    let not_staff = operator.post(&person(client.person, "disable"), &[]).await;
    assert_eq!(not_staff.status, StatusCode::NOT_FOUND);
    assert_eq!(yusufs.get("/operator").await.status, StatusCode::NOT_FOUND, "a counselor is no operator");
    let not_operator = yusufs.post(&person(ratna.person, "disable"), &[]).await;
    assert_eq!(not_operator.status, StatusCode::NOT_FOUND);
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
