//! `merpati check mail` as people run it.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::kinds::corpus;

const FIELDS: [&str; 12] = [
    "file",
    "kind",
    "subject",
    "fresh_text",
    "forward",
    "reports",
    "encryption",
    "signed",
    "auth",
    "findings",
    "disposition",
    "problems",
];

/// Exit code and lines, in a folder where no house is.
fn check(folder: &Path, files: &[&Path]) -> (i32, Vec<Value>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_merpati"));
    command.env_clear().current_dir(folder).args(["check", "mail"]).args(files);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn a_bounce_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = corpus().join("bounce-sisimai/lhost-exim-02.eml");
    let (code, lines) = check(folder.path(), &[&path]);
    assert_eq!((code, lines.len()), (0, 1));
    let line = lines[0].as_object().unwrap();
    assert!(FIELDS.iter().all(|field| line.contains_key(*field)) && line.len() == FIELDS.len());
    assert_eq!(line["file"], path.to_str().unwrap());
    assert_eq!((line["kind"].as_str(), line["disposition"].as_str()), (Some("bounce"), Some("file")));
    let reports = line["reports"].as_array().unwrap();
    let recipients: Vec<_> = reports.iter().map(|r| r["recipient"].as_str().unwrap()).collect();
    assert_eq!(recipients, ["kijitora@example.jp", "sabatora@example.jp"]);
    assert!(reports.iter().all(|r| r["action"] == "failed" && r["hard"] == true));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it made a file");
}

#[test]
fn each_mail_of_a_folder_has_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let mbox = folder.path().join("all.mbox");
    let mail = |n: u8| {
        format!("From a@b Thu Nov 12 10:00:00 2026\nFrom: a@b.example\nSubject: {n}\n\n>From here on\nFrom now: on\n\n")
    };
    fs::write(&mbox, mail(1) + &mail(2) + &mail(3)).unwrap();
    let (code, lines) = check(folder.path(), &[Path::new("all.mbox")]);
    assert_eq!(code, 0);
    assert_eq!(lines.iter().map(|l| l["subject"].as_str().unwrap()).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert!(lines.iter().all(|l| l["file"] == "all.mbox" && l["fresh_text"] == "From here on\nFrom now: on"));
}

#[test]
fn what_is_no_mail_has_a_line_too() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"-\xFF\n\".eml"));
    fs::write(&odd, b"\0\x01\xFF no mail").unwrap();
    fs::write(folder.path().join("empty.eml"), "").unwrap();
    fs::write(folder.path().join("good.eml"), "From: a@b.example\nSubject: Halo\n\nSelamat sore.\n").unwrap();
    let names = ["empty.eml", "missing.eml", ".", "/dev/zero", "good.eml"];
    let files: Vec<&Path> = names.iter().map(Path::new).chain([odd.as_path()]).collect();
    let (code, lines) = check(folder.path(), &files);
    assert_eq!((code, lines.len()), (65, files.len()));
    let problems: Vec<_> = lines.iter().map(|l| l["problems"][0].as_str().unwrap_or_default()).collect();
    let expected = ["empty", "file-unreadable", "file-is-a-folder", "file-unreadable", "", "not-a-mail"];
    assert_eq!(problems, expected);
    assert_eq!((lines[4]["kind"].as_str(), lines[4]["fresh_text"].as_str()), (Some("letter"), Some("Selamat sore.")));
}
