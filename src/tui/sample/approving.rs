//! Leave to do something about a drift, in the sample world.

use super::now;
use crate::drift::{
    DriftDetail, Overtaken, Remediation, RemediationDecision, RemediationId, RemediationRequest, Verdict,
};
use crate::service::ServiceError;

pub(super) fn request(drifts: &mut [DriftDetail], asked: &RemediationRequest) -> Result<Remediation, ServiceError> {
    let found = drifts.iter_mut().find(|detail| detail.event.id == asked.drift);
    let detail = found.ok_or_else(|| ServiceError::NotFound("no such drift".into()))?;
    let id = RemediationId::generate();
    let made = Remediation::new(id, asked, &detail.event, now()).map_err(ServiceError::Invalid)?;
    detail.remediation = Some(Box::new(made.clone()));
    Ok(made)
}

pub(super) fn decide(drifts: &mut [DriftDetail], asked: &RemediationDecision) -> Result<Remediation, ServiceError> {
    let is_meant = |detail: &&mut DriftDetail| detail.remediation.as_ref().is_some_and(|one| one.id == asked.id);
    let detail = drifts.iter_mut().find(is_meant).ok_or_else(|| ServiceError::NotFound("nothing waits".into()))?;
    let Some(before) = detail.remediation.as_deref().cloned() else {
        return Err(ServiceError::NotFound("nothing waits".into()));
    };
    before.may(asked.verb, &asked.by, false).map_err(|why| ServiceError::Denied(why.to_string()))?;
    if let Some(why) = before.closed(Some(&detail.event), now()) {
        let drift = Some(detail.event.clone());
        return Err(ServiceError::Overtaken(Box::new(Overtaken { why, drift, remediation: before })));
    }
    let verdict = Verdict { by: asked.by.name.clone(), at: now(), reason: asked.reason.clone() };
    let decided = before.decided(asked.verb, verdict);
    detail.remediation = Some(Box::new(decided.clone()));
    Ok(decided)
}
