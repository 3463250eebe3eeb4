//! `backup` and `restore`: everything in one file, encrypted with a passphrase as any OpenPGP program does it.
//!
//! Inside: one JSON value a line. First the version, then the key files, then each table's rows in the order in which they
//! can be written back, last the number of lines, so that a file cut short is noticed. Either engine restores what either
//! engine wrote. Nobody stays signed in across a restore.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Ended, Place, exit, say};
use crate::app;
use crate::custody;
use crate::seal::{password_reader, password_writer};
use crate::store::{Column, Db, TABLES, Table, Value};

const VERSION: u32 = 1;

/// Options of `backup`.
#[derive(Args)]
pub(super) struct BackupArgs {
    /// The file to write; must not exist.
    file: PathBuf,
    /// File with the passphrase (mode 600); asked for when left out.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

/// Options of `restore`.
#[derive(Args)]
pub(super) struct RestoreArgs {
    /// The file to read.
    file: PathBuf,
    /// File with the passphrase (mode 600); asked for when left out.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
enum Line {
    Merpati(u32),
    Key { name: String, content: String },
    Row { table: String, cells: Vec<Cell> },
    End { lines: u64 },
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Cell {
    Int(i64),
    Text(String),
    Bytes { b: Option<String> },
}

/// A secret from a file, or asked for without showing it.
pub(super) fn secret(file: Option<&Path>, question: &str) -> Result<Zeroizing<String>, Ended> {
    let text = match file {
        Some(path) => {
            let bytes = custody::read_secret(path).map_err(|e| Ended::new(exit::DATA, e))?;
            Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())
        }
        None => Zeroizing::new(rpassword::prompt_password(question)?),
    };
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

pub(super) async fn backup(place: &Place, args: &BackupArgs) -> Result<(), Ended> {
    let passphrase = secret(args.passphrase_file.as_deref(), "Passphrase of the backup: ")?;
    if passphrase.chars().count() < 12 {
        return Err(Ended::new(
            exit::USAGE,
            "the passphrase of a backup needs at least 12 characters: it guards everything",
        ));
    }
    let db = Db::open(&place.settings.store_url(&place.home), place.settings.store.connections).await?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.file);
    let file = file.map_err(|e| Ended::new(exit::DATA, format!("{}: {e}", args.file.display())))?;
    let mut sink = BufWriter::new(file);
    let mut writer = password_writer(&mut sink, &passphrase).map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
    let lines = write_all(place, &db, &mut writer).await?;
    writer.finish().map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
    sink.flush()?;
    sink.into_inner().map_err(|e| Ended::new(exit::UNAVAILABLE, e.error()))?.sync_all()?;
    db.close().await;
    say::line(format!("{}: {lines} rows and keys", args.file.display()));
    Ok(())
}

async fn write_all(place: &Place, db: &Db, out: &mut impl Write) -> Result<u64, Ended> {
    let mut lines = 0;
    let mut put = |out: &mut dyn Write, line: &Line| -> Result<(), Ended> {
        serde_json::to_writer(&mut *out, line).map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
        out.write_all(b"\n")?;
        lines += 1;
        Ok(())
    };
    put(out, &Line::Merpati(VERSION))?;
    for name in custody::FILES {
        let content = custody::read_secret(&custody::folder(&place.home).join(name))
            .map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
        put(out, &Line::Key { name: name.to_owned(), content: STANDARD.encode(&*content) })?;
    }
    // One transaction sees one moment, so that no letter is without its thread.
    let mut snapshot = db.snapshot().await?;
    for table in TABLES {
        let name = table.name.to_owned();
        table
            .each(&mut snapshot, |row| {
                put(out, &Line::Row { table: name.clone(), cells: row.into_iter().map(cell).collect() })
            })
            .await?;
    }
    let before = lines;
    serde_json::to_writer(&mut *out, &Line::End { lines: before }).map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
    out.write_all(b"\n")?;
    Ok(before)
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Int(n) => Cell::Int(n),
        Value::Text(t) => Cell::Text(t),
        Value::Bytes(b) => Cell::Bytes { b: b.map(|b| STANDARD.encode(b)) },
    }
}

pub(super) async fn restore(place: &Place, args: &RestoreArgs) -> Result<(), Ended> {
    if custody::exist(&place.home) {
        let text = format!("{} holds keys already; restore into an empty home", custody::folder(&place.home).display());
        return Err(Ended::new(exit::DATA, text));
    }
    let passphrase = secret(args.passphrase_file.as_deref(), "Passphrase of the backup: ")?;
    let file = File::open(&args.file).map_err(|e| Ended::new(exit::DATA, format!("{}: {e}", args.file.display())))?;
    let reader = password_reader(file, &passphrase)
        .map_err(|_| Ended::new(exit::DATA, "the passphrase does not open this file"))?;
    fs::create_dir_all(&place.home)?;
    let db = Db::open(&place.settings.store_url(&place.home), place.settings.store.connections).await?;
    for table in TABLES {
        if !table.is_empty(&mut db.read().await?).await? {
            return Err(Ended::new(
                exit::DATA,
                format!("the table {} holds rows already; restore into an empty database", table.name),
            ));
        }
    }
    let (keys, rows) = read_all(&db, reader).await?;
    let folder = custody::folder(&place.home);
    custody::make_folder(&folder).map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
    for (name, content) in keys {
        custody::write_new(&folder.join(name), &content).map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
    }
    db.close().await;
    app::open_house(&place.home, &place.settings).await?.db.close().await;
    say::line(format!("{rows} rows restored; look with: merpati --home {} doctor", place.home.display()));
    Ok(())
}

type KeyFiles = Vec<(&'static str, Zeroizing<Vec<u8>>)>;

/// Reads the whole file into one transaction: a broken or cut file leaves nothing behind.
async fn read_all(db: &Db, reader: impl Read) -> Result<(KeyFiles, u64), Ended> {
    let broken = |what: &str| Ended::new(exit::DATA, format!("the backup is damaged ({what}); nothing was restored"));
    let mut tx = db.begin().await?;
    let (mut keys, mut rows, mut seen, mut ended) = (Vec::new(), 0, 0, false);
    for line in BufReader::new(reader).lines() {
        let line = Zeroizing::new(line.map_err(|_| broken("it is cut short or was changed"))?);
        let parsed: Line = serde_json::from_str(&line).map_err(|_| broken("a line"))?;
        match parsed {
            Line::Merpati(VERSION) if seen == 0 => {}
            Line::Merpati(_) => return Err(broken("its version")),
            Line::Key { name, content } => {
                let name = custody::FILES.into_iter().find(|f| *f == name).ok_or_else(|| broken("a key's name"))?;
                keys.push((name, Zeroizing::new(STANDARD.decode(content).map_err(|_| broken("a key"))?)));
            }
            Line::Row { table, cells } => {
                let table = TABLES.iter().find(|t| t.name == table).ok_or_else(|| broken("a table's name"))?;
                table.write(&mut tx, &values(table, cells).ok_or_else(|| broken("a row"))?).await?;
                rows += 1;
            }
            Line::End { lines } => {
                ended = lines == seen;
                break;
            }
        }
        seen += 1;
    }
    if !ended || keys.len() != custody::FILES.len() {
        return Err(broken("its end is missing"));
    }
    tx.commit().await?;
    Ok((keys, rows))
}

fn values(table: &Table, cells: Vec<Cell>) -> Option<Vec<Value>> {
    if cells.len() != table.columns.len() {
        return None;
    }
    let pairs = table.columns.iter().zip(cells);
    pairs
        .map(|(column, cell)| match (column, cell) {
            (Column::Int(_), Cell::Int(n)) => Some(Value::Int(n)),
            (Column::Text(_), Cell::Text(t)) => Some(Value::Text(t)),
            (Column::Bytes(_), Cell::Bytes { b: Some(b) }) => Some(Value::Bytes(Some(STANDARD.decode(b).ok()?))),
            (Column::MaybeBytes(_), Cell::Bytes { b: None }) => Some(Value::Bytes(None)),
            (Column::MaybeBytes(_), Cell::Bytes { b: Some(b) }) => Some(Value::Bytes(Some(STANDARD.decode(b).ok()?))),
            _ => None,
        })
        .collect()
}
