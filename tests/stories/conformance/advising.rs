//! People give advice of their own, and tick off its steps.

use driftguard::drift::{
    DriftEvent, Effort, NewAdvice, Priority, Recommendation, RecommendationType, RecommendedBy, TriageRequest,
    TriageVerb,
};
use driftguard::service::{DriftService, ServiceError};

use super::{Bench, decide, open_drifts, scan};

pub(super) async fn conforms(bench: &dyn Bench) {
    bench.disturb(4, true);
    scan(bench).await;
    advice_of_a_person_and_its_ticks_stay_until_they_are_taken_back(bench).await;
    bench.disturb(4, false);
    scan(bench).await;
}

fn given(why: &str) -> TriageVerb {
    let advice = NewAdvice {
        recommendation_type: RecommendationType::EscalateReview,
        priority: Priority::High,
        rationale: why.into(),
        steps: vec!["ring them".into(), "write it down".into()],
        estimated_effort: Effort::Minutes,
        expires_at: None,
    };
    TriageVerb::Advise { advice: Box::new(advice) }
}

fn own(event: &DriftEvent) -> Vec<&Recommendation> {
    event.recommendations.iter().filter(|one| one.added_by.is_some()).collect()
}

async fn advice_of_a_person_and_its_ticks_stay_until_they_are_taken_back(bench: &dyn Bench) {
    let service = bench.service();
    let drift = open_drifts(service.as_ref()).await.remove(0);
    let advised = decide(service.as_ref(), drift.id, given("ask the owners")).await;
    let event = service.drift(drift.id).await.unwrap().event;
    let [advice] = own(&event)[..] else { panic!("{:?}", event.recommendations) };
    assert_eq!((advice.rationale.raw(), advice.recommended_by), ("ask the owners", RecommendedBy::Human));
    assert_eq!(advice.added_by.as_ref().map(|by| by.raw()), Some(bench.signed("alice")));
    let tick = |step, done| TriageVerb::Tick { advice: advice.key(), step, done };
    let ticked = decide(service.as_ref(), drift.id, tick(2, true)).await;
    let done = |event: &DriftEvent| (1..=2).filter(|step| event.tick(advice, *step).is_some()).collect::<Vec<_>>();
    assert_eq!(done(&service.drift(drift.id).await.unwrap().event), [2]);
    refused(service.as_ref(), &drift, tick(2, true), "done already").await;
    refused(service.as_ref(), &drift, tick(9, true), "2 steps, counted from 1").await;
    refused(service.as_ref(), &drift, given("ask the owners"), "given already").await;

    scan(bench).await;
    let seen = service.drift(drift.id).await.unwrap().event;
    assert_eq!((own(&seen).len(), done(&seen)), (1, vec![2]), "a scan leaves both alone");
    let thought = service.analyse(drift.id, None).await.unwrap();
    assert_eq!((own(&thought).len(), done(&thought)), (1, vec![2]), "and so does a new analysis");

    decide(service.as_ref(), drift.id, TriageVerb::Undo { seq: ticked.seq }).await;
    assert_eq!(done(&service.drift(drift.id).await.unwrap().event), Vec::<u32>::new());
    decide(service.as_ref(), drift.id, TriageVerb::Undo { seq: advised.seq }).await;
    assert!(own(&service.drift(drift.id).await.unwrap().event).is_empty());
}

async fn refused(service: &dyn DriftService, drift: &DriftEvent, verb: TriageVerb, why: &str) {
    let request = TriageRequest {
        drift: drift.id,
        verb,
        reason: None,
        actor: "alice".into(),
        expected_version: None,
        once: None,
    };
    let error = service.triage(request).await.unwrap_err();
    assert!(matches!(&error, ServiceError::Invalid(said) if said.contains(why)), "{error:?}");
}
