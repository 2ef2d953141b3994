//! `driftguard store`, `export` and `import`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};

use super::{Session, complain};
use crate::cli::StoreCommand;
use crate::drift::Slug;
use crate::live::aws::Keeping;
use crate::safety::sanitise;
use crate::store::{self, OpenMode, Opened, Pruned, StoreError, VerifyReport};

fn open(session: &Session, mode: OpenMode) -> Result<Opened, StoreError> {
    let settings = session.settings();
    let opened = store::open_with(&settings.store.value, mode, settings.store_options())?;
    opened.notices.iter().for_each(|notice| complain(notice));
    Ok(opened)
}

/// For reading: beside a running driftguard when there is one.
pub(super) fn open_to_read(session: &Session) -> anyhow::Result<Opened> {
    if !store::is_there(&session.settings().store.value) {
        bail!("there is no store at {}", session.settings().store.value.display());
    }
    Ok(match open(session, OpenMode::ReadWrite) {
        Err(StoreError::Held { .. } | StoreError::ReadOnly(_)) => open(session, OpenMode::ReadOnly)?,
        other => other?,
    })
}

/// For commands that would make no sense on a store that is not there.
fn open_to_write(session: &Session) -> anyhow::Result<Opened> {
    let path = &session.settings().store.value;
    if !store::is_there(path) {
        bail!("there is no store at {}", path.display());
    }
    Ok(open(session, OpenMode::ReadWrite)?)
}

pub(super) fn run(session: &Session, command: &StoreCommand) -> anyhow::Result<u8> {
    match command {
        StoreCommand::Verify => verify(session),
        StoreCommand::Repair => repair(session),
        StoreCommand::Compact => compact(session),
        StoreCommand::Prune => {
            let pruned = open_to_write(session)?.store.prune()?;
            say_pruned(&pruned)
        }
        StoreCommand::Migrate { check } => super::migrate::migrate(session, *check),
        StoreCommand::Copy { from, to, organization } => super::copy::copy(session, from, to, organization),
        StoreCommand::Forget { environment, yes } => forget(session, environment, *yes),
    }
}

fn compact(session: &Session) -> anyhow::Result<u8> {
    let path = &session.settings().store.value;
    if !store::is_there(path) {
        bail!("there is no store at {}", path.display());
    }
    let opened = store::compact(path)?;
    let mut out = io::stdout().lock();
    opened.notices.iter().try_for_each(|notice| writeln!(out, "{}", sanitise::line(notice)))?;
    // A disk that is full, say: then nothing was written.
    Ok(u8::from(opened.store.read_only().is_some()))
}

fn say_pruned(pruned: &Pruned) -> anyhow::Result<u8> {
    let Pruned { drifts, observations, objects } = pruned;
    let what = format!("{drifts} drifts, {observations} observed values and {objects} large bodies were thrown away");
    writeln!(io::stdout().lock(), "{what}; decisions stay in the audit trail")?;
    Ok(0)
}

fn forget(session: &Session, environment: &str, yes: bool) -> anyhow::Result<u8> {
    let slug =
        Slug::new(environment).with_context(|| format!("'{}' is no environment", sanitise::line(environment)))?;
    let opened = open_to_write(session)?;
    let drifts = opened.store.open_counts(&slug)?.in_any_state;
    let question = format!(
        "{drifts} drifts of {slug}, its scans and every value observed in it will be deleted; decisions stay in the audit trail."
    );
    complain(&question);
    if session.config.environments.iter().any(|e| e.environment.slug == slug) {
        complain(&format!("{slug} is still in the configuration: it comes back, empty, when it is scanned again"));
    }
    if !yes && !confirmed(&slug)? {
        complain("nothing was deleted");
        return Ok(1);
    }
    let pruned = opened.store.forget(&slug, &session.settings().actor.value)?;
    if let Some(directory) = opened.store.directory() {
        Keeping::forget(directory, &slug).context("what was read of AWS for it could not be deleted")?;
    }
    say_pruned(&pruned)
}

/// Typing the name is harder to do by accident than a letter.
fn confirmed(slug: &Slug) -> anyhow::Result<bool> {
    let mut ask = io::stderr().lock();
    write!(ask, "Type {slug} to delete it: ")?;
    ask.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == slug.as_str())
}

/// Looks, and changes nothing: a store that is opened for writing mends itself.
fn verify(session: &Session) -> anyhow::Result<u8> {
    let path = &session.settings().store.value;
    if !store::is_there(path) {
        bail!("there is no store at {}", path.display());
    }
    let sound = match open(session, OpenMode::ReadOnly).and_then(|opened| opened.store.verify()) {
        Ok(report) => say_verified(&report)?,
        Err(StoreError::Damaged { tree, detail }) => {
            writeln!(io::stdout().lock(), "{}: {}", sanitise::line(&tree), sanitise::line(&detail))?;
            false
        }
        Err(error) => return Err(error.into()),
    };
    if !sound {
        complain("nothing was changed; to mend what can be mended, run `driftguard store repair`");
    }
    Ok(u8::from(!sound))
}

/// Opening for writing cuts off unfinished writes, catches up with the journal, and sets aside trees that would not open.
fn repair(session: &Session) -> anyhow::Result<u8> {
    let path = &session.settings().store.value;
    let sound = say_verified(&open_to_write(session)?.store.verify()?)?;
    if !sound {
        let tree = path.join("tree");
        complain(&format!(
            "values that are left damaged come back with the next scan; or move {} away: it is then built anew from the journal, with every decision",
            tree.display()
        ));
    }
    Ok(u8::from(!sound))
}

/// Whether there are no faults.
fn say_verified(report: &VerifyReport) -> anyhow::Result<bool> {
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
    report.faults.iter().try_for_each(|fault| writeln!(out, "{}", sanitise::line(fault)))?;
    Ok(report.faults.is_empty())
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
