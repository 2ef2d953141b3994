//! Thinking about a drift anew, and what becomes of advice.

use jiff::Timestamp;
use serde_json::Value;

use super::ServiceError;
use super::keeping::told;
use crate::analysis::{self, Facts};
use crate::compare::Knowledge;
use crate::drift::{DriftEvent, DriftId, Recommendation, Slug};
use crate::recommend::{Case, Code, Outlook, Policies, advise};
use crate::safety::{Masked, Redactor, Tainted};
use crate::store::{Store, StoreError};

/// A scan that writes the same drift is done with it soon.
const TRIES: usize = 3;

/// What thinking goes by.
pub(super) struct Mind<'a> {
    pub redactor: &'a Redactor,
    pub policies: &'a Policies,
    /// What the comparisons of an environment go by.
    pub knowledge: &'a dyn Fn(&Slug) -> Knowledge,
}

pub(super) fn analyse(
    store: &dyn Store,
    mind: &Mind<'_>,
    id: DriftId,
    said: Option<Tainted>,
) -> Result<DriftEvent, ServiceError> {
    let said = said.map(|said| Masked::trusted(Value::from(mind.redactor.mask_text(said.raw()).raw())));
    again(|| {
        let (detail, now) = (store.drift(id)?, Timestamp::now());
        let event = &detail.event;
        let environment = store.environments()?.into_iter().find(|one| one.slug == event.environment);
        let environment = environment.ok_or_else(|| StoreError::NotFound("its environment is gone".into()))?;
        let (resource, drift_type) = (&event.resource, event.drift_type);
        let facts = Facts { environment: &environment, resource, drift_type, changes: &event.changes, now };
        let mut analysis = match &said {
            Some(said) => analysis::analyse_told(&facts, said),
            None => analysis::analyse(&facts),
        };
        analysis.changed_by = match &event.attribution {
            Some(to) => vec![to.actor.clone()],
            None => analysis::changed_by(detail.actual_state.as_ref(), &event.changes),
        };
        // Advice that says the same keeps its age and what became of it.
        let kept = |new: Recommendation| {
            let same = event.recommendations.iter().find(|old| !old.is_stale(now) && old.key() == new.key());
            same.map_or(new.clone(), |old| Recommendation {
                created_at: old.created_at,
                expires_at: old.expires_at,
                implemented_at: old.implemented_at,
                implementation_result: old.implementation_result.clone(),
                ..new
            })
        };
        let (tags, code) = (&event.tags, Code::default());
        let case = Case { facts: &facts, analysis: &analysis, tags, code: Some(&code) };
        let mut advice: Vec<_> = advise(&case, mind.policies).into_iter().map(kept).collect();
        let (knowledge, code) = ((mind.knowledge)(&event.environment), &code);
        Outlook::of_kept(&detail, (code, mind.redactor, &knowledge), |outlook| outlook.complete(&mut advice));
        store.advise(id, event.version, &analysis, &advice)
    })
}

pub(super) fn answer(
    store: &dyn Store,
    id: DriftId,
    advice: &str,
    followed: bool,
    result: &Tainted,
) -> Result<DriftEvent, ServiceError> {
    again(|| {
        let DriftEvent { version, analysis, mut recommendations, .. } = store.drift(id)?.event;
        let gone = || StoreError::NotFound("this advice is not given any more".into());
        let one = recommendations.iter_mut().find(|one| one.key() == advice).ok_or_else(gone)?;
        if let Some(why) = one.refusal(Timestamp::now()).filter(|_| followed) {
            return Err(StoreError::Invalid(why));
        }
        one.implemented_at = followed.then(Timestamp::now);
        one.implementation_result = Some(result.clone());
        store.advise(id, version, &analysis, &recommendations)
    })
}

fn again(mut write: impl FnMut() -> Result<DriftEvent, StoreError>) -> Result<DriftEvent, ServiceError> {
    for _ in 1..TRIES {
        match write() {
            Err(StoreError::Conflict { .. }) => {}
            other => return other.map_err(told),
        }
    }
    write().map_err(told)
}
