//! The store's promises that need a hand on its clock, its disk or its trees.

mod advising;
mod analysing;
mod archiving;
mod attributing;
mod bulk;
mod continuity;
mod damage;
mod days;
mod decisions;
mod ignoring;
mod incident;
mod lives;
mod moving;
mod notices;
mod paging;
mod patterns;
mod promises;
mod references;
mod restoring;
mod rules;
mod settling;
mod sorting;
mod tidying;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use serde_json::json;

use super::open::{Compaction, Doors, open_read_write};
use super::*;
use crate::drift::*;
use crate::safety::{Masked, Tainted};
use crate::store::probe::Probe;
use crate::store::{Cursor, Direction, DriftFilter, OpenMode};

/// A store in a directory of its own, with a clock that stands still until it is moved.
struct World {
    store: TreeStore,
    notices: Vec<String>,
    time: Arc<AtomicI64>,
    dir: tempfile::TempDir,
}

const START: i64 = 1_700_000_000_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

fn env() -> Slug {
    Slug::from_text("prod-eu")
}

impl World {
    fn new() -> Self {
        Self::with_probe(Probe::default())
    }

    fn with_probe(probe: Probe) -> Self {
        let (dir, time) = (tempfile::tempdir().unwrap(), Arc::new(AtomicI64::new(START)));
        let (store, notices) = open_at(dir.path(), &time, probe).unwrap();
        Self { store, notices, time, dir }
    }

    /// Closes the store and opens it again.
    fn reopen(self) -> Self {
        let Self { store, time, dir, .. } = self;
        drop(store);
        let (store, notices) = open_at(dir.path(), &time, Probe::default()).unwrap();
        Self { store, notices, time, dir }
    }

    fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("store")
    }

    fn pass(&self, seconds: i64) {
        self.time.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    fn scan(&self, findings: &[Finding]) -> (Vec<Recorded>, ScanSummary, Vec<DriftEvent>) {
        self.scan_as(findings, ScanStage::Done, Completeness::Complete)
    }

    fn scan_as(
        &self,
        findings: &[Finding],
        stage: ScanStage,
        completeness: Completeness,
    ) -> (Vec<Recorded>, ScanSummary, Vec<DriftEvent>) {
        self.pass(1);
        self.know_home();
        let id = self.store.begin_scan(&env(), self.store.now()).unwrap();
        let recorded = self.store.record(id, findings.to_vec()).unwrap();
        let summary = ScanSummary { stage, completeness, ..ScanSummary::of_nothing(id, env(), self.store.now()) };
        let (summary, closed) = self.store.finish_scan(id, summary).unwrap();
        (recorded, summary, closed)
    }

    /// The environment, without an entry of the trail: stories begin with the first decision.
    fn know_home(&self) {
        self.know(env());
    }

    fn know(&self, slug: Slug) {
        let key = slug.as_str().as_bytes().to_vec();
        if self.store.engine.get(Tree::Environments, &key).unwrap().is_none() {
            let mut tx = tx::Tx::new(&self.store, self.store.now());
            tx.write(Tree::Environments, key, &Environment { slug, ..home() }).unwrap();
            tx.commit(false).unwrap();
        }
    }

    /// The only drift of one finding, after a scan.
    fn one(&self, finding: &Finding) -> DriftEvent {
        self.scan(std::slice::from_ref(finding)).0.pop().unwrap().into_event()
    }

    fn get(&self, id: DriftId) -> DriftEvent {
        self.store.drift(id).unwrap().event
    }

    fn decide(&self, drift: DriftId, verb: TriageVerb) -> Result<Receipt, StoreError> {
        let reason = Some("because".into());
        self.store.decide(TriageRequest {
            drift,
            verb,
            reason,
            actor: "alice".into(),
            expected_version: None,
            once: None,
        })
    }

    fn page(&self, filter: DriftFilter) -> Vec<DriftEvent> {
        let request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 500 };
        self.store.page(&request).unwrap().data
    }

    fn open_ids(&self) -> Vec<DriftId> {
        let states = vec![State::Open, State::Acknowledged];
        self.page(DriftFilter { states, ..DriftFilter::default() }).iter().map(|e| e.id).collect()
    }

    fn open_count(&self) -> u64 {
        let c = self.store.open_counts(&env()).unwrap();
        c.critical + c.high + c.medium + c.low
    }

    #[track_caller]
    fn assert_sound(&self) {
        assert_eq!(self.store.verify().unwrap().faults, Vec::<String>::new());
    }
}

fn open_at(dir: &Path, time: &Arc<AtomicI64>, probe: Probe) -> Result<(TreeStore, Vec<String>), StoreError> {
    let time = time.clone();
    let clock = Box::new(move || at(time.load(Ordering::SeqCst)));
    open_read_write(
        &dir.join("store"),
        Doors { clock, probe, compact: Compaction::WhenDue, options: Options::default() },
    )
}

fn home() -> Environment {
    Environment {
        organization: Slug::from_text("local"),
        slug: env(),
        name: "Production".into(),
        cloud_provider: CloudProvider::Aws,
        region: "eu-central-1".into(),
        account_id: "123456789012".into(),
        tags: Default::default(),
        is_active: true,
        created_at: at(START),
        updated_at: at(START),
    }
}

fn change(path: &str) -> Change {
    Change {
        path: path.into(),
        change_type: ChangeType::Modified,
        declared: Some(Masked::trusted(json!("a"))),
        actual: Some(Masked::trusted(json!("b"))),
        is_security_critical: path.starts_with("ingress"),
        remembered_at: None,
    }
}

/// A modified security group `id` that differs at `paths`, security score in hundredths.
fn finding(id: &str, paths: &[&str]) -> Finding {
    let severity = Severity { security: Score::percent(65), ..Severity::default() };
    let cause = CauseAnalysis {
        cause_category: Cause::Unknown,
        confidence_score: Score::ZERO,
        contributing_factors: Vec::new(),
        ..CauseAnalysis::default()
    };
    Finding {
        environment: env(),
        resource: ResourceRef {
            resource_type: "aws_security_group".into(),
            resource_id: id.into(),
            previous_address: None,
            provider_id: Some(Tainted::from(format!("sg-{id}"))),
            declared_in: None,
        },
        drift_type: DriftType::Modified,
        changes: paths.iter().map(|p| change(p)).collect(),
        hidden: Vec::new(),
        unverified: Vec::new(),
        declared_state: Some(Masked::trusted(json!({"id": id, "name": "a"}))),
        actual_state: Some(Masked::trusted(json!({"id": id, "name": "b"}))),
        analysis: Analysis {
            cause,
            severity,
            reasons: Vec::new(),
            direction: Default::default(),
            disruption: None,
            changed_by: Vec::new(),
            analyzed_at: at(START),
            took_micros: None,
        },
        recommendations: Vec::new(),
        dependants: 0,
        tags: Vec::new(),
    }
}

fn rule(resource_id: Option<&str>, path: Option<&str>, expires_at: Option<Timestamp>) -> IgnoreRule {
    IgnoreRule {
        id: RuleId::generate(),
        environment: Some(env()),
        resource_type: None,
        resource_id: resource_id.map(Tainted::from),
        path: path.map(Tainted::from),
        value: None,
        actor: None,
        reason: "autoscaler".into(),
        owner: "alice".into(),
        created_at: at(START),
        expires_at,
    }
}
