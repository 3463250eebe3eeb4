//! What must hold for the sources as a whole, read as text: heads, sizes, names, layers, licenses.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

mod license;
mod source;

use source::{Source, sources, words};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
/// Longer files, each with its reason.
const LONG_FILES: [&str; 0] = [];
/// Longer functions, `file::function`, each with its reason.
const LONG_FUNCTIONS: [&str; 0] = [];

/// Where else a transaction may begin, each with its reason.
const TRANSACTIONS: [&str; 3] = [
    // Writes rows as they were: there is no story to tell.
    "src/cli/backup.rs",
    // Fill a database for a measurement, row by row, without living through it.
    "src/cli/bench/fill.rs",
    "src/cli/bench/scene.rs",
];

/// Crates that only one place may name.
const OWNERS: [(&str, &str); 7] = [
    ("mail_parser", "src/parse"),
    ("sequoia_openpgp", "src/seal"),
    ("lettre", "src/outbox/transport"),
    ("sqlx", "src/store"),
    ("axum", "src/web"),
    ("mail_auth", "src/provenance"),
    ("async_imap", "src/fetch"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Fails with every problem at once.
fn report(problems: &[String]) {
    assert!(problems.is_empty(), "{} to mend:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = sources("src").into_iter().chain(sources("tests")).filter(|s| !s.text.starts_with("//! "));
    report(&silent.map(|s| s.path).collect::<Vec<_>>());
}

#[test]
fn files_are_short() {
    let long = |s: &Source| s.product().lines().count() > FILE_LINES_MAX;
    let found: Vec<_> = sources("src").iter().filter(|s| long(s)).map(|s| s.path.clone()).collect();
    same_list(&found, &LONG_FILES);
}

#[test]
fn functions_are_short() {
    let mut found = Vec::new();
    for source in sources("src") {
        for (name, lines) in source::functions(&source.product()) {
            if lines > FUNCTION_LINES_MAX {
                found.push(format!("{}::{name}", source.path));
            }
        }
    }
    same_list(&found, &LONG_FUNCTIONS);
}

/// What was found is what is excepted: an exception nobody needs any more goes too.
fn same_list(found: &[String], excepted: &[&str]) {
    let new = found.iter().filter(|f| !excepted.contains(&f.as_str())).map(|f| format!("{f} is too long"));
    let old = excepted.iter().filter(|e| !found.iter().any(|f| f == *e)).map(|e| format!("{e} needs no exception"));
    report(&new.chain(old).collect::<Vec<_>>());
}

#[test]
fn each_library_is_named_in_one_place() {
    let mut problems = Vec::new();
    for source in sources("src") {
        for (library, owner) in OWNERS {
            let at_home = source.path == format!("{owner}.rs") || source.path.starts_with(&format!("{owner}/"));
            if !at_home && words(&source.code).any(|w| w == library) {
                problems.push(format!("{} names {library}, which belongs to {owner}", source.path));
            }
        }
    }
    report(&problems);
}

#[test]
fn transactions_begin_in_stories() {
    let mut problems = Vec::new();
    for source in
        sources("src").iter().filter(|s| !s.path.starts_with("src/flow/") && !s.path.starts_with("src/store/"))
    {
        let product = source.product();
        let code: String = product.chars().filter(|c| !c.is_whitespace()).collect();
        if ["db.begin(", "Db::begin(", "db().begin("].iter().any(|call| code.contains(call)) {
            problems.push(source.path.clone());
        }
    }
    problems.retain(|p| !TRANSACTIONS.contains(&p.as_str()));
    report(&problems);
}

/// The modules of the library, top to bottom.
fn modules() -> Vec<String> {
    let text = read("src/lib.rs");
    let names = text.lines().filter_map(|l| l.strip_prefix("pub mod ").or_else(|| l.strip_prefix("mod ")));
    names.filter_map(|l| l.strip_suffix(';')).map(str::to_owned).collect()
}

#[test]
fn a_module_uses_what_stands_above_it() {
    let modules = modules();
    let mut problems = Vec::new();
    for source in sources("src") {
        let name = source.path["src/".len()..].split(['/', '.']).next().unwrap().to_owned();
        let Some(place) = modules.iter().position(|m| *m == name) else {
            continue;
        };
        let used: BTreeSet<_> = source::used_modules(&source.product()).into_iter().collect();
        for other in used.into_iter().filter(|m| *m != name) {
            match modules.iter().position(|m| *m == other) {
                Some(above) if above < place => {}
                Some(_) => problems.push(format!("{} uses {other}, which stands below {name} in lib.rs", source.path)),
                None => {}
            }
        }
    }
    report(&problems);
}

#[test]
fn nothing_is_left_for_later() {
    // Written apart, so that this file passes its own test.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("HA", "CK"),
        concat!("dbg", "!("),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("#[ig", "nore"),
    ];
    let mut problems = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        for (number, line) in (1..).zip(source.text.lines()) {
            if let Some(mark) = marks.iter().find(|m| line.contains(**m)) {
                problems.push(format!("{}:{number} {mark}", source.path));
            }
        }
    }
    report(&problems);
}

#[test]
fn every_dependency_has_its_reason() {
    let text = read("Cargo.toml");
    let mut section = "";
    let mut problems = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if matches!(section, "[dependencies]" | "[dev-dependencies]" | "[build-dependencies]")
            && !line.is_empty()
            && !line.starts_with('#')
        {
            let reason = line.rsplit_once(" # ").map_or("", |(_, reason)| reason.trim());
            if reason.len() < 5 {
                problems.push(line.to_owned());
            }
        }
    }
    report(&problems);
}

#[test]
fn licenses_are_ones_we_may_pass_on() {
    let deny: toml::Value = toml::from_str(&read("deny.toml")).unwrap();
    let allowed: BTreeSet<_> =
        deny["licenses"]["allow"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    // A build for this platform has everything this asks for at hand.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", &platform])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let tree: serde_json::Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let (mut problems, mut needed) = (Vec::new(), BTreeSet::new());
    for package in tree["packages"].as_array().unwrap() {
        let (name, license) = (package["name"].as_str().unwrap(), package["license"].as_str().unwrap_or("none"));
        match license::chosen(license, &allowed) {
            Some(chosen) => needed.extend(chosen),
            None => problems.push(format!("{name}: {license}")),
        }
    }
    problems.extend(
        allowed.iter().filter(|a| !needed.contains(**a)).map(|a| format!("deny.toml allows {a}, which nothing needs")),
    );
    report(&problems);
}

/// Every Rust file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            all.push(path);
        }
    }
    all.sort();
    all
}
