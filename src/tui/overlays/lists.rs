//! Help from the action table, and the notices so far.

use ratatui::text::Line;

use super::{frame, key, scrolled};
use crate::tui::app::action::{Scope, TABLE};
use crate::tui::panes::Canvas;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

pub fn help(canvas: &mut Canvas<'_>, scroll: usize) {
    let width = canvas.area().width.saturating_sub(4).min(100);
    let room = usize::from(width).saturating_sub(4);
    let mut lines = vec![];
    for scope in Scope::ALL {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::from(canvas.span(Role::Title, scope.title())));
        for entry in TABLE.iter().filter(|entry| entry.scope == scope) {
            let keys = canvas.model.keymap().keys_for(scope.as_str(), entry.name).join(", ");
            let why = entry.action.disabled(canvas.model);
            let role = if why.is_some() { Role::Dim } else { Role::Text };
            let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
            let sentence = text::cut(&format!("{}{why}", entry.help), room.saturating_sub(19));
            let keys = canvas.span(Role::Key, text::fit(&keys, 18));
            lines.push(Line::from(vec![keys, canvas.span(role, format!(" {sentence}"))]));
        }
    }
    let keys = format!("{} close", key(canvas, "overlay", "back"));
    let height = lines.len().min(usize::from(canvas.area().height).saturating_sub(2));
    let inner = frame(canvas, width, height, "keys", &keys);
    scrolled(canvas, inner, &lines, scroll);
}

pub fn notices(canvas: &mut Canvas<'_>, scroll: usize) {
    let width = canvas.area().width.saturating_sub(4).min(100);
    let room = usize::from(width).saturating_sub(4);
    let mut lines = vec![];
    let model = canvas.model;
    for notice in &model.notices.list {
        let age = canvas.age(notice.at);
        let role = if notice.error { Role::Error } else { Role::Text };
        for (at, piece) in crate::tui::panes::wrap(&notice.text, room.saturating_sub(6).max(1)).into_iter().enumerate()
        {
            let lead = if at == 0 { format!("{age:>4}  ") } else { " ".repeat(6) };
            lines.push(Line::from(vec![canvas.span(Role::Dim, lead), canvas.span(role, piece)]));
        }
    }
    if lines.is_empty() {
        lines.push(Line::from(canvas.span(Role::Dim, "nothing so far")));
    }
    let keys = format!("{} close", key(canvas, "overlay", "back"));
    let height = lines.len().min(usize::from(canvas.area().height).saturating_sub(2));
    let inner = frame(canvas, width, height, "notices", &keys);
    scrolled(canvas, inner, &lines, scroll);
}
