//! What the screens and the server's handlers call. [`DriftService`] has two implementations: `local` (store and scanners in this
//! process) and `remote` (a server's REST API). Longer than most: the whole interface, with the words it speaks in, is read in one
//! place.

mod approving;
mod around;
mod attempts;
mod backlog;
mod bulk;
mod bulletin;
mod business;
mod commits;
mod correlating;
pub mod danger;
mod evidence;
mod gate;
mod inventory;
mod judging;
mod keeping;
mod lanes;
mod learning;
mod leased;
mod local;
mod masking;
mod narrating;
mod once;
pub mod permission;
mod presence;
pub(crate) mod pulse;
mod reason;
mod relations;
mod remote;
mod returning;
mod round;
mod scanning;
mod sharing;
mod thinking;
pub(crate) mod together;
pub mod waiting;
mod who;

pub use around::{annotate, contexts, end_context};
pub use backlog::{Backlog, Outcome, Tally};
pub use business::business;
pub use inventory::{IacResource, ResourcesRequest};
pub(crate) use keeping::told;
pub use learning::{
    CAUSE as CAUSE_MODEL, activate as activate_model, evaluate as evaluate_model, lessons, train as train_model,
};
pub use local::LocalService;
pub use masking::mask_context;
pub use narrating::{narrative, question};
pub use once::{Memory, Scanned, scan_once};
pub use permission::{Guard, Refusal};
pub use presence::{HOLDS as PRESENCE_HOLDS, Looker, Looking, Spot};
pub use pulse::shown as pulse_of;
pub use reason::RequireReason;
pub use relations::{Place, Relations};
pub use remote::{
    Credentials, Dial, Fixed, RemoteService, Server, check_address, login, logout, needs_server, refresh, waiting_below,
};
pub use waiting::{About, Newer, Settle, Sight, Standing, Waiting};
pub use who::{BY_ITSELF as ASKED_BY_ITSELF, LONGEST as LONGEST_BY_ITSELF, Witness};

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use ulid::Ulid;

use crate::api::{Capability, Role};
use crate::drift::query::{Group, Groups};
use crate::drift::{
    AuditEntry, Business, ContextId, ContextRequest, DailyMetrics, DriftDetail, DriftEvent, DriftId, Environment,
    IgnoreRule, Incident, IncidentRequest, Lessons, MlModel, ModelStep, NeverHideReach, NeverHideRequest,
    NeverHideRule, Notification, NotificationId, NotificationRequest, OperationalContext, Overtaken, Pulse,
    Remediation, RemediationDecision, RemediationId, RemediationRequest, RuleReach, RuleRequest, RuleStatus, ScanStage,
    ScanSummary, Slug, SourceState, Stats, TriageRequest, UntoldPage, UntoldRequest, Who,
};
use crate::safety::Tainted;
use crate::store::{
    AnalysisJob, Answers, AuditRequest, Direction, DriftFilter, Gauges, Matching, Observation, OpenCounts, Page,
    PageRequest, Receipt, RemediationQuery,
};

/// A row of the environments pane.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct EnvironmentSummary {
    pub environment: Environment,
    pub is_production: bool,
    pub open: OpenCounts,
    pub last_scan: Option<ScanSummary>,
    pub next_scan: Option<Timestamp>,
    /// Between scans that nobody asks for; `None`: there are none.
    #[serde(default)]
    #[schema(value_type = Option<crate::api::Length>)]
    pub interval: Option<std::time::Duration>,
    /// When it is scanned by the calendar: a cron expression with its time zone.
    #[serde(default)]
    pub schedule: Option<Tainted>,
    /// `Some` while a scan runs.
    pub running: Option<ScanProgress>,
    /// Sources that failed last time, with the age of what is shown instead, and those of which something is worth knowing.
    pub sources: Vec<SourceState>,
    /// It was scanned here until the configuration named it no more; what was found stays.
    #[serde(default)]
    pub is_removed: bool,
    /// The organisation has switched detection off: nothing is scanned.
    #[serde(default)]
    pub is_detection_off: bool,
    /// What goes on there, or begins within a day.
    #[serde(default)]
    pub contexts: Vec<OperationalContext>,
    /// How much happens there, beside what is usual. `None`: nothing is known of that yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulse: Option<Pulse>,
}

/// How far a running scan is.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct ScanProgress {
    pub environment: Slug,
    pub stage: ScanStage,
    pub resources: u64,
    pub drifted: u64,
    pub started_at: Timestamp,
}

/// What happened meanwhile.
#[derive(Clone, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceEvent {
    /// A scan moved on. Coalesced: at most ten a second.
    Progress(ScanProgress),
    /// A scan ended.
    Scanned(Box<ScanSummary>),
    /// First seen, or come back.
    Drift(Box<DriftEvent>),
    /// Changed by a scan or a decision.
    Updated(Box<DriftEvent>),
    /// Environments were added or changed, or something goes on in them.
    Environments,
    /// What was told meanwhile is lost: load again.
    Lost,
    /// Rules were made, changed or deleted.
    Rules,
    /// Somebody looks at another drift, or still at the same.
    Looking(Box<Looking>),
    /// Leave to do something about a drift was asked for, given or refused, or is void. A client that does not know this passes it
    /// over.
    Remediation(Box<Remediation>),
    /// How it stands with the server; a local service has none.
    Contact(Contact),
    /// Another server answers from now on. As those below only told by a client, never by a server.
    Server(String),
    /// These decisions wait for the server now.
    Waiting(Vec<Waiting>),
    /// Something a person should read.
    Notice { error: bool, text: crate::safety::Tainted },
}

/// What the server does not know yet, and the sentence that says so.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Missing {
    pub what: BTreeSet<Capability>,
    pub why: String,
}

/// Whether the server is there. What is on the screen stays there, whatever this says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Contact {
    /// What happens is told at once.
    Live,
    /// Nothing has been heard of it `since`; the next try is due at `again_at`.
    Lost { since: Timestamp, again_at: Timestamp },
    /// It is there, but asks to be left alone until then.
    Busy { again_at: Timestamp },
    /// It does not let us in any more.
    Denied { why: String },
}

/// Why the service did not do it, in words for the screen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ServiceError {
    #[error("{0}")]
    NotFound(String),
    /// The drift has moved on; this is it now.
    #[error("the drift has changed since it was shown; look at it again")]
    Conflict(Box<DriftEvent>),
    /// What was to be approved does not wait any more; this is how it stands.
    #[error("{}", .0.why)]
    Overtaken(Box<Overtaken>),
    #[error("{0}")]
    Invalid(String),
    /// The name of a write stands for another one already.
    #[error("{0}")]
    Reused(String),
    #[error("read-only: {0}")]
    ReadOnly(String),
    /// Not allowed here.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server does not let whoever asks do this.
    #[error("{0}")]
    Denied(String),
    #[error("{0}")]
    Unavailable(String),
    /// Not done yet: it is kept on this machine, and sent when the server can be reached; why not now.
    #[error("kept on this machine, and sent as soon as the server takes it: {0}")]
    Kept(String),
}

/// The one interface below the screens. Cancel-safe; a late answer may be dropped.
#[async_trait]
pub trait DriftService: Send + Sync {
    async fn environments(&self) -> Result<Vec<EnvironmentSummary>, ServiceError>;
    async fn drifts(&self, request: PageRequest) -> Result<Page, ServiceError>;
    /// What the filter finds as groups, at most `limit` of them; their members are pages of a filter that names the group.
    async fn groups(&self, filter: DriftFilter, by: Group, limit: usize) -> Result<Groups, ServiceError>;
    async fn drift(&self, id: DriftId) -> Result<DriftDetail, ServiceError>;
    /// What happened in a span of time.
    async fn incident(&self, request: IncidentRequest) -> Result<Incident, ServiceError>;
    /// How the drifts first seen in the last `days` went, in some environments or (empty) all.
    async fn stats(&self, environments: Vec<Slug>, days: u32) -> Result<Stats, ServiceError>;
    /// How those of the last `days` days of UTC went, day by day, in some environments or (empty) all.
    async fn daily(&self, environments: Vec<Slug>, days: u32) -> Result<Vec<DailyMetrics>, ServiceError> {
        let _ = (environments, days);
        Err(ServiceError::Unavailable("days are not counted here".into()))
    }
    /// What came of the watching in the last `days` days of UTC, in some environments or (empty) all. Reads the trail of those days:
    /// takes a while.
    async fn business(&self, environments: Vec<Slug>, days: u32) -> Result<Business, ServiceError> {
        let _ = (environments, days);
        Err(ServiceError::Unavailable("these figures are not counted here".into()))
    }
    /// Where the resource of a drift is declared, what it hangs on, and its other drifts. Reads files: takes a while.
    async fn relations(&self, id: DriftId) -> Result<Relations, ServiceError>;
    /// Resources that the code of an environment declares, by address, with what is known of each. Reads files: takes a while.
    async fn resources(&self, request: ResourcesRequest) -> Result<Vec<IacResource>, ServiceError> {
        let _ = request;
        Err(ServiceError::Unavailable("what the code declares cannot be read from here".into()))
    }
    /// Who made the drift, as the cloud's audit trail tells; the answer is kept with the drift. Asks the network: takes seconds.
    async fn who(&self, id: DriftId) -> Result<Who, ServiceError> {
        let _ = id;
        Err(ServiceError::Unavailable("there is no audit trail to ask here".into()))
    }
    /// Thinks about a drift anew, with what somebody says of it: cause, severity and advice are kept with it for as long as it stays
    /// the same.
    async fn analyse(&self, id: DriftId, said: Option<Tainted>) -> Result<DriftEvent, ServiceError> {
        let _ = (id, said);
        Err(ServiceError::Unavailable("drifts cannot be analysed anew from here".into()))
    }
    /// Every learned model: by name, the newest version first.
    async fn models(&self) -> Result<Vec<MlModel>, ServiceError> {
        Ok(vec![])
    }
    /// What there is to learn from.
    async fn lessons(&self) -> Result<Lessons, ServiceError> {
        Ok(Lessons::default())
    }
    /// Trains the next version of [`CAUSE_MODEL`] from what operators said. Takes seconds; durable when it returns.
    async fn train_model(&self, activates: bool, actor: Tainted) -> Result<MlModel, ServiceError> {
        let _ = (activates, actor);
        Err(ServiceError::Unavailable("models cannot be trained from here".into()))
    }
    /// Measures a version, or the active one, on what was said after its training, and keeps the figures with it.
    async fn evaluate_model(&self, version: Option<u32>) -> Result<MlModel, ServiceError> {
        let _ = version;
        Err(ServiceError::Unavailable("models cannot be evaluated from here".into()))
    }
    /// Takes another version into use. Durable when it returns.
    async fn activate_model(&self, to: ModelStep, actor: Tainted) -> Result<MlModel, ServiceError> {
        let _ = (to, actor);
        Err(ServiceError::Unavailable("models cannot be activated from here".into()))
    }
    /// What somebody should know, newest first.
    async fn notifications(&self, request: NotificationRequest) -> Result<Vec<Notification>, ServiceError> {
        let _ = request;
        Ok(vec![])
    }
    async fn notification(&self, id: NotificationId) -> Result<Notification, ServiceError> {
        Err(ServiceError::NotFound(format!("there is no notification {id}")))
    }
    /// `who` has read it.
    async fn read_notification(&self, id: NotificationId, who: Tainted) -> Result<Notification, ServiceError> {
        let _ = who;
        self.notification(id).await
    }
    /// `who` has read this one and all that are older.
    async fn read_notifications(&self, until: NotificationId, who: Tainted) -> Result<(), ServiceError> {
        let _ = who;
        self.notification(until).await.map(drop)
    }
    /// Sends it once more to every channel that is there for its environment; `Invalid` when there is none.
    async fn resend_notification(&self, id: NotificationId) -> Result<Notification, ServiceError> {
        self.notification(id).await
    }
    /// Keeps an analysis that was asked for, so that a restart and other servers know of it. Nowhere but where there is a store.
    async fn keep_analysis(&self, job: AnalysisJob) -> Result<(), ServiceError> {
        let _ = job;
        Ok(())
    }
    /// One that was kept.
    async fn analysis(&self, id: Ulid) -> Result<Option<AnalysisJob>, ServiceError> {
        let _ = id;
        Ok(None)
    }
    /// Keeps what became of a piece of advice, by its [key](crate::drift::Recommendation::key): followed, or `result` says why not.
    async fn answer_advice(
        &self,
        id: DriftId,
        advice: String,
        followed: bool,
        result: Tainted,
    ) -> Result<DriftEvent, ServiceError> {
        let _ = (id, advice, followed, result);
        Err(ServiceError::Unavailable("advice cannot be answered from here".into()))
    }
    /// Asks leave to do what a recommendation says. Durable when it returns.
    async fn request_remediation(&self, asked: RemediationRequest) -> Result<Remediation, ServiceError> {
        let _ = asked;
        Err(ServiceError::Unavailable("leave to do something about a drift cannot be asked for from here".into()))
    }
    /// Approves, rejects or cancels: [`ServiceError::Denied`] says who may. Durable when it returns.
    async fn decide_remediation(&self, asked: RemediationDecision) -> Result<Remediation, ServiceError> {
        let _ = asked;
        Err(ServiceError::Unavailable("nothing waits for approval here".into()))
    }
    /// What was asked for, as it stands now.
    async fn remediation(&self, id: RemediationId) -> Result<Remediation, ServiceError> {
        Err(ServiceError::NotFound(format!("there is no remediation {id}")))
    }
    /// As they stand now, newest first.
    async fn remediations(&self, query: RemediationQuery) -> Result<Vec<Remediation>, ServiceError> {
        let _ = query;
        Ok(vec![])
    }
    async fn observations(&self, id: DriftId, limit: usize) -> Result<Vec<Observation>, ServiceError>;
    /// Durable when it returns. What must or may be hidden from now on starts a scan of the environments it is about.
    async fn triage(&self, request: TriageRequest) -> Result<Receipt, ServiceError>;
    /// As [`triage`](Self::triage), each by itself: one that is refused does not stop the others. Answers in the order of the
    /// requests; all of them are durable, or refused, when it returns.
    async fn triage_many(
        &self,
        requests: Vec<TriageRequest>,
    ) -> Result<Vec<Result<Receipt, ServiceError>>, ServiceError> {
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            answers.push(self.triage(request).await);
        }
        Ok(answers)
    }
    /// What a decision on everything that a filter matches would touch, newest first; at most `limit`, and never more than
    /// [`Matching::MOST`].
    async fn matching(&self, filter: DriftFilter, limit: usize) -> Result<Matching, ServiceError> {
        let limit = limit.clamp(1, Matching::MOST);
        let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 500 };
        let mut matching = Matching::default();
        loop {
            let page = self.drifts(request.clone()).await?;
            request.cursor = matching.take(&page, limit, Timestamp::now());
            if request.cursor.is_none() {
                return Ok(matching);
            }
        }
    }
    /// Who decided and who was assigned, as far as is remembered; the most recent first.
    async fn people(&self) -> Result<Vec<Tainted>, ServiceError> {
        let mut people: Vec<Tainted> = Vec::new();
        for entry in self.audit(1000).await? {
            let new: Vec<Tainted> = entry.people().filter(|name| !people.contains(name)).cloned().collect();
            people.extend(new);
        }
        Ok(people)
    }
    async fn ignore_rules(&self) -> Result<Vec<IgnoreRule>, ServiceError>;
    /// Every rule with what it hides now.
    async fn rules(&self) -> Result<Vec<RuleStatus>, ServiceError>;
    /// What the rule would hide now, in place of the one with its id if there is one.
    async fn preview_rule(&self, rule: IgnoreRule) -> Result<RuleReach, ServiceError>;
    /// Durable when it returns.
    async fn change_rule(&self, request: RuleRequest) -> Result<Receipt, ServiceError>;
    /// What the rules of the comparer must not hide, as people decided.
    async fn never_hidden(&self) -> Result<Vec<NeverHideRule>, ServiceError>;
    /// What such a rule would bring to light of what the last scans hid.
    async fn preview_never_hide(&self, rule: NeverHideRule) -> Result<NeverHideReach, ServiceError>;
    /// Durable when it returns; starts a scan of the environments it is about.
    async fn change_never_hide(&self, request: NeverHideRequest) -> Result<Receipt, ServiceError>;
    /// A window of what the last scan of an environment hid and could not verify.
    async fn untold(&self, request: UntoldRequest) -> Result<UntoldPage, ServiceError>;
    /// What goes on, or went on, around drift, oldest first.
    async fn contexts(&self, request: ContextRequest) -> Result<Vec<OperationalContext>, ServiceError>;
    /// Durable when it returns.
    async fn put_context(&self, context: OperationalContext, actor: Tainted) -> Result<(), ServiceError>;
    /// Ends what goes on.
    async fn end_context(
        &self,
        id: ContextId,
        at: Timestamp,
        actor: Tainted,
    ) -> Result<OperationalContext, ServiceError>;
    /// Who looks at which drift now, as far as it was told within the last minute.
    async fn looking(&self) -> Result<Vec<Looking>, ServiceError> {
        Ok(vec![])
    }
    /// Tells the others which drift somebody looks at now. Kept nowhere, and forgotten after a [minute](PRESENCE_HOLDS).
    async fn look(&self, looker: Looker, drift: Option<DriftId>) -> Result<(), ServiceError> {
        let _ = (looker, drift);
        Ok(())
    }
    /// There may be others: who is here tells what they [look](Self::look) at.
    fn is_shared(&self) -> bool {
        false
    }
    /// What whoever is here may do there; `None`: nobody asks.
    fn role(&self) -> Option<Role> {
        None
    }
    /// As whom decisions are signed here; `None`: as they say themselves.
    fn signs_as(&self) -> Option<Tainted> {
        None
    }
    async fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, ServiceError>;
    /// Some of the trail, newest first.
    async fn audit_between(&self, request: AuditRequest) -> Result<Vec<AuditEntry>, ServiceError> {
        let mut entries = self.audit(usize::MAX).await?;
        entries.retain(|entry| request.holds(entry.seq, entry.timestamp));
        let cut = entries.len().saturating_sub(request.limit);
        match request.direction {
            Direction::Older => entries.truncate(request.limit),
            Direction::Newer => drop(entries.drain(..cut)),
        }
        Ok(entries)
    }
    /// Scans that ended, of some environments or (empty) all, newest first.
    async fn scans(&self, environments: Vec<Slug>) -> Result<Vec<ScanSummary>, ServiceError> {
        let _ = environments;
        Ok(vec![])
    }
    /// Scans now; `None` scans every environment. Returns at once.
    async fn scan(&self, environment: Option<Slug>) -> Result<(), ServiceError>;
    async fn cancel_scan(&self, environment: Option<Slug>) -> Result<(), ServiceError>;
    /// Everything from now on. A slow reader loses the oldest and should load again.
    fn subscribe(&self) -> broadcast::Receiver<ServiceEvent>;
    /// How it stands with the server; `None` without one.
    fn contact(&self) -> Option<Contact> {
        None
    }
    /// Decisions that were made here and that the server does not have yet, in the order they are sent.
    fn waiting(&self) -> Vec<Waiting> {
        vec![]
    }
    /// A person's word about some of them, all at once. Durable when it returns.
    async fn settle_waiting(&self, ids: Vec<Ulid>, how: Settle) -> Result<(), ServiceError> {
        let _ = (ids, how);
        Err(ServiceError::NotFound("nothing waits here".into()))
    }
    /// What cannot be asked for here, and why: the server is older.
    fn missing(&self) -> Missing {
        Missing::default()
    }
    /// Where answers to writes that are no decisions are kept, for who is asked the same again.
    fn answers(&self) -> Option<Arc<dyn Answers>> {
        None
    }
    /// What its store takes up, where it lies here.
    fn store_gauges(&self) -> Gauges {
        Gauges::default()
    }
    /// What waits for its turn, where the store lies here. Asks the store: takes a moment.
    fn backlog(&self) -> Backlog {
        Backlog::default()
    }
    /// `local`, or the server's URL; for the status bar.
    fn mode(&self) -> String;
    /// Why nothing can be decided here, or `None`.
    fn read_only(&self) -> Option<String>;
    /// Environments whose drift may not be settled here.
    fn protected(&self) -> BTreeSet<Slug> {
        BTreeSet::new()
    }
    /// Since when nothing that happens is seen here any more; `None`: what is shown is what is.
    fn as_of(&self) -> Option<Timestamp> {
        None
    }
    /// Which decisions are refused without a reason.
    fn require_reason(&self) -> RequireReason {
        RequireReason::none()
    }
}
