//! What a person sees and does: keys in, screen out. The world is the sample one; time stands still unless a story moves it.

use std::sync::Arc;

use driftguard::drift::{DriftId, State};
use driftguard::safety::Tainted;
use driftguard::service::{DriftService, ServiceEvent};
use driftguard::tui::Options;
use driftguard::tui::app::action::TABLE;
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::app::{Effect, Msg};
use driftguard::tui::sample::{self, Sample, Synthetic};

mod advising;
mod answering;
mod around;
mod deciding;
mod deciding_changes;
mod deciding_forms;
mod deciding_many;
mod feeling;
mod finding;
mod heat;
mod hiding;
mod incident;
mod narrow;
mod ruling;
mod scheduled;
mod sizes;
mod staying;
mod told;

fn open(size: (u16, u16)) -> (Screens, Arc<Sample>) {
    let sample = Sample::shared();
    (Screens::open(sample.clone(), testkit::options(Options::default()), size).unwrap(), sample)
}

fn over(service: Arc<dyn DriftService>) -> Screens {
    Screens::open(service, testkit::options(Options::default()), (120, 40)).unwrap()
}

fn selected(screens: &Screens) -> DriftId {
    screens.model.timeline.selected_id().expect("something is selected")
}

/// The last row.
fn status(screens: &Screens) -> String {
    screens.screen().lines().last().unwrap_or_default().to_owned()
}

macro_rules! snapshots {
    ($($name:ident: $columns:literal x $rows:literal, $acts:literal;)*) => {$(
        #[test]
        fn $name() {
            let (mut screens, _) = open(($columns, $rows));
            $acts.split_whitespace().for_each(|act| screens.act(act));
            insta::assert_snapshot!(screens.screen());
        }
    )*};
}

snapshots! {
    four_panes_at_60_by_16: 60 x 16, "";
    four_panes_at_80_by_24: 80 x 24, "";
    four_panes_at_120_by_40: 120 x 40, "";
    four_panes_at_200_by_50: 200 x 50, "";
    recommendations_in_focus_at_80_by_24: 80 x 24, "focus-recommendations";
    environments_in_focus_at_80_by_24: 80 x 24, "focus-environments down";
    a_zoomed_diff_at_80_by_24: 80 x 24, "focus-diff zoom";
    what_was_hidden_and_why: 120 x 40, "toggle-hidden";
    why_a_change_is_hidden_at_80_by_24: 80 x 24, "toggle-hidden next-change next-change";
    the_hidden_list: 120 x 40, "hidden-list";
    the_hidden_list_at_80_by_24: 80 x 24, "hidden-list down down";
    the_keys_on_a_narrow_screen: 36 x 20, "help";
    the_never_hide_form: 120 x 40, "toggle-hidden next-change next-change never-hide";
    the_resolve_form: 80 x 24, "resolve";
    the_ignore_form: 80 x 24, "ignore";
    the_palette: 80 x 24, "palette";
    the_query_line: 80 x 24, "filter";
    the_views: 80 x 24, "views";
    groups_of_changes: 120 x 40, "cycle-group cycle-group cycle-group enter";
    the_keys: 100 x 60, "help";
    hostile_names: 120 x 40, "bottom up";
    every_environment_and_state: 120 x 40, "cycle-state-filter cycle-state-filter cycle-state-filter";
}

#[test]
fn the_confirmation_shows_exactly_what_will_be_done() {
    let (mut screens, _) = open((80, 24));
    screens.keys("space space");
    screens.act("resolve");
    screens.keys("tab");
    screens.text("planned work");
    screens.keys("enter");
    insta::assert_snapshot!(screens.screen());
}

#[test]
fn the_first_frame_is_there_before_the_service() {
    let options = testkit::options(Options::default());
    let mut screens = Screens::connecting(Sample::shared(), options, (80, 24)).unwrap();
    assert!(screens.screen().contains("connecting"));
    screens.keys("j j s /");
    screens.keys("esc");
    assert!(screens.screen().contains("connecting"));
    screens.connect();
    assert!(screens.screen().contains("module.net.aws_security_group.web"));
}

#[test]
fn a_screen_of_20_by_5_shows_the_pane_in_focus() {
    let (mut screens, _) = open((20, 5));
    let screen = screens.screen();
    assert!(screen.contains("drift") && screen.contains('C'), "{screen}");
    screens.act("focus-environments");
    assert!(screens.screen().contains("prod-eu"));
}

#[test]
fn every_action_can_be_reached_by_keys_and_by_name() {
    let (mut screens, _) = open((120, 40));
    for entry in TABLE {
        let keys = screens.model.keymap().keys_for(entry.scope.as_str(), entry.name);
        assert!(!keys.is_empty(), "{} has no key", entry.name);
        screens.act("palette");
        screens.text(entry.name);
        assert!(screens.screen().contains(entry.name), "{} is not in the palette", entry.name);
        screens.keys("esc");
    }
}

#[test]
fn the_cursor_stays_on_its_drift_when_others_appear() {
    let (mut screens, sample) = open((80, 24));
    screens.keys("j j");
    let id = selected(&screens);
    let row = |screens: &Screens| screens.screen().lines().position(|line| line.contains("local_file.sshd")).unwrap();
    let before = row(&screens);
    sample.appear(40);
    screens.listen();
    assert_eq!(selected(&screens), id);
    assert_eq!(row(&screens), before, "not even its place on the screen has changed");
    assert!(screens.screen().contains("40 new ↑"), "{}", screens.screen());
    screens.act("top");
    assert!(!screens.screen().contains("new ↑"));
    assert!(screens.screen().contains("aws_iam_role.deploy[39]"));
}

#[test]
fn a_selected_drift_that_heals_stays_until_the_cursor_leaves() {
    let (mut screens, sample) = open((120, 40));
    let id = selected(&screens);
    sample.change(id, false, |event| event.state = State::Closed);
    screens.listen();
    assert_eq!(selected(&screens), id);
    screens.keys("j");
    assert!(screens.model.timeline.window.find(id).is_none());
}

#[test]
fn the_filter_follows_what_is_typed_and_escape_takes_it_back() {
    let (mut screens, _) = open((120, 40));
    screens.act("filter");
    screens.text("s3 lifecycle");
    assert_eq!(screens.model.timeline.window.len(), 1);
    assert!(screens.screen().contains("/s3 lifecycle"));
    screens.keys("esc");
    assert_eq!(screens.model.timeline.window.len(), 8);
    screens.act("filter");
    screens.text("nothing like this");
    screens.keys("enter");
    assert!(screens.screen().contains("no drift passes the filter"));
    screens.keys("esc");
    assert_eq!(screens.model.timeline.window.len(), 8);
}

#[test]
fn typing_ahead_of_a_slow_service_asks_once_more_and_not_for_every_letter() {
    let (mut screens, _) = open((120, 40));
    screens.hold();
    screens.act("filter");
    screens.text("bucket");
    let pages = |screens: &Screens| screens.held().iter().filter(|e| matches!(e, Effect::LoadPage(..))).count();
    assert_eq!(pages(&screens), 1);
    screens.release();
    assert_eq!(screens.model.timeline.window.len(), 1);
    assert!(screens.screen().contains("aws_s3_bucket.invoices"));
}

#[test]
fn choosing_an_environment_filters_the_timeline() {
    let (mut screens, _) = open((80, 24));
    screens.act("focus-environments");
    screens.keys("down down");
    assert_eq!(screens.model.timeline.window.len(), 2);
    screens.act("all-environments");
    assert_eq!(screens.model.timeline.window.len(), 8);
    screens.act("palette");
    screens.text("bastion");
    screens.keys("enter");
    assert_eq!(screens.model.timeline.window.len(), 1);
}

#[test]
fn severity_and_state_filters_narrow_the_list() {
    let (mut screens, _) = open((120, 40));
    screens.act("cycle-severity-filter");
    assert_eq!(screens.model.timeline.window.len(), 2);
    assert!(screens.screen().contains("CRITICAL only"));
    screens.act("clear-filter");
    screens.act("acknowledge");
    screens.act("cycle-state-filter");
    assert_eq!(screens.model.timeline.window.len(), 0);
    assert!(screens.screen().contains("set aside"));
}

#[test]
fn the_palette_finds_actions_by_letters_and_says_why_not() {
    let (mut screens, sample) = open((120, 40));
    screens.act("palette");
    screens.text("scanall");
    screens.keys("enter");
    assert_eq!(sample.scans(), [None]);
    screens.act("palette");
    screens.text("undo");
    assert!(screens.screen().contains("nothing was decided in this session"));
}

#[test]
fn no_control_character_ever_reaches_a_cell() {
    let (mut screens, sample) = open((200, 50));
    let text = Tainted::from("\x1b[2J\u{9b}31m\x07notice\r\n");
    sample.say(ServiceEvent::Notice { error: true, text });
    screens.listen();
    for act in ["bottom", "up", "toggle-hidden", "ignore", "back", "notices", "back", "mark-all", "acknowledge"] {
        screens.act(act);
        let buffer = screens.buffer();
        for cell in buffer.content() {
            assert!(!cell.symbol().chars().any(char::is_control), "{act}: {:?}", cell.symbol());
        }
    }
}

#[test]
fn a_paste_is_text_and_never_keys() {
    let (mut screens, sample) = open((120, 40));
    screens.send(Msg::Paste("aaa\nS\n".into()));
    assert!(sample.ids().iter().all(|id| sample.event(*id).unwrap().state == State::Open));
    screens.act("assign");
    screens.send(Msg::Paste("one\ntwo".into()));
    assert!(status(&screens).contains("nothing was taken"));
    screens.keys("esc");
    screens.act("note");
    screens.send(Msg::Paste("one \x1b[2Jline\nq\n".into()));
    screens.keys("ctrl-s");
    let verb = screens.model.decided.last().map(|decided| decided.word.clone());
    assert_eq!(verb.as_deref(), Some("note"));
}

#[test]
fn a_million_drifts_are_never_more_than_a_window() {
    let service = Arc::new(Synthetic::new(1_000_000));
    let mut screens = over(service.clone());
    let loaded = service.served();
    assert!(loaded <= 200, "{loaded} rows for the first frame");
    screens.act("bottom");
    assert!(screens.screen().contains("aws_iam_role.deploy[999999]"), "{}", screens.screen());
    for _ in 0..50 {
        screens.act("page-up");
    }
    assert!(screens.model.timeline.window.len() <= 700);
    screens.act("top");
    assert!(screens.screen().contains("aws_iam_role.deploy[0]"));
    assert!(service.served() < 3_000, "{}", service.served());
}

#[test]
fn scrolling_down_and_up_passes_every_drift_once() {
    let mut screens = over(Arc::new(Synthetic::new(1_500)));
    let walk = |screens: &mut Screens, act: &str| {
        let mut seen = vec![selected(screens)];
        for _ in 0..1_499 {
            screens.act(act);
            seen.push(selected(screens));
        }
        seen
    };
    let down = walk(&mut screens, "down");
    let mut unique = down.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 1_500);
    let mut up = walk(&mut screens, "up");
    up.reverse();
    assert_eq!(up, down);
}

#[test]
fn a_picture_says_when_it_grows_old_and_reads_the_same_until_then() {
    let (mut screens, _) = open((80, 24));
    let (before, drawn) = screens.draw();
    let wake = drawn.wake.unwrap();
    screens.at(wake.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap());
    assert_eq!(screens.buffer(), before);
    screens.at(wake);
    assert_ne!(screens.buffer(), before);
}

#[test]
fn every_screenshot_can_be_drawn() {
    for shot in sample::SHOTS {
        let buffer = sample::screenshot(shot.name, shot.columns, shot.rows, Options::default()).unwrap();
        assert_eq!((buffer.area.width, buffer.area.height), (shot.columns, shot.rows));
    }
}

#[test]
fn a_name_that_reads_like_another_is_marked_and_spelt_out() {
    let (mut screens, sample) = open((120, 40));
    let id = sample.ids()[5];
    sample.change(id, false, |event| event.resource.resource_id = "aws_s3_bucket.inv\u{43e}ices".into());
    screens.listen();
    let row =
        |screens: &Screens| screens.screen().lines().find(|line| line.contains("inv\u{43e}ices")).map(str::to_owned);
    assert!(row(&screens).unwrap().contains("≠ aws_s3_bucket"), "{}", screens.screen());
    let look = |screens: &mut Screens, id| {
        while selected(screens) != id {
            screens.keys("j");
        }
        screens.screen()
    };
    let screen = look(&mut screens, sample.ids()[4]);
    assert!(screen.contains(r"≠ reads like another resource: aws_s3_bucket.inv\u{43e}ices in shop-k8s"), "{screen}");
    let screen = look(&mut screens, id);
    assert!(screen.contains(r"≠ mixes scripts: aws_s3_bucket.inv\u{43e}ices"), "{screen}");
    assert!(screen.contains("≠ reads like another resource: aws_s3_bucket.invoices in prod-eu"), "{screen}");
    screens.act("acknowledge");
    screens.act("mark-all");
    screens.act("acknowledge");
    assert!(screens.screen().contains("≠ aws_s3_bucket.inv\u{43e}ices"), "the confirmation says so too");
}
