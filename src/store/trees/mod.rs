//! The store, over trees of keys and values: the indexed view of what the [journal](super::journal) and the scans say. Where the
//! trees lie is up to the [engine](engine::Engine). Longer than most: every call of the interface stands here, a line each.
//!
//! One writer at a time behind a mutex; readers go to the trees directly. What a person decides goes to the journal first and
//! is then applied by [`apply`](apply::apply), the same function that replays the journal after a crash.

mod ahead;
mod analyses;
mod answers;
mod apply;
mod archiving;
mod attempts;
mod attributing;
mod backfill;
mod backup;
mod baselines;
mod bulk;
mod compact;
mod contexts;
mod daily;
mod days;
mod decide;
mod ending;
pub(super) mod engine;
mod export;
mod garbage;
mod groups;
mod happened;
mod import;
pub(super) mod keys;
mod lanes;
mod lineage;
mod linking;
mod loading;
mod models;
mod notices;
mod once;
mod open;
mod outbox;
mod page;
mod reach;
mod references;
mod remediations;
mod restore;
mod retire;
mod ruling;
mod scan;
mod shared;
mod sight;
mod sled;
mod slices;
mod spans;
mod stats;
mod together;
mod trail;
mod turn;
mod tx;
mod undo;
mod unhiding;
mod untold;
mod verify;
mod view;
mod wake;
mod widest;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::{Timestamp, Unit};

use super::files::{is_full, no_more_writes};
use super::identity::Identity;
use super::lock::StoreLock;
use super::objects::Objects;
use super::probe::Probe;
use super::record::{AuditRecord, Deed};
use super::rules::Rule;
use super::{
    AuditRequest, DriftFilter, Elsewhere, Gauges, Matching, Observation, OpenCounts, Options, Page, PageRequest,
    Pruned, Receipt, Recorded, RemediationQuery, Restored, Returns, Store, StoreError, Upkeep, VerifyReport,
};
use crate::analysis::baseline::Baselines;
use crate::drift::query::{Group, Groups};
use crate::drift::{
    Analysis, Attribution, AuditEntry, ContextId, ContextRequest, DailyMetrics, DriftDetail, DriftEvent, DriftId,
    Environment, Finding, IgnoreRule, Incident, IncidentRequest, MlModel, ModelMetrics, NeverHideReach,
    NeverHideRequest, NeverHideRule, Notification, OperationalContext, Recommendation, Remediation,
    RemediationDecision, RemediationId, RemediationRequest, RuleReach, RuleRequest, RuleStatus, ScanId, ScanSummary,
    Slug, State, Stats, TriageRequest, Untold, UntoldPage, UntoldRequest,
};
use crate::safety::Tainted;

pub(super) use archiving::archived;
use engine::{Engine, Tree};
pub(super) use loading::load;
pub(super) use open::{Clock, Compaction, Doors, holds_store, open_read_write, schema_of};
pub(super) use shared::open_shared;
use trail::Trail;
use turn::Desk;
use tx::Tx;
pub(super) use view::open_read_only;

/// The store. Fields are dropped in order: the engine before the lock.
pub(super) struct TreeStore {
    engine: Engine,
    objects: Objects,
    /// Its directory; `None` when it lies in a database.
    root: Option<PathBuf>,
    identity: RwLock<Identity>,
    desk: Desk,
    counts: RwLock<BTreeMap<Slug, OpenCounts>>,
    days: RwLock<days::Days>,
    read_only: RwLock<Option<String>>,
    /// It is read-only for want of room.
    is_full: AtomicBool,
    clock: Clock,
    options: Options,
    probe: Probe,
    alerting: RwLock<super::Alerting>,
    /// What came back by itself and nobody was told of yet, and where it stood.
    returned: Mutex<Vec<(DriftId, State)>>,
    /// Held by whoever tidies up: one at a time.
    tending: Mutex<()>,
    /// The trees are a private copy: index upkeep may write there even when the store is read-only.
    copy: Option<tempfile::TempDir>,
    /// When the copy was taken.
    as_of: Option<Timestamp>,
    _lock: Option<StoreLock>,
}

/// What only the one who writes needs.
#[derive(Default)]
struct Writer {
    /// None in a read-only view.
    journal: Option<Trail>,
    rules: Vec<Rule>,
    scans: HashMap<ScanId, RunningScan>,
    /// No two entries have the same time, and none is before another, whatever the clock does.
    last_time: Timestamp,
    last_detected: HashMap<Slug, Timestamp>,
    /// Moves with every commit: who counts without the lock sees whether it counted a moving thing.
    commits: u64,
}

/// A scan between begin and finish.
struct RunningScan {
    environment: Slug,
    at: Timestamp,
    seen: HashSet<DriftId>,
    /// Drifts of resources that moved, by what the index entries of the resource began with before.
    moved: HashMap<Vec<u8>, DriftId>,
    new: u64,
    regressed: u64,
    alerts: notices::AlertsOfScan,
}

impl Writer {
    /// Now, but later than ever before.
    fn tick(&mut self, clock: &Clock) -> Timestamp {
        self.last_time = later(clock(), self.last_time);
        self.last_time
    }
}

/// `at` to the microsecond, as keys have it, but after `last`.
fn later(at: Timestamp, last: Timestamp) -> Timestamp {
    let at = at.round(Unit::Microsecond).unwrap_or(at);
    if at > last { at } else { Timestamp::from_microsecond(last.as_microsecond() + 1).unwrap_or(last) }
}

impl TreeStore {
    /// What was opened, with nothing read from it yet.
    fn around(engine: Engine, root: Option<&Path>, identity: Identity, clock: Clock) -> Self {
        Self {
            engine,
            objects: root.map_or_else(Objects::inline, Objects::new),
            root: root.map(Path::to_owned),
            identity: RwLock::new(identity),
            desk: Desk::default(),
            counts: RwLock::default(),
            days: RwLock::default(),
            read_only: RwLock::default(),
            is_full: AtomicBool::new(false),
            clock,
            options: Options::default(),
            probe: Probe::default(),
            alerting: RwLock::default(),
            returned: Mutex::default(),
            tending: Mutex::default(),
            copy: None,
            as_of: None,
            _lock: None,
        }
    }

    fn counts(&self) -> RwLockReadGuard<'_, BTreeMap<Slug, OpenCounts>> {
        self.counts.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<Slug, OpenCounts>> {
        self.counts.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn writable(&self) -> Result<(), StoreError> {
        let is_full = self.is_full.load(Ordering::SeqCst);
        let refused = |why| if is_full { StoreError::Full(why) } else { StoreError::ReadOnly(why) };
        self.read_only().map_or(Ok(()), |why| Err(refused(why)))
    }

    /// Whoever has opened the store opens it again when there is room: the engine does not go on after an error.
    fn set_full(&self) {
        if self.read_only().is_none() {
            self.is_full.store(true, Ordering::SeqCst);
        }
        let place = self.root.as_deref().unwrap_or(Path::new("")).display();
        self.set_read_only(&format!(
            "the disk is full: make room, then start driftguard again (a server goes on by itself); nothing more is kept until then \
             in {place}"
        ));
    }

    fn set_read_only(&self, why: &str) {
        let mut reason = self.read_only.write().unwrap_or_else(PoisonError::into_inner);
        if reason.is_none() {
            tracing::error!(why, "the store has become read-only");
            *reason = Some(why.to_owned());
        }
    }

    /// A write to journal or trees failed. Neither can be trusted with another one before the store is opened again.
    /// A database is met again as it is: there the next step begins anew.
    fn writes_failed(&self, error: StoreError) -> StoreError {
        if self.engine.is_shared() {
            return error;
        }
        let why = match &error {
            StoreError::Io { source, .. } if is_full(source) => {
                self.set_full();
                return self.writable().err().unwrap_or(error);
            }
            StoreError::Io { source, .. } => match no_more_writes(source) {
                Some(why) => format!("{why}; make room or repair it, then start driftguard again"),
                None => format!("a write failed ({error}); start driftguard again"),
            },
            StoreError::ReadOnly(why) => why.clone(),
            _ => format!("a write failed ({error}); run `driftguard store verify`"),
        };
        self.set_read_only(&why);
        // What it has become read-only for at first.
        self.writable().err().unwrap_or(error)
    }

    fn read<T: serde::de::DeserializeOwned>(&self, tree: Tree, key: &[u8]) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.engine.get(tree, key)? else { return Ok(None) };
        super::codec::decode(tree.name(), &bytes, &self.objects).map(Some)
    }

    /// All values of a tree; a damaged one is left out, and said so in the log.
    fn read_all<T: serde::de::DeserializeOwned>(&self, tree: Tree) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        for entry in self.engine.tree(tree).iter().values() {
            let bytes = entry?;
            match super::codec::decode(tree.name(), &bytes, &self.objects) {
                Ok(value) => all.push(value),
                Err(error) => tracing::warn!(%error, "a record was left out"),
            }
        }
        Ok(all)
    }

    /// What a scan found, of which nothing has to go to the journal: it may be written while the scan goes on.
    #[tracing::instrument(name = "store.write", skip_all, fields(durable))]
    fn keep_behind(&self, writer: &mut Writer, tx: Tx<'_>, durable: bool) -> Result<(), StoreError> {
        writer.commits += 1;
        tx.commit_behind(durable)
    }

    /// Journal first, synced; then the trees. `tx` has the deeds applied already, so that nothing can go wrong in between
    /// but the disk: then the decision stands in the journal and is applied at the next start.
    #[tracing::instrument(name = "store.write", skip_all, fields(durable, decisions = deeds.len()))]
    fn keep(&self, writer: &mut Writer, deeds: &[Deed], tx: Tx<'_>, durable: bool) -> Result<(), StoreError> {
        let told = self.tell(writer, deeds)?;
        let tip = told.last().map(|frame| frame.tip);
        writer.commits += 1;
        match tx.commit_with(told, durable || !deeds.is_empty()) {
            Err(error) if !deeds.is_empty() && !self.engine.is_shared() => {
                tracing::error!(%error, "kept in the journal, not yet in the tree");
                Ok(())
            }
            Err(error) => Err(error),
            Ok(()) => {
                writer.told(tip);
                Ok(())
            }
        }
    }
}

impl Store for TreeStore {
    fn environments(&self) -> Result<Vec<Environment>, StoreError> {
        self.read_all(Tree::Environments)
    }
    fn put_environment(&self, environment: &Environment) -> Result<(), StoreError> {
        self.put_environment_impl(environment)
    }
    fn begin_scan(&self, environment: &Slug, at: Timestamp) -> Result<ScanId, StoreError> {
        self.take_in();
        self.begin_scan_impl(environment, at)
    }
    fn record(&self, scan: ScanId, findings: Vec<Finding>) -> Result<Vec<Recorded>, StoreError> {
        self.record_impl(scan, findings)
    }
    fn observe(&self, scan: ScanId, environment: &Slug, seen: Vec<Observation>) -> Result<(), StoreError> {
        self.observe_impl(scan, environment, seen)
    }
    fn remembered(&self, environment: &Slug, kind: &str, id: &str) -> Result<Option<Observation>, StoreError> {
        self.remembered_impl(environment, kind, id)
    }
    fn finish_scan(&self, scan: ScanId, summary: ScanSummary) -> Result<(ScanSummary, Vec<DriftEvent>), StoreError> {
        self.finish_scan_impl(scan, summary)
    }
    fn last_scan(&self, environment: &Slug) -> Result<Option<ScanSummary>, StoreError> {
        self.last_scan_impl(environment)
    }
    fn scans(&self, environments: &[Slug]) -> Result<Vec<ScanSummary>, StoreError> {
        let mut all: Vec<ScanSummary> = self.read_all(Tree::Scans)?;
        all.retain(|scan| environments.is_empty() || environments.contains(&scan.environment));
        all.sort_by_key(|scan| std::cmp::Reverse((scan.finished_at, scan.id)));
        Ok(all)
    }
    fn scan_before(&self, environment: &Slug, at: Timestamp) -> Result<Option<ScanSummary>, StoreError> {
        self.scan_before_impl(environment, at)
    }
    fn baselines(&self, environment: &Slug) -> Result<Option<Baselines>, StoreError> {
        self.baselines_impl(environment)
    }
    fn keep_baselines(
        &self,
        environment: &Slug,
        baselines: &Baselines,
        notice: Option<&Notification>,
    ) -> Result<(), StoreError> {
        self.keep_baselines_impl(environment, baselines, notice)
    }
    fn attribute(&self, id: DriftId, to: &Attribution) -> Result<DriftEvent, StoreError> {
        self.attribute_impl(id, to)
    }
    fn advise(
        &self,
        id: DriftId,
        seen: u64,
        analysis: &Analysis,
        recommendations: &[Recommendation],
    ) -> Result<DriftEvent, StoreError> {
        self.advise_impl(id, seen, (analysis, recommendations), true)
    }
    fn rethink(
        &self,
        id: DriftId,
        seen: u64,
        analysis: &Analysis,
        recommendations: &[Recommendation],
    ) -> Result<DriftEvent, StoreError> {
        self.advise_impl(id, seen, (analysis, recommendations), false)
    }
    fn models(&self) -> Result<Vec<MlModel>, StoreError> {
        self.models_impl()
    }
    fn artifact(&self, name: &str, version: u32) -> Result<Option<String>, StoreError> {
        self.artifact_impl(name, version)
    }
    fn register_model(&self, model: &MlModel, artifact: &str, by: Option<&Tainted>) -> Result<MlModel, StoreError> {
        self.register_model_impl(model, artifact, by)
    }
    fn activate_model(&self, name: &str, version: u32, by: &Tainted) -> Result<MlModel, StoreError> {
        self.activate_model_impl(name, version, by)
    }
    fn evaluated_model(&self, name: &str, version: u32, metrics: &ModelMetrics) -> Result<MlModel, StoreError> {
        self.evaluated_model_impl(name, version, metrics)
    }
    fn incident(&self, request: &IncidentRequest) -> Result<Incident, StoreError> {
        self.take_in();
        self.incident_impl(request)
    }
    fn page(&self, request: &PageRequest) -> Result<Page, StoreError> {
        self.page_impl(request).map(|(page, _)| page)
    }
    fn groups(&self, filter: &DriftFilter, by: Group, limit: usize) -> Result<Groups, StoreError> {
        self.groups_impl(filter, by, limit)
    }
    fn together(&self, id: DriftId) -> Result<super::Joined, StoreError> {
        self.together_impl(id)
    }
    fn drift(&self, id: DriftId) -> Result<DriftDetail, StoreError> {
        self.wake_due();
        self.drift_impl(id)
    }
    fn open_counts(&self, environment: &Slug) -> Result<OpenCounts, StoreError> {
        self.wake_due();
        Ok(self.counts().get(environment).copied().unwrap_or_default())
    }
    fn returns(&self) -> Result<Returns, StoreError> {
        self.returns_impl()
    }
    fn stats(&self, environments: &[Slug], days: u32) -> Result<Stats, StoreError> {
        self.wake_due();
        self.stats_impl(environments, days)
    }
    fn daily(&self, environments: &[Slug], days: u32) -> Result<Vec<DailyMetrics>, StoreError> {
        self.wake_due();
        self.daily_impl(environments, days)
    }
    fn observations(
        &self,
        environment: &Slug,
        kind: &str,
        id: &str,
        limit: usize,
    ) -> Result<Vec<Observation>, StoreError> {
        self.observations_impl(environment, kind, id, limit)
    }
    fn decide(&self, request: TriageRequest) -> Result<Receipt, StoreError> {
        let only = self.decide_many_impl(vec![request]).pop();
        only.unwrap_or_else(|| Err(StoreError::Invalid("nothing was asked for".into())))
    }
    fn decide_many(&self, requests: Vec<TriageRequest>) -> Vec<Result<Receipt, StoreError>> {
        self.decide_many_impl(requests)
    }
    fn matching(&self, filter: &DriftFilter, limit: usize) -> Result<Matching, StoreError> {
        self.matching_impl(filter, limit)
    }
    fn people(&self, limit: usize) -> Result<Vec<Tainted>, StoreError> {
        self.people_impl(limit)
    }
    fn record_attempt(&self, attempt: &super::Attempt) -> Result<(), StoreError> {
        self.record_attempt_impl(attempt)
    }
    fn ignore_rules(&self) -> Result<Vec<IgnoreRule>, StoreError> {
        self.look_around();
        let mut rules: Vec<_> = self.reader().rules.iter().map(|r| r.record.clone()).collect();
        rules.sort_by_key(|record| record.seq);
        Ok(rules.into_iter().map(|record| record.rule).collect())
    }
    fn rule_statuses(&self) -> Result<Vec<RuleStatus>, StoreError> {
        self.rule_statuses_impl()
    }
    fn preview_rule(&self, rule: &IgnoreRule) -> Result<RuleReach, StoreError> {
        self.preview_rule_impl(rule)
    }
    fn change_rule(&self, request: RuleRequest) -> Result<Receipt, StoreError> {
        self.change_rule_impl(request)
    }

    fn never_hidden(&self) -> Result<Vec<NeverHideRule>, StoreError> {
        self.read_all(Tree::NeverHide)
    }
    fn change_never_hide(&self, request: NeverHideRequest) -> Result<Receipt, StoreError> {
        self.change_never_hide_impl(request)
    }
    fn preview_never_hide(&self, rule: &NeverHideRule) -> Result<NeverHideReach, StoreError> {
        self.preview_never_hide_impl(rule)
    }
    fn keep_untold(&self, scan: ScanId, rows: &[Untold]) -> Result<(), StoreError> {
        self.keep_untold_impl(scan, rows)
    }
    fn untold(&self, request: &UntoldRequest) -> Result<UntoldPage, StoreError> {
        self.untold_impl(request)
    }
    fn put_context(&self, context: &OperationalContext, actor: &Tainted) -> Result<(), StoreError> {
        self.put_context_impl(context, actor)
    }
    fn end_context(&self, id: ContextId, at: Timestamp, actor: &Tainted) -> Result<OperationalContext, StoreError> {
        self.end_context_impl(id, at, actor)
    }
    fn context(&self, id: ContextId) -> Result<Option<OperationalContext>, StoreError> {
        contexts::find(&Tx::new(self, self.now()), id)
    }
    fn contexts(&self, request: &ContextRequest) -> Result<Vec<OperationalContext>, StoreError> {
        self.take_in();
        self.contexts_impl(request)
    }
    fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.audit_impl(limit)
    }
    fn audit_between(&self, request: &AuditRequest) -> Result<Vec<AuditEntry>, StoreError> {
        self.audit_between_impl(request)
    }
    fn verify_audit(&self) -> Result<u64, StoreError> {
        self.walk_trail(&mut |_, _| Ok(()))
    }
    fn audit_entry(&self, seq: u64) -> Result<Option<AuditEntry>, StoreError> {
        Ok(self.read::<AuditRecord>(Tree::Audit, &seq.to_be_bytes())?.map(AuditRecord::entry))
    }
    fn jobs(&self) -> Option<std::sync::Arc<dyn super::ScanJobs>> {
        let engine = self.engine.as_postgres().filter(|_| self.read_only().is_none());
        engine.map(|engine| std::sync::Arc::clone(engine) as _)
    }
    fn subscribe(&self) -> Option<std::sync::mpsc::Receiver<Elsewhere>> {
        self.engine.as_postgres().map(|engine| engine.subscribe())
    }
    fn gauges(&self) -> Gauges {
        let gauges = self.engine.gauges();
        let full = self.is_full.load(Ordering::SeqCst).then_some("the disk is full");
        Gauges { trouble: gauges.trouble.or(full), ..gauges }
    }
    fn keep_analysis(&self, job: &super::AnalysisJob) -> Result<(), StoreError> {
        self.keep_analysis_impl(job)
    }
    fn analysis(&self, id: ulid::Ulid) -> Result<Option<super::AnalysisJob>, StoreError> {
        self.analysis_impl(id)
    }
    fn request_remediation(&self, asked: &RemediationRequest) -> Result<Remediation, StoreError> {
        self.request_remediation_impl(asked)
    }
    fn decide_remediation(&self, asked: &RemediationDecision) -> Result<Remediation, StoreError> {
        self.decide_remediation_impl(asked)
    }
    fn remediation(&self, id: RemediationId) -> Result<Option<Remediation>, StoreError> {
        self.remediation_impl(id)
    }
    fn remediations(&self, query: &RemediationQuery) -> Result<Vec<Remediation>, StoreError> {
        self.remediations_impl(query)
    }
    fn settle_remediations(&self) -> Result<(Vec<Remediation>, Option<Timestamp>), StoreError> {
        self.settle_remediations_impl()
    }
    fn redaction_key(&self) -> [u8; 32] {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).redaction_key
    }
    fn directory(&self) -> Option<&Path> {
        self.root.as_deref()
    }
    fn read_only(&self) -> Option<String> {
        self.read_only.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }
    fn verify(&self) -> Result<VerifyReport, StoreError> {
        self.verify_impl()
    }
    fn export(&self, out: &mut dyn Write) -> Result<u64, StoreError> {
        self.export_impl(out)
    }
    fn import(&self, input: &mut dyn BufRead) -> Result<u64, StoreError> {
        self.import_impl(input)
    }
    fn import_until(&self, input: &mut dyn BufRead, until: Timestamp) -> Result<Restored, StoreError> {
        self.restore_impl(input, until)
    }
    fn archive(&self) -> Option<PathBuf> {
        self.archive_dir()
    }
    fn prune(&self) -> Result<Pruned, StoreError> {
        self.prune_impl()
    }
    fn forget(&self, environment: &Slug, actor: &Tainted) -> Result<Pruned, StoreError> {
        self.forget_impl(environment, actor)
    }
    fn backup_if_due(&self) -> Result<Option<PathBuf>, StoreError> {
        self.backup_if_due_impl(&AtomicBool::new(false))
    }
    fn upkeep(&self, cancel: &AtomicBool) -> Result<Upkeep, StoreError> {
        self.upkeep_impl(cancel)
    }
}

#[cfg(test)]
mod tests;
