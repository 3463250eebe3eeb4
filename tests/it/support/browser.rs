//! A browser without scripts: it keeps cookies, follows where it is led, and sends forms as they stand on the page.

use std::fmt::Write as _;
use std::sync::Arc;

use merpati::role::Language;
use reqwest::cookie::Jar;
use reqwest::header::{ACCEPT_LANGUAGE, HeaderMap, ORIGIN};
use reqwest::multipart::{self, Part};
use reqwest::{Client, Response, Url};

/// One window with its own cookies.
#[derive(Clone)]
pub(crate) struct Browser {
    client: Client,
    jar: Arc<Jar>,
    home: Url,
}

/// What the window shows.
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Path and query at which it ended.
    pub(crate) path: String,
    pub(crate) html: String,
}

/// A form as a page holds it, and what is typed into it.
#[derive(Clone)]
pub(crate) struct Form {
    action: String,
    is_multipart: bool,
    fields: Vec<(String, String)>,
    files: Vec<(String, String, Vec<u8>)>,
}

impl Browser {
    pub(crate) fn new(home: &str, language: Language) -> Self {
        let jar = Arc::new(Jar::default());
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, language.code().parse().unwrap())]);
        let client = Client::builder().cookie_provider(Arc::clone(&jar)).default_headers(headers).no_proxy();
        Self { client: client.build().unwrap(), jar, home: home.parse().unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        Page::read(self.client.get(self.home.join(path).unwrap()).send().await.unwrap()).await
    }

    /// Bytes of a file.
    pub(crate) async fn download(&self, path: &str) -> Vec<u8> {
        let answer = self.client.get(self.home.join(path).unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.unwrap().to_vec()
    }

    pub(crate) async fn send(&self, form: Form) -> Page {
        self.send_from(form, None).await
    }

    /// Sends a form that says it comes from another site.
    pub(crate) async fn send_from(&self, form: Form, origin: Option<&str>) -> Page {
        let mut request = self.client.post(self.home.join(&form.action).unwrap());
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let request = if form.is_multipart {
            let mut parts = multipart::Form::new();
            for (name, value) in form.fields {
                // Browsers send line breaks as two signs.
                parts = parts.text(name, value.replace('\n', "\r\n"));
            }
            for (field, name, bytes) in form.files {
                parts = parts.part(field, Part::bytes(bytes).file_name(name));
            }
            request.multipart(parts)
        } else {
            assert!(form.files.is_empty(), "this form takes no files");
            let fields = form.fields.into_iter().map(|(name, value)| (name, value.replace('\n', "\r\n")));
            request.form(&fields.collect::<Vec<_>>())
        };
        Page::read(request.send().await.unwrap()).await
    }

    /// Forgets a cookie: `s` the session, `f` what form tokens are bound to.
    pub(crate) fn drop_cookie(&self, name: &str) {
        self.jar.add_cookie_str(&format!("{name}=; Path=/; Max-Age=0"), &self.home);
    }
}

impl Page {
    async fn read(answer: Response) -> Self {
        let status = answer.status().as_u16();
        let url = answer.url();
        let path = url.query().map_or_else(|| url.path().to_owned(), |q| format!("{}?{q}", url.path()));
        Self { status, path, html: answer.text().await.unwrap().replace("\r\n", "\n") }
    }

    /// The page without its markup, blanks run together.
    pub(crate) fn text(&self) -> String {
        let main = self.html.split("<main").nth(1).unwrap_or(&self.html);
        let mut out = String::new();
        let mut rest = main;
        while let Some(at) = rest.find('<') {
            out.push_str(&rest[..at]);
            out.push(' ');
            rest = rest[at..].find('>').map_or("", |end| &rest[at + end + 1..]);
        }
        out.push_str(rest);
        one_line(&unescaped(&out))
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.text().contains(&one_line(words))
    }

    #[track_caller]
    pub(crate) fn must_say(&self, words: &str) -> &Self {
        assert!(self.says(words), "{words:?} is not on {} ({}): {}", self.path, self.status, self.text());
        self
    }

    #[track_caller]
    pub(crate) fn must_not_say(&self, words: &str) -> &Self {
        assert!(!self.says(words), "{words:?} is on {}: {}", self.path, self.text());
        self
    }

    /// The page was led to.
    #[track_caller]
    pub(crate) fn must_be(&self, path: &str) -> &Self {
        assert_eq!((self.path.as_str(), self.status), (path, 200), "{}", self.text());
        self
    }

    #[track_caller]
    pub(crate) fn must_fail(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}: {}", self.path, self.text());
        self
    }

    /// The form that goes to a path; the first of several.
    #[track_caller]
    pub(crate) fn form(&self, action: &str) -> Form {
        let found = self.find_form(action);
        found.unwrap_or_else(|| panic!("no form to {action} on {} ({}): {}", self.path, self.status, self.html))
    }

    pub(crate) fn find_form(&self, action: &str) -> Option<Form> {
        let blocks = self.html.split("<form").skip(1).filter_map(|b| b.split("</form>").next());
        // A form that names no address goes to where it stands.
        let here = self.path.split('?').next().unwrap_or_default();
        let mut forms = blocks.map(Form::read).map(|f| if f.action.is_empty() { f.to(here) } else { f });
        forms.find(|f| f.action == action)
    }

    /// The value of an option that shows `words`.
    #[track_caller]
    pub(crate) fn option(&self, words: &str) -> String {
        let options = self.html.split("<option").skip(1);
        let mut fitting = options.filter(|o| unescaped(o).contains(&format!(">{words}<")));
        attribute(fitting.next().unwrap_or_else(|| panic!("no option {words:?}: {}", self.html)), "value").unwrap()
    }

    /// All links that begin so, in their order.
    pub(crate) fn links(&self, beginning: &str) -> Vec<String> {
        let hrefs = self.html.split("<a ").skip(1).filter_map(|a| attribute(a, "href"));
        hrefs.filter(|h| h.starts_with(beginning)).collect()
    }
}

impl Form {
    fn read(block: &str) -> Self {
        let (head, mut rest) = block.split_once('>').unwrap();
        let mut form = Self {
            action: attribute(head, "action").unwrap_or_default(),
            is_multipart: head.contains("multipart/form-data"),
            fields: Vec::new(),
            files: Vec::new(),
        };
        while let Some(at) = rest.find('<') {
            rest = &rest[at + 1..];
            let name = attribute(rest, "name");
            let value = || attribute(rest, "value").unwrap_or_default();
            match (rest.split([' ', '>']).next().unwrap_or_default(), name) {
                ("input", Some(name)) if is_sent(rest) => form.fields.push((name, value())),
                ("textarea", Some(name)) => {
                    let inside = rest.split_once('>').and_then(|(_, r)| r.split_once("</textarea>")).unwrap().0;
                    form.fields.push((name, unescaped(inside.strip_prefix('\n').unwrap_or(inside))));
                }
                ("select", Some(name)) => {
                    let options: Vec<_> = rest.split("</select>").next().unwrap().split("<option").skip(1).collect();
                    let chosen = options.iter().find(|o| tag(o).contains(" selected")).or(options.first());
                    form.fields.push((name, chosen.and_then(|o| attribute(o, "value")).unwrap_or_default()));
                }
                _ => {}
            }
        }
        form
    }

    /// Types into a field, ticks a box or presses a button.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn with_file(mut self, name: &str, bytes: &[u8]) -> Self {
        self.files.push(("file".to_owned(), name.to_owned(), bytes.to_vec()));
        self
    }

    /// Sends it as scripts send what is being written.
    pub(crate) fn with_saved_words(mut self) -> Self {
        self.is_multipart = false;
        self
    }

    /// Sends it elsewhere, as somebody does who types addresses.
    pub(crate) fn to(mut self, action: &str) -> Self {
        action.clone_into(&mut self.action);
        self
    }

    /// What a field holds.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(n, _)| n == name);
        &found.unwrap_or_else(|| panic!("no field {name}")).1
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(n, _)| n == name)
    }
}

/// The tag at the beginning of `text`, without the bracket that opens it.
fn tag(text: &str) -> &str {
    let mut quoted = false;
    let end = text.find(|c| {
        quoted ^= c == '"';
        c == '>' && !quoted
    });
    &text[..end.unwrap_or(text.len())]
}

fn is_sent(input: &str) -> bool {
    let tag = tag(input);
    match attribute(tag, "type").as_deref() {
        Some("radio" | "checkbox") => tag.contains(" checked"),
        Some("file" | "submit") => false,
        _ => true,
    }
}

fn attribute(text: &str, name: &str) -> Option<String> {
    let (_, rest) =
        tag(text).split_once(&format!(" {name}=\"")).or_else(|| tag(text).split_once(&format!("{name}=\"")))?;
    Some(unescaped(rest.split('"').next()?))
}

/// Text without character references.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((word, left)) = after.split_once(';').filter(|(w, _)| w.len() < 8) else {
            out.push('&');
            rest = after;
            continue;
        };
        let known = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("nbsp", ' ')];
        let number = word.strip_prefix('#').and_then(|n| n.parse().ok()).and_then(char::from_u32);
        match number.or_else(|| known.into_iter().find(|(w, _)| *w == word).map(|(_, c)| c)) {
            Some(c) => out.push(c),
            None => write!(out, "&{word};").unwrap(),
        }
        rest = left;
    }
    out + rest
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_form_is_read_as_it_stands_on_the_page() {
    let html = r#"<form method="post" action="/a?b&#38;c" enctype="multipart/form-data"><input type="hidden" name="t" value="x&#34;&gt;y">
        <input type="radio" name="r" value="1"><input type="radio" name="r" value="2" checked><input name="n">
        <textarea name="l">
one &#60;b&#62;
two</textarea><select name="s"><option value="">none</option><option value="7" selected>seven &#38; more</option></select>
        <button name="go" value="1">Go</button></form>"#;
    let page = Page { status: 200, path: String::new(), html: html.to_owned() };
    let form = page.form("/a?b&c").with("n", "new");
    let mut fields: Vec<_> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    fields.sort_unstable();
    assert_eq!(fields, [("l", "one <b>\ntwo"), ("n", "new"), ("r", "2"), ("s", "7"), ("t", "x\">y")]);
    assert!(form.is_multipart && page.option("seven & more") == "7" && !form.has("go"));
}
