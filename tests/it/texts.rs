//! Every sentence has a place where it is said, and every place has its sentence, in both languages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Beginnings of keys that are put together while the program runs, and who puts them together.
const COMPUTED: &[(&str, &str)] = &[
    ("held-code-", "web/pages/counselor/held.rs"),
    ("thread-says-", "web/pages/counselor/beside_it.rs"),
    ("hint-title-", "web/pages/client/hint.rs"),
    ("hint-text-", "web/pages/client/hint.rs"),
    ("hint-answer-", "web/pages/client/hint.rs"),
    ("refusal-", "web/refusal.rs"),
    ("day-", "web/pages/operator/desk.rs"),
    ("staff-role-", "web/pages/staff/invitation.rs"),
    ("mailbox-state-", "web/pages/client/mailbox.rs"),
    ("held-why-", "web/pages/counselor/held.rs"),
    ("held-reason-", "web/pages/counselor/queue.rs"),
    ("queue-tab-", "web/pages/counselor/queue.rs"),
    ("queue-empty-", "web/pages/counselor/queue.rs"),
    ("counselor-done-", "web/pages/counselor/mod.rs"),
    ("mail-", "outbox/compose.rs"),
    ("pgp-lock-", "web/wraps.rs"),
    ("pgp-signed-", "web/wraps.rs"),
    ("letters-key-", "web/pages/client/letters.rs"),
    ("trail-did-", "web/pages/client/trail.rs"),
    ("guard-why-", "web/pages/counselor/guard_view.rs"),
];

/// Key, and the names of the values in its text.
type Texts = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All texts of a language, and the keys that stand twice.
fn texts(language: &str) -> (Texts, Vec<String>) {
    let (mut all, mut twice) = (Texts::new(), Vec::new());
    for (_, file) in files(&root().join("templates/lang").join(language), "ftl") {
        let mut key = String::new();
        for line in file.lines() {
            if line.starts_with(|c: char| c.is_ascii_lowercase())
                && let Some((head, _)) = line.split_once(" =")
            {
                head.clone_into(&mut key);
                if all.insert(key.clone(), BTreeSet::new()).is_some() {
                    twice.push(key.clone());
                }
            }
            let names = line.split('$').skip(1).map(|rest| {
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect::<String>()
            });
            all.entry(key.clone()).or_default().extend(names);
        }
    }
    all.remove("");
    (all, twice)
}

/// Path and content of every file with this ending.
fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            let content = fs::read_to_string(&path).unwrap();
            all.push((path.strip_prefix(root()).unwrap().display().to_string(), content));
        }
    }
    all
}

fn sources() -> Vec<(String, String)> {
    let mut all = files(&root().join("src"), "rs");
    all.extend(files(&root().join("templates"), "html"));
    all
}

/// Keys a source asks for by name: what stands in quotes right behind `t(`, `t1(` or `t2(`.
fn asked(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in ["t(", "t1(", "t2("] {
        for (at, _) in source.match_indices(call) {
            if source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let inside = source[at + call.len()..].trim_start();
            if let Some(key) = inside.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                found.push(key.to_owned());
            }
        }
    }
    found
}

#[test]
fn both_languages_say_the_same_things_with_the_same_values() {
    let ((id, twice_id), (en, twice_en)) = (texts("id"), texts("en"));
    assert_eq!((twice_id, twice_en), (Vec::new(), Vec::new()), "keys that stand twice");
    let keys = |t: &Texts| t.keys().cloned().collect::<BTreeSet<_>>();
    let lonely: Vec<_> = keys(&id).symmetric_difference(&keys(&en)).cloned().collect();
    assert!(lonely.is_empty(), "keys of one language only: {lonely:?}");
    let differ: Vec<_> = id.iter().filter(|(key, values)| en.get(*key) != Some(*values)).collect();
    assert!(differ.is_empty(), "texts that take other values in the other language: {differ:?}");
}

#[test]
fn every_key_that_is_asked_for_has_a_text() {
    let (known, _) = texts("id");
    let mut missing = Vec::new();
    for (path, source) in sources() {
        let is_key =
            |key: &String| key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
        missing.extend(
            asked(&source)
                .into_iter()
                .filter(is_key)
                .filter(|k| !known.contains_key(k))
                .map(|k| format!("{path}: {k}")),
        );
    }
    assert!(missing.is_empty(), "asked for, but nowhere written: {missing:#?}");
}

#[test]
fn every_text_is_said_somewhere() {
    let (known, _) = texts("id");
    let all: String = sources().into_iter().map(|(_, source)| source).collect();
    let computed = |key: &str| COMPUTED.iter().any(|(beginning, _)| key.starts_with(beginning));
    let unused: Vec<_> = known.keys().filter(|k| !computed(k) && !all.contains(&format!("\"{k}\""))).collect();
    assert!(unused.is_empty(), "written, but never said: {unused:#?}");
}

#[test]
fn every_computed_beginning_is_still_computed() {
    let (known, _) = texts("id");
    for (beginning, path) in COMPUTED {
        let source = fs::read_to_string(root().join("src").join(path)).unwrap_or_default();
        assert!(source.contains(&format!("\"{beginning}")), "{path} no longer puts {beginning} together; who does?");
        assert!(known.keys().any(|k| k.starts_with(beginning)), "no key begins with {beginning}");
    }
}
