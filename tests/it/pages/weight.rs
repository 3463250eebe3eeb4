//! The first page a client loads, with everything in it, on a slow line.

use super::house::HOUSE;

const FIRST_PAGE_BYTES_MAX: usize = 50_000;

#[tokio::test]
async fn the_first_page_is_light() {
    for first in ["/", "/desk/bk", "/desk/bk/open"] {
        let page = reqwest::get(format!("{}{first}", HOUSE.url)).await.unwrap().text().await.unwrap();
        let mut all = page.len();
        for (before, after) in
            [("rel=\"stylesheet\" href=\"", "\""), ("<script src=\"", "\""), ("rel=\"icon\" href=\"", "\"")]
        {
            let path = page.split(before).nth(1).and_then(|rest| rest.split(after).next()).unwrap();
            let answer = reqwest::get(format!("{}{path}", HOUSE.url)).await.unwrap();
            assert!(answer.status().is_success(), "{path}");
            all += answer.bytes().await.unwrap().len();
        }
        assert!(all <= FIRST_PAGE_BYTES_MAX, "{first}: {all} bytes all in, at most {FIRST_PAGE_BYTES_MAX}");
        assert!(!page.contains("src=\"http") && !page.contains("url(http"), "{first} loads something from elsewhere");
    }
}
