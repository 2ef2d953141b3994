//! Another configuration is in force. What somebody chose on the screen stays, unless the configuration now says something else.

use crate::tui::Options;
use crate::tui::app::model::{keymaps, themes};
use crate::tui::app::overlay::Overlay;
use crate::tui::app::question::{GeminiState, Stage};
use crate::tui::app::{Effect, Model};

/// Takes over what a running session can: looks, keys, zone, bell, people, what is protected and needs a reason.
pub fn take(model: &mut Model, to: &Options) -> Vec<Effect> {
    let before = std::mem::replace(&mut model.configured, to.configured.clone());
    // Where the lists move, a cursor in them would point at something else.
    if matches!(model.overlay, Some(Overlay::Themes { .. })) {
        model.overlay = None;
    }
    let theme = model.theme().name().to_owned();
    model.themes = themes(to.theme.clone(), to.themes.clone());
    let stays = model.themes.iter().position(|one| one.name() == theme).filter(|_| before.theme == to.configured.theme);
    model.theme = stays.unwrap_or(0);
    model.auto_theme = to.auto_theme && (model.auto_theme || before.theme != to.configured.theme);
    let keymap = model.keymaps.get(model.keymap).map(|(name, _)| name.clone());
    model.keymaps = keymaps(to.keymap.clone(), to.keymaps.clone());
    let stays = model.keymaps.iter().position(|(name, _)| Some(name) == keymap.as_ref());
    model.keymap = stays.filter(|_| before.keymap == to.configured.keymap).unwrap_or(0);
    if to.configured.utc != before.utc {
        model.show_utc(to.utc);
    }
    (model.alarm.bell, model.alarm.title) = (to.bell, to.title);
    model.alarm.muted.clone_from(&to.muted);
    model.protected.clone_from(&to.protected);
    model.require_reason = to.require_reason.clone();
    model.approve_own = to.approve_own;
    model.people.clone_from(&to.people);
    model.gemini.off.clone_from(&to.gemini_off);
    if model.gemini.spec != to.gemini {
        // Whom it goes to is another question.
        model.gemini = GeminiState { spec: to.gemini.clone(), off: to.gemini_off.clone(), ..GeminiState::default() };
        if let Some(view) = &mut model.question {
            if let Stage::Waiting(_, cancel) = &view.stage {
                cancel.cancel();
            }
            view.stage = Stage::Typing;
        }
        if model.gemini.spec.is_none() && model.overlay == Some(Overlay::Question) {
            model.overlay = model.question.take().and_then(|view| view.under);
        }
    }
    vec![Effect::LoadFinds]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::{Configured, sample, theme};

    fn screens() -> Screens {
        Screens::open(Arc::new(sample::Sample::default()), options(Options::default()), (120, 40)).unwrap()
    }

    fn themed(name: &str) -> Options {
        let load = |name: &str| theme::load(name, None, theme::ColorDepth::Ansi16).0;
        let configured = Configured { theme: name.into(), keymap: "default".into(), utc: false };
        let themes = theme::NAMES.iter().map(|name| load(name)).collect();
        Options { theme: load(name), themes, configured, ..options(Options::default()) }
    }

    #[test]
    fn another_theme_in_the_configuration_is_shown_and_one_chosen_on_the_screen_survives_other_changes() {
        let mut screens = screens();
        take(&mut screens.model, &themed("nord"));
        assert_eq!(screens.model.theme().name(), "nord");
        let dark = screens.model.themes.iter().position(|one| one.name() == "dark").unwrap();
        screens.model.theme = dark;
        take(&mut screens.model, &Options { bell: true, ..themed("nord") });
        assert_eq!((screens.model.theme().name(), screens.model.alarm.bell), ("dark", true));
        take(&mut screens.model, &themed("light"));
        assert_eq!(screens.model.theme().name(), "light");
    }

    #[test]
    fn times_turn_to_utc_when_the_configuration_does_and_not_back_by_itself() {
        let mut screens = screens();
        let utc = screens.model.utc;
        screens.model.show_utc(!utc);
        take(&mut screens.model, &themed("default"));
        assert_eq!(screens.model.utc, !utc, "somebody chose it, and the configuration says what it said");
    }
}
