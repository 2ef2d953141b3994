//! Decisions.

use super::Limited;
use super::scope::Scope;
use crate::accounts::Action;
use crate::drift::{Slug, TriageRequest, TriageVerb};
use crate::service::ServiceError;
use crate::store::Receipt;

impl Limited {
    /// Each by itself; answers in the order of the requests.
    pub(super) async fn decide(
        &self,
        requests: Vec<TriageRequest>,
    ) -> Result<Vec<Result<Receipt, ServiceError>>, ServiceError> {
        let scope = self.scope().await?;
        let (mut answers, mut allowed) = (Vec::with_capacity(requests.len()), Vec::new());
        for request in requests {
            match self.may_decide(&scope, &request).await {
                Ok(()) => {
                    answers.push(None);
                    allowed.push(request);
                }
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        let decided = if allowed.is_empty() { vec![] } else { self.service.triage_many(allowed).await? };
        let mut decided = decided.into_iter().map(|answer| answer.map(|receipt| seen(&scope, receipt)));
        let lost = || Err(ServiceError::Unavailable("the service gave no answer".into()));
        Ok(answers.into_iter().map(|answer| answer.or_else(|| decided.next()).unwrap_or_else(lost)).collect())
    }

    async fn may_decide(&self, scope: &Scope<'_>, request: &TriageRequest) -> Result<(), ServiceError> {
        let detail = self.readable(scope, request.drift).await?;
        self.allowed(scope.acts_on(&detail.event)).await?;
        match &request.verb {
            TriageVerb::Ignore { rule } => {
                self.allowed(scope.covers(Action::Act, &rule.into())).await?;
                self.may_replace_rule(scope, rule.id).await
            }
            TriageVerb::NeverHide { rule } => {
                self.allowed(scope.covers(Action::Act, &rule.into())).await?;
                self.may_replace_never_hide(scope, rule.id).await
            }
            TriageVerb::Link { to, .. } | TriageVerb::Unlink { to } => {
                let other = self.readable(scope, *to).await?;
                self.allowed(scope.acts_on(&other.event)).await
            }
            TriageVerb::Undo { seq } => {
                let entry = detail
                    .history
                    .iter()
                    .find(|entry| entry.seq == *seq)
                    .ok_or_else(|| ServiceError::NotFound(format!("decision {seq} was not made on this drift")))?;
                self.allowed(super::trail::rules_allow(scope, Action::Act, entry)).await
            }
            _ => Ok(()),
        }
    }

    /// The environments somebody means, if everything in them may be done; without a name all of those.
    pub(super) async fn actable(&self, environment: Option<Slug>) -> Result<Vec<Slug>, ServiceError> {
        let scope = self.scope().await?;
        let Some(slug) = environment else {
            let all: Vec<Slug> = scope.actable().cloned().collect();
            if all.is_empty() {
                self.allowed(scope.acts_everywhere()).await?;
            }
            return Ok(all);
        };
        self.allowed(scope.acts_on_all(&slug)).await?;
        Ok(vec![slug])
    }
}

/// A rule may have touched more than is seen.
pub(super) fn seen(scope: &Scope<'_>, mut receipt: Receipt) -> Receipt {
    receipt.drifts.retain(|event| scope.reads(event));
    receipt
}
