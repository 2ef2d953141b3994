//! What driftguard remembers: drifts, decisions, observed values, environments. Longer than most: the whole interface, with the
//! words it speaks in, is read in one place.
//!
//! Decisions and audit go first into an append-only [journal](Store::decide) that is synced; everything else can be rebuilt
//! from it and a new scan.

mod advising;
mod analysis;
mod answers;
mod archive;
mod asked;
mod ballast;
mod bulk;
mod codec;
mod continuity;
mod elsewhere;
mod files;
mod filter;
mod gauges;
mod identity;
mod inbox;
mod jobs;
mod joined;
mod journal;
mod life;
#[doc(hidden)]
pub mod loading;
mod lock;
mod notices;
mod objects;
mod postgres;
mod probe;
mod record;
mod remediation;
mod restored;
mod returning;
mod rules;
mod schema;
mod settling;
mod thrown;
mod trees;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::analysis::baseline::Baselines;
use crate::drift::query::{Group, Groups};
use crate::drift::{
    Analysis, Attribution, AuditEntry, Completeness, ContextId, ContextRequest, DailyMetrics, DriftDetail, DriftEvent,
    DriftId, Environment, Finding, IgnoreRule, Incident, IncidentRequest, MlModel, ModelMetrics, NeverHideReach,
    NeverHideRequest, NeverHideRule, Notification, OperationalContext, Overtaken, Recommendation, Remediation,
    RemediationDecision, RemediationId, RemediationRequest, RuleReach, RuleRequest, RuleStatus, ScanId, ScanSummary,
    Slug, Stats, TriageRequest, Untold, UntoldPage, UntoldRequest,
};
use crate::safety::{Masked, Tainted};

pub use analysis::{AnalysisJob, AnalysisStage};
pub use answers::Answers;
pub use archive::Archiving;
pub use asked::AuditRequest;
pub use bulk::{Match, Matching};
pub use elsewhere::{Elsewhere, is_url, open_url, organizations, shown_url, url_of};
pub(crate) use files::{is_full, make_private, private_dir, private_file, refuse_unsafe_filesystem, sync_dir};
pub use filter::DriftFilter;
pub use gauges::Gauges;
pub use inbox::{Left, leave};
pub use jobs::{Claim, Kept, Rhythm, ScanJob, ScanJobs};
pub use joined::Joined;
pub use notices::{Alerting, Attempted, Channel, Notices, Outgoing, Patterns};
pub(crate) use postgres::{Again, Link};
pub use remediation::RemediationQuery;
pub use restored::Restored;
pub use returning::{Returned, Returns};
pub use rules::{IgnoreRules, literal_pattern, shown_value};
pub use schema::{Schema, migrate_database, schema};
pub use thrown::{Archived, Pruned, Upkeep, archived};

/// How the store is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenMode {
    /// One process at a time; made when it is not there.
    ReadWrite,
    /// Beside another process: a view of the store as it is now. Nothing can be decided in it.
    ReadOnly,
}

/// What a store keeps, and for how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Drifts that ended, and observed values that were followed by others, are kept for so many days. Decisions are kept for ever.
    pub retention_days: u32,
    /// Whose part of it, where the store lies in a database.
    pub organization: Slug,
    /// Where what is thrown away is written first.
    pub archive: Archiving,
    /// Who is told of what, until somebody [says otherwise](Notices::alert).
    pub alerting: Alerting,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retention_days: 90,
            organization: Slug::from_text("local"),
            archive: Archiving::Auto,
            alerting: Alerting::default(),
        }
    }
}

/// A store, and what a person should know about how it was opened (repaired, set aside, read-only).
pub struct Opened {
    pub store: Arc<dyn Store>,
    pub notices: Vec<String>,
}

/// Opens the store in the directory `path`, or in the database of which it is the address.
///
/// # Errors
/// [`StoreError::Held`] when another process has it, [`StoreError::Newer`] when a newer driftguard made it,
/// [`StoreError::Damaged`] when the journal was tampered with, [`StoreError::Invalid`] when the place is not fit for a store
/// (symbolic link, somebody else's, network file system). Damaged trees are no error: they are repaired or set aside and rebuilt
/// from the journal; a full or read-only disk opens read-only. The notices say so.
pub fn open(path: &Path, mode: OpenMode) -> Result<Opened, StoreError> {
    open_with(path, mode, Options::default())
}

/// Whether there is a store in the directory `path`, be it a damaged one.
pub fn is_there(path: &Path) -> bool {
    url_of(path).is_some() || trees::holds_store(path)
}

/// As [`open`].
///
/// # Errors
/// As [`open`].
pub fn open_with(path: &Path, mode: OpenMode, options: Options) -> Result<Opened, StoreError> {
    if let Some(url) = url_of(path) {
        let organization = options.organization.clone();
        return open_url(url, &organization, mode, options);
    }
    match mode {
        OpenMode::ReadWrite => {
            trees::open_read_write(path, trees::Doors { options, ..trees::Doors::default() }).map(Opened::from)
        }
        OpenMode::ReadOnly => trees::open_read_only(path).map(Opened::from),
    }
}

/// Whether there is room again where a store could not be written any more.
pub fn has_room(path: &Path) -> bool {
    files::has_room(path)
}

/// As [`open`], with the time told by `clock`: for stories that play at night, and end the day after.
///
/// # Errors
/// As [`open`].
#[doc(hidden)]
pub fn open_at(path: &Path, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Result<Opened, StoreError> {
    let doors = trees::Doors { clock: Box::new(clock), ..trees::Doors::default() };
    trees::open_read_write(path, doors).map(Opened::from)
}

/// Opens the store and writes its trees anew, so that they take no more room than they need. Opening does that by itself when it
/// is worth it. Needs the room of what is in the store once more; whenever it is stopped, nothing is lost.
///
/// # Errors
/// As [`open`].
pub fn compact(path: &Path) -> Result<Opened, StoreError> {
    if url_of(path).is_some() {
        return Err(StoreError::Invalid("a database is compacted by its own VACUUM".into()));
    }
    let doors = trees::Doors { compact: trees::Compaction::Now, ..trees::Doors::default() };
    trees::open_read_write(path, doors).map(Opened::from)
}

/// Where a page starts. Stable under inserts: it names a drift, not a row number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Cursor(pub String);

/// Newest first by `detected_at`, then id, unless the filter's query names another order.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Page {
    pub data: Vec<DriftEvent>,
    /// Onward, as a rule towards older ones; `None` at the end.
    pub next: Option<Cursor>,
    /// Back, as a rule towards newer ones; `None` at the start.
    pub previous: Option<Cursor>,
    /// It is about an incident, and not all that may belong to that was looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

/// Which way from the cursor: `Older` is onward in the order of the page, `Newer` back.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Older,
    Newer,
}

/// A page is asked for; `limit` is at most 500.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct PageRequest {
    pub filter: DriftFilter,
    pub cursor: Option<Cursor>,
    pub direction: Direction,
    pub limit: usize,
}

/// Open drifts of one environment by class, worst first, kept up to date and not counted on demand.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct OpenCounts {
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
    pub in_any_state: u64,
}

/// One value a resource was seen to have.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Observation {
    pub resource_type: Tainted,
    /// Address, or the cloud's id for unmanaged resources.
    pub resource_id: Tainted,
    pub observed_at: Timestamp,
    pub value: Masked,
    /// In sync when it was seen: what the next comparison may remember. A drift must not become its own baseline.
    #[serde(default = "yes")]
    pub accepted: bool,
    /// Another value was seen after it. Told with what is remembered, never kept.
    #[serde(skip)]
    pub followed: bool,
}

fn yes() -> bool {
    true
}

/// Who holds the store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Holder {
    pub pid: u32,
    pub host: String,
    pub tty: Option<String>,
    pub since: Timestamp,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it.
    #[error("the store {path} is open in process {} on {} since {}", .holder.pid, .holder.host, .holder.since)]
    Held { path: PathBuf, holder: Box<Holder> },
    /// Written by a newer driftguard.
    #[error(
        "the store {path} has schema {found}, this driftguard reads up to {known}: use the newer driftguard, or `driftguard export` there and `driftguard import` here"
    )]
    Newer { path: PathBuf, found: u32, known: u32 },
    /// Opened read-only, or the disk is full or read-only.
    #[error("the store is read-only: {0}")]
    ReadOnly(String),
    /// There is no room left on the disk, which it names.
    #[error("{0}")]
    Full(String),
    /// No such drift, rule or decision.
    #[error("{0}")]
    NotFound(String),
    /// Somebody else decided meanwhile.
    #[error("the drift has changed since it was shown (version {expected} shown, {current} now)")]
    Conflict { expected: u64, current: u64 },
    /// The name of a write stands for another one already.
    #[error("this key was used for another request within the last seven days: make a new one for each decision")]
    Reused,
    /// Something else came first.
    #[error("{}", .0.why)]
    Overtaken(Box<Overtaken>),
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The file system said no.
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    /// The database is away, or was overtaken: what was asked for may be asked again.
    #[error("{0}")]
    Unavailable(String),
    /// A record does not read back.
    #[error("damaged record in {tree}: {detail}; run `driftguard store verify`")]
    Damaged { tree: String, detail: String },
}

/// What a decision did.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Receipt {
    /// Audit sequence number; durable when this is returned.
    pub seq: u64,
    /// The drifts as they are now (more than one for an ignore rule).
    pub drifts: Vec<DriftEvent>,
}

/// What somebody asked for and was refused.
#[derive(Clone, PartialEq, Debug)]
pub struct Attempt {
    pub actor: Tainted,
    /// As it would be in the trail had it been done.
    pub action: String,
    pub environment: Option<Slug>,
    pub drift: Option<DriftId>,
    pub reason: Option<Tainted>,
    /// Why it was refused.
    pub error: Tainted,
}

/// What `record` made of a finding.
#[derive(Clone, PartialEq, Debug)]
pub enum Recorded {
    New(DriftEvent),
    SeenAgain(DriftEvent),
    /// Seen again, with another value where one had been accepted: those changes are open again.
    Reopened(DriftEvent),
    Regressed(DriftEvent),
    /// Only what rules hide has changed since the last scan, or the address of the resource: it goes on in place of the other one, with
    /// what was decided about it.
    Continued {
        event: Box<DriftEvent>,
        instead_of: Box<DriftEvent>,
    },
}

/// What `verify` found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct VerifyReport {
    pub drifts: u64,
    pub audit_entries: u64,
    pub observations: u64,
    pub objects: u64,
    /// One sentence per fault; empty when all is well.
    pub faults: Vec<String>,
    /// What was decided is not what was written at the time: somebody, or the disk, has changed it.
    #[serde(default)]
    pub is_trail_broken: bool,
}

/// The store. Every call may block on the disk: never from the UI loop. What a call has returned is durable, unless it says
/// otherwise.
pub trait Store: Answers + Notices + Send + Sync {
    fn environments(&self) -> Result<Vec<Environment>, StoreError>;
    /// Makes or replaces; the slug is the key.
    fn put_environment(&self, environment: &Environment) -> Result<(), StoreError>;

    /// A scan begins; drifts recorded under it count as seen by it.
    fn begin_scan(&self, environment: &Slug, at: Timestamp) -> Result<ScanId, StoreError>;
    /// Adds or updates drifts, in one batch. Durable at the latest after `finish_scan`. A drift that an ignore rule hides comes
    /// back as `New` or `SeenAgain` too: ask its state before telling anybody.
    fn record(&self, scan: ScanId, findings: Vec<Finding>) -> Result<Vec<Recorded>, StoreError>;
    /// Remembers what was seen; a value equal to the last one costs nothing. Durable at the latest after `finish_scan`.
    fn observe(&self, scan: ScanId, environment: &Slug, seen: Vec<Observation>) -> Result<(), StoreError>;
    /// The last observed value that was accepted, with the time when it was first seen.
    fn remembered(
        &self,
        environment: &Slug,
        resource_type: &str,
        resource_id: &str,
    ) -> Result<Option<Observation>, StoreError>;
    /// Ends the scan, closes what it did not see (as far as `completeness` allows) and returns those. Fills `new`,
    /// `regressed` and `closed` of the summary, without what ignore rules hide. Nothing closes unless the stage is `Done`.
    fn finish_scan(&self, scan: ScanId, summary: ScanSummary) -> Result<(ScanSummary, Vec<DriftEvent>), StoreError>;
    /// The last finished scan.
    fn last_scan(&self, environment: &Slug) -> Result<Option<ScanSummary>, StoreError>;
    /// Those that ended, of some environments or (empty) all, newest first; so many of each as are kept.
    fn scans(&self, environments: &[Slug]) -> Result<Vec<ScanSummary>, StoreError>;
    /// The last scan that was done by then, as far back as scans are kept.
    fn scan_before(&self, environment: &Slug, at: Timestamp) -> Result<Option<ScanSummary>, StoreError>;
    /// Puts a drift down to somebody, until it changes or comes back. Not in the journal: it can be asked again.
    fn attribute(&self, id: DriftId, to: &Attribution) -> Result<DriftEvent, StoreError>;
    /// What is thought of a drift, in place of what was; until a scan thinks otherwise of it. Not in the journal: it can be thought
    /// again. `Conflict` when the drift is not the version that was looked at.
    fn advise(
        &self,
        id: DriftId,
        seen: u64,
        analysis: &Analysis,
        recommendations: &[Recommendation],
    ) -> Result<DriftEvent, StoreError>;
    /// As [`advise`](Self::advise), by itself: the version stays, for whoever decides meanwhile decides about the same drift.
    fn rethink(
        &self,
        id: DriftId,
        seen: u64,
        analysis: &Analysis,
        recommendations: &[Recommendation],
    ) -> Result<DriftEvent, StoreError>;

    /// Every model of the registry: by name, the newest version first.
    fn models(&self) -> Result<Vec<MlModel>, StoreError>;
    fn artifact(&self, name: &str, version: u32) -> Result<Option<String>, StoreError>;
    /// As the next version of its name; the last [five](MlModel::KEPT) are kept, and the active one. `by` makes it active at once.
    /// Told in the trail, durable when it returns.
    fn register_model(&self, model: &MlModel, artifact: &str, by: Option<&Tainted>) -> Result<MlModel, StoreError>;
    /// In place of the active one of its name; told in the trail, durable when it returns.
    fn activate_model(&self, name: &str, version: u32, by: &Tainted) -> Result<MlModel, StoreError>;
    /// Keeps how it did with it.
    fn evaluated_model(&self, name: &str, version: u32, metrics: &ModelMetrics) -> Result<MlModel, StoreError>;

    /// One call looks at a bounded number of drifts. A page may therefore be shorter than asked for, even empty, and yet have a
    /// cursor onward: a text was searched that far and there is more to search. Only no cursor means the end.
    fn page(&self, request: &PageRequest) -> Result<Page, StoreError>;
    /// What the filter finds as groups, at most `limit` of them, in the order its query names. Looks at a bounded number of drifts,
    /// the newest first, and says so when there are more.
    fn groups(&self, filter: &DriftFilter, by: Group, limit: usize) -> Result<Groups, StoreError>;
    fn drift(&self, id: DriftId) -> Result<DriftDetail, StoreError>;
    /// What the drift belongs together with, found anew: a bounded number of drifts around it is looked at.
    fn together(&self, id: DriftId) -> Result<Joined, StoreError>;
    /// What happened in a span of time, over all environments or some.
    fn incident(&self, request: &IncidentRequest) -> Result<Incident, StoreError>;
    fn open_counts(&self, environment: &Slug) -> Result<OpenCounts, StoreError>;
    /// Drifts whose snooze, exception or ignore rule is over, since the store was opened or this was last asked.
    fn returns(&self) -> Result<Returns, StoreError>;
    /// How the drifts first seen in the last `days` went, in some environments or (empty) all.
    fn stats(&self, environments: &[Slug], days: u32) -> Result<Stats, StoreError>;
    /// How those of the last `days` days of UTC went, day by day, today the last of them; by environment and day, without days on
    /// which nothing was found.
    fn daily(&self, environments: &[Slug], days: u32) -> Result<Vec<DailyMetrics>, StoreError>;
    /// What is usual in an environment; `None` before that was looked at.
    fn baselines(&self, environment: &Slug) -> Result<Option<Baselines>, StoreError>;
    /// Keeps it, and what is told of it, in one step. Not in the journal: it can be learnt again.
    fn keep_baselines(
        &self,
        environment: &Slug,
        baselines: &Baselines,
        notice: Option<&Notification>,
    ) -> Result<(), StoreError>;
    /// Newest first, at most `limit`.
    fn observations(
        &self,
        environment: &Slug,
        resource_type: &str,
        resource_id: &str,
        limit: usize,
    ) -> Result<Vec<Observation>, StoreError>;

    /// Journal first, synced; then the tree. Durable when it returns; after an error nothing has changed.
    ///
    /// An undo cannot be undone, and a decision that another one about the same part (state, assignee) followed must wait until
    /// that one is taken back: both are `Invalid`. A closed drift takes only notes and assignees. Whoever decides about an ignored
    /// drift, or reopens it, takes it out of the ignore rules until it closes.
    fn decide(&self, request: TriageRequest) -> Result<Receipt, StoreError>;
    /// As [`decide`](Self::decide), each by itself: one that is refused does not stop the others. Durable when it returns, with one
    /// sync for up to a thousand; answers in the order of the requests.
    fn decide_many(&self, requests: Vec<TriageRequest>) -> Vec<Result<Receipt, StoreError>>;
    /// Puts what was asked for and refused into the trail. Durable when it returns.
    fn record_attempt(&self, attempt: &Attempt) -> Result<(), StoreError>;
    /// What a decision on everything that a filter matches would touch, newest first, at most `limit`.
    fn matching(&self, filter: &DriftFilter, limit: usize) -> Result<Matching, StoreError>;
    /// Who decided, and who was assigned: names from the audit trail as far back as it can be read at once, the most recent first,
    /// at most `limit`.
    fn people(&self, limit: usize) -> Result<Vec<Tainted>, StoreError>;
    fn ignore_rules(&self) -> Result<Vec<IgnoreRule>, StoreError>;
    /// Every rule with what it hides now.
    fn rule_statuses(&self) -> Result<Vec<RuleStatus>, StoreError>;
    /// What the rule would hide now, in place of the one with its id if there is one. Drifts that somebody took out of the ignore
    /// rules, and what other rules hide already, are not counted. Reads every drift that waits for somebody.
    fn preview_rule(&self, rule: &IgnoreRule) -> Result<RuleReach, StoreError>;
    /// Changes or deletes a rule, or takes that back. Durable as [`decide`](Self::decide) is; the audit trail has old and new.
    fn change_rule(&self, request: RuleRequest) -> Result<Receipt, StoreError>;
    /// What the rules of the comparer must not hide, by id.
    fn never_hidden(&self) -> Result<Vec<NeverHideRule>, StoreError>;
    /// Makes, changes or deletes such a rule, or takes that back. Durable as [`decide`](Self::decide) is; what it brings to light
    /// is drift with the next scan.
    fn change_never_hide(&self, request: NeverHideRequest) -> Result<Receipt, StoreError>;
    /// What the rule would bring to light of what the last scans hid.
    fn preview_never_hide(&self, rule: &NeverHideRule) -> Result<NeverHideReach, StoreError>;
    /// What a running scan hid and could not verify, in place of what the last one did. Durable as drifts are.
    fn keep_untold(&self, scan: ScanId, rows: &[Untold]) -> Result<(), StoreError>;
    fn untold(&self, request: &UntoldRequest) -> Result<UntoldPage, StoreError>;
    /// Puts what goes on into the store; what has the same id already stays as it is. Durable as [`decide`](Self::decide) is.
    fn put_context(&self, context: &OperationalContext, actor: &Tainted) -> Result<(), StoreError>;
    /// Ends what goes on. `Invalid` when it has ended already, or would end before it begins.
    fn end_context(&self, id: ContextId, at: Timestamp, actor: &Tainted) -> Result<OperationalContext, StoreError>;
    fn context(&self, id: ContextId) -> Result<Option<OperationalContext>, StoreError>;
    /// What went on in a span, by its beginning, oldest first.
    fn contexts(&self, request: &ContextRequest) -> Result<Vec<OperationalContext>, StoreError>;
    /// Newest first, at most `limit`.
    fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;
    /// Some of the trail, newest first.
    fn audit_between(&self, request: &AuditRequest) -> Result<Vec<AuditEntry>, StoreError>;
    /// Reads the whole trail and checks its chain; gives how many entries it has.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] names the first entry that is not what was written.
    fn verify_audit(&self) -> Result<u64, StoreError>;
    /// The one with this sequence number.
    fn audit_entry(&self, seq: u64) -> Result<Option<AuditEntry>, StoreError>;

    /// The scans of its environments, where other processes share them.
    fn jobs(&self) -> Option<Arc<dyn ScanJobs>> {
        None
    }
    /// What other processes write to it from now on, and say; `None` where nobody else can. Ends when the receiver is dropped.
    fn subscribe(&self) -> Option<std::sync::mpsc::Receiver<Elsewhere>> {
        None
    }

    /// Keeps an analysis that was asked for, over what was kept of it. Durable when it returns; known for a week.
    fn keep_analysis(&self, job: &AnalysisJob) -> Result<(), StoreError>;
    fn analysis(&self, id: Ulid) -> Result<Option<AnalysisJob>, StoreError>;
    /// Asks leave to do what the advice for a drift says. `Conflict` when the drift is not the version that was seen, `Overtaken` when
    /// something was asked for already and waits; durable as [`decide`](Self::decide) is.
    fn request_remediation(&self, asked: &RemediationRequest) -> Result<Remediation, StoreError>;
    /// Approves, rejects or cancels; who may is looked at before. `Overtaken` when it does not wait any more, as it is or because the
    /// drift has moved on.
    fn decide_remediation(&self, asked: &RemediationDecision) -> Result<Remediation, StoreError>;
    /// As it stands now.
    fn remediation(&self, id: RemediationId) -> Result<Option<Remediation>, StoreError>;
    /// As they stand now, newest first.
    fn remediations(&self, query: &RemediationQuery) -> Result<Vec<Remediation>, StoreError>;
    /// Writes down which of those that wait have expired, or are of a drift that has moved on; gives them, and when the next one
    /// expires. Costs one look into a tree when none waits.
    fn settle_remediations(&self) -> Result<(Vec<Remediation>, Option<Timestamp>), StoreError>;
    /// What it takes up; cheap to ask.
    fn gauges(&self) -> Gauges {
        Gauges::default()
    }
    /// Random, made with the store: the key of the redactor's hashes.
    fn redaction_key(&self) -> [u8; 32];
    /// Where it lies; `None`: nowhere that outlives the process.
    fn directory(&self) -> Option<&Path> {
        None
    }
    /// `None` when writes work; else why not, in words for the banner.
    fn read_only(&self) -> Option<String>;
    /// Of a view: when it was taken; it does not change after that.
    fn as_of(&self) -> Option<Timestamp> {
        None
    }
    fn verify(&self) -> Result<VerifyReport, StoreError>;
    /// JSON lines, one record a line; see `driftguard export`. Decisions go on meanwhile.
    fn export(&self, out: &mut dyn std::io::Write) -> Result<u64, StoreError>;
    /// The inverse, of plain and of compressed (zstd) exports; refuses a store that is not empty.
    fn import(&self, input: &mut dyn std::io::BufRead) -> Result<u64, StoreError>;
    /// As [`import`](Self::import), but the store becomes what it was at `until`: what was decided, what scans ended, rules, marks
    /// and environments as they stood then.
    fn import_until(&self, input: &mut dyn std::io::BufRead, until: Timestamp) -> Result<Restored, StoreError>;

    /// Where what is thrown away is written first; `None`: nowhere.
    fn archive(&self) -> Option<PathBuf> {
        None
    }
    /// Throws away what ended or was observed longer ago than [`Options::retention_days`], once it is in the archive: when that
    /// cannot be written it stays, and the error says so.
    fn prune(&self) -> Result<Pruned, StoreError>;
    /// Throws away everything about an environment but the audit trail. It comes back when it is scanned again, with nothing in it.
    fn forget(&self, environment: &Slug, actor: &Tainted) -> Result<Pruned, StoreError>;
    /// Once a day: an export beside the store, in `backups/`, of which seven are kept. Returns the file when one was made.
    fn backup_if_due(&self) -> Result<Option<PathBuf>, StoreError>;
    /// Once a day: a backup, and what is over thrown away. Takes its time; to be called now and then from a thread that may block.
    /// Ends soon, with less done, when `cancel` is set.
    fn upkeep(&self, cancel: &AtomicBool) -> Result<Upkeep, StoreError>;
}

/// Whether drift of `resource_type` may be closed by a scan of this completeness.
pub fn may_close(completeness: &Completeness, resource_type: &str) -> bool {
    match completeness {
        Completeness::Complete => true,
        Completeness::Partial { unverified_types } => {
            !unverified_types.is_empty() && unverified_types.iter().all(|t| t.raw() != resource_type)
        }
    }
}
