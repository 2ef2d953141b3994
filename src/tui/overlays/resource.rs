//! One resource: where it is written down, what hangs on it, what it was seen to be, its other drifts.

use jiff::Timestamp;
use ratatui::text::Line;

use super::{frame, key};
use crate::drift::{Change, CorrelationEvent, DriftEvent, Linked, Slug, Together};
use crate::safety::Tainted;
use crate::tui::app::notice::count;
use crate::tui::app::resource::{Choice, ResourceFacts, Seen};
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

/// Columns before a fact.
const LEAD: usize = 12;

pub fn draw(canvas: &mut Canvas<'_>) {
    let Some(view) = &canvas.model.resource else { return };
    let area = canvas.area();
    let width = area.width.saturating_sub(if area.width < 60 { 0 } else { 4 }).min(130);
    let room = usize::from(width).saturating_sub(5);
    let title = text::cut(&view.title, room);
    let names = match view.current() {
        Some(Choice::Near(_)) => {
            [("copy-id", "copy its id"), ("copy-link", "its link"), ("history", "history"), ("back", "close")]
        }
        _ => [("enter", "what differs"), ("history", "history"), ("copy-address", "copy"), ("back", "close")],
    };
    let keys = names.map(|(name, word)| format!("{} {word}", key(canvas, "resource", name))).join("  ");
    let (lines, cursor) = match &view.answer {
        None => (vec![Line::from(canvas.span(Role::Dim, "loading"))], None),
        Some(Err(why)) => (vec![Line::from(canvas.span(Role::Error, text::cut(why, room)))], None),
        Some(Ok(facts)) => lines(canvas, facts, view.at, room),
    };
    let height = lines.len().min(usize::from(area.height).saturating_sub(4)).max(1);
    let inner = frame(canvas, width, height, &title, &keys);
    let shown = usize::from(inner.height);
    // The facts above stay in sight as long as the cursor is near them.
    let top = cursor.map_or(0, |at| (at + 2).saturating_sub(shown)).min(lines.len().saturating_sub(shown));
    for (row, line) in lines.iter().skip(top).take(shown).enumerate() {
        canvas.line(inner, row, line);
        if cursor == Some(top + row) {
            canvas.tint(inner, row, Role::Selection);
        }
    }
    canvas.scrollbar(inner, top, shown.min(lines.len()), lines.len());
}

/// The lines, and the one under the cursor.
fn lines(
    canvas: &mut Canvas<'_>,
    facts: &ResourceFacts,
    at: usize,
    room: usize,
) -> (Vec<Line<'static>>, Option<usize>) {
    let mut lines = facts_of(canvas, facts, room);
    let mut cursor = None;
    for (index, one) in facts.near().iter().enumerate() {
        cursor = cursor.or((index == at).then_some(lines.len()));
        lines.push(near(canvas, index, one, room));
    }
    let at = at.wrapping_sub(facts.near().len());
    let seen = count(facts.seen.len(), "observed value");
    lines.extend([Line::default(), Line::from(canvas.span(Role::Title, seen))]);
    if facts.seen.is_empty() {
        lines.push(Line::from(canvas.span(Role::Dim, "  none: its live side was not seen, or not kept")));
    }
    for (index, one) in facts.seen.iter().enumerate() {
        cursor = cursor.or((index == at).then_some(lines.len()));
        lines.push(observed(canvas, one, room));
    }
    let others = &facts.relations.others;
    lines.extend([Line::default(), Line::from(canvas.span(Role::Title, count(others.len(), "other drift")))]);
    for (index, event) in others.iter().enumerate() {
        cursor = cursor.or((facts.seen.len() + index == at).then_some(lines.len()));
        lines.push(other(canvas, event, room));
    }
    (lines, cursor)
}

fn facts_of(canvas: &Canvas<'_>, facts: &ResourceFacts, room: usize) -> Vec<Line<'static>> {
    let (event, relations) = (&facts.detail.event, &facts.relations);
    let resource = &event.resource;
    let mut told = vec![("type", resource.resource_type.line()), ("environment", event.environment.to_string())];
    told.extend(resource.provider_id.as_ref().map(|id| ("id", id.line())));
    told.extend(resource.declared_in.as_ref().map(|source| ("declared in", source.line())));
    for place in &relations.declared_at {
        told.push(("written at", format!("{}:{}", place.file.line(), place.line)));
    }
    if relations.declared_at.len() > 1 {
        told.push(("", "one of these: its module could not be followed".into()));
    }
    let names = |names: &[Tainted], more: usize| {
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        names.iter().map(Tainted::line).collect::<Vec<_>>().join(", ") + &more
    };
    if !relations.depends_on.is_empty() {
        told.push(("needs", names(&relations.depends_on, 0)));
    }
    if let Some(together) = relations.together.as_ref().filter(|together| !together.is_alone()) {
        told.extend(belongs(together, &event.environment));
    }
    if event.is_split {
        told.push(("split", "somebody took it out of what it was found together with".into()));
    }
    let minute = |at: Timestamp| at.to_zoned(canvas.model.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let cause = &event.analysis.cause;
    told.extend(cause.temporal_context.as_ref().map(|one| ("happened", one.words(&minute))));
    told.extend(cause.prediction.as_ref().map(|one| ("model", one.words(&minute))));
    for Linked { link, drift } in &relations.linked {
        let note = link.note.as_ref().map_or(String::new(), |note| format!(": {}", note.line()));
        let what = format!("{} in {}", drift.resource.resource_id.line(), drift.environment);
        told.push(("linked to", format!("{what}{note} ({})", link.by.line())));
    }
    if !relations.dependants.is_empty() {
        told.push(("needed by", names(&relations.dependants, relations.more_dependants)));
    }
    let mut lines = vec![];
    for (name, words) in told {
        for (row, words) in wrap(&words, room.saturating_sub(LEAD)).into_iter().enumerate() {
            let lead = text::fit(if row == 0 { name } else { "" }, LEAD);
            lines.push(Line::from(vec![canvas.span(Role::Dim, lead), canvas.span(Role::Text, words)]));
        }
    }
    let unknown = relations.unknown.iter().flat_map(|words| wrap(words, room));
    lines.extend(unknown.map(|words| Line::from(canvas.span(Role::Unverified, words))));
    lines
}

/// `near it     -2h  a1b2c3d "open the port"  main.tf:4  (github)`
fn near(canvas: &Canvas<'_>, index: usize, one: &CorrelationEvent, room: usize) -> Line<'static> {
    let lead = text::fit(if index == 0 { "near it" } else { "" }, LEAD);
    let words = text::cut(&one.line(), room.saturating_sub(LEAD));
    Line::from(vec![canvas.span(Role::Dim, lead), canvas.span(Role::Text, words)])
}

/// Members of an incident that are named.
const MEMBERS: usize = 5;

/// What a drift belongs together with, and why.
fn belongs(together: &Together, own: &Slug) -> Vec<(&'static str, String)> {
    let mut told = vec![];
    if together.count > 1 {
        let place = |of: &Slug| if of == own { String::new() } else { format!(" in {of}") };
        let name = |one: &DriftEvent| format!("{}{}", one.resource.resource_id.line(), place(&one.environment));
        let mut names: Vec<String> = together.others.iter().take(MEMBERS).map(name).collect();
        let others = together.count - 1;
        let more = others.saturating_sub(names.len() as u64);
        names.extend((more > 0).then(|| format!("{more} more")));
        told.push(("together", format!("incident {} with {}", together.id, names.join(", "))));
    }
    told.extend(together.why.iter().map(|why| ("", why.line())));
    told.extend(together.also_words().map(|words| ("", words)));
    if together.is_cut {
        told.push(("", "not all that may belong to it was looked at".into()));
    }
    told
}

fn clock(canvas: &Canvas<'_>, at: Timestamp) -> String {
    at.to_zoned(canvas.model.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2026-11-21 09:57:00  3m  differed  ~ingress  +tags.x  and 2 more`
fn observed(canvas: &mut Canvas<'_>, one: &Seen, room: usize) -> Line<'static> {
    let at = one.observation.observed_at;
    let age = canvas.age(at);
    let (role, word) = if one.observation.accepted { (Role::Success, "in sync ") } else { (Role::Warning, "differed") };
    let changed = match &one.changes {
        None => "first value kept".to_owned(),
        Some(changes) if changes.is_empty() => "the same value, judged anew".into(),
        Some(changes) => paths(changes, room.saturating_sub(40)),
    };
    Line::from(vec![
        canvas.span(Role::Text, format!("  {} ", clock(canvas, at))),
        canvas.span(Role::Dim, format!("{age:>4}  ")),
        canvas.span(role, word),
        canvas.span(Role::Text, format!("  {}", text::cut(&changed, room.saturating_sub(38)))),
    ])
}

fn paths(changes: &[Change], room: usize) -> String {
    let shown: Vec<String> =
        changes.iter().take(3).map(|one| format!("{}{}", one.change_type.sign(), one.path.0.cell(40))).collect();
    let more = changes.len().saturating_sub(3);
    let more = if more > 0 { format!("  and {more} more") } else { String::new() };
    text::cut(&(shown.join("  ") + &more), room)
}

fn other(canvas: &mut Canvas<'_>, event: &DriftEvent, room: usize) -> Line<'static> {
    let class = event.severity_class();
    let state = event.state_at(canvas.model.now).as_str();
    let seen = clock(canvas, event.detected_at);
    Line::from(vec![
        canvas.span(Role::Text, format!("  {seen} ")),
        canvas.span(bar::role(class), class.letter().to_string()),
        canvas.span(Role::Dim, format!(" {state:<12} ")),
        canvas.span(Role::Text, paths(&event.changes, room.saturating_sub(40))),
    ])
}
