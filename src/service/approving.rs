//! Requests to do something about a drift: who may ask, who may answer, and who hears of it.

use tokio::sync::broadcast;

use super::danger::Write;
use super::keeping::told;
use super::masking::mask_who_and_why;
use super::{Guard, ServiceError, ServiceEvent, attempts, gate};
use crate::drift::{DriftId, MayNot, Party, Remediation, RemediationDecision, RemediationRequest, Slug, Unfit};
use crate::safety::{Redactor, Tainted};
use crate::store::{Store, StoreError};

pub(super) fn request(
    store: &dyn Store,
    guard: &Guard,
    redactor: &Redactor,
    mut asked: RemediationRequest,
) -> Result<Remediation, ServiceError> {
    let (drift, said) = (asked.drift, asked.unfit());
    let attempt = attempts::of_remediation(redactor, &asked.by.name, asked.reason.as_ref(), "remediate", drift);
    mask(redactor, &mut asked.by, &mut asked.reason);
    let allowed = gate::check(guard, store, Write::Remediate { drift, verb: None }).and_then(|()| fit(said));
    let answer =
        allowed.and_then(|()| store.request_remediation(&asked).map_err(|error| too_late(store, drift, error)));
    attempts::note(store, attempt, &answer);
    answer
}

pub(super) fn decide(
    store: &dyn Store,
    guard: &Guard,
    redactor: &Redactor,
    mut asked: RemediationDecision,
) -> Result<Remediation, ServiceError> {
    let none = || ServiceError::NotFound(format!("there is no remediation {}", asked.id));
    let known = store.remediation(asked.id).map_err(told)?.ok_or_else(none)?;
    let (drift, verb, said) = (known.drift, asked.verb, asked.unfit());
    let action = format!("{}_remediation", verb.as_str());
    let attempt = attempts::of_remediation(redactor, &asked.by.name, asked.reason.as_ref(), &action, drift);
    mask(redactor, &mut asked.by, &mut asked.reason);
    let answer = may(store, guard, &known, &asked)
        .and_then(|()| gate::check(guard, store, Write::Remediate { drift, verb: Some(verb) }))
        .and_then(|()| fit(said))
        .and_then(|()| store.decide_remediation(&asked).map_err(told));
    attempts::note(store, attempt, &answer);
    answer
}

/// Whoever listens hears of it, and of what came to an end because somebody was too late.
pub(super) fn tell(events: &broadcast::Sender<ServiceEvent>, answer: &Result<Remediation, ServiceError>) {
    let heard = match answer {
        Ok(one) => one.clone(),
        Err(ServiceError::Overtaken(overtaken)) => overtaken.remediation.clone(),
        Err(_) => return,
    };
    // Nobody listening is no fault.
    let _ = events.send(ServiceEvent::Remediation(Box::new(heard)));
}

fn mask(redactor: &Redactor, by: &mut Party, reason: &mut Option<Tainted>) {
    mask_who_and_why(redactor, &mut by.name, reason);
}

fn fit(said: Option<Unfit>) -> Result<(), ServiceError> {
    said.map_or(Ok(()), |unfit| Err(ServiceError::Invalid(format!("{} ({})", unfit.message, unfit.field))))
}

fn may(store: &dyn Store, guard: &Guard, known: &Remediation, asked: &RemediationDecision) -> Result<(), ServiceError> {
    let is_production = is_production(store, &known.environment)?;
    match known.may(asked.verb, &asked.by, guard.approve_own && !is_production) {
        Ok(()) => Ok(()),
        Err(why @ MayNot::Own { .. }) if asked.by.is_here => {
            let hint = match is_production {
                true => format!("{} is production, where nobody ever does", known.environment),
                false => {
                    "or, where nobody else is, set approve_own = true under [remediation] in the configuration".into()
                }
            };
            Err(ServiceError::Denied(format!("{why}; {hint}")))
        }
        Err(why) => Err(ServiceError::Denied(why.to_string())),
    }
}

/// One that is not known any more counts as production: nothing says that it is none.
pub(super) fn is_production(store: &dyn Store, slug: &Slug) -> Result<bool, ServiceError> {
    let known = store.environments().map_err(told)?.into_iter().find(|one| one.slug == *slug);
    Ok(known.is_none_or(|one| one.is_production()))
}

/// What came too late is answered with the drift as it is now.
fn too_late(store: &dyn Store, drift: DriftId, error: StoreError) -> ServiceError {
    match error {
        StoreError::Conflict { .. } => match store.drift(drift) {
            Ok(detail) => ServiceError::Conflict(Box::new(detail.event)),
            Err(error) => told(error),
        },
        other => told(other),
    }
}
