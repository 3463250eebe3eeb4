//! What a mail is, tested in the order that keeps a dead address from hiding behind "auto-reply".

use super::layers::Layers;
use super::{Envelope, Kind, Report};
use crate::parse::{Letter, Outline};

pub(super) fn find(
    _outline: &Outline<'_>,
    _letter: &Letter,
    _envelope: &Envelope<'_>,
    layers: &Layers,
) -> (Kind, Vec<Report>) {
    let kind = match (&layers.forward, layers.is_reply) {
        (Some(_), _) => Kind::Forward,
        (None, true) => Kind::Reply,
        (None, false) => Kind::Letter,
    };
    (kind, Vec::new())
}
