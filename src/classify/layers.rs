//! Whose words a text holds: fresh ones, quoted ones, a forwarded mail.
//!
//! One walk over the lines. At each that is not yet claimed it asks: does a divider, a block of header lines or an
//! attribution begin here? The first of them, together with the subject's outermost prefix, says whether an earlier letter
//! is answered or passed on. What the subject says alone is never enough: `TR`, `RES` and `I` also begin ordinary ones.

mod attribution;
mod block;
mod divider;
mod labels;
mod lines;
mod people;
mod prefix;
mod walk;
mod wording;

pub(super) use self::lines::has_moment;
use self::people::{people, person};
pub(super) use self::prefix::Way;
use self::walk::Known;
use super::{Forward, Layer, LayerKind};
use crate::parse::{Outline, PartView};
use crate::secret::{PlainBytes, PlainText};

/// Longest text below a forwarding subject that counts as "see what I pass on", in characters.
const REMARK_CHARS_MAX: usize = 280;
/// Deepest mail in a mail that is looked into.
const NESTING_MAX: usize = 8;

/// What was found in a text.
pub(super) struct Layers {
    pub(super) layers: Vec<Layer>,
    pub(super) forward: Option<Forward>,
    /// It answers something: a reply prefix, a quoted tail, a reference.
    pub(super) is_reply: bool,
    /// The subject's outermost prefix.
    pub(super) way: Option<Way>,
}

impl Layers {
    /// The sender's own words.
    pub(super) fn fresh(&self, text: &str) -> String {
        fresh(&self.layers, text)
    }
}

/// The words of the layers that are the sender's own.
pub(super) fn fresh(layers: &[Layer], text: &str) -> String {
    let mut out = String::new();
    for (n, layer) in layers.iter().enumerate() {
        if layer.kind == LayerKind::Fresh {
            let end = layers.get(n + 1).map_or(text.len(), |next| next.begin);
            out.push_str(text.get(layer.begin..end).unwrap_or_default());
        }
    }
    out
}

/// Looks at the subject, the shown text and, for forwarded mail as a part, the outline.
pub(super) fn find(outline: &Outline<'_>, subject: &str, text: &str) -> Layers {
    let values = |names: &[&str]| -> Vec<String> {
        names.iter().flat_map(|name| outline.values(name)).flat_map(|v| people(&v)).map(|a| a.to_lowercase()).collect()
    };
    let prefixed = prefix::read(subject);
    let threaded = outline.value("In-Reply-To").is_some() || outline.value("References").is_some();
    let known = Known {
        way: prefixed.way,
        subject: prefixed.rest,
        authors: &values(&["From"]),
        recipients: &values(&["To", "Cc"]),
        threaded,
    };
    let mut found = of_text(&known, text);
    if found.forward.is_none() {
        found.forward = attached(outline, 0);
    }
    let short = text.chars().nth(REMARK_CHARS_MAX).is_none();
    if found.forward.is_none() && known.way == Some(Way::Forward) && short && !found.is_reply {
        let subject = (!known.subject.is_empty()).then(|| PlainText::from(known.subject));
        found.forward = Some(Forward { subject, depth: 1, ..Forward::default() });
    }
    found.is_reply |= threaded || known.way == Some(Way::Reply);
    found
}

/// Looks at a subject and a text alone.
pub(super) fn find_in_text(subject: &str, text: &str) -> Layers {
    let prefixed = prefix::read(subject);
    let known = Known { way: prefixed.way, subject: prefixed.rest, authors: &[], recipients: &[], threaded: false };
    of_text(&known, text)
}

/// The layers of a text under what the header fields say.
fn of_text(known: &Known<'_>, text: &str) -> Layers {
    if text.is_empty() {
        return Layers { layers: Vec::new(), forward: None, is_reply: false, way: known.way };
    }
    walk::walk(known, text)
}

/// A mail passed on as a part of this one. It is shown as a file, so no layer is its. Reports hold the mail they are about
/// in the same way.
fn attached(outline: &Outline<'_>, nesting: usize) -> Option<Forward> {
    let reports = |root: PartView<'_, '_>| matches!(root.media_type(), "multipart/report" | "multipart/digest");
    if nesting > NESTING_MAX || outline.root().is_none_or(reports) {
        return None;
    }
    let is_mail = |part: &PartView<'_, '_>| matches!(part.media_type(), "message/rfc822" | "message/global");
    let part = outline.parts().find(is_mail)?;
    let raw = PlainBytes::new(part.decoded().into_owned());
    let inner = Outline::read(raw.reveal()).ok()?;
    let value = |name: &str| inner.value(name).filter(|v| !v.is_empty());
    let list = |name: &str| inner.values(name).iter().flat_map(|v| people(v)).map(PlainText::new).collect();
    let from = person(&value("From").unwrap_or_default());
    Some(Forward {
        from: from.address.map(PlainText::new),
        from_name: from.name.map(PlainText::new),
        to: list("To"),
        cc: list("Cc"),
        date: value("Date").map(PlainText::new),
        subject: value("Subject").map(PlainText::new),
        depth: 1 + attached(&inner, nesting + 1).map_or(0, |f| f.depth),
    })
}

#[cfg(test)]
mod tests;
