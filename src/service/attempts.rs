//! What was asked for over a server and not done: the trail has that, too, with who asked and why it was refused.
//!
//! At one's own terminal nothing is recorded of it: nobody else asked, and the screen has said why.

use super::ServiceError;
use super::keeping::told;
use crate::drift::{DriftId, NeverHideRequest, OperationalContext, Origin, RuleRequest, Slug, TriageRequest};
use crate::safety::{Redactor, Tainted};
use crate::store::{Attempt, Store};

/// As it would be recorded, if somebody asked over a server.
pub(super) fn of_triage(redactor: &Redactor, request: &TriageRequest) -> Option<Attempt> {
    let attempt = of(redactor, &request.actor, request.reason.as_ref(), request.verb.as_str())?;
    Some(Attempt { drift: Some(request.drift), ..attempt })
}

pub(super) fn of_rule(redactor: &Redactor, request: &RuleRequest) -> Option<Attempt> {
    of(redactor, &request.actor, request.reason.as_ref(), request.verb.as_str())
}

pub(super) fn of_never_hide(redactor: &Redactor, request: &NeverHideRequest) -> Option<Attempt> {
    let attempt = of(redactor, &request.actor, request.reason.as_ref(), request.verb.as_str())?;
    Some(Attempt { drift: request.drift, ..attempt })
}

pub(super) fn of_remediation(
    redactor: &Redactor,
    actor: &Tainted,
    reason: Option<&Tainted>,
    action: &str,
    drift: DriftId,
) -> Option<Attempt> {
    let attempt = of(redactor, actor, reason, action)?;
    Some(Attempt { drift: Some(drift), ..attempt })
}

pub(super) fn of_context(
    redactor: &Redactor,
    actor: &Tainted,
    action: &str,
    context: Option<&OperationalContext>,
) -> Option<Attempt> {
    let title = context.map(|context| &context.context_data.title);
    let environment = context.and_then(|context| match context.environments.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    });
    Some(Attempt { environment, ..of(redactor, actor, title, action)? })
}

fn of(redactor: &Redactor, actor: &Tainted, reason: Option<&Tainted>, action: &str) -> Option<Attempt> {
    Origin::now()?;
    let (mut actor, mut reason) = (actor.clone(), reason.cloned());
    super::masking::mask_who_and_why(redactor, &mut actor, &mut reason);
    Some(Attempt {
        actor,
        reason,
        action: action.to_owned(),
        environment: None,
        drift: None,
        error: Tainted::default(),
    })
}

/// Records why it was not done, where it was not. What is not there, or could not be reached, was no attempt on anything.
pub(super) fn note<T>(store: &dyn Store, attempt: Option<Attempt>, answer: &Result<T, ServiceError>) {
    let (Some(attempt), Err(error)) = (attempt, answer) else { return };
    let is_refusal = matches!(
        error,
        ServiceError::Conflict(_)
            | ServiceError::Overtaken(_)
            | ServiceError::Invalid(_)
            | ServiceError::Reused(_)
            | ServiceError::Refused(_)
            | ServiceError::Denied(_)
    );
    if !is_refusal {
        return;
    }
    let environment = attempt.drift.and_then(|id| environment_of(store, id)).or(attempt.environment);
    let attempt = Attempt { environment, error: error.to_string().into(), ..attempt };
    // He is refused whether or not that can be written.
    if let Err(error) = store.record_attempt(&attempt).map_err(told) {
        tracing::error!(%error, "a refusal is not in the audit trail");
    }
}

fn environment_of(store: &dyn Store, id: DriftId) -> Option<Slug> {
    store.drift(id).ok().map(|detail| detail.event.environment)
}
