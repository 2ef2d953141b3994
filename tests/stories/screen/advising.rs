//! The forms of advice: one's own, and the steps that are done.

use driftguard::drift::{Priority, RecommendationType, Veto};

use super::{open, selected, status};

const SIZES: [(u16, u16); 2] = [(80, 24), (160, 45)];

#[test]
fn advice_of_ones_own_is_written_in_a_form_and_stands_beside_that_of_the_rules() {
    for size in SIZES {
        let (mut screens, sample) = open(size);
        let id = selected(&screens);
        screens.act("advise");
        let form = screens.screen();
        for label in ["advise: ", "what", "how soon", "why", "steps", "until"] {
            assert!(form.contains(label), "{size:?} {label}\n{form}");
        }
        screens.keys("down tab down tab enter");
        assert!(screens.screen().contains("why? it is the first that people see"), "{}", screens.screen());
        screens.text("the port was opened for a test");
        screens.keys("tab");
        screens.text("close it; tell kim");
        screens.keys("enter");
        let event = sample.event(id).unwrap();
        let own = event.recommendations.iter().find(|one| one.added_by.is_some()).unwrap();
        assert_eq!((own.recommendation_type, own.priority), (RecommendationType::AutoRevert, Priority::High));
        assert_eq!(own.rationale.raw(), "the port was opened for a test");
        let steps: Vec<&str> = own.implementation_steps.iter().map(|step| step.raw()).collect();
        assert_eq!(steps, ["close it", "tell kim"]);
        assert!(status(&screens).contains("saved: advise"), "{}", status(&screens));
        screens.act("focus-recommendations");
        screens.act("zoom");
        let mut seen = screens.screen();
        screens.keys("G");
        seen += &screens.screen();
        assert!(seen.contains("the port was opened for a test") && seen.contains("by alice"), "{size:?}\n{seen}");
    }
}

#[test]
fn a_step_is_ticked_in_a_form_that_begins_at_the_first_that_is_not_done_and_is_not_done_after_all() {
    for size in SIZES {
        let (mut screens, sample) = open(size);
        let id = selected(&screens);
        let done = || {
            let event = sample.event(id).unwrap();
            let advice = event.recommendations.iter().find(|one| one.implementation_steps.len() > 1).unwrap().clone();
            (1..=9).filter(|step| event.tick(&advice, *step).is_some()).collect::<Vec<u32>>()
        };
        screens.act("tick-step");
        let form = screens.screen();
        assert!(form.contains("tick-step: ") && form.contains("[ ] ") && form.contains(" 1. "), "{size:?}\n{form}");
        screens.keys("enter");
        assert_eq!(done(), [1], "{}", screens.screen());
        screens.act("tick-step");
        let form = screens.screen();
        assert!(form.contains("[ ] ") && form.contains(" 2. "), "what comes next is offered: {size:?}\n{form}");
        screens.keys("up");
        assert!(screens.screen().contains("[x] "), "{size:?}\n{}", screens.screen());
        screens.keys("enter");
        assert_eq!(done(), Vec::<u32>::new(), "{}", screens.screen());
    }
}

#[test]
fn what_a_policy_says_of_advice_by_a_person_stands_below_it() {
    for size in SIZES {
        let (mut screens, sample) = open(size);
        sample.change(selected(&screens), false, |event| {
            let one = &mut event.recommendations[0];
            one.added_by = Some("kim".into());
            one.objection =
                Some(Veto { policy: "freeze".into(), reason: "nothing is\u{1b}[2J reverted in May".into() });
        });
        screens.act("focus-recommendations");
        screens.act("zoom");
        let screen = screens.screen();
        assert!(screen.contains("by kim"), "{size:?}\n{screen}");
        assert!(screen.contains("the policy freeze objects: nothing is␛[2J reverted in May"), "{size:?}\n{screen}");
    }
}
