//! One scan for a report: what it found, and what the store knows of it. The same memory the screens have.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use super::around::begin_announced;
use super::bulletin::{self, Bulletin};
use super::evidence::Beforehand;
use super::keeping::register;
use super::leased::while_kept;
use super::scanning::{Beside, worth_asking};
use super::thinking::rethink_all;
use super::{Witness, pulse};
use crate::drift::{
    Attribution, DriftId, Finding, Fingerprint, Known, ScanId, ScanSummary, Sighting, Slug, State, Untold,
};
use crate::scan::{EnvironmentSpec, Limits, ScanContext, ScanReport, Seen, Sightings, Sink, deploys, run};
use crate::store::{
    Direction, DriftFilter, IgnoreRules, Observation, PageRequest, Recorded, ScanJobs, Store, StoreError,
};

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

/// The end of a scan, with its drifts.
pub struct Scanned {
    pub report: ScanReport,
    pub drifts: Sightings,
    /// Whom drifts are put down to.
    pub actors: HashMap<DriftId, Attribution>,
    /// Why nobody was asked who made them.
    pub unasked: Option<String>,
}

/// Scans once, blocking. Errors are the store's; what sources do wrong is in the report.
///
/// A store is told all it keeps of what was hidden and unverified; without one, `listed` says how much of it is wanted.
pub fn scan_once(
    memory: &Memory,
    spec: &EnvironmentSpec,
    listed: Limits,
    cancel: &AtomicBool,
) -> Result<Scanned, StoreError> {
    let seen = Seen::default();
    let slug = &spec.environment.slug;
    let mut collector = Collector {
        knows: Knows::of(memory, slug)?,
        scan: None,
        drifts: Sightings::default(),
        actors: HashMap::new(),
        new: vec![],
        severe: vec![],
    };
    let report = match memory {
        Memory::None { redaction_key } => {
            let context = ScanContext { listed, ..ScanContext::ad_hoc(*redaction_key, cancel) };
            run(spec, &context, &mut collector)?
        }
        Memory::Kept(store) | Memory::View(store) => {
            if matches!(memory, Memory::Kept(_)) {
                register(store.as_ref(), &spec.environment)?;
                begin_announced(store.as_ref(), &spec.maintenance, slug, Timestamp::now())?;
            }
            let beside = Beside { store: store.as_ref(), seen: &seen, progress: &|_| {} };
            let is_kept = matches!(memory, Memory::Kept(_));
            match store.jobs().filter(|_| is_kept) {
                Some(jobs) => alone(jobs.as_ref(), spec, cancel, || beside.scan(spec, cancel, &mut collector))?,
                None => beside.scan(spec, cancel, &mut collector)?,
            }
        }
    };
    let Collector { mut drifts, mut actors, new, severe, .. } = collector;
    let unasked = match memory {
        Memory::Kept(store) => {
            rethink_all(store.as_ref(), &Beforehand::of(spec), slug, &new, cancel, |event| drifts.reconsider(event));
            let unasked = Witness::of(spec).by_itself(store.as_ref(), &severe, |event| {
                actors.extend(event.attribution.as_deref().map(|to| (event.id, to.clone())));
                drifts.reconsider(event);
            });
            pulse::after(store.as_ref(), &report.summary);
            unasked
        }
        _ => None,
    };
    Ok(Scanned { report, drifts, actors, unasked })
}

/// Where other processes scan, too: as one of them.
fn alone<T>(
    jobs: &dyn ScanJobs,
    spec: &EnvironmentSpec,
    cancel: &AtomicBool,
    scan: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let slug = &spec.environment.slug;
    let next = spec.schedule.as_ref().and_then(|schedule| schedule.after(Timestamp::now()));
    if jobs.want(Some(slug))?.is_empty() {
        // Nobody else has planned to.
        return scan();
    }
    let Some(claim) = jobs.claim(slug, next)? else {
        let why = format!("{slug} is being scanned by another process; wait for it, or compare alone with --no-store");
        return Err(StoreError::Unavailable(why));
    };
    let done = while_kept(jobs, &claim, cancel, scan)?;
    // What came of it, the others read in the store.
    bulletin::say(jobs, &[Bulletin::Scanned(slug.clone()), Bulletin::Lost]);
    Ok(done)
}

/// Who says what is known of a finding.
enum Knows<'a> {
    Nobody,
    /// The store, to which it is written.
    Store(&'a dyn Store),
    /// A store that must not be written to.
    View {
        store: &'a dyn Store,
        /// Drifts that have not ended.
        known: HashMap<Fingerprint, DriftId>,
        rules: IgnoreRules,
    },
}

impl<'a> Knows<'a> {
    fn of(memory: &'a Memory, environment: &Slug) -> Result<Self, StoreError> {
        Ok(match memory {
            Memory::None { .. } => Self::Nobody,
            Memory::Kept(store) => Self::Store(store.as_ref()),
            Memory::View(store) => Self::View {
                store: store.as_ref(),
                known: still_there(store.as_ref(), environment)?,
                rules: IgnoreRules::new(store.ignore_rules()?),
            },
        })
    }
}

/// Keeps the findings with what is known of them, and writes them where that is wanted.
struct Collector<'a> {
    knows: Knows<'a>,
    /// In the store.
    scan: Option<(ScanId, Slug)>,
    drifts: Sightings,
    actors: HashMap<DriftId, Attribution>,
    /// First seen, come back, or gone on as another.
    new: Vec<DriftId>,
    /// New drifts that somebody will want to know the hand of.
    severe: Vec<DriftId>,
}

impl Collector<'_> {
    fn scan(&self) -> Result<(ScanId, Slug), StoreError> {
        self.scan.clone().ok_or_else(|| StoreError::Invalid("the scan has not begun".into()))
    }
}

impl Sink for Collector<'_> {
    fn begin(&mut self, environment: &Slug, at: Timestamp) -> Result<ScanId, StoreError> {
        let Knows::Store(store) = &self.knows else { return Ok(ScanId::generate()) };
        let id = store.begin_scan(environment, at)?;
        self.scan = Some((id, environment.clone()));
        Ok(id)
    }

    fn findings(&mut self, mut batch: Vec<Finding>) -> Result<(), StoreError> {
        let now = Timestamp::now();
        let found: Vec<Finding> = batch.iter_mut().map(without_bodies).collect();
        match &self.knows {
            Knows::Nobody => found.into_iter().try_for_each(|f| self.drifts.push(&Sighting::from(f)))?,
            Knows::Store(store) => {
                let recorded = store.record(self.scan()?.0, batch)?;
                for (finding, recorded) in found.into_iter().zip(recorded) {
                    let is_new = matches!(recorded, Recorded::New(_) | Recorded::Regressed(_));
                    let goes_on = matches!(recorded, Recorded::Continued { .. });
                    let event = recorded.into_event();
                    self.new.extend((is_new || goes_on).then_some(event.id));
                    self.severe.extend((is_new && worth_asking(&event)).then_some(event.id));
                    self.actors.extend(event.attribution.as_deref().map(|to| (event.id, to.clone())));
                    let hidden = || store.drift(event.id).map(|detail| detail.hidden).unwrap_or_default();
                    self.drifts.push(&Sighting::of(finding, &event, now, hidden))?;
                }
            }
            Knows::View { store, known, rules } => {
                for finding in found {
                    self.drifts.push(&viewed(*store, known, rules, finding, now)?)?;
                }
            }
        }
        Ok(())
    }

    fn observations(&mut self, batch: Vec<Observation>) -> Result<(), StoreError> {
        let Knows::Store(store) = &self.knows else { return Ok(()) };
        let (id, environment) = self.scan()?;
        store.observe(id, &environment, batch)
    }

    fn untold(&mut self, rows: &[Untold]) -> Result<(), StoreError> {
        let Knows::Store(store) = &self.knows else { return Ok(()) };
        store.keep_untold(self.scan()?.0, rows)
    }

    fn finish(&mut self, summary: ScanSummary) -> Result<ScanSummary, StoreError> {
        let Knows::Store(store) = &self.knows else { return Ok(summary) };
        deploys::record(*store, &summary)?;
        Ok(store.finish_scan(self.scan()?.0, summary)?.0)
    }
}

/// A copy for the report, which shows no whole bodies.
fn without_bodies(finding: &mut Finding) -> Finding {
    let bodies = (finding.declared_state.take(), finding.actual_state.take());
    let bare = finding.clone();
    (finding.declared_state, finding.actual_state) = bodies;
    bare
}

/// A drift whose properties are not those the store knows is reported as open, whatever was decided about some of them: that goes
/// over when a scan may write.
fn viewed(
    store: &dyn Store,
    known: &HashMap<Fingerprint, DriftId>,
    rules: &IgnoreRules,
    finding: Finding,
    now: Timestamp,
) -> Result<Sighting, StoreError> {
    let moved = || known.get(&finding.fingerprint_before()?);
    if let Some(id) = known.get(&finding.fingerprint()).or_else(moved) {
        let detail = store.drift(*id)?;
        return Ok(Sighting::of(finding, &detail.event, now, || detail.hidden));
    }
    let Some((event, hidden)) = rules.preview(&finding, now) else { return Ok(finding.into()) };
    let mut sighting = Sighting::of(finding, &event, now, || hidden);
    sighting.known = sighting.known.map(|known| Known { id: None, ..known });
    Ok(sighting)
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
