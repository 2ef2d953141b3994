//! Whoever changes something, changes it back and changes it again tries things.

use super::*;
use crate::drift::TakenBack;

#[test]
fn what_the_same_hand_was_seen_to_take_back_was_tried_and_what_a_colleague_put_right_was_not() {
    let back = |hour: i8, event: &str| TakenBack {
        changed_at: format!("2026-11-21T0{hour}:00:00Z").parse().unwrap(),
        at: format!("2026-11-21T0{hour}:40:00Z").parse().unwrap(),
        event: "ModifyInstanceAttribute".into(),
        event_id: event.into(),
    };
    let once = Attribution { taken_back: vec![back(0, "e-1")], ..alice() };
    let of = |to: &Attribution, past| {
        let around = Surroundings { attribution: Some(to), past, ..Surroundings::default() };
        found("aws_instance", &sizes(), &around)
    };
    let cause = of(&once, Past::default());
    assert_eq!(cause.cause_category, ManualTroubleshooting);
    assert_eq!(
        cause.contributing_factors[0].raw(),
        "alice changed it back after 40 minutes (ModifyInstanceAttribute at 2026-11-21 00:40 UTC, event e-1), and then \
         changed it again: somebody tries things."
    );
    let twice = Attribution { taken_back: vec![back(0, "e-1"), back(1, "e-2")], ..alice() };
    let told = of(&twice, Past::default());
    assert!(told.confidence_score >= cause.confidence_score, "{told:?}");
    let words = told.contributing_factors[0].raw();
    assert!(words.starts_with("alice changed it back within 40 minutes, twice (the last time "), "{words}");
    // What was seen counts once, not beside what it looks like without it.
    let tried = Past { taken_back: 1, returns: 1, code_moved: false };
    assert_eq!(of(&once, tried).confidence_score, cause.confidence_score);
    // A hand that is no person's tries nothing.
    let machine = Attribution { class: Some(ActorClass::Script), ..once };
    assert_ne!(of(&machine, tried).cause_category, ManualTroubleshooting);
    let unseen = of(&alice(), tried);
    assert!(unseen.contributing_factors.iter().any(|one| one.raw().contains("went away by itself")), "{unseen:?}");
    assert!(unseen.confidence_score < cause.confidence_score, "{unseen:?}");
}
