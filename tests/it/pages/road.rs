//! The whole road: a client opens a mailbox and writes, a counselor takes the letter and answers, the client reads.

use fantoccini::Locator;

use super::browser::{Browser, Scripts};
use super::house::HOUSE;

const LETTER: &str = "Aku tidak tahu mulai dari mana.";
const REPLY: &str = "Mulai dari mana saja boleh.";

#[tokio::test]
async fn with_scripts_in_indonesian() {
    road(Scripts::On, "id", "Awan Tinggi").await;
}

#[tokio::test]
async fn with_scripts_in_english() {
    road(Scripts::On, "en", "High Cloud").await;
}

#[tokio::test]
async fn without_scripts_in_indonesian() {
    road(Scripts::Off, "id", "Awan Rendah").await;
}

#[tokio::test]
async fn without_scripts_in_english() {
    road(Scripts::Off, "en", "Low Cloud").await;
}

async fn road(scripts: Scripts, language: &str, name: &str) {
    let client = Browser::in_language(scripts, language).await;
    client.go("/desk/bk").await;
    client.click("main a.primary").await;
    let words = open_mailbox(&client, name).await;
    write(&client).await;
    client.click("nav.site form button").await;
    client.sign_in("/sign-in", name, &words).await;
    client.find(".from-client").await;
    assert!(client.text(".from-client").await.contains(LETTER));

    let counselor = Browser::in_language(scripts, language).await;
    answer(&counselor, name).await;
    counselor.close().await;

    let begin = std::time::Instant::now();
    while !client.has(".from-counselor").await {
        assert!(begin.elapsed().as_secs() < 30, "the reply does not arrive");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        client.go("/mailbox").await;
    }
    let reply = client.text(".from-counselor").await;
    assert!(reply.contains(REPLY) && reply.contains("Bu Ratna"), "{reply}");
    client.close().await;
}

/// Returns the six words.
pub(super) async fn open_mailbox(client: &Browser, name: &str) -> String {
    client.fill("#name", name).await;
    let mut words = Vec::new();
    for word in client.0.find_all(Locator::Css(".passphrase span")).await.unwrap() {
        words.push(word.text().await.unwrap());
    }
    assert_eq!(words.len(), 6, "{words:?}");
    client.click("main button.primary").await;
    let code = client.find(".sheet-code").await.text().await.unwrap();
    assert!(
        code.split(|c: char| !c.is_alphanumeric()).filter(|p| p.len() == 4).count() == 8,
        "a recovery code: {code}"
    );
    client.click("main a.primary").await;
    words.join(" ")
}

async fn write(client: &Browser) {
    client.click("main a.primary").await;
    client.click("button[name=send]").await;
    client.find("main [role=alert]").await;
    client.click("label[for=safe-yes]").await;
    client.fill("#text", LETTER).await;
    client.click("button[name=send]").await;
    client.find("article.from-client").await;
    assert!(client.text("[role=status]").await.len() > 10, "a word that the letter has arrived");
}

async fn answer(counselor: &Browser, name: &str) {
    counselor.sign_in("/staff", "Bu Ratna", HOUSE.secret("Bu Ratna")).await;
    counselor.go("/queue?tab=unassigned").await;
    let row = format!("//a[contains(@class, 'name')][contains(., '{name}')]");
    counselor.0.find(Locator::XPath(&row)).await.unwrap().click().await.unwrap();
    counselor.click("form[action$='/take'] button").await;
    counselor.arrive("done=taken").await;
    assert!(counselor.text(".from-client").await.contains(LETTER));
    counselor.fill("#reply", REPLY).await;
    counselor.click("#reply-form button.primary").await;
    counselor.arrive("done=sent").await;
    counselor.find("[role=status]").await;
}
