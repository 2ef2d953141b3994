//! Views: the list of them, and asking one.

use super::query;
use crate::tui::app::finds::{Finds, View};
use crate::tui::app::overlay::Overlay;
use crate::tui::app::{Effect, Model};

/// Opens the list.
pub fn open(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Views { at: 0 });
    vec![]
}

/// What earlier sessions kept, and what is wrong with it.
pub fn came(model: &mut Model, finds: Finds, problems: Vec<String>) -> Vec<Effect> {
    // What was asked before it came is newer.
    let asked = std::mem::replace(&mut model.finds, finds).history;
    model.finds.remember_all(asked.iter().map(String::as_str));
    problems.into_iter().for_each(|problem| model.notice(true, problem));
    vec![]
}

/// Puts the view's query in force.
pub fn pick(model: &mut Model, view: &View) -> Vec<Effect> {
    model.focus = crate::tui::app::model::Pane::Timeline;
    let mut effects = query::ask(model, &view.query);
    effects.extend(model.finds.remember(&view.query).then(|| Effect::KeepQuery(view.query.clone())));
    effects
}

/// The view under the cursor.
pub fn chosen(model: &Model) -> Option<View> {
    match model.overlay {
        Some(Overlay::Views { at }) => model.finds.views().into_iter().nth(at),
        _ => None,
    }
}

/// Deletes it; what is built in stays.
pub fn delete(model: &mut Model) -> Vec<Effect> {
    let Some(view) = chosen(model) else { return vec![] };
    model.finds.own.retain(|own| own.name != view.name);
    let last = model.finds.views().len().saturating_sub(1);
    if let Some(Overlay::Views { at }) = &mut model.overlay {
        *at = (*at).min(last);
    }
    let key = model.keymap().keys_for("views", "undo").into_iter().next().unwrap_or_default();
    model.notice(false, format!("view {} deleted; {key} brings it back", view.name));
    model.finds.deleted = Some(view.clone());
    vec![Effect::SaveView(view.name, None)]
}

/// Brings back the one that was deleted last.
pub fn restore(model: &mut Model) -> Vec<Effect> {
    let Some(view) = model.finds.deleted.take() else { return vec![] };
    model.finds.put(&view.name, &view.query);
    let at = model.finds.views().iter().position(|one| one.name == view.name).unwrap_or(0);
    model.overlay = Some(Overlay::Views { at });
    model.notice(false, format!("view {} is back", view.name));
    vec![Effect::SaveView(view.name, Some(view.query))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    #[test]
    fn a_view_that_was_deleted_is_one_key_away() {
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), (80, 24)).unwrap();
        screens.model.finds.put("friday", "env:prod-eu is:new");
        screens.act("views");
        assert!(screens.screen().contains("friday"));
        screens.keys("d");
        assert!(!screens.screen().contains("env:prod-eu"), "{}", screens.screen());
        assert!(screens.screen().contains("view friday deleted; u brings it back"), "{}", screens.screen());
        screens.keys("u");
        assert!(screens.screen().contains("env:prod-eu is:new"), "{}", screens.screen());
        let kept = Effect::SaveView("friday".into(), Some("env:prod-eu is:new".into()));
        assert!(screens.effects.contains(&kept), "it is written again");
        screens.keys("u");
        assert!(screens.screen().contains("no view was deleted"), "{}", screens.screen());
    }
}
