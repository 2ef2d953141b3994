//! Decisions, one or many, as the service takes them: allowed, masked, kept, each with its own answer.

use jiff::Timestamp;

use super::danger::Write;
use super::keeping::told;
use super::masking::masked;
use super::{Guard, ServiceError, gate};
use crate::drift::{DriftId, TriageRequest};
use crate::safety::Redactor;
use crate::store::{Receipt, Store, StoreError};

/// Answers in the order of the requests; one that is refused does not stop the others.
pub(super) fn decide_all(
    store: &dyn Store,
    guard: &Guard,
    redactor: &Redactor,
    requests: Vec<TriageRequest>,
) -> Vec<Result<Receipt, ServiceError>> {
    let (mut answers, mut allowed) = (Vec::with_capacity(requests.len()), Vec::new());
    for request in requests {
        let fit = || match request.unfit(Timestamp::now()) {
            Some(unfit) => Err(ServiceError::Invalid(format!("{} ({})", unfit.message, unfit.field))),
            None => Ok(()),
        };
        match gate::check(guard, store, Write::Triage(&request)).and_then(|()| fit()) {
            Ok(()) => {
                answers.push(None);
                allowed.push(masked(redactor, request));
            }
            Err(refused) => answers.push(Some(Err(refused))),
        }
    }
    let drifts: Vec<DriftId> = allowed.iter().map(|request| request.drift).collect();
    let decided = store.decide_many(allowed).into_iter().zip(drifts);
    let mut decided = decided.map(|(answer, drift)| answer.map_err(|error| too_late(store, drift, error)));
    let lost = || Err(ServiceError::Unavailable("the store gave no answer".into()));
    answers.into_iter().map(|answer| answer.or_else(|| decided.next()).unwrap_or_else(lost)).collect()
}

/// A decision that came too late is answered with the drift as it is now.
fn too_late(store: &dyn Store, drift: DriftId, error: StoreError) -> ServiceError {
    match error {
        StoreError::Conflict { .. } => match store.drift(drift) {
            Ok(detail) => ServiceError::Conflict(Box::new(detail.event)),
            Err(error) => told(error),
        },
        other => told(other),
    }
}
