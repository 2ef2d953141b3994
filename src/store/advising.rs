//! Advice that a person gives, and steps of advice that are done, without the disk.

use jiff::SignedDuration;

use super::StoreError;
use super::record::{EventRecord, Standing};
use crate::drift::{Decision, NewAdvice, Recommendation, RecommendedBy, RiskAssessment, Score, Tick, TriageVerb};

/// How long the advice of a person is good, where they do not say.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Pieces of advice that people may give for one drift.
const MOST: usize = 20;

/// What giving advice, or doing a step of it, makes of how a drift stands.
pub(super) fn after_verb(record: &EventRecord, verb: &TriageVerb, decision: &Decision) -> Result<Standing, StoreError> {
    let standing = record.standing();
    match verb {
        TriageVerb::Advise { advice } => advised(standing, record, advice, decision),
        TriageVerb::Tick { advice, step, done } => ticked(standing, record, (advice, *step, *done), decision),
        _ => invalid("it is not about advice"),
    }
}

fn advised(
    mut standing: Standing,
    record: &EventRecord,
    new: &NewAdvice,
    decision: &Decision,
) -> Result<Standing, StoreError> {
    let advice = given(new, decision);
    if advice.is_stale(decision.at) {
        return invalid("advice must end in the future");
    }
    if record.event.recommendations.iter().any(|one| one.key() == advice.key()) {
        return invalid("this advice is given already");
    }
    if standing.advised.len() >= MOST {
        return invalid(&format!("people have given {MOST} pieces of advice already: take one back first"));
    }
    standing.advised.push(advice);
    Ok(standing)
}

fn given(new: &NewAdvice, decision: &Decision) -> Recommendation {
    let now = decision.at;
    Recommendation {
        recommendation_type: new.recommendation_type,
        priority: new.priority,
        confidence_score: Score::percent(100),
        rationale: new.rationale.clone(),
        implementation_steps: new.steps.clone(),
        risk_assessment: RiskAssessment { success_probability: Score::percent(100), potential_impacts: vec![] },
        estimated_effort: new.estimated_effort,
        recommended_by: RecommendedBy::Human,
        created_at: now,
        expires_at: new.expires_at.or_else(|| now.checked_add(LIFE).ok()),
        implemented_at: None,
        implementation_result: None,
        policy: None,
        vetoed: None,
        objection: None,
        predicted: None,
        accept_until: None,
        patch: None,
        added_by: Some(decision.by.clone()),
        settled_by: None,
    }
}

fn ticked(
    mut standing: Standing,
    record: &EventRecord,
    (advice, number, done): (&str, u32, bool),
    decision: &Decision,
) -> Result<Standing, StoreError> {
    let one = record.event.recommendations.iter().find(|one| one.key() == advice);
    let one = one.ok_or_else(|| StoreError::NotFound("this advice is not given any more".into()))?;
    if let Some(why) = one.refusal(decision.at).filter(|_| done) {
        return Err(StoreError::Invalid(why));
    }
    let at = usize::try_from(number).unwrap_or(usize::MAX).checked_sub(1);
    let Some(text) = at.and_then(|at| one.implementation_steps.get(at)) else {
        return invalid(&format!("the advice has {} steps, counted from 1", one.implementation_steps.len()));
    };
    let is_it = |tick: &Tick| tick.is_of(advice, number, text);
    if standing.ticked.iter().any(is_it) == done {
        return invalid(if done { "the step is done already" } else { "the step is not done" });
    }
    // What is no step any more need not be kept.
    standing.ticked.retain(|tick| !is_it(tick) && record.event.is_step(tick));
    if done {
        let (by, at) = (decision.by.clone(), decision.at);
        standing.ticked.push(Tick { advice: advice.to_owned(), step: number, text: text.clone(), by, at });
    }
    Ok(standing)
}

/// What people said stays when a scan or a thought gives other advice.
pub(super) fn kept(old: &[Recommendation], mut new: Vec<Recommendation>) -> Vec<Recommendation> {
    let by_people = old.iter().filter(|one| one.added_by.is_some());
    let is_new = |one: &&Recommendation| new.iter().all(|other| other.key() != one.key());
    let kept: Vec<Recommendation> = by_people.filter(is_new).cloned().collect();
    new.extend(kept);
    new
}

fn invalid<T>(why: &str) -> Result<T, StoreError> {
    Err(StoreError::Invalid(why.into()))
}
