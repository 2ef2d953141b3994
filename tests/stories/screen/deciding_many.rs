//! Decisions on many drifts: what will be touched is said first, only that is done, and all of it can be taken back.

use std::sync::Arc;

use driftguard::drift::{Slug, State, TriageVerb};
use driftguard::tui::Options;
use driftguard::tui::app::action::{Danger, TABLE};
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::app::{Effect, Msg};
use driftguard::tui::sample::{Sample, Synthetic};

use super::{open, over, selected, status};

fn in_state(sample: &Sample, state: State) -> usize {
    sample.ids().into_iter().filter(|id| sample.event(*id).unwrap().state == state).count()
}

fn protecting(slug: &str, size: (u16, u16)) -> (Screens, Arc<Sample>) {
    let sample = Sample::shared();
    let options = Options { protected: [Slug::new(slug).unwrap()].into(), ..Options::default() };
    (Screens::open(sample.clone(), testkit::options(options), size).unwrap(), sample)
}

#[test]
fn a_range_is_marked_from_here_to_there_and_back() {
    let (mut screens, sample) = open((120, 40));
    screens.keys("j j M");
    assert!(status(&screens).contains("a range begins here"), "{}", status(&screens));
    screens.keys("k k M");
    assert!(status(&screens).contains("3 drifts marked"), "{}", status(&screens));
    let marked: Vec<_> = sample.ids().into_iter().take(3).collect();
    assert!(marked.iter().all(|id| screens.model.marks.contains_key(id)) && screens.model.marks.len() == 3);
    screens.keys("esc M esc j M");
    assert!(status(&screens).contains("begins here"), "leaving the marks leaves the range");
}

#[test]
fn all_that_pass_the_filter_are_marked_loaded_or_not() {
    let service = Arc::new(Synthetic::new(3_000));
    let mut screens = over(service.clone());
    assert!(service.served() < 300);
    screens.act("mark-matching");
    assert_eq!(screens.model.marks.len(), 3_000);
    assert!(status(&screens).contains("3000 drifts marked"), "{}", status(&screens));
    let (mut screens, sample) = open((120, 40));
    sample.appear(300);
    screens.act("mark-matching");
    screens.act("acknowledge");
    let screen = screens.screen();
    assert!(screen.contains("acknowledge: 308 drifts") && screen.contains("and 27"), "{screen}");
    screens.keys("G");
    assert!(!screens.screen().contains("more"), "{}", screens.screen());
    screens.keys("enter");
    assert_eq!(in_state(&sample, State::Acknowledged), 308);
    let (mut screens, sample) = open((120, 40));
    screens.act("filter");
    screens.text("bucket");
    screens.keys("enter");
    screens.act("mark-matching");
    assert_eq!(screens.model.marks.len(), 1, "only what passes the filter");
    screens.keys("esc");
    screens.act("clear-filter");
    assert_eq!((screens.model.marks.len(), sample.ids().len() > 1), (0, true));
}

#[test]
fn what_is_protected_is_left_out_with_the_reason_and_the_rest_is_done() {
    let (mut screens, sample) = protecting("prod-eu", (120, 40));
    screens.act("mark-all");
    let (all, protected) = (
        screens.model.marks.len(),
        screens.model.marks.values().filter(|target| target.environment.as_str() == "prod-eu").count(),
    );
    assert!(protected > 0 && protected < all);
    screens.act("accept");
    screens.text("2h");
    screens.keys("tab");
    screens.text("known");
    screens.keys("enter");
    let screen = screens.screen();
    assert!(screen.contains(&format!("accept: {} drifts", all - protected)), "{screen}");
    assert!(screen.contains("left out:") && screen.contains("prod-eu is protected"), "{screen}");
    assert!(screen.contains("bastion 1") && screen.contains("shop-k8s"), "by environment: {screen}");
    assert!(screen.contains("not prod-eu") || screen.contains("more"), "{screen}");
    screens.keys("enter");
    assert_eq!(in_state(&sample, State::Resolved), all - protected);
    assert!(screens.model.marks.values().all(|target| target.environment.as_str() == "prod-eu"), "they stay marked");
}

#[test]
fn partial_failures_are_told_one_by_one_and_undo_takes_back_the_rest() {
    let (mut screens, sample) = open((120, 40));
    screens.act("mark-all");
    let (one, two) = (sample.ids()[1], sample.ids()[3]);
    screens.act("acknowledge");
    for id in [one, two] {
        sample.change(id, true, |event| event.assignee = Some("bob".into()));
    }
    screens.keys("enter");
    let all = sample.ids().len();
    assert_eq!(in_state(&sample, State::Acknowledged), all - 2);
    assert!(status(&screens).contains(&format!("{} saved, 2 refused", all - 2)), "{}", status(&screens));
    screens.act("notices");
    assert_eq!(screens.screen().matches("it has changed since it was shown").count(), 2, "{}", screens.screen());
    screens.keys("esc u");
    assert!(screens.screen().contains(&format!("undo acknowledge: {} drifts", all - 2)), "{}", screens.screen());
    screens.keys("enter");
    assert_eq!(in_state(&sample, State::Acknowledged), 0);
}

#[test]
fn many_decisions_are_one_question_to_the_service() {
    let (mut screens, _) = open((120, 40));
    screens.hold();
    screens.keys("space space space");
    screens.act("acknowledge");
    screens.keys("enter");
    let asked =
        screens.held().iter().find_map(|e| if let Effect::TriageMany(all) = e { Some(all.len()) } else { None });
    assert_eq!(asked, Some(3));
    screens.release();
    assert!(status(&screens).contains("saved: acknowledge 3 drifts"), "{}", status(&screens));
}

#[test]
fn the_window_of_undo_counts_down_survives_keys_and_closes() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    let after =
        |screens: &Screens, ms: i64| screens.model.now.checked_add(jiff::SignedDuration::from_millis(ms)).unwrap();
    screens.act("acknowledge");
    assert!(status(&screens).contains("u takes it back (10s)"), "{}", status(&screens));
    let later = after(&screens, 3_500);
    screens.at(later);
    assert!(status(&screens).contains("(7s)"), "{}", status(&screens));
    let wake = screens.draw().1.wake.unwrap();
    assert!(wake <= after(&screens, 500), "it counts on by itself");
    screens.keys("j k");
    assert!(status(&screens).contains("u takes it back"), "keys do not take it away");
    let later = after(&screens, 7_000);
    screens.at(later);
    assert!(!status(&screens).contains("takes it back"));
    let wake = screens.draw().1.wake.unwrap();
    assert!(wake >= after(&screens, 1_000), "and then nothing ticks any more");
    screens.keys("u");
    assert_eq!(sample.event(id).unwrap().state, State::Open, "it can be taken back all the same");
    assert!(!status(&screens).contains("takes it back"));
}

#[test]
fn any_decision_of_the_session_can_be_taken_back_from_the_list() {
    let (mut screens, sample) = open((100, 30));
    let first = selected(&screens);
    screens.keys("a j space space");
    screens.act("acknowledge");
    screens.keys("enter U");
    let screen = screens.screen();
    assert!(screen.contains("decided in this session") && screen.contains("2 drifts"), "{screen}");
    screens.keys("j u");
    assert_eq!(sample.event(first).unwrap().state, State::Open, "the first of the two");
    assert_eq!(in_state(&sample, State::Acknowledged), 2);
    screens.keys("U enter enter");
    assert_eq!(in_state(&sample, State::Acknowledged), 0);
    screens.keys("U");
    assert!(status(&screens).contains("nothing was decided"), "{}", status(&screens));
}

#[test]
fn a_dot_does_it_again_and_shows_first_what_puts_drift_out_of_sight() {
    let (mut screens, sample) = open((120, 40));
    screens.keys(".");
    assert!(status(&screens).contains("nothing was decided in this session that can be done again"));
    screens.keys("a j .");
    assert_eq!(in_state(&sample, State::Acknowledged), 2);
    screens.act("accept");
    screens.text("1d");
    screens.keys("tab");
    screens.text("planned work");
    screens.keys("enter enter");
    assert_eq!(in_state(&sample, State::Resolved), 1);
    screens.keys(".");
    let screen = screens.screen();
    assert!(screen.contains("as      accepted until Sun 2026-11-22") && screen.contains("planned work"), "{screen}");
    assert_eq!(in_state(&sample, State::Resolved), 1, "shown, not done");
    screens.keys("enter");
    assert_eq!(in_state(&sample, State::Resolved), 2);
    let later = screens.model.now.checked_add(jiff::SignedDuration::from_hours(25)).unwrap();
    screens.at(later);
    screens.keys(".");
    assert!(status(&screens).contains("the time it was until is over"), "{}", status(&screens));
}

/// Where only decisions that settle nothing are allowed, no key starts one that does, and each says why.
#[test]
fn nothing_that_settles_starts_in_a_protected_environment() {
    let (mut screens, sample) = protecting("prod-eu", (120, 40));
    for entry in TABLE.iter().filter(|entry| entry.danger == Danger::Confirmed && !entry.name.ends_with("-rule")) {
        screens.act(entry.name);
        assert!(status(&screens).contains("prod-eu is protected"), "{}: {}", entry.name, status(&screens));
        assert!(screens.model.overlay.is_none(), "{}", entry.name);
    }
    assert_eq!(in_state(&sample, State::Open), sample.ids().len());
}

#[test]
fn a_late_answer_about_marks_nobody_waits_for_is_dropped() {
    let (mut screens, _) = open((120, 40));
    screens.hold();
    screens.act("mark-matching");
    screens.act("unmark-all");
    assert!(status(&screens).contains("nothing is marked") || screens.model.marks.is_empty());
    screens.keys("space esc");
    screens.release();
    assert!(screens.model.marks.is_empty());
}

#[test]
fn a_refusal_by_the_service_itself_is_told_too() {
    let mut screens = over(Arc::new(Sample::default()));
    screens.hold();
    screens.keys("space space");
    screens.act("acknowledge");
    screens.keys("enter");
    let asked = screens.held().iter().find_map(|e| if let Effect::TriageMany(asked) = e { Some(asked) } else { None });
    let asked = asked.unwrap();
    assert!(asked.iter().all(|(_, request)| request.verb == TriageVerb::Acknowledge));
    let tickets: Vec<_> = asked.iter().map(|(ticket, _)| *ticket).collect();
    let why = || driftguard::service::ServiceError::Unavailable("no space left on device".into());
    screens.send(Msg::TriagedMany(tickets.into_iter().map(|ticket| (ticket, Err(why()))).collect()));
    assert!(screens.model.pending.is_empty() && status(&screens).contains("no space left on device"));
}
