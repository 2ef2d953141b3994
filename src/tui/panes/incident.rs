//! Incident mode, on the whole screen: how much happened when, what happened by the moment that is looked at, and each happening.

use jiff::Timestamp;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::place::{self, Marks};
use super::{Canvas, asked, heat, wrap};
use crate::drift::{DETECTED, DriftEvent, Happening, Incident, OperationalContext, SeverityClass, Stats};
use crate::safety::sanitise;
use crate::tui::app::incident::IncidentView;
use crate::tui::app::{Model, age, notice};
use crate::tui::overlays::clear;
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
    let taken = u16::try_from(state.width() + 1).unwrap_or(u16::MAX);
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
    let mut spans = vec![canvas.span(Role::Title, " incident  ")];
    if let Some(span) = &view.span {
        let until = span.until.filter(|until| *until <= model.now);
        let end = until.map_or("now".to_owned(), |until| moment(model, until));
        let zone = span.from.to_zoned(model.zone.clone()).strftime("%Z").to_string();
        spans.push(canvas.span(Role::Text, format!("{} to {end} {zone}  ", moment(model, span.from))));
    }
    let name = match &view.environment {
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
    let count = |action: &str| all.iter().filter(|one| one.action == action).count();
    let mut seen = [0_u32; 4];
    incident.density.iter().for_each(|part| seen.iter_mut().zip(part.detected).for_each(|(sum, n)| *sum += n));
    let mut line = Line::from(canvas.span(Role::Text, format!(" {} first seen", seen.iter().sum::<u32>())));
    for (class, number) in SeverityClass::WORST_FIRST.into_iter().zip(seen).filter(|(_, number)| *number > 0) {
        line.push_span(Span::raw(" "));
        line.push_span(canvas.span(bar::role(class), format!("{number} {}", class.letter())));
    }
    let decided: Vec<&Happening> = all.iter().filter(|one| one.is_of_a_person()).collect();
    let names: std::collections::BTreeSet<String> = decided.iter().map(|one| one.actor.cell(16)).collect();
    let names: Vec<String> = names.into_iter().collect();
    let by = if names.is_empty() { String::new() } else { format!(" by {}", names.join(", ")) };
    let ended = count("closed") + count("superseded") + count("gone");
    let rest = [(count("regressed"), "back", ""), (ended, "ended", ""), (decided.len(), "decided", &by)];
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
    let drifts = || incident.happenings.iter().filter(|one| one.context.is_none());
    let until: Vec<&Happening> = drifts().filter(|one| one.at <= moment).collect();
    let first = until.iter().filter(|one| one.action == DETECTED).count();
    let decided = until.iter().filter(|one| one.is_of_a_person()).count();
    let all = drifts().count();
    let other = until.len() - first - decided;
    let parts = [(first, "first seen"), (decided, "decided"), (other, "came back or ended")];
    let parts = parts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
    let parts = parts.collect::<Vec<_>>().join(", ");
    let words =
        format!(" by then {} of {all} had happened{}{parts}", until.len(), if parts.is_empty() { "" } else { ": " });
    Line::from(canvas.span(Role::Dim, words))
}

/// Columns of a row, from left to right.
struct Columns {
    format: &'static str,
    time: usize,
    environment: usize,
    marks: Marks,
    what: usize,
    who: usize,
    why: usize,
    resource: usize,
}

impl Columns {
    fn of(width: usize, model: &Model, view: &IncidentView, incident: &Incident) -> Self {
        let days = incident.until.duration_since(incident.from).as_hours() >= 24;
        let (format, time) = if days { ("%m-%d %H:%M:%S", 15) } else { ("%H:%M:%S", 9) };
        let environment = if view.environment.is_none() && width >= 70 { (width / 9).clamp(9, 16) } else { 0 };
        let marks = if environment > 0 { Marks::of(model, width) } else { Marks::default() };
        let what = if width >= 110 { 20 } else { 16 };
        let who = (width / 10).clamp(7, 14);
        let why = if width >= 110 { width / 4 } else { 0 };
        let resource = width.saturating_sub(2 + time + 2 + environment + marks.width() + what + who + why);
        Self { format, time, environment, marks, what, who, why, resource }
    }

    fn names(&self) -> String {
        let cells = [
            ("time", self.time),
            ("", 2),
            ("env", self.environment + self.marks.width()),
            ("what", self.what),
            ("resource", self.resource),
            ("who", self.who),
            ("why", self.why),
        ];
        cells.iter().fold("  ".to_owned(), |line, (name, width)| line + &text::fit(name, *width))
    }
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
    for row in 0..room.min(incident.happenings.len().saturating_sub(view.top)) {
        let Some(one) = view.row(view.top + row) else { break };
        let event = one.drift.and_then(|id| incident.drift(id));
        let later = view.moment.is_some_and(|moment| one.at > moment);
        let marker = incident.marker(one);
        let line = line(canvas, one, (event, marker), &columns, later, scale.part(one.at) == part);
        canvas.line(below, row, &line);
        if at == Some(view.top + row) {
            canvas.tint(below, row, Role::Selection);
            let letter = Rect { x: below.x + 2 + u16::try_from(columns.time).unwrap_or(0), width: 1, ..below };
            event.iter().for_each(|event| canvas.tint(letter, row, bar::role(event.severity_class())));
        }
    }
    canvas.scrollbar(below, view.top, room.min(incident.happenings.len()), incident.happenings.len());
    let rows = about(canvas.model.size.1);
    let foot = Rect { y: below.bottom(), height: area.bottom().saturating_sub(below.bottom()), ..area };
    if let Some(moment) = view.moment.filter(|_| rows > 0) {
        let line = by_then(canvas, incident, moment);
        canvas.line(foot, 0, &line);
        let about =
            view.current().map(|one| about_one(canvas, one, incident, usize::from(area.width).saturating_sub(2)));
        for (row, line) in about.into_iter().flatten().take(rows.saturating_sub(1)).enumerate() {
            canvas.line(foot, 1 + row, &line);
        }
    }
}

fn line(
    canvas: &Canvas<'_>,
    one: &Happening,
    (event, marker): (Option<&DriftEvent>, Option<&OperationalContext>),
    columns: &Columns,
    later: bool,
    now: bool,
) -> Line<'static> {
    let calm = if later { Role::Dim } else { Role::Text };
    let mark = match (now, canvas.theme.is_ascii()) {
        (false, _) => "  ",
        (true, true) => "> ",
        (true, false) => "▸ ",
    };
    let time = one.at.to_zoned(canvas.model.zone.clone()).strftime(columns.format).to_string();
    let class = event.map(DriftEvent::severity_class);
    let marker = marker.map(|one| one.context_type.letter());
    let letter = class.map(SeverityClass::letter).or(marker).unwrap_or(' ').to_string();
    let letter_role = match (class, marker) {
        _ if later => Role::Dim,
        (Some(class), _) => bar::role(class),
        (None, Some(_)) => Role::Marked,
        (None, None) => Role::Dim,
    };
    let environment = one.environment.as_ref().map_or("", |slug| slug.as_str());
    let undone = if one.undone { " (undone)" } else { "" };
    let what = format!("{}{undone}", sanitise::line(one.words()));
    let person = if one.is_of_a_person() && !later { Role::Key } else { calm };
    // A mark is about no resource: its title stands there.
    let title = || one.reason.as_ref().filter(|_| one.context.is_some()).map_or(String::new(), |why| why.line());
    let resource = event.map_or_else(title, |event| {
        text::tail(&event.resource.resource_id.name(500), columns.resource.saturating_sub(1))
    });
    let why = one.reason.as_ref().filter(|_| one.context.is_none()).map_or(String::new(), |why| why.line());
    let mut spans = vec![
        canvas.span(Role::Key, mark),
        canvas.span(calm, text::fit(&time, columns.time)),
        canvas.span(letter_role, letter),
        Span::raw(" "),
        canvas.span(Role::Dim, column(environment, columns.environment)),
    ];
    spans.extend(columns.marks.spans(canvas, one.environment.as_ref()));
    spans.extend([
        canvas.span(person, column(&what, columns.what)),
        canvas.span(calm, column(&resource, columns.resource)),
        canvas.span(Role::Dim, column(&one.actor.line(), columns.who)),
        canvas.span(Role::Dim, column(&why, columns.why)),
    ]);
    Line::from(spans)
}

/// Fits with a space behind it.
fn column(shown: &str, width: usize) -> String {
    text::fit(shown, width.saturating_sub(1)) + if width > 0 { " " } else { "" }
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
        // Several properties may matter for the same reason.
        let mut reasons: Vec<String> = event.analysis.reasons.iter().map(|reason| reason.text.line()).collect();
        reasons.dedup();
        words.extend(reasons.into_iter().take(2));
    }
    let lines = words.iter().flat_map(|words| wrap(words, room));
    lines.map(|words| Line::from(canvas.span(Role::Text, format!(" {words}")))).collect()
}
