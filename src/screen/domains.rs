//! Addresses that look like others, that several people read, or that belong to offices.
//!
//! Compared with a list of our own; nothing here asks anybody about a client's address, and nothing is corrected without
//! its owner.

use std::sync::LazyLock;

use strsim::{damerau_levenshtein, osa_distance};
use unicode_security::MixedScript as _;
use unicode_security::confusable_detection::skeleton;

use super::words;
use crate::address::MailAddress;

/// Common providers with what they look like.
static PROVIDER_BONES: LazyLock<Vec<(&str, String)>> =
    LazyLock::new(|| words::PROVIDERS.iter().map(|p| (p, bones(p))).collect());
/// What Indonesian domains end with; the label before it is somebody's own.
const SUFFIXES: [&str; 9] = ["ac.id", "co.id", "desa.id", "go.id", "mil.id", "my.id", "or.id", "sch.id", "web.id"];
/// Endings that belong to countries or are bought by those who wait for a slip: a common provider with one of these.
const SLIPPED_ENDINGS: [&str; 8] = ["co", "cm", "om", "con", "comm", "cpm", "vom", "xom"];
/// Short domains have too many honest neighbors.
const COMPARED_CHARS_MIN: usize = 6;

/// The common provider a domain was probably meant to be; `None` where the domain is fine as it is.
pub fn suggestion(domain: &str) -> Option<String> {
    let domain = domain.to_ascii_lowercase();
    if words::PROVIDERS.iter().any(|p| p == domain) {
        return None;
    }
    let near = words::PROVIDERS.iter().filter(|common| common.len() >= COMPARED_CHARS_MIN);
    let near = near.filter(|common| is_slip(&domain, common)).min_by_key(|c| damerau_levenshtein(&domain, c));
    near.map(str::to_owned).or_else(|| suffix_slip(&domain))
}

/// One slip of a finger, or two in a long name whose ending is as it should be; or an ending nobody has.
fn is_slip(domain: &str, common: &str) -> bool {
    let (Some((name, ending)), Some((common_name, common_ending))) = (domain.split_once('.'), common.split_once('.'))
    else {
        return false;
    };
    if name == common_name {
        return SLIPPED_ENDINGS.contains(&ending)
            || damerau_levenshtein(ending, common_ending) == 1 && ending.len() > 2;
    }
    // So many signs more or less are at least so many slips.
    if name.chars().count().abs_diff(common_name.len()) > 2 {
        return false;
    }
    let slips = damerau_levenshtein(name, common_name);
    let near = slips == 1 && common_name.len() >= 4 || slips == 2 && common_name.len() >= 7;
    near && osa_distance(ending, common_ending) <= 1 && !is_real_neighbor(name)
}

/// Real providers one letter away from another one.
fn is_real_neighbor(name: &str) -> bool {
    matches!(name, "gmx" | "mail" | "email" | "ymail" | "hmail" | "live" | "outlook" | "yandex" | "tuta")
}

/// `smpn1.shc.id`, `ui.ac.di`, `ui.acid`: an ending one slip away from an Indonesian one.
fn suffix_slip(domain: &str) -> Option<String> {
    let schools = ["ac.id", "sch.id"];
    let (rest, country) = domain.rsplit_once('.')?;
    // A dot that was left out, or a comma's neighbor in its place.
    if let Some(meant) = schools.iter().find(|s| country == s.replace('.', "") || country == s.replace('.', "-")) {
        return Some(format!("{rest}.{meant}"));
    }
    let (name, kind) = rest.rsplit_once('.')?;
    let ending = format!("{kind}.{country}");
    if SUFFIXES.contains(&ending.as_str()) {
        return None;
    }
    let meant = if country == "id" {
        // Two letters have too many honest neighbors: only those turned round, or with one too many.
        let is_slip = |s: &&str| s.len() > 5 && kind.len() >= 3 && damerau_levenshtein(s, &ending) == 1;
        let turned = matches!(kind, "ca" | "aac" | "acc").then_some(&"ac.id");
        SUFFIXES.iter().find(|s| is_slip(s)).or(turned)
    } else {
        // No country is called so, or none whose schools are.
        let is_school = |s: &&&str| s.split_once('.').is_some_and(|(own, _)| own == kind);
        matches!(country, "di" | "ud" | "idd" | "ld" | "if" | "ids").then(|| schools.iter().find(is_school)).flatten()
    }?;
    Some(format!("{name}.{meant}"))
}

/// The same address with the domain it was probably meant to have.
pub fn suggested_address(address: &MailAddress) -> Option<MailAddress> {
    let domain = suggestion(address.domain())?;
    MailAddress::parse(&format!("{}@{domain}", address.local())).ok()
}

/// One or two signs away from another address, and not it.
pub fn is_near(one: &MailAddress, other: &MailAddress) -> bool {
    let (one, other) = (one.folded(), other.folded());
    one != other && (bones(&one) == bones(&other) || damerau_levenshtein(&one, &other) <= 2)
}

/// An address with letters that look like others: of several scripts, or a domain that reads like a common provider.
pub fn looks_like_another(address: &MailAddress) -> bool {
    let (shown, _) = idna::domain_to_unicode(address.domain());
    let looks = bones(&shown);
    let imitates = |(common, bones): &(&str, String)| shown != *common && looks == *bones;
    is_mixed(address.local()) || shown.split('.').any(is_mixed) || PROVIDER_BONES.iter().any(imitates)
}

/// Letters of several scripts in one word.
pub fn is_mixed(text: &str) -> bool {
    text.split_whitespace().any(|word| !word.is_single_script())
}

/// What a text looks like, whatever letters it is made of (UTS 39, 4).
fn bones(text: &str) -> String {
    skeleton(text).collect()
}

/// A local part as families, classes and offices have: a whole word of it, before any number.
pub fn is_shared_name(local: &str) -> bool {
    let local = local.to_lowercase();
    let mut parts = local.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty());
    let first = parts.next().unwrap_or_default();
    words::SHARED_NAMES.contains(first)
        || parts.any(|w| matches!(w, "family" | "keluarga" | "kelas" | "class" | "sekolah"))
}

/// A mailbox that a school or university runs, and can read.
pub fn is_school(domain: &str) -> bool {
    let ends = |suffix: &str| domain.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    ["sch.id", "ac.id", "belajar.id", "edu", "edu.my", "ac.uk", "edu.au", "edu.sg"].iter().any(|s| ends(s))
        || domain == "belajar.id"
}

/// A mailbox whose owner may only be able to say "never": others may read it.
pub fn may_be_shared(address: &MailAddress) -> bool {
    is_shared_name(address.local()) || is_school(address.domain())
}

/// Police, courts, press, lawyers.
pub fn is_official(domain: &str) -> bool {
    words::OFFICIAL_DOMAINS
        .iter()
        .any(|o| domain == o || domain.strip_suffix(o).is_some_and(|rest| rest.ends_with('.')))
        || domain.split(['.', '-']).any(|label| words::OFFICIAL_LABELS.contains(label))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> MailAddress {
        MailAddress::parse(text).unwrap()
    }

    #[test]
    fn slips_are_questioned_with_what_was_meant() {
        for (typed, meant) in [
            ("gmial.com", "gmail.com"),
            ("gmal.com", "gmail.com"),
            ("gmail.co", "gmail.com"),
            ("gmail.con", "gmail.com"),
            ("gnail.com", "gmail.com"),
            ("gamil.com", "gmail.com"),
            ("yaho.co.id", "yahoo.co.id"),
            ("yahooo.com", "yahoo.com"),
            ("hotmial.com", "hotmail.com"),
            ("outlok.co.id", "outlook.co.id"),
            ("iclould.com", "icloud.com"),
            ("smpn1bogor.shc.id", "smpn1bogor.sch.id"),
            ("smpn1bogor.sch.di", "smpn1bogor.sch.id"),
            ("smpn1bogor.schid", "smpn1bogor.sch.id"),
            ("ui.ac.di", "ui.ac.id"),
            ("ui.ca.id", "ui.ac.id"),
            ("mail.ugm.acid", "mail.ugm.ac.id"),
            ("telkomse.com", "telkomsel.com"),
            ("studnet.belajar.id", "student.belajar.id"),
        ] {
            assert_eq!(suggestion(typed).as_deref(), Some(meant), "{typed}");
        }
        assert_eq!(suggested_address(&address("Sari@gmial.com")).map(|a| a.text()).as_deref(), Some("Sari@gmail.com"));
    }

    #[test]
    fn real_domains_are_left_alone() {
        for real in [
            "mail.com",
            "email.com",
            "gmx.com",
            "gmx.net",
            "ymail.com",
            "ui.ac.id",
            "student.belajar.id",
            "guru.sma.belajar.id",
            "kemdikbud.go.id",
            "desa.id",
            "smpn1bogor.sch.id",
            "rumah.example",
            "lain.example",
            "proton.me",
            "web.id",
            "kotak.web.id",
            "example.org",
            "posteo.de",
            "live.com",
            "live.nl",
            "yahoo.co.uk",
            "hotmail.fr",
            "outlook.de",
            "yahoo.fr",
        ] {
            assert_eq!(suggestion(real), None, "{real}");
        }
    }

    #[test]
    fn letters_that_look_like_others() {
        assert!(looks_like_another(&address("sari@gm\u{430}il.com")));
        assert!(looks_like_another(&address("s\u{430}ri@example.org")));
        assert!(
            !looks_like_another(&address("sari@gmail.com")) && !looks_like_another(&address("sari@bücher.example"))
        );
        assert!(!looks_like_another(&address("سارة@example.org")));
        assert!(is_near(&address("sari@rumah.example"), &address("sarri@rumah.example")));
        assert!(is_near(&address("sari@rumah.example"), &address("sari@rurnah.example")));
        assert!(!is_near(&address("Sari@rumah.example"), &address("sari@rumah.example")), "one spelling of the same");
        assert!(!is_near(&address("orang@lain.example"), &address("sari@rumah.example")));
    }

    #[test]
    fn addresses_of_several_people_and_of_offices() {
        for shared in [
            "keluarga.budi@rumah.example",
            "family@x.org",
            "walikelas9b@x.org",
            "TU@x.org",
            "reception2@x.org",
            "kelas9b@x.org",
            "info@x.org",
            "budi@smpn1.sch.id",
        ] {
            assert!(may_be_shared(&address(shared)), "{shared}");
        }
        for own in ["informatika.sari@gmail.com", "sari@gmail.com", "timotius@gmail.com", "bintang.sore@rumah.example"]
        {
            assert!(!may_be_shared(&address(own)), "{own}");
        }
        assert!(
            is_official("reskrim.polri.go.id") && is_official("santoso-lawfirm.example") && is_official("kompas.com")
        );
        assert!(!is_official("lawang.example") && !is_official("gmail.com"));
    }

    proptest! {
        #[test]
        fn a_suggestion_is_itself_never_questioned(domain in "[a-z]{2,9}\\.(com|co\\.id|net|shc\\.id)") {
            if let Some(meant) = suggestion(&domain) {
                prop_assert_ne!(&meant, &domain);
                prop_assert_eq!(suggestion(&meant), None);
            }
        }

        #[test]
        fn no_text_makes_it_stumble(text in ".{0,40}") {
            let _ = (suggestion(&text), is_mixed(&text), is_shared_name(&text), is_school(&text), is_official(&text));
        }
    }
}
