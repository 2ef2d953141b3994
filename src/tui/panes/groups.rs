//! A group's row in the timeline: how many, how bad, what they have in common, and the newest.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Canvas, summary};
use crate::drift::query::{Group, GroupRow, module};
use crate::drift::{Change, DriftEvent};
use crate::safety::{Masked, lookalike};
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

/// Columns before the title: mark of the open one, class, count.
const SIGNS: usize = 11;
const AGE: usize = 6;
/// From so many columns on it says who has it besides.
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
    let about = besides(group, width);
    let room = room(&about, width);
    // As before a single drift.
    let title = match room.saturating_sub(2) {
        less if less > 0 && is_foreign(group) => format!("{} {}", lookalike::MARK, title(group, less)),
        _ => title(group, room),
    };
    let age = canvas.age(group.newest);
    Line::from(vec![
        canvas.span(Role::Key, format!("{mark} ")),
        canvas.span(bar::role(group.worst), group.worst.letter().to_string()),
        canvas.span(Role::Text, format!("{count:>6}  ")),
        canvas.span(Role::Text, text::fit(&title, room)),
        Span::raw(" "),
        canvas.span(Role::Dim, format!("{about} ")),
        canvas.span(Role::Dim, format!("{age:>4} ")),
    ])
}

/// The columns of the title, and the space before them.
pub fn named(group: &GroupRow, area: Rect) -> Rect {
    let width = usize::from(area.width);
    super::from_column(area, SIGNS - 1, room(&besides(group, width), width) + 1)
}

fn besides(group: &GroupRow, width: usize) -> String {
    if width >= ROOMY { about(group, width / 3) } else { String::new() }
}

/// Columns for the title.
fn room(about: &str, width: usize) -> usize {
    width.saturating_sub(SIGNS + AGE + text::width(about) + 2)
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
    }
}

/// One change in full, several by name.
fn change(event: &DriftEvent, width: usize) -> String {
    match event.changes.as_slice() {
        [] => format!("{} {}", event.resource.resource_type.cell(width / 2), summary::what_changed(event, width)),
        [one] => {
            let Change { path, declared, actual, .. } = one;
            let path = path.0.cell(width / 2);
            // What is left for the values, without `: ` and ` to `.
            let room = width.saturating_sub(text::width(&path) + 6) / 2;
            let value = |value: &Option<Masked>| value.as_ref().map_or("nothing".into(), |value| value.inline(room));
            format!("{path}: {} to {}", value(declared), value(actual))
        }
        _ => summary::what_changed(event, width),
    }
}

/// Whether what it is named by is not pure ASCII, and may read like another name.
fn is_foreign(group: &GroupRow) -> bool {
    let event = &group.sample;
    match group.key.by {
        Group::Resource => !event.resource.resource_id.raw().is_ascii(),
        Group::Module => !module(event.resource.resource_id.raw()).is_ascii(),
        Group::Actor => event.analysis.changed_by.iter().any(|actor| !actor.raw().is_ascii()),
        Group::Change => event.changes.iter().any(|change| !change.path.raw().is_ascii()),
    }
}

/// Where, and how many depend on it, in the words that fit.
fn about(group: &GroupRow, room: usize) -> String {
    let slug = group.sample.environment.as_str();
    let number = group.dependants;
    let (long, short) = if group.is_spread { ("several environments", "several env.") } else { (slug, slug) };
    let all = match number {
        0 => vec![long.to_owned(), short.to_owned()],
        _ => vec![
            format!("{long}, {number} depend on it"),
            format!("{long}, {number} dep."),
            format!("{short}, {number} dep."),
            format!("{number} dep."),
        ],
    };
    let fits = all.iter().find(|words| text::width(words) <= room).or(all.last());
    fits.map_or(String::new(), |words| text::cut(words, room))
}
