//! Ignore rules on the screen: made with one key, previewed while they are typed, listed, changed, deleted, taken back.

use std::sync::Arc;

use driftguard::drift::{Slug, State};
use driftguard::service::DriftService;
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::sample::Sample;
use driftguard::tui::{Options, app::Effect};

use super::{open, selected, status};

fn rules_of(sample: &Sample) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(sample.ignore_rules()).unwrap().len()
}

/// With one rule, made from the first drift.
fn with_a_rule(size: (u16, u16)) -> (Screens, Arc<Sample>) {
    let (mut screens, sample) = open(size);
    screens.act("ignore");
    screens.text("owned by the network team");
    screens.keys("enter enter");
    (screens, sample)
}

#[test]
fn a_rule_from_the_selected_change_is_previewed_made_listed_deleted_and_brought_back() {
    let (mut screens, sample) = open((80, 24));
    let id = selected(&screens);
    screens.act("ignore");
    let form = screens.screen();
    assert!(form.contains("would hide now: 1 drift") && form.contains("1 of them CRITICAL"), "{form}");
    assert_eq!(sample.event(id).unwrap().state, State::Open, "a preview hides nothing");
    screens.text("owned by the network team");
    screens.keys("enter");
    assert!(screens.screen().contains("would hide now: 1 drift"), "the confirmation says it too");
    screens.keys("enter");
    assert_eq!(sample.event(id).unwrap().state, State::Ignored);
    screens.act("rules");
    let list = screens.screen();
    assert!(list.contains("ignore rules: 1") && list.contains("owned by the network team"), "{list}");
    assert!(list.contains("hides now: 1 drift"), "{list}");
    screens.keys("d");
    assert!(screens.screen().contains("comes back: 1 drift"), "{}", screens.screen());
    assert_eq!(rules_of(&sample), 1, "nothing happens before the confirmation");
    screens.keys("enter");
    assert_eq!((rules_of(&sample), sample.event(id).unwrap().state), (0, State::Open));
    assert!(screens.screen().contains("none yet") && status(&screens).contains("saved: delete-rule"));
    screens.keys("u");
    assert_eq!((rules_of(&sample), sample.event(id).unwrap().state), (1, State::Ignored));
    assert!(screens.screen().contains("ignore rules: 1"));
    // And on: what is left to take back is the rule itself.
    screens.keys("u");
    assert_eq!((rules_of(&sample), sample.event(id).unwrap().state), (0, State::Open));
}

#[test]
fn the_preview_follows_what_is_typed_and_drops_late_answers() {
    let (mut screens, _) = open((120, 40));
    screens.act("ignore");
    screens.hold();
    screens.keys("shift-tab shift-tab shift-tab shift-tab");
    screens.keys("ctrl-u");
    screens.text("x");
    let asked: Vec<_> = screens.held().iter().filter(|e| matches!(e, Effect::PreviewRule(..))).collect();
    assert_eq!(asked.len(), 2, "empty, then x");
    assert!(screens.screen().contains("would hide now: 1 drift"), "the last count stays until there is another");
    screens.keys("backspace");
    screens.text("y");
    screens.release();
    assert!(screens.screen().contains("would hide now: nothing"), "{}", screens.screen());
    // Without any pattern there is nothing to ask.
    screens.keys("ctrl-u shift-tab ctrl-u tab tab ctrl-u");
    assert!(screens.screen().contains("would hide everything"), "{}", screens.screen());
}

#[test]
fn a_preview_in_a_protected_environment_says_that_the_rule_is_refused() {
    let (_, sample) = with_a_rule((120, 40));
    let options = Options { protected: [Slug::new("prod-eu").unwrap()].into(), ..Options::default() };
    let mut screens = Screens::open(sample, testkit::options(options), (120, 40)).unwrap();
    screens.act("rules");
    screens.keys("e");
    screens.keys("tab ctrl-u");
    screens.text("*");
    screens.keys("tab ctrl-u");
    screens.text("*");
    screens.keys("tab ctrl-u");
    let screen = screens.screen();
    assert!(screen.contains("prod-eu is protected: such a rule is refused"), "{screen}");
}

#[test]
fn an_edited_rule_shows_old_and_new_and_can_be_taken_back() {
    let (mut screens, sample) = with_a_rule((120, 40));
    screens.act("rules");
    screens.keys("e enter");
    assert!(screens.screen().contains("nothing of the rule is changed"), "{}", screens.screen());
    screens.keys("tab tab tab tab tab tab ctrl-u");
    screens.text("asked kim");
    screens.keys("enter");
    let confirm = screens.screen();
    assert!(confirm.contains("owned by the network team → asked kim") && !confirm.contains("path "), "{confirm}");
    screens.keys("enter");
    assert!(screens.screen().contains("asked kim") && screens.screen().contains("ignore rules: 1"));
    screens.keys("u");
    assert!(screens.screen().contains("owned by the network team"), "{}", screens.screen());
    assert_eq!(rules_of(&sample), 1);
}

#[test]
fn enter_on_a_rule_goes_to_what_it_hides() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    screens.act("ignore");
    screens.text("known");
    screens.keys("enter enter");
    assert!(screens.model.timeline.window.find(id).is_none());
    screens.act("rules");
    screens.keys("enter");
    assert_eq!(selected(&screens), id);
    assert!(screens.screen().contains("hidden by aws_security_group"), "{}", screens.screen());
    assert_eq!(screens.model.timeline.window.len(), 1);
    screens.act("clear-filter");
    assert_eq!(screens.model.timeline.window.len(), sample.ids().len() - 1 - closed(&sample));
}

/// Drifts the sample shows only on demand.
fn closed(sample: &Sample) -> usize {
    sample.ids().len() - 8
}

#[test]
fn a_rule_that_matches_nothing_any_more_is_said_once() {
    let (mut screens, sample) = with_a_rule((120, 40));
    let id = sample.ids().into_iter().find(|id| sample.event(*id).unwrap().state == State::Ignored).unwrap();
    sample.change(id, false, |event| event.state = State::Closed);
    screens.listen();
    screens.act("reload");
    assert!(
        status(&screens).contains("an ignore rule matches nothing any more (L lists the rules)"),
        "{}",
        status(&screens)
    );
    let told = |screens: &Screens| screens.model.notices.list.iter().filter(|n| n.text.contains("any more")).count();
    screens.act("reload");
    screens.act("reload");
    assert_eq!(told(&screens), 1);
    screens.act("rules");
    assert!(screens.screen().contains("unused") && screens.screen().contains("matches nothing any more, since"));
}

#[test]
fn quitting_waits_for_a_decision_on_a_rule_too() {
    let (mut screens, _) = with_a_rule((120, 40));
    screens.act("rules");
    screens.keys("d");
    screens.hold();
    screens.keys("enter esc");
    screens.act("quit");
    assert!(status(&screens).contains("1 decision still being saved"), "{}", status(&screens));
    screens.release();
    assert!(screens.effects.iter().any(|effect| matches!(effect, Effect::Exit(_))));
}

macro_rules! pictures {
    ($($name:ident: $columns:literal x $rows:literal, $acts:literal;)*) => {$(
        #[test]
        fn $name() {
            let (mut screens, _) = with_a_rule(($columns, $rows));
            $acts.split_whitespace().for_each(|act| screens.act(act));
            insta::assert_snapshot!(screens.screen());
        }
    )*};
}

pictures! {
    the_rules_at_80_by_24: 80 x 24, "rules";
    the_rules_at_120_by_40: 120 x 40, "rules";
    the_rule_form_at_120_by_40: 120 x 40, "ignore";
}
