//! A group's row in the timeline: how many, how bad, what they have in common, and the newest.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::diff::{LOOKED_AT, from_difference};
use super::{Canvas, crew, place, summary};
use crate::drift::query::{Group, GroupRow, module};
use crate::drift::{Change, DriftEvent, Slug};
use crate::safety::{Masked, lookalike};
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

/// Columns before the title: mark of the open one, class, count.
const SIGNS: usize = 11;
const AGE: usize = 6;
/// From so many columns on there is more room for where it is.
const ROOMY: usize = 70;

pub fn line(canvas: &mut Canvas<'_>, group: &GroupRow, width: usize) -> Line<'static> {
    let model = canvas.model;
    let open = model.timeline.filter.member == Some(group.key);
    let mark = match (open, canvas.theme.is_ascii()) {
        (true, false) => "▾",
        (false, false) => "▸",
        (true, true) => "-",
        (false, true) => "+",
    };
    let times = if canvas.theme.is_ascii() { 'x' } else { '×' };
    let count = format!("{times}{}", text::count(group.count));
    let about = about(canvas, group, beside(width));
    let room = room(about.width(), width);
    // As before a single drift.
    let title = match room.saturating_sub(2) {
        less if less > 0 && is_foreign(group) => format!("{} {}", lookalike::MARK, title(group, less)),
        _ => title(group, room),
    };
    let (age, looked_at) = (canvas.age(group.newest), crew::group_sign(canvas, group.key));
    let (class, calm) = if group.count > 0 { (bar::role(group.worst), Role::Text) } else { (Role::Dim, Role::Dim) };
    let mut line = Line::from(vec![
        canvas.span(Role::Key, mark),
        looked_at,
        canvas.span(class, group.worst.letter().to_string()),
        canvas.span(calm, format!("{count:>6}  ")),
        canvas.span(calm, text::fit(&title, room)),
        Span::raw(" "),
    ]);
    line.extend(about.spans);
    line.push_span(canvas.span(Role::Dim, format!(" {age:>4} ")));
    line
}

/// The columns of the title, and the space before them.
pub fn named(canvas: &Canvas<'_>, group: &GroupRow, area: Rect) -> Rect {
    let width = usize::from(area.width);
    super::from_column(area, SIGNS - 1, room(about(canvas, group, beside(width)).width(), width) + 1)
}

/// The most columns for what stands beside the title.
fn beside(width: usize) -> usize {
    if width >= ROOMY { width / 3 } else { width / 4 }
}

/// Columns for the title.
fn room(about: usize, width: usize) -> usize {
    width.saturating_sub(SIGNS + AGE + about + 2)
}

/// What the members have in common.
fn title(group: &GroupRow, width: usize) -> String {
    let event = &group.sample;
    let address = event.resource.resource_id.line();
    match group.key.by {
        Group::Resource if text::width(&address) <= width => address,
        Group::Resource => text::tail(&address, width),
        Group::Module => match module(event.resource.resource_id.raw()) {
            "" => "in no module".into(),
            module => crate::safety::sanitise::cell(module, width),
        },
        Group::Actor => match event.analysis.changed_by.as_slice() {
            [] => "by nobody known".into(),
            actors => actors.iter().map(|actor| actor.cell(40)).collect::<Vec<_>>().join(", "),
        },
        Group::Change => change(event, width),
        Group::Incident => incident(group, width),
    }
}

/// One of it by name, how many others there are, and the strongest reason; one that stands alone by its name.
fn incident(group: &GroupRow, width: usize) -> String {
    let address = group.sample.resource.resource_id.line();
    let Some((incident, why)) = group.incident.as_ref().and_then(|one| Some((one, one.why.first()?))) else {
        return text::tail(&address, width);
    };
    let others = format!(" +{}", incident.members.saturating_sub(1));
    let name = text::tail(&address, (width / 2).saturating_sub(others.len()).max(12));
    text::cut(&format!("{name}{others}: {}", why.line()), width)
}

/// One change in full, several by name.
fn change(event: &DriftEvent, width: usize) -> String {
    match event.changes.as_slice() {
        [] => format!("{} {}", event.resource.resource_type.cell(width / 2), summary::what_changed(event, width)),
        [one] => {
            let Change { path, declared, actual, .. } = one;
            let path = text::middle(&path.0.line(), width / 2);
            // What is left for the values, without `: ` and ` to `.
            let room = width.saturating_sub(text::width(&path) + 6) / 2;
            let value =
                |value: &Option<Masked>| value.as_ref().map_or("nothing".into(), |value| value.inline(LOOKED_AT));
            let values = from_difference([value(declared), value(actual)], room);
            let [declared, actual] = values.map(|value| text::cut(&value, room));
            format!("{path}: {declared} to {actual}")
        }
        _ => summary::what_changed(event, width),
    }
}

/// Whether what it is named by is not pure ASCII, and may read like another name.
fn is_foreign(group: &GroupRow) -> bool {
    let event = &group.sample;
    match group.key.by {
        Group::Resource | Group::Incident => !event.resource.resource_id.raw().is_ascii(),
        Group::Module => !module(event.resource.resource_id.raw()).is_ascii(),
        Group::Actor => event.analysis.changed_by.iter().any(|actor| !actor.raw().is_ascii()),
        Group::Change => event.changes.iter().any(|change| !change.path.raw().is_ascii()),
    }
}

/// Where, production first, and what hangs on it; the rest is counted where there is no room for it.
fn about(canvas: &Canvas<'_>, group: &GroupRow, room: usize) -> Line<'static> {
    if group.count == 0 {
        return Line::from(canvas.span(Role::Dim, text::cut("none is left", room)));
    }
    let settled = group.incident.as_ref().filter(|incident| incident.settled > 0);
    let settled = settled.map(|incident| format!("{} of {} settled  ", incident.settled, incident.members));
    let settled = settled.filter(|words| words.len() + 8 <= room);
    let mut slugs: Vec<&Slug> = group.environments.iter().collect();
    if slugs.is_empty() {
        slugs.push(&group.sample.environment);
    }
    slugs.sort_by_key(|slug| !canvas.model.is_production(slug));
    let mut line = Line::from(canvas.span(Role::Success, settled.unwrap_or_default()));
    let left = room.saturating_sub(line.width());
    for (at, slug) in slugs.iter().enumerate() {
        let mut one = Line::from(
            canvas.span(Role::Dim, if at > 0 { format!(", {slug}") } else { text::cut(slug.as_str(), left) }),
        );
        one.extend(place::behind(canvas, slug));
        let more = slugs.len() - at;
        let and_more = format!(" +{more}");
        let after = if more > 1 { and_more.len() } else { 0 };
        if at > 0 && line.width() + one.width() + after > room {
            line.push_span(canvas.span(Role::Dim, and_more));
            break;
        }
        line.extend(one.spans);
    }
    let on_it = ["depend on it", "dep."].map(|words| format!(", {} {words}", group.dependants));
    if let Some(fits) = on_it.into_iter().find(|words| group.dependants > 0 && line.width() + words.len() <= room) {
        line.push_span(canvas.span(Role::Dim, fits));
    }
    line
}
