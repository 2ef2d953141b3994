//! The screenshots: keys pressed in the sample world.

use std::io;
use std::sync::Arc;

use jiff::SignedDuration;
use ratatui::buffer::Buffer;

use super::Sample;
use crate::tui::Options;
use crate::tui::app::action::Action;
use crate::tui::app::testkit::{self, Screens};

/// One screenshot.
pub struct Shot {
    pub name: &'static str,
    pub keys: &'static str,
    pub columns: u16,
    pub rows: u16,
}

const fn shot(name: &'static str, keys: &'static str, columns: u16, rows: u16) -> Shot {
    Shot { name, keys, columns, rows }
}

/// Every screenshot, at the size it is shown in.
pub const SHOTS: &[Shot] = &[
    shot("triage", "", 140, 40),
    shot("stacked", "", 80, 24),
    shot("diff", "focus-diff zoom", 120, 36),
    shot("resolve", "resolve", 120, 36),
    shot("palette", "palette", 120, 36),
    shot("incident", "incident down down down enter earlier", 120, 36),
    shot("help", "help", 120, 40),
];

/// Draws a screenshot at any size; an unknown name is an error.
pub fn screenshot(name: &str, columns: u16, rows: u16, options: Options) -> io::Result<Buffer> {
    let shot = SHOTS.iter().find(|shot| shot.name == name);
    let keys = shot.ok_or_else(|| io::Error::other(format!("no screenshot is called {name}")))?.keys;
    draw(keys, columns, rows, options)
}

/// Draws the sample world after some steps: names of actions, so that they hold for any keymap; keys; `"text`, where `_` is a blank;
/// `resize:60x20`; `wait:30` seconds.
pub fn draw(steps: &str, columns: u16, rows: u16, options: Options) -> io::Result<Buffer> {
    let steps: Vec<String> = steps.split_whitespace().map(str::to_owned).collect();
    // On a thread of its own: the caller may be inside a runtime, and this needs one.
    let draw = move || {
        let mut screens = Screens::open(Arc::new(Sample::default()), testkit::options(options), (columns, rows))?;
        steps.iter().for_each(|step| take(&mut screens, step));
        Ok(screens.buffer())
    };
    std::thread::spawn(draw).join().unwrap_or_else(|_| Err(io::Error::other("drawing a screenshot broke down")))
}

fn take(screens: &mut Screens, step: &str) {
    let size = step.strip_prefix("resize:").and_then(|size| size.split_once('x'));
    let size = size.and_then(|(columns, rows)| columns.parse().ok().zip(rows.parse().ok()));
    let seconds = step.strip_prefix("wait:").and_then(|seconds| seconds.parse().ok());
    match (step.strip_prefix('"'), size, seconds, Action::named(step)) {
        (Some(text), ..) => screens.text(&text.replace('_', " ")),
        (_, Some((columns, rows)), ..) => screens.resize(columns, rows),
        (.., Some(seconds), _) => {
            let later = screens.model.now.checked_add(SignedDuration::from_secs(seconds));
            screens.at(later.unwrap_or(screens.model.now));
        }
        (.., Some(_)) => screens.act(step),
        _ => screens.keys(step),
    }
}
