//! A person confirms or corrects a cause: the evidence as it is then is kept with it, and the drift is thought about anew.

use super::round::Round;
use super::{ServiceError, thinking};
use crate::drift::{TriageRequest, TriageVerb};
use crate::recommend::Policies;
use crate::store::{Receipt, Store};

/// After it the cause may be another one, or policies have something to say. Taking back is as what it takes back.
pub(super) fn is_thought_over(store: &dyn Store, verb: &TriageVerb, policies: &Policies) -> bool {
    match verb {
        TriageVerb::JudgeCause { .. } => true,
        TriageVerb::Advise { .. } => !policies.rules().is_empty(),
        TriageVerb::Undo { seq } => match store.audit_entry(*seq) {
            Ok(entry) => entry.and_then(|entry| entry.verb).is_some_and(|verb| {
                !matches!(verb, TriageVerb::Undo { .. }) && is_thought_over(store, &verb, policies)
            }),
            // It might have been one of them.
            Err(_) => true,
        },
        _ => false,
    }
}

/// Puts the evidence of now in the place of whatever was sent. Where it cannot be gathered, nothing is learned from the decision.
pub(super) fn with_evidence(round: &mut Round<'_>, mut requests: Vec<TriageRequest>) -> Vec<TriageRequest> {
    for request in &mut requests {
        let drift = request.drift;
        if let TriageVerb::JudgeCause { features, .. } = &mut request.verb {
            let gathered = thinking::features(round, drift);
            *features = gathered.inspect_err(|error| tracing::debug!(%error, "no evidence was gathered")).ok();
        }
    }
    requests
}

/// Cause and advice follow what was said; the answers have the drifts as they are then. `judged`: which of them are thought over.
/// Says of how many that was done.
pub(super) fn think_anew(
    round: &mut Round<'_>,
    judged: &[bool],
    answers: &mut [Result<Receipt, ServiceError>],
) -> usize {
    let mut thought = 0;
    let moved = answers.iter_mut().zip(judged).filter(|(_, judged)| **judged);
    for receipt in moved.filter_map(|(answer, _)| answer.as_mut().ok()) {
        // What is about many drifts was about a rule.
        let [drift] = receipt.drifts.as_mut_slice() else { continue };
        thought += 1;
        match thinking::rethink_one(round, drift.id) {
            Ok(Some(event)) => *drift = event,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a drift was not thought about anew"),
        }
    }
    thought
}

#[cfg(test)]
#[path = "judging_tests.rs"]
mod tests;
