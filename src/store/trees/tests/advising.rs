//! What people say of the advice, and have done of it, stays with the drift.

use super::*;

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

fn by_people(event: &DriftEvent) -> Vec<(&str, RecommendedBy, &str)> {
    let people = event.recommendations.iter().filter_map(|one| Some((one, one.added_by.as_ref()?)));
    people.map(|(one, by)| (one.rationale.raw(), one.recommended_by, by.raw())).collect()
}

fn done(event: &DriftEvent) -> Vec<u32> {
    let steps = event.recommendations.iter().flat_map(|one| (1..=9).filter(|step| event.tick(one, *step).is_some()));
    steps.collect()
}

#[test]
fn the_advice_of_a_person_outlives_scans_and_restarts_and_can_be_taken_back() {
    let w = World::new();
    let seen = finding("web", &["x"]);
    let id = w.one(&seen).id;
    let before = w.get(id);
    let seq = w.decide(id, given("ask the owners")).unwrap().seq;
    let expected = vec![("ask the owners", RecommendedBy::Human, "alice")];
    assert_eq!(by_people(&w.get(id)), expected);
    assert!(w.get(id).version > before.version);
    w.one(&seen);
    assert_eq!(by_people(&w.get(id)), expected);
    let event = w.get(id);
    let thought = w.store.advise(id, event.version, &event.analysis, &before.recommendations).unwrap();
    assert_eq!(by_people(&thought), expected);
    assert!(w.decide(id, given("ask the owners")).unwrap_err().to_string().contains("given already"));
    w.assert_sound();
    let w = w.reopen();
    assert_eq!(by_people(&w.get(id)), expected);
    w.decide(id, TriageVerb::Undo { seq }).unwrap();
    assert_eq!(by_people(&w.get(id)), vec![]);
    w.assert_sound();
}

#[test]
fn a_step_is_done_by_somebody_and_is_not_after_all_and_both_are_in_the_trail() {
    let w = World::new();
    let seen = finding("web", &["x"]);
    let id = w.one(&seen).id;
    w.decide(id, given("ask the owners")).unwrap();
    let advice = w.get(id).recommendations.iter().find(|one| one.added_by.is_some()).unwrap().key();
    let tick = |step, done| TriageVerb::Tick { advice: advice.clone(), step, done };
    let seq = w.decide(id, tick(2, true)).unwrap().seq;
    assert_eq!(done(&w.get(id)), [2]);
    assert!(w.decide(id, tick(2, true)).unwrap_err().to_string().contains("done already"));
    assert!(w.decide(id, tick(3, true)).unwrap_err().to_string().contains("2 steps, counted from 1"));
    assert!(w.decide(id, tick(0, true)).is_err());
    w.one(&seen);
    assert_eq!(done(&w.get(id)), [2]);
    let w = w.reopen();
    assert_eq!(done(&w.get(id)), [2]);
    w.decide(id, tick(2, false)).unwrap();
    assert_eq!(done(&w.get(id)), Vec::<u32>::new());
    let actions: Vec<String> = w.store.drift(id).unwrap().history.into_iter().map(|entry| entry.action).collect();
    assert_eq!(actions, ["step_not_done", "step_done", "advise"]);
    // The later decision about the same step comes first.
    assert!(w.decide(id, TriageVerb::Undo { seq }).is_err());
    w.assert_sound();
}

#[test]
fn what_is_too_old_cannot_be_done_step_by_step_either() {
    let w = World::new();
    let id = w.one(&finding("web", &["x"])).id;
    w.decide(id, given("ask the owners")).unwrap();
    let advice = w.get(id).recommendations.iter().find(|one| one.added_by.is_some()).unwrap().key();
    w.pass(8 * 24 * 3600);
    let late = w.decide(id, TriageVerb::Tick { advice, step: 1, done: true }).unwrap_err().to_string();
    assert!(late.contains("too old to be followed: analyse the drift anew"), "{late}");
}

#[test]
fn what_came_back_is_to_be_done_again() {
    let w = World::new();
    let seen = finding("web", &["x"]);
    let id = w.one(&seen).id;
    w.decide(id, given("ask the owners")).unwrap();
    let advice = w.get(id).recommendations.iter().find(|one| one.added_by.is_some()).unwrap().key();
    w.decide(id, TriageVerb::Tick { advice, step: 1, done: true }).unwrap();
    w.scan(&[]);
    w.one(&seen);
    let event = w.get(id);
    assert!(event.is_regressed() && done(&event).is_empty() && by_people(&event).len() == 1);
    w.assert_sound();
}
