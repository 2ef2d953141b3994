//! After the first keys of a chord: every way to go on. It stays until the next key, however long that takes.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::frame_at;
use crate::tui::app::update::scope;
use crate::tui::panes::Canvas;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Columns of one way on.
const CELL: usize = 34;

pub fn draw(canvas: &mut Canvas<'_>) {
    let model = canvas.model;
    let ways = model.keymap().continuations(scope(model), &model.typed);
    if ways.is_empty() {
        return;
    }
    let screen = canvas.area();
    let across = (usize::from(screen.width.saturating_sub(4)) / CELL).clamp(1, 3).min(ways.len());
    let down = ways.len().div_ceil(across).min(usize::from(screen.height.saturating_sub(4)).max(1));
    let width = u16::try_from(across * CELL + 4).unwrap_or(u16::MAX).min(screen.width);
    let height = u16::try_from(down + 2).unwrap_or(u16::MAX).min(screen.height);
    let area = Rect::new(0, screen.height.saturating_sub(height + 1), width, height);
    let typed: Vec<String> = model.typed.iter().map(ToString::to_string).collect();
    let inner = frame_at(canvas, area, &format!("{} …", typed.join(" ")), "any other key: forget it");
    for row in 0..down {
        let mut line = Line::default();
        for (keys, action) in ways.iter().skip(row).step_by(down).take(across) {
            line.push_span(canvas.span(Role::Key, text::fit(keys, 9)));
            line.push_span(canvas.span(Role::Text, text::fit(action, CELL - 9)));
        }
        canvas.line(inner, row, &line);
    }
}
