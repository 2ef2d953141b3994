//! Thinking about a drift anew, and what becomes of advice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;

use super::ServiceError;
use super::evidence::{Beforehand, Evidence, Scene, appeared};
use super::keeping::told;
use super::round::{Round, Shared, environment_of};
use crate::analysis::{self, Facts};
use crate::drift::{
    Analysis, DriftDetail, DriftEvent, DriftId, Environment, FeatureVector, Recommendation, Slug, State, Veto,
};
use crate::recommend::{Case, Outlook, advise, outlook};
use crate::safety::{Masked, Redactor, Tainted};
use crate::store::{Direction, DriftFilter, PageRequest, Store, StoreError};

/// A scan that writes the same drift is done with it soon.
const TRIES: usize = 3;
/// New drifts of one scan that are thought about once more with what is known around them; the others when somebody asks.
const AT_ONCE: usize = 200;
/// Drifts per call.
const PAGE: usize = 500;

/// Somebody asks for it. What is `said` takes the place of what was said before; a blank text only takes that away.
pub(super) fn analyse(
    store: &dyn Store,
    before: &Beforehand,
    redactor: &Redactor,
    id: DriftId,
    said: Option<Tainted>,
) -> Result<DriftEvent, ServiceError> {
    let said = said.map(|said| {
        let masked = || Masked::trusted(Value::from(redactor.mask_text(said.raw()).raw()));
        (!said.raw().trim().is_empty()).then(masked)
    });
    let mut round = Round::within(store, before);
    again(|| {
        let detail = store.drift(id)?;
        let Shared { environment, scene, .. } = round.around(&detail)?;
        let said = said.clone().unwrap_or_else(|| detail.event.analysis.cause.said.clone());
        let (analysis, advice) = think(store, before, &scene, &environment, &detail, said)?;
        store.advise(id, detail.event.version, &analysis, &advice)
    })
}

/// Something became known of it: the version stays. `None` when that makes no difference.
pub(super) fn rethink(store: &dyn Store, before: &Beforehand, id: DriftId) -> Result<Option<DriftEvent>, ServiceError> {
    rethink_one(&mut Round::within(store, before), id)
}

/// As [`rethink`], one of many.
pub(super) fn rethink_one(round: &mut Round<'_>, id: DriftId) -> Result<Option<DriftEvent>, ServiceError> {
    let store = round.store;
    again(|| {
        let detail = store.drift(id)?;
        let Shared { before, environment, scene } = round.around(&detail)?;
        rethink_within(store, &before, &scene, &environment, &detail)
    })
}

/// As [`rethink`], of all that a scan found new. Ends soon when it is called off; a drift that fails is left as it is.
pub(super) fn rethink_all(
    store: &dyn Store,
    before: &Beforehand,
    environment: &Slug,
    drifts: &[DriftId],
    stopped: &AtomicBool,
    mut tell: impl FnMut(DriftEvent),
) {
    let drifts = &drifts[..drifts.len().min(AT_ONCE)];
    let known = drifts.iter().filter_map(|id| store.drift(*id).ok());
    let known: Vec<_> = known.map(|one| (appeared(&one), one.event.analysis.cause.is_informed)).collect();
    let Some((oldest, newest)) = ends(known.iter().map(|(at, _)| *at)) else { return };
    let made = || -> Result<_, StoreError> {
        let scene = Scene::of(store, before, environment, oldest, Timestamp::now(), Arc::default())?;
        // What a first scan finds has nothing around it, and nobody has thought of it before it moved.
        let was_known = known.iter().any(|(_, is_informed)| *is_informed);
        if store.scan_before(environment, newest)?.is_none() && !scene.has_learned() && !was_known {
            return Ok(None);
        }
        Ok(Some((environment_of(store, environment)?, scene)))
    };
    let (environment, scene) = match made() {
        Ok(Some(made)) => made,
        Ok(None) => return,
        Err(error) => return tracing::debug!(%error, "new drifts were not thought about again"),
    };
    for id in drifts {
        if stopped.load(Ordering::Relaxed) {
            return;
        }
        let thought = again(|| rethink_within(store, before, &scene, &environment, &store.drift(*id)?));
        match thought {
            Ok(event) => event.into_iter().for_each(&mut tell),
            Err(error) => tracing::debug!(%error, "a new drift was not thought about again"),
        }
    }
}

/// The first and the last: what moved comes after what is new, and is older.
fn ends(times: impl Iterator<Item = Timestamp>) -> Option<(Timestamp, Timestamp)> {
    times.fold(None, |ends, at| {
        Some(ends.map_or((at, at), |(first, last): (Timestamp, _)| (first.min(at), at.max(last))))
    })
}

fn rethink_within(
    store: &dyn Store,
    before: &Beforehand,
    scene: &Scene,
    environment: &Environment,
    detail: &DriftDetail,
) -> Result<Option<DriftEvent>, StoreError> {
    let event = &detail.event;
    let said = event.analysis.cause.said.clone();
    let (analysis, advice) = think(store, before, scene, environment, detail, said)?;
    let is_thought_same = analysis.cause == event.analysis.cause && analysis.changed_by == event.analysis.changed_by;
    if is_thought_same && brief(&advice) == brief(&event.recommendations) {
        return Ok(None);
    }
    store.rethink(event.id, event.version, &analysis, &advice).map(Some)
}

/// Other policies may be in force than those that the advice of these drifts went by, and a scan leaves them alone: see
/// [`CauseAnalysis::is_informed`](crate::drift::CauseAnalysis).
pub(super) fn advise_anew(
    store: &dyn Store,
    before: &Beforehand,
    environment: &Slug,
    stopped: &AtomicBool,
    mut tell: impl FnMut(DriftEvent),
) -> Result<(), ServiceError> {
    let (environments, states) = (vec![environment.clone()], vec![State::Open, State::Acknowledged]);
    let filter = DriftFilter { environments, states, ..DriftFilter::default() };
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE };
    let mut round = Round::within(store, before);
    loop {
        let page = store.page(&request).map_err(told)?;
        for event in page.data.iter().filter(|event| is_ruled(event, before)) {
            if stopped.load(Ordering::Relaxed) {
                return Ok(());
            }
            rethink_one(&mut round, event.id)?.into_iter().for_each(&mut tell);
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(()),
        }
    }
}

/// Policies may say something of its advice, or have done so.
fn is_ruled(event: &DriftEvent, before: &Beforehand) -> bool {
    let by_policy =
        |advice: &Recommendation| advice.policy.is_some() || advice.vetoed.is_some() || advice.objection.is_some();
    let any = |holds: &dyn Fn(&Recommendation) -> bool| event.recommendations.iter().any(holds);
    let is_ruled = !before.policies.rules().is_empty() || any(&by_policy);
    // A scan does not ask policies about what people advise.
    (event.analysis.cause.is_informed || any(&|one| one.added_by.is_some())) && is_ruled
}

/// What people see of advice first: to tell whether it is other advice.
fn brief(advice: &[Recommendation]) -> Vec<(String, &'static str, bool, Option<Veto>)> {
    let of = |one: &Recommendation| (one.key(), one.priority.as_str(), one.vetoed.is_some(), one.objection.clone());
    advice.iter().map(of).collect()
}

fn think(
    store: &dyn Store,
    before: &Beforehand,
    scene: &Scene,
    environment: &Environment,
    detail: &DriftDetail,
    said: Option<Masked>,
) -> Result<(Analysis, Vec<Recommendation>), StoreError> {
    let (event, now, begun) = (&detail.event, Timestamp::now(), Instant::now());
    let evidence = Evidence::gather(store, before, scene, detail, said)?;
    let facts =
        Facts { environment, resource: &event.resource, drift_type: event.drift_type, changes: &event.changes, now };
    let mut analysis = analysis::analyse_within(&facts, &evidence.around(event));
    // Advice that says the same keeps its age and what became of it.
    let kept = |new: Recommendation| {
        let same = event.recommendations.iter().find(|old| !old.is_stale(now) && old.key() == new.key());
        let until = |old: &Recommendation, end: Timestamp| {
            old.created_at.checked_add(end.duration_since(new.created_at)).unwrap_or(end)
        };
        same.map_or_else(
            || new.clone().still_dismissed(&event.recommendations),
            |old| Recommendation {
                created_at: old.created_at,
                expires_at: old.expires_at,
                accept_until: new.accept_until.map(|end| until(old, end)),
                implemented_at: old.implemented_at,
                implementation_result: old.implementation_result.clone(),
                settled_by: old.settled_by.clone(),
                ..new.clone()
            },
        )
    };
    let code = scene.code();
    let case = Case { facts: &facts, analysis: &analysis, tags: &event.tags, code: Some(code) };
    let mut advice: Vec<Recommendation> = advise(&case, &before.policies).into_iter().map(kept).collect();
    if outlook::is_wanted(&advice) {
        let redactor = Redactor::new(store.redaction_key());
        Outlook::of_kept(detail, (code, &redactor, &before.knowledge), |outlook| outlook.complete(&mut advice));
    }
    // A person's advice is theirs: policies have a say about it, and no more.
    let own = event.recommendations.iter().filter(|one| one.added_by.is_some()).cloned();
    advice.extend(own.map(|mut one| {
        before.policies.object(&case, &mut one);
        one
    }));
    analysis.took_micros = u64::try_from(begun.elapsed().as_micros()).ok();
    Ok((analysis, advice))
}

/// The evidence around a drift as it is now, in numbers.
pub(super) fn features(round: &mut Round<'_>, id: DriftId) -> Result<FeatureVector, StoreError> {
    let detail = round.store.drift(id)?;
    let Shared { before, environment, scene } = round.around(&detail)?;
    let (event, now) = (&detail.event, Timestamp::now());
    let evidence = Evidence::gather(round.store, &before, &scene, &detail, event.analysis.cause.said.clone())?;
    let (resource, drift_type) = (&event.resource, event.drift_type);
    let facts = Facts { environment: &environment, resource, drift_type, changes: &event.changes, now };
    Ok(analysis::cause_features(&facts, &evidence.around(event)))
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
        one.settled_by = None;
        one.implemented_at = followed.then(Timestamp::now);
        one.implementation_result = Some(result.clone());
        store.advise(id, version, &analysis, &recommendations)
    })
}

fn again<T>(mut write: impl FnMut() -> Result<T, StoreError>) -> Result<T, ServiceError> {
    for _ in 1..TRIES {
        match write() {
            Err(StoreError::Conflict { .. }) => {}
            other => return other.map_err(told),
        }
    }
    write().map_err(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_is_older_than_what_is_new_before_it() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(ends([at(50), at(7), at(60)].into_iter()), Some((at(7), at(60))));
        assert_eq!(ends(std::iter::empty()), None);
    }
}
