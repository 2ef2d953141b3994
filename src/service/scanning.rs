//! One environment's scan as the service runs it: into the store, telling whoever listens.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Notify, broadcast};

use super::around::begin_announced;
use super::evidence::{Beforehand, appeared};
use super::thinking::{advise_anew, rethink_all};
use super::{ScanProgress, ServiceEvent, Witness, pulse};
use crate::compare::NeverHide;
use crate::drift::{DriftEvent, DriftId, DriftType, SeverityClass, Slug, State};
use crate::live::aws::Keeping;
use crate::safety::Tainted;
use crate::scan::scheduler::Job;
use crate::scan::sink::Told;
use crate::scan::{
    EnvironmentSpec, Limits, Progress, Remembered, ScanContext, ScanReport, Seen, Sink, StandingDrift, StoreSink, run,
    sources,
};
use crate::store::{Direction, DriftFilter, PageRequest, Store, StoreError, Upkeep};

/// Drifts whose resources are looked for at other addresses, and how many are read at a time.
const STANDING: usize = 20_000;
const PAGE: usize = 500;
/// Progress is told this often at most.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// A scan that compares with what a store remembers.
pub(super) struct Beside<'a> {
    pub store: &'a dyn Store,
    pub seen: &'a Seen,
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl Beside<'_> {
    /// Whether anything is written is the sink's affair.
    pub fn scan(
        &self,
        spec: &EnvironmentSpec,
        cancel: &AtomicBool,
        sink: &mut dyn Sink,
    ) -> Result<ScanReport, StoreError> {
        let slug = &spec.environment.slug;
        // What is remembered and cannot be read is not remembered.
        let previous = self.store.last_scan(slug).ok().flatten();
        let load = |kind: &str, id: &str| self.store.remembered(slug, kind, id).ok().flatten();
        let standing = standing(self.store, slug);
        let own_id = |drift| own_id(self.store, drift);
        let spec = &with_decisions(self.store, spec);
        let keeping = self.store.directory().map(|directory| Keeping {
            store: directory.to_owned(),
            key: self.store.redaction_key(),
            write: self.store.read_only().is_none(),
        });
        let context = ScanContext {
            keeping: keeping.as_ref(),
            remembered: Some(Remembered { seen: self.seen, load: &load, standing: &standing, own_id: &own_id }),
            previous: previous.as_ref(),
            listed: Limits::KEPT,
            progress: self.progress,
            ..ScanContext::ad_hoc(self.store.redaction_key(), cancel)
        };
        run(spec, &context, sink)
    }
}

/// Drifts of declared resources that have not ended, the newest first: their resources may have moved in the state.
fn standing(store: &dyn Store, environment: &Slug) -> Vec<StandingDrift> {
    let filter = DriftFilter {
        environments: vec![environment.clone()],
        drift_types: vec![DriftType::Modified, DriftType::Deleted],
        states: State::ALL.into_iter().filter(|state| *state != State::Closed).collect(),
        ..DriftFilter::default()
    };
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE };
    let mut found = vec![];
    while found.len() < STANDING {
        // What cannot be read has not moved.
        let Ok(page) = store.page(&request) else { break };
        found.extend(page.data.into_iter().map(|event| {
            let came_back = event.regressions > 0 && event.resource.previous_address.is_some();
            // Only its history says when it came back.
            let back = came_back.then(|| store.drift(event.id).ok()).flatten().map(|detail| appeared(&detail));
            let appeared = back.unwrap_or(event.detected_at);
            StandingDrift { id: event.id, resource: event.resource, appeared }
        }));
        request.cursor = page.next;
        if request.cursor.is_none() {
            break;
        }
    }
    found
}

fn own_id(store: &dyn Store, drift: DriftId) -> Option<String> {
    let declared = store.drift(drift).ok()?.declared_state?;
    declared.value().get("id")?.as_str().map(str::to_owned)
}

/// What people decided that must not be hidden holds beside what the configuration says.
fn with_decisions<'a>(store: &dyn Store, spec: &'a EnvironmentSpec) -> Cow<'a, EnvironmentSpec> {
    let decided = store.never_hidden().unwrap_or_else(|error| {
        tracing::warn!(%error, "what must not be hidden could not be read");
        Vec::new()
    });
    let slug = &spec.environment.slug;
    let here = decided.iter().filter(|rule| rule.environment.as_ref().is_none_or(|of| of == slug));
    let rules: Vec<NeverHide> = here.filter_map(|rule| NeverHide::decided(rule).ok()).collect();
    if rules.is_empty() {
        return Cow::Borrowed(spec);
    }
    let mut spec = spec.clone();
    spec.knowledge.never_hide.extend(rules);
    Cow::Owned(spec)
}

pub(super) struct ScanJob {
    store: Arc<dyn Store>,
    spec: EnvironmentSpec,
    events: broadcast::Sender<ServiceEvent>,
    /// Told after every scan: what it found may end by time.
    changed: Arc<Notify>,
    seen: Seen,
    running: Mutex<Option<ScanProgress>>,
    witness: Arc<Witness>,
    off: Arc<AtomicBool>,
    /// All advice goes by the policies of this job.
    advised: AtomicBool,
}

impl ScanJob {
    pub fn new(
        store: Arc<dyn Store>,
        spec: EnvironmentSpec,
        events: broadcast::Sender<ServiceEvent>,
        changed: Arc<Notify>,
    ) -> Self {
        let witness = Arc::new(Witness::of(&spec));
        Self {
            store,
            spec,
            events,
            changed,
            seen: Seen::default(),
            running: Mutex::new(None),
            witness,
            off: Arc::default(),
            advised: AtomicBool::new(false),
        }
    }

    /// Does nothing for as long as this is set.
    pub fn unless(mut self, off: Arc<AtomicBool>) -> Self {
        self.off = off;
        self
    }

    /// Who is asked who did it.
    pub fn witness(&self) -> Arc<Witness> {
        Arc::clone(&self.witness)
    }

    /// How far the running scan is.
    pub fn progress(&self) -> Option<ScanProgress> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_running(&self, progress: Option<ScanProgress>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    fn tell(&self, event: ServiceEvent) {
        // Nobody listening is no fault.
        let _ = self.events.send(event);
    }

    /// A scan looks at one drift at a time; what is known around them is looked at now.
    fn rethink(&self, new: &[DriftId], cancel: &AtomicBool) {
        let tell = |event| self.tell(ServiceEvent::Updated(Box::new(event)));
        let before = Beforehand::of(&self.spec);
        rethink_all(self.store.as_ref(), &before, self.slug(), new, cancel, tell);
        if !self.advised.swap(true, Ordering::SeqCst)
            && let Err(error) = advise_anew(self.store.as_ref(), &before, self.slug(), cancel, tell)
        {
            tracing::warn!(%error, "advice may go by policies of before");
        }
    }

    fn slug(&self) -> &Slug {
        &self.spec.environment.slug
    }

    fn scan(&self, cancel: &AtomicBool) -> Vec<PathBuf> {
        let slug = self.slug();
        if self.off.load(Ordering::SeqCst) {
            return sources::roots(&self.spec);
        }
        if let Some(why) = self.store.read_only() {
            self.notice(format!("{slug} is not scanned, the store is read-only: {why}"));
            return sources::roots(&self.spec);
        }
        if let Err(error) = begin_announced(self.store.as_ref(), &self.spec.maintenance, slug, Timestamp::now()) {
            self.notice(format!("maintenance announced for {slug} could not be kept: {error}"));
        }
        let teller = Teller { job: self, started_at: Timestamp::now(), last: Mutex::new(None) };
        let (mut new, mut goes_on, mut severe) = (vec![], vec![], vec![]);
        let mut on_drift = |told| {
            if let Told::New(event) = &told {
                new.push(event.id);
                severe.extend(worth_asking(event).then_some(event.id));
            }
            if let Told::Continued(event) = &told {
                goes_on.push(event.id);
            }
            self.tell(match told {
                Told::New(event) => ServiceEvent::Drift(Box::new(event)),
                Told::Changed(event) | Told::Closed(event) | Told::Continued(event) => {
                    ServiceEvent::Updated(Box::new(event))
                }
            });
        };
        let beside = Beside { store: self.store.as_ref(), seen: &self.seen, progress: &|p| teller.progress(p) };
        let result = beside.scan(&self.spec, cancel, &mut StoreSink::new(self.store.as_ref(), &mut on_drift));
        self.set_running(None);
        match result {
            Ok(report) => {
                new.append(&mut goes_on);
                self.rethink(&new, cancel);
                self.witness.look_into(&self.store, &self.events, severe);
                if let Some(notice) = pulse::after(self.store.as_ref(), &report.summary) {
                    self.tell(ServiceEvent::Notice { error: false, text: notice.subject });
                }
                self.tell(ServiceEvent::Scanned(Box::new(report.summary)));
                report.watch
            }
            Err(error) => {
                self.notice(format!("scanning {slug} stopped: {error}"));
                sources::roots(&self.spec)
            }
        }
    }
}

/// Of a new or regressed drift: somebody will want to know the hand of it. What touches security counts from MEDIUM on.
pub(super) fn worth_asking(event: &DriftEvent) -> bool {
    let least = if event.touches_security() { SeverityClass::Medium } else { SeverityClass::High };
    event.severity_class() >= least && event.state.needs_attention()
}

impl Drop for ScanJob {
    fn drop(&mut self) {
        self.witness.stop();
    }
}

impl Job for ScanJob {
    fn run(&self, cancel: &AtomicBool) -> Vec<PathBuf> {
        let paths = self.scan(cancel);
        self.set_running(None);
        self.changed.notify_one();
        // Between two scans, on a thread that may block; nothing to do but once a day.
        match self.store.upkeep(cancel) {
            Ok(done) if done != Upkeep::default() => tracing::info!(?done, "the store was tended"),
            Ok(_) => {}
            Err(error) => self.notice(format!("the store's daily upkeep failed: {error}")),
        }
        paths
    }

    fn notice(&self, text: String) {
        tracing::warn!(environment = %self.slug(), text);
        self.tell(ServiceEvent::Notice { error: true, text: Tainted::from(text) });
    }
}

/// Keeps the running state, and tells of it now and then.
struct Teller<'a> {
    job: &'a ScanJob,
    started_at: Timestamp,
    last: Mutex<Option<Instant>>,
}

impl Teller<'_> {
    fn progress(&self, progress: Progress) {
        let progress = ScanProgress {
            environment: self.job.slug().clone(),
            stage: progress.stage,
            resources: progress.resources,
            drifted: progress.drifted,
            started_at: self.started_at,
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|at| at.elapsed() >= PROGRESS_EVERY);
        if due {
            *last = Some(Instant::now());
            self.job.set_running(Some(progress.clone()));
            self.job.tell(ServiceEvent::Progress(progress));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift::DriftType;

    #[test]
    fn a_gate_that_came_without_code_is_asked_about_and_a_copy_of_what_is_known_is_not() {
        let event = |drift_type: &str, security: f64, state: &str| -> DriftEvent {
            serde_json::from_value(json!({
                "id": "01JNZ6Q0V4M2Y8T5R3W7X9B1CD", "version": 1, "environment": "prod", "fingerprint": "00".repeat(32),
                "resource": {"resource_type": "aws_security_group", "resource_id": "sg-1"}, "drift_type": drift_type,
                "changes": [], "hidden_count": 0, "unverified_count": 0,
                "analysis": {"cause": {"cause_category": "unknown", "confidence_score": 0.0, "contributing_factors": []},
                    "severity": {"security": security, "performance": 0.5, "cost": 0.0, "compliance": 0.0},
                    "reasons": [], "analyzed_at": "2026-11-21T02:00:00Z"},
                "recommendations": [], "tags": [], "detected_at": "2026-11-21T02:00:00Z",
                "last_seen": "2026-11-21T02:00:00Z", "seen_count": 1, "regressions": 0, "state": state
            }))
            .unwrap()
        };
        let new = event("added", 0.5, "open");
        assert_eq!((new.severity_class(), new.drift_type), (SeverityClass::Medium, DriftType::Added));
        assert!(worth_asking(&new));
        assert!(!worth_asking(&event("added", 0.2, "open")) && !worth_asking(&event("modified", 0.5, "open")));
        assert!(!worth_asking(&event("added", 0.5, "resolved")));
    }
}
