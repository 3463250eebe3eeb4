//! What `doctor` looks at of the mail doors: where they are, and the certificate they show.

use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::Place;
use super::doctor::Findings;
use crate::clock::Moment;
use crate::config::Mail;
use crate::intake::{Facts, Identity};

/// A door that does not take a connection within this time is shut.
const KNOCK: Duration = Duration::from_secs(3);
/// A certificate is to be renewed before it is that close to its end.
const RENEWED_BEFORE: Duration = Duration::from_secs(14 * 24 * 3600);

pub(super) async fn examine(place: &Place, now: Moment, found: &mut Findings) {
    let mail = &place.settings.mail;
    for (name, at) in [("SMTP", &mail.smtp), ("SMTP with TLS", &mail.smtps), ("LMTP", &mail.lmtp)] {
        if at.is_empty() {
            continue;
        }
        if answers(at).await {
            found.good(format!("{name} at {at}: open"));
        } else {
            found.warn(format!("{name} at {at}: nobody answers; is serve running?"));
        }
    }
    match mail.identity_files() {
        Some((cert, key)) => match Identity::load(cert, key) {
            Ok(identity) => certificate(mail, &identity.facts(), now, found),
            Err(error) => found.bad(format!("mail.tls_cert: {error}")),
        },
        None if is_public(&mail.smtp) => found.warn(
            "SMTP is open to other machines without a certificate, so mail arrives in clear; set mail.tls_cert and mail.tls_key",
        ),
        None => {}
    }
}

async fn answers(at: &str) -> bool {
    match at.strip_prefix("unix:") {
        Some(path) => matches!(timeout(KNOCK, UnixStream::connect(path)).await, Ok(Ok(_))),
        None => matches!(timeout(KNOCK, TcpStream::connect(at)).await, Ok(Ok(_))),
    }
}

fn is_public(at: &str) -> bool {
    at.parse::<std::net::SocketAddr>().is_ok_and(|at| !at.ip().is_loopback())
}

fn certificate(mail: &Mail, facts: &Facts, now: Moment, found: &mut Findings) {
    let name = mail.hostname();
    if !facts.fits(name) {
        found.warn(format!(
            "the certificate does not stand for {name}: servers that look at it will not send; set mail.hostname to the name the MX record gives"
        ));
    }
    let Some(end) = facts.not_after else {
        return found.warn("the certificate does not say in a readable way until when it is good");
    };
    let day = end.utc().format("%F");
    if end <= now {
        found.bad(format!("the certificate has expired on {day}; renew it, Merpati notices within a minute"));
    } else if end.since(now) < RENEWED_BEFORE {
        found.bad(format!("the certificate expires on {day}; renew it, Merpati notices within a minute"));
    } else {
        found.good(format!("the certificate is good until {day}"));
    }
}
