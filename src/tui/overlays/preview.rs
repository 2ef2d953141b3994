//! What a rule would hide, under its form and in its confirmation.

use ratatui::text::Line;

use crate::drift::{NeverHideReach, RuleReach, SeverityClass};
use crate::tui::app::model::Reach;
use crate::tui::app::notice::count;
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Rows it takes: how much, warnings, the first by name.
pub const ROWS: usize = 6;
/// Drifts that are named.
const NAMED: usize = 3;

pub fn lines(canvas: &Canvas<'_>, room: usize) -> Vec<Line<'static>> {
    let preview = &canvas.model.preview;
    let waits = preview.asked.is_some();
    let mut lines = match &preview.answer {
        None => vec![Line::from(canvas.span(Role::Dim, "counting what it would do …"))],
        Some(Err(why)) => vec![Line::from(canvas.span(Role::Warning, text::cut(why, room)))],
        Some(Ok(Reach::Hides(reach))) => of(canvas, reach, room),
        Some(Ok(Reach::Exposes(reach))) => exposed(canvas, reach, room),
    };
    if waits && preview.answer.is_some() {
        // What was counted stays until the next count is there.
        lines.iter_mut().for_each(|line| *line = Line::from(canvas.span(Role::Dim, line.to_string())));
    }
    lines.truncate(ROWS);
    lines
}

fn of(canvas: &Canvas<'_>, reach: &RuleReach, room: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(canvas.span(Role::Text, text::cut(&amount("would hide now", reach), room)))];
    let protected = reach.environments.keys().find(|slug| canvas.model.protected.contains(*slug));
    let mut warn = |what: String| lines.push(Line::from(canvas.span(Role::Warning, text::cut(&what, room))));
    if reach.critical > 0 {
        warn(format!("! {} of them CRITICAL", reach.critical));
    }
    if let Some(slug) = protected {
        warn(format!("! {slug} is protected: such a rule is refused"));
    }
    if let Some(why) = reach.actor_warning() {
        wrap(&format!("! {why}"), room).into_iter().for_each(&mut warn);
    }
    lines.extend(names(canvas, reach, room, NAMED));
    lines
}

/// What comes to light, of what the last scans hid.
fn exposed(canvas: &Canvas<'_>, reach: &NeverHideReach, room: usize) -> Vec<Line<'static>> {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let least = if reach.at_least { "at least " } else { "" };
    let says = match reach.changes {
        0 => format!("would bring to light: {}", if reach.at_least { "nothing of what is kept" } else { "nothing" }),
        n => format!(
            "would bring to light: {least}{}; {}, {} with more",
            count(number(n), "change"),
            count(number(reach.resources), "new drift"),
            count(number(reach.drifts), "drift"),
        ),
    };
    let mut lines = vec![Line::from(canvas.span(Role::Text, text::cut(&says, room)))];
    lines.extend(reach.first.iter().take(NAMED).map(|(slug, resource)| {
        let lead = format!("  {} ", text::cut(slug.as_str(), 16));
        let left = room.saturating_sub(text::width(&lead));
        Line::from(vec![
            canvas.span(Role::Dim, lead),
            canvas.span(Role::Text, text::address(&resource.resource_id, left)),
        ])
    }));
    let rest = (reach.resources + reach.drifts).saturating_sub(NAMED.min(reach.first.len()) as u64);
    lines.extend((rest > 0).then(|| Line::from(canvas.span(Role::Dim, format!("  and {rest} more")))));
    lines
}

/// `would hide now: 3 drifts, 5 changes (prod-eu 2, staging 1)`
pub fn amount(verb: &str, reach: &RuleReach) -> String {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    if reach.drifts == 0 {
        return format!("{verb}: nothing");
    }
    let environments: Vec<String> = reach.environments.iter().map(|(slug, n)| format!("{slug} {n}")).collect();
    let (drifts, changes) = (count(number(reach.drifts), "drift"), count(number(reach.changes), "change"));
    format!("{verb}: {drifts}, {changes} ({})", environments.join(", "))
}

/// The worst by name, and how many more there are.
pub fn names(canvas: &Canvas<'_>, reach: &RuleReach, room: usize, most: usize) -> Vec<Line<'static>> {
    let shown = reach.first.iter().take(most);
    let rest = reach.drifts.saturating_sub(shown.len() as u64);
    let last = shown.len().saturating_sub(1);
    let name = |(at, one): (usize, &crate::drift::Reached)| {
        let more = if at == last && rest > 0 { format!("  and {rest} more") } else { String::new() };
        let lead = format!(" {} ", text::cut(one.environment.as_str(), 16));
        let left = room.saturating_sub(text::width(&lead) + text::width(&more) + 3);
        Line::from(vec![
            canvas.span(severity(one.severity), format!("  {}", one.severity.letter())),
            canvas.span(Role::Dim, lead),
            canvas.span(Role::Text, text::address(&one.resource_id, left)),
            canvas.span(Role::Dim, more),
        ])
    };
    shown.enumerate().map(name).collect()
}

fn severity(class: SeverityClass) -> Role {
    match class {
        SeverityClass::Critical => Role::SeverityCritical,
        SeverityClass::High => Role::SeverityHigh,
        SeverityClass::Medium => Role::SeverityMedium,
        SeverityClass::Low => Role::SeverityLow,
    }
}
