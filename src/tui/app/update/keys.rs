//! From a key to an action; a chord waits for its end.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::{actions, silent, typing};
use crate::tui::app::action::Action;
use crate::tui::app::model::Pane;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::question::Stage;
use crate::tui::app::{Effect, Model};
use crate::tui::keymap::{KeyPress, Match};

/// The scope of the keymap that is asked; it falls back to `global` by itself.
pub fn scope(model: &Model) -> &'static str {
    match (&model.overlay, model.focus) {
        (Some(Overlay::Palette(_) | Overlay::Form(_)), _) => "input",
        (Some(Overlay::Query(_)), _) => "query",
        (Some(Overlay::Views { .. }), _) => "views",
        // The list of decisions has the keys of the list of rules; those about rules mean nothing in it.
        (Some(Overlay::Rules | Overlay::Decisions { .. }), _) => "rules",
        (Some(Overlay::Waiting | Overlay::Collision), _) => "waiting",
        (Some(Overlay::Untold), _) if model.untold.as_ref().is_some_and(|list| list.typing) => "input",
        (Some(Overlay::Untold), _) => "hidden",
        (Some(Overlay::Incident), _) if model.incident.as_ref().is_some_and(|view| view.ask.is_some()) => "input",
        (Some(Overlay::Incident), _) => "incident",
        (Some(Overlay::Question), _)
            if model.question.as_ref().is_some_and(|view| matches!(view.stage, Stage::Typing)) =>
        {
            "input"
        }
        (Some(Overlay::Resource | Overlay::History | Overlay::Narrative), _) => "resource",
        (Some(Overlay::Models), _) => "models",
        (Some(_), _) => "overlay",
        (None, Pane::Environments) => "environments",
        (None, Pane::Timeline) => "timeline",
        (None, Pane::Diff) => "diff",
        (None, Pane::Recommendations) => "recommendations",
    }
}

/// Over an overlay only these reach what lies outside it.
fn works_in(overlay: &Overlay, action: Action) -> bool {
    use Action as A;
    if *overlay == Overlay::Rules && matches!(action, A::EditRule | A::DeleteRule | A::Undo) {
        return true;
    }
    if matches!(overlay, Overlay::Waiting | Overlay::Collision)
        && matches!(action, A::KeepTheirs | A::ApplyMine | A::KeepAllTheirs | A::ApplyAllMine | A::Undo)
    {
        return true;
    }
    if *overlay == Overlay::Models && matches!(action, A::ActivateModel | A::RollbackModel) {
        return true;
    }
    if *overlay == Overlay::Untold && matches!(action, A::NeverHide | A::Filter | A::Undo) {
        return true;
    }
    if matches!((overlay, action), (Overlay::Query(_), A::SaveView) | (Overlay::Views { .. }, A::DeleteView | A::Undo))
        || matches!((overlay, action), (Overlay::Decisions { .. }, A::Undo))
    {
        return true;
    }
    let looks = matches!(action, A::Resource | A::Who | A::Narrative | A::AskGemini | A::History | A::Audit);
    let scrubs = matches!(action, A::Earlier | A::Later | A::TurnOrder | A::Span | A::NextEnvironment | A::Export);
    let marks = matches!(action, A::AddMarker | A::EndMarker | A::CopyLink);
    let copies = matches!(action, A::CopyAddress | A::CopyPath | A::CopyValue | A::CopyId | A::CopyLink);
    if match overlay {
        Overlay::Incident => looks || scrubs || marks || matches!(action, A::Left | A::Right),
        Overlay::Resource => copies || matches!(action, A::History | A::Who | A::Narrative | A::AskGemini),
        Overlay::Narrative => action == A::AskGemini,
        _ => false,
    } {
        return true;
    }
    let moves = matches!(action, A::Up | A::Down | A::PageUp | A::PageDown | A::HalfPageUp | A::HalfPageDown);
    moves || matches!(action, A::Top | A::Bottom | A::Enter | A::Back | A::Suspend | A::Redraw | A::Quit)
}

pub fn press(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release {
        return vec![];
    }
    model.notices.dismiss(model.now);
    // What is pressed in the tutorial turns its pages.
    model.is_touched |= model.overlay.is_none();
    let mut effects: Vec<Effect> = model.alarm.answer().into_iter().collect();
    effects.extend(pressed(model, event));
    effects
}

fn pressed(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    // Keys that edit a line are the same in every keymap, as in every shell.
    if let Some(effects) = typing::edit(model, &event) {
        return effects;
    }
    let Some(key) = KeyPress::from_event(&event) else { return vec![] };
    match model.keymap().lookup(scope(model), &model.typed, key) {
        Match::Prefix => {
            model.typed.push(key);
            vec![]
        }
        Match::Action(name) => {
            model.typed.clear();
            match Action::named(&name) {
                Some(action) if model.overlay.as_ref().is_some_and(|overlay| !works_in(overlay, action)) => {
                    silent::elsewhere(model, action)
                }
                // `ctrl-c` in a dialog leaves the dialog.
                Some(Action::Quit) if model.overlay.is_some() => actions::run(model, Action::Back),
                Some(action) => actions::run(model, action),
                None => vec![],
            }
        }
        Match::None => {
            let begun = std::mem::take(&mut model.typed);
            let typed = key.typed().filter(|_| typing::is_typing(model));
            match typed {
                Some(c) => typing::insert(model, c),
                None => silent::unbound(model, &begun, key),
            }
        }
    }
}
