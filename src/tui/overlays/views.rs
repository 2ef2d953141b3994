//! The views: a line each.

use ratatui::text::Line;

use super::{frame, key};
use crate::safety::sanitise;
use crate::tui::panes::Canvas;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

pub fn draw(canvas: &mut Canvas<'_>, at: usize) {
    let views = canvas.model.finds.views();
    let width = canvas.area().width.saturating_sub(4).min(90);
    let most = usize::from(canvas.area().height).saturating_sub(4);
    let keys = [("enter", "go to"), ("delete-view", "delete"), ("undo", "bring back"), ("back", "close")];
    let keys: Vec<String> = keys.iter().map(|(name, word)| format!("{} {word}", key(canvas, "views", name))).collect();
    let inner = frame(canvas, width, views.len().min(most), "views", &keys.join("  "));
    let height = usize::from(inner.height);
    let names = views.iter().map(|view| text::width(&view.name)).max().unwrap_or(0);
    let names = names.clamp(8, usize::from(inner.width / 2).max(8)) + 2;
    let top = (at + 1).saturating_sub(height);
    for (row, (number, view)) in views.iter().enumerate().skip(top).take(height).enumerate() {
        let query = text::cut(&sanitise::line(&view.query), usize::from(inner.width).saturating_sub(names + 11));
        let line =
            Line::from(vec![canvas.span(Role::Text, text::fit(&view.name, names)), canvas.span(Role::Key, query)]);
        canvas.line(inner, row, &line);
        if view.is_built_in {
            let word = Line::from(canvas.span(Role::Dim, " built in"));
            canvas.line_right(inner, row, &word);
        }
        if number == at {
            canvas.tint(inner, row, Role::Selection);
        }
    }
}
