//! What a person decides: nothing happens that was not shown, and nothing is called saved that is not.

use std::sync::Arc;

use driftguard::drift::{Slug, State, TriageVerb};
use driftguard::service::{DriftService, ServiceError};
use driftguard::tui::Options;
use driftguard::tui::app::action::{Danger, Entry, Scope, TABLE};
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::app::{Effect, Msg};
use driftguard::tui::sample::Sample;

use super::{open, over, selected, status};

#[test]
fn a_key_that_cannot_work_says_why() {
    let mut screens = over(Arc::new(Sample::read_only("another driftguard (pid 4711) holds the store")));
    // Keys among decisions that wait mean nothing where none does.
    let decides = |entry: &&Entry| entry.danger != Danger::None && entry.scope != Scope::Waiting;
    for entry in TABLE.iter().filter(decides) {
        let opens = match entry.scope {
            Scope::Incident => "@ enter",
            Scope::Models => ", m",
            _ => "",
        };
        screens.keys(opens);
        screens.act(entry.name);
        assert!(status(&screens).contains("pid 4711"), "{}: {}", entry.name, status(&screens));
        assert_eq!(screens.model.overlay.is_some(), !opens.is_empty(), "{}", entry.name);
        if !opens.is_empty() {
            screens.keys("esc");
        }
    }
    assert!(screens.screen().contains("READ-ONLY"));
    let mut screens = over(Arc::new(Sample::empty()));
    screens.act("acknowledge");
    assert!(status(&screens).contains("no drift is selected"));
}

#[test]
fn dangerous_actions_are_off_in_a_protected_environment() {
    let slug = Slug::new("prod-eu").unwrap();
    let options = Options { protected: [slug].into(), ..Options::default() };
    let mut screens = Screens::open(Sample::shared(), testkit::options(options), (120, 40)).unwrap();
    screens.act("resolve");
    assert!(status(&screens).contains("prod-eu is protected"), "{}", status(&screens));
    screens.act("acknowledge");
    assert!(status(&screens).contains("saved: acknowledge"), "{}", status(&screens));
}

#[test]
fn an_acknowledgement_is_saved_only_after_the_receipt() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    screens.hold();
    screens.act("acknowledge");
    assert!(screens.screen().contains("saving acknowledge"));
    assert!(!screens.screen().contains("saved"));
    assert_eq!(sample.event(id).unwrap().state, State::Open);
    screens.release();
    assert!(status(&screens).contains("saved: acknowledge module.net.aws_security_group.web (#1)"));
    assert!(!screens.screen().contains("saving"));
    assert_eq!(sample.event(id).unwrap().state, State::Acknowledged);
}

#[test]
fn a_resolved_drift_leaves_the_list_and_undo_brings_it_back() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    screens.act("resolve");
    screens.keys("down tab");
    screens.text("merged in the network repository");
    screens.keys("enter");
    assert_eq!(sample.event(id).unwrap().state, State::Open, "nothing happens before the confirmation");
    screens.keys("enter");
    let event = sample.event(id).unwrap();
    assert_eq!(event.state, State::Resolved);
    assert_eq!(event.decision.unwrap().resolution_type.unwrap().as_str(), "codify_iac");
    assert_ne!(selected(&screens), id, "the cursor is on the next one");
    assert!(screens.model.timeline.window.find(id).is_none());
    screens.act("undo");
    assert_eq!(sample.event(id).unwrap().state, State::Open);
    assert!(screens.model.timeline.window.find(id).is_some());
    screens.act("undo");
    assert!(status(&screens).contains("nothing was decided"));
}

#[test]
fn a_decision_on_several_shows_the_list_and_is_undone_as_one() {
    let (mut screens, sample) = open((120, 40));
    screens.keys("space space space");
    screens.act("acknowledge");
    let screen = screens.screen();
    assert!(screen.contains("acknowledge: 3 drifts") && screen.contains("local_file.sshd_config"), "{screen}");
    screens.keys("enter");
    let states =
        || sample.ids().into_iter().filter(|id| sample.event(*id).unwrap().state == State::Acknowledged).count();
    assert_eq!(states(), 3);
    assert!(status(&screens).contains("saved: acknowledge 3 drifts"));
    screens.act("undo");
    assert!(screens.screen().contains("undo acknowledge: 3 drifts"));
    screens.keys("enter");
    assert_eq!(states(), 0);
}

#[test]
fn leaving_the_confirmation_decides_nothing() {
    let (mut screens, sample) = open((120, 40));
    screens.act("mark-all");
    screens.act("acknowledge");
    screens.keys("esc");
    assert!(sample.ids().iter().all(|id| sample.event(*id).unwrap().state == State::Open));
    assert_eq!(screens.model.marks.len(), 8);
}

#[test]
fn a_drift_that_changed_meanwhile_is_shown_again_and_not_decided() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    sample.change(id, true, |event| event.assignee = Some("bob".into()));
    screens.act("acknowledge");
    assert!(status(&screens).contains("it has changed since it was shown"), "{}", status(&screens));
    assert_eq!(sample.event(id).unwrap().state, State::Open);
    assert!(screens.screen().contains("-> bob"), "what it is now is on the screen");
    screens.act("acknowledge");
    assert_eq!(sample.event(id).unwrap().state, State::Acknowledged);
}

#[test]
fn a_scan_that_sees_the_same_again_does_not_stand_in_the_way_of_a_decision() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    screens.act("snooze");
    sample.change(id, false, |event| event.seen_count += 1);
    screens.listen();
    screens.keys("enter");
    assert_eq!(sample.event(id).unwrap().state, State::Snoozed);
}

#[test]
fn a_snooze_takes_presets_and_words() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    screens.act("snooze");
    screens.keys("ctrl-u");
    screens.text("yesterday");
    screens.keys("enter");
    assert!(screens.screen().contains("`yesterday` is no time"));
    screens.keys("ctrl-u");
    screens.text("monday");
    screens.keys("enter");
    let until = sample.event(id).unwrap().decision.unwrap().until.unwrap();
    assert_eq!(until.to_string(), "2026-11-23T09:00:00Z");
}

#[test]
fn a_rule_is_prefilled_from_the_drift_and_needs_a_reason() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    screens.act("ignore");
    screens.keys("enter");
    assert!(screens.screen().contains("a rule needs a reason"));
    screens.text("owned by the network team");
    screens.keys("enter");
    let screen = screens.screen();
    assert!(screen.contains("type    aws_security_group") && screen.contains("expires 2026-12-21"), "{screen}");
    screens.keys("enter");
    assert_eq!(sample.event(id).unwrap().state, State::Ignored);
    let rules = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(sample.ignore_rules()).unwrap();
    assert_eq!(rules[0].path.as_ref().unwrap().raw(), "ingress[[]from_port=22,protocol=tcp[]]");
}

#[test]
fn two_rules_from_one_drift_are_two_rules() {
    let (mut screens, sample) = open((120, 40));
    let later = screens.model.now.checked_add(jiff::SignedDuration::from_secs(5)).unwrap();
    for _ in 0..2 {
        screens.act("ignore");
        screens.text("owned by the network team");
        screens.keys("enter enter");
        screens.act("undo");
        screens.at(later);
    }
    let audit = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(sample.audit(10)).unwrap();
    let made = audit
        .into_iter()
        .filter_map(|e| if let Some(TriageVerb::Ignore { rule }) = e.verb { Some(rule) } else { None });
    let rules: Vec<_> = made.collect();
    assert_eq!(rules.len(), 2);
    assert_ne!(rules[0].id, rules[1].id);
}

#[test]
fn notes_and_assignments_end_up_in_the_history() {
    let (mut screens, _) = open((120, 60));
    screens.act("note");
    screens.text("asked jsmith");
    screens.keys("ctrl-s");
    screens.act("assign");
    screens.keys("ctrl-u");
    screens.text("carol");
    screens.keys("enter enter");
    screens.act("focus-recommendations");
    screens.act("zoom");
    let screen = screens.screen();
    assert!(screen.contains("note by alice: asked jsmith") && screen.contains("assign by alice"), "{screen}");
}

#[test]
fn scan_means_the_environment_of_the_selected_drift() {
    let (mut screens, sample) = open((120, 40));
    screens.act("scan");
    assert_eq!(sample.scans()[0].as_ref().unwrap().as_str(), "prod-eu");
}

#[test]
fn quitting_waits_for_the_decisions_that_are_being_saved() {
    let (mut screens, _) = open((120, 40));
    screens.hold();
    screens.act("acknowledge");
    screens.act("quit");
    assert!(!screens.effects.iter().any(|effect| matches!(effect, Effect::Exit(_))));
    assert!(status(&screens).contains("1 decision still being saved"));
    screens.release();
    assert!(screens.effects.iter().any(|effect| matches!(effect, Effect::Exit(_))));
}

#[test]
fn the_notice_of_a_broken_decision_is_kept() {
    let mut screens = over(Arc::new(Sample::default()));
    screens.hold();
    screens.act("acknowledge");
    let ticket = match screens.held() {
        [Effect::Triage(ticket, request)] if request.verb == TriageVerb::Acknowledge => *ticket,
        other => panic!("{other:?}"),
    };
    let full = ServiceError::Unavailable("no space left on device".into());
    screens.send(Msg::Triaged(ticket, Err(full)));
    assert!(status(&screens).contains("no space left on device"));
    screens.act("notices");
    assert!(screens.screen().contains("no space left on device"));
    assert!(screens.model.pending.is_empty());
}

/// What the runtime was last told to keep.
fn kept(screens: &Screens) -> Vec<String> {
    let last =
        screens.effects.iter().rev().find_map(|e| if let Effect::KeepDrafts(list) = e { Some(list) } else { None });
    last.into_iter().flatten().flat_map(|draft| draft.fields.clone()).collect()
}

#[test]
fn a_typed_note_is_a_draft_until_it_is_saved() {
    let (mut screens, sample) = open((120, 40));
    screens.act("note");
    assert!(kept(&screens).is_empty(), "nothing is typed yet");
    screens.text("asked jsm");
    assert_eq!(kept(&screens), ["asked jsm"]);
    screens.hold();
    screens.keys("ctrl-s");
    assert_eq!(kept(&screens), ["asked jsm"], "the store has not answered");
    screens.release();
    assert!(kept(&screens).is_empty());
    screens.act("note");
    assert!(!screens.screen().contains("asked jsm"));
    screens.text("once more");
    screens.keys("esc esc");
    assert!(kept(&screens).is_empty(), "left on purpose");
    // Refused: the words are offered again.
    let id = selected(&screens);
    sample.change(id, true, |event| event.assignee = Some("bob".into()));
    screens.act("note");
    screens.text("on the phone with bob");
    screens.keys("ctrl-s");
    assert!(status(&screens).contains("your text is kept"), "{}", status(&screens));
    screens.act("note");
    assert!(screens.screen().contains("on the phone with bob") && status(&screens).contains("restored"));
    screens.keys("ctrl-s");
    assert!(kept(&screens).is_empty() && status(&screens).contains("saved: note"));
}

#[test]
fn drafts_of_an_earlier_session_are_offered_to_the_same_form_on_the_same_drift() {
    let (mut screens, _) = open((120, 40));
    screens.keys("space space");
    screens.act("resolve");
    screens.keys("down tab");
    screens.text("merged by hand");
    screens.keys("enter");
    assert!(screens.screen().contains("reason  merged by hand"), "the confirmation is open");
    let left = match screens.effects.iter().rev().find(|e| matches!(e, Effect::KeepDrafts(_))) {
        Some(Effect::KeepDrafts(left)) => left.clone(),
        other => panic!("{other:?}"),
    };
    let (mut screens, _) = open((120, 40));
    let mut hostile = left.clone();
    hostile[0].fields[1] = "merged \u{1b}[2Jby hand".into();
    screens.send(Msg::Drafts(hostile));
    screens.act("note");
    assert!(!screens.screen().contains("merged"), "another form");
    screens.keys("esc");
    screens.act("resolve");
    let screen = screens.screen();
    assert!(screen.contains("merged [2Jby hand") && screen.contains("[codify_iac]"), "{screen}");
    assert!(status(&screens).contains("draft of 10:00 restored"), "{}", status(&screens));
    screens.keys("esc j j j");
    screens.act("resolve");
    assert!(!screens.screen().contains("merged"), "another drift, and it was discarded before");
}

#[test]
fn a_half_typed_filter_comes_back_and_narrows_the_list() {
    let (mut screens, _) = open((120, 40));
    screens.act("filter");
    screens.text("bucket");
    let left =
        screens.effects.iter().rev().find_map(|e| if let Effect::KeepDrafts(l) = e { Some(l.clone()) } else { None });
    let (mut screens, _) = open((120, 40));
    screens.send(Msg::Drafts(left.unwrap()));
    assert_eq!(screens.model.timeline.window.len(), 8);
    screens.act("filter");
    assert_eq!(screens.model.timeline.window.len(), 1);
    screens.keys("esc");
    assert_eq!(screens.model.timeline.window.len(), 8);
    screens.act("filter");
    assert_eq!(screens.model.timeline.window.len(), 8);
}

#[test]
fn a_hidden_change_that_must_never_be_hidden_is_one_key_and_undo_takes_it_back() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    screens.keys("V");
    assert!(status(&screens).contains("no hidden change is selected"), "{}", status(&screens));
    screens.keys("H n n");
    let why = screens.screen();
    assert!(why.contains("The same elements in another order") && why.contains(r#"["sg-2","sg-1"]"#), "{why}");
    screens.keys("V tab tab down enter");
    let asked = screens.screen();
    assert!(
        asked.contains("would bring to light: 1 change") && asked.contains("type    aws_security_group"),
        "{asked}"
    );
    assert!(never_hidden(&sample).is_empty(), "nothing happens before the confirmation");
    screens.keys("enter");
    assert!(status(&screens).contains("saved: never-hide (#1)"), "{}", status(&screens));
    let rule = never_hidden(&sample).remove(0);
    assert_eq!((rule.rule.as_str(), rule.environment), ("set-order", Some(Slug::new("prod-eu").unwrap())));
    assert_eq!(rule.resource_type.unwrap().raw(), "aws_security_group");
    assert_eq!(rule.resource_id, None, "every one of its type");
    assert!(rule.path.unwrap().raw().contains("security_groups"));
    assert_eq!(sample.event(id).unwrap().state, State::Open, "nothing is decided about the drift itself");
    screens.keys("u");
    assert!(never_hidden(&sample).is_empty(), "{}", status(&screens));
    screens.keys("H");
    screens.keys("V");
    assert!(status(&screens).contains("no hidden change is selected"), "what is not shown is not selected");
}

fn never_hidden(sample: &Sample) -> Vec<driftguard::drift::NeverHideRule> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(sample.never_hidden()).unwrap()
}

#[test]
fn what_memory_found_says_so_below_the_change() {
    let sample = Sample::shared();
    let (mut screens, _) = open((120, 40));
    let mut event = sample.event(selected(&screens)).unwrap();
    event.changes[1].remembered_at = Some("2026-11-20T02:41:00Z".parse().unwrap());
    event.version += 1;
    screens.send(Msg::Service(driftguard::service::ServiceEvent::Updated(Box::new(event))));
    let screen = screens.screen();
    assert!(screen.contains(r#"not in the code; was "platform" when seen in sync 2026-11-20 02:41"#), "{screen}");
}
