//! One scan for a report: what it found, and what the store knows of it. The same memory the screens have.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use super::local::register;
use super::scanning::Beside;
use crate::drift::{DriftId, Finding, Fingerprint, Hidden, ScanId, ScanSummary, Sighting, Slug, State};
use crate::scan::{CollectSink, EnvironmentSpec, ScanContext, ScanReport, Seen, Sink, run};
use crate::store::{Direction, DriftFilter, IgnoreRules, Observation, PageRequest, Recorded, Store, StoreError};

/// Drifts per call while a view is read.
const PAGE: usize = 500;

/// What a scan remembers.
pub enum Memory {
    /// Nothing; values of secrets are comparable within one report only.
    None { redaction_key: [u8; 32] },
    /// It reads the store and writes what it saw.
    Kept(Arc<dyn Store>),
    /// It reads the store and leaves it alone: somebody else holds it, or it cannot be written.
    View(Arc<dyn Store>),
}

/// The end of a scan, with its drifts in the order of the sources.
pub struct Scanned {
    pub report: ScanReport,
    pub drifts: Vec<Sighting>,
}

/// Scans once, blocking. Errors are the store's; what sources do wrong is in the report.
pub fn scan_once(memory: &Memory, spec: &EnvironmentSpec, cancel: &AtomicBool) -> Result<Scanned, StoreError> {
    let seen = Seen::default();
    let slug = &spec.environment.slug;
    let beside = |store| Beside { store, seen: &seen, progress: &|_| {} };
    match memory {
        Memory::None { redaction_key } => {
            let mut sink = CollectSink::default();
            let report = run(spec, &ScanContext::ad_hoc(*redaction_key, cancel), &mut sink)?;
            Ok(Scanned { report, drifts: sink.findings.into_iter().map(Sighting::from).collect() })
        }
        Memory::Kept(store) => {
            let store = store.as_ref();
            register(store, &spec.environment)?;
            let mut sink = Keeper { store, scan: None, drifts: vec![] };
            let report = beside(store).scan(spec, cancel, &mut sink)?;
            Ok(Scanned { report, drifts: sink.drifts })
        }
        Memory::View(store) => {
            let store = store.as_ref();
            let mut sink = CollectSink::default();
            let report = beside(store).scan(spec, cancel, &mut sink)?;
            let viewer =
                Viewer { store, known: still_there(store, slug)?, rules: IgnoreRules::new(store.ignore_rules()?) };
            let drifts = sink.findings.into_iter().map(|f| viewer.sighting(f)).collect::<Result<_, _>>()?;
            Ok(Scanned { report, drifts })
        }
    }
}

/// What is hidden of a drift, by whatever rule.
fn hidden(store: &dyn Store, id: DriftId) -> Vec<Hidden> {
    store.drift(id).map(|detail| detail.hidden).unwrap_or_default()
}

/// Writes to the store, and keeps what it says.
struct Keeper<'a> {
    store: &'a dyn Store,
    scan: Option<(ScanId, Slug)>,
    drifts: Vec<Sighting>,
}

impl Keeper<'_> {
    fn scan(&self) -> Result<(ScanId, Slug), StoreError> {
        self.scan.clone().ok_or_else(|| StoreError::Invalid("the scan has not begun".into()))
    }
}

impl Sink for Keeper<'_> {
    fn begin(&mut self, environment: &Slug, at: Timestamp) -> Result<ScanId, StoreError> {
        let id = self.store.begin_scan(environment, at)?;
        self.scan = Some((id, environment.clone()));
        Ok(id)
    }

    fn findings(&mut self, mut batch: Vec<Finding>) -> Result<(), StoreError> {
        let (id, _) = self.scan()?;
        let bare = |f: &mut Finding| {
            let bodies = (f.declared_state.take(), f.actual_state.take());
            let bare = f.clone();
            (f.declared_state, f.actual_state) = bodies;
            bare
        };
        let found: Vec<Finding> = batch.iter_mut().map(bare).collect();
        let now = Timestamp::now();
        for (finding, recorded) in found.into_iter().zip(self.store.record(id, batch)?) {
            let (Recorded::New(event) | Recorded::SeenAgain(event) | Recorded::Regressed(event)) = recorded;
            self.drifts.push(Sighting::of(finding, &event, now, || hidden(self.store, event.id)));
        }
        Ok(())
    }

    fn observations(&mut self, batch: Vec<Observation>) -> Result<(), StoreError> {
        let (id, environment) = self.scan()?;
        self.store.observe(id, &environment, batch)
    }

    fn finish(&mut self, summary: ScanSummary) -> Result<ScanSummary, StoreError> {
        Ok(self.store.finish_scan(self.scan()?.0, summary)?.0)
    }
}

/// Says of each finding what a store knows that it must not write to.
struct Viewer<'a> {
    store: &'a dyn Store,
    known: HashMap<Fingerprint, DriftId>,
    rules: IgnoreRules,
}

impl Viewer<'_> {
    fn sighting(&self, finding: Finding) -> Result<Sighting, StoreError> {
        let now = Timestamp::now();
        if let Some(id) = self.known.get(&finding.fingerprint()) {
            let detail = self.store.drift(*id)?;
            return Ok(Sighting::of(finding, &detail.event, now, || detail.hidden));
        }
        let Some((event, hidden)) = self.rules.preview(&finding, now) else { return Ok(finding.into()) };
        let mut sighting = Sighting::of(finding, &event, now, || hidden);
        sighting.known = sighting.known.map(|known| crate::drift::Known { id: None, ..known });
        Ok(sighting)
    }
}

/// Every drift of the environment that has not ended.
fn still_there(store: &dyn Store, environment: &Slug) -> Result<HashMap<Fingerprint, DriftId>, StoreError> {
    let states = State::ALL.into_iter().filter(|s| *s != State::Closed).collect();
    let filter = DriftFilter { environments: vec![environment.clone()], states, ..DriftFilter::default() };
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE };
    let mut known = HashMap::new();
    loop {
        let page = store.page(&request)?;
        known.extend(page.data.iter().map(|event| (event.fingerprint, event.id)));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(known),
        }
    }
}
