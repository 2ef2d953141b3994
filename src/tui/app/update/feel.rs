//! Looks and their preview, the clock's zone, the tutorial, the window's background.

use crate::tui::app::overlay::Overlay;
use crate::tui::app::{Effect, Model};
use crate::tui::overlays::tutorial;

/// Opens the list of themes; moving in it shows them, leaving it takes that back.
pub fn choose_theme(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Themes { before: model.theme });
    vec![]
}

/// Somebody has chosen: what the terminal says of itself no longer counts.
pub fn take_theme(model: &mut Model, at: usize) -> Vec<Effect> {
    (model.theme, model.auto_theme) = (at, false);
    let name = model.theme().name().to_owned();
    model.notice(false, format!("theme {name}"));
    vec![]
}

/// The terminal's background as it says itself: dark or light, where nobody chose.
pub fn background(model: &mut Model, [red, green, blue]: [u8; 3]) -> Vec<Effect> {
    let light = 2126 * u32::from(red) + 7152 * u32::from(green) + 722 * u32::from(blue) > 10_000 * 128;
    let wanted = if light { "light" } else { "dark" };
    if let Some(at) = model.themes.iter().position(|theme| theme.name() == wanted).filter(|_| model.auto_theme) {
        model.theme = at;
    }
    vec![]
}

pub fn toggle_utc(model: &mut Model) -> Vec<Effect> {
    model.show_utc(!model.utc);
    model.notice(false, if model.utc { "times in UTC" } else { "times in local time" });
    vec![]
}

/// From its start.
pub fn tutorial(model: &mut Model) -> Vec<Effect> {
    step(model, 0)
}

/// Shows a step, with the pane it is about in focus; past the last one it ends.
pub fn step(model: &mut Model, at: usize) -> Vec<Effect> {
    let Some(step) = tutorial::STEPS.get(at) else { return end_tutorial(model) };
    model.zoom = false;
    model.focus = step.pane;
    model.overlay = Some(Overlay::Tutorial(at));
    vec![]
}

/// It does not come again by itself.
pub fn end_tutorial(model: &mut Model) -> Vec<Effect> {
    (model.overlay, model.tutored) = (None, true);
    model.focus = crate::tui::app::model::Pane::Timeline;
    vec![]
}
