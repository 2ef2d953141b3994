//! How the screens feel: notations of a diff, looks and their preview, the alarm, the tour, the mouse, the next session.

use std::time::Duration;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use driftguard::drift::{DriftEvent, Score, Severity};
use driftguard::tui::Configured;
use driftguard::tui::app::model::Pane;
use driftguard::tui::app::overlay::Overlay;
use driftguard::tui::app::session::{Place, Session};
use driftguard::tui::panes::health;

use super::*;

fn options() -> Options {
    Options { themes: vec![theme("dark"), theme("light"), theme("nord")], ..Options::default() }
}

fn theme(name: &str) -> driftguard::tui::theme::Theme {
    driftguard::tui::theme::builtin(name).unwrap()
}

fn with(options: Options, size: (u16, u16)) -> Screens {
    Screens::open(Sample::shared(), testkit::options(options), size).unwrap()
}

#[test]
fn bodies_read_as_json_as_hcl_and_as_yaml() {
    let (mut screens, _) = open((120, 40));
    screens.act("focus-diff");
    screens.act("zoom");
    assert!(screens.screen().contains("declared | live  JSON"), "{}", screens.screen());
    assert!(screens.screen().contains("\"from_port\": "), "{}", screens.screen());
    screens.act("cycle-syntax");
    assert!(screens.screen().contains("HCL") && screens.screen().contains("from_port = "), "{}", screens.screen());
    screens.act("cycle-syntax");
    assert!(screens.screen().contains("YAML") && screens.screen().contains("from_port: "), "{}", screens.screen());
    assert!(!screens.screen().contains("\"from_port\": "));
    screens.act("cycle-syntax");
    assert!(screens.screen().contains("\"from_port\": "));
}

#[test]
fn only_what_changed_leaves_the_rest_of_the_resource_out() {
    let (mut screens, _) = open((120, 40));
    screens.act("focus-diff");
    screens.act("zoom");
    let before = screens.screen();
    assert!(before.contains("unchanged"), "{before}");
    screens.act("toggle-whole");
    let only = screens.screen();
    assert!(only.contains("only what changed") && !only.contains("unchanged line"), "{only}");
    assert!(only.contains("from_port"), "{only}");
    screens.act("toggle-whole");
    assert_eq!(screens.screen(), before);
}

#[test]
fn who_changed_it_stands_beside_the_change_or_at_the_selected_one() {
    for (size, lines) in [((200, 50), 2), ((80, 24), 1)] {
        let (mut screens, _) = open(size);
        screens.act("focus-diff");
        let event = screens.model.timeline.selected().unwrap().clone();
        let when = Some(sample::ago(180));
        let blame = |change: &driftguard::drift::Change| driftguard::analysis::Blame {
            path: change.path.clone(),
            who: "jsmith".into(),
            when,
            is_exact: true,
        };
        assert!(event.changes.len() > 1);
        screens.model.detail.loaded.as_mut().unwrap().blame = event.changes.iter().take(2).map(blame).collect();
        let shown = screens.screen();
        assert_eq!(shown.matches("jsmith 3h ago").count(), lines, "{size:?}:\n{shown}");
    }
}

#[test]
fn a_theme_is_seen_while_choosing_and_goes_when_it_is_not_kept() {
    let mut screens = with(options(), (80, 24));
    let before = screens.buffer();
    let name = screens.model.theme().name().to_owned();
    screens.act("themes");
    screens.keys("down down");
    assert_eq!(screens.model.theme().name(), "light");
    assert_ne!(screens.buffer()[(0, 0)].style(), before[(0, 0)].style(), "the whole screen shows it");
    screens.keys("esc");
    assert_eq!(screens.model.theme().name(), name);
    assert_eq!(screens.buffer(), before);
    screens.act("themes");
    screens.keys("down enter");
    assert_eq!(screens.model.theme().name(), "dark");
}

#[test]
fn the_first_key_of_a_chord_shows_every_way_to_go_on_until_the_next_key() {
    let (mut screens, _) = open((80, 24));
    screens.keys("y");
    let shown = screens.screen();
    assert!(shown.contains("copy-address") && shown.contains("copy-value"), "{shown}");
    screens.at(sample::now() + Duration::from_secs(3600));
    assert!(screens.screen().contains("copy-address"), "however long that takes");
    screens.keys("z");
    assert!(!screens.screen().contains("copy-address"));
}

#[test]
fn times_are_in_utc_at_a_key_and_back() {
    let (mut screens, _) = open((80, 24));
    assert!(screens.model.utc);
    screens.act("toggle-utc");
    assert!(!screens.model.utc && status(&screens).contains("local time"));
    screens.act("toggle-utc");
    assert!(screens.model.utc && status(&screens).contains("UTC"));
}

/// A new drift like the selected one.
fn alike(screens: &Screens, number: u64, severity: u8) -> Box<DriftEvent> {
    let mut event = screens.model.timeline.selected().unwrap().clone();
    event.id = driftguard::drift::DriftId(ulid::Ulid::from_parts(u64::MAX >> 20, number.into()));
    let score = Score::percent(severity);
    event.analysis.severity = Severity { security: score, performance: score, cost: score, compliance: score };
    Box::new(event)
}

fn loud(options: Options) -> Screens {
    let mut screens = with(Options { bell: true, title: true, ..options }, (80, 24));
    screens.effects.clear();
    screens
}

fn bells(screens: &Screens) -> usize {
    screens.effects.iter().filter(|effect| **effect == Effect::Bell).count()
}

#[test]
fn a_burst_of_critical_drift_rings_once_and_the_title_counts_until_a_key() {
    let mut screens = loud(Options::default());
    for number in 0..3 {
        let event = alike(&screens, number, 95);
        screens.send(Msg::Service(ServiceEvent::Drift(event)));
    }
    assert_eq!(bells(&screens), 1);
    assert!(screens.effects.contains(&Effect::Title("(3) new CRITICAL - driftguard".into())));
    screens.keys("j");
    assert_eq!(screens.effects.last(), Some(&Effect::Title("driftguard".into())));
    screens.at(sample::now() + Duration::from_secs(60));
    let event = alike(&screens, 9, 95);
    screens.send(Msg::Service(ServiceEvent::Drift(event)));
    assert_eq!(bells(&screens), 2, "a later one is another burst");
}

#[test]
fn what_is_not_critical_muted_or_set_aside_never_rings() {
    let mut screens = loud(Options::default());
    let event = alike(&screens, 1, 70);
    screens.send(Msg::Service(ServiceEvent::Drift(event)));
    let mut event = alike(&screens, 2, 95);
    event.state = State::Ignored;
    screens.send(Msg::Service(ServiceEvent::Drift(event)));
    assert_eq!(bells(&screens), 0);
    let environment = screens.model.timeline.selected().unwrap().environment.clone();
    let mut screens = loud(Options { muted: [environment].into(), ..Options::default() });
    let event = alike(&screens, 3, 95);
    screens.send(Msg::Service(ServiceEvent::Drift(event)));
    assert_eq!(bells(&screens), 0);
    assert!(!screens.effects.iter().any(|effect| matches!(effect, Effect::Title(_))));
}

#[test]
fn a_scan_that_does_not_come_is_marked_the_moment_it_is_overdue() {
    let (mut screens, _) = open((120, 40));
    let now = screens.model.now;
    let row = &mut screens.model.environments.list[0];
    row.interval = Some(Duration::from_secs(300));
    row.next_scan = Some(now + Duration::from_secs(100));
    let at = health::overdue_at(row).unwrap();
    assert_eq!(at, now + Duration::from_secs(400), "an interval after the scan that did not come");
    assert!(!screens.screen().contains("OVERDUE"));
    assert!(screens.draw().1.wake.is_some_and(|wake| wake <= at), "drawn again by then, without a timer");
    screens.at(at);
    let shown = screens.screen();
    assert!(shown.contains("OVERDUE") && shown.contains("1 scan overdue"), "{shown}");
    let row = &mut screens.model.environments.list[0];
    row.next_scan = Some(at + Duration::from_secs(300));
    assert!(!screens.screen().contains("OVERDUE"));
}

#[test]
fn production_is_a_word_not_a_colour() {
    let mut screens = with(Options { theme: theme("mono"), ..Options::default() }, (80, 24));
    screens.act("focus-environments");
    screens.keys("down");
    let title = screens.screen().lines().next().unwrap().to_owned();
    assert!(title.contains("prod-eu PROD"), "{title}");
}

#[test]
fn notices_that_went_by_unseen_are_counted_until_they_are_read() {
    let (mut screens, _) = open((80, 24));
    let notice = |text: &str| Msg::Service(ServiceEvent::Notice { error: true, text: Tainted::from(text) });
    screens.send(notice("the disk is nearly full"));
    assert!(!screens.screen().contains("unread"), "it stands there");
    screens.at(sample::now() + Duration::from_secs(600));
    assert!(screens.screen().contains("1 unread"), "{}", screens.screen());
    screens.act("notices");
    assert!(screens.screen().contains("*  10m  the disk"), "{}", screens.screen());
    screens.keys("esc");
    assert!(!screens.screen().contains("unread"));
    screens.send(notice("it is full"));
    screens.keys("j");
    screens.at(sample::now() + Duration::from_secs(1200));
    assert!(!screens.screen().contains("unread"), "a key was pressed while it stood there");
}

#[test]
fn the_tour_comes_once_can_be_skipped_and_is_in_the_palette() {
    let mut screens = with(Options { tutorial: true, ..Options::default() }, (80, 24));
    assert!(screens.screen().contains("1 of 6: environments"), "{}", screens.screen());
    screens.keys("enter enter");
    assert!(screens.screen().contains("3 of 6: diff") && screens.model.focus == Pane::Diff);
    screens.keys("esc");
    assert!(screens.model.overlay.is_none() && screens.model.focus == Pane::Timeline);
    let session = Session::of(&screens.model);
    let mut screens = with(Options { tutorial: true, session: Some(session), ..Options::default() }, (80, 24));
    assert!(screens.model.overlay.is_none(), "it was seen");
    screens.act("tutorial");
    for _ in 0..6 {
        assert!(matches!(screens.model.overlay, Some(Overlay::Tutorial(_))));
        screens.keys("enter");
    }
    assert!(screens.model.overlay.is_none());
}

#[test]
fn the_tour_fits_every_screen_it_may_come_up_on() {
    for (columns, rows) in [(60, 16), (80, 24), (120, 40), (250, 80)] {
        let mut screens = with(Options { tutorial: true, ..Options::default() }, (columns, rows));
        for step in 1..=6 {
            assert!(screens.screen().contains(&format!("{step} of 6")), "{columns}×{rows}:\n{}", screens.screen());
            assert!(screens.screen().contains("esc skip"), "{columns}×{rows}:\n{}", screens.screen());
            screens.keys("enter");
        }
    }
}

#[test]
fn the_next_session_begins_as_this_one_ended() {
    let options = || Options { world: Some("store".into()), configured: Configured::default(), ..options() };
    let mut screens = with(options(), (120, 40));
    for act in
        ["focus-environments", "down", "focus-timeline", "down", "toggle-unified", "toggle-whole", "cycle-syntax"]
    {
        screens.act(act);
    }
    screens.act("themes");
    screens.keys("down enter");
    screens.act("focus-diff");
    screens.act("zoom");
    let session = Session::of(&screens.model);
    let (drift, shown) = (selected(&screens), screens.screen());
    let again = with(Options { session: Some(session.clone()), ..options() }, (120, 40));
    assert_eq!(selected(&again), drift);
    assert_eq!(again.model.theme().name(), "dark");
    assert_eq!(again.screen().lines().nth(5), shown.lines().nth(5));
    assert!(again.model.zoom && again.model.detail.unified && again.model.detail.only_changed);
    // Another store is another place, and a configuration that has changed is meant.
    let elsewhere = Options { world: Some("other".into()), session: Some(session), ..options() };
    let configured = Configured { theme: "nord".into(), keymap: String::new(), ..Default::default() };
    let other = with(Options { configured, ..elsewhere }, (120, 40));
    assert!(other.model.environments.cursor.is_none() && other.model.theme().name() != "dark");
}

#[test]
fn a_place_that_is_gone_is_no_empty_screen() {
    let gone = driftguard::drift::Slug::new("gone").unwrap();
    let place = Place { world: "store".into(), environment: Some(gone), ..Place::default() };
    let session = Session { place: Some(place), ..Session::default() };
    let screens = with(Options { world: Some("store".into()), session: Some(session), ..Options::default() }, (80, 24));
    assert!(screens.model.environments.cursor.is_none());
    assert!(screens.screen().contains("aws_security_group"), "{}", screens.screen());
}

fn mouse(kind: MouseEventKind, column: u16, row: u16) -> Msg {
    Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

#[test]
fn a_click_selects_and_the_wheel_scrolls_what_is_under_it() {
    let (mut screens, _) = open((120, 40));
    let rows: Vec<String> = screens.screen().lines().map(str::to_owned).collect();
    let name = "sshd";
    let row = rows.iter().position(|line| line.contains(name)).unwrap_or_else(|| panic!("{rows:#?}"));
    screens.send(mouse(MouseEventKind::Down(MouseButton::Left), 80, row as u16));
    let chosen = screens.model.timeline.selected().unwrap().resource.resource_id.line();
    assert!(chosen.contains(name) && screens.model.focus == Pane::Timeline, "{chosen}");
    let before = screens.model.detail.scroll;
    screens.send(mouse(MouseEventKind::ScrollDown, 5, 35));
    assert!(screens.model.detail.scroll > before && screens.model.focus == Pane::Timeline);
    screens.send(mouse(MouseEventKind::Down(MouseButton::Left), 5, 4));
    assert_eq!(screens.model.focus, Pane::Environments);
    screens.act("resolve");
    let form = screens.model.overlay.clone();
    screens.send(mouse(MouseEventKind::Down(MouseButton::Left), 60, 20));
    assert_eq!(screens.model.overlay, form, "over a dialog a click means nothing");
}

#[test]
fn the_terminals_background_decides_only_where_nobody_chose() {
    let mut screens = with(Options { auto_theme: true, ..options() }, (80, 24));
    screens.send(Msg::Background([250, 250, 240]));
    assert_eq!(screens.model.theme().name(), "light");
    screens.send(Msg::Background([20, 20, 30]));
    assert_eq!(screens.model.theme().name(), "dark");
    screens.act("next-theme");
    let chosen = screens.model.theme().name().to_owned();
    screens.send(Msg::Background([20, 20, 30]));
    assert_eq!(screens.model.theme().name(), chosen);
}

/// Where lines between panes stand.
fn borders(screens: &Screens) -> Vec<(u16, u16)> {
    let buffer = screens.buffer();
    let cells = buffer.area.positions().filter(|at| buffer[*at].symbol() == "│" && at.x > 0);
    cells.map(|at| (at.x, at.y)).collect()
}

#[test]
fn names_of_any_script_leave_every_column_where_it_was() {
    let names =
        ["データベース-本番-東京", "e\u{301}le\u{300}ve-zo\u{308}e", "قاعدة-البيانات", "👩‍👩‍👧-team", "ｗｉｄｅ\u{200b}x"];
    for size in [(60, 16), (80, 24), (120, 40), (160, 45), (250, 80)] {
        let (mut screens, _) = open(size);
        let mut plain = alike(&screens, 1, 95);
        plain.resource.resource_id = "plain".into();
        screens.send(Msg::Service(ServiceEvent::Drift(plain)));
        screens.act("top");
        let expected: Vec<_> = borders(&screens).into_iter().filter(|(_, y)| *y < size.1 / 2).collect();
        for (number, name) in names.iter().enumerate() {
            let mut event = alike(&screens, 10 + number as u64, 95);
            event.resource.resource_id = (*name).into();
            screens.send(Msg::Service(ServiceEvent::Drift(event)));
            let found: Vec<_> = borders(&screens).into_iter().filter(|(_, y)| *y < size.1 / 2).collect();
            assert_eq!(found, expected, "{name} at {size:?}:\n{}", screens.screen());
        }
    }
}

#[test]
fn after_the_end_of_an_overlay_one_key_up_moves_at_once() {
    for keys in ["?", "g f", "t", "w"] {
        let (mut screens, _) = open((60, 16));
        screens.keys(keys);
        let top = screens.screen();
        screens.keys("G");
        let end = screens.screen();
        if end == top {
            assert!(!top.contains(" more "), "{keys} is not whole, and its end was not gone to\n{top}");
            continue;
        }
        screens.keys("k");
        assert_ne!(screens.screen(), end, "{keys}: it went up at once\n{end}");
        screens.keys("j");
        assert_eq!(screens.screen(), end, "{keys}: and down again");
        screens.keys("j");
        assert_eq!(screens.screen(), end, "{keys}: there is nothing further down");
    }
    let (mut screens, _) = open((60, 16));
    screens.keys("?");
    let top = screens.screen();
    screens.keys("G k");
    assert_ne!(screens.screen(), top, "the help is longer than the screen");
}
