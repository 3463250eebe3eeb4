//! Mail addresses in one normal form.

use std::fmt::Write as _;

use zeroize::Zeroize;

/// The text is not an address mail can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address")]
pub struct NotAnAddress;

/// A mail address: the local part as written, the domain in lower-case ASCII (IDNA, RFC 5891).
///
/// It has no `Debug` and no `Display`: an address belongs in no log. Whoever needs the text asks for it by name.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress {
    local: String,
    domain: String,
}

impl MailAddress {
    /// Reads `local@domain`. Quoted local parts, address literals, blanks and control characters are refused: no
    /// client needs them, and each is a way to smuggle.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnAddress)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| NotAnAddress)?;
        let local_fits = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|c| !c.is_control() && !c.is_whitespace() && !"\"(),:;<>@[\\]".contains(c));
        let domain_fits = domain.len() <= 253
            && domain.split('.').all(|label| !label.is_empty() && label.len() <= 63)
            && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        (local_fits && domain_fits).then(|| Self { local: local.to_owned(), domain }).ok_or(NotAnAddress)
    }

    /// The part before the `@`, as written.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`, lower-case ASCII.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// `local@domain` for the envelope and for sealing.
    pub fn text(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// What two spellings of one mailbox have in common: everything in lower case. Used for look-up hashes only.
    pub fn folded(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }

    /// First letter and domain for the owner's own page: `a…@example.org`.
    pub fn masked(&self) -> String {
        let mut out: String = self.local.chars().take(1).collect();
        let _ = write!(out, "…@{}", self.domain);
        out
    }
}

/// One mailbox that takes mail for many addresses: `name+anything@host` (RFC 5233).
#[derive(Clone)]
pub struct PlusAddress(MailAddress);

impl PlusAddress {
    /// By the address without the plus.
    pub const fn new(base: MailAddress) -> Self {
        Self(base)
    }

    /// The address without the plus.
    pub const fn base(&self) -> &MailAddress {
        &self.0
    }

    /// `name+detail@host`.
    pub fn with(&self, detail: &str) -> String {
        format!("{}+{detail}@{}", self.0.local, self.0.domain)
    }

    /// What stands behind the plus, if it is an address of this mailbox.
    pub fn detail<'a>(&self, address: &'a MailAddress) -> Option<&'a str> {
        let (name, detail) = address.local.split_once('+')?;
        (name.eq_ignore_ascii_case(&self.0.local) && address.domain == self.0.domain).then_some(detail)
    }
}

impl Drop for MailAddress {
    fn drop(&mut self) {
        self.local.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(MailAddress::parse(text).ok().map(|a| a.text()).as_deref(), expected, "{text:?}");
    }

    #[test]
    fn the_normal_form_of_an_address() {
        check(" Sari.Putri@Example.ORG ", Some("Sari.Putri@example.org"));
        check("surat@bücher.example", Some("surat@xn--bcher-kva.example"));
        check("rahasia+1@sekolah.sch.id", Some("rahasia+1@sekolah.sch.id"));
        check("ünïcode@example.org", Some("ünïcode@example.org"));
    }

    #[test]
    fn what_is_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b.org",
            "a b@c.org",
            "a..b@c.org",
            ".a@c.org",
            "a@b..c",
            "a@[192.0.2.1]",
            "\"a\"@b.org",
            "a\r\nb@c.org",
            "a@-b.org",
            "<a@b.org>",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn spellings_fold_and_masks_hide() {
        let address = MailAddress::parse("Sari@Example.org").unwrap();
        assert_eq!(address.folded(), "sari@example.org");
        assert_eq!(address.masked(), "S…@example.org");
    }

    #[test]
    fn what_stands_behind_the_plus() {
        let address = |text: &str| MailAddress::parse(text).unwrap();
        let base = PlusAddress::new(address("konseling@sekolah.sch.id"));
        assert_eq!(base.with("abc"), "konseling+abc@sekolah.sch.id");
        assert_eq!(base.detail(&address("Konseling+a+b@Sekolah.sch.id")), Some("a+b"));
        for other in ["konseling@sekolah.sch.id", "lain+abc@sekolah.sch.id", "konseling+abc@lain.sch.id"] {
            assert_eq!(base.detail(&address(other)), None, "{other}");
        }
    }
}
