//! What differs: the changes, security-critical ones first, and below them declared beside live.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::timeline::type_sign;
use super::{Canvas, crew, group_card, hidden, layout, place, remediation, settled};
use crate::drift::{Change, DriftEvent, State};
use crate::safety::lookalike;
use crate::tui::app::model::Pane;
use crate::tui::app::{Model, notice};
use crate::tui::theme::Role;
use crate::tui::widgets::diff::{DiffMode, DiffState, Fold};
use crate::tui::widgets::text;

/// Columns of the terminal below which the diff has one column.
pub const UNIFIED_BELOW: u16 = 100;

/// One column or two.
pub fn mode(model: &Model) -> DiffMode {
    if model.detail.unified || model.size.0 < UNIFIED_BELOW { DiffMode::Unified } else { DiffMode::SideBySide }
}

/// What was hidden is not folded away while it is to be shown.
fn fold(model: &Model) -> Fold {
    match (model.detail.fold, model.detail.show_hidden) {
        _ if model.detail.only_changed => Fold::Unchanged,
        (false, _) => Fold::Nothing,
        (true, true) => Fold::Same,
        (true, false) => Fold::Quiet,
    }
}

/// What is shown, and how: nobody should wonder where the rest is.
fn title(model: &Model) -> String {
    let detail = &model.detail;
    let ways = [
        (detail.only_changed, "only what changed"),
        (!detail.only_changed && !detail.fold, "unfolded"),
        (detail.wrap, "wrapped"),
        (detail.show_hidden, "with hidden and unverified"),
    ];
    let on = ways.iter().filter(|(is_on, _)| *is_on).map(|(_, words)| *words);
    let words: Vec<&str> = std::iter::once(detail.syntax.as_str()).chain(on).collect();
    format!("declared | live  {}", words.join(", "))
}

pub fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    if group_card::draw(canvas, area) {
        return;
    }
    let Some(event) = canvas.model.timeline.selected() else {
        canvas.frame(area, Pane::Diff, "declared | live", Line::default());
        return;
    };
    let (sign, role) = type_sign(event.drift_type);
    let info = Line::from(canvas.span(role, format!("{sign} {}", event.drift_type.as_str())));
    let title = title(canvas.model);
    let framed = canvas.frame(area, Pane::Diff, &title, info);
    let inner = Rect { width: framed.width.saturating_sub(1), ..framed };
    let head = head(canvas, event, inner.width);
    let rows = body_rows(canvas.model);
    let scroll = canvas.model.detail.scroll.min((head.len() + rows).saturating_sub(1));
    let length = head.len() + rows;
    canvas.scrollbar(framed, scroll, length.min(framed.height.into()), length);
    for (row, line) in head.iter().skip(scroll).enumerate() {
        canvas.line(inner, row, line);
    }
    let used = u16::try_from(head.len().saturating_sub(scroll)).unwrap_or(u16::MAX).min(inner.height);
    let below = Rect { y: inner.y + used, height: inner.height - used, ..inner };
    if let Some(view) = canvas.model.diff().filter(|_| !below.is_empty()) {
        let detail = &canvas.model.detail;
        let state = DiffState {
            scroll: scroll.saturating_sub(head.len()),
            mode: mode(canvas.model),
            fold: fold(canvas.model),
            wrap: detail.wrap,
            selected_change: Some(detail.change),
        };
        view.render(below, canvas.buf, canvas.theme, &state);
    } else if let Some((_, why)) = canvas.model.detail.error.as_ref().filter(|(id, _)| *id == event.id) {
        let line = Line::from(canvas.span(Role::Error, text::cut(why, below.width.into())));
        canvas.line(below, 0, &line);
    }
}

fn body_rows(model: &Model) -> usize {
    model.diff().map_or(0, |view| view.rows(mode(model), fold(model)).len())
}

/// Rows above the bodies.
fn head_rows(model: &Model) -> usize {
    let Some(event) = model.timeline.selected() else { return 0 };
    above(model, event) + change_rows(&event.changes) + hidden::rows(model)
}

/// Rows before the first change.
fn above(model: &Model, event: &DriftEvent) -> usize {
    HEADER + remediation::rows(model, event) + foreign(model, event).len()
}

fn head(canvas: &mut Canvas<'_>, event: &DriftEvent, width: u16) -> Vec<Line<'static>> {
    let mut lines = header(canvas, event, width);
    lines.extend(remediation::line(canvas, event, width.into()));
    for warning in foreign(canvas.model, event) {
        lines.push(Line::from(canvas.span(Role::Warning, text::cut(&warning, width.into()))));
    }
    settled::wake(canvas, event);
    lines.extend(changes(canvas, event, width));
    lines.extend(hidden::lines(canvas, event));
    lines
}

/// What a name with letters beyond ASCII really is, and which other name it can be taken for.
fn foreign(model: &Model, event: &DriftEvent) -> Vec<String> {
    let resource = &event.resource;
    let path = model.selected_change().map(|change| &change.path.0);
    let names =
        [Some(&resource.resource_id), resource.provider_id.as_ref().filter(|id| **id != resource.resource_id), path];
    let foreign = names.into_iter().flatten().filter(|name| !name.raw().is_ascii());
    let exact = foreign.map(|name| {
        let mixed = if lookalike::mixes_scripts(name.raw()) { " mixes scripts:" } else { "" };
        format!("{}{mixed} {}", lookalike::MARK, lookalike::escaped(name.raw()))
    });
    let name = resource.resource_id.raw();
    let twin = model.timeline.window.rows(0).find(|row| lookalike::reads_like(name, row.resource.resource_id.raw()));
    let twin = twin.map(|row| {
        let other = lookalike::escaped(row.resource.resource_id.raw());
        format!("{} reads like another resource: {other} in {}", lookalike::MARK, row.environment)
    });
    exact.chain(twin).collect()
}

/// The changes as they stand in the bodies, from top to bottom, and after them those that are hidden, while they are shown. Without
/// bodies, and for what is not in them: as they are listed.
pub fn order(model: &Model) -> Vec<usize> {
    let changes = model.timeline.selected().map_or(0, |event| event.changes.len());
    let mut order: Vec<usize> = (0..changes).collect();
    if let Some(view) = model.diff() {
        let rows = view.rows(mode(model), fold(model));
        let mut at = vec![usize::MAX; changes];
        for (row, change) in rows.iter().enumerate().filter_map(|(row, one)| Some((row, one.change?))) {
            at.get_mut(change).into_iter().for_each(|first| *first = row.min(*first));
        }
        order.sort_by_key(|change| at[*change]);
    }
    order.extend(changes..changes + model.shown_hidden().len());
    order
}

/// Rows of the whole pane.
pub fn length(model: &Model) -> usize {
    head_rows(model) + body_rows(model)
}

/// Scrolls no further than needed to show the selected change: in the bodies, or in the list while they are on their way, and
/// when it is hidden.
pub fn reveal(model: &mut Model) {
    let height = layout::plan(model).rows_of(Pane::Diff).max(1);
    let (mode, fold, detail) = (mode(model), fold(model), &model.detail);
    let row = model.diff().and_then(|view| view.row_of_change(mode, fold, detail.change));
    let (at, rows) = match (model.timeline.selected(), row) {
        (Some(event), None) => {
            let above = above(model, event);
            let changes = &event.changes[..detail.change.min(event.changes.len())];
            let (row, rows) = hidden::selected(model).unwrap_or((0, 1));
            (above + change_rows(changes) + row, rows)
        }
        (_, row) => (head_rows(model) + row.unwrap_or(0), 1),
    };
    // The end of it, but not without its beginning.
    let end = model.detail.scroll.max((at + rows).saturating_sub(height));
    model.detail.scroll = end.min(at);
}

/// Rows of [`header`].
const HEADER: usize = 3;

fn header(canvas: &mut Canvas<'_>, event: &DriftEvent, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let resource = &event.resource;
    let name = text::address(&resource.resource_id, width);
    let rest = width.saturating_sub(text::width(&name) + 1);
    let kind = text::cut(&resource.resource_type.line(), rest);
    let first = Line::from(vec![canvas.span(Role::Title, name), Span::raw(" "), canvas.span(Role::Dim, kind)]);

    let mut second = vec![canvas.span(Role::Text, event.environment.to_string())];
    second.extend(place::behind(canvas, &event.environment));
    let (seen, last) = (canvas.age(event.detected_at), canvas.age(event.last_seen));
    let times = notice::count(usize::try_from(event.seen_count).unwrap_or(usize::MAX), "time");
    second.push(canvas.span(Role::Dim, format!("  first seen {}, last {}, {times}", ago(&seen), ago(&last))));
    if event.is_regressed() {
        second.push(
            canvas.span(Role::Warning, format!("  came back {}", notice::count(event.regressions as usize, "time"))),
        );
    }
    if event.in_maintenance {
        second.push(canvas.span(Role::Dim, "  in maintenance"));
    }
    second.extend(standing(canvas, event));

    let mut third = crew::words(canvas, event);
    if let Some(previous) = &resource.previous_address {
        third.push(format!("was {}", previous.line()));
    }
    if let Some(id) = resource.provider_id.as_ref().filter(|id| **id != resource.resource_id) {
        let mark = if id.raw().is_ascii() { String::new() } else { format!("{} ", lookalike::MARK) };
        third.push(format!("id {mark}{}", text::tail(&id.line(), (width / 2).saturating_sub(3))));
    }
    if event.dependants > 0 {
        let verb = if event.dependants == 1 { "depends" } else { "depend" };
        third.push(format!("{} {verb} on it", event.dependants));
    }
    match &resource.declared_in {
        Some(source) => {
            // The end of a path says most, and it is what there is room for.
            let taken: usize = third.iter().map(|part| text::width(part) + 2).sum();
            let room = width.saturating_sub(taken + "declared in ".len());
            third.push(format!("declared in {}", text::tail(&source.line(), room)));
        }
        None => third.push("in no code".into()),
    }
    let third = Line::from(canvas.span(Role::Dim, text::cut(&third.join("  "), width)));
    vec![first, Line::from(second), third]
}

/// `now`, `3m ago`.
pub(super) fn ago(age: &str) -> String {
    if age == "now" { age.to_owned() } else { format!("{age} ago") }
}

/// `acknowledged by alice 5m`, `snoozed until …`, `-> bob`, `saving resolve`.
fn standing(canvas: &mut Canvas<'_>, event: &DriftEvent) -> Vec<Span<'static>> {
    let mut spans = vec![];
    let state = event.state_at(canvas.model.now);
    if state != State::Open {
        spans.push(canvas.span(Role::Key, format!("  {}", state.as_str())));
        if let Some(decision) = &event.decision {
            let resolution = decision.resolution_type.map(|r| format!(" as {}", r.as_str())).unwrap_or_default();
            let age = canvas.age(decision.at);
            let end = decision.until.map(|until| format!(", ends {}", canvas.until(until))).unwrap_or_default();
            spans.push(canvas.span(Role::Dim, format!("{resolution} by {} {age}{end}", decision.by.cell(20))));
        }
    }
    if let Some(assignee) = &event.assignee {
        spans.push(canvas.span(Role::Key, format!("  -> {}", assignee.cell(20))));
    }
    if let Some(pending) = canvas.model.pending.get(&event.id) {
        spans.push(canvas.span(Role::Warning, format!("  saving {}", pending.word)));
    }
    spans
}

/// Rows of [`changes`]: what memory found has a second one.
fn change_rows(changes: &[Change]) -> usize {
    changes.len() + changes.iter().filter(|change| change.remembered_at.is_some()).count()
}

fn changes(canvas: &mut Canvas<'_>, event: &DriftEvent, width: u16) -> Vec<Line<'static>> {
    let blames: Vec<Option<String>> =
        event.changes.iter().enumerate().map(|(at, change)| blame(canvas, change, at, width)).collect();
    let canvas = &*canvas;
    let clock = |at: jiff::Timestamp| at.to_zoned(canvas.model.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let memory = |change: &Change| {
        let words = text::cut(&change.memory(clock)?, usize::from(width).saturating_sub(4));
        Some(Line::from(canvas.span(Role::Dim, format!("    {words}"))))
    };
    let line = |(at, change): (usize, &Change)| {
        let role = match change.change_type {
            crate::drift::ChangeType::Modified => Role::Modified,
            crate::drift::ChangeType::Added => Role::Added,
            crate::drift::ChangeType::Removed => Role::Removed,
        };
        let cursor = if at == canvas.model.detail.change { ">" } else { " " };
        let settled = settled::words(canvas, event, change);
        let sign = if settled.is_some() { settled::SIGN } else { [" ", "!"][usize::from(change.is_security_critical)] };
        let role = if settled.is_some() { Role::Dim } else { role };
        let who = blames.get(at).cloned().flatten().unwrap_or_default();
        let room = usize::from(width).saturating_sub(4 + text::width(&who));
        let said = |room: usize| match &settled {
            Some(words) => text::cut(words, room),
            None => values(change, room),
        };
        // What the values leave is the path's; of long ones each has half.
        let least = (room / 2).max(12).min(room);
        let path = text::middle(&change.path.0.line(), least.max(room.saturating_sub(text::width(&said(room)) + 2)));
        let values = said(room.saturating_sub(text::width(&path) + 2));
        Line::from(vec![
            canvas.span(Role::Key, cursor),
            canvas.span(Role::Error, sign),
            canvas.span(role, format!("{} {path}", change.change_type.sign())),
            canvas.span(Role::Dim, text::fit(&format!("  {values}"), room.saturating_sub(text::width(&path)))),
            canvas.span(Role::Link, who),
        ])
    };
    event.changes.iter().enumerate().flat_map(|one| [Some(line(one)), memory(one.1)]).flatten().collect()
}

/// Columns of the pane from which every change says who made it; below, the selected one does.
const BLAMED: u16 = 84;

/// `  alice 3h ago`; with a `?` when it is only known of the resource as a whole.
fn blame(canvas: &mut Canvas<'_>, change: &Change, at: usize, width: u16) -> Option<String> {
    let model = canvas.model;
    let known = model.loaded()?.blame.iter().find(|blame| blame.path == change.path)?;
    if width < BLAMED && at != model.detail.change {
        return None;
    }
    let sure = if known.is_exact { "" } else { "?" };
    let when = known.when.map(|when| format!(" {}", ago(&canvas.age(when)))).unwrap_or_default();
    Some(format!("  {}{sure}{when}", known.who.cell(20)))
}

/// `declared -> live`, each in half the room where both do not fit; one alone has all of it.
fn values(change: &Change, width: usize) -> String {
    let half = width.saturating_sub(4) / 2;
    match (&change.declared, &change.actual) {
        (Some(declared), Some(live)) if declared.is_secret() && live.is_secret() => {
            let word = if declared == live { "the same secret" } else { "differs" };
            text::cut(&format!("{} -> {}: {word}", declared.inline(LOOKED_AT), live.inline(LOOKED_AT)), width)
        }
        (Some(declared), Some(live)) => {
            let both = [declared.inline(LOOKED_AT), live.inline(LOOKED_AT)];
            if text::width(&both[0]) + text::width(&both[1]) + 4 <= width {
                return both.join(" -> ");
            }
            let [declared, live] = from_difference(both, half);
            format!("{} -> {}", text::cut(&declared, half), text::cut(&live, half))
        }
        (Some(one), None) | (None, Some(one)) => one.inline(width),
        (None, None) => String::new(),
    }
}

/// Columns of a value that are looked at for where it begins to differ.
pub(super) const LOOKED_AT: usize = 2_000;

/// Two long texts that begin alike begin a few letters before they differ: the beginning alone would say nothing.
pub(super) fn from_difference(texts: [String; 2], room: usize) -> [String; 2] {
    let [a, b] = &texts;
    let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let fits = texts.iter().all(|text| text::width(text) <= room);
    if fits || same < room / 2 || a == b {
        return texts;
    }
    texts.map(|text| format!("…{}", text.chars().skip(same.saturating_sub(room / 4)).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::ServiceError;
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::app::{Effect, Msg};
    use crate::tui::sample::Sample;

    #[test]
    fn bodies_that_cannot_be_had_are_not_left_out_without_a_word() {
        for size in [(80, 24), (160, 45)] {
            let mut screens = Screens::open(Sample::shared(), options(Options::default()), size).unwrap();
            screens.hold();
            screens.keys("j enter");
            let asked = screens.held().iter().find_map(|effect| match effect {
                Effect::LoadDetail(ticket, _) => Some(*ticket),
                _ => None,
            });
            let why = ServiceError::Unavailable("https://drift cannot be reached: connection refused".into());
            screens.send(Msg::Detail(asked.unwrap(), Err(why)));
            assert!(screens.screen().contains("https://drift cannot be reached"), "{}", screens.screen());
        }
    }

    #[test]
    fn long_values_that_begin_alike_are_shown_from_where_they_differ() {
        let shown = |a: &str, b: &str| from_difference([a.to_owned(), b.to_owned()], 12);
        assert_eq!(shown("Welcome to bastion", "Welcome to beta"), ["…o bastion", "…o beta"]);
        assert_eq!(shown("short", "shore"), ["short", "shore"]);
        assert_eq!(shown("another beginning", "of a long text"), ["another beginning", "of a long text"]);
    }
}
