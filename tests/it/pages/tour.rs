//! The pictures of the README, taken anew when `MERPATI_TOUR=1`.

use std::path::Path;

use super::browser::{Browser, Scripts};
use super::house::HOUSE;

const PICTURE_BYTES_MAX: usize = 150_000;

#[tokio::test]
async fn pictures_for_the_readme() {
    if std::env::var_os("MERPATI_TOUR").is_none() {
        return;
    }
    let client = Browser::in_language(Scripts::On, "id").await;
    client.width(360, 740).await;
    client.go("/desk/bk").await;
    picture(&client, "desk-id-phone").await;
    client.sign_in("/sign-in", "Bintang Sore", HOUSE.secret("Bintang Sore")).await;
    client.find("#hint-other-address").await;
    picture(&client, "hints-id-phone").await;
    client.click("main a.primary").await;
    client.find("#text").await;
    picture(&client, "write-id-phone").await;
    client.close().await;

    let counselor = Browser::in_language(Scripts::On, "en").await;
    counselor.width(1280, 860).await;
    counselor.sign_in("/staff", "Bu Ratna", HOUSE.secret("Bu Ratna")).await;
    counselor.go("/queue?tab=unassigned").await;
    picture(&counselor, "queue-en-desktop").await;
    counselor.scheme("dark").await;
    picture(&counselor, "queue-dark-desktop").await;
    counselor.scheme("light").await;
    counselor.go("/queue?tab=mine").await;
    counselor.click(".queue li:not(.next) a.name").await;
    counselor.find("#reply").await;
    picture(&counselor, "thread-en-desktop").await;
    counselor.go("/queue?tab=held").await;
    picture(&counselor, "shelf-en-desktop").await;
    counselor.click("main a[href^='/held/']").await;
    counselor.find("#why").await;
    picture(&counselor, "held-en-desktop").await;
    counselor.close().await;
}

async fn picture(browser: &Browser, name: &str) {
    let bytes = browser.0.screenshot().await.unwrap();
    assert!(bytes.len() < PICTURE_BYTES_MAX, "{name}: {} bytes", bytes.len());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/pages/tour");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
}
