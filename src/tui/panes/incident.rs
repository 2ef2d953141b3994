//! Incident mode, on the whole screen: how much happened when, what happened by the moment that is looked at, and each happening.

use jiff::Timestamp;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::happened::{Columns, Shown, line};
use super::{Canvas, asked, heat, place, wrap};
use crate::drift::bulk::{Tally, names_of, runs, words_of};
use crate::drift::{DriftEvent, Happening, Incident, SeverityClass, Stats};
use crate::safety::sanitise;
use crate::tui::app::incident::{IncidentView, RowKind};
use crate::tui::app::{Model, age, notice};
use crate::tui::overlays::{clear, key};
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

/// Rows of the title, the figures and the names of the columns.
const HEAD: usize = 3;

/// How high the columns of the heat are.
fn high(rows: u16) -> usize {
    match rows {
        ..20 => 1,
        20..32 => 2,
        _ => 4,
    }
}

/// Rows below the list that say all of the one under the cursor.
fn about(rows: u16) -> usize {
    match rows {
        ..18 => 0,
        18..32 => 2,
        _ => 5,
    }
}

/// Rows for happenings.
pub fn rows(model: &Model) -> usize {
    let size = model.size.1;
    let markers = model.incident.as_ref().and_then(|view| view.found.as_ref());
    let heat = markers.map_or(high(size) + 3, |found| heat::rows(&found.incident, high(size)));
    usize::from(size).saturating_sub(HEAD + heat + about(size) + 2)
}

pub fn draw(canvas: &mut Canvas<'_>) {
    let model = canvas.model;
    let Some(view) = &model.incident else { return };
    let screen = canvas.area();
    let area = Rect { height: screen.height.saturating_sub(1), ..screen };
    clear(canvas, area);
    let title = title(canvas, view);
    let state = standing(canvas, view);
    let taken = u16::try_from(state.width() + 2).unwrap_or(u16::MAX);
    canvas.line(Rect { width: area.width.saturating_sub(taken), ..area }, 0, &title);
    canvas.line_right(area, 0, &state);
    if let (Some(found), Some(scale)) = (&view.found, view.scale(area.width.into(), model.now, &model.zone)) {
        let incident = &found.incident;
        let figures = figures(canvas, incident, found.stats.as_ref(), area.width.into());
        canvas.line(area, 1, &figures);
        let high = high(model.size.1);
        heat::draw(canvas, area, 2, high, view.moment, (incident, &scale));
        let first = 2 + heat::rows(incident, high);
        list(canvas, area, first, view, scale.part(view.moment.unwrap_or(incident.until)), &scale);
    } else if view.ask.is_none() {
        let (role, words) = match &view.error {
            Some(why) => (Role::Error, why.clone()),
            None => (Role::Dim, "loading".to_owned()),
        };
        for (row, words) in wrap(&words, usize::from(area.width).saturating_sub(2)).into_iter().enumerate() {
            let line = Line::from(canvas.span(role, format!(" {words}")));
            canvas.line(area, 2 + row, &line);
        }
    }
    asked::keys(canvas, view, Rect { y: area.bottom(), height: screen.height - area.height, ..area });
    if let Some(ask) = &view.ask {
        asked::field(canvas, ask);
    }
}

pub(super) fn moment(model: &Model, at: Timestamp) -> String {
    at.to_zoned(model.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

fn title(canvas: &Canvas<'_>, view: &IncidentView) -> Line<'static> {
    let model = canvas.model;
    let is_narrow = canvas.area().width < 70;
    // Where there is no room for both, the span says what this is.
    let mut spans = vec![canvas.span(Role::Title, if is_narrow && view.span.is_some() { " " } else { " incident  " })];
    if let Some(span) = &view.span {
        let until = span.until.filter(|until| *until <= model.now);
        let end = until.map_or("now".to_owned(), |until| moment(model, until));
        let zone = span.from.to_zoned(model.zone.clone()).strftime("%Z").to_string();
        spans.push(canvas.span(Role::Text, format!("{} to {end} {zone}  ", moment(model, span.from))));
    }
    let name = match &view.environment {
        None if is_narrow => "all env.".to_owned(),
        None => "all environments".to_owned(),
        Some(slug) => slug.to_string(),
    };
    spans.push(canvas.span(Role::Text, name));
    spans.extend(view.environment.iter().flat_map(|slug| place::behind(canvas, slug)));
    Line::from(spans)
}

fn standing(canvas: &Canvas<'_>, view: &IncidentView) -> Line<'static> {
    let mut spans = vec![];
    if let Some(found) = view.found.as_ref().filter(|found| found.incident.cut) {
        let count = text::grouped(found.incident.happenings.len());
        spans.push(canvas.span(Role::Warning, format!("only the newest {count} are listed  ")));
    }
    match (&view.error, view.found.is_some()) {
        (Some(_), true) => spans.push(canvas.span(Role::Error, "not loaded ")),
        _ if view.span.is_none() => {}
        _ if view.is_live(canvas.model.now) => spans.push(canvas.span(Role::Success, "live ")),
        _ => spans.push(canvas.span(Role::Dim, "over ")),
    }
    Line::from(spans)
}

/// `5 first seen: 1 C 4 H   1 back   2 ended   3 decided by alice, bob     30 days: 42, 30 resolved in 3h`
fn figures(canvas: &Canvas<'_>, incident: &Incident, stats: Option<&Stats>, width: usize) -> Line<'static> {
    let all = &incident.happenings;
    let tally = Tally::of(runs(all).into_iter().map(|run| &all[run]));
    let mut seen = [0_u32; 4];
    incident.density.iter().for_each(|part| seen.iter_mut().zip(part.detected).for_each(|(sum, n)| *sum += n));
    let mut line = Line::from(canvas.span(Role::Text, format!(" {} first seen", seen.iter().sum::<u32>())));
    for (class, number) in SeverityClass::WORST_FIRST.into_iter().zip(seen).filter(|(_, number)| *number > 0) {
        line.push_span(Span::raw(" "));
        line.push_span(canvas.span(bar::role(class), format!("{number} {}", class.letter())));
    }
    let decided = all.iter().filter(|one| one.is_of_a_person());
    let names: std::collections::BTreeSet<String> = decided.map(|one| one.actor.cell(16)).collect();
    let names: Vec<String> = names.into_iter().collect();
    let by = if names.is_empty() { String::new() } else { format!(" by {}", names.join(", ")) };
    let rest = [(tally.came_back, "back", ""), (tally.ended, "ended", ""), (tally.decided, "decided", &by)];
    for (number, word, tail) in rest.into_iter().filter(|(number, ..)| *number > 0) {
        line.push_span(canvas.span(Role::Text, format!("   {number} {word}{tail}")));
    }
    if let Some(stats) = stats {
        let words = month(stats);
        let used = line.width();
        if used + words.len() + 3 <= width {
            line.push_span(Span::raw(" ".repeat(width - used - words.len() - 1)));
            line.push_span(canvas.span(Role::Dim, words));
        }
    }
    line
}

/// `30 days: 42 drifts, 30 resolved in 3h on average, 12 not`
pub fn month(stats: &Stats) -> String {
    let drifts = notice::count(usize::try_from(stats.total).unwrap_or(usize::MAX), "drift");
    let average = stats.average_resolution_seconds.map(|seconds| {
        let (start, seconds) = (Timestamp::UNIX_EPOCH, i64::try_from(seconds).unwrap_or(i64::MAX));
        let end = start.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
        match seconds {
            ..60 => " in under a minute".to_owned(),
            _ => format!(" in {} on average", age::age(start, end)),
        }
    });
    let average = average.unwrap_or_default();
    format!("{} days: {drifts}, {} resolved{average}, {} not", stats.days, stats.resolved, stats.unresolved)
}

/// What had happened by the moment.
fn by_then(canvas: &Canvas<'_>, incident: &Incident, moment: Timestamp) -> Line<'static> {
    let all = &incident.happenings;
    let runs: Vec<&[Happening]> = runs(all).into_iter().map(|run| &all[run]).collect();
    let whole = Tally::of(runs.iter().copied()).all();
    let until = Tally::of(runs.iter().copied().filter(|run| run.iter().all(|one| one.at <= moment)));
    let parts = [
        (until.first_seen, "first seen"),
        (until.came_back, "back"),
        (until.ended, "ended"),
        (until.decided, "decided"),
        (until.other, "other"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
    let parts = parts.collect::<Vec<_>>().join(", ");
    let words =
        format!(" by then {} of {whole} had happened{}{parts}", until.all(), if parts.is_empty() { "" } else { ": " });
    Line::from(canvas.span(Role::Dim, words))
}

fn list(
    canvas: &mut Canvas<'_>,
    area: Rect,
    first: usize,
    view: &IncidentView,
    part: usize,
    scale: &crate::tui::app::span::Scale,
) {
    let Some(found) = &view.found else { return };
    let incident = &found.incident;
    let room = rows(canvas.model);
    if incident.happenings.is_empty() {
        let line = Line::from(canvas.span(Role::Dim, " nothing happened in this span"));
        return canvas.line(area, first, &line);
    }
    let columns = Columns::of(usize::from(area.width).saturating_sub(1), canvas.model, view, incident);
    let names = Line::from(canvas.span(Role::Dim, columns.names()));
    canvas.line(area, first, &names);
    let below =
        Rect { y: area.y + u16::try_from(first + 1).unwrap_or(0), height: u16::try_from(room).unwrap_or(0), ..area };
    let below = below.intersection(area);
    let at = view.at();
    for row in 0..room.min(view.len().saturating_sub(view.top)) {
        let Some((kind, run)) = view.row(view.top + row) else { break };
        let Some(one) = run.first() else { break };
        let event = worst(incident, run);
        let later = view.moment.is_some_and(|moment| one.at > moment);
        let now = scale.part(one.at) == part;
        let shown = Shown { kind, run, event, marker: incident.marker(one), later, now };
        let line = line(canvas, incident, &shown, &columns);
        canvas.line(below, row, &line);
        if at == Some(view.top + row) {
            canvas.tint(below, row, Role::Selection);
            let letter = Rect { x: below.x + 2 + u16::try_from(columns.time).unwrap_or(0), width: 1, ..below };
            event.iter().for_each(|event| canvas.tint(letter, row, bar::role(event.severity_class())));
        }
    }
    canvas.scrollbar(below, view.top, room.min(view.len()), view.len());
    let rows = about(canvas.model.size.1);
    let foot = Rect { y: below.bottom(), height: area.bottom().saturating_sub(below.bottom()), ..area };
    if let Some(moment) = view.moment.filter(|_| rows > 0) {
        let line = by_then(canvas, incident, moment);
        canvas.line(foot, 0, &line);
        let under = view.at().and_then(|at| view.row(at));
        let room = usize::from(area.width).saturating_sub(2);
        let about = under.and_then(|(kind, run)| match kind {
            RowKind::Bulk => Some(about_bulk(canvas, run, incident, room)),
            _ => Some(about_one(canvas, run.first()?, incident, room)),
        });
        for (row, line) in about.into_iter().flatten().take(rows.saturating_sub(1)).enumerate() {
            canvas.line(foot, 1 + row, &line);
        }
    }
}

/// The drift of a row; of several the worst.
fn worst<'a>(incident: &'a Incident, run: &[Happening]) -> Option<&'a DriftEvent> {
    run.iter().filter_map(|one| incident.drift(one.drift?)).max_by_key(|event| event.severity_class())
}

/// What was decided at once, on what, and how it is opened.
fn about_bulk(canvas: &Canvas<'_>, run: &[Happening], incident: &Incident, room: usize) -> Vec<Line<'static>> {
    let Some(one) = run.first() else { return vec![] };
    let why = one.reason.as_ref().map_or(String::new(), |why| format!(": {}", why.line()));
    let enter = key(canvas, "incident", "enter");
    let words = [
        format!("{} by {}{why}", sanitise::line(&words_of(run)), one.actor.line()),
        format!("{enter} lists them: {}", names_of(incident, run, |event| event.resource.resource_id.name(500))),
    ];
    let lines = words.iter().flat_map(|words| wrap(words, room));
    lines.map(|words| Line::from(canvas.span(Role::Text, format!(" {words}")))).collect()
}

/// All of the one under the cursor.
fn about_one(canvas: &Canvas<'_>, one: &Happening, incident: &Incident, room: usize) -> Vec<Line<'static>> {
    let mut words = vec![];
    if let Some(marker) = incident.marker(one) {
        let facts: Vec<String> =
            marker.facts(|at| moment(canvas.model, at)).iter().map(|f| sanitise::line(f)).collect();
        words.push(facts.join("; "));
    }
    if let Some(why) = &one.reason {
        words.push(format!("{} by {}: {}", one.words(), one.actor.line(), why.line()));
    }
    if let Some(event) = one.drift.and_then(|id| incident.drift(id)) {
        let kind = event.resource.resource_type.line();
        let paths: Vec<String> =
            event.changes.iter().take(4).map(|c| format!("{}{}", c.change_type.sign(), c.path.0.cell(48))).collect();
        let class = event.severity_class().as_str();
        let state = event.state_at(canvas.model.now).as_str();
        let facts = format!("{class} {kind} {}, {state} now: {}", event.drift_type.as_str(), paths.join("  "));
        words.push(text::cut(&facts, room));
        words.extend(incident.joint_of(event.id).map(|joint| text::cut(&joint.incident.words(), room)));
        // Several properties may matter for the same reason.
        let mut reasons: Vec<String> = event.analysis.reasons.iter().map(|reason| reason.text.line()).collect();
        reasons.dedup();
        words.extend(reasons.into_iter().take(2));
    }
    let lines = words.iter().flat_map(|words| wrap(words, room));
    lines.map(|words| Line::from(canvas.span(Role::Text, format!(" {words}")))).collect()
}

#[cfg(test)]
mod tests {
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    fn open(width: u16, height: u16) -> Screens {
        Screens::open(Sample::shared(), options(Options::default()), (width, height)).unwrap()
    }

    /// Everything acknowledged at once, taken back, and looked at.
    fn bulk(width: u16, height: u16) -> Screens {
        let mut screens = open(width, height);
        screens.keys("* a enter u enter @");
        screens.text("-3d");
        screens.keys("enter");
        screens
    }

    #[test]
    fn a_decision_on_many_drifts_and_its_undo_are_a_row_each_that_can_be_opened() {
        let mut screens = bulk(160, 45);
        let screen = screens.screen();
        assert_eq!(screen.matches("decisions taken back").count(), 2, "its row, and all of it below: {screen}");
        assert!(screen.contains("2 decided by alice") && screen.contains("acknowledged ") && screen.contains(" more"));
        let closed = screens.model.incident.as_ref().unwrap().len();
        screens.keys("g g enter");
        let view = screens.model.incident.as_ref().unwrap();
        let members = view.bulk().unwrap().len();
        assert_eq!(view.len(), closed + members, "{}", screens.screen());
        screens.keys("j");
        let view = screens.model.incident.as_ref().unwrap();
        assert!(view.current().is_some() && view.at() == Some(1), "one of them");
        screens.keys("enter");
        assert!(screens.screen().contains(" as of "), "the resource as it stood: {}", screens.screen());
        screens.keys("esc k enter");
        assert_eq!(screens.model.incident.as_ref().unwrap().len(), closed, "closed again");
        screens.keys("o");
        assert_eq!(screens.model.incident.as_ref().unwrap().len(), closed);
    }

    #[test]
    fn a_title_is_not_cut_beside_blank_columns() {
        let mut screens = bulk(160, 45);
        screens.keys("g g");
        let screen = screens.screen();
        assert!(screen.contains("state serial 41 to 42, terraform 1.11.4, 118 to 120 resources"), "{screen}");
        assert!(screen.contains("decisions taken back"), "{screen}");
    }

    #[test]
    fn at_sixty_columns_the_environment_and_the_state_of_the_span_are_there() {
        let screens = bulk(60, 24);
        let screen = screens.screen();
        let title = screen.lines().next().unwrap();
        assert!(title.contains("all env.") && title.ends_with(" live"), "{screen}");
        assert!(screen.lines().any(|line| line.contains("first seen") && line.contains("prod-eu")), "{screen}");
        assert!(screen.lines().any(|line| line.contains("first seen") && line.contains("bastion")), "{screen}");
    }

    #[test]
    fn the_figures_above_and_below_count_the_same() {
        let screen = bulk(160, 45).screen();
        let below = screen.lines().find(|line| line.contains("by then")).unwrap().to_owned();
        assert!(below.contains("2 decided") && !below.contains("came back or ended"), "{below}");
    }
}
