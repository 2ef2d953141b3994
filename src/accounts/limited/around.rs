//! What goes on around drift, and what happened in a span of time.

use jiff::Timestamp;

use super::Limited;
use super::scope::{Scope, Sight};
use crate::accounts::Denied;
use crate::drift::{
    ContextId, ContextRequest, DETECTED, DensityCounter, Happening, Incident, IncidentRequest, OperationalContext,
};
use crate::safety::Tainted;
use crate::service::ServiceError;

/// Which environments a mark is about is said as far as they are seen.
pub(super) fn cut(scope: &Scope<'_>, context: &mut OperationalContext) {
    context.environments.retain(|slug| scope.sees_any(slug));
}

fn is_seen(scope: &Scope<'_>, context: &OperationalContext) -> bool {
    context.environments.is_empty() || context.environments.iter().any(|slug| scope.sees_any(slug))
}

/// What is about all environments is for who may act in all of them.
pub(super) fn may_mark(scope: &Scope<'_>, context: &OperationalContext) -> Result<(), Denied> {
    match context.environments.as_slice() {
        [] => scope.acts_everywhere(),
        some => some.iter().try_for_each(|slug| scope.acts_on_all(slug)),
    }
}

impl Limited {
    pub(super) async fn contexts_seen(
        &self,
        mut request: ContextRequest,
    ) -> Result<Vec<OperationalContext>, ServiceError> {
        let scope = self.scope().await?;
        request.environments = scope.narrowed(&request.environments);
        if request.environments.is_empty() {
            return Ok(vec![]);
        }
        let mut contexts = self.service.contexts(request).await?;
        contexts.retain(|context| is_seen(&scope, context));
        contexts.iter_mut().for_each(|context| cut(&scope, context));
        Ok(contexts)
    }

    pub(super) async fn end_context_seen(
        &self,
        id: ContextId,
        at: Timestamp,
        actor: Tainted,
    ) -> Result<OperationalContext, ServiceError> {
        let scope = self.scope().await?;
        let span = |from, until| ContextRequest { from, until, environments: vec![], limit: ContextRequest::MOST };
        let mut known = None;
        // What goes on first: of all that ever was, only the newest are told.
        for request in [ContextRequest::at(Timestamp::now()), span(at, at), span(Timestamp::MIN, Timestamp::MAX)] {
            known = self.service.contexts(request).await?.into_iter().find(|one| one.id == id);
            if known.is_some() {
                break;
            }
        }
        let missing = || ServiceError::NotFound(format!("there is no mark {id}"));
        let known = known.filter(|context| is_seen(&scope, context)).ok_or_else(missing)?;
        self.allowed(may_mark(&scope, &known)).await?;
        let mut ended = self.service.end_context(id, at, actor).await?;
        cut(&scope, &mut ended);
        Ok(ended)
    }

    pub(super) async fn incident_seen(&self, request: IncidentRequest) -> Result<Incident, ServiceError> {
        let scope = self.scope().await?;
        let environments = scope.narrowed(&request.environments);
        if environments.is_empty() {
            let density = DensityCounter::new(&request).counts();
            let IncidentRequest { from, until, .. } = request;
            let (happenings, drifts, markers) = (vec![], vec![], vec![]);
            let together = vec![];
            return Ok(Incident { from, until, happenings, drifts, cut: false, density, markers, together });
        }
        // Of more than is asked for, as some of it is not seen.
        let asked = IncidentRequest { environments, limit: IncidentRequest::MOST, ..request.clone() };
        let mut incident = self.service.incident(asked).await?;
        incident.drifts.retain(|event| scope.reads(event));
        incident.markers.retain(|context| is_seen(&scope, context));
        incident.markers.iter_mut().for_each(|context| cut(&scope, context));
        // Reasons and numbers tell of others, so they are told only where all of it is seen.
        incident.together.retain(|joint| scope.sees_whole(&joint.incident.environments));
        let happenings = std::mem::take(&mut incident.happenings);
        incident.happenings = happenings.into_iter().filter(|one| happened(&scope, &incident, one)).collect();
        incident.density = density(&request, &incident);
        if incident.happenings.len() > request.limit {
            incident.happenings.truncate(request.limit);
            incident.cut = true;
        }
        Ok(incident)
    }
}

fn happened(scope: &Scope<'_>, incident: &Incident, one: &Happening) -> bool {
    if let Some(context) = one.context {
        return incident.markers.iter().any(|known| known.id == context);
    }
    let Some(environment) = &one.environment else { return false };
    match scope.sight(environment) {
        Sight::Nothing => false,
        Sight::Whole => true,
        Sight::Part => one.drift.is_some_and(|id| incident.drift(id).is_some()),
    }
}

/// Of what is left.
fn density(request: &IncidentRequest, incident: &Incident) -> Vec<crate::drift::Density> {
    let mut counter = DensityCounter::new(request);
    for one in &incident.happenings {
        match one.drift.filter(|_| one.action == DETECTED).and_then(|id| incident.drift(id)) {
            Some(event) => counter.detected(one.at, event.severity_class()),
            None => counter.other(one.at),
        }
    }
    counter.counts()
}
