//! The screenshots: keys pressed in the sample world.

use std::io;
use std::sync::Arc;

use ratatui::buffer::Buffer;

use super::Sample;
use crate::tui::Options;
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

/// Draws a screenshot at any size; an unknown name is an error. Keys are action names, so that they hold for any keymap.
pub fn screenshot(name: &str, columns: u16, rows: u16, options: Options) -> io::Result<Buffer> {
    let shot = SHOTS.iter().find(|shot| shot.name == name);
    let keys = shot.ok_or_else(|| io::Error::other(format!("no screenshot is called {name}")))?.keys;
    // On a thread of its own: the caller may be inside a runtime, and this needs one.
    let draw = move || {
        let mut screens = Screens::open(Arc::new(Sample::default()), testkit::options(options), (columns, rows))?;
        keys.split_whitespace().for_each(|action| screens.act(action));
        Ok(screens.buffer())
    };
    std::thread::spawn(draw).join().unwrap_or_else(|_| Err(io::Error::other("drawing a screenshot broke down")))
}
