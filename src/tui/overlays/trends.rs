//! How often things happen in each environment: today beside what is usual, the last weeks, what the next may bring, and by type.

use ratatui::text::Line;

use super::{frame, key, scrolled};
use crate::report::trends;
use crate::service::EnvironmentSummary;
use crate::tui::app::Model;
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;

pub fn draw(canvas: &mut Canvas<'_>, scroll: usize) {
    let area = canvas.area();
    let width = area.width.saturating_sub(if area.width < 60 { 0 } else { 4 }).min(120);
    let room = usize::from(width).saturating_sub(5);
    let keys = format!("{} close", key(canvas, "overlay", "back"));
    let lines = lines(canvas, room);
    let height = lines.len().min(usize::from(area.height).saturating_sub(4)).max(1);
    let inner = frame(canvas, width, height, "how often, and what is usual", &keys);
    scrolled(canvas, inner, &lines, scroll);
}

/// Rows of it, for the movements.
pub fn length(model: &Model) -> usize {
    // Long ones break: more rows than this only make the last step shorter.
    let of = |one: &EnvironmentSummary| 3 + one.pulse.as_ref().map_or(1, |pulse| 2 * (3 + pulse.types.len()));
    model.environments.list.iter().map(of).sum()
}

fn lines(canvas: &Canvas<'_>, room: usize) -> Vec<Line<'static>> {
    let say = |role: Role, lead: &str, words: &str| {
        let rows = wrap(words, room.saturating_sub(lead.len()).max(1)).into_iter();
        rows.map(|words| Line::from(canvas.span(role, format!("{lead}{words}")))).collect::<Vec<_>>()
    };
    let list = &canvas.model.environments.list;
    if list.is_empty() {
        return say(Role::Dim, "", "there are no environments yet");
    }
    let mut lines = vec![];
    for summary in list {
        let slug = &summary.environment.slug;
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        let Some(pulse) = &summary.pulse else {
            lines.extend(say(Role::Dim, "", &trends::unknown(slug)));
            continue;
        };
        let mut told = trends::lines(pulse, room.saturating_sub(2), canvas.theme.is_ascii()).into_iter();
        let now = told.next().unwrap_or_default();
        let role = if pulse.is_unusual { Role::Warning } else { Role::Text };
        lines.extend(say(Role::Title, "", slug.as_str()));
        lines.extend(say(role, "  ", &now));
        lines.extend(told.flat_map(|words| say(Role::Dim, "  ", &words)));
    }
    lines.push(Line::default());
    lines.extend(say(
        Role::Dim,
        "",
        "Counted are incidents, not drifts, by days of UTC; nothing is forecast before it is known what is usual.",
    ));
    lines
}

#[cfg(test)]
mod tests {
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    #[test]
    fn every_row_of_bars_has_words_and_a_forecast_says_that_it_is_an_experiment() {
        for size in [(80, 24), (160, 45)] {
            let mut screens = Screens::open(Sample::shared(), options(Options::default()), size).unwrap();
            screens.act("trends");
            let mut seen = screens.screen();
            screens.keys("end");
            seen += &screens.screen();
            assert!(seen.contains("experimental forecast: 1\u{2013}5 in the next 7 days (8 in 10)"), "{seen}");
            assert!(seen.contains("learning what is usual"), "{seen}");
            for line in seen.lines().filter(|line| line.contains('\u{2588}') && line.contains("\u{2581}\u{2581}")) {
                assert!(line.contains(" days"), "{line}");
            }
        }
    }
}
