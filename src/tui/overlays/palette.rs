//! Everything by name.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{enter_or_back, frame};
use crate::tui::app::overlay::Palette;
use crate::tui::app::update::palette::{Item, Row, matches};
use crate::tui::panes::{Canvas, field};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Columns below which what an action does has more of a row.
const ROOMY: usize = 84;

pub fn draw(canvas: &mut Canvas<'_>, state: &Palette) {
    let rows = matches(canvas.model, state);
    let width = canvas.area().width.saturating_sub(4).min(112);
    let height = usize::from(canvas.area().height).saturating_sub(4).min(18);
    let keys = enter_or_back(canvas, "input", "do it");
    let inner = frame(canvas, width, height, "palette", &keys);
    let (before, after) = state.line.halves();
    field(canvas, Rect { height: inner.height.min(1), ..inner }, "> ", before, after);
    // The last row says in full what the rows above have no room for.
    let last = u16::from(inner.height > 3);
    let list = Rect { y: inner.y + inner.height.min(1), height: inner.height.saturating_sub(1 + last), ..inner };
    if let Some(chosen) = rows.get(state.at).filter(|_| last > 0) {
        let words = chosen.disabled.as_ref().map_or(chosen.help.clone(), |why| format!("{} ({why})", chosen.help));
        let words = canvas.span(Role::Text, text::cut(&words, inner.width.into()));
        canvas.line(inner, usize::from(inner.height - 1), &Line::from(words));
    }
    let height = usize::from(list.height);
    let top = (state.at + 1).saturating_sub(height);
    for (row, (at, found)) in rows.iter().enumerate().skip(top).take(height).enumerate() {
        let line = line(canvas, found, list.width.into());
        canvas.line(list, row, &line);
        if at == state.at {
            canvas.tint(list, row, Role::Selection);
        }
    }
}

fn line(canvas: &Canvas<'_>, row: &Row, width: usize) -> Line<'static> {
    let key = match &row.item {
        Item::Action(action) => super::key(canvas, action.entry().scope.as_str(), action.entry().name),
        _ => String::new(),
    };
    let (role, help) = match &row.disabled {
        Some(why) => (Role::Dim, why.as_str()),
        None => (Role::Text, row.help.as_str()),
    };
    let (keys, name) = if width < ROOMY { (7, 20) } else { (10, 24) };
    let help = text::cut(help, width.saturating_sub(keys + name + 2));
    Line::from(vec![
        canvas.span(Role::Key, text::fit(&key, keys)),
        canvas.span(role, format!(" {}", text::fit(&row.name, name))),
        canvas.span(Role::Dim, format!(" {help}")),
    ])
}
