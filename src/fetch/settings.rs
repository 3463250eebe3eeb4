//! The settings `[fetch]`.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Account, After, Protection};
use crate::address::{MailAddress, PlusAddress};

/// A hosted mailbox to fetch mail from. No `host`: none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The IMAP server; empty: nothing is fetched.
    pub host: String,
    /// Its port; 0: the usual one.
    pub port: u16,
    /// Who signs in.
    pub user: String,
    /// File that holds the password; a path without `/` in front is looked for in the home folder.
    pub password_file: String,
    /// The folder that is fetched, with everything in it.
    pub folder: String,
    /// `implicit`, `starttls`, or `none-loopback-only`.
    pub tls: String,
    /// File with the certificate of the authority to trust; empty: the machine's authorities.
    pub ca_file: String,
    /// What happens to a stored mail in the mailbox: `keep`, `seen`, `move:FOLDER` or `delete`.
    pub after: String,
    /// Pause between two looks where the server cannot tell of new mail.
    pub minutes: u64,
    /// The mailbox's own address, where it takes mail for `name+anything@host`; thread addresses then look like that.
    pub plus_address: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 0,
            user: String::new(),
            password_file: "fetch.password".to_owned(),
            folder: "INBOX".to_owned(),
            tls: "implicit".to_owned(),
            ca_file: String::new(),
            after: "seen".to_owned(),
            minutes: 5,
            plus_address: String::new(),
        }
    }
}

impl Settings {
    /// The mailbox to fetch from.
    pub fn account(&self, home: &Path) -> Option<Account> {
        if self.host.is_empty() {
            return None;
        }
        let protection = self.protection()?;
        let usual = if protection == Protection::Implicit { 993 } else { 143 };
        Some(Account {
            host: self.host.clone(),
            port: if self.port == 0 { usual } else { self.port },
            user: self.user.clone(),
            password_file: home.join(&self.password_file),
            folder: self.folder.clone(),
            protection,
            ca_file: (!self.ca_file.is_empty()).then(|| home.join(&self.ca_file)),
            after: self.after()?,
            every: Duration::from_secs(self.minutes * 60),
        })
    }

    /// The mailbox whose parts are thread addresses.
    pub fn plus_address(&self) -> Option<PlusAddress> {
        let base = MailAddress::parse(&self.plus_address).ok()?;
        (!base.local().contains('+')).then(|| PlusAddress::new(base))
    }

    fn protection(&self) -> Option<Protection> {
        match self.tls.as_str() {
            "implicit" => Some(Protection::Implicit),
            "starttls" => Some(Protection::StartTls),
            "none-loopback-only" if ["localhost", "127.0.0.1", "::1"].contains(&self.host.as_str()) => {
                Some(Protection::None)
            }
            _ => None,
        }
    }

    fn after(&self) -> Option<After> {
        match self.after.split_once(':') {
            None if self.after == "keep" => Some(After::Keep),
            None if self.after == "seen" => Some(After::Seen),
            None if self.after == "delete" => Some(After::Delete),
            Some(("move", folder)) if !folder.trim().is_empty() => Some(After::Move(folder.trim().to_owned())),
            _ => None,
        }
    }

    /// What is wrong, each with how to mend it.
    pub fn mistakes(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if !self.plus_address.is_empty() && self.plus_address().is_none() {
            wrong.push(format!(
                "fetch.plus_address: {:?} must be the mailbox's own address without a plus, for example konseling@sekolah.sch.id",
                self.plus_address
            ));
        }
        if self.host.is_empty() {
            return wrong;
        }
        if self.user.is_empty() || self.password_file.is_empty() || self.folder.is_empty() {
            wrong.push("fetch: user, password_file and folder must be named".to_owned());
        }
        if self.protection().is_none() {
            wrong.push(format!(
                "fetch.tls: {:?} must be implicit or starttls; none-loopback-only works with a server on this machine",
                self.tls
            ));
        }
        if self.after().is_none() {
            wrong.push(format!("fetch.after: {:?} must be keep, seen, move:FOLDER or delete", self.after));
        }
        if !(1..=24 * 60).contains(&self.minutes) {
            wrong.push("fetch.minutes: must be 1 to 1440 (a day)".to_owned());
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosted() -> Settings {
        Settings { host: "imap.penyedia.example".into(), user: "konseling".into(), ..Settings::default() }
    }

    #[test]
    fn nothing_is_fetched_unless_asked() {
        assert!(Settings::default().mistakes().is_empty());
        assert!(Settings::default().account(Path::new("/x")).is_none());
    }

    #[test]
    fn the_usual_values_do() {
        let account = hosted().account(Path::new("/home/m")).unwrap();
        assert!(hosted().mistakes().is_empty());
        assert_eq!((account.port, account.protection, account.after), (993, Protection::Implicit, After::Seen));
        assert_eq!(account.password_file, Path::new("/home/m/fetch.password"));
        let account = Settings { tls: "starttls".into(), after: "move:Sudah masuk".into(), ..hosted() };
        let account = account.account(Path::new("/home/m")).unwrap();
        assert_eq!((account.port, account.after), (143, After::Move("Sudah masuk".into())));
    }

    #[test]
    fn every_mistake_is_named() {
        let check = |settings: Settings, words: &[&str]| {
            let found = settings.mistakes();
            assert_eq!(found.len(), words.len(), "{found:?}");
            for (text, word) in found.iter().zip(words) {
                assert!(text.starts_with(word), "{text}");
            }
        };
        check(Settings { tls: "none-loopback-only".into(), ..hosted() }, &["fetch.tls"]);
        check(Settings { tls: "none-loopback-only".into(), host: "localhost".into(), ..hosted() }, &[]);
        check(Settings { after: "burn".into(), minutes: 0, ..hosted() }, &["fetch.after", "fetch.minutes"]);
        check(Settings { after: "move:".into(), user: String::new(), ..hosted() }, &["fetch: ", "fetch.after"]);
        check(Settings { plus_address: "a+b@c.example".into(), ..Settings::default() }, &["fetch.plus_address"]);
    }
}
