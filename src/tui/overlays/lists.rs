//! Help from the action table, and the notices so far.

use ratatui::text::Line;

use super::{frame, key, scrolled};
use crate::tui::app::action::{Scope, TABLE};
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

pub fn help(canvas: &mut Canvas<'_>, scroll: usize) {
    let margin = if usize::from(canvas.area().width) < NARROW { 0 } else { 4 };
    let width = canvas.area().width.saturating_sub(margin).min(100);
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
            described(canvas, &keys, role, &format!("{}{why}", entry.help), room, &mut lines);
        }
    }
    lines.push(Line::default());
    lines.push(Line::from(canvas.span(Role::Title, "Signs of a drift")));
    for (sign, meaning) in SIGNS {
        described(canvas, sign, Role::Text, meaning, room, &mut lines);
    }
    let keys = format!("{} close", key(canvas, "overlay", "back"));
    let height = lines.len().min(usize::from(canvas.area().height).saturating_sub(2));
    let inner = frame(canvas, width, height, "keys", &keys);
    scrolled(canvas, inner, &lines, scroll);
}

/// What the letters in a row of the timeline mean.
const SIGNS: [(&str, &str); 11] = [
    ("C H M L", "Severity: CRITICAL from 0.85, HIGH from 0.60, MEDIUM from 0.30, LOW"),
    ("a z i r c", "State: acknowledged, snoozed, ignored, resolved, closed; none: open"),
    ("…", "In place of the state: decided, and not saved yet; with the server away it waits for that"),
    ("?", "In place of the state: decided, but somebody else was faster, or the server refused it"),
    ("~ + - >", "Modified, added (in no code), deleted, moved"),
    ("@", "Somebody else looks at it, or has taken it"),
    ("m", "First seen while maintenance was announced there: no alarm rang"),
    ("R", "Came back after it had ended"),
    ("r", "In front of a change: resolved by itself, the others are open"),
    ("*", "Marked"),
    ("≠", "A name that is not pure ASCII, and may read like another"),
];

/// Columns below which a sentence stands under its key.
const NARROW: usize = 48;

/// Columns below which most of a row is the sentence's.
const ROOMY: usize = 80;

/// A key or sign and its sentence, on as many rows as it needs.
fn described(canvas: &Canvas<'_>, key: &str, role: Role, sentence: &str, room: usize, lines: &mut Vec<Line<'static>>) {
    if room < NARROW {
        lines.push(Line::from(canvas.span(Role::Key, text::cut(key, room))));
        let pieces = wrap(sentence, room.saturating_sub(2).max(1)).into_iter();
        return lines.extend(pieces.map(|piece| Line::from(canvas.span(role, format!("  {piece}")))));
    }
    let column = if room < ROOMY { 9 } else { 16 };
    let pieces = wrap(sentence, room.saturating_sub(column + 1));
    // A key with a long name has a row of its own.
    let keys = if text::width(key) > column { [key, ""] } else { ["", key] };
    if !keys[0].is_empty() {
        lines.push(Line::from(canvas.span(Role::Key, text::cut(keys[0], room))));
    }
    for (at, piece) in pieces.into_iter().enumerate() {
        let key = text::fit(if at == 0 { keys[1] } else { "" }, column);
        lines.push(Line::from(vec![canvas.span(Role::Key, key), canvas.span(role, format!(" {piece}"))]));
    }
}

pub fn notices(canvas: &mut Canvas<'_>, scroll: usize) {
    let width = canvas.area().width.saturating_sub(4).min(100);
    let room = usize::from(width).saturating_sub(4);
    let mut lines = vec![];
    let model = canvas.model;
    for notice in model.notices.inbox() {
        let age = canvas.age(notice.at);
        let role = if notice.error { Role::Error } else { Role::Text };
        for (at, piece) in wrap(&notice.text, room.saturating_sub(8).max(1)).into_iter().enumerate() {
            let mark = if notice.fresh || !notice.read { '*' } else { ' ' };
            let lead = if at == 0 { format!("{mark} {age:>4}  ") } else { " ".repeat(8) };
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
