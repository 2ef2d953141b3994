//! Typing into the field in focus.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::load;
use crate::tui::app::input::Line;
use crate::tui::app::overlay::{Field, Form, Overlay, Value};
use crate::tui::app::{Effect, Model};

fn line(model: &mut Model) -> Option<&mut Line> {
    match model.overlay.as_mut()? {
        Overlay::Untold => model.untold.as_mut().filter(|list| list.typing).map(|list| &mut list.line),
        Overlay::Incident => model.incident.as_mut().and_then(super::incident::line),
        Overlay::Palette(palette) => Some(&mut palette.line),
        Overlay::Filter { line, .. } => Some(line),
        Overlay::Form(form) => form.line(),
        Overlay::Help { .. } | Overlay::Notices { .. } | Overlay::Rules | Overlay::Confirm { .. } => None,
        Overlay::Resource | Overlay::History | Overlay::Sheet => None,
    }
}

/// One character.
pub fn insert(model: &mut Model, c: char) -> Vec<Effect> {
    replace_offer(model);
    if model.overlay == Some(Overlay::Incident) {
        super::incident::replace_offer(model);
    }
    let Some(line) = line(model) else { return vec![] };
    line.insert(c);
    changed(model)
}

/// What was only offered makes room for what is typed; to edit it, move in it first.
fn replace_offer(model: &mut Model) {
    let Some(Overlay::Form(form)) = &mut model.overlay else { return };
    let Some(Field { label, value: Value::Text { line, presets }, .. }) = form.fields.get(form.at) else { return };
    let is_offered = presets.iter().any(|preset| preset == line.text()) && line.halves().1.is_empty();
    if is_offered && form.is_untouched(label) {
        form.line().into_iter().for_each(|line| *line = Line::new(""));
    }
}

/// One paste: never taken as keys, so that what is pasted cannot press any.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let Some(line) = line(model) else {
        model.notice(false, "there is no field to paste into");
        return vec![];
    };
    if let Err(why) = line.paste(text) {
        model.notice(true, why);
    }
    changed(model)
}

/// Keys that edit the line in focus, and go from field to field. `None`: the key is for the keymap.
pub fn edit(model: &mut Model, key: &KeyEvent) -> Option<Vec<Effect>> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if let Some(Overlay::Form(Form { fields, at, .. })) = &mut model.overlay
        && matches!(key.code, KeyCode::Tab | KeyCode::BackTab)
    {
        let by = if key.code == KeyCode::Tab { 1 } else { fields.len().saturating_sub(1) };
        *at = (*at + by) % fields.len().max(1);
        return Some(vec![]);
    }
    let line = line(model)?;
    match key.code {
        KeyCode::Left => line.left(),
        KeyCode::Right => line.right(),
        KeyCode::Home => line.start(),
        KeyCode::End => line.end(),
        KeyCode::Backspace => line.delete_back(),
        KeyCode::Delete => line.delete(),
        KeyCode::Char('a') if control => line.start(),
        KeyCode::Char('e') if control => line.end(),
        KeyCode::Char('h') if control => line.delete_back(),
        KeyCode::Char('d') if control => line.delete(),
        KeyCode::Char('w') if control => line.delete_word(),
        KeyCode::Char('u') if control => line.delete_line(),
        _ => return None,
    }
    Some(changed(model))
}

/// The text may have changed: the timeline follows its filter, the palette starts from the top.
fn changed(model: &mut Model) -> Vec<Effect> {
    match &mut model.overlay {
        Some(Overlay::Filter { line, .. }) => {
            let text = line.text().to_owned();
            load::filtered(model, |filter| filter.text = text)
        }
        Some(Overlay::Untold) => {
            model.untold.iter_mut().for_each(|list| list.at = 0);
            vec![]
        }
        Some(Overlay::Incident) => {
            super::incident::typed(model);
            vec![]
        }
        Some(Overlay::Palette(palette)) => {
            palette.at = 0;
            vec![]
        }
        Some(Overlay::Form(form)) => {
            form.problem = None;
            vec![]
        }
        _ => vec![],
    }
}
