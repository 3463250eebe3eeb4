//! The address of a relay in the settings: `smtp://USER:PASSWORD@HOST:PORT?tls=required`.
//!
//! | | encryption | usual port |
//! | --- | --- | --- |
//! | `smtps://` | from the first byte | 465 |
//! | `smtp://`, `?tls=required` | STARTTLS, or no mail leaves | 587 |
//! | `?tls=opportunistic` | STARTTLS if the relay offers it | 587 |
//! | `?tls=none` | none: for a relay on the same machine | 25 |
//!
//! Signs that mean something in a URL are written as `%40` in user and password. A password goes only where encryption
//! is certain, or to the same machine.

use crate::secret::PlainText;

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte.
    Wrapped,
    /// By STARTTLS, or there is no connection.
    Required,
    /// By STARTTLS if the relay offers it.
    Opportunistic,
    /// Not at all.
    None,
}

/// What is wrong with the address of a relay; never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRelay {
    /// Neither `smtp://` nor `smtps://`.
    #[error("the relay must begin with smtp:// or smtps://")]
    Scheme,
    /// No host, or signs that belong in none.
    #[error("the relay has no host: write for example smtp://mail.example.org:587")]
    Host,
    /// Not a port.
    #[error("the port of the relay must be a number from 1 to 65535")]
    Port,
    /// Half of it, or signs that cannot be decoded.
    #[error("write user and password of the relay as user:password@host, with %40 for an @ in them")]
    Credentials,
    /// Something after the `?` that means nothing.
    #[error("after the host only ?tls=required, ?tls=opportunistic or ?tls=none may stand")]
    Query,
    /// A password that could be overheard.
    #[error("a password needs tls=required or smtps:// unless the relay runs on this machine")]
    PasswordInClear,
    /// The file named in the settings does not help.
    #[error("mail.relay_ca cannot be read or holds no certificates in PEM form")]
    Authority,
    /// The machine's certificates could not be loaded, or the host is no name one can stand for.
    #[error("the certificates of this machine could not be loaded, or the host cannot have one")]
    Certificates,
}

/// A relay as the settings name it. No `Debug`: it holds a password.
pub struct RelayUrl {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Encryption.
    pub tls: Tls,
    /// User and password.
    pub credentials: Option<(String, PlainText)>,
}

impl RelayUrl {
    /// Reads it.
    pub fn parse(text: &str) -> Result<Self, BadRelay> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(BadRelay::Scheme)?;
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let tls = match (scheme, query) {
            ("smtps", None | Some("")) => Tls::Wrapped,
            ("smtp", None | Some("tls=required")) => Tls::Required,
            ("smtp", Some("tls=opportunistic")) => Tls::Opportunistic,
            ("smtp", Some("tls=none")) => Tls::None,
            ("smtp" | "smtps", _) => return Err(BadRelay::Query),
            _ => return Err(BadRelay::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
        let credentials = user.map(read_credentials).transpose()?;
        let (host, port) = read_place(place)?;
        let port = match (port, tls) {
            (Some(port), _) => port,
            (None, Tls::Wrapped) => 465,
            (None, Tls::None) => 25,
            (None, Tls::Required | Tls::Opportunistic) => 587,
        };
        let is_certain = matches!(tls, Tls::Wrapped | Tls::Required);
        if credentials.is_some() && !is_certain && !is_here(&host) {
            return Err(BadRelay::PasswordInClear);
        }
        Ok(Self { host, port, tls, credentials })
    }
}

fn read_credentials(text: &str) -> Result<(String, PlainText), BadRelay> {
    let (user, password) = text.split_once(':').ok_or(BadRelay::Credentials)?;
    let decode = |part| decoded(part).filter(|p| !p.is_empty()).ok_or(BadRelay::Credentials);
    Ok((decode(user)?, PlainText::new(decode(password)?)))
}

fn read_place(text: &str) -> Result<(String, Option<u16>), BadRelay> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(BadRelay::Host)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| BadRelay::Host)?;
            (host, port.strip_prefix(':').or(if port.is_empty() { None } else { Some("none") }))
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
    if host.is_empty() || !host.bytes().all(fits) {
        return Err(BadRelay::Host);
    }
    let port = port.map(|p| p.parse::<u16>().ok().filter(|p| *p > 0).ok_or(BadRelay::Port)).transpose()?;
    Ok((host.to_ascii_lowercase(), port))
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `%40` and the like, decoded.
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |b: Option<u8>| char::from(b?).to_digit(16).and_then(|d| u8::try_from(d).ok());
            out.push(digit(bytes.next())? << 4 | digit(bytes.next())?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, host: &str, port: u16, tls: Tls, user: Option<(&str, &str)>) {
        let url = RelayUrl::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let found = url.credentials.as_ref().map(|(u, p)| (u.as_str(), p.reveal().as_str()));
        assert_eq!((url.host.as_str(), url.port, url.tls, found), (host, port, tls, user), "{text}");
    }

    #[test]
    fn relays() {
        check("smtp://mail.example.org", "mail.example.org", 587, Tls::Required, None);
        check("smtp://Mail.example.org:2525/?tls=opportunistic", "mail.example.org", 2525, Tls::Opportunistic, None);
        check("smtp://127.0.0.1?tls=none", "127.0.0.1", 25, Tls::None, None);
        check("smtps://a:b@mail.example.org", "mail.example.org", 465, Tls::Wrapped, Some(("a", "b")));
        check("smtp://a%40b.org:p%3A%2f@x@[::1]:26?tls=none", "::1", 26, Tls::None, Some(("a@b.org", "p:/@x")));
    }

    #[test]
    fn what_is_no_relay() {
        let check = |text: &str, expected| assert_eq!(RelayUrl::parse(text).err(), Some(expected), "{text}");
        check("mail.example.org", BadRelay::Scheme);
        check("http://mail.example.org", BadRelay::Scheme);
        check("smtp://", BadRelay::Host);
        check("smtp://mail example.org", BadRelay::Host);
        check("smtp://[mail.example.org]", BadRelay::Host);
        check("smtp://[::1", BadRelay::Host);
        check("smtp://[::1]x", BadRelay::Port);
        check("smtp://a.org:0", BadRelay::Port);
        check("smtp://a.org:70000", BadRelay::Port);
        check("smtp://user@a.org", BadRelay::Credentials);
        check("smtp://user:%4@a.org", BadRelay::Credentials);
        check("smtp://a.org?tls=maybe", BadRelay::Query);
        check("smtps://a.org?tls=none", BadRelay::Query);
        check("smtp://a:b@a.org?tls=opportunistic", BadRelay::PasswordInClear);
        check("smtp://a:b@a.org?tls=none", BadRelay::PasswordInClear);
    }
}
