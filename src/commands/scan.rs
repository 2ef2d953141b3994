//! `driftguard scan`: once, to standard output, with an exit code.

use std::io::{self, Read, Write};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, bail};

use super::{Session, complain};
use crate::cli::{Format, Scan};
use crate::report::{EnvironmentReport, Report};
use crate::scan::{CollectSink, EnvironmentSpec, ScanContext, pipeline};

pub(super) fn run(session: &Session, args: &Scan) -> anyhow::Result<u8> {
    session.refuse_problems()?;
    let specs = chosen(session, args)?;
    let report = scan(&specs)?;
    print(&report, args.format, args.strict)
}

fn chosen(session: &Session, args: &Scan) -> anyhow::Result<Vec<EnvironmentSpec>> {
    let mut specs = session.environments(&args.paths)?;
    if !args.env.is_empty() {
        for slug in &args.env {
            if !session.config.environments.iter().any(|e| e.environment.slug.as_str() == slug) {
                bail!("there is no environment '{slug}' in the configuration; see `driftguard config show`");
            }
        }
        specs = session.config.environments.clone();
        specs.retain(|spec| args.env.iter().any(|slug| slug == spec.environment.slug.as_str()));
    }
    if specs.is_empty() {
        bail!(
            "nothing to scan: name declared state with --state, write [[environment]] into the configuration, or go where a terraform.tfstate is"
        );
    }
    Ok(specs)
}

/// Scans each environment in turn; a scan uses every core already. Nothing is remembered.
pub(super) fn scan(specs: &[EnvironmentSpec]) -> anyhow::Result<Report> {
    let cancel = AtomicBool::new(false);
    let key = one_time_key()?;
    let mut reports = vec![];
    for spec in specs {
        let mut sink = CollectSink::default();
        let done = pipeline::run(spec, &ScanContext::ad_hoc(key, &cancel), &mut sink)?;
        for note in done.notes {
            complain(&format!("{}: {:?}, not judged as drift", note.resource.resource_id.line(), note.status));
        }
        reports.push(EnvironmentReport {
            environment: spec.environment.clone(),
            summary: done.summary,
            findings: sink.findings,
            errors: done.errors,
        });
    }
    Ok(Report::new(reports))
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
