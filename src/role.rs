//! What a person may do, and in which language they are spoken to.

use std::fmt;
use std::str::FromStr;

/// One thing a person can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Writes for help.
    Client,
    /// Answers letters.
    Counselor,
    /// Keeps calendars and cover; sees numbers only.
    Scheduler,
    /// Runs the house; sees no letter.
    Operator,
}

/// All a person is. In a small practice one person may be operator and counselor; a client is only ever a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Roles(u8);

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown role or language")]
pub struct UnknownWord;

const ROLES: [Role; 4] = [Role::Client, Role::Counselor, Role::Scheduler, Role::Operator];

impl Role {
    /// The word in tables, commands and text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Counselor => "counselor",
            Self::Scheduler => "scheduler",
            Self::Operator => "operator",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Client => 1,
            Self::Counselor => 2,
            Self::Scheduler => 4,
            Self::Operator => 8,
        }
    }
}

impl FromStr for Role {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        ROLES.into_iter().find(|r| r.word() == text).ok_or(UnknownWord)
    }
}

impl Roles {
    /// Exactly these.
    pub fn of(roles: &[Role]) -> Self {
        Self(roles.iter().fold(0, |all, r| all | r.bit()))
    }

    /// Whether this one is among them.
    pub const fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether this is somebody of the house.
    pub const fn is_staff(self) -> bool {
        self.0 & !Role::Client.bit() != 0
    }

    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        ROLES.into_iter().filter(move |r| self.has(*r))
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Role::word).collect();
        f.write_str(&words.join(","))
    }
}

impl FromStr for Roles {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let roles = text.split(',').map(|w| w.trim().parse()).collect::<Result<Vec<Role>, _>>()?;
        let all = Self::of(&roles);
        // A client who is also staff would mix the two worlds.
        if all.has(Role::Client) && all.is_staff() { Err(UnknownWord) } else { Ok(all) }
    }
}

/// A language of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// Bahasa Indonesia.
    #[default]
    Indonesian,
    /// English.
    English,
}

impl Language {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 2] = [Self::Indonesian, Self::English];

    /// BCP 47 code, as in `templates/lang`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Indonesian => "id",
            Self::English => "en",
        }
    }

    /// Its name in itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Indonesian => "Bahasa Indonesia",
            Self::English => "English",
        }
    }
}

impl FromStr for Language {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|l| l.code() == text).ok_or(UnknownWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_come_back_from_their_words() {
        let roles = Roles::of(&[Role::Operator, Role::Counselor]);
        assert_eq!(roles.to_string(), "counselor,operator");
        assert_eq!("counselor,operator".parse(), Ok(roles));
        assert!(roles.has(Role::Operator) && roles.is_staff() && !roles.has(Role::Scheduler));
        assert_eq!("client,operator".parse::<Roles>(), Err(UnknownWord), "nobody is client and staff at once");
        assert_eq!("nobody".parse::<Roles>(), Err(UnknownWord));
    }
}
