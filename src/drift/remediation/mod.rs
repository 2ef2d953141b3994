//! What somebody asks leave to do about a drift, and what became of it: one person asks, another one says yes.
//!
//! Nothing here carries anything out: what is approved is done by hand. The states of that (running, done, unknown) come after
//! [`RemediationState::Approved`], and will stand beside these.

mod asked;
mod words;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{DriftEvent, DriftId, RemediationId, Slug};
use crate::safety::Tainted;

pub use asked::{MayNot, Party, RemediationDecision, RemediationRequest};
pub use words::{RemediationKind, RemediationState, RemediationVerb};

/// How long it waits for an answer.
pub const WAITS: SignedDuration = SignedDuration::from_hours(24);

/// An answer to a request.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Verdict {
    pub by: Tainted,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Tainted>,
}

/// A request to do something about a drift.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Remediation {
    pub id: RemediationId,
    /// Counts every change of this record, from 1; an answer names the version it was given on.
    pub version: u64,
    pub drift: DriftId,
    pub environment: Slug,
    pub resource_type: Tainted,
    pub resource_id: Tainted,
    pub kind: RemediationKind,
    /// The steps of the recommendation as they were when it was asked for: these and no others.
    pub plan: Vec<Tainted>,
    /// BLAKE3 of the plan and of what it is for; who approves approves this.
    pub plan_hash: String,
    /// The drift as it was seen.
    pub drift_version: u64,
    /// As it was last written: ask [`state_at`](Self::state_at).
    pub state: RemediationState,
    pub requested_by: Tainted,
    /// The account of whoever asked, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub requester: Option<Ulid>,
    pub requested_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Tainted>,
    /// From then on nobody can approve it.
    pub expires_at: Timestamp,
    /// Who approved, rejected or cancelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// What became of one, in the audit trail.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct RemediationChange {
    /// `None`: it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<RemediationState>,
    pub after: Remediation,
}

/// Something else came first: why, and how things stand now.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Overtaken {
    pub why: String,
    /// `None`: it is not kept any more.
    pub drift: Option<DriftEvent>,
    pub remediation: Remediation,
}

/// BLAKE3 of a plan and of the drift it is for: what differs, of which
/// resource, what of that is settled, and how often it came back. Whoever looks
/// at the drift, takes it or writes a note leaves it as it is.
pub fn plan_hash(kind: RemediationKind, plan: &[Tainted], event: &DriftEvent) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        // Length-prefixed, so that no two different lists of parts hash the same bytes.
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    };
    part(kind.as_str().as_bytes());
    part(&event.id.0.to_bytes());
    part(&event.fingerprint.0);
    part(&event.regressions.to_le_bytes());
    part(&(plan.len() as u64).to_le_bytes());
    event.settled.iter().for_each(|one| part(one.path.raw().as_bytes()));
    plan.iter().for_each(|step| part(step.raw().as_bytes()));
    for change in &event.changes {
        // What a JSON writer cannot write is in no store either.
        part(
            &serde_json::to_vec(&(&change.path, change.change_type, &change.declared, &change.actual))
                .unwrap_or_default(),
        );
    }
    hasher.finalize().to_hex().to_string()
}

impl Remediation {
    /// As it is asked for; `Err`: why there is nothing to ask for.
    pub fn new(
        id: RemediationId,
        asked: &RemediationRequest,
        event: &DriftEvent,
        now: Timestamp,
    ) -> Result<Self, String> {
        let state = event.state_at(now);
        if !state.needs_attention() {
            return Err(format!("the drift is {}: reopen it first", state.as_str()));
        }
        let word = asked.kind.as_str();
        let advice = asked.kind.of(event).ok_or_else(|| {
            format!("nothing recommends {word} for this drift, so there are no steps to approve: analyse it anew, or decide by hand")
        })?;
        if let Some(why) = advice.refusal(now) {
            return Err(why);
        }
        if advice.implementation_steps.is_empty() {
            return Err(format!("the advice to {word} has no steps: there is nothing to approve"));
        }
        let plan = advice.implementation_steps.clone();
        Ok(Self {
            id,
            version: 1,
            drift: event.id,
            environment: event.environment.clone(),
            resource_type: event.resource.resource_type.clone(),
            resource_id: event.resource.resource_id.clone(),
            kind: asked.kind,
            plan_hash: plan_hash(asked.kind, &plan, event),
            plan,
            drift_version: event.version,
            state: RemediationState::AwaitingApproval,
            requested_by: asked.by.name.clone(),
            requester: asked.by.account,
            requested_at: now,
            reason: asked.reason.clone().filter(|reason| !reason.raw().is_empty()),
            expires_at: now.saturating_add(WAITS).unwrap_or(Timestamp::MAX),
            verdict: None,
        })
    }

    /// Where it stands at `now`, as far as time alone tells.
    pub fn state_at(&self, now: Timestamp) -> RemediationState {
        match self.state {
            RemediationState::AwaitingApproval if self.expires_at <= now => RemediationState::Expired,
            state => state,
        }
    }

    /// Whether the drift, as it is now, is what this was asked for. `None`: it is not kept any more.
    pub fn fits(&self, event: Option<&DriftEvent>, now: Timestamp) -> bool {
        event.is_some_and(|event| {
            let given = self.kind.of(event);
            let given = given.filter(|advice| advice.vetoed.is_none() && advice.dismissal().is_none());
            let advice = given.is_some_and(|advice| advice.implementation_steps == self.plan);
            advice
                && event.id == self.drift
                && event.state_at(now).needs_attention()
                && plan_hash(self.kind, &self.plan, event) == self.plan_hash
        })
    }

    /// Where it stands for this drift: what waits may be too late.
    pub fn state_for(&self, event: Option<&DriftEvent>, now: Timestamp) -> RemediationState {
        match self.state_at(now) {
            RemediationState::AwaitingApproval if !self.fits(event, now) => RemediationState::Stale,
            state => state,
        }
    }

    /// With a verdict; only what waits takes one.
    pub fn decided(&self, verb: RemediationVerb, verdict: Verdict) -> Self {
        Self { version: self.version + 1, state: verb.leads_to(), verdict: Some(verdict), ..self.clone() }
    }

    /// At an end that nobody decided.
    pub fn ended(&self, state: RemediationState) -> Self {
        Self { version: self.version + 1, state, ..self.clone() }
    }

    /// What comes next, for whoever reads an answer.
    pub fn says(&self, now: Timestamp) -> String {
        match self.state_at(now) {
            RemediationState::AwaitingApproval => {
                format!("awaits an admin other than {}, until {}", self.requested_by.cell(40), self.expires_at)
            }
            RemediationState::Approved => "approved: carry out the steps by hand".into(),
            RemediationState::Rejected => "rejected: nothing is to be done by it".into(),
            RemediationState::Cancelled => "cancelled: nothing is to be done by it".into(),
            RemediationState::Expired => "nobody answered in time: ask again".into(),
            RemediationState::Stale => {
                "the drift has moved on since it was asked for: look at it, and ask again".into()
            }
        }
    }

    /// Why it cannot be answered any more, for this drift as it is; `None`: it can.
    pub fn closed(&self, event: Option<&DriftEvent>, now: Timestamp) -> Option<String> {
        let by = |word: &str| match &self.verdict {
            Some(verdict) => format!("it was {word} by {} already", verdict.by.cell(40)),
            None => format!("it was {word} already"),
        };
        Some(match self.state_for(event, now) {
            RemediationState::AwaitingApproval => return None,
            RemediationState::Approved => by("approved"),
            RemediationState::Rejected => by("rejected"),
            RemediationState::Cancelled => by("cancelled"),
            RemediationState::Expired => "it has expired, nobody answered in time: ask again".into(),
            RemediationState::Stale => {
                "the drift has moved on since this was asked for: look at it as it is now, and ask again".into()
            }
        })
    }
}

#[cfg(test)]
mod tests;
