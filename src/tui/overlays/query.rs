//! The query line at the foot of the screen, so that what it finds stays in sight above it: the line, what is wrong with it or
//! what could come next.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{frame_at, key};
use crate::drift::query::QueryError;
use crate::safety::sanitise;
use crate::tui::app::query_line::QueryLine;
use crate::tui::panes::{Canvas, field, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Rows of offers.
const OFFERS: u16 = 5;

pub fn draw(canvas: &mut Canvas<'_>, query: &QueryLine) {
    let screen = canvas.area();
    let offers = OFFERS.min(screen.height / 4);
    let height = (offers + 3).min(screen.height);
    let area = Rect { y: screen.height - height, height, ..screen };
    let keys = [("enter", "apply"), ("back", "as before"), ("save-view", "save")];
    let keys: Vec<String> = keys.iter().map(|(name, word)| format!("{} {word}", key(canvas, "query", name))).collect();
    let inner = frame_at(canvas, area, "query", &format!("tab complete  {}", keys.join("  ")));
    let first = Rect { height: inner.height.min(1), ..inner };
    let rest = Rect { y: inner.y + first.height, height: inner.height - first.height, ..inner };
    if let Some(name) = &query.name {
        let (before, after) = name.halves();
        field(canvas, first, "name: ", before, after);
        let words = format!("saves {}", sanitise::line(query.line.text()));
        let words = canvas.span(Role::Dim, text::cut(&words, rest.width.into()));
        return canvas.line(rest, 0, &Line::from(words));
    }
    let (before, after) = query.line.halves();
    field(canvas, first, "/", before, after);
    match &query.problem {
        // While a value is being typed it is not wrong yet, and the offers say what may stand there.
        Some(problem) if query.offers.is_empty() => mistake(canvas, rest, query, problem),
        _ => list(canvas, rest, query),
    }
}

/// Marks the place, and says what is wrong.
fn mistake(canvas: &mut Canvas<'_>, area: Rect, query: &QueryLine, problem: &QueryError) {
    let columns = |range: &str| text::width(&sanitise::line(range));
    let typed = query.line.text();
    let (before, _) = query.line.halves();
    // The field shows the end of what stands before the cursor.
    let room = usize::from(area.width).saturating_sub(2);
    let hidden = columns(before).saturating_sub(room);
    let start = typed.get(..problem.at.start).map_or(0, columns).saturating_sub(hidden);
    let width = typed.get(problem.at.clone()).map_or(1, columns).max(1);
    let marks = format!("{}{}", " ".repeat(1 + start), "^".repeat(width));
    let marks = canvas.span(Role::Error, text::cut(&marks, area.width.into()));
    canvas.line(area, 0, &Line::from(marks));
    let words = sanitise::line(&problem.message);
    let rows = usize::from(area.height.saturating_sub(1));
    for (row, words) in wrap(&words, area.width.into()).into_iter().enumerate().take(rows) {
        let words = canvas.span(Role::Error, words);
        canvas.line(area, row + 1, &Line::from(words));
    }
}

fn list(canvas: &mut Canvas<'_>, area: Rect, query: &QueryLine) {
    let height = usize::from(area.height);
    let top = (query.chosen.unwrap_or(0) + 1).saturating_sub(height);
    let names = query.offers.iter().skip(top).take(height).map(|offer| text::width(&sanitise::line(&offer.text)));
    let width = names.max().unwrap_or(0).clamp(10, usize::from(area.width / 2).max(10)) + 2;
    for (row, (at, offer)) in query.offers.iter().enumerate().skip(top).take(height).enumerate() {
        let name = text::fit(&sanitise::line(&offer.text), width);
        let help = text::cut(offer.help, usize::from(area.width).saturating_sub(width + 2));
        let line = Line::from(vec![canvas.span(Role::Key, format!(" {name}")), canvas.span(Role::Dim, help)]);
        canvas.line(area, row, &line);
        if query.chosen == Some(at) {
            canvas.tint(area, row, Role::Selection);
        }
    }
    let below = query.offers.len().saturating_sub(top + height);
    if below > 0 && height > 1 {
        let more = Line::from(canvas.span(Role::Dim, format!(" {below} more ")));
        canvas.line_right(area, height - 1, &more);
    }
}
