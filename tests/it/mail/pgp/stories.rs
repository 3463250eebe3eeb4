//! A client with PGP, through the real doors: their key is learned and confirmed, letters go both ways, and what cannot be
//! opened or must not be sent in clear is not.

use merpati::role::Language;

use super::gnupg::Gnupg;
use crate::support::app::{Client, RECALL, Someone, TestApp};
use crate::support::browser::Page;
use crate::support::engine::{Scratch, both_engines};
use crate::support::post::lmtp;

const BINTANG: &str = "bintang@rumah.example";
const LETTERS: &str = "/mailbox/settings/letters";
const KEY: &str = "/mailbox/settings/letters/key";
const DIRECTORY: &str = "/.well-known/openpgpkey";

struct Cast {
    app: TestApp,
    ratna: Someone,
    client: Client,
    secret: String,
    gpg: Gnupg,
    fingerprint: String,
}

impl Cast {
    async fn set(scratch: &Scratch) -> Self {
        let app = TestApp::open_at_rest(scratch).await;
        let (_, ratna) = app.furnish().await;
        let client = app.open_mailbox("Bintang Sore", Language::English).await;
        app.confirm_address(&client, BINTANG).await;
        let secret = app.secret_address(&client).await;
        let gpg = Gnupg::at(app.house.now());
        let fingerprint = gpg.make_key(BINTANG);
        gpg.run(&["--import"], &directory(&app, &gpg, &secret).await.expect("a key for the secret address"));
        // A key counts from the second on in which it was made.
        app.wait(2);
        Self { app, ratna, client, secret, gpg, fingerprint }
    }

    async fn send(&self, mail: &[u8]) {
        self.app.tick();
        let answers = lmtp(self.app.lmtp, BINTANG, &[&self.secret], mail).await;
        assert!(answers[0].starts_with("250 "), "{answers:?}");
    }

    async fn leaves(&self) {
        self.app.wait(RECALL.as_secs() + 1);
        self.app.run_due().await;
    }

    async fn choose(&self, mode: &str) -> Page {
        let form = self.client.get(LETTERS).await.form(LETTERS).with("mode", mode);
        self.client.send(form).await
    }

    async fn count(&self, table: &str) -> i64 {
        let mut outside = self.app.outside().await;
        let count = outside.count(table).await;
        outside.close().await;
        count
    }
}

/// Asks the key directory as GnuPG does, both ways.
async fn directory(app: &TestApp, gpg: &Gnupg, address: &str) -> Option<Vec<u8>> {
    let (local, domain) = address.split_once('@').unwrap();
    let name = gpg.directory_name(address);
    let direct = reqwest::get(format!("{}{DIRECTORY}/hu/{name}?l={local}", app.url)).await.unwrap();
    let advanced = reqwest::get(format!("{}{DIRECTORY}/{domain}/hu/{name}?l={local}", app.url)).await.unwrap();
    assert_eq!(direct.status(), advanced.status());
    if direct.status() == 404 {
        return None;
    }
    for (name, value) in [("content-type", "application/octet-stream"), ("access-control-allow-origin", "*")] {
        assert_eq!(direct.headers()[name], value);
    }
    assert!(!advanced.bytes().await.unwrap().is_empty());
    Some(direct.bytes().await.unwrap().to_vec())
}

fn inner(subject: &str, text: &str) -> String {
    format!(
        "Content-Type: text/plain; charset=utf-8; protected-headers=\"v1\"; hp=\"cipher\"\nSubject: {subject}\n\n{text}\n"
    )
}

fn with_key(text: &str, key: &str) -> String {
    format!(
        "Content-Type: multipart/mixed; boundary=\"m\"; protected-headers=\"v1\"\nSubject: Kunci\n\n--m\n\
         Content-Type: text/plain\n\n{text}\n--m\nContent-Type: application/pgp-keys; name=\"key.asc\"\n\n{key}\n--m--\n"
    )
}

async fn letters_go_both_ways(scratch: Scratch) {
    let cast = Cast::set(&scratch).await;
    let Cast { app, ratna, client, secret, gpg, fingerprint } = &cast;
    // The first letter brings the key along: a candidate, and nothing is claimed.
    let entity = with_key("Aku tulis dengan kunci.", &gpg.public(BINTANG));
    cast.send(&gpg.mail(BINTANG, secret, secret, &entity)).await;
    let page = app.take(ratna, client).await;
    page.must_say("Aku tulis dengan kunci.").must_say("Kunci").must_say("Came encrypted.");
    page.must_say("Signed with a key we do not know");
    assert_eq!(cast.count("attachment").await, 1, "the mail as received");

    let page = cast.choose("pgp").await;
    page.must_say("none of your keys can be used").must_say("Not confirmed");
    let groups: Vec<&str> = (0..10).map(|n| &fingerprint[n * 4..n * 4 + 4]).collect();
    page.must_say(&groups.join(" "));
    app.reply(ratna, client, "Belum lewat surel.").await;
    cast.leaves().await;
    assert_eq!(app.mails().last().unwrap().subject, "You have a new message", "no confirmed key: only a notification");

    let page = client.get(LETTERS).await;
    client.send(page.form(LETTERS).with("use", fingerprint)).await.must_be(&format!("{LETTERS}?done=key"));
    cast.send(&gpg.mail(BINTANG, secret, secret, &inner("Rahasia", "Sekarang dikonfirmasi."))).await;
    let page = ratna.get(&client.queue_path()).await;
    page.must_say("Rahasia").must_say("Signed with the key the client confirmed");

    // Taken back in time: nothing of it is left.
    app.reply(ratna, client, "Terlalu cepat.").await;
    assert_eq!(cast.count("reply_mail").await, 1);
    let page = ratna.get(&client.queue_path()).await;
    ratna.send(page.form(&format!("{}/recall", client.queue_path()))).await;
    assert_eq!(cast.count("reply_mail").await, 0);

    app.reply(ratna, client, "Terima kasih, Bintang ☂.").await;
    cast.leaves().await;
    assert_eq!(cast.count("reply_mail").await, 0, "it left");
    let mails = app.mails();
    let mail = mails.last().unwrap();
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (BINTANG, "..."));
    for word in ["Rahasia", "Terima", "dikonfirmasi", "Ratna", "Bintang Sore", "Meja Uji"] {
        assert!(!mail.raw.contains(word), "{word}");
    }
    assert!(mail.raw.contains(&format!("<{secret}>")) && mail.raw.contains("\r\nAutocrypt: addr="));
    let (from, to) =
        (mail.raw.find("-----BEGIN PGP").unwrap(), mail.raw.find("-----END PGP MESSAGE-----").unwrap() + 25);
    let opened = gpg.try_run(&["--status-fd", "2", "--decrypt"], &mail.raw.as_bytes()[from..to]);
    let status = String::from_utf8_lossy(&opened.stderr).into_owned();
    assert!(status.contains("GOODSIG") && status.contains("DECRYPTION_OKAY"), "{status}");
    assert!(status.contains(&app.house.keys.practice.fingerprint()), "{status}");
    let inside = merpati::parse::read(merpati::parse::RawLetter::new(opened.stdout)).ok().unwrap();
    assert!(inside.text.reveal().starts_with("Terima kasih, Bintang ☂."), "{}", inside.text.reveal());
    assert!(!inside.text.reveal().contains("Sekarang dikonfirmasi"), "earlier letters are never quoted");
    cast.app.close().await;
}

async fn what_nobody_can_read_is_kept_and_said(scratch: Scratch) {
    let cast = Cast::set(&scratch).await;
    let Cast { app, ratna, client, secret, gpg, .. } = &cast;
    let other = gpg.make_key("lain@rumah.example");
    let shut = gpg.mail(BINTANG, secret, &other, &inner("Rahasia", "Untuk siapa?"));
    cast.send(&shut).await;
    // It waits on the shelf, with the key it was meant for.
    let shelf = ratna.get("/queue?tab=held").await;
    let held = shelf.links("/held/").remove(0);
    let page = ratna.get(&held).await;
    page.must_say("This letter cannot be read: it was encrypted for another key").must_not_say("BEGIN PGP");
    app.run_due().await;
    let mails = app.mails();
    let mail = mails.last().unwrap();
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (BINTANG, "Please send your message again"));
    assert_eq!(mail.body().len(), mails[0].body().len(), "equal in size");
    cast.send(&shut).await;
    app.run_due().await;
    assert_eq!(app.mails().len(), mails.len(), "the same mail again is told of once");
    // Nobody may learn it from a mail where mails are not wanted.
    let form = client.get("/mailbox/settings").await.form("/mailbox/settings").with("mode", "never");
    client.send(form).await;
    cast.send(&gpg.mail(BINTANG, secret, &other, &inner("Rahasia", "Lagi."))).await;
    app.run_due().await;
    assert_eq!(app.mails().len(), mails.len());
    cast.app.close().await;
}

async fn readable_letters_need_a_yes(scratch: Scratch) {
    let cast = Cast::set(&scratch).await;
    let Cast { app, ratna, client, .. } = &cast;
    app.write(client, "Rahasia sekali", "Halo kakak.", "yes").await;
    app.take(ratna, client).await;
    cast.choose("clear").await.must_say("you have to tick the box");
    let form = client.get(LETTERS).await.form(LETTERS).with("mode", "clear").with("yes", "1");
    client.send(form).await.must_be(&format!("{LETTERS}?done=saved")).must_say("because you said yes");
    app.reply(ratna, client, "Terbuka untuk semua.").await;
    let mut outside = app.outside().await;
    let rows = outside.rows("SELECT body_sealed FROM reply_mail", &[]).await;
    assert!(!String::from_utf8_lossy(rows[0][0].bytes()).contains("Terbuka"), "sealed while it waits");
    cast.leaves().await;
    let mails = app.mails();
    let mail = mails.last().unwrap();
    assert!(mail.text.contains("Terbuka untuk semua.") && !mail.raw.contains("Rahasia"), "{}", mail.raw);
    assert_eq!(mail.subject, "You have a new message");

    // Taken back while a letter waits: only a notification leaves.
    app.reply(ratna, client, "Yang kedua.").await;
    let page = client.get(LETTERS).await;
    client.send(page.form(LETTERS).with("stop", "1")).await.must_be(&format!("{LETTERS}?done=saved"));
    cast.leaves().await;
    let mails = app.mails();
    assert!(!mails.last().unwrap().raw.contains("Yang kedua") && mails.last().unwrap().text.contains("/sign-in"));
    assert_eq!(cast.count("reply_mail").await, 0);
    let why = outside.rows("SELECT detail FROM audit WHERE action = 'delivery-chosen' ORDER BY at_us", &[]).await;
    let why: Vec<&str> = why.iter().map(|r| r[0].text()).collect();
    assert_eq!(why.len(), 2);
    assert!(why[0].starts_with("clear 20") && why[1] == "notification", "{why:?}");
    outside.close().await;
    cast.app.close().await;
}

async fn keys_are_looked_at_before_they_count(scratch: Scratch) {
    let cast = Cast::set(&scratch).await;
    let Cast { client, gpg, .. } = &cast;
    let give = async |key: &str| {
        let form = client.get(LETTERS).await.form(KEY).with("key", key);
        client.send(form).await
    };
    let give_file = async |name: &str, bytes: &[u8]| {
        let form = client.get(LETTERS).await.form(KEY).with_file(name, bytes);
        client.send(form).await
    };
    let corpus = |name: &str| {
        let path: std::path::PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "tests/corpus/pgp-schleuder/keys", name].iter().collect();
        String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
    };
    give("halo").await.must_be(KEY).must_say("There is no PGP key in this.");
    give("").await.must_say("There is no PGP key in this.");
    give_file("photo.png", b"\x89PNG\r\n").await.must_say("There is no PGP key in this.");
    give_file("huge.asc", &vec![b'x'; 2_000_000]).await.must_say("too large");
    let secret = gpg.run(&["--export-secret-keys", BINTANG], b"");
    let armored = String::from_utf8(gpg.run(&["--armor", "--export-secret-keys", BINTANG], b"")).unwrap();
    give_file("secret.gpg", &secret).await.must_say("This is your secret key.");
    give(&armored).await.must_say("This is your secret key.").must_not_say("BEGIN PGP PRIVATE");
    give(&armored[..200]).await.must_say("This is your secret key.");
    give(&corpus("expired_key.txt")).await.must_say("expired");
    give(&corpus("revoked_key.txt")).await.must_say("taken back by its owner");
    give(&corpus("signonly_key.txt")).await.must_say("This key can only sign");
    gpg.make_key("dua@rumah.example");
    let both = String::from_utf8(gpg.run(&["--armor", "--export", BINTANG, "dua@rumah.example"], b"")).unwrap();
    give(&both).await.must_say("more than one key");
    assert_eq!(cast.count("client_key").await, 0);
    let (text, binary) = (gpg.public(BINTANG), gpg.run(&["--export", BINTANG], b""));
    for page in [give(&text).await, give_file("key.asc", text.as_bytes()).await, give_file("key.gpg", &binary).await] {
        page.must_be(&format!("{LETTERS}?done=key")).must_say("Confirmed");
        client.send(page.form(LETTERS).with("forget", &cast.fingerprint)).await.must_say("We have no key of yours.");
    }
    assert_eq!(cast.count("client_key").await, 0);
    cast.app.close().await;
}

async fn keys_in_held_mail_are_offered_once_it_is_let_in(scratch: Scratch) {
    let cast = Cast::set(&scratch).await;
    let Cast { app, ratna, client, secret, gpg, .. } = &cast;
    // From a phone nobody knows yet: an attached key, and another in an Autocrypt field.
    let phone = "bintang.hp@lain.example";
    let (attached, field) = (gpg.make_key(phone), gpg.make_key("dua@lain.example"));
    let keydata = gpg.run(&["--export", "dua@lain.example"], b"");
    let keydata = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, keydata);
    let mail = format!(
        "From: <{phone}>\nSubject: Kunci\nAutocrypt: addr={phone}; keydata={keydata}\nMIME-Version: 1.0\n{}",
        with_key("Ini aku, dari telepon.", &gpg.public(phone)).replace("Subject: Kunci\n", "")
    );
    app.tick();
    let answers = lmtp(app.lmtp, phone, &[secret], mail.replace('\n', "\r\n").as_bytes()).await;
    assert!(answers[0].starts_with("250 "), "{answers:?}");
    let held = ratna.get("/queue?tab=held").await.links("/held/").remove(0);
    assert_eq!(cast.count("client_key").await, 0, "what waits teaches nothing");
    let form = ratna.get(&held).await.form(&format!("{held}/let-in")).with("checked", "yes");
    ratna.send(form).await.must_be("/queue?tab=held");
    assert_eq!(cast.count("client_key").await, 2);
    let page = client.get(LETTERS).await;
    for fingerprint in [attached, field] {
        let groups: Vec<&str> = (0..10).map(|n| &fingerprint[n * 4..n * 4 + 4]).collect();
        page.must_say(&groups.join(" "));
    }
    page.must_say("Not confirmed")
        .must_say("came as a file in one of your mails")
        .must_say("came along with one of your mails");
    page.must_not_say("Confirmed came");
    cast.app.close().await;
}

async fn the_directory_tells_one_address_at_a_time(scratch: Scratch) {
    let cast = Cast::set(&scratch).await;
    let Cast { app, secret, gpg, .. } = &cast;
    let domain = secret.split_once('@').unwrap().1;
    let listed = String::from_utf8(gpg.run(&["--with-colons", "--list-keys", secret], b"")).unwrap();
    let names: Vec<&str> = listed.lines().filter(|l| l.starts_with("uid")).collect();
    assert!(names.len() == 1 && names[0].contains(&format!("<{secret}>")), "{listed}");
    let fresh = Gnupg::at(app.house.now());
    for known in ["uji", "postmaster"] {
        let address = format!("{known}@{domain}");
        fresh.run(&["--import"], &directory(app, &fresh, &address).await.unwrap());
        fresh.run(&["--list-keys", &address], b"");
    }
    for unknown in ["siapa", "no-reply", "abcdefghijklmnopqrst"] {
        assert!(directory(app, &fresh, &format!("{unknown}@{domain}")).await.is_none(), "{unknown}");
    }
    let get = async |path: String| reqwest::get(format!("{}{DIRECTORY}{path}", app.url)).await.unwrap().status();
    let name = fresh.directory_name(secret);
    assert_eq!(get(format!("/hu/{name}")).await, 404, "a secret address is not found by its hash alone");
    assert_eq!(get(format!("/lain.example/hu/{name}?l={}", secret.split_once('@').unwrap().0)).await, 404);
    assert_eq!(get(format!("/hu/{}", fresh.directory_name(&format!("uji@{domain}")))).await, 200);
    assert_eq!(get("/policy".to_owned()).await, 200);
    assert_eq!(get(format!("/{domain}/policy")).await, 200);
    cast.app.close().await;
}

both_engines!(
    letters_go_both_ways,
    what_nobody_can_read_is_kept_and_said,
    readable_letters_need_a_yes,
    keys_are_looked_at_before_they_count,
    keys_in_held_mail_are_offered_once_it_is_let_in,
    the_directory_tells_one_address_at_a_time,
);
