//! Keys that do nothing here say why.

use crate::tui::app::action::Action;
use crate::tui::app::model::Pane;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::{Effect, Model};
use crate::tui::keymap::{KeyPress, Match};
use crate::tui::panes::{diff, layout};

/// An action that means nothing while something lies over the panes.
pub fn elsewhere(model: &mut Model, action: Action) -> Vec<Effect> {
    let leave = key_of(model, "overlay", Action::Back);
    says(model, format!("{}: not here; {leave} leaves this first", action.entry().name))
}

/// A key that is bound to nothing here. `begun`: the keys of a chord before it.
pub fn unbound(model: &mut Model, begun: &[KeyPress], key: KeyPress) -> Vec<Effect> {
    let pressed: Vec<String> = begun.iter().chain([&key]).map(ToString::to_string).collect();
    let pressed = pressed.join(" ");
    if model.overlay.is_none() && model.focus == Pane::Environments {
        let meant = match model.keymap().lookup("timeline", begun, key) {
            Match::Action(name) => Some(name),
            Match::Prefix => Some(pressed.clone()),
            Match::None => None,
        };
        if let Some(meant) = meant {
            let there = key_of(model, "global", Action::FocusTimeline);
            return says(model, format!("{meant} is about a drift: {there} goes to the timeline first"));
        }
    }
    let way = match &model.overlay {
        None => format!("{} lists the keys", key_of(model, "global", Action::Help)),
        Some(Overlay::Form(_)) => return vec![],
        Some(_) => format!("{} leaves this", key_of(model, "overlay", Action::Back)),
    };
    says(model, format!("{pressed} means nothing here; {way}"))
}

/// After a change of how the diff is shown: it may be out of sight.
pub fn unseen(model: &mut Model, action: Action) {
    if layout::plan(model).area_of(Pane::Diff).is_empty() {
        let there = key_of(model, "global", Action::FocusDiff);
        says(model, format!("{}: done; {there} shows the diff", action.entry().name));
    }
}

/// Two columns need room.
pub fn too_narrow(model: &mut Model) -> bool {
    let wanted = diff::UNIFIED_BELOW;
    let is_narrow = model.size.0 < wanted;
    if is_narrow {
        says(model, format!("toggle-unified: side by side needs {wanted} columns, here are {}", model.size.0));
    }
    is_narrow
}

/// There is nothing to go back from.
pub fn nothing_to_leave(model: &mut Model) -> Vec<Effect> {
    let quit = key_of(model, "global", Action::Quit);
    says(model, format!("back: there is nothing to leave; {quit} quits"))
}

pub fn says(model: &mut Model, text: impl Into<String>) -> Vec<Effect> {
    let now = model.now;
    model.notices.answer(now, text.into());
    vec![]
}

pub fn key_of(model: &Model, scope: &str, action: Action) -> String {
    let keys = model.keymap().keys_for(scope, action.entry().name);
    keys.into_iter().next().unwrap_or_else(|| action.entry().name.to_owned())
}
