//! The trail: a chain that shows whatever is done to it from outside, and the part of it a client reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use merpati::audit::{self, Action};
use merpati::chance::OsChance;
use merpati::clock::{Clock as _, SystemClock};
use merpati::custody;
use merpati::flow::trail::{self, KeptHead, Verdict};
use merpati::house::House;
use merpati::role::Language;
use merpati::seal::Cost;
use merpati::store::trail::Line;
use tokio::task::JoinSet;

use crate::support::app::{RECALL, Someone, TestApp, accept, invite, make_desk, open_mailbox, settings, take, write};
use crate::support::browser::Browser;
use crate::support::cast::{at, fresh};
use crate::support::engine::{Scratch, both_engines, on_sqlite};
use crate::support::outside::Outside;
use crate::support::post::{lmtp, plain};
use crate::support::program::Program;

both_engines!(
    many_writers_make_one_chain,
    every_tampering_is_found,
    lines_from_before_are_taken_up_once,
    a_client_reads_what_concerns_them,
);

/// A house without doors and motors: nothing chains but the test.
fn quiet(scratch: &Scratch) -> Arc<House> {
    let home = tempfile::tempdir().unwrap();
    let settings = settings("127.0.0.1:9".parse().unwrap());
    custody::make(home.path(), &settings, &OsChance, SystemClock.now()).unwrap();
    let keys = custody::load(home.path(), &settings).unwrap();
    let mut rules = settings.rules(home.path());
    rules.cost = Cost::CHEAP;
    Arc::new(House::new((**scratch).clone(), Arc::new(SystemClock), Arc::new(OsChance), keys, rules).unwrap())
}

async fn note(house: &House, why: &str) {
    let mut tx = house.db.begin().await.unwrap();
    audit::note_why(&mut tx, house, house.now(), Some(fresh()), Action::Taken, Some(fresh()), why).await.unwrap();
    tx.commit().await.unwrap();
}

async fn verdict(house: &House) -> Verdict {
    trail::verify(house, None).await.unwrap()
}

/// The number of the first line that does not hold.
async fn broken(house: &House) -> Option<i64> {
    verdict(house).await.broken.map(|b| b.number)
}

async fn many_writers_make_one_chain(scratch: Scratch) {
    const WRITERS: usize = 8;
    const EACH: usize = 25;
    let house = quiet(&scratch);
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        let house = Arc::clone(&house);
        tasks.spawn(async move {
            for n in 0..EACH {
                note(&house, "").await;
                // Some writes are given up half-way, as by a request that goes away.
                if n % 5 == writer % 5 {
                    let mut tx = house.db.begin().await.unwrap();
                    let lost = Action::GivenBack;
                    audit::note(&mut tx, &house, house.now(), None, lost, None).await.unwrap();
                }
            }
        });
    }
    for _ in 0..2 {
        let house = Arc::clone(&house);
        tasks.spawn(async move {
            for _ in 0..20 {
                trail::chain(&house).await.unwrap();
                assert_eq!(broken(&house).await, None, "at any moment");
            }
        });
    }
    tasks.join_all().await;
    trail::chain(&house).await.unwrap();
    let lines = i64::try_from(WRITERS * EACH).unwrap();
    assert_eq!(verdict(&house).await, Verdict { lines, untagged: 0, waiting: 0, broken: None });
    let mut numbers = Vec::new();
    trail::export(&house, None, None, |number, _, _| numbers.push(number)).await.unwrap();
    assert_eq!(numbers, (1..=lines).collect::<Vec<_>>());
}

const TABLES: [&str; 4] = ["audit", "audit_link", "audit_head", "audit_unchained"];

/// Somebody with the whole database, but without `keys/`.
struct Intruder(Outside);

impl Intruder {
    /// Takes the triggers away, and a copy of everything.
    async fn at(scratch: &Scratch) -> Self {
        let mut outside = Outside::open(&scratch.url).await;
        let (sqlite, postgres) = (
            ["audit_stays", "audit_stays_whole", "audit_link_stays", "audit_link_stays_whole", "audit_head_stays"]
                .map(|t| format!("DROP TRIGGER {t}"))
                .join("; "),
            "DROP FUNCTION audit_stays CASCADE".to_owned(),
        );
        outside.attempt(if scratch.is_sqlite() { &sqlite } else { &postgres }).await.unwrap();
        let mut intruder = Self(outside);
        for table in TABLES {
            intruder.does(&format!("CREATE TABLE {table}_copy AS SELECT * FROM {table}")).await;
        }
        intruder
    }

    async fn does(&mut self, sql: &str) {
        self.0.attempt(sql).await.unwrap();
    }

    async fn puts_everything_back(&mut self) {
        for table in TABLES {
            self.does(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {table}_copy")).await;
        }
    }
}

/// What is done to lines 1 to 6 of a chain, line 7 waiting; and which number is named then.
const TAMPERINGS: [(&str, &str, i64); 17] = [
    ("a word changed", "UPDATE audit SET action = 'given-back' WHERE id = LINE(3)", 3),
    ("a time changed", "UPDATE audit SET at_us = at_us + 1 WHERE id = LINE(1)", 1),
    ("nobody named any more", "UPDATE audit SET actor_id = NULL WHERE id = LINE(6)", 6),
    ("another person named", "UPDATE audit SET actor_id = thread_id WHERE id = LINE(6)", 6),
    ("another thread named", "UPDATE audit SET thread_id = actor_id WHERE id = LINE(2)", 2),
    ("a reason changed", "UPDATE audit SET detail = 'x' WHERE id = LINE(4)", 4),
    ("a tag taken away", "UPDATE audit SET tag = NONE WHERE id = LINE(4)", 4),
    ("a line removed", "DELETE FROM audit WHERE id = LINE(3)", 3),
    (
        "a line removed with its link",
        "DELETE FROM audit WHERE id = LINE(3); DELETE FROM audit_link WHERE number = 3",
        3,
    ),
    (
        "a line removed, and those after it moved up",
        "DELETE FROM audit WHERE id = LINE(3); DELETE FROM audit_link WHERE number = 3;
         UPDATE audit_link SET number = 3 WHERE number = 4; UPDATE audit_link SET number = 4 WHERE number = 5;
         UPDATE audit_link SET number = 5 WHERE number = 6; UPDATE audit_head SET number = 5",
        3,
    ),
    (
        "two lines swapped",
        "UPDATE audit_link SET number = 99 WHERE number = 2; UPDATE audit_link SET number = 2 WHERE number = 3;
         UPDATE audit_link SET number = 3 WHERE number = 99",
        2,
    ),
    (
        "what two lines say swapped",
        "UPDATE audit SET detail = 'swap' WHERE id = LINE(2); UPDATE audit SET detail = 'line 2' WHERE id = LINE(5);
         UPDATE audit SET detail = 'line 5' WHERE id = LINE(2)",
        2,
    ),
    ("the end cut off", "DELETE FROM audit WHERE id = LINE(6); DELETE FROM audit_link WHERE number = 6", 6),
    (
        "the end cut off, and the head moved back",
        "DELETE FROM audit WHERE id = LINE(6); DELETE FROM audit_link WHERE number = 6;
         UPDATE audit_head SET number = 5, hash = (SELECT hash FROM audit_link WHERE number = 5)",
        5,
    ),
    ("the head deleted", "DELETE FROM audit_head", 1),
    ("a line removed before it had its number", "DELETE FROM audit WHERE detail = 'waits'", 7),
    ("a line hidden from the chain", "DELETE FROM audit_unchained", 7),
];

async fn every_tampering_is_found(scratch: Scratch) {
    let house = quiet(&scratch);
    for n in 1..=5 {
        note(&house, &format!("line {n}")).await;
        trail::chain(&house).await.unwrap();
    }
    let mut old = Outside::open(&scratch.url).await;
    old.attempt("CREATE TABLE head_of_five AS SELECT * FROM audit_head").await.unwrap();
    old.close().await;
    note(&house, "line 6").await;
    let kept = trail::head(&house).await.unwrap();
    assert_eq!(kept.number, 6);
    note(&house, "waits").await;
    assert_eq!(verdict(&house).await, Verdict { lines: 6, untagged: 0, waiting: 1, broken: None });

    let none = if scratch.is_sqlite() { "x''" } else { "''" };
    let mut intruder = Intruder::at(&scratch).await;
    for (what, sql, number) in TAMPERINGS {
        let sql = sql.replace("NONE", none).replace("LINE(", "(SELECT line_id FROM audit_link WHERE number = ");
        intruder.does(&sql).await;
        assert_eq!(broken(&house).await, Some(number), "{what}");
        // What was broken is not mended by going on.
        let _ = trail::chain(&house).await;
        assert!(broken(&house).await.is_some(), "{what}, and the chain went on");
        intruder.puts_everything_back().await;
        assert_eq!(broken(&house).await, None, "{what}, and taken back");
    }
    forged_lines_are_found(&house, &mut intruder, none).await;
    a_kept_head_tells(&house, &mut intruder, &kept).await;
    intruder.0.close().await;
}

/// A line by somebody without keys is found before it has a number, and ever after.
async fn forged_lines_are_found(house: &House, intruder: &mut Intruder, none: &str) {
    for tag in [none.to_owned(), "(SELECT tag FROM audit WHERE detail = 'line 1')".to_owned()] {
        let row = "SELECT line_id FROM audit_link WHERE number = 1";
        let id = if none == "''" {
            "'\\x00112233445566778899aabbccddeeff'::bytea"
        } else {
            "x'00112233445566778899aabbccddeeff'"
        };
        let forged = format!(
            "INSERT INTO audit (id, at_us, actor_id, action, thread_id, detail, tag)
             SELECT {id}, at_us, actor_id, action, thread_id, detail, {tag} FROM audit WHERE id = ({row})"
        );
        intruder.does(&forged).await;
        assert_eq!(broken(house).await, Some(7), "not even known to wait");
        intruder.does(&format!("INSERT INTO audit_unchained (line_id) VALUES ({id})")).await;
        assert_eq!(broken(house).await, Some(7), "waiting");
        trail::chain(house).await.unwrap();
        // A line without a tag goes first, so it is number 7 or 8, by its time.
        assert!(broken(house).await.is_some_and(|n| n == 7 || n == 8), "with a number");
        intruder.puts_everything_back().await;
    }
}

/// What nobody can see from inside: a tail cut off together with its head, or everything gone.
async fn a_kept_head_tells(house: &House, intruder: &mut Intruder, kept: &KeptHead) {
    let told = async |kept: &KeptHead| trail::verify(house, Some(kept)).await.unwrap().broken.map(|b| b.number);
    assert_eq!(told(kept).await, None);
    let other = KeptHead { number: 4, hash: kept.hash.clone() };
    assert_eq!(told(&other).await, Some(4), "the head of another chain");
    intruder
        .does(
            "DELETE FROM audit WHERE id = (SELECT line_id FROM audit_link WHERE number = 6);
             DELETE FROM audit_link WHERE number = 6; DELETE FROM audit_head;
             INSERT INTO audit_head SELECT * FROM head_of_five",
        )
        .await;
    assert_eq!(broken(house).await, None, "an old head fits an old end");
    assert_eq!(told(kept).await, Some(6));
    for table in TABLES {
        intruder.does(&format!("DELETE FROM {table}")).await;
    }
    assert_eq!(verdict(house).await, Verdict { lines: 0, untagged: 0, waiting: 0, broken: None });
    assert_eq!(told(kept).await, Some(1));
    intruder.puts_everything_back().await;
}

async fn lines_from_before_are_taken_up_once(scratch: Scratch) {
    let house = quiet(&scratch);
    let untagged = async |seconds: i64| {
        let line = Line { at: at(seconds), actor: None, action: "taken".into(), thread: None, detail: String::new() };
        let mut tx = house.db.begin().await.unwrap();
        merpati::store::trail::insert(&mut tx, fresh(), &line, b"").await.unwrap();
        tx.commit().await.unwrap();
    };
    // More than are numbered in one transaction, and a new line that is older than some of them by its clock.
    const OLD: i64 = 1_203;
    for n in 0..OLD {
        untagged(n).await;
    }
    note(&house, "new").await;
    let waiting = OLD + 1;
    assert_eq!(verdict(&house).await, Verdict { lines: 0, untagged: 0, waiting, broken: None });
    trail::chain(&house).await.unwrap();
    assert_eq!(verdict(&house).await, Verdict { lines: waiting, untagged: OLD, waiting: 0, broken: None });
    untagged(0).await;
    assert_eq!(broken(&house).await, Some(waiting + 1), "from now on every line has its tag");
    trail::chain(&house).await.unwrap();
    assert_eq!(broken(&house).await, Some(waiting + 1));
}

async fn a_client_reads_what_concerns_them(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let (operator, ratna) = app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    let other = app.open_mailbox("Awan Pagi", Language::English).await;
    app.write(&client, "", "Halo.", "yes").await;
    app.take(&ratna, &client).await;
    let path = format!("{}/trail", client.mailbox);
    client.get(&client.mailbox).await.must_say("What happened with my letters");
    let page = client.get(&path).await;
    page.must_say("You: made this mailbox").must_say("A counselor: took on your letters, to answer them");
    page.must_not_say("Bu Ratna");
    app.reply(&ratna, &client, "Balasan.").await;
    let page = client.get(&path).await;
    page.must_not_say("answer:").must_not_say("sent you").must_not_say("Bu Ratna");
    app.wait(RECALL.as_secs() + 1);
    app.run_due().await;
    let page = client.get(&path).await;
    page.must_say("Bu Ratna , counselor: sent you an answer").must_say("Bu Ratna , counselor: took on your letters");

    // A stranger's mail to the secret address: that it came and went is not the client's to know.
    app.confirm_address(&client, "bintang@rumah.example").await;
    let secret = app.secret_address(&client).await;
    let mail = plain("orang@lain.example", "Siapa", "Surat orang lain.");
    assert!(lmtp(app.lmtp, "orang@lain.example", &[&secret], &mail).await[0].starts_with("250 "));
    let before = client.get(&path).await.text();
    delete_held(&app, &ratna).await;
    assert_eq!(client.get(&path).await.text(), before);
    let mut outside = app.outside().await;
    assert_eq!(outside.rows("SELECT id FROM audit WHERE action = 'held-deleted'", &[]).await.len(), 1);

    // Whose it is not.
    for someone in [&*other, &ratna, &operator] {
        assert_ne!(someone.get(&path).await.status, 200);
    }
    other.get(&format!("{}/trail", other.mailbox)).await.must_not_say("took on");

    // In the other language.
    let awan = app.open_mailbox("Embun Pagi", Language::Indonesian).await;
    app.write(&awan, "", "Halo.", "yes").await;
    app.take(&ratna, &awan).await;
    let page = awan.get(&format!("{}/trail", awan.mailbox)).await;
    page.must_say("Kamu: membuat kotak ini").must_say("Seorang konselor: mengambil suratmu untuk dijawab");

    // Page by page, each line once.
    let id = client.thread_id().parse().unwrap();
    let mut tx = app.house.db.begin().await.unwrap();
    for _ in 0..70 {
        audit::note(&mut tx, &app.house, app.house.now(), None, Action::HandedOver, Some(id)).await.unwrap();
        // Not told, and so not counted.
        audit::note(&mut tx, &app.house, app.house.now(), None, Action::ReplyRecalled, Some(id)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (mut here, mut lines, mut seen) = (path.clone(), 0, BTreeSet::new());
    loop {
        assert!(seen.insert(here.clone()), "no page leads back");
        let page = client.get(&here).await;
        lines += page.html.matches("<time ").count();
        let Some((_, rest)) = page.html.split_once(&format!("href=\"{path}?")) else { break };
        here = format!("{path}?{}", rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&"));
    }
    assert!(seen.len() >= 3);
    // Made, taken, answered, and the seventy.
    assert_eq!(lines, 73);
    trail::chain(&app.house).await.unwrap();
    assert_eq!(broken(&app.house).await, None);
    outside.close().await;
    app.close().await;
}

/// The counselor throws the one held mail away.
async fn delete_held(app: &TestApp, ratna: &Someone) {
    let held = ratna.get("/queue?tab=held").await.links("/held/").remove(0);
    let form = ratna.get(&held).await.form(&format!("{held}/discard")).with("checked", "yes");
    app.tick();
    ratna.send(form).await;
}

/// Every sentence of every action stands in both languages; and what is not told has none.
#[test]
fn every_action_that_is_told_has_its_sentence() {
    for language in ["en", "id"] {
        let file = format!("{}/templates/lang/{language}/trail.ftl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(file).unwrap();
        for action in Action::ALL {
            let has = text.lines().any(|l| l.starts_with(&format!("trail-did-{} = ", action.word())));
            assert_eq!(has, action.told() != audit::Told::Never, "{language}: {}", action.word());
        }
    }
}

/// The commands as their help shows them, on a real house whose file somebody edits.
#[test]
fn the_commands_find_what_was_done_to_the_file() {
    on_sqlite(async |scratch: Scratch| {
        let folder = tempfile::tempdir().unwrap();
        let program = Program::new(&folder.path().join("home"), &scratch.url);
        let serving = program.serve();
        let english = || Browser::new(&program.url(), Language::English);
        let operator = accept(english(), &serving.operator_link(&program.url()), "Pak Operator").await;
        make_desk(&operator, "uji", "Meja Uji").await;
        let path = invite(&operator, "Meja Uji", &program.url()).await;
        let ratna = accept(english(), &path, "Bu Ratna").await;
        let client = open_mailbox(english(), "uji", "Bintang Sore").await;
        write(&client, "", "Isi yang rahasia.", "yes").await;
        take(&ratna, &client.queue_path()).await;
        serving.stop();

        for words in [["audit", "verify"], ["audit", "export"], ["audit", "head"]] {
            let help = program.must(&[words[0], words[1], "--help"]).out;
            let example =
                help.split("Example: merpati --home var ").nth(1).expect("an example").lines().next().unwrap();
            program.must(&example.split_whitespace().collect::<Vec<_>>());
        }
        let head = program.must(&["audit", "head"]).out.trim().to_owned();
        assert!(head.starts_with("4:"), "{head}");
        assert!(program.must(&["audit", "verify"]).out.contains("the audit is whole: 4 lines\n"));
        program.must(&["audit", "verify", "--head", &head]);
        assert_eq!(program.run(&["audit", "verify", "--head", "4"]).code, 64);
        assert!(program.run(&["doctor"]).out.contains("ok    audit: whole, 4 lines, 0 wait"));

        let lines = program.must(&["audit", "export", "--json"]).out;
        let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!(
            (&last["number"], &last["action"], &last["thread"]),
            (&4.into(), &"taken".into(), &client.thread_id().into())
        );
        assert!(head.ends_with(last["hash"].as_str().unwrap()));
        assert_eq!(program.must(&["audit", "export"]).out.lines().count(), 4);
        let day = &last["at"].as_str().unwrap()[..10];
        assert_eq!(program.must(&["audit", "export", "--since", day, "--until", "2999-01-01"]).out.lines().count(), 4);
        assert_eq!(program.must(&["audit", "export", "--until", "2020-01-01"]).out, "");
        for secret in ["Isi", "Ratna", "Bintang", "Operator"] {
            assert!(!lines.contains(secret), "{secret}");
        }

        let mut outside = Outside::open(&scratch.url).await;
        let edit = "UPDATE audit SET detail = 'Isi lain.' WHERE id = (SELECT line_id FROM audit_link WHERE number = 2)";
        assert!(outside.attempt(edit).await.is_err(), "not even by hand");
        outside.attempt(&format!("DROP TRIGGER audit_stays; {edit}")).await.unwrap();
        outside.close().await;
        let ended = program.run(&["audit", "verify"]);
        assert_eq!(ended.code, 65, "{}", ended.err);
        assert!(ended.err.contains("line 2 was changed") && !ended.err.contains("Isi"), "{}", ended.err);
        assert!(program.run(&["doctor"]).out.contains("BAD   audit: line 2 "));
    });
}
