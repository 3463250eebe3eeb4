//! What a mail is, and which of its words are new: `Outline -> Nature`.
//!
//! Pure and total: any bytes that have an outline have a nature. Nothing here decides whether a mail may enter; `screen`
//! does, from what this finds.

mod address;
mod dsn;
mod facts;
mod kinds;
mod layers;
mod notice;
mod phrases;
mod protection;
mod ses;
mod status;
mod wording;

pub use protection::{Encryption, Protection, protection};

use crate::parse::{Letter, Outline};
use crate::secret::PlainText;

/// What a mail is. The order of the tests matters and lies in `kinds`: a bounce often calls itself an auto-reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Somebody writes.
    Letter,
    /// Somebody answers: the text before it may be quoted below.
    Reply,
    /// Somebody passes on what another person wrote.
    Forward,
    /// It could not be delivered, for good.
    Bounce,
    /// It has not been delivered yet.
    Delay,
    /// It was delivered, relayed or expanded (RFC 3464).
    Report,
    /// A program answered: holiday note, acknowledgement (RFC 3834).
    AutoReply,
    /// It came through a mailing list or in bulk.
    List,
    /// It was displayed or deleted (RFC 8098).
    Receipt,
    /// An abuse report (RFC 5965).
    Feedback,
    /// "Prove that you are a person before I deliver."
    Challenge,
    /// An invitation or an answer to one, and nothing else (RFC 5546).
    Calendar,
    /// Our own mail comes back.
    Own,
}

impl Kind {
    /// The word in `check mail`, in tables and in text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::Reply => "reply",
            Self::Forward => "forward",
            Self::Bounce => "bounce",
            Self::Delay => "delay",
            Self::Report => "report",
            Self::AutoReply => "auto-reply",
            Self::List => "list",
            Self::Receipt => "receipt",
            Self::Feedback => "feedback",
            Self::Challenge => "challenge",
            Self::Calendar => "calendar",
            Self::Own => "own",
        }
    }

    /// Whether a person wrote it to somebody.
    pub const fn is_human(self) -> bool {
        matches!(self, Self::Letter | Self::Reply | Self::Forward)
    }
}

/// What happened to a mail at one recipient (RFC 3464).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It will never arrive.
    Failed,
    /// It has not arrived yet.
    Delayed,
    /// It has arrived.
    Delivered,
    /// It went on to a server that sends no reports.
    Relayed,
    /// It was handed to several others.
    Expanded,
}

impl Action {
    /// The word of RFC 3464.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }
}

/// What a report says about one recipient. No `Debug`: it holds an address.
#[derive(Clone)]
pub struct Report {
    /// Whom it is about; `None` when the report does not say.
    pub recipient: Option<PlainText>,
    /// What happened.
    pub action: Action,
    /// Enhanced status code (RFC 3463) as `5.1.1`; `None` when nothing says or implies one.
    pub status: Option<String>,
    /// Another try is useless: no such mailbox, no such domain. A full mailbox is not.
    pub hard: bool,
}

/// What stands at the head of a forwarded mail. No `Debug`: it is plaintext.
#[derive(Clone, Default)]
pub struct Forward {
    /// Address of its author.
    pub from: Option<PlainText>,
    /// Name of its author.
    pub from_name: Option<PlainText>,
    /// To whom it went: addresses, or names where there is no address.
    pub to: Vec<PlainText>,
    /// Who had a copy.
    pub cc: Vec<PlainText>,
    /// Its date, as written.
    pub date: Option<PlainText>,
    /// Its subject.
    pub subject: Option<PlainText>,
    /// How many mails lie in each other, this one included.
    pub depth: usize,
}

/// Whose words a stretch of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// The sender's own, new.
    Fresh,
    /// The sender's name and address below the letter.
    Signature,
    /// An earlier letter, quoted.
    Quoted,
    /// Somebody else's mail, passed on.
    Forwarded,
}

/// A stretch of [`Letter::text`], in bytes from `begin` to the next layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Where it begins in the text; on a character's boundary.
    pub begin: usize,
    /// Whose words it is.
    pub kind: LayerKind,
}

/// What a mail was found to be.
pub struct Nature {
    /// What it is.
    pub kind: Kind,
    /// What it reports, for `Bounce`, `Delay` and `Report`; may be empty where the wording named nobody.
    pub reports: Vec<Report>,
    /// The outermost forwarded mail.
    pub forward: Option<Forward>,
    /// The text's layers in order, without gaps; empty when there is no text.
    pub layers: Vec<Layer>,
}

impl Nature {
    /// Of a mail nobody could look at.
    pub const fn unknown() -> Self {
        Self { kind: Kind::Letter, reports: Vec::new(), forward: None, layers: Vec::new() }
    }

    /// The new words of a letter's text: display only, the original stays as received.
    pub fn fresh(&self, text: &str) -> PlainText {
        let own = PlainText::new(layers::fresh(&self.layers, text));
        PlainText::new(own.reveal().trim().to_owned())
    }
}

/// What is known of a mail beside its bytes.
#[derive(Clone, Copy, Default)]
pub struct Envelope<'a> {
    /// The empty envelope sender of machines (RFC 5321 4.5.5).
    pub null_sender: bool,
    /// The domain of the house, lower-case ASCII: mail that says it was sent by it is our own coming back.
    pub our_domain: &'a str,
}

/// Looks at a mail that was read.
pub fn classify(outline: &Outline<'_>, letter: &Letter, envelope: &Envelope<'_>) -> Nature {
    let layers = layers::find(outline, letter.subject.reveal(), letter.text.reveal());
    let (kind, reports) = kinds::find(outline, letter, envelope, &layers);
    Nature { kind, reports, forward: layers.forward, layers: layers.layers }
}

/// Whose words a letter's text holds, for a page that shows it.
pub struct Voices {
    /// As [`Nature::layers`].
    pub layers: Vec<Layer>,
    /// As [`Nature::forward`].
    pub forward: Option<Forward>,
}

impl Voices {
    /// A text nobody else's words are in.
    pub fn of_one(text: &str) -> Self {
        let layers = if text.is_empty() { Vec::new() } else { vec![Layer { begin: 0, kind: LayerKind::Fresh }] };
        Self { layers, forward: None }
    }
}

/// The voices of a mail.
pub fn voices(letter: &Letter) -> Voices {
    let (subject, text) = (letter.subject.reveal(), letter.text.reveal());
    let Ok(outline) = Outline::read(letter.raw.bytes()) else { return voices_of_text(subject, text) };
    let found = layers::find(&outline, subject, text);
    Voices { layers: found.layers, forward: found.forward }
}

/// The voices of a text of which no more is known: a web form's, or the reading copy of a large mail.
pub fn voices_of_text(subject: &str, text: &str) -> Voices {
    let found = layers::find_in_text(subject, text);
    Voices { layers: found.layers, forward: found.forward }
}
