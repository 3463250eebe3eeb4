//! What a sealed letter contains: a MIME entity with protected headers, and the ids of its row.
//!
//! The headers are written and read by this file alone, so reading is strict: an unknown, missing or repeated line is
//! damage. The body follows verbatim: a mail as received comes back byte for byte.

use zeroize::Zeroizing;

use super::{Damaged, Wrap};
use crate::clock::Moment;
use crate::ids::{AttachmentId, LetterId, ThreadId};
use crate::secret::{PlainBytes, PlainText};

pub(super) mod field;

const TEXT_TYPE: &str = "text/plain; charset=utf-8; protected-headers=\"v1\"";
const MAIL_TYPE: &str = "message/rfc822; protected-headers=\"v1\"";
const WRAP_FIELD: &str = "Merpati-Wrap";
/// Lines before the body are bounded when read; five files and a subject need far fewer.
const LINES_MAX: usize = 100;

/// Who wrote a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The client.
    Client,
    /// A counselor.
    Counselor,
    /// A machine: a bounce or an automatic answer.
    Machine,
}

impl Author {
    const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Counselor => "counselor",
            Self::Machine => "machine",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Client, Self::Counselor, Self::Machine].into_iter().find(|a| a.name() == name)
    }
}

/// A file that came with a letter; its bytes are sealed beside it.
pub struct AttachmentInfo {
    /// The row of its bytes.
    pub id: AttachmentId,
    /// The name it was given.
    pub name: PlainText,
    /// The media type, for example `image/jpeg`.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
}

/// What was written.
pub enum Content {
    /// A letter's text, from the web form or a reading copy of a large mail.
    Text {
        /// The text, kept byte for byte.
        text: PlainText,
        /// The files that came with it.
        attachments: Vec<AttachmentInfo>,
    },
    /// A mail as received.
    Mail {
        /// All of it, kept byte for byte.
        original: PlainBytes,
    },
}

impl Content {
    pub(super) fn body(&self) -> &[u8] {
        match self {
            Self::Text { text, .. } => text.reveal().as_bytes(),
            Self::Mail { original } => original.reveal(),
        }
    }
}

/// A letter in the clear, between a door and the seal, or between the seal and a page.
pub struct Entity {
    /// The thread it belongs to.
    pub thread: ThreadId,
    /// Its own id.
    pub letter: LetterId,
    /// When it was received or written.
    pub received: Moment,
    /// Who wrote it.
    pub author: Author,
    /// The subject; outside the seal there is none.
    pub subject: PlainText,
    /// What was written.
    pub content: Content,
    /// How the mail was wrapped when it came; `None` for letters from forms and for plain mails.
    pub wrap: Option<Wrap>,
}

/// Everything before the body, with the empty line.
pub(super) fn head(letter: &Entity) -> Zeroizing<Vec<u8>> {
    let attachments: &[AttachmentInfo] = match &letter.content {
        Content::Text { attachments, .. } => attachments,
        Content::Mail { .. } => &[],
    };
    let written: usize = attachments.iter().map(|a| a.name.reveal().len() * 2 + 300).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(1024 + letter.subject.reveal().len() * 3 + written));
    let content_type = if matches!(letter.content, Content::Text { .. }) { TEXT_TYPE } else { MAIL_TYPE };
    line(&mut out, "Content-Type", content_type);
    // Neither text nor mail is touched, so nothing is promised about its lines.
    line(&mut out, "Content-Transfer-Encoding", "binary");
    line(&mut out, "Merpati-Thread", &letter.thread.to_string());
    line(&mut out, "Merpati-Letter", &letter.letter.to_string());
    line(&mut out, "Merpati-Received", &letter.received.micros().to_string());
    line(&mut out, "Merpati-Author", letter.author.name());
    line(&mut out, "Subject", &field::subject(letter.subject.reveal()));
    if let Some(wrap) = &letter.wrap {
        line(&mut out, WRAP_FIELD, &wrap.line());
    }
    for a in attachments {
        let (media_type, name) = (field::quiet(&a.media_type), field::quiet(a.name.reveal()));
        line(
            &mut out,
            "Merpati-Attachment",
            &Zeroizing::new(format!("{} {} {} {}", a.id, a.bytes, *media_type, *name)),
        );
    }
    out.extend_from_slice(b"\r\n");
    out
}

fn line(out: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

const WHY: Damaged = Damaged("the letter inside is not one of ours");

/// Reads what [`head`] and the body make together.
pub(super) fn parse(plain: &[u8]) -> Result<Entity, Damaged> {
    let (lines, body) = lines(plain)?;
    let mut lines = lines.peekable();
    let mut next = |name: &str| lines.next().filter(|(n, _)| *n == name).map(|(_, v)| v).ok_or(WHY);
    let content_type = next("Content-Type")?;
    if &*next("Content-Transfer-Encoding")? != "binary" {
        return Err(WHY);
    }
    let thread = next("Merpati-Thread")?.parse().map_err(|_| WHY)?;
    let letter = next("Merpati-Letter")?.parse().map_err(|_| WHY)?;
    let received = Moment::from_micros(next("Merpati-Received")?.parse().map_err(|_| WHY)?);
    let author = Author::from_name(&next("Merpati-Author")?).ok_or(WHY)?;
    let subject = PlainText::new(field::from_subject(&next("Subject")?).ok_or(WHY)?);
    let wrap = lines.next_if(|(name, _)| *name == WRAP_FIELD).map(|(_, value)| Wrap::from_line(&value)).transpose()?;
    let attachments: Vec<_> = lines
        .map(|(name, value)| if name == "Merpati-Attachment" { attachment(&value) } else { Err(WHY) })
        .collect::<Result<_, _>>()?;
    let content = match &**content_type {
        TEXT_TYPE => {
            Content::Text { text: PlainText::new(String::from_utf8(body.to_vec()).map_err(|_| WHY)?), attachments }
        }
        MAIL_TYPE if attachments.is_empty() => Content::Mail { original: PlainBytes::new(body.to_vec()) },
        _ => return Err(WHY),
    };
    Ok(Entity { thread, letter, received, author, subject, content, wrap })
}

type Line<'a> = (&'a str, Zeroizing<String>);

/// The header lines, unfolded, and what follows the empty line.
fn lines(plain: &[u8]) -> Result<(impl Iterator<Item = Line<'_>>, &[u8]), Damaged> {
    let mut out: Vec<Line<'_>> = Vec::new();
    let mut rest = plain;
    for _ in 0..LINES_MAX {
        let end = rest.windows(2).position(|w| w == b"\r\n").ok_or(WHY)?;
        let (text, tail) = rest.split_at_checked(end).ok_or(WHY)?;
        rest = tail.get(2..).ok_or(WHY)?;
        let text = std::str::from_utf8(text).map_err(|_| WHY)?;
        if text.is_empty() {
            return Ok((out.into_iter(), rest));
        }
        if text.starts_with(' ') {
            out.last_mut().ok_or(WHY)?.1.push_str(text);
        } else {
            let (name, value) = text.split_once(": ").ok_or(WHY)?;
            out.push((name, Zeroizing::new(value.to_owned())));
        }
    }
    Err(WHY)
}

fn attachment(value: &str) -> Result<AttachmentInfo, Damaged> {
    let mut parts = value.split(' ');
    let mut next = || parts.next().ok_or(WHY);
    let id = next()?.parse().map_err(|_| WHY)?;
    let bytes = next()?.parse().map_err(|_| WHY)?;
    let media_type = field::from_quiet(next()?).ok_or(WHY)?;
    let name = PlainText::new(field::from_quiet(next()?).ok_or(WHY)?);
    if parts.next().is_none() { Ok(AttachmentInfo { id, name, media_type, bytes }) } else { Err(WHY) }
}
