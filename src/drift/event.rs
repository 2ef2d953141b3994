//! A drift: as a scan finds it ([`Finding`]), as the store keeps it ([`DriftEvent`]), and with its bodies ([`DriftDetail`]).

use serde::{Deserialize, Serialize};

use super::{
    Analysis, Attribution, AuditEntry, Cause, CauseRecord, Change, Decision, DriftId, Fingerprint, Hidden, Link,
    Recommendation, Remediation, Risk, SettledChange, Severity, Slug, Tick, Unverified,
};
use crate::safety::{Masked, Tainted};

/// How a resource differs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DriftType {
    /// Properties differ.
    Modified,
    /// Declared, and gone.
    Deleted,
    /// Live, and in no declared source (unmanaged).
    Added,
    /// Its address changed.
    Moved,
}

impl DriftType {
    /// Every value.
    pub const ALL: [Self; 4] = [Self::Modified, Self::Deleted, Self::Added, Self::Moved];

    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::Added => "added",
            Self::Moved => "moved",
        }
    }
}

/// Which resource, as the code names it and as the cloud does.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct ResourceRef {
    /// `aws_security_group`, `apps/v1/Deployment`, …
    pub resource_type: Tainted,
    /// The address in the code (`module.net.aws_vpc.main["eu"]`, `shop/Deployment/web`); for unmanaged resources the cloud's id.
    pub resource_id: Tainted,
    /// The address before a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_address: Option<Tainted>,
    /// The cloud's own id or ARN, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<Tainted>,
    /// The file or backend that declares it, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_in: Option<Tainted>,
}

/// One drift as a scan found it: masked, compared, not yet known to the store.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Finding {
    pub environment: Slug,
    pub resource: ResourceRef,
    pub drift_type: DriftType,
    /// Security-critical first, then by path.
    pub changes: Vec<Change>,
    pub hidden: Vec<Hidden>,
    pub unverified: Vec<Unverified>,
    pub declared_state: Option<Masked>,
    pub actual_state: Option<Masked>,
    pub analysis: Analysis,
    pub recommendations: Vec<Recommendation>,
    /// Tags or labels of the resource, as far as they are known, live and declared: see [`tags_of_both`](super::tags_of_both).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(Tainted, Tainted)>,
    /// Declared resources that depend on it directly.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dependants: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Finding {
    /// See [`Fingerprint`].
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(
            &self.environment,
            self.resource.resource_type.raw(),
            self.resource.resource_id.raw(),
            self.drift_type,
            self.changes.iter().map(|c| c.path.raw()),
        )
    }

    /// As it was at the address from where its resource moved; `None`: it did not.
    pub fn fingerprint_before(&self) -> Option<Fingerprint> {
        let before = self.resource.previous_address.as_ref().filter(|_| self.drift_type != DriftType::Moved)?;
        let paths = self.changes.iter().map(|change| change.path.raw());
        let kind = self.resource.resource_type.raw();
        Some(Fingerprint::of(&self.environment, kind, before.raw(), self.drift_type, paths))
    }

    /// Takes over why it happened, who made it and what to do about it, as they are kept: a scan by itself knows less. Of other
    /// values only what people advise still holds.
    pub fn learn(&mut self, event: &DriftEvent) {
        let is_kept =
            |one: &Change| event.changes.iter().any(|kept| kept.path == one.path && kept.actual == one.actual);
        if self.changes.iter().all(is_kept) {
            self.analysis.cause.clone_from(&event.analysis.cause);
            self.analysis.changed_by.clone_from(&event.analysis.changed_by);
            self.recommendations.clone_from(&event.recommendations);
        } else {
            let by_people = event.recommendations.iter().filter(|advice| advice.added_by.is_some());
            self.recommendations.extend(by_people.cloned());
        }
    }

    /// How many of its properties could not be compared.
    pub fn unverified_count(&self) -> u32 {
        u32::try_from(self.unverified.len()).unwrap_or(u32::MAX)
    }
}

/// How a drift ended without a decision.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Closure {
    /// A complete scan did not see it any more.
    Healed,
    /// The same resource now differs in another set of properties; that is a drift of its own.
    Superseded,
    /// Only what rules hide of it has changed, or the address of its resource: it goes on as another drift, with everything that was
    /// decided about it.
    Continued,
}

/// Where a drift stands. Snoozes and exceptions end by time: ask [`DriftEvent::state_at`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nobody has decided anything.
    Open,
    /// Somebody looks at it.
    Acknowledged,
    /// Out of sight until a time.
    Snoozed,
    /// Hidden by an ignore rule.
    Ignored,
    /// Decided; see the decision's resolution type.
    Resolved,
    /// Gone by itself.
    Closed,
}

impl State {
    /// Every state, open ones first.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Acknowledged, Self::Snoozed, Self::Ignored, Self::Resolved, Self::Closed];

    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Ignored => "ignored",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }

    /// Still waiting for somebody: open or acknowledged.
    pub fn needs_attention(self) -> bool {
        matches!(self, Self::Open | Self::Acknowledged)
    }
}

/// One drift as the store keeps it. Bodies, hidden and unverified properties are in [`DriftDetail`].
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct DriftEvent {
    pub id: DriftId,
    /// Counts every change of this record, from 1; a decision names the version it was made on.
    pub version: u64,
    pub environment: Slug,
    pub fingerprint: Fingerprint,
    pub resource: ResourceRef,
    pub drift_type: DriftType,
    pub changes: Vec<Change>,
    pub hidden_count: u32,
    pub unverified_count: u32,
    pub analysis: Analysis,
    pub recommendations: Vec<Recommendation>,
    /// Tags or labels of the resource, as far as they are known, live and declared: see [`tags_of_both`](super::tags_of_both).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(Tainted, Tainted)>,
    /// Declared resources that depend on it directly: how far a mistake in it reaches.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dependants: u32,
    /// First seen; never changes.
    pub detected_at: jiff::Timestamp,
    pub last_seen: jiff::Timestamp,
    /// How many scans saw it.
    pub seen_count: u64,
    /// How often it came back after it was closed or resolved; above 0 it is `regressed`.
    pub regressions: u32,
    /// The state as it was last written; timed states end by themselves, see [`DriftEvent::state_at`].
    pub state: State,
    /// The decision that put it into its state; `None` for open and closed ones.
    #[serde(default)]
    pub decision: Option<Decision>,
    #[serde(default)]
    pub assignee: Option<Tainted>,
    #[serde(default)]
    pub note_count: u32,
    /// What a person says the cause is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_cause: Option<Cause>,
    /// Set when resolved or closed.
    #[serde(default)]
    pub resolved_at: Option<jiff::Timestamp>,
    #[serde(default)]
    pub closure: Option<Closure>,
    /// The drift that took this one's place.
    #[serde(default)]
    pub superseded_by: Option<DriftId>,
    /// What was decided about single changes, by path, as it was last written: ask [`DriftEvent::settled_change`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<SettledChange>,
    /// The severity of the changes that are still open, when only some are settled. Each axis is what the analysis gives to
    /// the open changes alone, and never more than it gave to the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_severity: Option<Severity>,
    /// First seen, or come back, while maintenance was announced for its environment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_maintenance: bool,
    /// Who it was put down to, with the evidence; of these changes, and forgotten with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Box<Attribution>>,
    /// Somebody took it out of what it was found together with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_split: bool,
    /// Steps of its advice that are done; those whose advice has changed since are among them: ask [`DriftEvent::tick`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ticked: Vec<Tick>,
}

impl DriftEvent {
    /// As it is before the first sighting is counted: open, and nobody has done anything. What is hidden is counted by whoever
    /// knows the rules.
    pub fn first_seen(finding: &Finding, fingerprint: Fingerprint, id: DriftId, detected_at: jiff::Timestamp) -> Self {
        Self {
            id,
            version: 1,
            environment: finding.environment.clone(),
            fingerprint,
            resource: finding.resource.clone(),
            drift_type: finding.drift_type,
            changes: finding.changes.clone(),
            hidden_count: 0,
            unverified_count: finding.unverified_count(),
            analysis: finding.analysis.clone(),
            recommendations: finding.recommendations.clone(),
            tags: finding.tags.clone(),
            dependants: finding.dependants,
            detected_at,
            last_seen: detected_at,
            seen_count: 0,
            regressions: 0,
            state: State::Open,
            decision: None,
            assignee: None,
            note_count: 0,
            judged_cause: None,
            resolved_at: None,
            closure: None,
            superseded_by: None,
            settled: Vec::new(),
            open_severity: None,
            in_maintenance: false,
            attribution: None,
            is_split: false,
            ticked: Vec::new(),
        }
    }

    /// The state at `now`: a snooze or an exception whose time is over is open again. When every change is settled, the drift is
    /// resolved; it wakes when the first of these decisions ends.
    pub fn state_at(&self, now: jiff::Timestamp) -> State {
        let whole = self.state_of_whole(now);
        if whole.needs_attention() && self.all_changes_settled(now) { State::Resolved } else { whole }
    }

    /// A change of it touches security, or that the whole resource came or went.
    pub fn touches_security(&self) -> bool {
        self.analysis.is_critical_as_whole(self.drift_type)
            || self.changes.iter().any(|change| change.is_security_critical)
    }

    /// Puts it down to somebody.
    pub fn attribute(&mut self, to: Attribution) {
        self.analysis.changed_by = vec![to.actor.clone()];
        self.attribution = Some(Box::new(to));
    }

    /// Whoever did it last time need not have done it this time.
    pub fn forget_attribution(&mut self) {
        if let Some(gone) = self.attribution.take() {
            self.analysis.changed_by.retain(|by| *by != gone.actor);
        }
    }

    /// Who has done a step of its advice, counted from 1.
    pub fn tick(&self, advice: &Recommendation, step: u32) -> Option<&Tick> {
        let text = advice.implementation_steps.get(usize::try_from(step).ok()?.checked_sub(1)?)?;
        self.ticked.iter().find(|tick| tick.is_of(&advice.key(), step, text))
    }

    /// Whether what was done is a step of the advice as it is now.
    pub fn is_step(&self, tick: &Tick) -> bool {
        self.recommendations.iter().any(|advice| self.tick(advice, tick.step) == Some(tick))
    }

    /// Came back after it had ended.
    pub fn is_regressed(&self) -> bool {
        self.regressions > 0
    }

    /// The four scores: of the open changes when some are settled, else of all.
    pub fn severity(&self) -> &Severity {
        self.open_severity.as_ref().unwrap_or(&self.analysis.severity)
    }
}

/// All that is known about one drift.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct DriftDetail {
    pub event: DriftEvent,
    pub declared_state: Option<Masked>,
    pub actual_state: Option<Masked>,
    pub hidden: Vec<Hidden>,
    pub unverified: Vec<Unverified>,
    /// Newest first.
    pub history: Vec<AuditEntry>,
    /// What people have said it has to do with, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// The last request to do something about it, as it stands now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<Box<Remediation>>,
    /// Why it happened, as one record: made of the event when it is asked for, and not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_analysis: Option<Box<CauseRecord>>,
    /// How likely something stops working on account of it. As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Box<Risk>>,
}

impl DriftDetail {
    /// With what follows from it; `is_production`: of its environment.
    pub fn told(mut self, is_production: bool) -> Self {
        self.cause_analysis = Some(Box::new(CauseRecord::of(&self.event)));
        self.risk = Some(Box::new(Risk::of(&self.event, is_production)));
        self
    }
}
