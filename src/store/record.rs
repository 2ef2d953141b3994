//! What the store writes down: a drift with its bookkeeping, and a deed, the journal's unit.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::life::{self, goes_on};
use crate::drift::{
    AuditEntry, Cause, Change, Closure, Decision, DriftEvent, DriftId, DriftType, Environment, Fingerprint, Hidden,
    Link, OperationalContext, Recommendation, ResourceRef, RuleId, SettledChange, Slug, State, Tick, Unverified,
};
use crate::safety::{Masked, Tainted};

/// A drift as it lies in the tree.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct EventRecord {
    pub(super) event: DriftEvent,
    /// Indexed as open because its snooze or exception is over.
    pub(super) woken: bool,
    /// Decided, and a complete scan did not see it any more.
    pub(super) gone: bool,
    /// Somebody took it out of the ignore rules.
    pub(super) exempt: bool,
    /// The rules that hide it or some of its changes.
    pub(super) hidden_by: Vec<RuleId>,
    /// When the first of them that hides single changes ends.
    #[serde(default)]
    pub(super) hidden_until: Option<Timestamp>,
    /// Indexed as resolved because all its changes are settled.
    #[serde(default)]
    pub(super) by_changes: bool,
    /// When the first decision on a single change ends.
    #[serde(default)]
    pub(super) settled_until: Option<Timestamp>,
    /// See [`DriftDetail::links`](crate::drift::DriftDetail::links).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) links: Vec<Link>,
}

/// The large half of a drift, read only when it is looked at.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
pub(super) struct BodyRecord {
    pub(super) declared_state: Option<Masked>,
    pub(super) actual_state: Option<Masked>,
    pub(super) hidden: Vec<Hidden>,
    pub(super) unverified: Vec<Unverified>,
    /// Changes that ignore rules hide; kept whole, so that they can come back exactly.
    pub(super) ignored: Vec<(RuleId, Change)>,
}

/// Everything about a drift that scans alone cannot find again.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct Standing {
    pub(super) state: State,
    pub(super) decision: Option<Decision>,
    pub(super) resolved_at: Option<Timestamp>,
    pub(super) closure: Option<Closure>,
    pub(super) superseded_by: Option<DriftId>,
    pub(super) gone: bool,
    pub(super) exempt: bool,
    pub(super) assignee: Option<Tainted>,
    pub(super) note_count: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) judged_cause: Option<Cause>,
    pub(super) regressions: u32,
    /// By path; exceptions whose time was over when it was written may be among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) settled: Vec<SettledChange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) links: Vec<Link>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_split: bool,
    /// Advice that people gave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) advised: Vec<Recommendation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) ticked: Vec<Tick>,
}

/// A standing and whose it is: enough to give it back when the tree was lost and the drift is found again.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct Placed {
    pub(super) id: DriftId,
    pub(super) fingerprint: Fingerprint,
    pub(super) environment: Slug,
    pub(super) resource: ResourceRef,
    pub(super) drift_type: DriftType,
    pub(super) detected_at: Timestamp,
    pub(super) standing: Standing,
}

/// One frame of the journal. Doing it again changes nothing.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct Deed {
    /// `undone_by` is always empty here: the journal is never rewritten.
    pub(super) audit: AuditEntry,
    /// How things stood before; what undo goes back to. Of what a scan did: those it is about, not those it touched besides.
    pub(super) before: Vec<(DriftId, Standing)>,
    /// How they stand now.
    pub(super) after: Vec<Placed>,
    /// Made or changed.
    pub(super) environment: Option<Environment>,
    /// Put or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) context: Option<Box<OperationalContext>>,
    /// The name it was asked for under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) once: Option<OnceMark>,
}

/// A [name](crate::drift::Once) as it is kept: by its hashes, for it may hold what a person would not have written down.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(super) struct OnceMark {
    pub(super) key: String,
    pub(super) request: String,
}

/// A deed in the tree.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct AuditRecord {
    pub(super) deed: Deed,
    pub(super) undone_by: Option<u64>,
}

impl Deed {
    /// Whether it is a scan's, about many drifts; its reason tells only of their number.
    pub(super) fn is_of_many(&self) -> bool {
        let audit = &self.audit;
        audit.verb.is_none() && audit.drift.is_none() && audit.rule.is_none() && !self.before.is_empty()
    }

    /// Of how many happenings it tells: a mark is told of where it stands in time, not when somebody set it, and of what was refused
    /// nothing happened.
    pub(super) fn told(&self) -> usize {
        match (&self.context, self.is_of_many()) {
            _ if !self.audit.success => 0,
            (Some(_), _) => 0,
            (None, true) => self.before.len(),
            (None, false) => 1,
        }
    }
}

impl AuditRecord {
    pub(super) fn entry(self) -> AuditEntry {
        AuditEntry { undone_by: self.undone_by, ..self.deed.audit }
    }
}

impl AuditRecord {
    /// As the history of one drift tells it: an entry about many is about this one there.
    pub(super) fn entry_of(mut self, id: DriftId) -> AuditEntry {
        let deed = &mut self.deed;
        if deed.audit.verb.is_none() && deed.audit.drift.is_none() {
            // A drift that only took an assignee over is told whose place it took.
            let is_turn = |p: &&Placed| p.id == id && deed.before.iter().any(|(of, _)| *of == id);
            let heir_of = |p: &&Placed| p.standing.superseded_by == Some(id);
            let is_told = goes_on(&deed.audit.action);
            let other = |p: &&Placed| is_told && p.id == id;
            let find = |which: &dyn Fn(&&Placed) -> bool| deed.after.iter().find(|p| which(p));
            if let Some(placed) = find(&is_turn).or_else(|| find(&heir_of)).or_else(|| find(&other)) {
                let before = deed.before.iter().find(|(of, _)| *of == placed.id);
                deed.audit.drift = Some(placed.id);
                deed.audit.old_state = before.map(|(_, standing)| standing.state_at(deed.audit.timestamp));
                deed.audit.new_state = Some(placed.standing.state);
                if deed.audit.action == life::MOVED {
                    deed.audit.reason = moved(&deed.after, placed).map(Into::into);
                } else if is_told {
                    deed.audit.reason = Some("only what rules hide has changed".into());
                } else if deed.audit.rule.is_none() {
                    deed.audit.reason = None;
                }
            }
        }
        self.entry()
    }
}

/// From where to where the resource of one of two drifts went, of which one goes on as the other.
fn moved(all: &[Placed], one: &Placed) -> Option<String> {
    let heir = |of: &Placed| all.iter().find(|other| of.standing.superseded_by == Some(other.id));
    let (old, new) = match heir(one) {
        Some(heir) => (one, heir),
        None => (all.iter().find(|other| other.standing.superseded_by == Some(one.id))?, one),
    };
    Some(life::moved(&old.resource.resource_id, &new.resource.resource_id))
}

impl Standing {
    /// See [`DriftEvent::state_at`].
    pub(super) fn state_at(&self, now: Timestamp) -> State {
        let over = self.decision.as_ref().and_then(|d| d.until).is_some_and(|until| until <= now);
        let ends = matches!(self.state, State::Snoozed | State::Ignored | State::Resolved);
        if over && ends { State::Open } else { self.state }
    }

    /// Open, with what is no part of the state kept.
    pub(super) fn reopened(&self) -> Self {
        Self {
            state: State::Open,
            decision: None,
            resolved_at: None,
            closure: None,
            superseded_by: None,
            gone: false,
            exempt: false,
            ..self.clone()
        }
    }

    /// The state of `other`, but this one's assignee, notes, regressions and what was decided about its changes.
    pub(super) fn with_state_of(&self, other: &Self) -> Self {
        Self {
            assignee: self.assignee.clone(),
            note_count: self.note_count,
            judged_cause: self.judged_cause,
            regressions: self.regressions,
            settled: self.settled.clone(),
            links: self.links.clone(),
            is_split: self.is_split,
            advised: self.advised.clone(),
            ticked: self.ticked.clone(),
            ..other.clone()
        }
    }

    /// Ended without a decision.
    pub(super) fn closed(&self, closure: Closure, at: Timestamp, by: Option<DriftId>) -> Self {
        Self {
            state: State::Closed,
            resolved_at: Some(at),
            closure: Some(closure),
            superseded_by: by,
            ..self.reopened()
        }
    }

    /// Hidden by a rule.
    pub(super) fn ignored(&self, decision: Decision) -> Self {
        Self { state: State::Ignored, decision: Some(decision), ..self.reopened() }
    }
}

impl EventRecord {
    pub(super) fn standing(&self) -> Standing {
        let e = &self.event;
        Standing {
            state: e.state,
            decision: e.decision.clone(),
            resolved_at: e.resolved_at,
            closure: e.closure,
            superseded_by: e.superseded_by,
            gone: self.gone,
            exempt: self.exempt,
            assignee: e.assignee.clone(),
            note_count: e.note_count,
            judged_cause: e.judged_cause,
            regressions: e.regressions,
            settled: e.settled.clone(),
            links: self.links.clone(),
            is_split: e.is_split,
            // What the decision did of it follows from the decision.
            advised: e
                .recommendations
                .iter()
                .filter(|one| one.added_by.is_some())
                .map(|one| one.clone().without_settlement())
                .collect(),
            ticked: e.ticked.clone(),
        }
    }

    /// Takes the standing on; the version moves when that changes anything.
    pub(super) fn set_standing(&mut self, s: Standing) {
        if self.standing() == s {
            return;
        }
        let e = &mut self.event;
        e.version += 1;
        (e.state, e.decision, e.resolved_at, e.closure) = (s.state, s.decision, s.resolved_at, s.closure);
        (e.superseded_by, e.assignee, e.note_count) = (s.superseded_by, s.assignee, s.note_count);
        e.judged_cause = s.judged_cause;
        (e.regressions, self.gone, self.exempt, e.settled) = (s.regressions, s.gone, s.exempt, s.settled);
        e.is_split = s.is_split;
        self.links = s.links;
        e.recommendations.retain(|one| one.added_by.is_none());
        e.recommendations.extend(s.advised);
        e.ticked = s.ticked;
    }

    pub(super) fn placed(&self, standing: Standing) -> Placed {
        let e = &self.event;
        Placed {
            id: e.id,
            fingerprint: e.fingerprint,
            environment: e.environment.clone(),
            resource: e.resource.clone(),
            drift_type: e.drift_type,
            detected_at: e.detected_at,
            standing,
        }
    }

    /// Where the index has it.
    pub(super) fn shown_state(&self) -> State {
        match (self.by_changes, self.woken) {
            (true, _) => State::Resolved,
            (false, true) => State::Open,
            (false, false) => self.event.state,
        }
    }
}

impl BodyRecord {
    /// Everything that is hidden, by whatever rule.
    pub(super) fn all_hidden(&self) -> Vec<Hidden> {
        let ignored = self.ignored.iter().map(|(rule, change)| Hidden {
            path: change.path.clone(),
            rule: format!("ignore:{rule}"),
            declared: change.declared.clone(),
            actual: change.actual.clone(),
        });
        self.hidden.iter().cloned().chain(ignored).collect()
    }
}
