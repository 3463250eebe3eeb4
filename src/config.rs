//! Settings: one TOML file plus environment, checked once at start, with every mistake named at the same time.
//!
//! Works with no file at all for a first look. `MERPATI_WEB__LISTEN=127.0.0.1:9000` overrides `listen` of `[web]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use serde::{Deserialize, Serialize};

use crate::fetch;
use crate::house::Rules;
use crate::intake::Network;
use crate::outbox::RelayUrl;
use crate::provenance;
use crate::seal::Cost;

/// Name of the file in the home folder.
pub const FILE: &str = "merpati.toml";

/// All settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The web door.
    #[serde(default)]
    pub web: Web,
    /// The mail doors.
    #[serde(default)]
    pub mail: Mail,
    /// The database.
    #[serde(default)]
    pub store: Store,
    /// How the practice works.
    #[serde(default)]
    pub practice: Practice,
    /// Metrics and health.
    #[serde(default)]
    pub metrics: Metrics,
    /// A hosted mailbox to fetch mail from.
    #[serde(default)]
    pub fetch: fetch::Settings,
    /// Who may say something about senders.
    #[serde(default)]
    pub senders: provenance::Settings,
}

/// The web door.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Where it listens; put a TLS proxy in front of it.
    pub listen: SocketAddr,
    /// How clients reach it: `https://` and a host, no path.
    pub public_url: String,
}

/// The mail doors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// Domain of the secret addresses, the desks' addresses and the no-reply sender.
    pub domain: String,
    /// The name of this machine in greetings, the one that MX and PTR name; empty: the domain.
    pub hostname: String,
    /// Where SMTP listens; empty: closed.
    pub smtp: String,
    /// Where SMTP inside TLS listens; empty: closed.
    pub smtps: String,
    /// Where LMTP listens: an address, or `unix:` and a path; empty: closed.
    pub lmtp: String,
    /// The chain of certificates of the mail doors, in PEM form; empty: no TLS.
    pub tls_cert: String,
    /// The key to it, in PEM form.
    pub tls_key: String,
    /// Whether SMTP takes mail in clear.
    pub tls: Tls,
    /// Networks of load balancers that speak the PROXY protocol.
    pub proxy_from: Vec<String>,
    /// Where mail leaves to: `smtp://user:password@host:587?tls=required`. Empty: into the folder `outbox`.
    pub relay: String,
    /// The only authorities that may vouch for the relay, in PEM form; empty: those of this machine.
    pub relay_ca: String,
}

/// Whether SMTP takes mail in clear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// It does; TLS is offered where there is a certificate.
    #[default]
    Offered,
    /// It does not.
    Required,
}

/// The database.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// `postgres://...`, or `sqlite:PATH`; empty: a SQLite file in the home folder.
    pub url: String,
    /// Connections for reading (SQLite) or in all (PostgreSQL).
    pub connections: u32,
}

/// How the practice works.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Practice {
    /// The neutral name in page titles and in the sender of notifications.
    pub name: String,
    /// How long a reply can be taken back.
    pub recall_minutes: u64,
    /// Where "leave now" leads.
    pub leave_url: String,
    /// Hour of daily notifications, in the desk's zone.
    pub daily_hour: u32,
    /// File with the passphrase of the practice key; empty: the key has none.
    pub passphrase_file: String,
}

/// Metrics and health.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Where they are served; empty: not at all.
    pub listen: String,
}

impl Default for Web {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8080)), public_url: "http://localhost:8080".to_owned() }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            domain: "surat.localhost".to_owned(),
            hostname: String::new(),
            smtp: "127.0.0.1:2525".to_owned(),
            smtps: String::new(),
            lmtp: "127.0.0.1:2424".to_owned(),
            tls_cert: String::new(),
            tls_key: String::new(),
            tls: Tls::Offered,
            proxy_from: Vec::new(),
            relay: String::new(),
            relay_ca: String::new(),
        }
    }
}

impl Mail {
    /// The name in greetings.
    pub fn hostname(&self) -> &str {
        if self.hostname.is_empty() { &self.domain } else { &self.hostname }
    }

    /// The socket LMTP listens at, if it is one in the file system.
    pub fn lmtp_socket(&self) -> Option<&Path> {
        self.lmtp.strip_prefix("unix:").map(Path::new)
    }

    /// The files of certificate and key.
    pub fn identity_files(&self) -> Option<(&Path, &Path)> {
        let set = !self.tls_cert.is_empty() && !self.tls_key.is_empty();
        set.then(|| (Path::new(&self.tls_cert), Path::new(&self.tls_key)))
    }

    /// The file with the relay's authorities.
    pub fn relay_ca(&self) -> Option<&Path> {
        (!self.relay_ca.is_empty()).then(|| Path::new(&self.relay_ca))
    }

    /// Where load balancers are.
    pub fn proxies(&self) -> Vec<Network> {
        self.proxy_from.iter().filter_map(|text| text.parse().ok()).collect()
    }

    fn check(&self, wrong: &mut Vec<String>) {
        let is_name = |name: &str| crate::address::MailAddress::parse(&format!("no-reply@{name}")).is_ok();
        if !is_name(&self.domain) {
            wrong.push(format!(
                "mail.domain: {:?} is not a mail domain; write for example surat.example.org",
                self.domain
            ));
        }
        if !self.hostname.is_empty() && !is_name(&self.hostname) {
            wrong.push(format!("mail.hostname: {:?} is no name; write for example mx.example.org", self.hostname));
        }
        match self.lmtp_socket() {
            Some(path) if !path.is_absolute() => {
                wrong.push("mail.lmtp: write the whole path, for example unix:/run/merpati/lmtp".to_owned());
            }
            Some(_) => {}
            None => check_address("mail.lmtp", &self.lmtp, wrong),
        }
        check_address("mail.smtp", &self.smtp, wrong);
        check_address("mail.smtps", &self.smtps, wrong);
        if self.tls_cert.is_empty() != self.tls_key.is_empty() {
            wrong.push("mail.tls_cert and mail.tls_key: set both or neither".to_owned());
        }
        for (key, asked) in [("mail.smtps", !self.smtps.is_empty()), ("mail.tls", self.tls == Tls::Required)] {
            if asked && self.identity_files().is_none() {
                wrong.push(format!("{key}: needs a certificate; set mail.tls_cert and mail.tls_key"));
            }
        }
        for text in &self.proxy_from {
            if let Err(error) = text.parse::<Network>() {
                wrong.push(format!("mail.proxy_from: {text:?} is {error}"));
            }
        }
        if !self.relay.is_empty()
            && let Err(error) = RelayUrl::parse(&self.relay)
        {
            wrong.push(format!("mail.relay: {error}; or leave it empty"));
        }
    }
}

fn check_address(key: &str, text: &str, wrong: &mut Vec<String>) {
    if !text.is_empty() && text.parse::<SocketAddr>().is_err() {
        wrong.push(format!(
            "{key}: {text:?} is not an address and port; write for example 127.0.0.1:2525, or \"\" to close it"
        ));
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { url: String::new(), connections: 8 }
    }
}

impl Default for Practice {
    fn default() -> Self {
        Self {
            name: "Kotak Surat".to_owned(),
            recall_minutes: 10,
            leave_url: "https://id.wikipedia.org/".to_owned(),
            daily_hour: 7,
            passphrase_file: String::new(),
        }
    }
}

/// What is wrong with the settings: every mistake, each with how to mend it.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Mistakes(pub Vec<String>);

impl Settings {
    /// Reads `merpati.toml` in the home folder, if there is one, and the environment.
    pub fn read(home: &Path) -> Result<Self, Mistakes> {
        let figment = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(home.join(FILE)))
            .merge(Env::prefixed("MERPATI_").filter(|key| key.as_str().contains("__")).split("__"));
        let settings: Self =
            figment.extract().map_err(|e| Mistakes(e.into_iter().map(|one| one.to_string()).collect()))?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), Mistakes> {
        let mut wrong = Vec::new();
        let url = self.web.public_url.trim_end_matches('/');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains('/') => {
                let name = host.split(':').next().unwrap_or_default();
                let near = ["localhost", "127.0.0.1"].contains(&name) || host.starts_with("[::1]");
                if url.starts_with("http://") && !near {
                    wrong.push(format!(
                        "web.public_url: {url:?} is without TLS; put a TLS proxy in front and write https://"
                    ));
                }
            }
            _ => wrong.push(format!("web.public_url: {url:?} must be https:// and a host, without a path")),
        }
        self.mail.check(&mut wrong);
        check_address("metrics.listen", &self.metrics.listen, &mut wrong);
        let store = &self.store.url;
        if !store.is_empty() && !["sqlite:", "postgres://", "postgresql://"].iter().any(|p| store.starts_with(p)) {
            wrong.push("store.url: must begin with sqlite: or postgres://, or be empty".to_owned());
        }
        if !(1..=100).contains(&self.store.connections) {
            wrong.push("store.connections: must be 1 to 100".to_owned());
        }
        if self.practice.recall_minutes > 24 * 60 {
            wrong.push("practice.recall_minutes: must be at most 1440 (a day)".to_owned());
        }
        if self.practice.daily_hour > 23 {
            wrong.push("practice.daily_hour: must be 0 to 23".to_owned());
        }
        if self.practice.name.trim().is_empty() || self.practice.name.chars().any(char::is_control) {
            wrong.push("practice.name: must be a short neutral name, for example Kotak Surat".to_owned());
        }
        if !self.practice.leave_url.starts_with("https://") {
            wrong.push(
                "practice.leave_url: must be an https:// page that tells nothing, for example a weather page"
                    .to_owned(),
            );
        }
        wrong.extend(self.fetch.mistakes());
        wrong.extend(self.senders.mistakes());
        if wrong.is_empty() { Ok(()) } else { Err(Mistakes(wrong)) }
    }

    /// Where the database is.
    pub fn store_url(&self, home: &Path) -> String {
        if self.store.url.is_empty() {
            format!("sqlite:{}", home.join("merpati.db").display())
        } else {
            self.store.url.clone()
        }
    }

    /// The rules the stories need.
    pub fn rules(&self, home: &Path) -> Rules {
        Rules {
            public_url: self.web.public_url.trim_end_matches('/').to_owned(),
            mail_domain: self.mail.domain.to_ascii_lowercase(),
            plus_address: self.fetch.plus_address(),
            sender_name: self.practice.name.trim().to_owned(),
            recall: Duration::from_secs(self.practice.recall_minutes * 60),
            leave_url: self.practice.leave_url.clone(),
            daily_hour: self.practice.daily_hour,
            outbox_folder: self.mail.relay.is_empty().then(|| outbox_folder(home)),
            cost: Cost::STANDARD,
        }
    }
}

/// Where mail is written while there is no relay.
pub fn outbox_folder(home: &Path) -> PathBuf {
    home.join("outbox")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_works_and_all_mistakes_are_named_at_once() {
        let home = tempfile::tempdir().unwrap();
        assert!(Settings::read(home.path()).is_ok());
        let text = "[web]\npublic_url = \"http://example.org/x\"\n[mail]\ndomain = \"-\"\nsmtp = \"nowhere\"\n[practice]\ndaily_hour = 24\n";
        std::fs::write(home.path().join(FILE), text).unwrap();
        let Mistakes(list) = Settings::read(home.path()).unwrap_err();
        assert_eq!(list.len(), 4, "{list:?}");
        let text = "[mail]\nhostname = \"m x\"\nsmtps = \"127.0.0.1:2465\"\nlmtp = \"unix:lmtp\"\ntls_cert = \"cert.pem\"\n\
            tls = \"required\"\nproxy_from = [\"10.0.0.0/8\", \"everybody\"]\n";
        std::fs::write(home.path().join(FILE), text).unwrap();
        let Mistakes(list) = Settings::read(home.path()).unwrap_err();
        assert_eq!(list.len(), 6, "{list:?}");
        std::fs::write(home.path().join(FILE), "[web]\nlisten_on = \"x\"\n").unwrap();
        assert!(Settings::read(home.path()).unwrap_err().to_string().contains("listen_on"));
    }
}
