//! Typing into the field in focus.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::actions;
use crate::tui::app::action::Action;
use crate::tui::app::editor::Editor;
use crate::tui::app::input::Line;
use crate::tui::app::overlay::{Field, Form, Overlay, Value};
use crate::tui::app::{Effect, Model};

fn line(model: &mut Model) -> Option<&mut Line> {
    match model.overlay.as_mut()? {
        Overlay::Untold => model.untold.as_mut().filter(|list| list.typing).map(|list| &mut list.line),
        Overlay::Incident => model.incident.as_mut().and_then(super::incident::line),
        Overlay::Palette(palette) => Some(&mut palette.line),
        Overlay::Query(query) => Some(query.name.as_mut().unwrap_or(&mut query.line)),
        Overlay::Form(form) => form.line(),
        Overlay::Question => model.question.as_mut().and_then(|view| view.field()),
        Overlay::Resource | Overlay::History | Overlay::Who | Overlay::Narrative | Overlay::Models | Overlay::Sheet => {
            None
        }
        Overlay::Help { .. }
        | Overlay::Notices { .. }
        | Overlay::Trends { .. }
        | Overlay::Rules
        | Overlay::Themes { .. }
        | Overlay::Tutorial(_)
        | Overlay::Views { .. }
        | Overlay::Offers
        | Overlay::Decisions { .. }
        | Overlay::Waiting
        | Overlay::Collision
        | Overlay::SettleAll { .. }
        | Overlay::Confirm { .. } => None,
    }
}

fn editor(model: &mut Model) -> Option<&mut Editor> {
    if let Some(Overlay::Form(form)) = &mut model.overlay { form.editor() } else { None }
}

/// Whether something takes what is typed.
pub fn is_typing(model: &mut Model) -> bool {
    matches!(model.overlay, Some(Overlay::Form(_))) || line(model).is_some()
}

/// One character.
pub fn insert(model: &mut Model, c: char) -> Vec<Effect> {
    if let Some(Overlay::Form(form)) = &mut model.overlay
        && let Some(effects) = choose(form, c)
    {
        return effects;
    }
    replace_offer(model);
    if model.overlay == Some(Overlay::Incident) {
        super::incident::replace_offer(model);
    }
    if let Some(editor) = editor(model) {
        editor.insert(c);
    } else if let Some(line) = line(model) {
        line.insert(c);
    } else {
        return vec![];
    }
    changed(model)
}

/// In a choice a letter goes to what begins with it, and a blank to the next. `None`: something can be typed there.
fn choose(form: &mut Form, c: char) -> Option<Vec<Effect>> {
    let field = form.fields.get_mut(form.at)?;
    let found = field.jump(c)?;
    form.problem = match (found, &field.value) {
        (false, Value::Choice { options, .. }) if c != ' ' => {
            Some(format!("none begins with {c}: up and down choose among {}", options.len()))
        }
        _ => None,
    };
    if !found && c == ' ' {
        field.step(1);
    }
    Some(vec![])
}

/// What was only offered makes room for what is typed; to edit it, move in it first.
fn replace_offer(model: &mut Model) {
    let Some(Overlay::Form(form)) = &mut model.overlay else { return };
    let Some(Field { label, value, .. }) = form.fields.get(form.at) else { return };
    let is_offered = match value {
        Value::Text { line, presets } => {
            let is_preset = presets.iter().any(|preset| preset == line.text());
            is_preset && line.halves().1.is_empty() && form.is_untouched(label)
        }
        Value::Pick(pick) => pick.is_offered() && pick.line.halves().1.is_empty(),
        _ => false,
    };
    if is_offered {
        form.line().into_iter().for_each(|line| *line = Line::new(""));
    }
}

/// One paste: never taken as keys, so that what is pasted cannot press any.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    replace_offer(model);
    if let Some(editor) = editor(model) {
        editor.paste(text);
        return changed(model);
    }
    let Some(line) = line(model) else {
        model.notice(false, "there is no field to paste into");
        return vec![];
    };
    if let Err(why) = line.paste(text) {
        model.notice(true, why);
    }
    changed(model)
}

/// Keys that edit the text in focus, and go from field to field. `None`: the key is for the keymap.
pub fn edit(model: &mut Model, key: &KeyEvent) -> Option<Vec<Effect>> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if let Some(Overlay::Form(form)) = &mut model.overlay {
        if control && key.code == KeyCode::Char('s') {
            return Some(actions::run(model, Action::Enter));
        }
        if matches!(key.code, KeyCode::Tab | KeyCode::BackTab) {
            let is_tab = key.code == KeyCode::Tab;
            if let Some(Field { value: Value::Pick(pick), .. }) = form.fields.get_mut(form.at).filter(|_| is_tab) {
                form.problem = None;
                if pick.complete() {
                    return Some(vec![]);
                }
            }
            form.turn(if is_tab { 1 } else { -1 });
            return Some(vec![]);
        }
        let Form { fields, at, .. } = form;
        if let Some(field @ Field { value: Value::Choice { .. }, .. }) = fields.get_mut(*at)
            && matches!(key.code, KeyCode::Left | KeyCode::Right)
        {
            field.step(if key.code == KeyCode::Right { 1 } else { -1 });
            return Some(vec![]);
        }
    }
    if editor(model).is_some()
        && let Some(effects) = edit_lines(model, key)
    {
        return Some(effects);
    }
    if matches!(model.overlay, Some(Overlay::Query(_))) && key.code == KeyCode::Tab {
        return Some(super::query::complete(model));
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

/// Keys that mean something else where there are several lines. After `esc` the next key says what becomes of the text.
fn edit_lines(model: &mut Model, key: &KeyEvent) -> Option<Vec<Effect>> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let saves = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let editor = editor(model)?;
    if key.code == KeyCode::Esc {
        return None;
    }
    let asked = std::mem::take(&mut editor.asks);
    match key.code {
        KeyCode::Enter if asked || saves => return Some(actions::run(model, Action::Enter)),
        KeyCode::Enter => editor.newline(),
        KeyCode::Up => editor.move_by(-1),
        KeyCode::Down => editor.move_by(1),
        KeyCode::PageUp => editor.move_by(-10),
        KeyCode::PageDown => editor.move_by(10),
        KeyCode::Left => editor.left(),
        KeyCode::Right => editor.right(),
        KeyCode::Backspace => editor.delete_back(),
        KeyCode::Delete => editor.delete(),
        KeyCode::Char('h') if control => editor.delete_back(),
        KeyCode::Char('d') if control => editor.delete(),
        _ => {
            // A key of the keymap may be the answer, what is typed is not.
            editor.asks = asked && saves;
            return None;
        }
    }
    Some(changed(model))
}

/// The text may have changed: the timeline follows its filter, the palette starts from the top.
fn changed(model: &mut Model) -> Vec<Effect> {
    match &mut model.overlay {
        Some(Overlay::Query(query)) => {
            query.edited();
            super::query::changed(model)
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
            super::jump::ask(model)
        }
        Some(Overlay::Form(form)) => {
            form.problem = None;
            if let Some(Field { value: Value::Pick(pick), .. }) = form.fields.get_mut(form.at) {
                pick.changed();
            }
            vec![]
        }
        _ => vec![],
    }
}
