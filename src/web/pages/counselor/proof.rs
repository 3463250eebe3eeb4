//! What was found out about who sent a held mail, in plain words and in technical ones.

use crate::provenance::{Provenance, Verdict, Witness};
use crate::texts::Texts;

/// Plain words, and the technical ones behind them.
pub(super) struct ProofView {
    pub(super) words: String,
    /// Name and outcome of each check; none where nobody checked.
    pub(super) checks: Vec<(&'static str, String)>,
}

pub(super) fn view(texts: Texts, found: Option<&Provenance>) -> ProofView {
    let Some(found) = found.filter(|f| f.witness != Witness::Nobody) else {
        return ProofView { words: texts.t("held-proof-unchecked"), checks: Vec::new() };
    };
    let key = match found.dmarc {
        _ if found.disowned() => "held-proof-disowned",
        Verdict::Pass => "held-proof-proven",
        _ => "held-proof-open",
    };
    let seen = found.view();
    let source = match found.witness {
        Witness::FrontServer => "held-proof-front",
        Witness::Ourselves | Witness::Nobody => "held-proof-ourselves",
    };
    let checks = vec![
        ("SPF", seen.spf.to_owned()),
        ("DKIM", seen.dkim.to_owned()),
        ("DMARC", format!("{}, p={}", seen.dmarc, seen.policy)),
        ("ARC", seen.arc.to_owned()),
        ("", texts.t(source)),
    ];
    ProofView { words: texts.t(key), checks }
}
