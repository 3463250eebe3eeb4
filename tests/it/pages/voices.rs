//! A letter in several voices: one's own in the open, earlier and other people's words folded, without scripts too.

use super::browser::{Browser, Scripts};
use super::house::HOUSE;
use super::road::open_mailbox;
use super::rules::{judge, measure, report};

const LETTER: &str = "Kak, ini yang ditulis Ibu kemarin. Aku tidak tahu harus bilang apa.\n\n\
    ---------- Pesan yang diteruskan ---------\nDari: Ani Lestari <ani@surat.example>\n\
    Tanggal: Sab, 15 Jun 2024 pukul 14.59\nSubjek: Pulang\nKepada: budi@surat.example\n\n\
    Jangan pulang malam lagi. Ibu menunggu.";

#[tokio::test]
async fn another_persons_mail_is_folded_with_scripts() {
    folded(Scripts::On, "Kabut Pagi").await;
}

#[tokio::test]
async fn another_persons_mail_is_folded_without_scripts() {
    folded(Scripts::Off, "Kabut Sore").await;
}

async fn folded(scripts: Scripts, mailbox: &str) {
    let client = Browser::in_language(scripts, "id").await;
    client.go("/desk/bk").await;
    client.click("main a.primary").await;
    open_mailbox(&client, mailbox).await;
    client.click("main a.primary").await;
    client.click("label[for=safe-yes]").await;
    client.fill("#text", LETTER).await;
    client.click("button[name=send]").await;
    client.find(".from-client details").await;
    let thread = client.path().await;
    let counselor = Browser::in_language(scripts, "en").await;
    counselor.sign_in("/staff", "Bu Ratna", HOUSE.secret("Bu Ratna")).await;
    counselor.go(&thread.replace("/mailbox/", "/queue/")).await;
    for (page, name) in [(&client, "client"), (&counselor, "counselor")] {
        let shown = page.text(".from-client").await;
        assert!(shown.contains("ini yang ditulis Ibu") && shown.contains("A… L…"), "{name}: {shown}");
        assert!(!shown.contains("Ibu menunggu") && !shown.contains("Lestari"), "{name}: {shown}");
        page.click(".from-client summary").await;
        let shown = page.text(".from-client").await;
        assert!(shown.contains("Ibu menunggu") && shown.contains("Ani Lestari"), "{name}: {shown}");
        if scripts == Scripts::On {
            report(&judge(page).await);
            report(&measure(page).await);
        }
    }
    client.close().await;
    counselor.close().await;
}
