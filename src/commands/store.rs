//! `driftguard store`, `export` and `import`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};

use super::{Session, complain};
use crate::cli::StoreCommand;
use crate::store::{self, OpenMode, Opened, StoreError};

fn open(session: &Session, mode: OpenMode) -> Result<Opened, StoreError> {
    let opened = store::open(&session.settings().store.value, mode)?;
    opened.notices.iter().for_each(|notice| complain(notice));
    Ok(opened)
}

/// For reading: beside a running driftguard when there is one.
fn open_to_read(session: &Session) -> anyhow::Result<Opened> {
    if !session.settings().store.value.exists() {
        bail!("there is no store at {}", session.settings().store.value.display());
    }
    Ok(match open(session, OpenMode::ReadWrite) {
        Err(StoreError::Held { .. } | StoreError::ReadOnly(_)) => open(session, OpenMode::ReadOnly)?,
        other => other?,
    })
}

pub(super) fn run(session: &Session, command: &StoreCommand) -> anyhow::Result<u8> {
    let StoreCommand::Verify = command;
    let report = open_to_read(session)?.store.verify()?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} drifts, {} audit entries, {} observations, {} objects: {}",
        report.drifts,
        report.audit_entries,
        report.observations,
        report.objects,
        if report.faults.is_empty() { "all is well".to_owned() } else { format!("{} fault(s)", report.faults.len()) }
    )?;
    report.faults.iter().try_for_each(|fault| writeln!(out, "{fault}"))?;
    Ok(u8::from(!report.faults.is_empty()))
}

pub(super) fn export(session: &Session, file: Option<&Path>) -> anyhow::Result<u8> {
    let opened = open_to_read(session)?;
    let count = match file.filter(|f| *f != Path::new("-")) {
        None => opened.store.export(&mut io::stdout().lock())?,
        Some(path) => {
            let made = OpenOptions::new().write(true).create_new(true).open(path);
            let mut out = BufWriter::new(made.with_context(|| format!("{} cannot be made", path.display()))?);
            let count = opened.store.export(&mut out)?;
            out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            count
        }
    };
    complain(&format!("{count} records written"));
    Ok(0)
}

pub(super) fn import(session: &Session, file: &Path) -> anyhow::Result<u8> {
    let mut input: Box<dyn BufRead> = match file {
        file if file == Path::new("-") => Box::new(io::stdin().lock()),
        file => {
            let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
            Box::new(BufReader::new(opened))
        }
    };
    let count = open(session, OpenMode::ReadWrite)?.store.import(&mut input)?;
    complain(&format!("{count} records read"));
    Ok(0)
}
