//! Where somebody finds help now: the contacts of `templates/crisis.toml`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::clock::Moment;
use crate::role::Language;

/// Older checks are shown as "not recently checked".
const CHECK_VALID_DAYS: i64 = 90;
const SHIPPED: &str = include_str!("../templates/crisis.toml");

/// A text by language.
#[derive(Deserialize, Clone)]
pub struct ByLanguage {
    id: String,
    en: String,
}

impl ByLanguage {
    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Indonesian => &self.id,
            Language::English => &self.en,
        }
    }
}

/// How to get there.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A telephone number.
    Call,
    /// A site.
    Chat,
    /// Somebody near.
    Near,
}

/// One contact.
#[derive(Deserialize, Clone)]
pub struct Contact {
    /// What the reader sees.
    pub name: ByLanguage,
    /// How to get there.
    pub kind: Kind,
    /// Number, site or kind of place.
    pub value: String,
    /// When.
    pub hours: ByLanguage,
    /// What to expect.
    pub note: ByLanguage,
    /// When somebody last looked.
    pub checked_on: NaiveDate,
}

impl Contact {
    /// The number to dial, without the extension.
    pub fn dial(&self) -> &str {
        self.value.split(" ext.").next().unwrap_or(&self.value)
    }

    /// Whether the last check is too long ago.
    pub fn is_stale(&self, now: Moment) -> bool {
        (now.utc().date_naive() - self.checked_on).num_days() > CHECK_VALID_DAYS
    }
}

#[derive(Deserialize)]
struct File {
    country: BTreeMap<String, Vec<Contact>>,
}

/// The contacts of a country (two letters), or those for everywhere.
pub fn contacts(country: &str) -> &'static [Contact] {
    static ALL: OnceLock<BTreeMap<String, Vec<Contact>>> = OnceLock::new();
    let all = ALL.get_or_init(|| toml::from_str::<File>(SHIPPED).map(|f| f.country).unwrap_or_default());
    all.get(country).or_else(|| all.get("int")).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_a_second_way_and_somebody_near() {
        for country in ["id", "int", "xx"] {
            let list = contacts(country);
            assert!(list.len() >= 2, "{country}");
            assert!(list.iter().any(|c| c.kind == Kind::Near), "{country}");
        }
        assert_eq!(contacts("id")[0].dial(), "119");
    }

    #[test]
    fn a_check_grows_old_after_ninety_days() {
        let contact = &contacts("id")[0];
        let day = |n: u64| {
            Moment::from(contact.checked_on.and_hms_opt(0, 0, 0).unwrap().and_utc())
                .plus(std::time::Duration::from_secs(n * 86_400))
        };
        assert!(!contact.is_stale(day(90)));
        assert!(contact.is_stale(day(91)));
    }
}
