//! A note: a small editor of several lines.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{frame, key};
use crate::safety::sanitise;
use crate::tui::app::editor::Editor;
use crate::tui::panes::{Canvas, field};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Rows to write in, where there is room.
const ROWS: usize = 10;

pub fn draw(canvas: &mut Canvas<'_>, width: u16, title: &str, editor: &Editor, hint: &str) {
    let back = key(canvas, "input", "back");
    let keys = format!("ctrl-s save  enter new line  {back} leave");
    let height = usize::from(canvas.area().height).saturating_sub(5).clamp(1, ROWS);
    let inner = frame(canvas, width, height + 1, title, &keys);
    let rows = usize::from(inner.height).saturating_sub(1).max(1);
    let top = (editor.row() + 1).saturating_sub(rows);
    for (row, (at, line)) in editor.lines().iter().enumerate().skip(top).take(rows).enumerate() {
        let Ok(y) = u16::try_from(row) else { break };
        if at == editor.row() {
            let (before, after) = line.halves();
            field(canvas, Rect { y: inner.y + y, height: 1, ..inner }, "", before, after);
        } else {
            let shown = text::cut(&sanitise::line(line.text()), inner.width.into());
            let shown = Line::from(canvas.span(Role::Text, shown));
            canvas.line(inner, row, &shown);
        }
    }
    let role = if editor.asks { Role::Warning } else { Role::Dim };
    let place = format!("line {} of {}  ", editor.row() + 1, editor.lines().len());
    let hint = text::cut(hint, usize::from(inner.width).saturating_sub(place.len()));
    let last = Line::from(vec![canvas.span(Role::Dim, place), canvas.span(role, hint)]);
    canvas.line(inner, rows, &last);
}
