//! Past every page, by whom it serves.

use fantoccini::Locator;

use super::browser::{Browser, Scripts};
use super::house::HOUSE;

/// Where a walk stops.
pub(super) enum Round {
    Public,
    Client,
    Counselor,
    Office,
}

/// Stops at every page of a round and lets `look` see it. Returns what `look` said, each with its page.
pub(super) async fn walk(round: Round, language: &str, look: impl AsyncFn(&Browser) -> Vec<String>) -> Vec<String> {
    let browser = Browser::in_language(Scripts::On, language).await;
    let mut seen = Seen { browser, look, said: Vec::new() };
    match round {
        Round::Public => public(&mut seen).await,
        Round::Client => client(&mut seen, language).await,
        Round::Counselor => counselor(&mut seen).await,
        Round::Office => office(&mut seen).await,
    }
    seen.browser.close().await;
    seen.said
}

struct Seen<L> {
    browser: Browser,
    look: L,
    said: Vec<String>,
}

impl<L: AsyncFn(&Browser) -> Vec<String>> Seen<L> {
    async fn here(&mut self, what: &str) {
        let path = self.browser.path().await;
        for line in (self.look)(&self.browser).await {
            self.said.push(format!("{what} ({path}): {line}"));
        }
    }

    async fn at(&mut self, path: &str) {
        self.browser.go(path).await;
        self.here("").await;
    }
}

async fn public<L: AsyncFn(&Browser) -> Vec<String>>(seen: &mut Seen<L>) {
    for path in
        ["/", "/desk/bk", "/desk/bk/open", "/sign-in", "/recover", "/now", "/safety", "/privacy", "/others", "/nowhere"]
    {
        seen.at(path).await;
    }
    for path in ["/staff", "/staff/recover", "/invitation/aaaa", "/desk/bk/open"] {
        seen.at(path).await;
    }
    seen.browser.click("main button.primary").await;
    seen.browser.find("[aria-invalid]").await;
    seen.here("without a name").await;
}

async fn client<L: AsyncFn(&Browser) -> Vec<String>>(seen: &mut Seen<L>, language: &str) {
    seen.at("/desk/bk/open").await;
    seen.browser.fill("#name", &format!("Kapal {language} {:x}", rand())).await;
    seen.browser.click("main button.primary").await;
    seen.browser.find(".sheet").await;
    seen.here("the sheet").await;
    seen.at("/mailbox").await;
    seen.browser.click("main a.primary").await;
    seen.browser.find("#text").await;
    seen.here("writing").await;
    seen.browser.click("label[for=safe-no]").await;
    seen.browser.click("button[name=send]").await;
    seen.browser.find("main [role=alert]").await;
    seen.here("nothing written, not safe").await;
    seen.browser.fill("#text", "Halo").await;
    seen.browser.click("button[name=send]").await;
    seen.browser.find("article").await;
    seen.here("sent, not safe").await;
    seen.browser.click("main a[href$='/trail']").await;
    seen.browser.find(".threads").await;
    seen.here("what happened").await;
    seen.at("/mailbox/settings").await;
    seen.at("/mailbox/settings/letters").await;
    seen.browser.click("nav.site form button").await;
    seen.browser.find("a[href='/sign-in'], #secret").await;
    seen.browser.sign_in("/sign-in", "Bintang Sore", HOUSE.secret("Bintang Sore")).await;
    seen.here("letters").await;
}

async fn counselor<L: AsyncFn(&Browser) -> Vec<String>>(seen: &mut Seen<L>) {
    seen.browser.sign_in("/staff", "Bu Ratna", HOUSE.secret("Bu Ratna")).await;
    for tab in ["unassigned", "mine", "waiting", "held"] {
        seen.at(&format!("/queue?tab={tab}")).await;
        let first = seen.browser.0.find(Locator::Css(".queue a.name")).await;
        if let Ok(first) = first {
            let href = first.attr("href").await.unwrap().unwrap();
            seen.at(&href).await;
        }
    }
    seen.browser.go("/queue?tab=mine").await;
    seen.browser.click(".queue a.name").await;
    seen.browser.fill("#reply", "Halo Awan Pagi, Bintang Sore, telepon saya di 0812-3456-7890.").await;
    seen.browser.click("#reply-form button.primary").await;
    seen.browser.find("#guard").await;
    seen.here("the guard has doubts").await;
    seen.browser.click("header.site form button").await;
    seen.browser.find("form[action='/unlock']").await;
    seen.here("locked").await;
}

async fn office<L: AsyncFn(&Browser) -> Vec<String>>(seen: &mut Seen<L>) {
    seen.browser.sign_in("/staff", "Operator", HOUSE.secret("Operator")).await;
    seen.at("/operator").await;
    seen.at("/operator/desk").await;
    seen.browser.click("main button.primary").await;
    seen.browser.find("[aria-invalid]").await;
    seen.here("a desk with mistakes").await;
    seen.browser.go("/operator").await;
    seen.browser.click("label[for=scheduler]").await;
    seen.browser.click("form[action='/operator/invitation'] button").await;
    let link = seen.browser.find(".sheet-code").await.text().await.unwrap();
    seen.here("an invitation's link").await;
    let path = link.trim().strip_prefix(&HOUSE.url).unwrap().to_owned();
    seen.browser.click("nav.site form button").await;
    seen.at(&path).await;
    seen.browser.fill("#name", &format!("Mbak {:x}", rand())).await;
    seen.browser.click("main button.primary").await;
    seen.browser.find(".sheet").await;
    seen.here("the newcomer's sheet").await;
    seen.at("/schedule").await;
}

/// A number nobody else has drawn.
fn rand() -> u32 {
    u32::from_le_bytes(crate::support::cast::random())
}
