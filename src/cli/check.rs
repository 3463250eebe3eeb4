//! `check mail`: what a mail is and what would become of it, offline, as one JSON object a line.
//!
//! The same steps as at a mail door: parse, classify, screen. Nothing is stored, nothing asked of the network. What
//! cannot be read is held for a person in a house, so here too it gets a line: kind `letter`, with its problems.

use std::fs::File;
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use serde::Serialize;

use super::{Ended, exit, say};
use crate::address::MailAddress;
use crate::classify::{self, Forward, Kind, Nature, Report};
use crate::limits::MIB;
use crate::parse::{self, Letter, Outline, RawLetter};
use crate::provenance::{Front, Provenance, View, Witnesses};
use crate::screen::{self, DeskName, Facts, Finding, Known, SenderFit};
use crate::secret::{PlainBytes, PlainText};

/// A file that is read, in bytes: a folder of mails may hold more than one.
const FILE_BYTES_MAX: usize = 64 * MIB;

/// Commands that look and change nothing.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Say of each mail what it is and what would become of it, one JSON object a line.
    ///
    /// Reads single mails (.eml) and folders (mbox). Never touches the network. Exits 0, or 65 if something was no
    /// readable mail. The screening takes the sender for the client whose thread it is, unless `--stranger` says otherwise.
    ///
    /// Example: merpati check mail letter.eml folder.mbox
    Mail(Args),
}

/// Options of `check mail`.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The mails.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Believe the Authentication-Results of this server, by the name it gives itself there.
    #[arg(long, value_name = "NAME")]
    authserv_id: Option<String>,
    /// The domain of the house: its own mail is known when it comes back.
    #[arg(long, value_name = "DOMAIN", default_value = "")]
    our_domain: String,
    /// Take the sender for a stranger who writes to a desk.
    #[arg(long)]
    stranger: bool,
    /// The address the client confirmed: whoever writes from another one is not taken for the client.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "stranger", value_parser = address)]
    client: Option<MailAddress>,
    /// The name of somebody who works there; may be given several times.
    #[arg(long, value_name = "NAME")]
    staff: Vec<String>,
    /// Another desk of the house, by its address and its name; may be given several times.
    #[arg(long, value_name = "SLUG=NAME", value_parser = desk)]
    other_desk: Vec<DeskName>,
}

/// What is known beside the mails.
#[derive(Clone, Copy, Default)]
pub struct Around<'a> {
    /// The domain of the house; empty for none.
    pub our_domain: &'a str,
    /// The server whose Authentication-Results are believed.
    pub authserv_id: Option<&'a str>,
    /// Nobody here knows the sender, and no thread's address was used.
    pub stranger: bool,
    /// The address the client confirmed.
    pub client: Option<&'a MailAddress>,
    /// Names of the people who work there.
    pub staff: &'a [PlainText],
    /// The house's other desks.
    pub other_desks: &'a [DeskName],
}

fn address(text: &str) -> Result<MailAddress, &'static str> {
    MailAddress::parse(text).map_err(|_| "this is no mail address")
}

fn desk(text: &str) -> Result<DeskName, &'static str> {
    let (slug, name) = text.split_once('=').ok_or("a desk is written as SLUG=NAME")?;
    Ok(DeskName { name: name.to_owned(), slug: slug.to_lowercase() })
}

/// One line of the answer.
pub struct Line {
    /// A JSON object, as the README describes it.
    pub json: PlainText,
    /// Whether it was a mail that could be read.
    pub readable: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    file: &'a str,
    kind: &'static str,
    subject: &'a str,
    fresh_text: &'a str,
    forward: Option<ForwardAnswer<'a>>,
    reports: Vec<ReportAnswer<'a>>,
    encryption: &'static str,
    signed: bool,
    auth: View,
    findings: Vec<FindingAnswer>,
    disposition: &'static str,
    problems: Vec<&'static str>,
}

#[derive(Serialize)]
struct ForwardAnswer<'a> {
    from: Option<&'a str>,
    from_name: Option<&'a str>,
    to: Vec<&'a str>,
    cc: Vec<&'a str>,
    date: Option<&'a str>,
    subject: Option<&'a str>,
    depth: usize,
}

impl<'a> ForwardAnswer<'a> {
    fn new(forward: &'a Forward) -> Self {
        let one = |text: &'a Option<PlainText>| text.as_ref().map(|t| t.reveal().as_str());
        let all = |texts: &'a [PlainText]| texts.iter().map(|t| t.reveal().as_str()).collect();
        Self {
            from: one(&forward.from),
            from_name: one(&forward.from_name),
            to: all(&forward.to),
            cc: all(&forward.cc),
            date: one(&forward.date),
            subject: one(&forward.subject),
            depth: forward.depth,
        }
    }
}

#[derive(Serialize)]
struct ReportAnswer<'a> {
    recipient: Option<&'a str>,
    action: &'static str,
    status: Option<&'a str>,
    hard: bool,
}

impl<'a> ReportAnswer<'a> {
    fn new(report: &'a Report) -> Self {
        Self {
            recipient: report.recipient.as_ref().map(|r| r.reveal().as_str()),
            action: report.action.word(),
            status: report.status.as_deref(),
            hard: report.hard,
        }
    }
}

/// What the named server wrote into the mail about its sender; nobody else can be asked offline.
fn witnesses(around: &Around<'_>) -> Witnesses {
    let front = around.authserv_id.map(|id| Front { authserv_id: id.to_owned(), hops: 1 });
    Witnesses { front, ..Witnesses::default() }
}

#[derive(Serialize)]
struct FindingAnswer {
    code: &'static str,
    strength: &'static str,
    why: &'static str,
}

pub(super) fn run(command: &Command) -> Result<(), Ended> {
    let Command::Mail(args) = command;
    let our_domain = args.our_domain.to_ascii_lowercase();
    let staff: Vec<PlainText> = args.staff.iter().map(|name| PlainText::new(name.clone())).collect();
    let around = Around {
        our_domain: &our_domain,
        authserv_id: args.authserv_id.as_deref(),
        stranger: args.stranger,
        client: args.client.as_ref(),
        staff: &staff,
        other_desks: &args.other_desk,
    };
    let mut unread = 0_usize;
    for path in &args.files {
        let name = path.to_string_lossy();
        let mut show = |line: Line| {
            say::line(line.json.reveal());
            unread += usize::from(!line.readable);
        };
        match read(path) {
            Ok(bytes) => lines(&name, bytes.reveal(), &around).for_each(show),
            Err(problem) => show(unreadable(&name, problem, "refuse")),
        }
    }
    if unread == 0 { Ok(()) } else { Err(Ended::new(exit::DATA, format!("{unread} could not be read as mail"))) }
}

/// Takes a file into memory. A pipe or a device could go on for ever, so only files are read.
fn read(path: &Path) -> Result<PlainBytes, &'static str> {
    let kind = std::fs::metadata(path).map_err(|_| "file-unreadable")?;
    if kind.is_dir() {
        return Err("file-is-a-folder");
    }
    if !kind.is_file() {
        return Err("file-unreadable");
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    let file = File::open(path).map_err(|_| "file-unreadable")?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|_| "file-unreadable")?;
    if bytes.len() > FILE_BYTES_MAX { Err("file-too-large") } else { Ok(PlainBytes::new(bytes)) }
}

/// The lines for the bytes of a file: one for each mail in it, and at least one.
pub fn lines(file: &str, bytes: &[u8], around: &Around<'_>) -> impl Iterator<Item = Line> {
    parse::mails(bytes).map(move |mail| line(file, &mail, around))
}

fn line(file: &str, mail: &[u8], around: &Around<'_>) -> Line {
    let judged = catch_unwind(AssertUnwindSafe(|| match parse::read(RawLetter::new(mail.to_vec())) {
        Ok(letter) => judge(file, &letter, around),
        Err((_, reason)) => unreadable(file, reason.word(), "hold"),
    }));
    judged.unwrap_or_else(|_| unreadable(file, "broken", "hold"))
}

fn judge(file: &str, letter: &Letter, around: &Around<'_>) -> Line {
    let Ok(outline) = Outline::read(letter.raw.bytes()) else {
        return unreadable(file, "broken", "hold");
    };
    let envelope = classify::Envelope { null_sender: false, our_domain: around.our_domain };
    let nature = classify::classify(&outline, letter, &envelope);
    let text = letter.text.reveal();
    let fresh = nature.fresh(text);
    let protection = classify::protection(&outline, text);
    let (findings, disposition) = screened(&outline, letter, &nature, around);
    let answer = Answer {
        file,
        kind: nature.kind.word(),
        subject: letter.subject.reveal(),
        fresh_text: fresh.reveal(),
        forward: nature.forward.as_ref().map(ForwardAnswer::new),
        reports: nature.reports.iter().map(ReportAnswer::new).collect(),
        encryption: protection.encryption.word(),
        signed: protection.signed,
        auth: witnesses(around).read(letter.raw.bytes()).view(),
        findings,
        disposition,
        problems: letter.problems.iter().map(|p| p.word()).collect(),
    };
    Line { json: json(&answer), readable: true }
}

/// What would become of it, if its sender fits, or with `stranger`, if nobody here knows them.
fn screened(
    outline: &Outline<'_>,
    letter: &Letter,
    nature: &Nature,
    around: &Around<'_>,
) -> (Vec<FindingAnswer>, &'static str) {
    let is_client = |a: &MailAddress| letter.from.as_ref().is_some_and(|from| from.folded() == a.folded());
    let fit = match around.client {
        _ if around.stranger => SenderFit::NoThread,
        Some(client) if !is_client(client) => SenderFit::Other,
        _ => SenderFit::Confirmed,
    };
    let facts = Facts {
        fit,
        our_domain: around.our_domain,
        provenance: witnesses(around).read(letter.raw.bytes()),
        confirmed: around.client.filter(|_| fit == SenderFit::Other),
        staff: around.staff,
        other_desks: around.other_desks,
        ..Facts::default()
    };
    let findings = screen::find(outline, letter, nature, &facts);
    let disposition = screen::decide(&findings, fit, &Known::default()).word();
    let answer = |f: &Finding| FindingAnswer { code: f.code.word(), strength: f.strength.word(), why: f.signal.word() };
    (findings.iter().map(answer).collect(), disposition)
}

fn unreadable(file: &str, problem: &'static str, disposition: &'static str) -> Line {
    let answer = Answer {
        file,
        kind: Kind::Letter.word(),
        subject: "",
        fresh_text: "",
        forward: None,
        reports: Vec::new(),
        encryption: "none",
        signed: false,
        auth: Provenance::default().view(),
        findings: Vec::new(),
        disposition,
        problems: vec![problem],
    };
    Line { json: json(&answer), readable: false }
}

fn json(answer: &Answer<'_>) -> PlainText {
    // Strings, numbers and lists of them always have a JSON form.
    PlainText::new(serde_json::to_string(answer).unwrap_or_default())
}
