//! Within one resource: this change is reverted, that one accepted until Friday, the third stays open.

use driftguard::drift::{ResolutionType, State};

use super::{open, selected, status};

#[test]
fn one_change_is_resolved_one_accepted_until_friday_and_the_rest_stays_open() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    assert!(sample.event(id).unwrap().changes.len() >= 2);
    screens.act("focus-diff");
    screens.keys("d");
    assert!(screens.screen().contains("resolve-change: ingress"), "{}", screens.screen());
    screens.keys("tab");
    screens.text("reverting now");
    screens.keys("enter");
    let screen = screens.screen();
    assert!(screen.contains("change  ingress") && screen.contains("as      auto_revert"), "{screen}");
    screens.keys("enter");
    let event = sample.event(id).unwrap();
    assert_eq!((event.state, event.settled.len()), (State::Open, 1), "{}", status(&screens));
    let screen = screens.screen();
    assert!(screen.contains("r~ ") || screen.contains("r+ ") || screen.contains(">r"), "{screen}");
    assert!(screen.contains("auto_revert by alice"), "{screen}");

    screens.keys("d");
    assert!(status(&screens).contains("it is settled: reopen it first"), "{}", status(&screens));
    screens.keys("n d down down tab");
    screens.text("known");
    screens.keys("tab");
    screens.text("friday");
    screens.keys("enter enter");
    let event = sample.event(id).unwrap();
    assert_eq!(event.settled.len(), 2, "{}", status(&screens));
    let accepted = event.settled.iter().find(|one| one.decision.resolution_type == Some(ResolutionType::Accepted));
    assert_eq!(accepted.unwrap().decision.until.unwrap().to_string(), "2026-11-27T09:00:00Z");

    screens.act("cycle-state-filter");
    screens.act("cycle-state-filter");
    screens.act("cycle-state-filter");
    screens.keys("u");
    assert_eq!(sample.event(id).unwrap().settled.len(), 1, "{}", status(&screens));
}

#[test]
fn a_settled_change_is_reopened_by_a_key() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    screens.act("reopen-change");
    assert!(status(&screens).contains("the selected change is open"), "{}", status(&screens));
    screens.keys("d tab");
    screens.text("reverting now");
    screens.keys("enter enter");
    screens.act("reopen-change");
    assert!(sample.event(id).unwrap().settled.is_empty(), "{}", status(&screens));
    assert!(status(&screens).contains("saved: reopen-change"), "{}", status(&screens));
}
