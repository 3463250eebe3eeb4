//! The canary walks the whole road, and its silence is an alarm.

use std::time::Duration;

use merpati::canary::fly;
use merpati::flow::canary::{is_overdue, standing};
use merpati::motor::Outcome;
use merpati::outbox::Transport;

use crate::support::app::{DOMAIN, Someone, TestApp, sign_in_staff};
use crate::support::engine::{Scratch, both_engines};
use crate::support::peer::Lmtp;

both_engines!(a_canary_comes_home, its_address_works_once, silence_is_an_alarm);

fn door(app: &TestApp) -> Transport {
    Transport::relay(&format!("smtp://{}?tls=none", app.smtp), DOMAIN, None).unwrap()
}

async fn a_canary_comes_home(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let operator = app.operator().await;
    operator.get("/operator").await.must_say("one sets out every hour");
    let outcome = fly(&app.house, &door(&app)).await;
    assert!(matches!(outcome, Outcome::Done), "{outcome:?}");
    app.run_due().await;
    let found = standing(&app.house).await.unwrap();
    assert_eq!(found.last_returned, Some(app.house.now()));
    assert!(app.mails().is_empty(), "it goes to no relay");
    operator.get("/operator").await.must_not_say("one sets out every hour").must_not_say("Mail may not be working");
    // What was stored is sealed, and nothing of it concerns a person.
    let mut outside = app.outside().await;
    let sealed = outside.row("SELECT count(*) FROM canary WHERE length(body) > 2000 AND stored_us > 0", &[]).await;
    assert_eq!(sealed[0].int(), 1);
    let letters = outside.row("SELECT (SELECT count(*) FROM letter) + (SELECT count(*) FROM held)", &[]).await;
    assert_eq!(letters[0].int(), 0);
    outside.close().await;
    app.close().await;
}

async fn its_address_works_once(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    assert!(matches!(fly(&app.house, &door(&app)).await, Outcome::Done));
    let mut outside = app.outside().await;
    let id = outside.row("SELECT id FROM canary", &[]).await[0].bytes().to_vec();
    outside.close().await;
    let to = format!("canary-out-{}@{DOMAIN}", merpati::ids::base32(&id));
    app.run_due().await;
    let mut lmtp = Lmtp::open(app.lmtp).await.unwrap();
    assert_eq!(lmtp.envelope("asing@example.net", &to).await.unwrap(), 550, "it came home");
    let guess = format!("canary-out-{}@{DOMAIN}", "a".repeat(26));
    assert_eq!(lmtp.envelope("asing@example.net", &guess).await.unwrap(), 550);
    app.close().await;
}

async fn silence_is_an_alarm(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let operator: Someone = app.operator().await;
    // The motor flies them by the clock; the way home is as long as the outbox is slow.
    fly(&app.house, &door(&app)).await;
    app.run_due().await;
    let last = standing(&app.house).await.unwrap().last_returned.unwrap();
    // Nothing carries mail out any more.
    let mut outside = app.outside().await;
    let stopped = "UPDATE schedule SET next_us = 9000000000000000000 WHERE name = 'canary' RETURNING next_us";
    outside.row(stopped, &[]).await;
    outside.close().await;
    app.wait(3 * 3600);
    let now = app.house.now();
    assert!(now.since(last) > Duration::from_secs(3 * 3600 - 1));
    assert!(is_overdue(&standing(&app.house).await.unwrap(), now));
    let again = app.browser(merpati::role::Language::English);
    sign_in_staff(&again, &operator).await;
    again.get("/operator").await.must_say("Mail may not be working");
    app.close().await;
}
