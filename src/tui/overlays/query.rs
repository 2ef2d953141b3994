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
    let taken = match &query.problem {
        Some(problem) if !is_being_typed(query, problem) => mistake(canvas, rest, query, problem),
        _ => 0,
    };
    list(canvas, Rect { y: rest.y + taken, height: rest.height - taken, ..rest }, query);
}

/// While a value is being typed it is not wrong yet, and the offers say what may stand there.
fn is_being_typed(query: &QueryLine, problem: &QueryError) -> bool {
    let (before, _) = query.line.halves();
    let ends_here = problem.at.end >= before.len() && problem.at.start <= before.len();
    ends_here && !query.offers.is_empty()
}

/// Marks the place, and says what is wrong. Returns the rows it took: one is left for the best offer.
fn mistake(canvas: &mut Canvas<'_>, area: Rect, query: &QueryLine, problem: &QueryError) -> u16 {
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
    let offers = u16::from(!query.offers.is_empty());
    let rows = usize::from(area.height.saturating_sub(1 + offers));
    let lines = wrap(&words, area.width.into());
    let shown = lines.len().min(rows);
    for (row, words) in lines.into_iter().enumerate().take(rows) {
        let words = canvas.span(Role::Error, words);
        canvas.line(area, row + 1, &Line::from(words));
    }
    u16::try_from(1 + shown).unwrap_or(area.height).min(area.height)
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

#[cfg(test)]
mod tests {
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    /// What stands there after this was typed.
    fn typed(text: &str) -> String {
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), (80, 24)).unwrap();
        screens.keys("/");
        screens.text(text);
        screens.screen()
    }

    #[test]
    fn a_mistake_is_said_while_the_next_term_is_being_offered() {
        for text in ["is:bogus ", "is:bogus en", "is:bogus env:"] {
            let screen = typed(text);
            assert!(screen.contains("^^^^^") && screen.contains("bogus`"), "{text}: {screen}");
            assert!(screen.contains(if text.ends_with("env:") { "prod-eu" } else { "env:" }), "{text}: {screen}");
        }
        assert!(typed("sev:bogus env:").contains("bogus`"));
        assert!(!typed("is:ne").contains('^'), "what is being typed is not wrong yet");
        assert!(!typed("sev:").contains('^'));
        assert!(typed("is:bogus").contains("bogus`"), "nothing begins so");
    }
}
