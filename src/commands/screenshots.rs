//! Renders the README's pictures from the real screens.

use std::path::Path;

use anyhow::Context;

use crate::tui::sample::{SHOTS, screenshot};
use crate::tui::theme::{self, ColorDepth};
use crate::tui::{Options, widgets::svg};

pub(super) fn run(directory: &Path) -> anyhow::Result<u8> {
    std::fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    for shot in SHOTS {
        let options = Options { theme: theme::load("dark", None, ColorDepth::True).0, ..Options::default() };
        let buffer = screenshot(shot.name, shot.columns, shot.rows, options)?;
        let path = directory.join(format!("{}.svg", shot.name));
        std::fs::write(&path, svg::render(&buffer, "driftguard")).with_context(|| path.display().to_string())?;
    }
    Ok(0)
}
