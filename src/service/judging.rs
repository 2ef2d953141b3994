//! A person confirms or corrects a cause: the evidence as it is then is kept with it, and the drift is thought about anew.

use super::evidence::Beforehand;
use super::{ServiceError, thinking};
use crate::drift::{Slug, TriageRequest, TriageVerb};
use crate::recommend::Policies;
use crate::store::{Receipt, Store};

/// After it the cause may be another one, or policies have something to say.
pub(super) fn is_thought_over(verb: &TriageVerb, policies: &Policies) -> bool {
    let advises = matches!(verb, TriageVerb::Advise { .. }) && !policies.rules().is_empty();
    advises || matches!(verb, TriageVerb::JudgeCause { .. } | TriageVerb::Undo { .. })
}

/// Puts the evidence of now in the place of whatever was sent. Where it cannot be gathered, nothing is learned from the decision.
pub(super) fn with_evidence(
    store: &dyn Store,
    known: impl Fn(&Slug) -> Beforehand,
    mut requests: Vec<TriageRequest>,
) -> Vec<TriageRequest> {
    for request in &mut requests {
        let drift = request.drift;
        if let TriageVerb::JudgeCause { features, .. } = &mut request.verb {
            let gathered = store.drift(drift).and_then(|detail| {
                let before = known(&detail.event.environment);
                thinking::features(store, &before, drift)
            });
            *features = gathered.inspect_err(|error| tracing::debug!(%error, "no evidence was gathered")).ok();
        }
    }
    requests
}

/// Cause and advice follow what was said; the answers have the drifts as they are then.
pub(super) fn think_anew(
    store: &dyn Store,
    known: impl Fn(&Slug) -> Beforehand,
    judged: &[bool],
    answers: &mut [Result<Receipt, ServiceError>],
) {
    let moved = answers.iter_mut().zip(judged).filter(|(_, judged)| **judged);
    for receipt in moved.filter_map(|(answer, _)| answer.as_mut().ok()) {
        // What is about many drifts was about a rule.
        let [drift] = receipt.drifts.as_mut_slice() else { continue };
        match thinking::rethink(store, &known(&drift.environment), drift.id) {
            Ok(Some(event)) => *drift = event,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a drift was not thought about anew"),
        }
    }
}
