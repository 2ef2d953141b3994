//! How much happened when, at the foot of the timeline; and advice that a decision has carried out.

use std::sync::Arc;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use driftguard::drift::ResolutionType;
use driftguard::service::{LocalService, ServiceEvent};
use driftguard::store::OpenMode;
use driftguard::tui::Options;
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::app::{Effect, Msg};
use driftguard::tui::sample::Sample;
use driftguard::tui::theme::Theme;
use jiff::Timestamp;

use super::super::store::{finding, scan as record};
use super::open;

/// What stands in the rows of the heat, from its first column on: columns, letters, marks, axis.
fn heat(screens: &Screens) -> Vec<String> {
    let screen = screens.screen();
    let rows: Vec<Vec<char>> = screen.lines().map(|line| line.chars().collect()).collect();
    let letters = |row: &Vec<char>| row.windows(8).position(|eight| eight.iter().collect::<String>() == " worst  ");
    let Some((at, column)) = rows.iter().enumerate().find_map(|(at, row)| Some((at, letters(row)?))) else {
        return vec![];
    };
    rows[at - 1..].iter().take(4).map(|row| row[column..].iter().collect::<String>().trim_end().to_owned()).collect()
}

#[test]
fn the_last_day_stands_by_the_hour_below_the_timeline_where_there_is_room() {
    let (screens, _) = open((160, 45));
    let rows = heat(&screens);
    assert!(rows[1].contains('C') && rows[2].starts_with(" marks") && rows[2].contains('D'), "{rows:?}");
    assert!(rows[3].starts_with("    1 h"), "{rows:?}");
    insta::assert_snapshot!(screens.screen());
    for size in [(160, 30), (80, 24), (120, 40)] {
        let (screens, _) = open(size);
        assert_eq!(heat(&screens), Vec::<String>::new(), "{size:?}: rows of drift are worth more");
    }
    let (mut screens, _) = open((80, 24));
    screens.act("focus-timeline");
    screens.act("zoom");
    assert_eq!(heat(&screens).len(), 4, "{}", screens.screen());
}

#[test]
fn characters_of_ascii_say_the_same() {
    let options = Options { theme: Theme::default().with_ascii(true), ..Options::default() };
    let plain = Screens::open(Sample::shared(), testkit::options(options), (160, 45)).unwrap();
    let (screens, _) = open((160, 45));
    let (drawn, plain) = (heat(&screens), heat(&plain));
    assert!(plain.iter().all(|row| row.is_ascii()) && plain[0].contains('#'), "{plain:?}");
    assert_eq!(drawn[1..], plain[1..], "letters, marks and axis need no blocks");
    let filled = |row: &str| row.chars().map(|c| !matches!(c, ' ' | '.' | '·')).collect::<Vec<_>>();
    assert_eq!(filled(&drawn[0]), filled(&plain[0]));
}

#[test]
fn the_span_of_the_query_is_the_span_of_the_heat() {
    let (mut screens, _) = open((160, 45));
    let before = heat(&screens);
    screens.act("filter");
    screens.text("@-30d");
    screens.keys("enter");
    let month = heat(&screens);
    assert!(month[3].starts_with("  1 day"), "{month:?}");
    assert_ne!(month[1], before[1]);
}

#[test]
fn a_click_on_the_heat_chooses_no_drift() {
    let (mut screens, _) = open((160, 45));
    let screen = screens.screen();
    let selected = screens.model.timeline.selected_id();
    let click = |screens: &mut Screens, row: usize| {
        let (kind, modifiers) = (MouseEventKind::Down(MouseButton::Left), KeyModifiers::NONE);
        let row = u16::try_from(row).unwrap();
        screens.send(Msg::Mouse(MouseEvent { kind, column: 100, row, modifiers }));
    };
    let worst = screen.lines().position(|line| line.contains(" worst ")).unwrap();
    let bucket = screen.lines().position(|line| line.contains("bucket")).unwrap();
    assert!(bucket < worst, "{screen}");
    click(&mut screens, worst);
    assert_eq!(screens.model.timeline.selected_id(), selected);
    click(&mut screens, bucket);
    assert_ne!(screens.model.timeline.selected_id(), selected);
}

#[test]
fn what_happens_is_in_the_heat_a_moment_later_however_much_it_is() {
    let (mut screens, _) = open((160, 45));
    let asked = |screens: &Screens| screens.held().iter().filter(|one| matches!(one, Effect::LoadHeat(..))).count();
    screens.act("acknowledge");
    screens.hold();
    screens.keys("j k");
    assert_eq!(asked(&screens), 0, "not at once");
    let later = screens.model.now + jiff::SignedDuration::from_secs(11);
    screens.at(later);
    screens.keys("j k j");
    assert_eq!(asked(&screens), 1, "once, though there were several keys");
}

#[test]
fn columns_that_could_not_be_counted_again_say_that_they_are_stale() {
    let (mut screens, _) = open((160, 45));
    let fresh = heat(&screens);
    screens.act("acknowledge");
    screens.hold();
    let later = screens.model.now + jiff::SignedDuration::from_secs(11);
    screens.at(later);
    screens.keys("j k");
    let asked = screens.held().iter().find_map(|one| match one {
        Effect::LoadHeat(ticket, _) => Some(*ticket),
        _ => None,
    });
    let away = driftguard::service::ServiceError::Unavailable("the server is away".into());
    screens.send(Msg::Heat(asked.unwrap(), Err(away)));
    assert!(screens.screen().contains(" stale  "), "{}", screens.screen());
    assert_eq!(heat(&screens), Vec::<String>::new(), "the sign stands where `worst` stood: {fresh:?}");
}

#[test]
fn what_a_store_has_counted_is_drawn_though_none_of_it_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = driftguard::store::open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    let seen = |ids: &[&str]| record(store.as_ref(), ids.iter().map(|id| finding(id)).collect());
    seen(&["a", "b", "c", "d"]);
    let service = LocalService::start(Arc::clone(&store), vec![], runtime.handle().clone());
    let options = testkit::options(Options::default());
    let mut screens = Screens::connecting(service, options, (160, 45)).unwrap();
    let now = Timestamp::now();
    screens.at(now);
    screens.connect();
    let most = |screens: &Screens| heat(screens)[0].trim_start().split(' ').nth(1).unwrap().to_owned();
    assert_eq!(most(&screens), "5", "the environment and four drifts: {:?}", heat(&screens));
    assert!(heat(&screens)[1].ends_with("LLLL"), "{:?}", heat(&screens));
    seen(&["a", "b", "c", "d", "e", "f", "g"]);
    screens.send(Msg::Service(ServiceEvent::Environments));
    assert_eq!(most(&screens), "5", "not at once");
    screens.at(now + jiff::SignedDuration::from_secs(11));
    assert_eq!(most(&screens), "8", "{:?}", heat(&screens));
}

#[test]
fn advice_that_a_decision_carried_out_says_when_and_by_whom_until_that_is_taken_back() {
    let people = ["carol"].map(String::from).into();
    let options = testkit::options(Options { people, ..Options::default() });
    let sample = Sample::shared();
    let mut screens = Screens::open(sample.clone(), options, (160, 45)).unwrap();
    // It stays in the list when it is settled.
    (0..3).for_each(|_| screens.act("cycle-state-filter"));
    screens.act("top");
    let event = screens.model.timeline.selected().unwrap().clone();
    let advised = event.recommendations.iter().filter(|one| one.resolution_type() == Some(ResolutionType::Escalated));
    assert!(advised.count() > 0, "{:?}", event.recommendations);
    assert!(!screens.screen().contains("done just now"));
    screens.act("escalate");
    screens.text("carol");
    screens.keys("down tab");
    screens.text("open to the world");
    screens.keys("enter enter");
    let settled = sample.event(event.id).unwrap();
    assert!(settled.recommendations.iter().any(|one| one.settled_by.is_some()), "{settled:?}");
    assert!(screens.screen().contains("done just now by"), "{}", screens.screen());
    screens.at(screens.model.now + jiff::SignedDuration::from_mins(3));
    assert!(screens.screen().contains("done 3m ago by"), "{}", screens.screen());
    screens.keys("u");
    assert!(sample.event(event.id).unwrap().recommendations.iter().all(|one| one.implemented_at.is_none()));
    assert!(!screens.screen().contains("ago by"), "{}", screens.screen());
}
