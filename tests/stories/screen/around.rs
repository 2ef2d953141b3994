//! What goes on around drift, on the screens: marks in incident mode, maintenance that keeps the bell quiet.

use driftguard::drift::{
    ContextData, ContextId, ContextSource, ContextType, DriftEvent, OperationalContext, Score, Severity, TimeWindow,
};
use driftguard::service::{DriftService, ServiceEvent};
use driftguard::tui::app::testkit::Screens;
use driftguard::tui::app::{Effect, Msg};
use driftguard::tui::{Options, sample};

use super::{open, status};

fn maintenance(until: i64) -> OperationalContext {
    OperationalContext {
        id: ContextId::generate(),
        context_type: ContextType::Maintenance,
        context_data: ContextData { title: "patching".into(), ..ContextData::default() },
        incident_impact: None,
        time_window: TimeWindow { from: sample::ago(30), to: Some(sample::ago(-until)) },
        environments: vec![],
        source: ContextSource::Person,
    }
}

fn announce(sample: &sample::Sample, screens: &mut Screens, context: OperationalContext) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(sample.put_context(context, "alice".into())).unwrap();
    screens.send(Msg::Service(ServiceEvent::Environments));
}

/// Another drift as bad as can be.
fn critical(sample: &sample::Sample) -> Box<DriftEvent> {
    let mut event = sample.event(sample.ids()[0]).unwrap();
    event.id = driftguard::drift::DriftId::generate();
    let worst = Score::percent(95);
    event.analysis.severity = Severity { security: worst, performance: worst, cost: worst, compliance: worst };
    Box::new(event)
}

#[test]
fn maintenance_keeps_the_bell_quiet_and_says_how_often() {
    let sample = std::sync::Arc::new(sample::Sample::default());
    let options = Options { bell: true, title: true, ..Options::default() };
    let options = driftguard::tui::app::testkit::options(options);
    let mut screens = Screens::open(sample.clone(), options, (120, 40)).unwrap();
    announce(&sample, &mut screens, maintenance(60));
    screens.effects.clear();
    for _ in 0..3 {
        screens.send(Msg::Service(ServiceEvent::Drift(critical(&sample))));
    }
    assert!(!screens.effects.contains(&Effect::Bell), "{:?}", screens.effects);
    assert!(!screens.effects.iter().any(|effect| matches!(effect, Effect::Title(_))));
    let screen = screens.screen();
    assert!(screen.contains("no alarm for what is CRITICAL, 3 so far"), "{screen}");
    assert!(screen.contains("MAINT 11:00"), "{screen}");
}

#[test]
fn maintenance_that_is_over_silences_nothing_and_is_not_shown() {
    let sample = std::sync::Arc::new(sample::Sample::default());
    let options = driftguard::tui::app::testkit::options(Options { bell: true, ..Options::default() });
    let mut screens = Screens::open(sample.clone(), options, (120, 40)).unwrap();
    announce(&sample, &mut screens, maintenance(-1));
    screens.send(Msg::Service(ServiceEvent::Drift(critical(&sample))));
    assert!(screens.effects.contains(&Effect::Bell));
    assert!(!screens.screen().contains("MAINT"));
}

#[test]
fn a_mark_is_set_where_one_looks_ended_once_and_its_link_copied() {
    let (mut screens, _) = open((120, 40));
    screens.keys("@ enter m");
    assert!(screens.screen().contains("mark a deployment"), "{}", screens.screen());
    screens.keys("enter");
    assert!(screens.screen().contains("say in a few words"), "{}", screens.screen());
    screens.keys("down");
    screens.text("db down https://pager.example/7");
    assert!(screens.screen().contains("mark an incident"), "{}", screens.screen());
    screens.keys("enter");
    assert!(status(&screens).contains("marked: db down"), "{}", screens.screen());
    // What was looked at stays under the cursor.
    assert!(!cursor_on(&screens, "db down"));
    screens.keys("home");
    for _ in 0..9 {
        if !cursor_on(&screens, "db down") {
            screens.keys("j");
        }
    }
    screens.keys("y l");
    assert!(screens.effects.contains(&Effect::Copy("link", "https://pager.example/7".into())));
    screens.keys("x");
    assert!(status(&screens).contains("over: db down"), "{}", status(&screens));
    screens.keys("x");
    assert!(status(&screens).contains("it is over"), "{}", status(&screens));
}

/// Whether the mark with this title is under the cursor: of two that happened at one moment it is the right one.
fn cursor_on(screens: &Screens, title: &str) -> bool {
    let current = screens.model.incident.as_ref().and_then(|view| view.current());
    let current = current.unwrap_or_else(|| panic!("nothing is under the cursor:\n{}", screens.screen()));
    current.reason.as_ref().is_some_and(|reason| reason.raw() == title)
}

#[test]
fn a_span_that_cannot_be_is_refused_where_it_is_typed() {
    let (mut screens, _) = open((120, 40));
    screens.keys("@ enter m");
    screens.text("late @04:10..02:40");
    screens.keys("enter");
    assert!(screens.screen().contains("ends before it begins"), "{}", screens.screen());
    screens.keys("esc esc");
    assert!(screens.model.overlay.is_none());
}

#[test]
fn nobody_marks_anything_read_only() {
    let sample = std::sync::Arc::new(sample::Sample::read_only("look, do not touch"));
    let options = driftguard::tui::app::testkit::options(Options::default());
    let mut screens = Screens::open(sample, options, (120, 40)).unwrap();
    screens.keys("@ enter m");
    assert!(status(&screens).contains("add-marker: "), "{}", status(&screens));
}

#[test]
fn how_many_depend_on_a_resource_stands_above_its_diff() {
    let (mut screens, sample) = open((120, 40));
    let id = screens.model.timeline.selected().unwrap().id;
    sample.change(id, false, |kept| kept.dependants = 12);
    screens.listen();
    assert!(screens.screen().contains("12 depend on it"), "{}", screens.screen());
}
