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
use crate::outbox::RelayUrl;
use crate::provenance::{Asker, Front, Witnesses};
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
    /// Where SMTP listens; empty: closed.
    pub smtp: String,
    /// Where LMTP listens; empty: closed.
    pub lmtp: String,
    /// Where mail leaves to: `smtp://user:password@host:587?tls=required`. Empty: into the folder `outbox`.
    pub relay: String,
    /// Whether name servers are asked who may send for a domain, for mail that reaches the SMTP door from outside.
    pub check_senders: bool,
    /// The name server to ask, as address and port; empty: the machine's.
    pub name_server: String,
    /// The name that the mail server in front puts into its Authentication-Results; empty: none is believed.
    pub trusted_authserv: String,
    /// How many Received lines that mail server adds.
    pub trusted_hops: usize,
    /// Domains of mail services whose ARC seals count, for clients whose mail is forwarded.
    pub trusted_forwarders: Vec<String>,
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
            smtp: "127.0.0.1:2525".to_owned(),
            lmtp: "127.0.0.1:2424".to_owned(),
            relay: String::new(),
            check_senders: true,
            name_server: String::new(),
            trusted_authserv: String::new(),
            trusted_hops: 1,
            trusted_forwarders: Vec::new(),
        }
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
        if crate::address::MailAddress::parse(&format!("no-reply@{}", self.mail.domain)).is_err() {
            wrong.push(format!(
                "mail.domain: {:?} is not a mail domain; write for example surat.example.org",
                self.mail.domain
            ));
        }
        for (key, text) in
            [("mail.smtp", &self.mail.smtp), ("mail.lmtp", &self.mail.lmtp), ("metrics.listen", &self.metrics.listen)]
        {
            if !text.is_empty() && text.parse::<SocketAddr>().is_err() {
                wrong.push(format!(
                    "{key}: {text:?} is not an address and port; write for example 127.0.0.1:2525, or \"\" to close it"
                ));
            }
        }
        if !self.mail.relay.is_empty()
            && let Err(error) = RelayUrl::parse(&self.mail.relay)
        {
            wrong.push(format!("mail.relay: {error}; or leave it empty"));
        }
        if !self.mail.name_server.is_empty() && self.mail.name_server.parse::<SocketAddr>().is_err() {
            wrong.push(format!(
                "mail.name_server: {:?} is not an address and port; write for example 192.0.2.53:53, or \"\" for the machine's",
                self.mail.name_server
            ));
        }
        if !(1..=10).contains(&self.mail.trusted_hops) {
            wrong.push("mail.trusted_hops: must be 1 to 10".to_owned());
        }
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

    /// Who is asked about senders.
    pub fn witnesses(&self) -> Witnesses {
        let mail = &self.mail;
        let asker = || mail.name_server.parse().map_or_else(|_| Asker::system(), Asker::at);
        Witnesses {
            asker: if mail.check_senders { asker() } else { None },
            front: (!mail.trusted_authserv.is_empty())
                .then(|| Front { authserv_id: mail.trusted_authserv.clone(), hops: mail.trusted_hops }),
            forwarders: mail.trusted_forwarders.clone(),
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
        std::fs::write(home.path().join(FILE), "[web]\nlisten_on = \"x\"\n").unwrap();
        assert!(Settings::read(home.path()).unwrap_err().to_string().contains("listen_on"));
    }
}
