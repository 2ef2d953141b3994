//! `driftguard scan`: once, to standard output, with an exit code.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, bail};

use super::estimate;
use super::session::open_store;
use super::{Session, complain};
use crate::accounts::{self, AccountsError};
use crate::cli::{Format, Paths, Scan};
use crate::drift::{Completeness, RuleStatus, ScanStage, SeverityClass, Untold};
use crate::report::{EnvironmentReport, Report, StoreUse};
use crate::scan::{EnvironmentSpec, Limits};
use crate::service::{Memory, Scanned, scan_once};
use crate::store::{self, OpenMode, StoreError};

pub(super) fn run(session: &Session, args: &Scan) -> anyhow::Result<u8> {
    session.refuse_problems()?;
    let mut specs = chosen_of(session, &args.env, &args.paths)?;
    if args.full {
        specs.iter_mut().filter_map(|spec| spec.aws.as_mut()).for_each(|access| Arc::make_mut(access).full = true);
    }
    if args.estimate {
        return estimate::run(&specs);
    }
    let memory = if args.no_store || !is_configured(session, args) { no_memory()? } else { remember(session)? };
    let mut report = scan(&specs, &memory, listed(args))?;
    report.show_hidden = args.show_hidden;
    report.rules_unused = unused_rules(&memory);
    tell_unused_patterns(args, &specs, &report);
    look_after(&memory);
    // Whoever reads the report may take their time; others need the store.
    drop(memory);
    print(&report, args.format, args.strict)
}

/// Only machines read the lists.
fn listed(args: &Scan) -> Limits {
    let unverified = if matches!(args.format, Format::Json | Format::Ndjson) { Untold::KEPT } else { 0 };
    Limits { hidden: if args.show_hidden { Untold::KEPT } else { 0 }, unverified }
}

/// Once a day: backup and retention, for machines on which nobody opens the screens.
fn look_after(memory: &Memory) {
    let Memory::Kept(store) = memory else { return };
    if let Err(error) = store.upkeep(&AtomicBool::new(false)) {
        complain(&format!("the store could not be looked after: {error}"));
    }
}

/// Environments with a name of their own have a memory; paths given by hand, or found here, are looked at and forgotten.
fn is_configured(session: &Session, args: &Scan) -> bool {
    args.paths.state.is_empty() && args.paths.live.is_empty() && !session.config.environments.is_empty()
}

/// The environments of a command: those with these slugs, else those the paths, the configuration or the directory make.
pub(super) fn chosen_of(session: &Session, env: &[String], paths: &Paths) -> anyhow::Result<Vec<EnvironmentSpec>> {
    let mut specs = session.environments(paths)?;
    specs.retain(|spec| spec.environment.is_active);
    if !env.is_empty() {
        for slug in env {
            if !session.config.environments.iter().any(|e| e.environment.slug.as_str() == slug) {
                bail!("there is no environment '{slug}' in the configuration; see `driftguard config show`");
            }
        }
        specs = session.equip(session.config.environments.clone())?;
        specs.retain(|spec| env.iter().any(|slug| slug == spec.environment.slug.as_str()));
    }
    if specs.is_empty() {
        bail!(
            "nothing to scan: name declared state with --state, write [[environment]] into the configuration, or go where a terraform.tfstate is"
        );
    }
    Ok(specs)
}

/// Opens the store, beside its holder when there is one. A store that cannot be opened is no reason not to scan: it is said in
/// one line, and the scan does without.
fn remember(session: &Session) -> anyhow::Result<Memory> {
    let settings = session.settings();
    let path = &settings.store.value;
    if settings.read_only.value {
        return view(path, &format!("read-only by {}", settings.read_only.origin));
    }
    let mut options = session.store_options(&settings.organization.value);
    options.alerting.from = notified_from(session);
    match open_store(path, options) {
        Ok(opened) => {
            opened.notices.iter().for_each(|notice| complain(notice));
            let is_view = opened.store.read_only().is_some();
            Ok(if is_view { Memory::View(opened.store) } else { Memory::Kept(opened.store) })
        }
        Err(held @ StoreError::Held { .. }) => view(path, &held.to_string()),
        Err(error) => forget(&error.to_string()),
    }
}

/// The least severity that the organisation wants to be told of, where there are accounts beside the store.
fn notified_from(session: &Session) -> SeverityClass {
    let settings = session.settings();
    let read =
        || accounts::open(&accounts::beside(&settings.store.value), false)?.settings(&settings.organization.value);
    let chosen = read().unwrap_or_else(|error| {
        if !matches!(error, AccountsError::Missing { .. }) {
            tracing::warn!(%error, "what is notified could not be looked up: it is the usual");
        }
        None
    });
    chosen.unwrap_or_default().notification_severity
}

/// `why`: what stands in the way of writing.
fn view(path: &Path, why: &str) -> anyhow::Result<Memory> {
    match store::open(path, OpenMode::ReadOnly) {
        Ok(opened) => {
            complain(&format!("{why}; this scan compares with what the store remembers and writes nothing to it"));
            Ok(Memory::View(opened.store))
        }
        Err(error) => forget(&format!("{why}; {error}")),
    }
}

fn forget(why: &str) -> anyhow::Result<Memory> {
    complain(&format!("{why}; this scan does without the store"));
    no_memory()
}

/// Nothing is remembered; hashes of secrets are comparable within one report and nowhere else.
pub(super) fn no_memory() -> anyhow::Result<Memory> {
    Ok(Memory::None { redaction_key: one_time_key()? })
}

/// Scans each environment in turn; a scan uses every core already.
pub(super) fn scan(specs: &[EnvironmentSpec], memory: &Memory, listed: Limits) -> anyhow::Result<Report> {
    let mut reports = vec![];
    for spec in specs {
        let cancel = AtomicBool::new(false);
        let (done, store) = match scan_once(memory, spec, listed, &cancel) {
            Ok(done) => (done, store_use(memory)),
            Err(error) => (scan_once(&forget(&error.to_string())?, spec, listed, &cancel)?, StoreUse::None),
        };
        reports.push(reported(spec, done, store));
    }
    Ok(Report::new(reports))
}

/// Rules that have expired, or that nothing matches any more.
fn unused_rules(memory: &Memory) -> Option<Vec<RuleStatus>> {
    let (Memory::Kept(store) | Memory::View(store)) = memory else { return None };
    match store.rule_statuses() {
        Ok(rules) => Some(rules.into_iter().filter(|one| one.is_expired || one.unused_since.is_some()).collect()),
        Err(error) => {
            complain(&format!("whether every ignore rule is still of use is not known: {error}"));
            None
        }
    }
}

/// Patterns that are named on the line.
const NAMED: usize = 5;

/// One line about patterns of `.driftignore` and `--ignore` that hid nothing. Only a scan of everything, to its end, can tell.
fn tell_unused_patterns(args: &Scan, specs: &[EnvironmentSpec], report: &Report) {
    let complete =
        |e: &EnvironmentReport| e.summary.stage == ScanStage::Done && e.summary.completeness == Completeness::Complete;
    let Some(spec) = specs.first().filter(|_| args.env.is_empty() && report.environments.iter().all(complete)) else {
        return;
    };
    let unused: Vec<&str> = spec.ignore.unused().collect();
    let named = unused.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = unused.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if !unused.is_empty() {
        complain(&format!("nothing was hidden by these patterns of .driftignore and --ignore: {named}{more}"));
    }
}

fn store_use(memory: &Memory) -> StoreUse {
    match memory {
        Memory::None { .. } => StoreUse::None,
        Memory::Kept(_) => StoreUse::Written,
        Memory::View(_) => StoreUse::Read,
    }
}

fn reported(spec: &EnvironmentSpec, done: Scanned, store: StoreUse) -> EnvironmentReport {
    done.unasked.iter().for_each(|why| complain(why));
    for note in done.report.notes {
        complain(&format!("{}: {:?}, not judged as drift", note.resource.resource_id.line(), note.status));
    }
    EnvironmentReport {
        usage: done.report.usage,
        actors: done.actors,
        environment: spec.environment.clone(),
        summary: done.report.summary,
        untold: done.report.untold,
        drifts: done.drifts,
        errors: done.report.errors,
        store,
    }
}

/// Writes the report and gives the exit code.
pub(super) fn print(report: &Report, format: Format, strict: bool) -> anyhow::Result<u8> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    report.write(format, &mut out)?;
    out.flush()?;
    Ok(report.exit_code(strict))
}

/// Hashes of secrets are comparable within one report and nowhere else.
pub(super) fn one_time_key() -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    let mut random = std::fs::File::open("/dev/urandom").context("/dev/urandom cannot be opened")?;
    random.read_exact(&mut key).context("/dev/urandom cannot be read")?;
    Ok(key)
}
