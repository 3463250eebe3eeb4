//! What holds on every page: WCAG 2.2 A and AA as far as a program can see it, no sideways scrolling, little weight.

use std::fs;
use std::sync::LazyLock;

use serde_json::Value;

use super::browser::Browser;
use super::walk::{Round, walk};

/// Later pages; the style and the script are kept by the browser.
const PAGE_BYTES_MAX: usize = 30_000;
const WIDTHS: [u32; 2] = [320, 360];

static AXE: LazyLock<String> = LazyLock::new(|| {
    let hint = "axe-core is missing: run scripts/test, which fetches it, or name its axe.min.js in MERPATI_AXE";
    let path = std::env::var_os("MERPATI_AXE").expect(hint);
    fs::read_to_string(path).expect(hint)
});

const JUDGE: &str = r#"
const done = arguments[arguments.length - 1];
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
axe.run(document, { runOnly: { type: "tag", values: tags } }).then(
  r => done(r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.target.join(" ")).join(", "))),
  e => done(["axe failed: " + e]));
"#;

pub(super) async fn judge(browser: &Browser) -> Vec<String> {
    browser.run(&AXE).await;
    let mut said = Vec::new();
    for scheme in ["light", "dark"] {
        browser.scheme(scheme).await;
        let found = browser.0.execute_async(JUDGE, Vec::new()).await.unwrap();
        let found = found.as_array().unwrap().iter().filter_map(Value::as_str);
        said.extend(found.map(|line| format!("{scheme}: {line}")));
    }
    said
}

pub(super) async fn measure(browser: &Browser) -> Vec<String> {
    let mut said = Vec::new();
    for width in WIDTHS {
        browser.width(width, 740).await;
        let over = browser.run("return document.scrollingElement.scrollWidth - innerWidth").await;
        if over.as_i64() > Some(0) {
            said.push(format!("at {width} px it reaches {over} px beyond the edge"));
        }
    }
    browser.developer("Emulation.clearDeviceMetricsOverride", serde_json::json!({})).await;
    // A click aims at where a button stands: let the page settle first.
    browser.until(&format!("return innerWidth > {}", WIDTHS[1])).await;
    browser.settle().await;
    let bytes = browser.0.source().await.unwrap().len();
    if bytes > PAGE_BYTES_MAX {
        said.push(format!("{bytes} bytes; at most {PAGE_BYTES_MAX}"));
    }
    said
}

pub(super) fn report(said: &[String]) {
    assert!(said.is_empty(), "{} to mend:\n{}", said.len(), said.join("\n"));
}

macro_rules! on_every_page {
    ($($name:ident: $look:ident, $round:ident, $language:literal;)*) => { $(
        #[tokio::test]
        async fn $name() {
            report(&walk(Round::$round, $language, async |b: &Browser| $look(b).await).await);
        }
    )* };
}

on_every_page! {
    axe_is_content_with_public_pages: judge, Public, "id";
    axe_is_content_with_client_pages: judge, Client, "en";
    axe_is_content_with_counselor_pages: judge, Counselor, "id";
    axe_is_content_with_office_pages: judge, Office, "en";
    public_pages_fit_a_small_phone: measure, Public, "id";
    client_pages_fit_a_small_phone: measure, Client, "id";
    counselor_pages_fit_a_small_phone: measure, Counselor, "en";
    office_pages_fit_a_small_phone: measure, Office, "id";
}
