//! What a mail server in front of us wrote about a mail: Authentication-Results (RFC 8601) and its sealed form in ARC
//! chains (RFC 8617, 4.1.1).
//!
//! Anybody can write such a field. One is believed only when it names the server the house trusts, and only when it
//! stands above the `Received` lines that the server did not add itself. The server must remove fields of its own name
//! that come from outside (RFC 8601, 5); most do.

use super::{Policy, Provenance, Verdict, Witness};
use crate::parse::Head;

/// Fields longer than this are not read, in bytes.
const FIELD_BYTES_MAX: usize = 16 * 1024;
/// Seals of one chain that are read.
const SEALS_MAX: usize = 10;

/// The mail server whose word counts.
#[derive(Clone, Debug)]
pub struct Front {
    /// The name it puts first in its Authentication-Results.
    pub authserv_id: String,
    /// How many `Received` lines it adds: 1 for one server, more where a filter hands mails back.
    pub hops: usize,
}

/// What the front server found out, by its own account.
pub(super) fn stated(head: &Head<'_>, front: &Front) -> Option<Provenance> {
    let mut received = 0;
    let mut checks = Vec::new();
    let mut spoke = false;
    for (name, value) in head.fields() {
        if name.eq_ignore_ascii_case(b"Received") {
            received += 1;
            if received > front.hops {
                break;
            }
        } else if name.eq_ignore_ascii_case(b"Authentication-Results")
            && let Some(statement) = Statement::read(value)
            && statement.server.eq_ignore_ascii_case(&front.authserv_id)
        {
            spoke = true;
            checks.extend(statement.checks);
        }
    }
    spoke.then(|| summed_up(&checks))
}

fn summed_up(checks: &[Check]) -> Provenance {
    let of = |method: &'static str| checks.iter().filter(move |c| c.method == method);
    let first = |method| of(method).map(|c| c.verdict).next().unwrap_or_default();
    Provenance {
        witness: Witness::FrontServer,
        // A server may have looked at HELO too; the envelope sender is what counts.
        spf: of("spf").find(|c| c.property("smtp.mailfrom").is_some()).map_or_else(|| first("spf"), |c| c.verdict),
        dkim: best(of("dkim").map(|c| c.verdict)),
        dmarc: first("dmarc"),
        policy: of("dmarc").next().map(Check::policy).unwrap_or_default(),
        arc: first("arc"),
        arc_trusted: false,
    }
}

/// One signature that proves something is enough; one that could not be checked may have.
pub(super) fn best(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts
        .max_by_key(|v| match v {
            Verdict::None => 0,
            Verdict::Neutral => 1,
            Verdict::PermError => 2,
            Verdict::SoftFail => 3,
            Verdict::Fail => 4,
            Verdict::TempError => 5,
            Verdict::Pass => 6,
        })
        .unwrap_or_default()
}

/// Whether every sealer of the chain is one of `forwarders`, and the first of them saw the domain in From proven. That the
/// chain is unbroken is for others to say.
pub(super) fn sealed_by_trusted(head: &Head<'_>, forwarders: &[String]) -> bool {
    let (mut seals, mut proven) = (0, false);
    for (name, value) in head.fields() {
        if name.eq_ignore_ascii_case(b"ARC-Seal") {
            seals += 1;
            let domain = tag(value, "d").unwrap_or_default();
            if seals > SEALS_MAX || !forwarders.iter().any(|f| is_within(&domain, f)) {
                return false;
            }
        } else if name.eq_ignore_ascii_case(b"ARC-Authentication-Results") {
            proven |= is_first_and_proven(value);
        }
    }
    seals > 0 && proven
}

fn is_first_and_proven(value: &[u8]) -> bool {
    let Some(end) = value.iter().position(|b| *b == b';') else { return false };
    let (instance, rest) = value.split_at(end);
    tag(instance, "i").as_deref() == Some("1")
        && Statement::read(rest.get(1..).unwrap_or_default())
            .is_some_and(|s| s.checks.iter().any(|c| c.method == "dmarc" && c.verdict == Verdict::Pass))
}

/// Is it that domain or one below it?
fn is_within(domain: &str, parent: &str) -> bool {
    let (domain, parent) = (domain.to_ascii_lowercase(), parent.to_ascii_lowercase());
    domain == parent || domain.strip_suffix(&parent).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether every seal has each of its tags once, as RFC 8617, 4.1.3 and RFC 6376, 3.2 ask. The library takes the last of
/// two: a seal with two domains would be checked by one and trusted by the other.
pub(super) fn seals_are_plain(head: &Head<'_>) -> bool {
    let seals = head.fields().filter(|(name, _)| name.eq_ignore_ascii_case(b"ARC-Seal"));
    seals
        .map(|(_, value)| value)
        .all(|seal| ["a", "b", "cv", "d", "i", "s"].iter().all(|name| tag(seal, name).is_some()))
}

/// The value of `name=` in a list of tags (RFC 6376, 3.2), if it stands there once.
fn tag(value: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(value.get(..FIELD_BYTES_MAX).unwrap_or(value));
    let mut found = text.split(';').filter_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    });
    let first = found.next();
    if found.next().is_some() { None } else { first }
}

/// One Authentication-Results field.
struct Statement {
    server: String,
    checks: Vec<Check>,
}

/// One `method=result` with what belongs to it.
struct Check {
    method: String,
    verdict: Verdict,
    /// `ptype.property=value`, names in lower case.
    properties: Vec<(String, String)>,
    comments: String,
}

impl Statement {
    fn read(value: &[u8]) -> Option<Self> {
        if value.len() > FIELD_BYTES_MAX {
            return None;
        }
        let text = String::from_utf8_lossy(value);
        let mut clauses = clauses(&text).into_iter();
        let server = clauses.next()?.words.split_whitespace().next()?.to_owned();
        Some(Self { server, checks: clauses.filter_map(Check::read).collect() })
    }
}

impl Check {
    fn read(clause: Clause) -> Option<Self> {
        let mut pairs = clause.words.split_whitespace().filter_map(|word| word.split_once('='));
        let (method, result) = pairs.next()?;
        let method = method.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let properties = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Some(Self { method, verdict: verdict(result), properties, comments: clause.comments })
    }

    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The policy has no place in RFC 8601; servers write it as a property or into a comment.
    fn policy(&self) -> Policy {
        let in_comments = || {
            let pairs = self.comments.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
            pairs.filter_map(|pair| pair.split_once('=')).find(|(name, _)| matches!(*name, "p" | "policy"))
        };
        let named = ["policy.dmarc", "policy.published-domain-policy", "action"];
        let word = named
            .iter()
            .find_map(|name| self.property(name))
            .or_else(|| in_comments().map(|(_, value)| value))
            .unwrap_or_default()
            .to_ascii_lowercase();
        match word.as_str() {
            w if w.contains("reject") => Policy::Reject,
            w if w.contains("quarantine") => Policy::Quarantine,
            _ => Policy::None,
        }
    }
}

fn verdict(word: &str) -> Verdict {
    match word.to_ascii_lowercase().as_str() {
        "pass" => Verdict::Pass,
        "fail" | "hardfail" => Verdict::Fail,
        "softfail" => Verdict::SoftFail,
        "neutral" | "policy" => Verdict::Neutral,
        "temperror" | "error" => Verdict::TempError,
        "permerror" => Verdict::PermError,
        _ => Verdict::None,
    }
}

/// What stands between two semicolons: words, with `a = b` written as `a=b`, and the comments beside them.
#[derive(Default)]
struct Clause {
    words: String,
    comments: String,
}

/// Splits at semicolons that stand outside of comments and quotes (RFC 8601, 2.2; RFC 5322, 3.2.2 and 3.2.4).
fn clauses(text: &str) -> Vec<Clause> {
    let mut all = vec![Clause::default()];
    let (mut depth, mut quoted) = (0_usize, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let Some(clause) = all.last_mut() else { break };
        // Blanks of a quoted value must not divide it; nothing we read holds any.
        let visible = |c: char| if c.is_whitespace() { '_' } else { c };
        match c {
            '\\' if depth > 0 || quoted => {
                let next = chars.next().unwrap_or_default();
                if depth > 0 { clause.comments.push(next) } else { clause.words.push(visible(next)) }
            }
            '(' if !quoted => {
                depth += 1;
                clause.comments.push(' ');
                clause.words.push(' ');
            }
            ')' if depth > 0 && !quoted => depth -= 1,
            c if depth > 0 => clause.comments.push(c),
            '"' => quoted = !quoted,
            c if quoted => clause.words.push(visible(c)),
            ';' => all.push(Clause::default()),
            c => clause.words.push(c),
        }
    }
    for clause in &mut all {
        clause.words = joined(&clause.words);
    }
    all
}

/// Without the blanks around `=` and `/`.
fn joined(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for word in words.split_whitespace() {
        let glued = out.ends_with(['=', '/']) || word.starts_with(['=', '/']);
        if !out.is_empty() && !glued {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
#[path = "results_tests.rs"]
mod tests;
