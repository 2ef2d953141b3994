//! What was hidden of the selected drift, by which rule and on what evidence, and what could not be verified.

use ratatui::text::Line;

use super::{Canvas, layout, wrap};
use crate::compare::{DRIFTIGNORE, rules};
use crate::drift::{DriftEvent, Hidden};
use crate::safety::{Masked, sanitise};
use crate::tui::app::Model;
use crate::tui::app::model::Pane;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Columns of a value that are wrapped in the evidence.
const VALUE: usize = 400;

/// Columns between the signs and the edge.
fn room(model: &Model) -> usize {
    usize::from(layout::plan(model).area_of(Pane::Diff).width).saturating_sub(7)
}

/// Rows of [`lines`].
pub fn rows(model: &Model) -> usize {
    let Some(event) = model.timeline.selected() else { return 0 };
    if event.hidden_count == 0 && event.unverified_count == 0 {
        return 0;
    }
    let listed = model.loaded().filter(|_| model.detail.show_hidden);
    let unverified = listed.map_or(0, |loaded| loaded.detail.unverified.len());
    let evidence = model.selected_hidden().map_or(0, |hidden| why(model, hidden).len());
    1 + model.shown_hidden().len() + evidence + unverified
}

/// First row and number of rows of the selected one.
pub fn selected(model: &Model) -> Option<(usize, usize)> {
    let hidden = model.selected_hidden()?;
    let changes = model.timeline.selected()?.changes.len();
    Some((1 + model.detail.change - changes, 1 + why(model, hidden).len()))
}

/// How much is hidden and unverified; on demand each with its rule or reason.
pub fn lines(canvas: &Canvas<'_>, event: &DriftEvent) -> Vec<Line<'static>> {
    let model = canvas.model;
    if rows(model) == 0 {
        return vec![];
    }
    let key = |action: &str| model.keymap().keys_for("drift", action).into_iter().next().unwrap_or_default();
    let toggle = if model.detail.show_hidden { "hides them" } else { "shows why" };
    let mut lines = vec![Line::from(vec![
        canvas.span(Role::Hidden, format!("  {} hidden", event.hidden_count)),
        canvas.span(Role::Unverified, format!("  {} unverified", event.unverified_count)),
        canvas.span(Role::Dim, format!("  {} {toggle}", key("toggle-hidden"))),
    ])];
    if let (true, false) = (model.detail.show_hidden, model.shown_hidden().is_empty()) {
        lines[0].push_span(canvas.span(Role::Dim, format!(", {} chooses one", key("next-change"))));
    }
    for (at, hidden) in model.shown_hidden().iter().enumerate() {
        let is_selected = at + event.changes.len() == model.detail.change;
        lines.push(row(canvas, hidden, is_selected));
        if is_selected {
            let why = why(model, hidden).into_iter();
            lines.extend(why.map(|words| Line::from(canvas.span(Role::Text, format!("      {words}")))));
        }
    }
    let Some(loaded) = model.loaded().filter(|_| model.detail.show_hidden) else { return lines };
    let room = room(model);
    for unverified in &loaded.detail.unverified {
        let path = unverified.path.as_ref().map_or("the resource", |path| path.raw());
        let detail = format!("{} {}", unverified.reason.words(), unverified.detail.line());
        lines.push(Line::from(vec![
            canvas.span(
                Role::Unverified,
                format!("  ? {}", text::fit(&text::middle(&sanitise::line(path), room / 2), room / 2)),
            ),
            canvas.span(Role::Dim, format!(" {}", text::cut(&detail, room / 2))),
        ]));
    }
    lines
}

/// `> = path  rule  declared = live`
fn row(canvas: &Canvas<'_>, hidden: &Hidden, is_selected: bool) -> Line<'static> {
    let room = room(canvas.model);
    let (path, rule) = (room * 2 / 5, 18.min(room / 4));
    let half = room.saturating_sub(path + rule + 7) / 2;
    let [declared, live] = sides(hidden).map(|side| text::cut(&side, half));
    let cursor = if is_selected { ">" } else { " " };
    Line::from(vec![
        canvas.span(Role::Key, cursor),
        canvas.span(
            Role::Hidden,
            format!(" = {}", text::fit(&text::middle(&sanitise::line(hidden.path.raw()), path), path)),
        ),
        canvas.span(Role::Text, format!(" {}", text::fit(&sanitise::line(&hidden.rule), rule))),
        canvas.span(Role::Dim, format!(" {declared} | {live}")),
    ])
}

fn sides(hidden: &Hidden) -> [String; 2] {
    [&hidden.declared, &hidden.actual].map(|side| side.as_ref().map_or("absent".into(), |v: &Masked| v.inline(VALUE)))
}

fn why(model: &Model, hidden: &Hidden) -> Vec<String> {
    evidence(model, "drift", hidden, room(model).saturating_sub(2))
}

/// The evidence, line by line: where the rule may apply, what it says, both values in full, and how to disagree. `scope`: of the
/// keymap.
pub fn evidence(model: &Model, scope: &str, hidden: &Hidden, room: usize) -> Vec<String> {
    let room = room.max(1);
    let known = rules().iter().find(|rule| rule.id == hidden.rule);
    let sentence = match known {
        Some(rule) => format!("{} ({})", rule.sentence, rule.scope),
        None if hidden.rule.starts_with("ignore") => "An ignore rule that somebody made hides it.".to_owned(),
        None => "A rule of another version of driftguard hides it.".to_owned(),
    };
    let [declared, live] = sides(hidden);
    let mut lines = wrap(&sentence, room);
    for (name, value) in [("declared", declared), ("live    ", live)] {
        let pieces = wrap(&value, room.saturating_sub(10).max(1));
        lines.extend(pieces.into_iter().enumerate().map(|(at, piece)| match at {
            0 => format!("{name}  {piece}"),
            _ => format!("          {piece}"),
        }));
    }
    if known.is_some_and(|rule| rule.id != DRIFTIGNORE) {
        let key = model.keymap().keys_for(scope, "never-hide").into_iter().next().unwrap_or_default();
        lines.push(format!("{key}  never hide this: it is drift"));
    }
    lines
}
