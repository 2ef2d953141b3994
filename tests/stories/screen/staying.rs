//! What stays where it is, what comes back, and to where: nobody loses the drift they are at, or the place they came from.

use std::time::Duration;

use driftguard::drift::{DriftId, State, TriageRequest, TriageVerb};
use driftguard::safety::Tainted;
use driftguard::service::{DriftService, ServiceEvent};
use driftguard::tui::Options;
use driftguard::tui::app::session::Session;
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::app::timeline::Shown;
use driftguard::tui::panes::health;
use driftguard::tui::sample::Sample;

use super::{open, over, selected, status};

fn decided(sample: &Sample, drift: DriftId, verb: TriageVerb) {
    let request =
        TriageRequest { drift, verb, reason: None, actor: "alice".into(), expected_version: None, once: None };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(sample.triage(request)).unwrap();
}

fn rows(screens: &Screens) -> Vec<DriftId> {
    screens.model.timeline.window.rows(0).map(|event| event.id).collect()
}

/// Jumps to the sshd configuration, from an environment that it is not in.
fn jumped() -> Screens {
    let (mut screens, _) = open((120, 40));
    screens.act("palette");
    screens.text("environment prod-eu");
    screens.keys("enter");
    screens.act("palette");
    screens.text("sshd");
    let at = screens.screen();
    assert!(at.contains("sshd"), "{at}");
    screens.keys("enter");
    assert_eq!(screens.model.environments.cursor.as_ref().unwrap().as_str(), "bastion", "{}", screens.screen());
    assert_eq!(rows(&screens).len(), 1, "nothing but the resource");
    screens
}

#[test]
fn a_snooze_that_is_over_brings_the_drift_back_to_its_place_and_says_so() {
    let (mut screens, sample) = open((120, 40));
    let all = rows(&screens);
    let until = screens.model.now + Duration::from_secs(10);
    decided(&sample, all[2], TriageVerb::Snooze { until });
    screens.listen();
    screens.keys("j j k k");
    let at = selected(&screens);
    assert!(!rows(&screens).contains(&all[2]));
    screens.at(until);
    sample.say(ServiceEvent::Updated(Box::new(sample.event(all[2]).unwrap())));
    sample.say(ServiceEvent::Notice { error: false, text: Tainted::from("it is back, its snooze is over") });
    screens.at(until);
    assert_eq!(rows(&screens), all);
    assert_eq!(selected(&screens), at);
    assert!(status(&screens).contains("its snooze is over"), "{}", status(&screens));
}

#[test]
fn while_the_first_scan_fills_the_list_the_cursor_stays_at_the_top_until_somebody_moves() {
    let (sample, filling) = (std::sync::Arc::new(Sample::empty()), |screens: &mut Screens| {
        // The first scan still runs: nothing newer is known of the environments.
        screens.hold();
        screens.model.environments.list.iter_mut().for_each(|row| row.last_scan = None);
    });
    let mut screens = over(sample.clone());
    filling(&mut screens);
    sample.appear(8);
    screens.listen();
    assert_eq!(screens.model.timeline.position(), Some(0), "{}", screens.screen());
    screens.keys("j");
    let at = selected(&screens);
    sample.appear(9);
    screens.listen();
    assert_eq!(selected(&screens), at, "from now on nothing moves under the cursor");
    let (mut screens, sample) = open((120, 40));
    let at = selected(&screens);
    sample.appear(3);
    screens.listen();
    assert_eq!(selected(&screens), at, "nor when it is no first scan");
}

#[test]
fn a_drift_whose_changes_are_settled_stays_until_it_is_left() {
    let (mut screens, sample) = open((120, 40));
    screens.act("filter");
    screens.text("sev:critical");
    screens.keys("enter");
    let id = selected(&screens);
    screens.act("focus-diff");
    let changes = sample.event(id).unwrap().changes.len();
    for _ in 0..changes {
        screens.keys("d tab");
        screens.text("known");
        screens.keys("enter enter n");
        assert_eq!(selected(&screens), id, "{}", screens.screen());
    }
    assert_eq!(sample.event(id).unwrap().state_at(screens.model.now), State::Resolved, "{}", status(&screens));
    assert!(screens.screen().contains("by alice"), "{}", screens.screen());
    screens.act("focus-timeline");
    screens.keys("j k");
    assert!(rows(&screens).len() == 1 || !rows(&screens).contains(&id), "left is left: {}", screens.screen());
}

#[test]
fn another_environment_after_a_jump_shows_its_drift() {
    let mut screens = jumped();
    screens.act("palette");
    screens.text("environment shop-k8s");
    screens.keys("enter");
    assert!(!rows(&screens).is_empty(), "{}", screens.screen());
    assert_eq!((screens.model.timeline.filter.text(), screens.model.timeline.filter.shown), ("", Shown::Open));
}

#[test]
fn esc_leads_back_from_a_jump_to_where_it_began() {
    let mut screens = jumped();
    screens.keys("esc");
    assert_eq!(screens.model.environments.cursor.as_ref().unwrap().as_str(), "prod-eu");
    assert!(rows(&screens).len() > 1 && screens.model.timeline.filter.text().is_empty());
    let mut screens = jumped();
    screens.act("filter");
    screens.text(" age:>1s");
    screens.keys("enter esc");
    assert_eq!(
        screens.model.environments.cursor.as_ref().unwrap().as_str(),
        "bastion",
        "what was asked since is meant"
    );
}

#[test]
fn states_and_severity_that_were_shown_are_shown_again() {
    let options = || testkit::options(Options { world: Some("store".into()), ..Options::default() });
    let mut screens = Screens::open(Sample::shared(), options(), (120, 40)).unwrap();
    screens.act("cycle-state-filter");
    screens.act("cycle-severity-filter");
    let (session, filter) = (Session::of(&screens.model), screens.model.timeline.filter.clone());
    let session: Session = serde_json::from_str(&serde_json::to_string(&session).unwrap()).unwrap();
    let options = Options { session: Some(session), ..options() };
    let again = Screens::open(Sample::shared(), options, (120, 40)).unwrap();
    assert_eq!(again.model.timeline.filter, filter);
    // As versions before this one wrote it.
    let old = r#"{"version":1,"place":{"world":"store","environment":null,"drift":null,"query":"sshd"}}"#;
    let old: Session = serde_json::from_str(old).unwrap();
    assert_eq!(old.place.unwrap().shown, Shown::Open);
}

#[test]
fn a_plan_lists_drifts_as_the_timeline_does() {
    let (mut screens, _) = open((120, 40));
    screens.act("mark-all");
    let order = rows(&screens);
    screens.act("acknowledge");
    let Some(driftguard::tui::app::overlay::Overlay::Confirm { plan, .. }) = &screens.model.overlay else { panic!() };
    assert_eq!(plan.targets().map(|target| target.id).collect::<Vec<_>>(), order);
}

#[test]
fn the_next_change_is_the_next_one_below() {
    let (sample, options) = (Sample::shared(), testkit::options(Options::default()));
    let worst = sample.ids()[0];
    sample.change(worst, true, |event| event.changes.reverse());
    let mut screens = Screens::open(sample, options, (120, 40)).unwrap();
    let order = driftguard::tui::panes::diff::order(&screens.model);
    assert!(order.len() > 1 && order != (0..order.len()).collect::<Vec<_>>(), "the worst is not the first: {order:?}");
    let view = screens.model.diff().unwrap();
    let row = |change| {
        let (mode, fold) =
            (driftguard::tui::panes::diff::mode(&screens.model), driftguard::tui::widgets::diff::Fold::Quiet);
        view.row_of_change(mode, fold, change).unwrap()
    };
    assert!(order.is_sorted_by_key(|change| row(*change)));
    assert_eq!(screens.model.detail.change, 0, "it begins at the worst");
    let at = order.iter().position(|change| *change == 0).unwrap();
    for step in 1..=order.len() {
        screens.act("next-change");
        let to = (at + step) % order.len();
        assert_eq!(screens.model.detail.change, order[to]);
        assert!(to > 0 || status(&screens).contains("on from the first"), "{}", status(&screens));
    }
}

#[test]
fn what_is_taken_back_is_under_the_cursor_again() {
    let (mut screens, sample) = open((120, 40));
    screens.keys("j");
    let id = selected(&screens);
    screens.act("snooze");
    screens.keys("enter");
    assert_eq!(sample.event(id).unwrap().state, State::Snoozed, "{}", status(&screens));
    screens.keys("j");
    assert_ne!(selected(&screens), id);
    screens.act("undo");
    assert_eq!(selected(&screens), id, "{}", screens.screen());
    // Whoever goes on before the answer has come stays where they are.
    screens.act("snooze");
    screens.keys("enter");
    screens.hold();
    screens.act("undo");
    screens.keys("j");
    let at = selected(&screens);
    screens.release();
    assert_eq!(sample.event(id).unwrap().state, State::Open);
    assert_eq!(selected(&screens), at);
}

#[test]
fn an_environment_that_never_had_a_complete_scan_becomes_overdue_too() {
    let (mut screens, _) = open((120, 40));
    let now = screens.model.now;
    let row = &mut screens.model.environments.list[0];
    let minute = Duration::from_secs(60);
    (row.interval, row.last_scan, row.environment.created_at) = (Some(minute), None, now);
    row.next_scan = Some(now + minute * 60);
    assert_eq!(health::overdue_at(row), Some(now + minute * 3), "three intervals after it was first seen");
    assert!(!screens.screen().contains("OVERDUE"));
    screens.at(now + minute * 3);
    assert!(screens.screen().contains("OVERDUE"), "{}", screens.screen());
}

#[test]
fn group_rows_count_in_english_fit_and_mark_names_that_may_deceive() {
    let (mut screens, sample) = open((80, 24));
    for id in sample.ids() {
        sample.change(id, true, |event| event.dependants = 40);
    }
    screens.act("filter");
    screens.text("group:module");
    screens.keys("enter");
    screens.act("focus-timeline");
    screens.act("zoom");
    let screen = screens.screen();
    assert!(screen.contains("40 dep") && !screen.contains("40 d…") && !screen.contains("environments, …"), "{screen}");
    screens.act("filter");
    screens.keys("ctrl-u");
    screens.text("group:resource type:aws_instance");
    screens.keys("enter");
    assert!(screens.screen().contains("2 in 2 groups") && screens.screen().contains("≠ "), "{}", screens.screen());
    screens.act("filter");
    screens.keys("ctrl-u");
    screens.text("group:resource sshd");
    screens.keys("enter");
    assert!(screens.screen().contains("1 in 1 group "), "{}", screens.screen());
}
