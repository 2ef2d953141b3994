//! The ignore rules: a line each, and all of the one under the cursor below.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{frame, key, preview};
use crate::drift::{NeverHideRule, RuleStatus};
use crate::tui::app::update::never_hide;
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Rows of what is said about the one under the cursor.
const ABOUT: usize = 11;
/// Rows the list has at least, where there are so many rules.
const LISTED: usize = 3;

pub fn draw(canvas: &mut Canvas<'_>) {
    let model = canvas.model;
    let rules = &model.rules;
    let width = canvas.area().width.saturating_sub(4).min(110);
    let most = usize::from(canvas.area().height).saturating_sub(4);
    let count = rules.list.len() + rules.never_hide.len();
    let about = if count == 0 { 0 } else { 1 + ABOUT };
    let height = (count.max(1) + about).min(most);
    let title = match (rules.list.len(), rules.never_hide.len()) {
        (0, 0) => "rules".to_owned(),
        (n, 0) => format!("ignore rules: {n}"),
        (0, n) => format!("never hidden: {n}"),
        (n, never) => format!("ignore rules: {n}, never hidden: {never}"),
    };
    let keys = [("enter", "go to what it hides"), ("edit-rule", "edit"), ("delete-rule", "delete"), ("back", "close")];
    let keys: Vec<String> = keys.iter().map(|(name, word)| format!("{} {word}", key(canvas, "rules", name))).collect();
    let inner = frame(canvas, width, height, &title, &keys.join("  "));
    if count == 0 {
        return empty(canvas, inner);
    }
    let room = usize::from(inner.height);
    let rows = count.min(room.saturating_sub(ABOUT + 1).max(LISTED)).min(room);
    let top = (rules.at() + 1).saturating_sub(rows);
    for (row, at) in (top..count).take(rows).enumerate() {
        let line = match (rules.list.get(at), at.checked_sub(rules.list.len()).and_then(|at| rules.never_hide.get(at)))
        {
            (Some(one), _) => line(canvas, one, inner.width.into()),
            (None, Some(rule)) => never_hide_line(canvas, rule, inner.width.into()),
            (None, None) => Line::default(),
        };
        canvas.line(inner, row, &line);
        if at == rules.at() {
            canvas.tint(inner, row, Role::Selection);
        }
    }
    let lines = match (rules.current(), rules.current_never_hide()) {
        (Some(one), _) => about_one(canvas, one, inner.width.into()),
        (None, Some(rule)) => about_never_hide(canvas, rule, inner.width.into()),
        (None, None) => return,
    };
    for (row, line) in lines.iter().take(room.saturating_sub(rows + 1)).enumerate() {
        canvas.line(inner, rows + 1 + row, line);
    }
}

fn empty(canvas: &mut Canvas<'_>, inner: Rect) {
    let rules = &canvas.model.rules;
    let ignore = key(canvas, "drift", "ignore");
    let (role, words) = match (&rules.error, rules.is_loaded) {
        (Some(why), _) => (Role::Error, why.clone()),
        (None, false) => (Role::Dim, "loading".into()),
        (None, true) => (Role::Dim, format!("none yet: {ignore} on a drift makes one from the selected change")),
    };
    for (row, words) in wrap(&words, inner.width.into()).into_iter().enumerate() {
        let line = Line::from(canvas.span(role, words));
        canvas.line(inner, row, &line);
    }
}

/// How many it hides, where, what, until when.
fn line(canvas: &mut Canvas<'_>, one: &RuleStatus, width: usize) -> Line<'static> {
    let rule = &one.rule;
    let ends = match rule.expires_at {
        _ if one.is_expired => "expired".to_owned(),
        Some(at) => canvas.until(at),
        None => "no end".to_owned(),
    };
    let (role, hides) = match one.hides.drifts {
        0 if one.is_expired => (Role::Dim, "-".to_owned()),
        0 if one.unused_since.is_some() => (Role::Warning, "unused".to_owned()),
        n => (Role::Text, text::count(n)),
    };
    let environment = rule.environment.as_ref().map_or("everywhere".to_owned(), ToString::to_string);
    let left = width.saturating_sub(7 + 13 + 9);
    Line::from(vec![
        canvas.span(role, format!("{hides:>6} ")),
        canvas.span(Role::Dim, text::fit(&environment, 12)),
        canvas.span(Role::Text, format!(" {}", text::fit(&rule.says(), left))),
        canvas.span(Role::Dim, format!(" {ends:>8}")),
    ])
}

fn never_hide_line(canvas: &mut Canvas<'_>, rule: &NeverHideRule, width: usize) -> Line<'static> {
    let environment = rule.environment.as_ref().map_or("everywhere".to_owned(), ToString::to_string);
    let left = width.saturating_sub(7 + 13 + 9);
    Line::from(vec![
        canvas.span(Role::Key, format!("{:>6} ", "never")),
        canvas.span(Role::Dim, text::fit(&environment, 12)),
        canvas.span(Role::Text, format!(" {}", text::fit(&rule.says(), left))),
        canvas.span(Role::Dim, format!(" {:>8}", "no end")),
    ])
}

fn about_never_hide(canvas: &mut Canvas<'_>, rule: &NeverHideRule, room: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = never_hide::says(rule)
        .iter()
        .flat_map(|says| wrap(says, room))
        .map(|words| Line::from(canvas.span(Role::Text, words)))
        .collect();
    let age = past(canvas, rule.created_at);
    lines.push(labelled(canvas, "owner", &format!("{}, {age}", rule.owner.cell(40)), room));
    lines
}

/// All of it: patterns, reason, owner and age, end, what it hides.
fn about_one(canvas: &mut Canvas<'_>, one: &RuleStatus, room: usize) -> Vec<Line<'static>> {
    let rule = &one.rule;
    let mut lines = vec![];
    for (name, pattern) in rule.patterns() {
        lines.push(labelled(canvas, name, &pattern.line(), room));
    }
    lines.push(labelled(canvas, "reason", &rule.reason.line(), room));
    let age = past(canvas, rule.created_at);
    let ends = match rule.expires_at {
        None => "no end".to_owned(),
        Some(at) if one.is_expired => format!("expired {}", past(canvas, at)),
        Some(at) => format!("ends {}", canvas.until(at)),
    };
    lines.push(labelled(canvas, "owner", &format!("{}, {age}; {ends}", rule.owner.cell(40)), room));
    match one.unused_since {
        Some(since) => {
            let words = format!("matches nothing any more, since {}", past(canvas, since));
            lines.push(Line::from(canvas.span(Role::Warning, text::cut(&words, room))));
        }
        None if one.hides.drifts == 0 && !one.is_expired => {
            let words = "hides nothing yet; not scanned to the end since it was made or changed";
            lines.push(Line::from(canvas.span(Role::Dim, text::cut(words, room))));
        }
        None => {
            let words = preview::amount("hides now", &one.hides);
            lines.push(Line::from(canvas.span(Role::Text, text::cut(&words, room))));
        }
    }
    if let Some(why) = one.hides.actor_warning() {
        let words = wrap(&why, room).into_iter();
        lines.extend(words.map(|words| Line::from(canvas.span(Role::Warning, words))));
    }
    lines.extend(preview::names(canvas, &one.hides, room, 3));
    lines
}

/// `3d ago`, `just now`.
fn past(canvas: &mut Canvas<'_>, at: jiff::Timestamp) -> String {
    match canvas.age(at) {
        age if age == "now" => "just now".to_owned(),
        age => format!("{age} ago"),
    }
}

fn labelled(canvas: &Canvas<'_>, label: &str, words: &str, room: usize) -> Line<'static> {
    let words = text::cut(words, room.saturating_sub(8));
    Line::from(vec![canvas.span(Role::Key, format!("{label:7} ")), canvas.span(Role::Text, words)])
}
