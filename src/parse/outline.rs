//! A mail's header fields and parts, for the steps that judge it: what it is, who sent it, whether it is encrypted.

use std::borrow::Cow;

use super::scan::{self, Map, Part};
use super::{Problems, Unreadable, charset, dimensions, fields, guarded, html, letter, text};
use crate::address::MailAddress;
use crate::limits::LETTER_TEXT_BYTES_MAX;
use crate::secret::PlainText;

/// An address in a header field with the name before it. No `Debug`.
#[derive(Clone)]
pub struct Mailbox {
    /// The name, one safe line.
    pub name: Option<String>,
    /// The address.
    pub address: MailAddress,
}

/// A mail as a tree of parts. Part 0 is the mail itself. No `Debug`: it is plaintext.
pub struct Outline<'a> {
    map: Map<'a>,
}

impl<'a> Outline<'a> {
    /// Finds the parts within the limits of a mail.
    pub fn read(raw: &'a [u8]) -> Result<Self, Unreadable> {
        guarded(|| Ok(Self { map: scan::scan(raw, &mut Problems::default())? }))
    }

    /// The whole mail as received.
    pub fn raw(&self) -> &'a [u8] {
        self.map.raw
    }

    /// The decoded values of a header field of the mail, in order, each one safe line.
    pub fn values(&self, name: &str) -> Vec<String> {
        self.map.values(name).map(fields::plain).collect()
    }

    /// The first value of a header field of the mail.
    pub fn value(&self, name: &str) -> Option<String> {
        self.map.values(name).next().map(fields::plain)
    }

    /// The mailboxes in all fields of a name, `To` for example. Nothing in them is proven.
    pub fn mailboxes(&self, name: &str) -> Vec<Mailbox> {
        self.map.values(name).flat_map(fields::mailboxes).take(fields::MAILBOXES_MAX).collect()
    }

    /// The values of a header field as they stand in the mail, folds included.
    pub fn raw_values<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'a [u8]> + 'm {
        self.map.values(name)
    }

    /// All parts, in the order they stand in the mail; a multipart stands before its children.
    pub fn parts(&self) -> impl Iterator<Item = PartView<'_, 'a>> {
        self.map.parts().iter().map(|part| PartView { map: &self.map, part })
    }

    /// The mail itself as a part.
    pub fn root(&self) -> Option<PartView<'_, 'a>> {
        self.parts().next()
    }
}

/// One part of a mail.
#[derive(Clone, Copy)]
pub struct PartView<'m, 'a> {
    map: &'m Map<'a>,
    part: &'m Part,
}

impl<'m, 'a> PartView<'m, 'a> {
    /// `type/subtype` in lower case.
    pub fn media_type(&self) -> &'m str {
        &self.part.media.kind
    }

    /// Whether it was sent as a file (Content-Disposition: attachment).
    pub fn is_attachment(&self) -> bool {
        self.part.media.attachment
    }

    /// The file name it carries.
    pub fn name(&self) -> Option<&'m str> {
        self.part.media.name.as_deref()
    }

    /// The parts directly below it.
    pub fn children(&self) -> impl Iterator<Item = Self> + use<'m, 'a> {
        let map = self.map;
        self.part.children.iter().filter_map(|i| map.part(*i)).map(move |part| Self { map, part })
    }

    /// The decoded values of one of its own header fields.
    pub fn values(&self, name: &str) -> Vec<String> {
        self.map.values_of(self.part, name).map(fields::plain).collect()
    }

    /// The body as it stands in the mail.
    pub fn body(&self) -> &'a [u8] {
        self.map.body(self.part)
    }

    /// The part with its header fields as it stands in the mail: what a signature covers (RFC 1847).
    pub fn whole(&self) -> &'a [u8] {
        self.map.whole(self.part)
    }

    /// The body without its transfer encoding.
    pub fn decoded(&self) -> Cow<'a, [u8]> {
        letter::decoded(self.map, self.part, &mut Problems::default())
    }

    /// Width and height of a picture, from the beginning of its bytes.
    pub fn picture_size(&self) -> Option<(u32, u32)> {
        // Four bytes of base64 stand for three, and some more for line ends.
        let body = self.body();
        let head = body.get(..dimensions::HEAD_BYTES * 3 / 2).unwrap_or(body);
        dimensions::size(&letter::decode(head, self.part.media.encoding, &mut Problems::default()))
    }

    /// A text part as it reads: charset decoded, HTML turned to text, cut to what is shown.
    pub fn text(&self) -> PlainText {
        let bytes = self.decoded();
        let written = charset::decode(&bytes, self.part.media.charset.as_deref(), &mut Problems::default());
        let written = PlainText::new(written);
        let mut out = String::new();
        if self.part.media.kind == "text/html" {
            let (readable, _) = html::to_text(written.reveal(), LETTER_TEXT_BYTES_MAX);
            text::clean(PlainText::new(readable).reveal(), &mut out, LETTER_TEXT_BYTES_MAX);
        } else {
            text::clean(written.reveal(), &mut out, LETTER_TEXT_BYTES_MAX);
        }
        PlainText::new(out)
    }

    /// A text part with its charset decoded and nothing else: HTML stays markup.
    pub fn source(&self) -> PlainText {
        let bytes = self.decoded();
        PlainText::new(charset::decode(&bytes, self.part.media.charset.as_deref(), &mut Problems::default()))
    }
}
