//! What the environments pane says of when an environment is scanned, and of one that is not.

use jiff::SignedDuration;

use super::*;

fn in_focus(change: impl FnOnce(&mut Screens)) -> Screens {
    let (mut screens, _) = open((120, 40));
    ["focus-environments", "down"].into_iter().for_each(|act| screens.act(act));
    change(&mut screens);
    screens
}

/// The rows of the pane, without the others.
fn pane(screens: &mut Screens) -> String {
    let screen = screens.screen();
    let row = |row: &str| row.chars().take_while(|sign| *sign != '│').collect::<String>().trim_end().to_owned();
    screen.lines().skip(2).take(9).map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_environment_that_is_scanned_by_the_calendar_says_when() {
    let mut screens = in_focus(|screens| {
        let now = screens.model.now;
        let row = &mut screens.model.environments.list[0];
        (row.schedule, row.next_scan) =
            (Some("0 2 * * 1-5 Europe/Berlin".into()), Some(now + SignedDuration::from_hours(7)));
    });
    let shown = pane(&mut screens);
    assert!(shown.contains("at 0 2 * * 1-5 Europe/Berlin"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn an_inactive_environment_is_dimmed_and_says_why_nothing_comes() {
    let mut screens = in_focus(|screens| {
        let row = &mut screens.model.environments.list[0];
        (row.environment.is_active, row.interval) = (false, Some(std::time::Duration::from_secs(300)));
    });
    let shown = pane(&mut screens);
    assert!(shown.contains("off") && shown.contains("inactive"), "{shown}");
    assert!(shown.contains("configuration says `active = false`"), "{shown}");
    assert!(!shown.contains("OVERDUE"), "{shown}");
    insta::assert_snapshot!(shown);
}
