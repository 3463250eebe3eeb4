//! How a mail is encrypted or signed, by its structure alone: nothing is opened.

use crate::parse::Outline;

/// Lines of a text in which armor is looked for.
const LINES_MAX: usize = 20_000;

/// How a mail is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// It is not.
    None,
    /// RFC 3156, also where a mail server took the outer parts apart.
    PgpMime,
    /// Armor in the text.
    PgpInline,
    /// RFC 8551.
    Smime,
}

impl Encryption {
    /// The word in `check mail`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PgpMime => "pgp-mime",
            Self::PgpInline => "pgp-inline",
            Self::Smime => "smime",
        }
    }
}

/// How a mail is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Whether it must be opened with a key.
    pub encryption: Encryption,
    /// Whether it carries a signature that can be seen without opening it.
    pub signed: bool,
}

/// Looks at the parts of a mail and at its shown text.
pub fn protection(outline: &Outline<'_>, text: &str) -> Protection {
    let mut found = Protection { encryption: Encryption::None, signed: false };
    for part in outline.parts() {
        match part.media_type() {
            "multipart/encrypted" | "application/pgp-encrypted" => found.encryption = Encryption::PgpMime,
            "multipart/signed" => found.signed = true,
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => match smime_type(&part.values("Content-Type")) {
                Smime::Signed => found.signed = true,
                Smime::Other => {}
                Smime::Enveloped if found.encryption == Encryption::None => found.encryption = Encryption::Smime,
                Smime::Enveloped => {}
            },
            _ => {}
        }
    }
    if found.encryption == Encryption::None && armored(text, "-----BEGIN PGP MESSAGE-----") {
        found.encryption = Encryption::PgpInline;
    }
    let inline = text.lines().take(LINES_MAX).any(|l| l.trim_end() == "-----BEGIN PGP SIGNED MESSAGE-----");
    found.signed |= inline && armored(text, "-----BEGIN PGP SIGNATURE-----");
    found
}

enum Smime {
    Enveloped,
    Signed,
    Other,
}

fn smime_type(values: &[String]) -> Smime {
    let value = values.first().map(|v| v.to_ascii_lowercase()).unwrap_or_default();
    if value.contains("signed-data") {
        Smime::Signed
    } else if value.contains("certs-only") || value.contains("compressed-data") {
        Smime::Other
    } else {
        Smime::Enveloped
    }
}

/// Whether armor with this first line stands in a text: the line, header lines, an empty line, and then base64. The line
/// alone is a mail about PGP.
fn armored(text: &str, begin: &str) -> bool {
    let mut lines = text.lines().take(LINES_MAX).skip_while(|l| l.trim_end() != begin).skip(1);
    lines.find(|l| !l.trim().is_empty() && !l.contains(": ")).is_some_and(|l| {
        let data = l.trim();
        data.len() >= 16 && data.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
    })
}
