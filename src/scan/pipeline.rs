//! One scan of one environment, from its sources to a sink.
//!
//! Declared state is streamed, never held. A first pass ([`survey`]) settles what is in sync and learns every secret; only
//! then does a second pass ([`review`]) read again the resources that differ, because only then can they be masked in full.
//! Resources that describe one live thing together are put aside in the second pass and compared as [`families`]; what no
//! lookup asked for is [`unmanaged`]. Findings come in the order of the sources, whatever the number of threads.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::dependants::Dependants;
use super::examine::{Blind, Examiner};
use super::families::families;
use super::listing::{Limits, Listing};
use super::moves::Moves;
use super::reading::Reading;
use super::recency::Recency;
use super::review::{review, unmanaged};
use super::sources::roots;
use super::survey::survey;
use super::tally::Tally;
use super::{EnvironmentSpec, Seen, Sink, Sources};
use crate::aws::Used;
use crate::compare::Context;
use crate::declared::InstanceStatus;
use crate::drift::{DriftId, ResourceRef, ScanId, ScanStage, ScanSummary, SourceError, SourceState, Untold};
use crate::live::aws::Keeping;
use crate::recommend::Code;
use crate::safety::{Redactor, Tainted};
use crate::store::{Observation, StoreError};
use crate::telemetry::Trace;
use jiff::Timestamp;

/// What a scan needs besides its sources.
pub struct ScanContext<'a> {
    pub redaction_key: [u8; 32],
    /// Threads that compare; at least 1.
    pub workers: usize,
    /// Set from outside to stop; a cancelled scan closes nothing.
    pub cancel: &'a AtomicBool,
    /// `None`: nothing is remembered, nothing is observed.
    pub remembered: Option<Remembered<'a>>,
    /// Where what a cloud answered is kept for the next scan.
    pub keeping: Option<&'a Keeping>,
    /// The last scan, for the age of sources that fail now.
    pub previous: Option<&'a ScanSummary>,
    /// How much of what is hidden and unverified is listed by name.
    pub listed: Limits,
    /// Called often; the caller coalesces.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// Access to what was last seen and accepted.
pub struct Remembered<'a> {
    pub seen: &'a Seen,
    /// By resource type and id: the last accepted value.
    pub load: &'a (dyn Fn(&str, &str) -> Option<Observation> + Sync),
    /// Drifts of declared resources that have not ended.
    pub standing: &'a [StandingDrift],
    /// The `id` that the code said of the resource of one of them.
    pub own_id: &'a (dyn Fn(DriftId) -> Option<String> + Sync),
}

/// A drift that has not ended when a scan begins.
#[derive(Clone, Debug)]
pub struct StandingDrift {
    pub id: DriftId,
    pub resource: ResourceRef,
    /// When a scan first saw it, or saw it again after it was gone.
    pub appeared: Timestamp,
}

impl<'a> ScanContext<'a> {
    /// For a scan that remembers nothing: as many threads as cores.
    pub fn ad_hoc(redaction_key: [u8; 32], cancel: &'a AtomicBool) -> Self {
        let workers = std::thread::available_parallelism().map_or(1, |n| n.get());
        Self {
            redaction_key,
            workers,
            cancel,
            remembered: None,
            keeping: None,
            previous: None,
            listed: Limits::default(),
            progress: &|_| {},
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

/// How far a scan is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    pub stage: ScanStage,
    pub resources: u64,
    pub drifted: u64,
}

/// Worth a line in a report; not drift, and in no count.
#[derive(Clone, PartialEq, Debug)]
pub struct Note {
    pub resource: ResourceRef,
    /// [`InstanceStatus::Tainted`] or [`InstanceStatus::Deposed`].
    pub status: InstanceStatus,
}

/// The end of a scan, with what the store does not keep.
#[derive(Debug)]
pub struct ScanReport {
    pub summary: ScanSummary,
    /// Sources, and parts of them, that could not be read; at most 1000.
    pub errors: Vec<SourceError>,
    /// Tainted and deposed instances; at most 1000.
    pub notes: Vec<Note>,
    /// What was hidden and unverified, as much of it as was to be listed.
    pub untold: Vec<Untold>,
    /// Files whose change should start the next scan.
    pub watch: Vec<PathBuf>,
    /// What reading a cloud took.
    pub usage: Used,
}

/// Scans once, blocking. Errors are the sink's; what sources do wrong is in the report.
pub fn run(spec: &EnvironmentSpec, context: &ScanContext<'_>, sink: &mut dyn Sink) -> Result<ScanReport, StoreError> {
    let start = Instant::now();
    let (environment, trace) = (&spec.environment.slug, Trace::begin());
    let _span = tracing::info_span!("scan", %environment, trace_id = trace.trace_id, span_id = trace.span_id).entered();
    (context.progress)(Progress { stage: ScanStage::Live, resources: 0, drifted: 0 });
    let told = |resources, _| (context.progress)(Progress { stage: ScanStage::Live, resources, drifted: 0 });
    let sources = Sources::open(spec, context.keeping, context.cancel, &told);
    let report = run_on(spec, &sources, start.elapsed(), context, sink);
    match &report {
        Ok(ScanReport { summary, .. }) => {
            let (counts, ms) = (&summary.counts, start.elapsed().as_secs_f64() * 1000.0);
            tracing::info!(
                resources = counts.resources,
                drifted = counts.drifted,
                unverified = counts.unverified,
                ms,
                "scanned"
            );
        }
        Err(error) => tracing::error!(%error, "the scan failed"),
    }
    report
}

/// [`run`] on sources that are open already; `opening` is the time that took.
pub fn run_on(
    spec: &EnvironmentSpec,
    sources: &Sources,
    opening: Duration,
    context: &ScanContext<'_>,
    sink: &mut dyn Sink,
) -> Result<ScanReport, StoreError> {
    let start = Instant::now();
    let now = Timestamp::now();
    let id = sink.begin(&spec.environment.slug, now)?;
    let mut examiner = Examiner {
        spec,
        sources,
        context,
        redactor: Redactor::new(context.redaction_key),
        blind: Blind::of(sources),
        recency: Recency::of(sources),
        now,
        code: Code::default(),
        home: surroundings(spec, sources),
        ambiguous: HashSet::new(),
        dependants: Dependants::default(),
        moves: Moves::of(context.remembered.as_ref().map_or(&[], |known| known.standing)),
    };
    let mut tally = Tally::new(sink, context.remembered.as_ref().map(|r| r.seen), now);
    tally.untold = Listing::of(context.listed);
    tally.blind_declared = !sources.declared_errors.is_empty();

    let (mut reading, again) = survey(&mut examiner, &mut tally);
    let kin = review(&examiner, &mut tally, &again, &mut reading.failures);
    families(&examiner, &mut tally, kin);
    if spec.unmanaged && reading.failures.is_empty() && !tally.blind_declared {
        unmanaged(&examiner, &mut tally);
    }
    let _ = tally.flush();
    let timings = [opening, start.elapsed()];
    finish(&examiner, tally, Ending { id, reading, timings })
}

/// Account and region of the environment, and what its live sources call things.
fn surroundings(spec: &EnvironmentSpec, sources: &Sources) -> Context {
    let mut context = Context::of(spec.environment.account_id.raw(), spec.environment.region.raw());
    sources.live.iter().for_each(|source| context.absorb(source.context()));
    context
}

struct Ending {
    id: ScanId,
    reading: Reading,
    /// Opening, and everything after it.
    timings: [Duration; 2],
}

fn finish(examiner: &Examiner<'_>, mut tally: Tally<'_>, ending: Ending) -> Result<ScanReport, StoreError> {
    if let Some(error) = tally.refused {
        return Err(error);
    }
    let (context, sources) = (examiner.context, examiner.sources);
    let cancelled = context.is_cancelled();
    // Some sources can name the types they failed on only after they were asked.
    let blind = Blind::of(sources);
    tally.blind |= blind.everything;
    tally.blind_types.extend(blind.types);
    tally.blind |= cancelled || !ending.reading.failures.is_empty() || tally.blind_declared;
    let mut states = source_states(sources, &ending.reading, context.previous, examiner.now);
    // Messages quote what was read, so they may hold secrets too.
    let mask = |text: &mut Tainted| *text = examiner.redactor.mask_text(text.raw());
    states.iter_mut().filter_map(|s| s.error.as_mut()).chain(&mut tally.errors).for_each(|e| mask(&mut e.message));
    states.iter_mut().flat_map(|s| &mut s.notices).for_each(mask);
    tally.unverified.iter_mut().for_each(|(_, why)| mask(&mut why.detail));
    let of_sources = states.iter().filter_map(|s| s.error.clone());
    let errors: Vec<SourceError> = of_sources.chain(std::mem::take(&mut tally.errors)).collect();
    let nothing_read = tally.counts.resources == 0 && !errors.is_empty();
    let micros = |d: Duration| u64::try_from(d.as_micros()).unwrap_or(u64::MAX);
    let [opening, rest] = ending.timings;
    let summary = ScanSummary {
        id: ending.id,
        environment: examiner.spec.environment.slug.clone(),
        started_at: examiner.now,
        finished_at: Timestamp::now(),
        stage: match (cancelled, nothing_read) {
            (true, _) => ScanStage::Cancelled,
            (_, true) => ScanStage::Failed,
            _ => ScanStage::Done,
        },
        counts: tally.counts,
        new: 0,
        regressed: 0,
        closed: 0,
        sources: states,
        completeness: tally.completeness(),
        unverified: std::mem::take(&mut tally.unverified),
        timings: vec![
            (ScanStage::Live, micros(opening)),
            (ScanStage::Compare, micros(rest.saturating_sub(tally.store_time))),
            (ScanStage::Store, micros(tally.store_time)),
        ],
    };
    let notes = std::mem::take(&mut tally.notes);
    let mut watch = sources.watch_paths();
    watch.extend(roots(examiner.spec));
    let untold = std::mem::take(&mut tally.untold).into_rows();
    let sink = tally.into_sink();
    if summary.stage == ScanStage::Done && !context.listed.is_none() {
        sink.untold(&untold)?;
    }
    let summary = sink.finish(summary)?;
    let usage = Used::of(sources.usage.iter().map(AsRef::as_ref));
    Ok(ScanReport { summary, errors, notes, untold, watch, usage })
}

/// Every source with the age of what it last gave.
fn source_states(
    sources: &Sources,
    reading: &Reading,
    previous: Option<&ScanSummary>,
    now: Timestamp,
) -> Vec<SourceState> {
    let state = |source: Tainted, error: Option<SourceError>| {
        let before = previous.into_iter().flat_map(|p| &p.sources).find(|s| s.source == source);
        let (last_good, version, written_at) = match &error {
            // What it last gave is still what is known of it.
            Some(_) => before.map_or((None, None, None), |b| (b.last_good, b.version.clone(), b.written_at)),
            None => (Some(now), None, None),
        };
        SourceState { last_good, source, error, version, written_at, notices: vec![] }
    };
    let declared = (sources.declared.iter().enumerate()).map(|(index, source)| {
        let read = state(source.name().as_ref().clone(), reading.failures.get(&index).cloned());
        match reading.facts.get(&index) {
            Some(facts) if read.error.is_none() => SourceState {
                version: facts.version(),
                written_at: facts.written_at,
                notices: facts.notices.clone(),
                ..read
            },
            _ => read,
        }
    });
    let live = (sources.live.iter()).map(|s| {
        let error = s.errors().into_iter().next().map(|(error, _)| error);
        SourceState { notices: s.notices(), ..state(s.name().as_ref().clone(), error) }
    });
    let unopened = sources.declared_errors.iter().chain(&sources.live_errors);
    declared.chain(live).chain(unopened.map(|e| state(e.source.clone(), Some(e.clone())))).collect()
}
