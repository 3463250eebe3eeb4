//! Whose words a text holds: fresh ones, quoted ones, a forwarded mail.

use super::{Forward, Layer, LayerKind};
use crate::parse::Outline;

/// What was found in a text.
pub(super) struct Layers {
    pub(super) layers: Vec<Layer>,
    pub(super) forward: Option<Forward>,
    /// It answers something: a reply prefix, a quoted tail, a reference.
    pub(super) is_reply: bool,
}

/// Looks at the subject, the shown text and, for forwarded mail as a part, the outline.
pub(super) fn find(_outline: &Outline<'_>, _subject: &str, text: &str) -> Layers {
    let layers = if text.is_empty() { Vec::new() } else { vec![Layer { begin: 0, kind: LayerKind::Fresh }] };
    Layers { layers, forward: None, is_reply: false }
}
