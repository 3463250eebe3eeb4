//! Decides which parts are read as the letter and which are its files, from the structure alone.

use super::scan::{Map, Part};

/// Parts by their index in the map, in the order they stand in the mail.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) texts: Vec<usize>,
    pub(super) files: Vec<usize>,
}

/// Walks the tree. Its depth is bounded by the scan, so recursion is.
pub(super) fn plan(map: &Map<'_>) -> Plan {
    let mut plan = Plan::default();
    walk(map, 0, true, &mut plan);
    plan
}

fn walk(map: &Map<'_>, index: usize, show: bool, plan: &mut Plan) {
    let Some(part) = map.part(index) else { return };
    if part.children.is_empty() {
        let first = plan.texts.is_empty() && plan.files.is_empty();
        match (is_text(part, first), show) {
            (true, true) => plan.texts.push(index),
            (true, false) => {}
            (false, _) => plan.files.push(index),
        }
        return;
    }
    let chosen = if part.media.kind == "multipart/alternative" { choose(map, part) } else { None };
    for &child in &part.children {
        walk(map, child, show && chosen.is_none_or(|c| c == child), plan);
    }
}

/// The alternative to read: the first that holds plain text, else the last that holds HTML, else all.
fn choose(map: &Map<'_>, part: &Part) -> Option<usize> {
    let holds = |kind: &str, child: &usize| has_text(map, *child, kind);
    part.children
        .iter()
        .find(|c| holds("text/plain", c))
        .or_else(|| part.children.iter().rfind(|c| holds("text/html", c)))
        .copied()
}

fn has_text(map: &Map<'_>, index: usize, kind: &str) -> bool {
    map.part(index).is_some_and(|part| {
        if part.children.is_empty() {
            part.media.kind == kind && is_text(part, false) && !map.body(part).trim_ascii().is_empty()
        } else {
            part.children.iter().any(|child| has_text(map, *child, kind))
        }
    })
}

/// Whether a leaf is read as part of the letter. A name makes it a file, unless it is the first leaf of the mail: some
/// programs name the letter itself.
fn is_text(part: &Part, first: bool) -> bool {
    let media = &part.media;
    matches!(media.kind.as_str(), "text/plain" | "text/html") && !media.attachment && (media.name.is_none() || first)
}
