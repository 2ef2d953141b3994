//! `driftguard store` and `export`.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};

use super::{Session, complain};
use crate::cli::StoreCommand;
use crate::config::Origin;
use crate::drift::Slug;
use crate::live::aws::Keeping;
use crate::safety::sanitise;
use crate::store::{self, OpenMode, Opened, Options, Pruned, StoreError, VerifyReport};

pub(super) fn open(session: &Session, mode: OpenMode) -> Result<Opened, StoreError> {
    open_of(session, &session.settings().organization.value, mode)
}

fn open_of(session: &Session, organization: &Slug, mode: OpenMode) -> Result<Opened, StoreError> {
    let settings = session.settings();
    let options = Options { organization: organization.clone(), ..settings.store_options() };
    let opened = store::open_with(&settings.store.value, mode, options)?;
    opened.notices.iter().for_each(|notice| complain(notice));
    Ok(opened)
}

/// Whose parts of a database there are; `None` where the store is a directory.
fn parts(session: &Session) -> anyhow::Result<Option<Vec<Slug>>> {
    Ok(store::url_of(&session.settings().store.value).map(store::organizations).transpose()?)
}

/// Opening the part of an organisation that is not there would make it, and all would be well with it.
fn refuse_nobody(session: &Session) -> anyhow::Result<()> {
    let Some(parts) = parts(session)? else { return Ok(()) };
    let whose = &session.settings().organization.value;
    if !parts.contains(whose) {
        bail!("the database has nothing of an organisation {whose}: name one with --organization ({})", names(&parts));
    }
    Ok(())
}

fn names(parts: &[Slug]) -> String {
    let names: Vec<&str> = parts.iter().map(Slug::as_str).collect();
    if names.is_empty() { "it has none".to_owned() } else { names.join(", ") }
}

/// For reading: beside a running driftguard when there is one.
pub(super) fn open_to_read(session: &Session) -> anyhow::Result<Opened> {
    if !store::is_there(&session.settings().store.value) {
        bail!("there is no store at {}", session.settings().store.value.display());
    }
    refuse_nobody(session)?;
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
    refuse_nobody(session)?;
    Ok(open(session, OpenMode::ReadWrite)?)
}

pub(super) fn run(session: &Session, command: &StoreCommand) -> anyhow::Result<u8> {
    match command {
        StoreCommand::Verify { .. } => verify(session),
        StoreCommand::Repair { .. } => repair(session),
        StoreCommand::Compact => compact(session),
        StoreCommand::Prune { .. } => {
            let store = open_to_write(session)?.store;
            let pruned = store.prune()?;
            say_pruned(&pruned)?;
            if let Some(directory) = store.archive().filter(|_| pruned != Pruned::default()) {
                complain(&format!("the archive has what was thrown away: {}", directory.display()));
            }
            Ok(0)
        }
        StoreCommand::Archived { directory, find, json, .. } => {
            super::archived::list(session, directory.as_deref(), find.as_deref(), *json)
        }
        StoreCommand::Migrate { check } => super::migrate::migrate(session, *check),
        StoreCommand::Copy { from, to, organization } => super::copy::copy(session, from, to, organization),
        StoreCommand::Forget { environment, yes, .. } => forget(session, environment, *yes),
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

/// Looks, and changes nothing: a store that is opened for writing mends itself. In a database, what was asked about or all of it.
fn verify(session: &Session) -> anyhow::Result<u8> {
    let settings = session.settings();
    if !store::is_there(&settings.store.value) {
        bail!("there is no store at {}", settings.store.value.display());
    }
    let Some(parts) = parts(session)? else {
        return verified(session, &settings.organization.value).map(|sound| u8::from(!sound));
    };
    if settings.organization.origin != Origin::BuiltIn {
        refuse_nobody(session)?;
        return verified(session, &settings.organization.value).map(|sound| u8::from(!sound));
    }
    if parts.is_empty() {
        bail!("no organisation has a store in this database");
    }
    let mut all_sound = true;
    for part in &parts {
        write!(io::stdout().lock(), "{part}: ")?;
        all_sound &= verified(session, part)?;
    }
    Ok(u8::from(!all_sound))
}

/// Whether there are no faults.
fn verified(session: &Session, organization: &Slug) -> anyhow::Result<bool> {
    let report = match open_of(session, organization, OpenMode::ReadOnly).and_then(|opened| opened.store.verify()) {
        Ok(report) => report,
        // What would not even open: of the journal it says so itself.
        Err(StoreError::Damaged { tree, detail }) => VerifyReport {
            is_trail_broken: is_journal(&tree),
            faults: vec![format!("{tree}: {detail}")],
            ..VerifyReport::default()
        },
        Err(error) => return Err(error.into()),
    };
    let sound = say_verified(&report)?;
    if !sound {
        complain(&advice(session, &report));
    }
    Ok(sound)
}

fn is_journal(place: &str) -> bool {
    place.contains("journal") || place.starts_with("audit_log")
}

/// What to do about faults. Never to mend a trail of decisions that somebody may have changed: then nothing would show it any more.
fn advice(session: &Session, report: &VerifyReport) -> String {
    let is_database = store::url_of(&session.settings().store.value).is_some();
    let copy = if is_database { "pg_dump the database" } else { "copy the directory" };
    if report.is_trail_broken {
        return format!(
            "nothing was changed. What is written of decisions is not what was written at the time: keep it as it is ({copy}), \
             compare it with a backup or an export, look at who could write there (`driftguard accounts audit`), then restore \
             the backup"
        );
    }
    match is_database {
        true => format!(
            "nothing was changed, and a database is not mended by driftguard: {copy}, then restore a backup of it"
        ),
        false => "nothing was changed; to mend what can be mended, run `driftguard store repair`".to_owned(),
    }
}

/// Opening for writing cuts off unfinished writes, catches up with the journal, and sets aside trees that would not open.
fn repair(session: &Session) -> anyhow::Result<u8> {
    let path = &session.settings().store.value;
    if store::url_of(path).is_some() {
        complain("PostgreSQL mends unfinished writes by itself; what driftguard can do is to check what is there");
        return verify(session);
    }
    let report = open_to_write(session)?.store.verify()?;
    let sound = say_verified(&report)?;
    if report.is_trail_broken {
        complain(&advice(session, &report));
    } else if !sound {
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
