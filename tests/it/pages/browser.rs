//! A browser of its own for every test, driven through one chromedriver for the binary.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use axum::http::Method;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Url;
use serde_json::{Value, json};

use super::house::HOUSE;

/// Ends chromedriver, and with it the browsers, when this process ends, however it ends.
const GUARD: &str = r"
chromedriver --port=0 </dev/null &
driver=$!
cat >/dev/null
kill $driver
wait $driver
";
const WAIT: Duration = Duration::from_secs(30);
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1280,900",
    // Nothing outside this machine is reached, not even by "leave now".
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
];

struct Driver {
    url: String,
    _guard: Child,
}

static DRIVER: LazyLock<Driver> = LazyLock::new(|| {
    let mut guard = Command::new("sh");
    guard.args(["-c", GUARD]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut guard = guard.spawn().unwrap();
    for line in BufReader::new(guard.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // "ChromeDriver was started successfully on port 41243."
        if let Some((_, port)) = line.split_once("successfully on port ") {
            return Driver { url: format!("http://localhost:{}", port.trim_end_matches('.')), _guard: guard };
        }
    }
    let _ = guard.wait();
    panic!("chromedriver does not start; scripts/test installs it");
});

/// Whether the browser runs the pages' scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scripts {
    On,
    Off,
}

/// A window with cookies of its own.
pub(super) struct Browser(pub(super) Client);

impl Browser {
    pub(super) async fn open(scripts: Scripts) -> Self {
        let mut chrome = json!({ "args": FLAGS });
        if scripts == Scripts::Off {
            chrome["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": chrome });
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(wanted.as_object().unwrap().clone());
        Self(builder.connect(&DRIVER.url).await.unwrap())
    }

    /// The same, with the pages in a language.
    pub(super) async fn in_language(scripts: Scripts, language: &str) -> Self {
        let browser = Self::open(scripts).await;
        browser.go(&format!("/language/{language}?back=/")).await;
        browser
    }

    pub(super) async fn close(self) {
        self.0.close().await.unwrap();
    }

    pub(super) async fn go(&self, path: &str) {
        self.0.goto(&format!("{}{path}", HOUSE.url)).await.unwrap();
    }

    pub(super) async fn path(&self) -> String {
        self.0.current_url().await.unwrap().path().to_owned()
    }

    pub(super) async fn find(&self, css: &str) -> fantoccini::elements::Element {
        match self.0.wait().at_most(WAIT).for_element(Locator::Css(css)).await {
            Ok(found) => found,
            Err(error) => panic!("{css} on {}: {error}\n{}", self.path().await, self.text("main").await),
        }
    }

    /// Waits until a press has led to a page with this in its address: what stood on the page before counts no more.
    pub(super) async fn arrive(&self, part: &str) {
        let begin = std::time::Instant::now();
        while !self.0.current_url().await.unwrap().as_str().contains(part) {
            assert!(begin.elapsed() < WAIT, "{part} is not in {}", self.path().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.find("main").await;
    }

    pub(super) async fn has(&self, css: &str) -> bool {
        self.0.find(Locator::Css(css)).await.is_ok()
    }

    pub(super) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Types into an empty field.
    pub(super) async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// What stands in an element, or nothing.
    pub(super) async fn text(&self, css: &str) -> String {
        match self.0.find(Locator::Css(css)).await {
            Ok(element) => element.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    pub(super) async fn run(&self, script: &str) -> Value {
        self.0.execute(script, Vec::new()).await.unwrap()
    }

    /// Lets the page be laid out and painted as it now is.
    pub(super) async fn settle(&self) {
        const FRAMES: &str =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(0)))";
        self.0.execute_async(FRAMES, Vec::new()).await.unwrap();
    }

    /// Asks until the script answers `true`.
    pub(super) async fn until(&self, script: &str) {
        let begin = std::time::Instant::now();
        while self.0.execute(script, Vec::new()).await.ok() != Some(Value::Bool(true)) {
            assert!(begin.elapsed() < WAIT, "never true: {script}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Signs in on the clients' (`/sign-in`) or the house's page (`/staff`).
    pub(super) async fn sign_in(&self, page: &str, name: &str, secret: &str) {
        self.go(page).await;
        self.fill("#name", name).await;
        self.fill("#secret", secret).await;
        self.click("main button.primary").await;
        self.find("nav.site form").await;
    }

    /// A width in CSS pixels, also below what a window can have.
    pub(super) async fn width(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.developer("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// `light` or `dark`.
    pub(super) async fn scheme(&self, scheme: &str) {
        // Without motion: a colour on its way to another is neither.
        let still = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }, still] });
        self.developer("Emulation.setEmulatedMedia", media).await;
    }

    /// A command of the browser's developer protocol.
    pub(super) async fn developer(&self, command: &str, values: Value) {
        let body = json!({ "cmd": command, "params": values }).to_string();
        self.0.issue_cmd(Developer(body)).await.unwrap();
    }
}

#[derive(Debug)]
struct Developer(String);

impl WebDriverCompatibleCommand for Developer {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.clone()))
    }
}
