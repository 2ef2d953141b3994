//! Incident mode, the resource view and history: keys in, screen out.

use driftguard::drift::{DriftId, State};

use super::{open, status};
use driftguard::tui::app::testkit::Screens;

fn bad() -> (Screens, std::sync::Arc<driftguard::tui::sample::Sample>) {
    let (mut screens, sample) = open((120, 40));
    screens.keys("@");
    screens.text("-3d");
    screens.keys("enter");
    (screens, sample)
}

/// The line with the moment.
fn moment(screens: &Screens) -> String {
    let screen = screens.screen();
    let line = screen.lines().find(|line| line.contains('▲')).expect("the moment is shown");
    line.trim().trim_matches(['▲', ' ']).to_owned()
}

fn under_cursor(screens: &Screens) -> Option<DriftId> {
    screens.model.incident.as_ref()?.current()?.drift
}

#[test]
fn a_span_is_asked_for_and_what_cannot_be_read_says_what_can() {
    let (mut screens, _) = open((80, 24));
    screens.keys("@");
    assert!(screens.screen().contains("span  -2h"), "{}", screens.screen());
    screens.text("noon");
    screens.keys("enter");
    assert!(screens.screen().contains("`@noon` is no time"), "{}", screens.screen());
    screens.keys("up enter");
    let screen = screens.screen();
    assert!(screen.contains("all environments") && screen.contains("net.aws_security_group.web"), "{screen}");
    screens.keys("@ esc");
    assert!(screens.screen().contains("by then"), "leaving the question leaves the view");
    screens.keys("esc");
    assert!(screens.model.overlay.is_none());
    screens.act("palette");
    screens.text("incident");
    screens.keys("enter esc esc");
    assert!(screens.model.overlay.is_none());
}

#[test]
fn leaving_the_first_question_leaves_incident_mode() {
    let (mut screens, _) = open((80, 24));
    screens.keys("@ esc");
    assert!(screens.model.overlay.is_none() && screens.model.incident.is_none());
}

#[test]
fn the_heat_has_a_letter_for_the_worst_and_an_axis() {
    let (screens, _) = bad();
    let screen = screens.screen();
    let row = |lead: &str| screen.lines().find(|line| line.starts_with(lead)).unwrap_or_default().to_owned();
    let heat = screen.lines().position(|line| line.starts_with(" worst")).unwrap();
    assert!(screen.lines().nth(heat - 1).unwrap().contains(['▂', '▄', '█']), "{screen}");
    assert!(row(" worst").contains('C') && row(" worst").contains('M'), "{screen}");
    assert_eq!(row(" marks").trim_start_matches(" marks").trim(), "D", "a deployment: {screen}");
    assert!(screen.lines().nth(heat + 2).unwrap().contains(':'), "the axis has times: {screen}");
}

#[test]
fn left_and_right_move_through_time_and_dim_what_came_later() {
    let (mut screens, _) = bad();
    let newest = moment(&screens);
    let id = under_cursor(&screens);
    screens.keys("left");
    assert!(moment(&screens) < newest, "{newest} {}", moment(&screens));
    assert_ne!(under_cursor(&screens), id, "what had happened last by then");
    let by_then = |screens: &Screens| screens.screen().lines().find(|l| l.contains("by then")).unwrap().to_owned();
    assert!(!by_then(&screens).contains("by then 7 of 7"), "{}", by_then(&screens));
    screens.keys("G");
    let oldest = moment(&screens);
    assert!(by_then(&screens).contains("by then 1 of"), "{}", by_then(&screens));
    screens.keys("left left");
    assert!(moment(&screens) < oldest && under_cursor(&screens).is_none(), "before everything");
    screens.keys("o");
    let screen = screens.screen();
    let place = |name: &str| screen.lines().position(|line| line.contains(name) && line.contains("first seen"));
    assert!(place("invoices").unwrap() < place("sshd_config").unwrap(), "oldest first: {screen}");
}

#[test]
fn new_happenings_join_and_the_cursor_stays() {
    let (mut screens, sample) = bad();
    screens.keys("j j");
    let id = under_cursor(&screens);
    let row = |screens: &Screens| screens.screen().lines().position(|line| line.contains("sshd_config")).unwrap();
    let (before, lines) = (row(&screens), screens.model.incident.as_ref().unwrap().happenings().len());
    sample.appear(30);
    screens.at(driftguard::tui::sample::now().checked_add(jiff::SignedDuration::from_secs(60)).unwrap());
    screens.listen();
    assert!(screens.model.incident.as_ref().unwrap().happenings().len() >= lines + 30, "{}", screens.screen());
    assert_eq!((under_cursor(&screens), row(&screens)), (id, before), "{}", screens.screen());
    assert!(screens.screen().contains("live"));
}

#[test]
fn enter_shows_the_resource_as_it_stood_then() {
    let (mut screens, _) = bad();
    screens.keys("enter");
    let screen = screens.screen();
    assert!(screen.contains("module.net.aws_security_group.web as of 2026-11-21"), "{screen}");
    assert!(screen.contains("as it was last seen") && screen.contains("0.0.0.0/0"), "{screen}");
    screens.keys("esc");
    // The unmanaged instance was first observed an hour before it was found: further back nothing is known.
    assert!(screens.screen().contains("by then"), "back in incident mode");
    screens.keys("j enter");
    assert!(screens.screen().contains("spec"), "{}", screens.screen());
}

#[test]
fn a_review_is_written_once_and_never_over_another() {
    let dir = tempfile::tempdir().unwrap();
    let name = format!("driftguard-story-{}", std::process::id());
    let (mut screens, _) = bad();
    screens.keys("e up up");
    assert!(screens.screen().contains(".html"), "{}", screens.screen());
    screens.keys("ctrl-u");
    screens.text(&format!("{}/x.md", dir.path().display()));
    screens.keys("enter");
    assert!(screens.screen().contains("without a path"), "{}", screens.screen());
    screens.keys("ctrl-u");
    screens.text(&format!("{name}.html"));
    screens.keys("enter");
    let path = std::env::current_dir().unwrap().join(format!("{name}.html"));
    let text = std::fs::read_to_string(&path).expect("it is in the current directory");
    assert!(status(&screens).contains(&name) && text.starts_with("<!doctype html>") && text.contains("invoices"));
    screens.keys("e up up ctrl-u");
    screens.text(&format!("{name}.html"));
    screens.keys("enter");
    assert!(screens.screen().contains("is there already"), "{}", screens.screen());
    std::fs::remove_file(path).unwrap();
}

#[test]
fn one_environment_after_the_other_can_be_looked_at() {
    let (mut screens, _) = bad();
    let lines = |screens: &Screens| screens.model.incident.as_ref().unwrap().happenings().len();
    let all = lines(&screens);
    let mut each = 0;
    for _ in 0..3 {
        screens.keys("tab");
        each += lines(&screens);
    }
    screens.keys("tab");
    assert_eq!((lines(&screens), each), (all, all));
}

#[test]
fn a_resource_says_where_it_is_declared_what_hangs_on_it_and_what_it_was() {
    let (mut screens, _) = open((120, 40));
    screens.keys("i");
    let screen = screens.screen();
    for part in ["/srv/state/modules/net/web.tf:41", "needed by   aws_instance.web, aws_lb.front", "2 observed values"]
    {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert!(screen.contains("first value kept") && screen.contains("~ingress"), "{screen}");
    screens.keys("y p");
    assert!(format!("{:?}", screens.effects).contains("web.tf:41"));
    screens.keys("enter");
    let screen = screens.screen();
    assert!(screen.contains("left:  observed") && screen.contains("differed from the code"), "{screen}");
    screens.keys("esc");
    assert!(screens.screen().contains("2 observed values"), "back where it was opened");
    screens.keys("esc");
    assert!(screens.model.overlay.is_none());
}

#[test]
fn history_tells_what_was_decided_and_what_was_taken_back() {
    let (mut screens, sample) = open((120, 40));
    // All states, so that what is decided stays in the list.
    screens.keys("f f f");
    let id = screens.model.timeline.selected_id().unwrap();
    screens.keys("W");
    assert!(screens.screen().contains("nothing was decided yet"), "{}", screens.screen());
    screens.keys("esc a u D tab");
    screens.text("window of tonight");
    screens.keys("enter enter");
    assert_eq!(sample.event(id).unwrap().state, State::Resolved);
    screens.keys("W");
    let screen = screens.screen();
    for part in ["history of", "alice", "acknowledged", "(taken back)", "resolved as auto_revert", "window of tonight"]
    {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert!(screen.contains("why: window of tonight"), "all of the one under the cursor: {screen}");
    screens.keys("esc");
    screens.act("audit");
    assert!(screens.screen().contains("everything that was decided: 3"), "{}", screens.screen());
}

#[test]
fn history_and_resource_open_from_incident_mode_and_lead_back_to_it() {
    let (mut screens, _) = bad();
    screens.keys("j i");
    assert!(screens.screen().contains("shop/Deployment/checkout") && screens.screen().contains("observed value"));
    screens.keys("W");
    assert!(screens.screen().contains("history of"), "{}", screens.screen());
    screens.keys("esc esc");
    assert!(screens.screen().contains("by then"), "{}", screens.screen());
}

/// The last three days, on a screen of this size.
fn three_days(columns: u16, rows: u16, keys: &str) -> String {
    let (mut screens, _) = open((columns, rows));
    screens.keys("@");
    screens.text("-3d");
    screens.keys("enter");
    screens.keys(keys);
    screens.screen()
}

#[test]
fn incident_mode_at_80_by_24() {
    insta::assert_snapshot!(three_days(80, 24, "j j"));
}

#[test]
fn incident_mode_at_160_by_45() {
    insta::assert_snapshot!(three_days(160, 45, "left left"));
}

#[test]
fn the_export_is_asked_for_at_80_by_24() {
    insta::assert_snapshot!(three_days(80, 24, "e down"));
}

#[test]
fn the_resource_view_at_80_by_24() {
    let (mut screens, _) = open((80, 24));
    screens.keys("i");
    insta::assert_snapshot!(screens.screen());
}

#[test]
fn a_resource_as_it_stood_at_160_by_45() {
    insta::assert_snapshot!(three_days(160, 45, "j enter"));
}
