//! Whatever is on the screen, and however large it is: it can be drawn.

use driftguard::tui::app::testkit::Screens;

use super::open;

/// What can lie over the panes, or change how they stand: the actions that get there, and text to type then.
pub const SCENES: [(&str, &str); 30] = [
    ("", ""),
    ("focus-environments", ""),
    ("focus-diff", ""),
    ("focus-recommendations", ""),
    ("focus-diff zoom toggle-hidden toggle-unified toggle-wrap toggle-fold", ""),
    ("toggle-hidden next-change next-change", ""),
    ("toggle-hidden next-change next-change never-hide", ""),
    ("help", ""),
    ("palette", "scan"),
    ("notices", ""),
    ("filter", "bucket"),
    ("filter", "env:prod is:"),
    ("filter", "env:prod colour:red"),
    ("cycle-group cycle-group cycle-group enter down", ""),
    ("views", ""),
    ("resolve", ""),
    ("ignore", ""),
    ("rules", ""),
    ("note", "日本語 and a long line of words that goes on beyond the border of every narrow screen"),
    ("mark-all acknowledge", ""),
    ("mark-matching accept", ""),
    ("escalate", "al"),
    ("snooze", "fri"),
    ("acknowledge decisions", ""),
    ("resolve-change", ""),
    ("acknowledge history", ""),
    ("acknowledge audit", ""),
    ("resource", ""),
    ("hidden-list", ""),
    ("incident", ""),
];

pub fn scene((acts, text): (&str, &str)) -> Screens {
    let (mut screens, _) = open((80, 24));
    acts.split_whitespace().for_each(|act| screens.act(act));
    screens.text(text);
    screens
}

/// The ends and the middle of what there is, and both sides of where the layout changes.
const WIDTHS: [u16; 11] = [1, 3, 20, 36, 40, 59, 60, 80, 100, 120, 200];
const HEIGHTS: [u16; 8] = [1, 2, 3, 5, 9, 16, 24, 50];

fn draw_all(what: (&str, &str), sizes: impl Iterator<Item = (u16, u16)>) {
    let mut screens = scene(what);
    for (columns, rows) in sizes {
        screens.resize(columns, rows);
        screens.draw();
    }
}

#[test]
fn no_size_panics_whatever_is_on_the_screen() {
    for what in SCENES {
        let sizes = WIDTHS.into_iter().flat_map(|columns| HEIGHTS.map(|rows| (columns, rows)));
        draw_all(what, sizes.chain([(250, 80), (1, 300), (500, 1)]));
    }
}

/// Every size of one scene after the other: what `every_size_can_be_drawn` draws, spread over the scenes.
#[test]
fn every_size_is_drawn_with_something_on_the_screen() {
    let sizes = |nth: usize| {
        let all = (1..=200_u16).flat_map(|columns| (1..=50_u16).map(move |rows| (columns, rows)));
        all.skip(nth).step_by(SCENES.len() * 5)
    };
    SCENES.into_iter().enumerate().for_each(|(nth, what)| draw_all(what, sizes(nth * 5)));
}

#[test]
#[ignore = "300,000 frames: cargo test --release --test stories every_size -- --ignored"]
fn every_size_can_be_drawn() {
    for what in SCENES {
        draw_all(what, (1..=200).flat_map(|columns| (1..=50).map(move |rows| (columns, rows))));
    }
}
