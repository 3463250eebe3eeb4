//! What a client takes along: their letters as encrypted mails any PGP program reads, and the key to them.
//!
//! The key is made for this export, locked with the client's own secret, and of the kind GnuPG 2.2 imports. Each letter
//! becomes a PGP/MIME mail (RFC 3156) whose real subject is inside; the mails stand in one mbox file.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sequoia_openpgp as openpgp;

use openpgp::Result as PgpResult;
use openpgp::serialize::stream::{Armorer, Encryptor, LiteralWriter, Message, Recipient};
use openpgp::types::{Features, SymmetricAlgorithm};
use zeroize::Zeroizing;

use super::entity::{Author, Content, Entity, field};
use super::secret_lock::Secret;
use super::{Cert, NoUsableKey, gnupg};
use crate::chance::{self, Chance};
use crate::clock::Moment;
use crate::ids;
use crate::secret::{PlainBytes, PlainText};

/// Bytes of one line of base 64: 76 characters.
const LINE_BYTES: usize = 57;

/// A line of a mail, in bytes.
const LINE_BYTES_MAX: usize = 998;

/// One file beside an exported letter.
pub struct ExportedFile {
    /// Its name.
    pub name: PlainText,
    /// Its media type.
    pub media_type: String,
    /// Its content.
    pub bytes: PlainBytes,
}

/// One letter to export, opened.
pub struct ExportedLetter {
    /// The letter.
    pub letter: Entity,
    /// The files that came with it.
    pub files: Vec<ExportedFile>,
}

/// The key of one export.
pub struct ExportKey {
    whole: openpgp::Cert,
    cert: Cert,
}

impl ExportKey {
    /// A fresh key under a name that tells nothing.
    pub fn generate(now: Moment) -> Result<Self, NoUsableKey> {
        let whole = gnupg::generate("Letters <letters@export.invalid>", now)?;
        Ok(Self { cert: Cert::from_pgp(whole.clone()), whole })
    }

    /// The file `thread-key.asc`, locked with the client's secret in its normal form.
    pub fn to_armored(&self, secret: &Secret) -> Result<Zeroizing<Vec<u8>>, NoUsableKey> {
        gnupg::armored(&self.whole, Some(secret.bytes()))
    }

    /// The fingerprint, in capital hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        self.cert.fingerprint()
    }

    /// One letter as a mail, with lines that end in CR LF.
    pub fn mail(&self, letter: &ExportedLetter, chance: &dyn Chance) -> Result<Vec<u8>, NoUsableKey> {
        const WHY: NoUsableKey = NoUsableKey("a letter could not be encrypted for export");
        let armored = self.encrypt(&inside(letter, chance)).map_err(|_| WHY)?;
        let boundary = boundary(chance);
        let mut out = Vec::with_capacity(armored.len() + 2048);
        outer_headers(&mut out, &letter.letter, &boundary);
        let version = "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n";
        let body = "Content-Type: application/octet-stream; name=\"letter.asc\"\r\nContent-Disposition: inline; filename=\"letter.asc\"\r\n\r\n";
        push(&mut out, &["--", &boundary, "\r\n", version, "\r\n--", &boundary, "\r\n", body]);
        for line in armored.split(|b| *b == b'\n') {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
        push(&mut out, &["--", &boundary, "--\r\n"]);
        Ok(out)
    }

    fn encrypt(&self, plain: &[u8]) -> PgpResult<Vec<u8>> {
        let key = self.cert.encryption().ok_or_else(|| openpgp::Error::InvalidOperation("no key".into()))?;
        let mut out = Vec::with_capacity(plain.len() * 3 / 2 + 2048);
        let message = Armorer::new(Message::new(&mut out)).build()?;
        let reader = Recipient::new(Features::empty().set_seipdv1(), openpgp::KeyHandle::from(key.keyid()), key);
        let message =
            Encryptor::for_recipients(message, [reader]).symmetric_algo(SymmetricAlgorithm::AES256).build()?;
        let mut message = LiteralWriter::new(message).build()?;
        message.write_all(plain)?;
        message.finalize()?;
        Ok(out)
    }
}

/// Mails in one mbox file, oldest first as given: lines end in LF, and a line that could begin the next mail gets a
/// `>`.
pub fn mbox<'a>(mails: impl IntoIterator<Item = (Moment, &'a [u8])>) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, mail) in mails {
        push(&mut out, &["From letters@export.invalid ", &at.utc().format("%a %b %e %H:%M:%S %Y").to_string(), "\n"]);
        for line in mail.strip_suffix(b"\n").unwrap_or(mail).split(|b| *b == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let quoted = line.iter().position(|b| *b != b'>').unwrap_or(0);
            if line.get(quoted..).is_some_and(|l| l.starts_with(b"From ")) {
                out.push(b'>');
            }
            out.extend_from_slice(line);
            out.push(b'\n');
        }
        out.push(b'\n');
    }
    out
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

/// A line no letter contains: 128 random bits.
fn boundary(chance: &dyn Chance) -> String {
    ids::base32(&chance::bytes::<16>(chance))
}

fn common_headers(out: &mut Vec<u8>, letter: &Entity, subject: &str) {
    let who = match letter.author {
        Author::Client => "Client <client@export.invalid>",
        Author::Counselor => "Counselor <counselor@export.invalid>",
        Author::Machine => "Machine <machine@export.invalid>",
    };
    let date = letter.received.utc().to_rfc2822();
    push(
        out,
        &["Date: ", &date, "\r\nFrom: ", who, "\r\nTo: Letters <letters@export.invalid>\r\nSubject: ", subject, "\r\n"],
    );
}

fn outer_headers(out: &mut Vec<u8>, letter: &Entity, boundary: &str) {
    common_headers(out, letter, "...");
    let id = letter.letter.to_string();
    push(
        out,
        &[
            "Message-ID: <",
            &id,
            "@export.invalid>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/encrypted;\r\n protocol=\"application/pgp-encrypted\"; boundary=\"",
            boundary,
            "\"\r\n\r\n",
        ],
    );
}

/// The MIME entity inside the encryption.
fn inside(exported: &ExportedLetter, chance: &dyn Chance) -> Zeroizing<Vec<u8>> {
    let (letter, boundary) = (&exported.letter, boundary(chance));
    let files: usize =
        exported.files.iter().map(|f| f.bytes.reveal().len() * 3 / 2 + f.name.reveal().len() * 3 + 1024).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(
        letter.content.body().len() * 3 / 2 + letter.subject.reveal().len() * 3 + files + 4096,
    ));
    common_headers(&mut out, letter, &field::subject(letter.subject.reveal()));
    push(
        &mut out,
        &[
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; protected-headers=\"v1\"; boundary=\"",
            &boundary,
            "\"\r\n\r\n--",
            &boundary,
            "\r\n",
        ],
    );
    match &letter.content {
        Content::Text { text, .. } => {
            text_part(&mut out, text.reveal());
        }
        // A mail inside a mail may not be encoded (RFC 2046, 5.2.1): it stands as it came.
        Content::Mail { original } => {
            push(
                &mut out,
                &[
                    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: binary\r\nContent-Disposition: inline\r\n\r\n",
                ],
            );
            out.extend_from_slice(original.reveal());
            push(&mut out, &["\r\n"]);
        }
    }
    for file in &exported.files {
        let name = field::quiet(file.name.reveal());
        push(
            &mut out,
            &[
                "--",
                &boundary,
                "\r\nContent-Type: ",
                media_type(&file.media_type),
                "\r\nContent-Disposition: attachment;\r\n filename*=",
                &name,
            ],
        );
        push(&mut out, &["\r\nContent-Transfer-Encoding: base64\r\n\r\n"]);
        base64_lines(&mut out, file.bytes.reveal());
    }
    push(&mut out, &["--", &boundary, "--\r\n"]);
    out
}

/// A media type as a sender gave it, unless it could be anything else than one.
fn media_type(given: &str) -> &str {
    let token = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.+_".contains(&b));
    let fits = given.len() <= 120 && given.split_once('/').is_some_and(|(a, b)| token(a) && token(b));
    if fits { given } else { "application/octet-stream" }
}

/// The letter, readable as it stands, so that `gpg --decrypt` alone shows it. Only a line longer than mail allows
/// (RFC 5322, 2.1.1) makes it base 64.
fn text_part(out: &mut Vec<u8>, text: &str) {
    let fits = text.split('\n').all(|line| line.len() <= LINE_BYTES_MAX);
    let encoding = if fits { "8bit" } else { "base64" };
    push(out, &["Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ", encoding, "\r\n\r\n"]);
    if fits {
        for line in text.split('\n') {
            push(out, &[line.trim_end_matches('\r'), "\r\n"]);
        }
    } else {
        base64_lines(out, text.as_bytes());
    }
}

fn base64_lines(out: &mut Vec<u8>, bytes: &[u8]) {
    for chunk in bytes.chunks(LINE_BYTES) {
        let line = Zeroizing::new(STANDARD.encode(chunk));
        push(out, &[&line, "\r\n"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;
    use crate::ids::{LetterId, ThreadId};

    #[test]
    fn a_mail_stands_inside_as_it_came() {
        let original = b"Subject: x\r\n\r\nFrom here\non\r\n\0";
        let received = Moment::from_micros(1_795_000_000_000_000);
        let content = Content::Mail { original: PlainBytes::new(original.to_vec()) };
        let letter = Entity {
            thread: ThreadId::from([1; 16]),
            letter: LetterId::from([2; 16]),
            received,
            author: Author::Machine,
            subject: "x".into(),
            content,
            wrap: None,
        };
        let inside = inside(&ExportedLetter { letter, files: Vec::new() }, &SeededChance::new(1));
        assert!(inside.windows(original.len()).any(|w| w == original));
    }

    #[test]
    fn only_a_media_type_is_taken_for_one() {
        for given in ["", "image", "image/", "a/b\r\nX: y", "a/b; c=d", "a/b/c"] {
            assert_eq!(media_type(given), "application/octet-stream", "{given:?}");
        }
        assert_eq!(media_type("image/svg+xml"), "image/svg+xml");
    }
}
