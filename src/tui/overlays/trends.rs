//! How things stand: the newest drifts, how those of the last days went and what came of it; below, how often things happen in each environment: today
//! beside what is usual, the last weeks, what the next may bring, and by type.

use ratatui::text::Line;

use super::{frame, key, scrolled};
use crate::drift::DriftEvent;
use crate::report::figures::{self, Row};
use crate::report::trends;
use crate::tui::panes::incident::month;
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

pub fn draw(canvas: &mut Canvas<'_>, scroll: usize) {
    let area = canvas.area();
    let width = area.width.saturating_sub(if area.width < 60 { 0 } else { 4 }).min(120);
    let room = usize::from(width).saturating_sub(5);
    let keys = format!("{} close", key(canvas, "overlay", "back"));
    let mut all = standing(canvas, room);
    all.push(Line::default());
    all.extend(came_of_it(canvas, room));
    all.push(Line::default());
    all.extend(lines(canvas, room));
    let lines = all;
    let height = lines.len().min(usize::from(area.height).saturating_sub(4)).max(1);
    let inner = frame(canvas, width, height, "how things stand", &keys);
    scrolled(canvas, inner, &lines, scroll);
}

/// The newest drifts, and the figures.
fn standing(canvas: &mut Canvas<'_>, room: usize) -> Vec<Line<'static>> {
    let model = canvas.model;
    let home = match &model.home.answer {
        None => return vec![Line::from(canvas.span(Role::Dim, "looking it up"))],
        Some(Err(why)) => return vec![Line::from(canvas.span(Role::Error, text::cut(why, room)))],
        Some(Ok(home)) => home,
    };
    let mut lines = vec![Line::from(canvas.span(Role::Text, month(&home.stats))), Line::default()];
    let title = if home.newest.is_empty() { "no drift was ever seen" } else { "the newest" };
    lines.push(Line::from(canvas.span(Role::Title, title)));
    let slug = |event: &DriftEvent| text::width(event.environment.as_str());
    let place = home.newest.iter().map(slug).max().unwrap_or(0).min(room / 4);
    for event in &home.newest {
        let (class, age) = (event.severity_class(), canvas.age(event.detected_at));
        let state = event.state_at(model.now).as_str();
        let name = room.saturating_sub(place + 24).max(8);
        lines.push(Line::from(vec![
            canvas.span(bar::role(class), class.letter().to_string()),
            canvas.span(Role::Dim, format!(" {} ", text::fit(event.environment.as_str(), place))),
            canvas.span(Role::Text, text::fit(&text::tail(&event.resource.resource_id.line(), name), name)),
            canvas.span(Role::Dim, format!(" {state:<12} {age:>4}")),
        ]));
    }
    lines
}

/// What the days tell, with what each figure is below it.
fn came_of_it(canvas: &Canvas<'_>, room: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(canvas.span(Role::Title, "what came of it in 30 days"))];
    let business = match &canvas.model.home.business {
        None => return [lines, say(canvas, room, Role::Dim, "", "counting")].concat(),
        Some(Err(why)) => {
            return [lines, say(canvas, room, Role::Error, "", &format!("it could not be counted: {why}"))].concat();
        }
        Some(Ok(business)) => business,
    };
    for text in figures::days(business, canvas.theme.is_ascii()) {
        lines.extend(say(canvas, room, Role::Text, "", &text));
    }
    for row in figures::rows(business) {
        lines.extend(match row {
            Row::Figure(text) => say(canvas, room, Role::Text, "", &text),
            Row::Definition(text) => say(canvas, room, Role::Dim, "  ", text),
        });
    }
    lines
}

fn say(canvas: &Canvas<'_>, room: usize, role: Role, lead: &str, words: &str) -> Vec<Line<'static>> {
    let rows = wrap(words, room.saturating_sub(lead.len()).max(1)).into_iter();
    rows.map(|words| Line::from(canvas.span(role, format!("{lead}{words}")))).collect()
}

fn lines(canvas: &Canvas<'_>, room: usize) -> Vec<Line<'static>> {
    let say = |role: Role, lead: &str, words: &str| say(canvas, room, role, lead, words);
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
    fn the_newest_drifts_and_the_last_thirty_days_stand_first() {
        for size in [(80, 24), (160, 45)] {
            let mut screens = Screens::open(Sample::shared(), options(Options::default()), size).unwrap();
            screens.act("acknowledge");
            screens.act("trends");
            let seen = screens.screen();
            assert!(seen.contains("30 days: 8 drifts, 0 resolved, 8 not") && seen.contains("the newest"), "{seen}");
            assert!(seen.contains("aws_security_group.web") && seen.contains("acknowledged"), "{seen}");
            assert!(!seen.contains('\u{202e}'), "{seen}");
        }
        let mut screens =
            Screens::open(std::sync::Arc::new(Sample::empty()), options(Options::default()), (80, 24)).unwrap();
        screens.act("trends");
        assert!(screens.screen().contains("no drift was ever seen"), "{}", screens.screen());
    }

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
