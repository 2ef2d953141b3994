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
    model.notice(false, format!("view {} deleted; its query was: {}", view.name, view.query));
    vec![Effect::SaveView(view.name, None)]
}
