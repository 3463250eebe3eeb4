//! What a page knows of its request, and who stands at the door.
//!
//! A handler states in its arguments whom it serves: [`Ctx`] serves anybody, [`Client`], [`Counselor`], [`Operator`] and
//! [`Scheduler`] only those; everybody else is led to the right sign-in.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{Html, IntoResponse as _, Redirect, Response};

use super::refusal::Refusal;
use crate::chance;
use crate::clock::Moment;
use crate::flow::session::{self, Cookie, Reader, Visit, Who};
use crate::flow::throttle::Source;
use crate::house::House;
use crate::ids::base32;
use crate::role::{Language, Role};
use crate::secret::PlainText;
use crate::texts::Texts;

/// A request.
pub(crate) struct Ctx {
    pub(crate) house: Arc<House>,
    pub(crate) texts: Texts,
    /// Path and query, for coming back.
    pub(crate) path: String,
    pub(crate) visit: Visit,
    pub(crate) now: Moment,
    /// Where the request comes from.
    pub(crate) source: Source,
    form_cookie: PlainText,
    new_form_cookie: bool,
}

/// The three cookies. Their names tell nothing; over TLS they are bound to this host.
#[derive(Clone, Copy)]
pub(crate) enum Jar {
    Session,
    Form,
    Language,
}

impl Jar {
    fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-s",
            (Self::Session, false) => "s",
            (Self::Form, true) => "__Host-f",
            (Self::Form, false) => "f",
            (Self::Language, true) => "__Host-l",
            (Self::Language, false) => "l",
        }
    }

    /// A session cookie: it goes when the browser is closed. No value: forget it now.
    pub(crate) fn set(self, house: &House, value: Option<&str>) -> HeaderValue {
        let secure = is_secure(house);
        let (value, age) = value.map_or(("", "; Max-Age=0"), |v| (v, ""));
        let flag = if secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{flag}{age}", self.name(secure));
        let mut header = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }

    /// The value the browser sent.
    pub(crate) fn get<'a>(self, house: &House, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.name(is_secure(house));
        let all = headers.get_all(COOKIE).into_iter().filter_map(|h| h.to_str().ok()).flat_map(|h| h.split(';'));
        all.filter_map(|pair| pair.trim().split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
    }
}

fn is_secure(house: &House) -> bool {
    house.rules.public_url.starts_with("https:")
}

/// The language of a request before anybody is known: the chosen one, else what the browser asks for.
pub(crate) fn language(house: &House, headers: &HeaderMap) -> Option<Language> {
    Jar::Language.get(house, headers).and_then(|code| code.parse().ok())
}

/// The first of our languages that the browser accepts.
pub(crate) fn accepted_language(headers: &HeaderMap) -> Language {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|h| h.to_str().ok()).unwrap_or("");
    let codes = header.split(',').map(|part| part.split([';', '-']).next().unwrap_or("").trim().to_ascii_lowercase());
    codes.filter_map(|code| code.parse().ok()).next().unwrap_or_default()
}

/// Where a request comes from. A proxy on this machine says it in the last word of X-Forwarded-For. One elsewhere cannot be
/// told from a client who says the same, so then nobody knows.
fn source(behind_proxy: bool, parts: &Parts) -> Source {
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else { return Source::UNKNOWN };
    if peer.ip().is_loopback() {
        let told = parts.headers.get_all("x-forwarded-for").into_iter().next_back().and_then(|h| h.to_str().ok());
        let last = told.and_then(|list| list.rsplit(',').next()).and_then(|word| word.trim().parse().ok());
        return last.map_or(Source::UNKNOWN, Source::of);
    }
    if behind_proxy { Source::UNKNOWN } else { Source::of(peer.ip()) }
}

impl Ctx {
    async fn read(parts: &Parts, house: &Arc<House>) -> Result<Self, Refusal> {
        let cookie = Jar::Session.get(house, &parts.headers).and_then(Cookie::read);
        let visit = match cookie {
            Some(cookie) => session::visit(house, &cookie).await?,
            None => Visit::Stranger,
        };
        let own = match &visit {
            Visit::Stranger => None,
            Visit::Locked(who) => Some(who.language),
            Visit::Open(reader) => Some(reader.who.language),
        };
        let chosen = language(house, &parts.headers).or(own).unwrap_or_else(|| accepted_language(&parts.headers));
        let known = Jar::Form.get(house, &parts.headers).filter(|v| v.len() == 32).map(str::to_owned);
        let new_form_cookie = known.is_none();
        let form_cookie = known.unwrap_or_else(|| base32(&chance::bytes::<20>(&*house.chance)));
        Ok(Self {
            house: Arc::clone(house),
            texts: Texts(chosen),
            path: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            visit,
            now: house.now(),
            source: source(is_secure(house), parts),
            form_cookie: PlainText::new(form_cookie),
            new_form_cookie,
        })
    }

    /// "Too many tries": when the next one is possible.
    pub(crate) fn later(&self, until: Moment) -> String {
        let minutes = until.since(self.now).as_secs().div_ceil(60).max(1);
        self.texts.t1("refusal-later", "n", minutes)
    }

    /// The token every form of this page carries.
    pub(crate) fn form_token(&self) -> String {
        session::form_token(&self.house, self.form_cookie.reveal())
    }

    /// A page as answer.
    pub(crate) fn page(&self, template: &impl askama::Template) -> Response {
        match template.render() {
            Ok(html) => self.with_form_cookie(Html(html).into_response()),
            Err(_) => Refusal::Broken("a page could not be written".to_owned()).into_response(),
        }
    }

    fn with_form_cookie(&self, mut response: Response) -> Response {
        if self.new_form_cookie {
            let value = Jar::Form.set(&self.house, Some(self.form_cookie.reveal()));
            response.headers_mut().append(SET_COOKIE, value);
        }
        response
    }

    /// Leads on after a form, to a page of ours.
    pub(crate) fn lead_to(&self, path: &str) -> Response {
        Redirect::to(path).into_response()
    }

    /// The same, with a new session.
    pub(crate) fn lead_in(&self, path: &str, cookie: &Cookie) -> Response {
        let mut response = self.lead_to(path);
        response.headers_mut().append(SET_COOKIE, Jar::Session.set(&self.house, Some(cookie.text().reveal())));
        response
    }

    /// Puts a new session onto a page.
    pub(crate) fn with_session(&self, mut response: Response, cookie: &Cookie) -> Response {
        response.headers_mut().append(SET_COOKIE, Jar::Session.set(&self.house, Some(cookie.text().reveal())));
        response
    }

    fn take_visit(&mut self) -> Visit {
        std::mem::replace(&mut self.visit, Visit::Stranger)
    }
}

/// A path of our own to lead to after a form; anything else becomes `fallback`.
pub(crate) fn own_path<'a>(path: &'a str, fallback: &'a str) -> &'a str {
    let fits = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']);
    if fits { path } else { fallback }
}

/// A path as a value of a query (RFC 3986, 2.1).
pub(crate) fn percent_encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A signed-in client.
pub(crate) struct Client(pub(crate) Ctx, pub(crate) Reader);
/// A signed-in counselor.
pub(crate) struct Counselor(pub(crate) Ctx, pub(crate) Reader);
/// A signed-in operator.
pub(crate) struct Operator(pub(crate) Ctx, pub(crate) Who);
/// A signed-in scheduler (or operator, who sees the same numbers).
pub(crate) struct Scheduler(pub(crate) Ctx, pub(crate) Who);

impl FromRequestParts<Arc<House>> for Ctx {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Refusal> {
        Self::read(parts, house).await
    }
}

impl FromRequestParts<Arc<House>> for Client {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Refusal> {
        let mut ctx = Ctx::read(parts, house).await?;
        match ctx.take_visit() {
            Visit::Open(reader) if reader.who.roles.has(Role::Client) => Ok(Self(ctx, reader)),
            Visit::Locked(who) if who.roles.has(Role::Client) => Err(Refusal::SignIn),
            Visit::Open(_) | Visit::Locked(_) => Err(Refusal::NotFound),
            Visit::Stranger => Err(Refusal::SignIn),
        }
    }
}

async fn staff(parts: &Parts, house: &Arc<House>, roles: &[Role]) -> Result<(Ctx, Reader), Refusal> {
    let mut ctx = Ctx::read(parts, house).await?;
    match ctx.take_visit() {
        Visit::Open(reader) if roles.iter().any(|r| reader.who.roles.has(*r)) => Ok((ctx, reader)),
        Visit::Locked(who) if who.roles.is_staff() => Err(Refusal::Locked(ctx.path)),
        Visit::Open(_) | Visit::Locked(_) => Err(Refusal::NotFound),
        Visit::Stranger => Err(Refusal::StaffSignIn(ctx.path)),
    }
}

impl FromRequestParts<Arc<House>> for Counselor {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Refusal> {
        let (ctx, reader) = staff(parts, house, &[Role::Counselor]).await?;
        Ok(Self(ctx, reader))
    }
}

impl FromRequestParts<Arc<House>> for Operator {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Refusal> {
        let (ctx, reader) = staff(parts, house, &[Role::Operator]).await?;
        Ok(Self(ctx, reader.who))
    }
}

impl FromRequestParts<Arc<House>> for Scheduler {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Refusal> {
        let (ctx, reader) = staff(parts, house, &[Role::Scheduler, Role::Operator]).await?;
        Ok(Self(ctx, reader.who))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_on_this_machine_says_where_a_request_comes_from_and_nobody_else() {
        let found = |peer: &str, said: &[&str], behind_proxy| {
            let mut request = axum::http::Request::new(());
            for words in said {
                request.headers_mut().append("x-forwarded-for", words.parse().unwrap());
            }
            let peer: SocketAddr = peer.parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
            source(behind_proxy, &request.into_parts().0)
        };
        let of = |text: &str| Source::of(text.parse().unwrap());
        assert_eq!(found("127.0.0.1:9", &["203.0.113.7"], true), of("203.0.113.7"));
        // What the client wrote itself stands before what the proxy wrote.
        assert_eq!(found("127.0.0.1:9", &["192.0.2.1, 203.0.113.7"], true), of("203.0.113.7"));
        assert_eq!(found("[::1]:9", &["192.0.2.1", "203.0.113.7"], true), of("203.0.113.7"));
        assert_eq!(found("127.0.0.1:9", &[], true), Source::UNKNOWN);
        assert_eq!(found("127.0.0.1:9", &["unknown"], true), Source::UNKNOWN);
        // From elsewhere: the proxy's own address says nothing, and a client may write what it likes.
        assert_eq!(found("198.51.100.9:9", &["203.0.113.7"], true), Source::UNKNOWN);
        assert_eq!(found("198.51.100.9:9", &["203.0.113.7"], false), of("198.51.100.9"));
    }
}
