//! What is asked for about the selected drift, and who is here to ask or answer.

use super::Model;
use super::drafts::DraftKey;
use super::msg::Ticket;
use crate::api::Role;
use crate::drift::{
    DriftEvent, Party, Remediation, RemediationDecision, RemediationKind, RemediationRequest, RemediationState,
    RemediationVerb,
};
use crate::safety::Tainted;
use crate::service::permission;

/// On its way to the service.
#[derive(Clone, PartialEq, Debug)]
pub enum Ask {
    Request(RemediationRequest),
    Decision(RemediationDecision),
}

/// One that was sent, and has no answer yet.
#[derive(Clone, PartialEq, Debug)]
pub struct Asking {
    pub ticket: Ticket,
    pub word: String,
    pub draft: Option<DraftKey>,
}

impl Model {
    /// The last request about the selected drift.
    pub fn remediation(&self) -> Option<&Remediation> {
        self.loaded()?.detail.remediation.as_deref()
    }

    /// Whoever sits here: a server says itself who that is.
    pub fn party(&self) -> Party {
        let (is_here, is_admin) = (self.role.is_none(), self.role.is_none_or(|role| role == Role::Admin));
        Party { is_here, is_admin, ..Party::here(Tainted::from(self.actor.as_str())) }
    }

    /// What can be asked for about a drift.
    pub fn remediable(&self, event: &DriftEvent) -> Vec<RemediationKind> {
        let is_given = |kind: &RemediationKind| {
            kind.of(event)
                .is_some_and(|advice| advice.refusal(self.now).is_none() && !advice.implementation_steps.is_empty())
        };
        RemediationKind::ALL.into_iter().filter(is_given).collect()
    }

    /// Why nothing can be asked for about the selected drift, once something can be decided.
    pub fn cannot_ask(&self) -> Option<String> {
        let event = self.timeline.selected()?;
        if let Err(refusal) = permission::settling(&self.protected, [&event.environment]) {
            return Some(refusal.to_string());
        }
        let state = event.state_at(self.now);
        if !state.needs_attention() {
            return Some(format!("the drift is {}: reopen it first", state.as_str()));
        }
        if self.remediation().is_some_and(|one| one.state_at(self.now) == RemediationState::AwaitingApproval) {
            return Some("something was asked for already, and waits".into());
        }
        let nothing = || "nothing recommends to revert or to codify it: there are no steps to approve".to_owned();
        let refused = || RemediationKind::ALL.into_iter().find_map(|kind| kind.of(event)?.refusal(self.now));
        self.remediable(event).is_empty().then(|| refused().unwrap_or_else(nothing))
    }

    /// Why whoever is here cannot say that to what was asked for about the selected drift.
    pub fn cannot_answer(&self, verb: RemediationVerb) -> Option<String> {
        let (event, loaded) = (self.timeline.selected()?, self.loaded());
        if verb == RemediationVerb::Approve
            && let Err(refusal) = permission::settling(&self.protected, [&event.environment])
        {
            return Some(refusal.to_string());
        }
        let Some(one) = self.remediation() else {
            let none = if loaded.is_none() { "still loading" } else { "nothing was asked for about this drift" };
            return Some(none.into());
        };
        // Whether the drift has moved on the service knows best.
        let over = one.state_at(self.now) != RemediationState::AwaitingApproval;
        over.then(|| one.closed(Some(event), self.now)).flatten().or_else(|| {
            let own = self.approve_own && !self.is_production(&one.environment);
            one.may(verb, &self.party(), own).err().map(|why| why.to_string())
        })
    }
}
