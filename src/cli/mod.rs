//! The command line. Every command's help ends with an example.

mod audit;
mod backup;
mod bench;
mod check;
mod demo;
mod desk;
mod doctor;
mod doorways;
mod export;
mod ingest;
mod key;
mod person;
mod say;
mod serve;

pub use check::{Around, Line, lines};

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Settings;

/// Exit codes as mail servers read them (sysexits).
pub mod exit {
    /// All went well.
    pub const OK: u8 = 0;
    /// The command line is off.
    pub const USAGE: u8 = 64;
    /// The input cannot be accepted.
    pub const DATA: u8 = 65;
    /// Nobody of this address.
    pub const NO_USER: u8 = 67;
    /// Something is wrong with the installation.
    pub const UNAVAILABLE: u8 = 69;
    /// Try again later.
    pub const TEMP: u8 = 75;
    /// The settings are off.
    pub const CONFIG: u8 = 78;
}

/// A secure mailbox for counseling by letter.
#[derive(Parser)]
#[command(name = "merpati", version, about, max_term_width = 100)]
struct Cli {
    /// Folder of settings, keys, database and outgoing mail.
    #[arg(long, global = true, env = "MERPATI_HOME", default_value = "var")]
    home: PathBuf,
    /// What to log, for example info, debug, merpati=debug.
    #[arg(long, global = true, env = "MERPATI_LOG", default_value = "info")]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make keys and database, and the link with which the first operator comes in.
    ///
    /// Example: merpati --home var init
    Init,
    /// Open the doors: web, SMTP, LMTP; send mail; do what is due.
    ///
    /// Example: merpati --home var serve
    Serve(serve::Args),
    /// Fill a new installation with a sample desk, people and synthetic letters.
    ///
    /// Example: merpati --home demo demo
    Demo,
    /// Take one mail from standard input, for a mail server's pipe. Exit codes as in sysexits.
    ///
    /// Example: merpati --home var ingest --to konseling@surat.localhost < letter.eml
    Ingest(ingest::Args),
    /// Look whether everything is as it should be.
    ///
    /// Example: merpati --home var doctor
    Doctor,
    /// Write everything into one encrypted file.
    ///
    /// Example: merpati --home var backup backup.pgp --passphrase-file secret.txt
    Backup(backup::BackupArgs),
    /// Read a backup into an empty home.
    ///
    /// Example: merpati --home new restore backup.pgp --passphrase-file secret.txt
    Restore(backup::RestoreArgs),
    /// People of the house.
    #[command(subcommand)]
    Person(person::Command),
    /// Desks.
    #[command(subcommand)]
    Desk(desk::Command),
    /// Keys of the practice.
    #[command(subcommand)]
    Key(key::Command),
    /// Threads.
    #[command(subcommand)]
    Thread(export::Command),
    /// The audit: who did what and when.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Look at something without a house.
    #[command(subcommand)]
    Check(check::Command),
    /// Measure letters per second, page times and memory.
    #[command(subcommand)]
    Bench(bench::Command),
}

/// Why a command ended badly: an exit code and a sentence that says what to do.
#[derive(Debug)]
pub struct Ended {
    /// See [`exit`].
    pub code: u8,
    /// For standard error.
    pub text: String,
}

impl Ended {
    fn new(code: u8, text: impl std::fmt::Display) -> Self {
        Self { code, text: text.to_string() }
    }
}

impl From<crate::app::StartError> for Ended {
    fn from(e: crate::app::StartError) -> Self {
        Self::new(exit::UNAVAILABLE, e)
    }
}

impl From<crate::house::Failure> for Ended {
    fn from(e: crate::house::Failure) -> Self {
        let code = if matches!(&e, crate::house::Failure::Store(s) if s.is_passing()) {
            exit::TEMP
        } else {
            exit::UNAVAILABLE
        };
        Self::new(code, e)
    }
}

impl From<crate::store::StoreError> for Ended {
    fn from(e: crate::store::StoreError) -> Self {
        crate::house::Failure::from(e).into()
    }
}

impl From<std::io::Error> for Ended {
    fn from(e: std::io::Error) -> Self {
        Self::new(exit::UNAVAILABLE, e)
    }
}

/// Where a command works.
pub(crate) struct Place {
    pub(crate) home: PathBuf,
    pub(crate) settings: Settings,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(exit::USAGE) } else { ExitCode::SUCCESS };
        }
    };
    crate::telemetry::start_log(&cli.log);
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was there already");
    }
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(ended) => {
            say::error(&ended.text);
            ExitCode::from(ended.code)
        }
    }
}

fn run(cli: Cli) -> Result<(), Ended> {
    // Needs neither settings nor keys, and must work where there are none.
    if let Command::Check(command) = &cli.command {
        return check::run(command);
    }
    // A slip in the settings must not make a mail server send letters back: they wait until it is mended.
    let slip = if matches!(cli.command, Command::Ingest(_)) { exit::TEMP } else { exit::CONFIG };
    let settings =
        Settings::read(&cli.home).map_err(|e| Ended::new(slip, format!("settings in {}:\n{e}", cli.home.display())))?;
    let place = Place { home: cli.home, settings };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Init => serve::init(&place).await,
            Command::Serve(args) => serve::serve(&place, &args).await,
            Command::Demo => demo::run(&place).await,
            Command::Ingest(args) => ingest::run(&place, &args).await,
            Command::Doctor => doctor::run(&place).await,
            Command::Backup(args) => backup::backup(&place, &args).await,
            Command::Restore(args) => backup::restore(&place, &args).await,
            Command::Person(command) => person::run(&place, command).await,
            Command::Desk(command) => desk::run(&place, command).await,
            Command::Key(command) => key::run(&place, &command).await,
            Command::Thread(command) => export::run(&place, &command).await,
            Command::Audit(command) => audit::run(&place, &command).await,
            Command::Check(command) => check::run(&command),
            Command::Bench(command) => bench::run(&command).await,
        }
    })
}
