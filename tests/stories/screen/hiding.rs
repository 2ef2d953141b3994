//! What rules hide, on the screen: opened, searched, brought to light, with what was decided kept. Some of it over a real store.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftguard::demo;
use driftguard::drift::State;
use driftguard::service::{DriftService, LocalService};
use driftguard::store::{self, OpenMode};
use driftguard::tui::app::testkit::Screens;
use serde_json::json;

use super::{open, over, status};

#[test]
fn what_is_hidden_of_resources_in_sync_is_listed_searched_and_explained() {
    let (mut screens, _) = open((120, 40));
    screens.keys("E");
    let list = screens.screen();
    assert!(list.contains("hidden in prod-eu: 35") && list.contains("aws_instance.web[0]"), "{list}");
    assert!(list.contains("The same elements in another order") && list.contains("in sync"), "{list}");
    assert!(list.contains(r#"["sg-2","sg-1"]"#), "both sides are shown: {list}");
    screens.keys("/");
    screens.text("number-string https[7]");
    let found = screens.screen();
    assert!(found.contains("hidden in prod-eu: 1 of 35") && found.contains("https[7]"), "{found}");
    screens.keys("enter enter");
    assert!(status(&screens).contains("in sync"), "{}", status(&screens));
    screens.keys("esc");
    assert!(screens.screen().contains("hidden in prod-eu: 35"), "the words go first");
    screens.keys("esc");
    assert!(!screens.screen().contains("hidden in prod-eu"));
}

#[test]
fn a_hidden_difference_in_sync_is_brought_to_light_listed_edited_deleted_and_brought_back() {
    let (mut screens, sample) = open((120, 40));
    let rules =
        || tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(sample.never_hidden()).unwrap();
    screens.keys("E V");
    let form = screens.screen();
    assert!(form.contains("would bring to light: 1 change; 1 new drift"), "{form}");
    screens.keys("enter");
    assert!(rules().is_empty(), "a preview decides nothing");
    screens.keys("enter");
    assert_eq!((rules().len(), rules()[0].rule.as_str()), (1, "set-order"));
    assert!(screens.screen().contains("hidden in prod-eu"), "back where it was decided");
    screens.keys("esc L");
    let list = screens.screen();
    assert!(list.contains("never hidden: 1") && list.contains("set-order must not hide"), "{list}");
    screens.keys("e tab tab");
    screens.keys("ctrl-u enter");
    assert!(screens.screen().contains("type    any"), "{}", screens.screen());
    screens.keys("enter");
    assert_eq!(rules()[0].resource_type, None, "{}", status(&screens));
    screens.keys("d enter");
    assert!(rules().is_empty() && screens.screen().contains("none yet"), "{}", screens.screen());
    screens.keys("u u u");
    assert!(rules().is_empty(), "all three are taken back: {}", status(&screens));
    screens.keys("u");
    assert!(status(&screens).contains("nothing was decided"), "{}", status(&screens));
}

/// A plan whose drift has one change, and one that only the order hides.
fn plan(home: &Path, name: &str) {
    let thing = |name: &str, ids: [&str; 2]| json!({"name": name, "security_groups": ids});
    let drift = json!({"address": "aws_thing.a", "mode": "managed", "type": "aws_thing", "name": "a",
        "change": {"actions": ["update"], "before": thing("declared", ["sg-1", "sg-2"]),
            "after": thing(name, ["sg-2", "sg-1"])}});
    let plan = json!({"format_version": "1.2", "resource_drift": [drift], "resource_changes": []});
    fs::write(home.join("plan.json"), plan.to_string()).unwrap();
}

/// Listens until it is so.
fn wait(screens: &mut Screens, what: &str, is_so: impl Fn(&Screens) -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so(screens) {
        assert!(Instant::now() < end, "waited for {what}:\n{}", screens.screen());
        std::thread::sleep(Duration::from_millis(20));
        screens.listen();
    }
}

#[test]
fn an_acknowledged_drift_stays_so_through_never_hide_and_its_undo() {
    let home = tempfile::tempdir().unwrap();
    plan(home.path(), "live");
    let state = home.path().join("plan.json").to_string_lossy().into_owned();
    // An environment of the demo, with these sources in place of its own.
    let world = demo::create(&home.path().join("world")).unwrap();
    let mut spec = demo::specs(&world).remove(0);
    (spec.state, spec.live, spec.watch, spec.interval) = (vec![state], vec![], false, None);
    let store = store::open(&home.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let service = LocalService::start(store, vec![spec], runtime.handle().clone());
    let mut screens = over(Arc::clone(&service) as Arc<dyn DriftService>);
    let changes = |screens: &Screens| screens.model.timeline.selected().map_or(0, |event| event.changes.len());
    let state = |screens: &Screens| screens.model.timeline.selected().map(|event| event.state);
    wait(&mut screens, "the first scan", |s| changes(s) == 1 && s.model.loaded().is_some());
    screens.keys("a");
    screens.keys("H n V");
    let form = screens.screen();
    assert!(form.contains("would bring to light: 1 change; 0 new drifts, 1 drift with more"), "{form}");
    screens.keys("enter enter");
    wait(&mut screens, "what was hidden", |s| changes(s) == 2);
    assert_eq!(state(&screens), Some(State::Acknowledged), "{}", screens.screen());
    assert_eq!(screens.model.timeline.window.len(), 1);
    // Nobody else has decided anything: both are taken back, whatever the scans did meanwhile.
    screens.keys("u");
    wait(&mut screens, "the rule to hide again", |s| changes(s) == 1);
    assert_eq!(state(&screens), Some(State::Acknowledged), "{}", screens.screen());
    screens.keys("u");
    wait(&mut screens, "the undo", |s| state(s) == Some(State::Open));
    // And something that really changed stands out.
    screens.keys("a");
    plan(home.path(), "live");
    let text = fs::read_to_string(home.path().join("plan.json")).unwrap();
    fs::write(home.path().join("plan.json"), text.replace("sg-2\",\"sg-1", "sg-3\",\"sg-1")).unwrap();
    screens.keys("r");
    let new = |screens: &Screens| {
        screens.model.timeline.window.rows(0).find(|event| event.changes.len() == 2).map(|event| event.state)
    };
    wait(&mut screens, "the new change", |s| new(s).is_some());
    assert_eq!(new(&screens), Some(State::Open), "{}", screens.screen());
    runtime.block_on(service.shutdown());
}
