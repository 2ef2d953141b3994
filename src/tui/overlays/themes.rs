//! The themes: the screen behind the list is the preview.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{enter_or_back, frame_at};
use crate::tui::panes::Canvas;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Columns of the list: it leaves the panes in sight.
const WIDTH: u16 = 28;

pub fn draw(canvas: &mut Canvas<'_>) {
    let screen = canvas.area();
    let width = WIDTH.min(screen.width);
    let height = u16::try_from(canvas.model.themes.len() + 2).unwrap_or(u16::MAX).min(screen.height.saturating_sub(2));
    let area = Rect::new(screen.width - width, screen.height.saturating_sub(height + 1), width, height);
    let keys = enter_or_back(canvas, "overlay", "keep");
    let inner = frame_at(canvas, area, "theme", &keys);
    let (chosen, rows) = (canvas.model.theme, usize::from(inner.height));
    let top = (chosen + 1).saturating_sub(rows);
    let names: Vec<String> = canvas.model.themes.iter().map(|theme| theme.name().to_owned()).collect();
    for (row, (at, name)) in names.iter().enumerate().skip(top).take(rows).enumerate() {
        let mark = if at == chosen { "> " } else { "  " };
        let line = Line::from(canvas.span(Role::Text, format!("{mark}{}", text::cut(name, WIDTH.into()))));
        canvas.line(inner, row, &line);
        if at == chosen {
            canvas.tint(inner, row, Role::Selection);
        }
    }
}
