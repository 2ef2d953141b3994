//! What a person finds: by query, view and name, sorted and grouped.

use std::sync::Arc;

use driftguard::drift::State;
use driftguard::store::Page;
use driftguard::tui::app::testkit::Screens;
use driftguard::tui::app::{Effect, Msg};
use driftguard::tui::sample::{Sample, Synthetic};

use super::{open, over, selected, status};

fn rows(screens: &Screens) -> Vec<String> {
    let rows = screens.model.timeline.window.rows(0);
    rows.map(|event| event.resource.resource_id.raw().to_owned()).collect()
}

/// Forty roles, each with the same change.
fn forty() -> (Screens, Arc<Sample>) {
    let full = Sample::shared();
    full.appear(40);
    (over(full.clone()), full)
}

#[test]
fn a_query_is_in_force_while_it_is_typed_and_escape_brings_the_old_one_back() {
    let (mut screens, _) = open((120, 40));
    let all = rows(&screens).len();
    screens.act("filter");
    screens.text("env:prod-eu is:regressed,modified path:tags");
    assert_eq!(rows(&screens).len(), 3, "{:?}", rows(&screens));
    assert!(
        screens.screen().contains("/env:prod-eu is:regressed,modified path:tags"),
        "the title says what is in force"
    );
    screens.keys("esc");
    assert_eq!((rows(&screens).len(), screens.model.timeline.filter.text()), (all, ""));
}

#[test]
fn a_mistake_is_marked_under_the_line_and_what_else_is_typed_stays_in_force() {
    let (mut screens, _) = open((80, 24));
    screens.act("filter");
    screens.text("sev:critical colour:red");
    let screen = screens.screen();
    assert!(screen.contains("`colour:` is no key"), "{screen}");
    let marked = screen.lines().find(|line| line.contains("^^^")).unwrap_or_default();
    let typed = screen.lines().find(|line| line.contains("colour:red")).unwrap_or_default();
    let column = |line: &str, of: &str| line.find(of).map(|at| line[..at].chars().count());
    assert_eq!(column(marked, "^"), column(typed, "colour"), "{screen}");
    assert_eq!(screens.model.timeline.filter.text(), "sev:critical");
    screens.keys("enter");
    assert!(screens.model.overlay.is_some(), "it is not applied");
}

#[test]
fn a_key_that_is_not_known_does_not_leave_an_empty_list_behind() {
    let (mut screens, _) = open((80, 24));
    let all = rows(&screens);
    screens.act("filter");
    screens.text("foo");
    assert_eq!(rows(&screens).len(), 0, "nothing has this word in it");
    screens.text(":");
    assert_eq!(rows(&screens), all);
    assert!(screens.screen().contains("`foo:` is no key"), "{}", screens.screen());
    screens.text("bar");
    assert_eq!(rows(&screens), all);
}

#[test]
fn tab_completes_keys_and_names_and_arrows_choose() {
    let (mut screens, _) = open((80, 24));
    screens.act("filter");
    screens.text("en");
    screens.keys("tab");
    screens.text("shop");
    assert!(screens.screen().contains("shop-k8s"));
    screens.keys("tab");
    screens.text("is:");
    assert!(screens.screen().contains("came back after it had ended") || screens.screen().contains("more"));
    screens.text("reg");
    screens.keys("down enter");
    assert!(screens.model.overlay.is_some(), "enter takes what was chosen first");
    screens.keys("enter");
    assert_eq!(screens.model.timeline.filter.text(), "env:shop-k8s is:regressed");
    assert_eq!(rows(&screens), ["shop/Deployment/checkout"]);
}

#[test]
fn a_query_that_names_states_overrides_the_state_filter() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    screens.act("acknowledge");
    sample.change(id, false, |event| event.state = State::Resolved);
    screens.act("filter");
    screens.text("is:resolved");
    assert_eq!(screens.model.timeline.window.rows(0).map(|event| event.id).collect::<Vec<_>>(), [id]);
}

#[test]
fn what_was_asked_comes_back_with_the_arrows_and_under_a_name() {
    let (mut screens, _) = open((80, 24));
    screens.act("filter");
    screens.text("sev:critical");
    screens.keys("enter");
    assert!(screens.effects.contains(&Effect::KeepQuery("sev:critical".into())));
    screens.act("clear-filter");
    screens.act("filter");
    screens.keys("up");
    assert_eq!(screens.model.timeline.filter.text(), "sev:critical");
    screens.keys("ctrl-s");
    screens.text("worst");
    screens.keys("enter enter");
    assert!(screens.effects.contains(&Effect::SaveView("worst".into(), Some("sev:critical".into()))));
    screens.act("clear-filter");
    screens.act("views");
    assert!(screens.screen().contains("worst") && screens.screen().contains("built in"));
    screens.keys("enter");
    assert_eq!(screens.model.timeline.filter.text(), "sev:critical");
    screens.act("views");
    screens.keys("d j d");
    assert!(screens.effects.contains(&Effect::SaveView("worst".into(), None)));
    assert!(status(&screens).contains("built in"), "{}", status(&screens));
    screens.keys("esc");
    screens.act("palette");
    screens.text("view regr");
    screens.keys("enter");
    assert_eq!(screens.model.timeline.filter.text(), "is:regressed");
}

#[test]
fn the_cursor_stays_on_its_drift_while_the_query_narrows() {
    let (mut screens, _) = open((120, 40));
    screens.keys("j j j j");
    let id = selected(&screens);
    screens.act("filter");
    for letter in ["i", "n", "v", "o"] {
        screens.text(letter);
        assert_eq!(selected(&screens), id);
    }
    assert_eq!(rows(&screens), ["aws_s3_bucket.invoices"]);
}

#[test]
fn the_palette_finds_resources_and_goes_to_them() {
    let (mut screens, _) = open((120, 40));
    screens.act("cycle-severity-filter");
    screens.act("palette");
    screens.text("invoices");
    assert!(screens.screen().contains("aws_s3_bucket.invoices"), "{}", screens.screen());
    screens.keys("enter");
    let found = screens.model.timeline.selected().map(|event| event.resource.resource_id.raw().to_owned());
    assert_eq!(found.as_deref(), Some("aws_s3_bucket.invoices"));
    assert!(screens.screen().contains("/id:aws_s3_bucket.invoices"));
}

#[test]
fn orders_go_round_and_the_query_says_which() {
    let (mut screens, _) = open((120, 40));
    let newest = rows(&screens);
    screens.act("cycle-sort");
    assert_eq!(rows(&screens), newest.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(screens.model.timeline.filter.text(), "sort:oldest");
    screens.act("cycle-sort");
    let classes: Vec<_> = screens.model.timeline.window.rows(0).map(|event| event.severity_class()).collect();
    assert!(classes.windows(2).all(|pair| pair[0] >= pair[1]), "{classes:?}");
    screens.act("cycle-sort");
    screens.act("cycle-sort");
    assert_eq!((rows(&screens), screens.model.timeline.filter.text()), (newest, ""));
}

#[test]
fn forty_of_the_same_change_are_one_row_that_opens() {
    let (mut screens, _) = forty();
    screens.act("filter");
    screens.text("group:change");
    screens.keys("enter");
    let screen = screens.screen();
    let row = screen.lines().find(|line| line.contains("×40")).unwrap_or_default().to_owned();
    assert!(row.contains("max_session_duration: 3600 to 43200"), "{screen}");
    assert!(screen.contains("48 in 9 groups"), "{screen}");
    screens.keys("enter");
    let screen = screens.screen();
    assert!(screen.contains("▾") && screen.contains("aws_iam_role.deploy[39]"), "{screen}");
    screens.keys("j");
    assert!(screens.model.timeline.group().is_none());
    screens.keys("esc");
    assert!(!screens.screen().contains("deploy[38]"));
    assert!(screens.model.timeline.group().is_some_and(|group| group.count == 40));
}

#[test]
fn a_decision_on_a_group_lists_its_members_first() {
    let (mut screens, sample) = forty();
    screens.act("filter");
    screens.text("group:change");
    screens.keys("enter");
    screens.act("acknowledge");
    let screen = screens.screen();
    assert!(screen.contains("acknowledge: 40 drifts") && screen.contains("aws_iam_role.deploy[39]"), "{screen}");
    let acknowledged = || {
        let all = sample.ids().into_iter().filter_map(|id| sample.event(id));
        all.filter(|event| event.state == State::Acknowledged).count()
    };
    assert_eq!(acknowledged(), 0, "nothing happens before it is confirmed");
    screens.keys("enter");
    assert_eq!(acknowledged(), 40);
    assert!(screens.model.marks.is_empty());
}

#[test]
fn a_decision_on_a_group_that_is_not_made_leaves_nothing_marked() {
    let (mut screens, sample) = forty();
    screens.act("filter");
    screens.text("group:change");
    screens.keys("enter");
    // Out of the list of members, out of the form, out of the list after the form.
    for (action, keys) in [("acknowledge", "esc"), ("snooze", "esc"), ("snooze", "enter esc")] {
        screens.act(action);
        assert_eq!(screens.model.marks.len(), 40, "{action}");
        screens.keys(keys);
        assert!(screens.model.overlay.is_none() && screens.model.marks.is_empty(), "{action} {keys}");
    }
    assert!(sample.ids().into_iter().all(|id| sample.event(id).unwrap().decision.is_none()));
    screens.act("mark");
    assert_eq!(screens.model.marks.len(), 40, "what is marked on purpose stays");
    screens.act("acknowledge");
    screens.keys("esc");
    assert_eq!(screens.model.marks.len(), 40);
}

#[test]
fn counts_follow_what_happens_and_the_cursor_stays_on_its_group() {
    let (mut screens, sample) = forty();
    screens.act("filter");
    screens.text("group:resource");
    screens.keys("enter j j j");
    let key = screens.model.timeline.group().map(|group| group.key);
    let row = screens.screen().lines().position(|line| line.contains("deploy[36]"));
    sample.appear(45);
    screens.listen();
    assert_eq!(screens.model.timeline.group().map(|group| group.key), key);
    assert_eq!(screens.screen().lines().position(|line| line.contains("deploy[36]")), row, "{}", screens.screen());
}

#[test]
fn a_storm_of_events_asks_for_the_groups_one_question_at_a_time() {
    let (mut screens, sample) = open((120, 40));
    screens.act("cycle-group");
    screens.hold();
    sample.appear(100);
    screens.listen();
    let asked = screens.held().iter().filter(|effect| matches!(effect, Effect::LoadGroups(.., true))).count();
    assert_eq!(asked, 1);
}

#[test]
fn a_million_drifts_are_never_loaded_for_a_sorted_list() {
    let service = Arc::new(Synthetic::new(1_000_000));
    let mut screens = over(service.clone());
    screens.act("cycle-sort");
    screens.act("cycle-sort");
    (0..30).for_each(|_| screens.act("page-down"));
    assert!(service.served() < 3_000 && screens.model.timeline.window.len() <= 700, "{}", service.served());
}

#[test]
fn an_incident_is_still_asked_for_in_another_environment_and_one_goes_back_from_there() {
    let (mut screens, _) = open((120, 40));
    let (all, here) = (rows(&screens), selected(&screens));
    screens.act("whole-incident");
    let query = |screens: &Screens| screens.model.timeline.filter.text().to_owned();
    let asked = query(&screens);
    assert!(asked.contains("incident:"), "{asked}");
    screens.act("focus-environments");
    screens.keys("j");
    assert_eq!(query(&screens), asked, "{}", screens.screen());
    assert!(screens.model.timeline.filter.environment.is_some(), "what is there of it");
    screens.act("focus-timeline");
    screens.keys("esc");
    assert_eq!((rows(&screens), query(&screens)), (all, String::new()), "{}", screens.screen());
    assert_eq!(selected(&screens), here);
}

#[test]
fn a_list_of_an_incident_that_was_not_looked_at_as_a_whole_says_at_least_how_many_there_are() {
    let (mut screens, sample) = open((120, 40));
    screens.hold();
    screens.act("whole-incident");
    let asked = screens.held().iter().find_map(|one| match one {
        Effect::LoadPage(ticket, _) => Some(*ticket),
        _ => None,
    });
    let data = sample.details().into_iter().take(2).map(|detail| detail.event).collect();
    let page = Page { data, next: None, previous: None, is_cut: true };
    screens.send(Msg::Page(asked.unwrap(), Ok(page)));
    assert!(screens.screen().contains("1/at least 2"), "{}", screens.screen());
}
