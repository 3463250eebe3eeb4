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

#[test]
fn folders_of_other_systems_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let mail =
        |n: u8| format!("From a@b Thu Nov 12 10:00:00 2026\nFrom: a@b.example\nSubject: {n}\n\n>From here on\n\n");
    let both = mail(1) + &mail(2);
    fs::write(folder.path().join("dos.mbox"), both.replace('\n', "\r\n")).unwrap();
    fs::write(folder.path().join("mac.mbox"), both.replace('\n', "\r")).unwrap();
    fs::write(folder.path().join("led.mbox"), format!("\n\n{both}")).unwrap();
    fs::write(folder.path().join("mac.eml"), "From: a@b.example\rSubject: 3\r\rHalo\r").unwrap();
    let names = ["dos.mbox", "mac.mbox", "led.mbox", "mac.eml"].map(Path::new);
    let (code, lines) = check(folder.path(), &names);
    let found: Vec<_> = lines.iter().map(|l| (l["file"].as_str().unwrap(), l["subject"].as_str().unwrap())).collect();
    let expected = ["dos.mbox", "mac.mbox", "led.mbox"].into_iter().flat_map(|f| [(f, "1"), (f, "2")]);
    assert_eq!((code, found), (0, expected.chain([("mac.eml", "3")]).collect()));
    assert!(lines[..6].iter().all(|l| l["fresh_text"] == "From here on"));
    fs::write(folder.path().join("empty.mbox"), "From a@b Thu Nov 12 10:00:00 2026\n").unwrap();
    let (code, lines) = check(folder.path(), &[Path::new("empty.mbox")]);
    assert_eq!((code, lines.len()), (65, 1));
}

#[test]
fn nothing_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink("circle", folder.path().join("circle")).unwrap();
    std::os::unix::fs::symlink("pipe", folder.path().join("link")).unwrap();
    let (code, lines) = check(folder.path(), &["pipe", "circle", "link", "-", "/proc/self/mem"].map(Path::new));
    assert_eq!((code, lines.len()), (65, 5));
    assert!(lines.iter().all(|l| l["problems"][0] == "file-unreadable" && l["kind"] == "letter"), "{lines:?}");
}

#[test]
fn each_field_has_its_form() {
    let folder = tempfile::tempdir().unwrap();
    let forward = "From: sari@example.net\nSubject: Trs: Pulang\n\nLihat.\n\n---------- Pesan terusan ---------\n\
        Dari: Ani <ani@surat.example>\nTanggal: Sab, 15 Jun 2024 pukul 14.59\nSubjek: Pulang\n\
        Kepada: <sari@example.net>, Budi <budi@surat.example>\nCc: citra@surat.example\n\nJangan pulang.\n";
    fs::write(folder.path().join("forward.eml"), forward).unwrap();
    fs::write(folder.path().join("-letter.eml"), "From: sari@example.net\n\nHalo\n").unwrap();
    let (code, lines) = check(folder.path(), &["--", "forward.eml", "-letter.eml"].map(Path::new));
    assert_eq!((code, lines.len()), (0, 2));
    let expected = serde_json::json!({"from": "ani@surat.example", "from_name": "Ani",
        "to": ["sari@example.net", "budi@surat.example"], "cc": ["citra@surat.example"],
        "date": "Sab, 15 Jun 2024 pukul 14.59", "subject": "Pulang", "depth": 1});
    assert_eq!((&lines[0]["kind"], &lines[0]["forward"]), (&"forward".into(), &expected));
    assert_eq!((&lines[0]["fresh_text"], &lines[0]["reports"]), (&"Lihat.".into(), &Value::Array(Vec::new())));
    assert_eq!(
        (&lines[1]["forward"], &lines[1]["subject"], &lines[1]["file"]),
        (&Value::Null, &"".into(), &"-letter.eml".into())
    );
    for line in &lines {
        assert!(line["auth"].is_object() && line["signed"] == false && line["encryption"] == "none");
        assert!(
            line["findings"]
                .as_array()
                .unwrap()
                .iter()
                .all(|f| ["code", "strength", "why"].iter().all(|n| f[*n].is_string()))
        );
        assert!(["deliver", "hold", "file", "refuse"].contains(&line["disposition"].as_str().unwrap()));
    }
}
