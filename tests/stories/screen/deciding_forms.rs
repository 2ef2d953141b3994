//! What is asked before a decision: until when, whom, why; and a note of several lines.

use std::sync::Arc;

use driftguard::drift::{CloudProvider, ResolutionType, State, TriageVerb};
use driftguard::service::DriftService;
use driftguard::service::RequireReason;
use driftguard::tui::Options;
use driftguard::tui::app::action::Action;
use driftguard::tui::app::msg::Copied;
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::app::{Effect, Msg};
use driftguard::tui::sample::Sample;
use driftguard::tui::term::clipboard::Through;

use super::{open, selected, status};

fn with(options: Options) -> (Screens, Arc<Sample>) {
    let sample = Sample::shared();
    (Screens::open(sample.clone(), testkit::options(options), (100, 30)).unwrap(), sample)
}

fn last_verb(sample: &Sample) -> TriageVerb {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(sample.audit(1)).unwrap().remove(0).verb.unwrap()
}

#[test]
fn the_form_says_which_moment_it_understood_while_it_is_typed() {
    let (mut screens, sample) = open((100, 30));
    let id = selected(&screens);
    screens.act("snooze");
    assert!(screens.screen().contains("= Sat 2026-11-21 14:00 UTC, in 4h"), "{}", screens.screen());
    screens.text("fri");
    assert!(screens.screen().contains("= Fri 2026-11-27 09:00 UTC, in 6d"), "{}", screens.screen());
    screens.text("x");
    assert!(screens.screen().contains("`frix` is no time"), "{}", screens.screen());
    screens.keys("ctrl-u");
    screens.text("1M");
    assert!(screens.screen().contains("= Mon 2026-12-21 10:00 UTC"), "{}", screens.screen());
    screens.keys("up enter");
    let until = sample.event(id).unwrap().decision.unwrap().until.unwrap();
    assert_eq!(until.to_string(), "2026-11-28T10:00:00Z", "the preset above");
}

#[test]
fn accepting_asks_until_when_and_why_and_shows_both() {
    let (mut screens, sample) = open((100, 30));
    let id = selected(&screens);
    screens.act("accept");
    screens.text("friday 17:00");
    screens.keys("enter");
    assert!(screens.screen().contains("accept needs a reason"), "{}", screens.screen());
    // What is typed next is the reason.
    screens.text("until the freeze is over");
    screens.keys("enter");
    let screen = screens.screen();
    assert!(screen.contains("as      accepted until Fri 2026-11-27 17:00 UTC"), "{screen}");
    assert_eq!(sample.event(id).unwrap().state, State::Open);
    screens.keys("enter");
    let decision = sample.event(id).unwrap().decision.unwrap();
    assert_eq!(decision.resolution_type, Some(ResolutionType::Accepted));
    assert_eq!(decision.until.unwrap().to_string(), "2026-11-27T17:00:00Z");
}

#[test]
fn escalating_names_somebody_and_undo_takes_both_back() {
    let people = ["network-oncall", "carol"].map(String::from).into();
    let (mut screens, sample) = with(Options { people, ..Options::default() });
    let id = selected(&screens);
    screens.act("escalate");
    assert!(screens.screen().contains("network-oncall") && screens.screen().contains("carol"), "{}", screens.screen());
    screens.keys("enter");
    assert!(screens.screen().contains("to whom?"));
    screens.text("noc");
    assert!(!screens.screen().contains("carol"), "{}", screens.screen());
    screens.keys("down tab");
    screens.text("ssh is open to the world");
    screens.keys("enter");
    let screen = screens.screen();
    assert!(screen.contains("as      escalated") && screen.contains("to      network-oncall"), "{screen}");
    assert!(screen.contains("escalate: 1 drift"), "one drift, whatever is done to it: {screen}");
    screens.keys("enter");
    let event = sample.event(id).unwrap();
    assert_eq!((event.state, event.assignee.unwrap().raw()), (State::Resolved, "network-oncall"));
    assert!(status(&screens).contains("saved: escalate"), "{}", status(&screens));
    screens.keys("u");
    let event = sample.event(id).unwrap();
    assert_eq!((event.state, event.assignee), (State::Open, None));
}

#[test]
fn who_decided_before_is_offered_and_anybody_may_be_typed() {
    let (mut screens, sample) = open((100, 30));
    screens.act("assign");
    screens.text("zoe");
    screens.keys("enter");
    assert!(screens.screen().contains("zoe? not known"), "{}", screens.screen());
    screens.keys("enter");
    assert_eq!(last_verb(&sample), TriageVerb::Assign { to: Some("zoe".into()) });
    screens.keys("j");
    screens.act("assign");
    assert!(screens.screen().contains("zoe"), "{}", screens.screen());
    screens.text("z");
    screens.keys("down enter");
    assert_eq!(last_verb(&sample), TriageVerb::Assign { to: Some("zoe".into()) });
}

#[test]
fn which_decisions_need_a_reason_is_configured() {
    let (mut screens, sample) =
        with(Options { require_reason: RequireReason::parse("false").unwrap(), ..Options::default() });
    let id = selected(&screens);
    screens.act("resolve");
    screens.keys("enter enter");
    assert_eq!(sample.event(id).unwrap().state, State::Resolved);
    let (mut screens, sample) =
        with(Options { require_reason: RequireReason::parse("true").unwrap(), ..Options::default() });
    let id = selected(&screens);
    screens.act("acknowledge");
    screens.keys("enter");
    assert!(screens.screen().contains("acknowledge needs a reason"), "{}", screens.screen());
    screens.text("on it");
    screens.keys("enter");
    let decision = sample.event(id).unwrap().decision.unwrap();
    assert_eq!(decision.reason.unwrap().raw(), "on it");
}

#[test]
fn a_note_takes_lines_pastes_and_wide_letters() {
    let (mut screens, sample) = open((80, 24));
    screens.act("note");
    screens.text("asked 日本");
    screens.keys("enter");
    screens.send(Msg::Paste("one\r\n\ttwo \x1b[2J\n".into()));
    screens.text("e\u{301}nd");
    screens.keys("up up home");
    screens.text("1. ");
    let screen = screens.screen();
    assert!(screen.contains("asked 日 本") || screen.contains("asked 日本"), "{screen}");
    assert!(screen.contains("1. one") && screen.contains("line 2 of 4"), "{screen}");
    screens.keys("ctrl-s");
    assert_eq!(last_verb(&sample), TriageVerb::Note { text: "asked 日本\n1. one\n two [2J\ne\u{301}nd".into() });
    assert!(status(&screens).contains("saved: note"));
}

#[test]
fn several_lines_are_not_lost_by_one_key() {
    let (mut screens, sample) = open((80, 24));
    let id = selected(&screens);
    screens.act("note");
    screens.keys("esc");
    assert!(screens.model.overlay.is_none(), "nothing was typed");
    screens.act("note");
    screens.text("half a thought");
    screens.keys("esc");
    assert!(screens.screen().contains("enter saves it, esc discards it"), "{}", screens.screen());
    screens.text("s");
    assert!(screens.screen().contains("half a thoughts") && !screens.screen().contains("discards it"));
    screens.keys("enter esc enter");
    assert_eq!(sample.event(id).unwrap().note_count, 1, "{}", screens.screen());
    screens.act("note");
    screens.text("never mind");
    screens.keys("esc esc");
    assert!(screens.model.overlay.is_none());
    assert_eq!(sample.event(id).unwrap().note_count, 1);
}

#[test]
fn what_is_copied_is_of_use_where_it_is_pasted() {
    let (mut screens, sample) = open((120, 40));
    let copied = |screens: &Screens| match screens.effects.last() {
        Some(Effect::Copy(what, text)) => (*what, text.clone()),
        other => panic!("{other:?}"),
    };
    screens.keys("y r");
    let (what, text) = copied(&screens);
    assert_eq!(what, "command to revert");
    assert_eq!(text, "terraform apply -target='module.net.aws_security_group.web'");
    screens.keys("y i");
    assert_eq!(copied(&screens), ("id", "sg-0a1b2c3d4e5f60718".to_owned()));
    screens.keys("y t");
    let (_, text) = copied(&screens);
    assert!(text.starts_with("module.net.aws_security_group.web (aws_security_group) in prod-eu\nmodified, CRITICAL"));
    assert!(text.lines().any(|line| line.starts_with("+ ingress")), "{text}");
    screens.keys("y m");
    assert!(status(&screens).contains("the code declares it already"), "{}", status(&screens));
    let unmanaged =
        sample.ids().iter().position(|id| sample.event(*id).unwrap().resource.resource_type.raw() == "aws_instance");
    (0..unmanaged.unwrap()).for_each(|_| screens.keys("j"));
    screens.keys("y m");
    let (_, text) = copied(&screens);
    assert!(
        text.starts_with("import {\n  to = aws_instance.i_0123456789abcdef0\n  id = \"i-0123456789abcdef0\"\n}"),
        "{text}"
    );
    screens.keys("y r");
    assert!(status(&screens).contains("no code declares it"), "{}", status(&screens));
    let host = sample.ids().iter().position(|id| sample.event(*id).unwrap().environment.as_str() == "bastion").unwrap();
    screens.keys("g g");
    (0..host).for_each(|_| screens.keys("j"));
    let of_host =
        screens.model.environments.list.iter().find(|row| row.environment.slug.as_str() == "bastion").unwrap();
    assert_eq!(of_host.environment.cloud_provider, CloudProvider::Host);
    screens.keys("y r");
    assert!(copied(&screens).1.starts_with("terraform plan -target='"), "a host is only looked at");
    assert_eq!(Action::CopyRevert.entry().name, "copy-revert");
}

#[test]
fn what_is_copied_is_sanitised() {
    let (mut screens, _) = open((120, 40));
    screens.keys("G k");
    screens.act("copy-address");
    screens.act("copy-path");
    screens.act("copy-value");
    let copied: Vec<_> =
        screens.effects.iter().filter_map(|e| if let Effect::Copy(_, text) = e { Some(text) } else { None }).collect();
    assert_eq!(copied.len(), 3);
    assert!(copied.iter().all(|text| !text.chars().any(|c| c.is_control() && c != '\n')), "{copied:?}");
    let copied = Copied { what: "value", bytes: 312, cut: false, through: Through::Tmux };
    screens.send(Msg::Copied(copied));
    let said = status(&screens);
    assert!(
        said.contains("copied the value, 312 B; not there? set -g set-clipboard on; by OSC 52 through tmux"),
        "{said}"
    );
}

#[test]
fn one_key_and_enter_confirm_the_cause_and_another_is_chosen() {
    let (mut screens, sample) = open((100, 30));
    let found = screens.model.timeline.selected().unwrap().analysis.cause.cause_category;
    screens.keys("C");
    assert!(screens.screen().contains(&format!("cause    {}", found.as_str())), "{}", screens.screen());
    screens.keys("enter");
    assert_eq!(last_verb(&sample), TriageVerb::JudgeCause { cause: found, features: None });
    screens.keys("C down enter");
    let TriageVerb::JudgeCause { cause, .. } = last_verb(&sample) else { panic!("{:?}", last_verb(&sample)) };
    assert_ne!(cause, found);
    assert_eq!(screens.model.timeline.selected().unwrap().judged_cause, Some(cause));
}

#[test]
fn who_resolves_may_say_why_it_happened_and_need_not() {
    let (mut screens, sample) = open((100, 30));
    screens.keys("D tab");
    screens.text("reverting");
    screens.keys("tab");
    assert!(screens.screen().contains("not said"), "{}", screens.screen());
    screens.keys("down enter");
    assert!(screens.screen().contains("cause   emergency_fix"), "{}", screens.screen());
    screens.keys("enter");
    assert!(matches!(last_verb(&sample), TriageVerb::Resolve { .. }), "undo takes this back first");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let entries = runtime.block_on(sample.audit(2)).unwrap();
    let verbs: Vec<_> = entries.into_iter().filter_map(|entry| entry.verb).collect();
    let said = TriageVerb::JudgeCause { cause: driftguard::drift::Cause::EmergencyFix, features: None };
    assert!(verbs.contains(&said), "{verbs:?}");
}
