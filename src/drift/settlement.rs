//! Settling a drift as it was advised carries the advice out: that is derived from the decision in force, so it comes and goes with it.

use serde::{Deserialize, Serialize};

use super::{Decision, DriftEvent, Recommendation, State, TriageVerb};
use crate::safety::Tainted;

/// The decision that carried a piece of advice out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Settlement {
    pub by: Tainted,
    /// Its number in the audit trail.
    pub seq: u64,
}

impl Recommendation {
    /// Somebody said what became of it, and no decision did.
    fn is_answered(&self) -> bool {
        self.settled_by.is_none() && (self.implemented_at.is_some() || self.implementation_result.is_some())
    }

    /// Whether a decision does what it advises. Nobody follows what is forbidden, or was too old then.
    pub(super) fn is_carried_out_by(&self, decision: &Decision) -> bool {
        let kind = self.resolution_type();
        kind.is_some() && kind == decision.resolution_type && self.refusal(decision.at).is_none()
    }

    /// As if no decision had carried it out.
    pub fn without_settlement(mut self) -> Self {
        if self.settled_by.take().is_some() {
            (self.implemented_at, self.implementation_result) = (None, None);
        }
        self
    }

    fn settled(self, decision: &Decision) -> Self {
        let kind = decision.resolution_type.map_or("", |kind| kind.as_str());
        let why = decision.reason.as_ref().map(|why| format!(": {}", why.raw())).unwrap_or_default();
        Self {
            implemented_at: Some(decision.at),
            implementation_result: Some(format!("settled as {kind}{why}").into()),
            settled_by: Some(Settlement { by: decision.by.clone(), seq: decision.seq }),
            ..self
        }
    }
}

impl DriftEvent {
    /// Marks the advice that the decision in force carries out as done, and no other as done by a decision: after an undo, or when it
    /// is opened again or comes back, or when its exception is over at `now`, it is to be done once more. What somebody said became of
    /// it stays.
    pub fn mark_settled(&mut self, now: jiff::Timestamp) {
        let deciding = self.deciding(now).cloned();
        for advice in &mut self.recommendations {
            if advice.is_answered() {
                continue;
            }
            let bare = advice.clone().without_settlement();
            *advice = match &deciding {
                Some(decision) if bare.is_carried_out_by(decision) => bare.settled(decision),
                _ => bare,
            };
        }
    }

    /// What a policy says against deciding so, of the advice that there is. Safe to show.
    pub fn forbidden(&self, verb: &TriageVerb) -> Option<String> {
        let (TriageVerb::Resolve { resolution_type, .. } | TriageVerb::SettleChanges { resolution_type, .. }) = verb
        else {
            return None;
        };
        let so = self.recommendations.iter().filter(|one| one.resolution_type() == Some(*resolution_type));
        let mut vetoes = so.filter_map(|one| one.vetoed.as_ref().or(one.objection.as_ref()));
        let word = resolution_type.as_str();
        vetoes.next().map(|veto| format!("the policy {} forbids {word}: {}", veto.policy.line(), veto.reason.line()))
    }

    /// The decision that settled it at `now`: that about the whole, or the last of those about its changes. Where these were settled in
    /// several ways, no advice says so.
    fn deciding(&self, now: jiff::Timestamp) -> Option<&Decision> {
        let whole = self.state_of_whole(now);
        if whole == State::Resolved {
            return self.decision.as_ref();
        }
        // One that is closed since was settled before.
        if !whole.needs_attention() && whole != State::Closed {
            return None;
        }
        let each = self.changes.iter().map(|change| Some(&self.settled_change(&change.path, now)?.decision));
        let decisions: Vec<&Decision> = each.collect::<Option<_>>()?;
        let last = decisions.iter().max_by_key(|one| one.seq)?;
        decisions.iter().all(|one| one.resolution_type == last.resolution_type).then_some(*last)
    }
}
