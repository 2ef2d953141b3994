//! `driftguard bench`: how well and how fast the comparer does on recorded cases.

use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::runtime::Handle;

use super::complain;
use crate::bench::{self, BenchReport, Case};
use crate::cli::{Bench, BenchFormat};
use crate::compare::Packs;
use crate::eval;
use crate::service::{DriftService, LocalService};
use crate::store::{self, OpenMode};

/// Long enough for a figure, short enough to wait for.
const MEASURED: Duration = Duration::from_millis(700);

pub(super) fn run(args: &Bench) -> anyhow::Result<u8> {
    if let Some(path) = &args.cloudtrail {
        return cloudtrail(path, args);
    }
    if let Some(path) = &args.series {
        return series(path, args);
    }
    if let Some(worlds) = args.learning {
        return learning(worlds, args.format);
    }
    if let Some(path) = &args.analysis {
        return analysis(path, args);
    }
    let read = bench::read(&args.cases);
    for error in &read.errors {
        complain(&error.to_string());
    }
    if read.cases.is_empty() {
        bail!(
            "no case to compare; a case file holds one JSON object a line with id, dialect, resource_type, declared and live"
        );
    }
    let packs = if args.no_packs { Packs::embedded().without_types() } else { Packs::embedded().clone() };
    let report = BenchReport {
        scored: bench::score(&read.cases, &packs),
        cases_per_second: speed(&read.cases, &packs),
        mutations: args.mutate.map(|seed| bench::mutate(&read.cases, &packs, seed)),
    };
    let mut out = std::io::stdout().lock();
    match args.format {
        BenchFormat::Text => write!(out, "{}", bench::text(&report, args.failures))?,
        BenchFormat::Json => writeln!(out, "{:#}", bench::json(&report))?,
    }
    Ok(u8::from(!read.errors.is_empty()))
}

/// How well kinds of hands are told by events.
fn cloudtrail(path: &Path, args: &Bench) -> anyhow::Result<u8> {
    let told = bench::cloudtrail::tell(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    told.errors.iter().for_each(|error| complain(error));
    if told.seen.events + told.held_out.events == 0 {
        bail!("{}: no event to measure", path.display());
    }
    let mut out = std::io::stdout().lock();
    match args.format {
        BenchFormat::Text => write!(out, "{}", bench::cloudtrail::text_of(&told, args.failures))?,
        BenchFormat::Json => writeln!(out, "{:#}", bench::cloudtrail::json_of(&told))?,
    }
    Ok(u8::from(!told.errors.is_empty()))
}

/// How well incidents are made, and bursts are noticed.
fn series(path: &Path, args: &Bench) -> anyhow::Result<u8> {
    let measured = bench::series::measure(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    measured.errors.iter().for_each(|error| complain(error));
    if measured.events == 0 {
        bail!("{}: no event to measure", path.display());
    }
    let mut out = std::io::stdout().lock();
    match args.format {
        BenchFormat::Text => write!(out, "{}", bench::series::text_of(&measured))?,
        BenchFormat::Json => writeln!(out, "{:#}", bench::series::json_of(&measured))?,
    }
    Ok(u8::from(!measured.errors.is_empty()))
}

/// How well causes are told after so many labels.
fn learning(worlds: u8, format: BenchFormat) -> anyhow::Result<u8> {
    let measured = bench::learning::measure(u64::from(worlds)).context("nothing could be measured")?;
    let mut out = std::io::stdout().lock();
    match format {
        BenchFormat::Text => write!(out, "{}", bench::learning::text_of(&measured))?,
        BenchFormat::Json => writeln!(out, "{:#}", bench::learning::json_of(&measured))?,
    }
    Ok(0)
}

/// How long it takes to say why, how bad, and what to do.
fn analysis(path: &Path, args: &Bench) -> anyhow::Result<u8> {
    let (mut cases, mut errors) = (vec![], vec![]);
    for file in eval::files_of(&[path.to_owned()])? {
        let (read, failed) = eval::read(&file, eval::Case::parse);
        cases.extend(read);
        errors.extend(failed);
    }
    errors.iter().for_each(|error| complain(&error.to_string()));
    let home = tempfile::tempdir().context("no directory for a store")?;
    let store = store::open(&home.path().join("store"), OpenMode::ReadWrite)?.store;
    bench::analysis::fill(store.as_ref(), &cases)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let measured = runtime.block_on(async {
        let service: Arc<dyn DriftService> = LocalService::start(Arc::clone(&store), vec![], Handle::current());
        bench::analysis::measure(&service, store.as_ref()).await
    });
    let measured = measured.map_err(|e| anyhow::anyhow!("{e}"))?;
    if measured.drifts() == 0 {
        bail!("{}: no case drifts, so there is nothing to analyse", path.display());
    }
    let mut out = std::io::stdout().lock();
    match args.format {
        BenchFormat::Text => write!(out, "{}", measured.text())?,
        BenchFormat::Json => writeln!(out, "{:#}", measured.json())?,
    }
    Ok(u8::from(!errors.is_empty()))
}

/// Whole passes over all cases, one after another.
fn speed(cases: &[Case], packs: &Packs) -> f64 {
    let start = Instant::now();
    let mut passes = 0;
    while start.elapsed() < MEASURED {
        cases.iter().for_each(|case| _ = black_box(case.compare(packs)));
        passes += 1;
    }
    (cases.len() * passes) as f64 / start.elapsed().as_secs_f64()
}
