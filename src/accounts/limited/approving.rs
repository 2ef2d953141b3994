//! Requests to do something about a drift: of drifts that are seen, and only for those on which one may act.

use super::Limited;
use crate::drift::{Remediation, RemediationDecision, RemediationId, RemediationRequest};
use crate::service::ServiceError;
use crate::store::{Direction, RemediationQuery};

/// Calls of the service that one list may cost.
const CALLS: usize = 16;

impl Limited {
    pub(super) async fn request_remediation_seen(
        &self,
        asked: RemediationRequest,
    ) -> Result<Remediation, ServiceError> {
        self.may_act_on(asked.drift).await?;
        self.service.request_remediation(asked).await
    }

    pub(super) async fn decide_remediation_seen(
        &self,
        asked: RemediationDecision,
    ) -> Result<Remediation, ServiceError> {
        let known = self.remediation_seen(asked.id).await?;
        self.allowed(self.scope().await?.acts_on_type(&known.environment, known.resource_type.raw())).await?;
        self.service.decide_remediation(asked).await
    }

    pub(super) async fn remediation_seen(&self, id: RemediationId) -> Result<Remediation, ServiceError> {
        let scope = self.scope().await?;
        let found = self.service.remediation(id).await?;
        match scope.reads_type(&found.environment, found.resource_type.raw()) {
            true => Ok(found),
            false => Err(ServiceError::NotFound(format!("there is no remediation {id}"))),
        }
    }

    pub(super) async fn remediations_seen(
        &self,
        mut query: RemediationQuery,
    ) -> Result<Vec<Remediation>, ServiceError> {
        let scope = self.scope().await?;
        query.environments = scope.narrowed(&query.environments);
        if query.environments.is_empty() {
            return Ok(vec![]);
        }
        let (limit, direction, mut seen) = (query.limit, query.direction, Vec::new());
        for _ in 0..CALLS {
            let mut found = self.service.remediations(query.clone()).await?;
            let is_last = found.len() < limit;
            // The nearest to the cursor first, whichever way.
            if direction == Direction::Newer {
                found.reverse();
            }
            query.cursor = found.last().map(|one| one.id).or(query.cursor);
            seen.extend(found.into_iter().filter(|one| scope.reads_type(&one.environment, one.resource_type.raw())));
            if is_last || seen.len() >= limit {
                break;
            }
        }
        seen.truncate(limit);
        if direction == Direction::Newer {
            seen.reverse();
        }
        Ok(seen)
    }
}
