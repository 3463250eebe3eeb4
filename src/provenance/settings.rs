//! The settings `[senders]`.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Asker, Front, Witnesses};

/// Who may say something about senders.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether name servers are asked who may send for a domain, for mail that reaches the SMTP door from outside.
    pub check: bool,
    /// The name server to ask, as address and port; empty: the machine's.
    pub name_server: String,
    /// The name that the mail server in front puts into its Authentication-Results; empty: none is believed.
    pub trusted_authserv: String,
    /// How many Received lines that mail server adds.
    pub trusted_hops: usize,
    /// Domains of mail services whose ARC seals count, for clients whose mail is forwarded.
    pub trusted_forwarders: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            check: true,
            name_server: String::new(),
            trusted_authserv: String::new(),
            trusted_hops: 1,
            trusted_forwarders: Vec::new(),
        }
    }
}

impl Settings {
    /// Who is asked.
    pub fn witnesses(&self) -> Witnesses {
        let asker = || self.name_server.parse().map_or_else(|_| Asker::system(), Asker::at);
        Witnesses { asker: if self.check { asker() } else { None }, ..self.offline() }
    }

    /// The same without the network.
    pub fn offline(&self) -> Witnesses {
        let front = || Front { authserv_id: self.trusted_authserv.clone(), hops: self.trusted_hops };
        Witnesses {
            asker: None,
            front: (!self.trusted_authserv.is_empty()).then(front),
            forwarders: self.trusted_forwarders.clone(),
        }
    }

    /// What is wrong, each with how to mend it.
    pub fn mistakes(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if !self.name_server.is_empty() && self.name_server.parse::<SocketAddr>().is_err() {
            wrong.push(format!(
                "senders.name_server: {:?} is not an address and port; write for example 192.0.2.53:53, or \"\" for the machine's",
                self.name_server
            ));
        }
        if !(1..=10).contains(&self.trusted_hops) {
            wrong.push("senders.trusted_hops: must be 1 to 10".to_owned());
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_is_asked() {
        let asked = |s: &Settings| (s.witnesses().asker.is_some(), s.witnesses().front.is_some());
        assert_eq!(asked(&Settings { check: false, ..Settings::default() }), (false, false));
        let own = Settings {
            name_server: "127.0.0.1:53".into(),
            trusted_authserv: "mx.sekolah.sch.id".into(),
            ..Settings::default()
        };
        assert_eq!(asked(&own), (true, true));
        assert!(own.offline().asker.is_none());
        assert!(own.mistakes().is_empty());
        let wrong = Settings { name_server: "ns.example".into(), trusted_hops: 0, ..Settings::default() };
        assert_eq!(wrong.mistakes().len(), 2);
    }
}
