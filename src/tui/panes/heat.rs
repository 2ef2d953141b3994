//! How much happened when: columns whose height counts, a letter for the worst of them, marks, and the axis.

use jiff::Timestamp;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Canvas;
use crate::drift::{DETECTED, Density, Incident, OperationalContext, SeverityClass};
use crate::tui::app::incident::LEAD;
use crate::tui::app::span::Scale;
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

/// Eighths of a block, from one to eight.
const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Counts by parts of the span, oldest first.
pub fn parts(incident: &Incident, scale: &Scale) -> Vec<Density> {
    let mut parts = vec![Density::default(); scale.parts];
    if incident.cut {
        // More happened than is listed: what was counted lies closest to where it belongs.
        let length = incident.until.duration_since(incident.from).as_secs().max(1);
        for (at, counted) in incident.density.iter().enumerate() {
            let middle = length.saturating_mul(2 * at as i64 + 1) / (2 * incident.density.len() as i64);
            let when = incident.from.checked_add(jiff::SignedDuration::from_secs(middle)).unwrap_or(incident.until);
            let part = &mut parts[scale.part(when)];
            part.other += counted.other;
            part.detected.iter_mut().zip(counted.detected).for_each(|(sum, more)| *sum += more);
        }
        return parts;
    }
    for one in incident.happenings.iter().filter(|one| one.context.is_none()) {
        let part = &mut parts[scale.part(one.at)];
        let class = one.drift.and_then(|id| incident.drift(id)).map(|event| event.severity_class());
        match class.filter(|_| one.action == DETECTED) {
            Some(class) => {
                let row = SeverityClass::WORST_FIRST.iter().position(|known| *known == class).unwrap_or(0);
                part.detected[row] += 1;
            }
            None => part.other += 1,
        }
    }
    parts
}

/// Rows that [`draw`] takes with columns so high.
pub fn rows(incident: &Incident, high: usize) -> usize {
    rows_of(!incident.markers.is_empty(), high) + 1
}

/// As [`rows`], without the one for the moment that is looked at.
pub fn rows_of(has_marks: bool, high: usize) -> usize {
    high + 2 + usize::from(has_marks)
}

/// At the foot of `area`, over its whole width, without a moment; gives what is left of it above.
pub fn at_foot(canvas: &mut Canvas<'_>, area: Rect, rows: usize) -> Rect {
    let height = u16::try_from(rows).unwrap_or(0).min(area.height);
    let above = Rect { height: area.height - height, ..area };
    let foot = Rect { y: above.bottom(), height, ..area };
    if height == 0 {
        return above;
    }
    let model = canvas.model;
    if let Some(at) = model.heat.due() {
        canvas.wake_at(at);
    }
    match (&model.heat.found, &model.heat.error) {
        (Some(found), error) => {
            draw(canvas, foot, 0, 1, None, (&found.incident, &found.scale));
            if error.is_some() {
                // Beside the letters, which need no name.
                let sign = Line::from(canvas.span(Role::Error, " stale  "));
                canvas.line(foot, 1, &sign);
            }
        }
        (None, Some(why)) => {
            let words = text::cut(&format!("how much happened when is not known: {why}"), foot.width.into());
            let line = Line::from(canvas.span(Role::Error, words));
            canvas.line(foot, 0, &line);
        }
        (None, None) => {}
    }
    above
}

/// Draws it from row `row` of `area` on.
pub fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    row: usize,
    high: usize,
    moment: Option<Timestamp>,
    found: (&Incident, &Scale),
) {
    let (incident, scale) = found;
    let parts = parts(incident, scale);
    let most = parts.iter().map(Density::total).max().unwrap_or(0);
    for level in 0..high {
        let lead = if level == 0 { highest(most) } else { " ".repeat(LEAD) };
        let cells = parts.iter().map(|part| block(canvas, part, most, high - level - 1, high));
        let line = spread(canvas.span(Role::Dim, lead), cells, scale.wide);
        canvas.line(area, row + level, &line);
    }
    let letters = parts.iter().map(|part| letter(canvas, part));
    let line = spread(canvas.span(Role::Dim, " worst  "), letters, scale.wide);
    canvas.line(area, row + high, &line);
    let mut row = row + high + 1;
    if !incident.markers.is_empty() {
        let marks = (0..scale.parts).map(|part| mark(canvas, incident, scale, part));
        let line = spread(canvas.span(Role::Dim, " marks  "), marks, scale.wide);
        canvas.line(area, row, &line);
        row += 1;
    }
    axis(canvas, area, row, scale);
    if let Some(moment) = moment {
        let column = LEAD + scale.part(moment) * scale.wide + (scale.wide - 1) / 2;
        scrubber(canvas, area, row + 1, column, moment);
    }
}

/// How much the highest column stands for.
fn highest(most: u32) -> String {
    let count = text::count(most.into());
    let named = format!("max {count}");
    format!("{:>7} ", if named.len() < LEAD { named } else { count })
}

/// One cell for each part, as wide as parts are.
fn spread(lead: Span<'static>, cells: impl Iterator<Item = (String, Style)>, wide: usize) -> Line<'static> {
    let spans = cells.map(|(sign, style)| Span::styled(sign.repeat(wide), style));
    Line::from_iter(std::iter::once(lead).chain(spans))
}

/// What stands of a column in the row `level` above its foot.
fn block(canvas: &Canvas<'_>, part: &Density, most: u32, level: usize, high: usize) -> (String, Style) {
    let role = part.worst().map_or(Role::Key, bar::role);
    let style = canvas.style(role);
    // A class may stand out by its ground; a block has that as its colour.
    let style = Style { fg: style.bg.or(style.fg), ..Style::new() };
    let steps = if canvas.theme.is_ascii() { 1 } else { EIGHTHS.len() };
    let filled = (part.total() as usize * high * steps).div_ceil(most.max(1) as usize);
    let sign = match filled.saturating_sub(level * steps).min(steps) {
        0 if level == 0 => return ("·".into(), canvas.style(Role::Border)),
        0 => ' ',
        _ if canvas.theme.is_ascii() => '#',
        eighths => EIGHTHS[eighths - 1],
    };
    (sign.to_string(), style)
}

/// The worst that was first seen; `+` where there was only something else.
fn letter(canvas: &Canvas<'_>, part: &Density) -> (String, Style) {
    match part.worst() {
        Some(class) => (class.letter().to_string(), canvas.style(bar::role(class))),
        None if part.other > 0 => ("+".into(), canvas.style(Role::Key)),
        None => (" ".into(), Style::new()),
    }
}

/// What weighs most of what stands there; a line where something goes on.
fn mark(canvas: &Canvas<'_>, incident: &Incident, scale: &Scale, part: usize) -> (String, Style) {
    // What began before the span and goes on stands at its beginning.
    let begins = |one: &&OperationalContext| match one.at() {
        at if at >= incident.from => scale.part(at) == part,
        _ => part == 0 && one.context_type.lasts(),
    };
    let here = incident.markers.iter().filter(begins);
    if let Some(first) = here.map(|one| one.context_type).min_by_key(|kind| kind.rank()) {
        return (first.letter().to_string(), canvas.style(Role::Marked));
    }
    let goes_on = |one: &OperationalContext| {
        let until = one.time_window.to.unwrap_or(incident.until).min(incident.until);
        let is_span = one.context_type.lasts() && !one.time_window.is_moment();
        is_span && (scale.part(one.time_window.from.max(incident.from))..=scale.part(until)).contains(&part)
    };
    let sign = if canvas.theme.is_ascii() { "-" } else { "─" };
    match incident.markers.iter().any(goes_on) {
        true => (sign.into(), canvas.style(Role::Marked)),
        false => (" ".into(), Style::new()),
    }
}

fn axis(canvas: &mut Canvas<'_>, area: Rect, row: usize, scale: &Scale) {
    let lead = Line::from(canvas.span(Role::Dim, format!("{:>7} ", scale.words())));
    canvas.line(area, row, &lead);
    for (column, label) in scale.ticks(&canvas.model.zone) {
        let x = area.x.saturating_add(u16::try_from(LEAD + column).unwrap_or(u16::MAX));
        let here = Rect { x, width: area.right().saturating_sub(x), ..area };
        if text::width(&label) <= usize::from(here.width) {
            let label = Line::from(canvas.span(Role::Dim, label));
            canvas.line(here, row, &label);
        }
    }
}

/// The moment, under its column; its words stand where there is room.
fn scrubber(canvas: &mut Canvas<'_>, area: Rect, row: usize, column: usize, moment: Timestamp) {
    let sign = if canvas.theme.is_ascii() { "^" } else { "▲" };
    let words = moment.to_zoned(canvas.model.zone.clone()).strftime("%m-%d %H:%M:%S").to_string();
    let width = usize::from(area.width);
    let (start, shown) = if column + 2 + words.len() < width {
        (column, format!("{sign} {words}"))
    } else {
        (column.saturating_sub(words.len() + 1), format!("{words} {sign}"))
    };
    let x = area.x.saturating_add(u16::try_from(start).unwrap_or(u16::MAX));
    let line = Line::from(canvas.span(Role::Key, shown));
    canvas.line(Rect { x, width: area.right().saturating_sub(x), ..area }, row, &line);
}
