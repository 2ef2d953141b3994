//! No key is silent: it does something that can be seen, or says why not.

use driftguard::tui::app::action::{Action, Scope, TABLE};
use driftguard::tui::app::notice::Notices;
use driftguard::tui::app::testkit::Screens;

use super::{open, status};

/// At an end they stand still, as anybody sees; a pane that is in focus stays it.
fn is_movement(action: Action) -> bool {
    use Action as A;
    matches!(action, A::Up | A::Down | A::PageUp | A::PageDown | A::HalfPageUp | A::HalfPageDown | A::Top | A::Bottom)
        || matches!(action, A::FocusEnvironments | A::FocusTimeline | A::FocusDiff | A::FocusRecommendations)
}

/// `true`: the screen answered, or something was asked for.
fn answers(screens: &mut Screens, press: impl FnOnce(&mut Screens)) -> bool {
    screens.hold();
    let before = (screens.screen(), screens.effects.len(), screens.held().len());
    press(screens);
    (screens.screen(), screens.effects.len(), screens.held().len()) != before
}

#[test]
fn every_action_in_every_pane_does_something_or_says_why_not() {
    let mut silent = vec![];
    let panes = ["focus-environments", "focus-timeline", "focus-diff", "focus-recommendations"];
    for (size, panes) in [((160, 48), &panes[2..3]), ((80, 24), &panes), ((38, 20), &panes[1..2])] {
        for pane in panes {
            let actions = TABLE.iter().filter(|entry| matches!(entry.scope, Scope::Drift | Scope::Global));
            for entry in actions.filter(|entry| !is_movement(entry.action)) {
                let (mut screens, _) = open(size);
                screens.act(pane);
                if !answers(&mut screens, |screens| screens.act(entry.name)) {
                    silent.push(format!("{size:?} {pane} {}", entry.name));
                }
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn every_key_over_whatever_lies_over_the_panes_does_something_or_says_why_not() {
    let overlays =
        ["?", "!", "g v", "L", "E", ", h", "@ enter", "@ enter i", "@ enter enter", "i", "W", "g a", "a U", "I"];
    let (first, _) = open((100, 30));
    let bindings = first.model.keymap().bindings();
    let mut keys: Vec<(String, Action)> =
        bindings.filter_map(|(_, chord, name)| Some((chord.to_string(), Action::named(name)?))).collect();
    keys.sort();
    keys.dedup_by(|a, b| a.0 == b.0);
    keys.push(("%".into(), Action::Help));
    let mut silent = vec![];
    for overlay in overlays {
        let opened = || {
            let (mut screens, _) = open((100, 30));
            screens.keys(overlay);
            screens
        };
        let mut screens = opened();
        let is_open = |screens: &Screens| screens.model.overlay.as_ref().map(std::mem::discriminant);
        let lies_there = is_open(&screens);
        assert!(lies_there.is_some(), "{overlay} opens nothing");
        for (key, action) in keys.iter().filter(|(_, action)| !is_movement(*action)) {
            // At the end of a field they stand still as well.
            let in_field = overlay == "I" && matches!(action, Action::Left | Action::Right);
            screens.model.notices = Notices::default();
            if !answers(&mut screens, |screens| screens.keys(key)) && !in_field {
                silent.push(format!("{overlay}: {key} ({action:?})"));
            }
            let asks = screens.model.incident.as_ref().is_some_and(|view| view.ask.is_some());
            if is_open(&screens) != lies_there || overlay == "I" || asks {
                screens = opened();
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn what_cannot_be_done_here_is_told_once_and_is_no_news() {
    let (mut screens, _) = open((80, 24));
    screens.keys("1 a");
    assert!(status(&screens).contains("acknowledge is about a drift: 2 goes to the timeline"), "{}", status(&screens));
    screens.keys("2 | | |");
    assert!(status(&screens).contains("side by side needs 100 columns, here are 80"), "{}", status(&screens));
    screens.keys("3 N");
    assert!(status(&screens).contains("that was the first change: on from the last"), "{}", status(&screens));
    screens.keys("%");
    assert!(status(&screens).contains("% means nothing here; ? lists the keys"), "{}", status(&screens));
    let notices = &screens.model.notices;
    assert_eq!(notices.list.iter().filter(|one| one.text.contains("side by side")).count(), 1);
    assert_eq!(notices.unread(screens.model.now), 0);
}

#[test]
fn a_letter_in_a_choice_goes_to_what_begins_with_it() {
    let (mut screens, _) = open((100, 30));
    screens.act("resolve");
    for (letter, chosen) in [("c", "[codify_iac]"), ("a", "[accepted]"), ("a", "[auto_revert]"), ("E", "[escalated]")] {
        screens.text(letter);
        assert!(screens.screen().contains(chosen), "{letter}: {}", screens.screen());
    }
    screens.text("x");
    assert!(screens.screen().contains("none begins with x: up and down choose among 4"), "{}", screens.screen());
    screens.keys("left");
    assert!(screens.screen().contains("[accepted]"), "{}", screens.screen());
    screens.keys("right space");
    assert!(screens.screen().contains("[auto_revert]"), "{}", screens.screen());
}

#[test]
fn the_ends_of_a_span_are_told() {
    let (mut screens, _) = open((100, 30));
    screens.keys(&format!("@ enter {}", "right ".repeat(100)));
    assert!(status(&screens).contains("this is where the span ends"), "{}", status(&screens));
    screens.keys(&"left ".repeat(200));
    assert!(status(&screens).contains("this is where the span begins"), "{}", status(&screens));
}
