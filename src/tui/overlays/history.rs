//! What was decided: a line each, and all of the one under the cursor below.

use jiff::Timestamp;
use ratatui::text::Line;

use super::{frame, key, said::said};
use crate::drift::{AuditEntry, bulk};
use crate::safety::Tainted;
use crate::tui::app::Model;
use crate::tui::app::history::HistoryView;
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Rows of what is said about the one under the cursor.
const ABOUT: usize = 6;

pub fn draw(canvas: &mut Canvas<'_>) {
    let Some(view) = &canvas.model.history else { return };
    let area = canvas.area();
    let width = area.width.saturating_sub(if area.width < 60 { 0 } else { 4 }).min(150);
    let room = usize::from(width).saturating_sub(5);
    let keys = format!("{} close", key(canvas, "resource", "back"));
    let about = view.current().map_or(vec![], |one| about_one(canvas.model, view, one, room));
    let about = &about[..about.len().min(ABOUT)];
    let rows = view.entries.len().max(1);
    let wanted = rows + 1 + about.len();
    let inner = frame(canvas, width, wanted.min(usize::from(area.height).saturating_sub(4)), &title(view, room), &keys);
    if view.entries.is_empty() {
        return empty(canvas, inner, view);
    }
    let list = usize::from(inner.height).saturating_sub(about.len() + 1).max(1).min(rows);
    let top = (view.at + 1).saturating_sub(list);
    for (row, entry) in view.entries.iter().skip(top).take(list).enumerate() {
        let line = line(canvas, view, entry, room);
        canvas.line(inner, row, &line);
        if top + row == view.at {
            canvas.tint(inner, row, Role::Selection);
        }
    }
    canvas.scrollbar(ratatui::layout::Rect { height: u16::try_from(list).unwrap_or(0), ..inner }, top, list, rows);
    for (row, words) in about.iter().enumerate() {
        let line = Line::from(canvas.span(Role::Text, words.clone()));
        canvas.line(inner, list + 1 + row, &line);
    }
}

fn title(view: &HistoryView, room: usize) -> String {
    let more = if view.is_cut() { "+" } else { "" };
    let number = if view.is_loaded { format!(": {}{more}", view.entries.len()) } else { String::new() };
    match &view.about {
        Some((_, label)) => format!("history of {}{number}", text::address(label, room.saturating_sub(20))),
        None => format!("everything that was decided{number}"),
    }
}

fn empty(canvas: &mut Canvas<'_>, inner: ratatui::layout::Rect, view: &HistoryView) {
    let (role, words) = match (&view.error, view.is_loaded) {
        (Some(why), _) => (Role::Error, why.clone()),
        (None, false) => (Role::Dim, "loading".into()),
        (None, true) => (Role::Dim, "nothing was decided yet".into()),
    };
    let line = Line::from(canvas.span(role, text::cut(&words, inner.width.into())));
    canvas.line(inner, 0, &line);
}

pub(super) fn clock(model: &Model, at: Timestamp) -> String {
    at.to_zoned(model.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2026-11-21 09:57:00  alice  aws_vpc.main  resolved as accepted  why`; the resource only where the title does not name it.
fn line(canvas: &Canvas<'_>, view: &HistoryView, entry: &AuditEntry, room: usize) -> Line<'static> {
    let undone = entry.undone_by.is_some();
    let role = if undone { Role::Dim } else { Role::Text };
    let environment = entry.environment.as_ref().map_or("", |slug| slug.as_str());
    let everything = view.about.is_none();
    let is_roomy = room >= 90;
    let columns = if is_roomy { 14 } else { 9 };
    let mut place = if everything && room >= 60 { text::fit(environment, columns) + " " } else { String::new() };
    if everything && room >= 44 {
        let columns = if is_roomy { room / 3 - 4 } else { room / 3 - 6 };
        let name = entry.drift.and_then(|id| view.names.get(&id));
        place += &(text::fit(&name.map_or(String::new(), |name| text::address(name, columns)), columns) + " ");
    }
    let what = said(canvas.model, view, entry);
    // Its kind says that it is resolved.
    let what = what.strip_prefix("resolved as ").filter(|_| !is_roomy).map_or(what.clone(), str::to_owned);
    let tail = if undone { "  (taken back)" } else { "" };
    let why = entry.reason.as_ref().map_or(String::new(), Tainted::line);
    let (at, who) = match is_roomy {
        true => (clock(canvas.model, entry.timestamp), 12),
        // Whoever wants the second of it has the row below.
        false => (entry.timestamp.to_zoned(canvas.model.zone.clone()).strftime("%m-%d %H:%M").to_string(), 8),
    };
    let rest = room.saturating_sub(at.len() + 1 + who + 1 + text::width(&place) + tail.len());
    // A reason has what the decision leaves, and half of the room where both are long and there is much of it.
    let least = if is_roomy { rest / 2 } else { rest / 3 };
    let left = rest.saturating_sub(text::width(&what));
    let half = rest - if why.is_empty() { 0 } else { (text::width(&why) + 1).min(left.max(least)) };
    Line::from(vec![
        canvas.span(Role::Dim, format!("{at} ")),
        canvas.span(if undone { Role::Dim } else { Role::Key }, text::fit(&entry.actor.line(), who) + " "),
        canvas.span(Role::Dim, place),
        canvas.span(role, text::fit(&what, half)),
        canvas.span(Role::Warning, tail),
        canvas
            .span(Role::Dim, if why.is_empty() { String::new() } else { format!(" {}", text::cut(&why, rest - half)) }),
    ])
}

fn about_one(model: &Model, view: &HistoryView, entry: &AuditEntry, room: usize) -> Vec<String> {
    let at = clock(model, entry.timestamp);
    let mut words = vec![format!("number {}, {at}: {} by {}", entry.seq, said(model, view, entry), entry.actor.line())];
    if let Some(name) = entry.drift.and_then(|id| view.names.get(&id)).filter(|name| !name.is_empty()) {
        let environment = entry.environment.as_ref().map(|slug| format!(" in {slug}")).unwrap_or_default();
        words.push(format!("on {}{environment}", text::address(name, 500)));
    }
    words.extend(bulk::beside(&view.entries, view.at));
    if let (Some(old), Some(new)) = (entry.old_state, entry.new_state) {
        let moved = if old == new {
            format!("stayed {}", new.as_str())
        } else {
            format!("from {} to {}", old.as_str(), new.as_str())
        };
        words.push(moved);
    }
    words.extend(entry.reason.as_ref().map(|why| format!("why: {}", why.line())));
    words.extend(entry.undone_by.map(|seq| format!("taken back by number {seq}")));
    words.iter().flat_map(|words| wrap(words, room)).collect()
}
