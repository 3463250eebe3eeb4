//! Forms: accepted only from our own pages.
//!
//! Two checks on every POST: the browser's own word on where the form came from (`Origin`, `Sec-Fetch-Site`), and a token
//! bound to a cookie. Values wipe themselves. A form that carries a letter survives a lost token: its page comes back
//! with the text and a new one.

use std::collections::HashMap;
use std::sync::Arc;

use axum::RequestExt as _;
use axum::extract::multipart::Multipart;
use axum::extract::{FromRequest, RawForm, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};

use super::ctx::Jar;
use super::refusal::Refusal;
use crate::flow::session::form_token_fits;
use crate::house::House;
use crate::limits::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX};
use crate::secret::{PlainBytes, PlainText};

/// Fields of one form.
const FIELDS_MAX: usize = 40;

/// What was typed.
#[derive(Default)]
pub(crate) struct Fields(HashMap<String, PlainText>);

impl Fields {
    /// The value of a field; empty when it is missing.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |v| v.reveal())
    }

    /// The value in custody.
    pub(crate) fn plain(&self, name: &str) -> PlainText {
        self.0.get(name).cloned().unwrap_or_default()
    }

    /// A field as an id, a number or a word.
    pub(crate) fn parse<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).trim().parse().ok()
    }

    /// Whether a box was ticked or a button pressed.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// A form from our own page.
pub(crate) struct SafeForm(pub(crate) Fields);

/// A form that carries a letter: with `expired` its token was lost, and the page is shown again.
pub(crate) struct TextForm {
    pub(crate) fields: Fields,
    pub(crate) expired: bool,
}

/// The same with files.
pub(crate) struct Upload {
    pub(crate) fields: Fields,
    pub(crate) expired: bool,
    pub(crate) files: Vec<UploadedFile>,
    /// Names of files that were too large and were not read.
    pub(crate) too_large: Vec<PlainText>,
}

/// A file as it came.
pub(crate) struct UploadedFile {
    pub(crate) name: PlainText,
    pub(crate) bytes: PlainBytes,
}

/// Whether the browser says that this request comes from our own page.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|h| h.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let host = headers.get(HOST).and_then(|h| h.to_str().ok());
    match headers.get(ORIGIN).and_then(|h| h.to_str().ok()) {
        // A browser that says nothing of either is very old: the token decides.
        None => true,
        Some(origin) => origin.split_once("://").map(|(_, authority)| authority) == host,
    }
}

fn token_fits(house: &House, headers: &HeaderMap, fields: &Fields) -> bool {
    let Some(cookie) = Jar::Form.get(house, headers) else {
        return false;
    };
    let sent = headers.get("x-form-token").and_then(|h| h.to_str().ok()).unwrap_or_else(|| fields.get("form_token"));
    form_token_fits(house, cookie, sent)
}

async fn fields(request: Request) -> Result<Fields, Refusal> {
    // A script's request without a body says no type; its token stands in a header.
    if !request.headers().contains_key(CONTENT_TYPE) {
        return Ok(Fields::default());
    }
    let RawForm(bytes) = request.extract().await.map_err(|_| Refusal::TooLarge)?;
    let pairs = form_urlencoded(&bytes);
    Ok(Fields(pairs.take(FIELDS_MAX).collect()))
}

/// Pairs of an `application/x-www-form-urlencoded` body (WHATWG URL, 5.1).
fn form_urlencoded(bytes: &[u8]) -> impl Iterator<Item = (String, PlainText)> {
    bytes.split(|b| *b == b'&').filter(|p| !p.is_empty()).map(|pair| {
        let mut parts = pair.splitn(2, |b| *b == b'=');
        let mut next = || percent_decoded(parts.next().unwrap_or_default());
        // No form of ours means a NUL, and PostgreSQL takes none.
        (next(), PlainText::new(next().replace('\0', "")))
    })
}

fn percent_decoded(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let ahead = rest.clone();
                let digit =
                    |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
                let mut two = ahead.clone();
                if let (Some(high), Some(low)) = (digit(two.next()), digit(two.next())) {
                    out.push(high << 4 | low);
                    rest = two;
                } else {
                    out.push(b'%');
                }
            }
            other => out.push(other),
        }
    }
    String::from_utf8(out).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

impl FromRequest<Arc<House>> for TextForm {
    type Rejection = Refusal;
    async fn from_request(request: Request, house: &Arc<House>) -> Result<Self, Refusal> {
        let headers = request.headers().clone();
        if !is_own(&headers) {
            return Err(Refusal::CrossSite);
        }
        let fields = fields(request).await?;
        let expired = !token_fits(house, &headers, &fields);
        Ok(Self { fields, expired })
    }
}

impl FromRequest<Arc<House>> for SafeForm {
    type Rejection = Refusal;
    async fn from_request(request: Request, house: &Arc<House>) -> Result<Self, Refusal> {
        let form = TextForm::from_request(request, house).await?;
        if form.expired { Err(Refusal::FormExpired) } else { Ok(Self(form.fields)) }
    }
}

impl FromRequest<Arc<House>> for Upload {
    type Rejection = Refusal;
    async fn from_request(request: Request, house: &Arc<House>) -> Result<Self, Refusal> {
        let headers = request.headers().clone();
        if !is_own(&headers) {
            return Err(Refusal::CrossSite);
        }
        let mut form = Self { fields: Fields::default(), expired: false, files: Vec::new(), too_large: Vec::new() };
        let is_multipart =
            headers.get("content-type").and_then(|h| h.to_str().ok()).is_some_and(|t| t.starts_with("multipart/"));
        if is_multipart {
            let multipart: Multipart = request.extract().await.map_err(|_| Refusal::TooLarge)?;
            read_parts(multipart, &mut form).await?;
        } else {
            form.fields = fields(request).await?;
        }
        form.expired = !token_fits(house, &headers, &form.fields);
        Ok(form)
    }
}

/// Text fields stand before files in our forms, so a file that breaks off or is too large loses no text.
async fn read_parts(mut multipart: Multipart, form: &mut Upload) -> Result<(), Refusal> {
    while let Ok(Some(mut part)) = multipart.next_field().await {
        let name = part.name().unwrap_or_default().to_owned();
        let Some(file_name) = part.file_name().map(|n| PlainText::new(n.to_owned())) else {
            let text = part.text().await.map_err(|_| Refusal::TooLarge)?;
            if form.fields.0.len() < FIELDS_MAX {
                form.fields.0.insert(name, PlainText::new(text.replace("\r\n", "\n").replace('\0', "")));
            }
            continue;
        };
        let mut bytes = Vec::new();
        let mut whole = true;
        loop {
            match part.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() <= ATTACHMENT_BYTES_MAX => bytes.extend_from_slice(&chunk),
                Ok(Some(_)) | Err(_) => {
                    whole = false;
                    break;
                }
                Ok(None) => break,
            }
        }
        let bytes = PlainBytes::new(bytes);
        if !whole {
            form.too_large.push(file_name);
            // What follows on this line is the rest of that file: it is not read.
            return Ok(());
        }
        if !bytes.reveal().is_empty() && form.files.len() < ATTACHMENTS_MAX {
            form.files.push(UploadedFile { name: file_name, bytes });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let all: Vec<_> =
            form_urlencoded(b"a=1+2&b=%C3%BC%0D%0A&c&d=%zz&=x").map(|(n, v)| (n, v.reveal().clone())).collect();
        let expected = [("a", "1 2"), ("b", "ü\r\n"), ("c", ""), ("d", "%zz"), ("", "x")];
        assert_eq!(all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn where_a_form_comes_from() {
        let check = |pairs: &[(&'static str, &'static str)], own: bool| {
            let headers = pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
            assert_eq!(is_own(&headers), own, "{pairs:?}");
        };
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "cross-site"), ("host", "a.org"), ("origin", "https://a.org")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("host", "a.org:8080"), ("origin", "http://a.org:8080")], true);
        check(&[("host", "a.org"), ("origin", "https://evil.org")], false);
        check(&[("host", "a.org"), ("origin", "null")], false);
        check(&[("host", "a.org")], true);
    }
}
