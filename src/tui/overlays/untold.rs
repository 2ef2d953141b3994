//! What the last scan of an environment hid or could not verify: a line each, and all of the one under the cursor below.

use ratatui::text::Line;

use super::{frame, key};
use crate::drift::{Aside, Untold};
use crate::safety::sanitise;
use crate::tui::app::untold::UntoldList;
use crate::tui::panes::{Canvas, hidden, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Rows of what is said about the one under the cursor, where there is room.
const ABOUT: usize = 9;

pub fn draw(canvas: &mut Canvas<'_>) {
    let model = canvas.model;
    let Some(list) = &model.untold else { return };
    let area = canvas.area();
    let width = area.width.saturating_sub(if area.width < 60 { 0 } else { 4 }).min(130);
    let most = usize::from(area.height).saturating_sub(4);
    let rows = list.page.matching.max(1);
    let about = list.current().map_or(vec![], |row| about_one(canvas, row, usize::from(width).saturating_sub(4)));
    let below = if about.is_empty() { 0 } else { 1 + about.len().min(ABOUT) };
    // One for the words that are searched, and what is not kept.
    let inner = frame(canvas, width, (1 + rows + below).min(most), &title(list), &keys(canvas, list));
    let head = head(canvas, list);
    canvas.line(inner, 0, &head);
    let room = usize::from(inner.height).saturating_sub(1);
    if list.page.matching == 0 {
        return empty(canvas, inner, list);
    }
    let height = rows.min(room.saturating_sub(below).max(1));
    let top = (list.at + 1).saturating_sub(height);
    for row in 0..height.min(list.page.matching - top) {
        let line = match list.row(top + row) {
            Some(one) => line(canvas, one, inner.width.into()),
            None => Line::from(canvas.span(Role::Dim, "…")),
        };
        canvas.line(inner, 1 + row, &line);
        if top + row == list.at {
            canvas.tint(inner, 1 + row, Role::Selection);
        }
    }
    for (row, line) in about.iter().take(room.saturating_sub(height + 1)).enumerate() {
        canvas.line(inner, height + 2 + row, line);
    }
}

fn title(list: &UntoldList) -> String {
    let page = &list.page;
    match (list.is_loaded, page.matching == page.kept) {
        (false, _) => format!("hidden in {}", list.environment),
        (true, true) => format!("hidden in {}: {}", list.environment, page.kept),
        (true, false) => format!("hidden in {}: {} of {}", list.environment, page.matching, page.kept),
    }
}

fn keys(canvas: &Canvas<'_>, list: &UntoldList) -> String {
    let names = match list.typing {
        true => vec![("input", "enter", "done"), ("input", "back", "clear")],
        false => {
            vec![
                ("hidden", "never-hide", "never hide this"),
                ("hidden", "filter", "search"),
                ("hidden", "back", "close"),
            ]
        }
    };
    let keys = names.iter().map(|(scope, name, word)| format!("{} {word}", key(canvas, scope, name)));
    keys.collect::<Vec<_>>().join("  ")
}

/// The words that are searched, and how much more there is than is kept.
fn head(canvas: &Canvas<'_>, list: &UntoldList) -> Line<'static> {
    let mut spans = vec![];
    if list.typing || !list.line.text().is_empty() {
        let (before, after) = list.line.halves();
        let cursor = if list.typing { "▏" } else { "" };
        let cursor = if canvas.theme.is_ascii() && list.typing { "_" } else { cursor };
        let words = format!("/{}{cursor}{} ", sanitise::line(before), sanitise::line(after));
        spans.push(canvas.span(Role::Key, words));
    }
    let over = list.page.counted.saturating_sub(list.page.kept as u64);
    if over > 0 {
        let words = format!("{} are kept; {over} more are only counted", list.page.kept);
        spans.push(canvas.span(Role::Warning, words));
    }
    if spans.is_empty() {
        spans.push(canvas.span(Role::Dim, "= hidden by a rule   ? not verified"));
    }
    Line::from(spans)
}

fn empty(canvas: &mut Canvas<'_>, inner: ratatui::layout::Rect, list: &UntoldList) {
    let (role, words) = match (&list.error, list.is_loaded, list.page.kept) {
        (Some(why), _, _) => (Role::Error, why.clone()),
        (None, false, _) => (Role::Dim, "loading".to_owned()),
        (None, true, 0) if list.page.scanned_at.is_none() => (Role::Dim, "not scanned yet".to_owned()),
        (None, true, 0) => (Role::Dim, "nothing was hidden, and everything could be compared".to_owned()),
        (None, true, _) => (Role::Dim, "nothing has these words".to_owned()),
    };
    for (row, words) in wrap(&words, inner.width.into()).into_iter().enumerate() {
        let line = Line::from(canvas.span(role, words));
        canvas.line(inner, 1 + row, &line);
    }
}

/// `= path  rule  resource`
fn line(canvas: &Canvas<'_>, one: &Untold, width: usize) -> Line<'static> {
    let (sign, role, why) = match &one.what {
        Aside::Hidden(hidden) => ("=", Role::Hidden, sanitise::line(&hidden.rule)),
        Aside::Unverified(unverified) => ("?", Role::Unverified, unverified.reason.words().to_owned()),
    };
    let (path, rule) = (width / 3, 16.min(width / 4));
    let rest = width.saturating_sub(path + rule + 4);
    Line::from(vec![
        canvas.span(role, format!("{sign} {}", text::fit(&text::middle(&sanitise::line(one.path()), path), path))),
        canvas.span(Role::Dim, format!(" {}", text::fit(&why, rule))),
        canvas.span(Role::Text, format!(" {}", text::address(&one.resource.resource_id, rest))),
    ])
}

/// The resource, and why it is no drift.
fn about_one(canvas: &Canvas<'_>, one: &Untold, room: usize) -> Vec<Line<'static>> {
    let standing = if one.drifted { "has drifted elsewhere" } else { "in sync" };
    let kind = one.resource.resource_type.cell(room / 2);
    let left = room.saturating_sub(text::width(&kind) + standing.len() + 4);
    let mut lines = vec![Line::from(vec![
        canvas.span(Role::Key, kind),
        canvas.span(Role::Text, format!(" {}", text::address(&one.resource.resource_id, left))),
        canvas.span(Role::Dim, format!("  {standing}")),
    ])];
    let words = match &one.what {
        Aside::Hidden(hidden) => hidden::evidence(canvas.model, "hidden", hidden, room),
        Aside::Unverified(unverified) => {
            let detail = match unverified.detail.line() {
                empty if empty.is_empty() => String::new(),
                detail => format!(": {detail}"),
            };
            wrap(&format!("not verified, {}{detail}", unverified.reason.words()), room)
        }
    };
    lines.extend(words.into_iter().map(|words| Line::from(canvas.span(Role::Text, words))));
    lines
}
