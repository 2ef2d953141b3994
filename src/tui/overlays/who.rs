//! Who made a drift: the likeliest write with its evidence, the others below, and what is not known.

use jiff::Timestamp;
use ratatui::text::Line;

use super::{frame, key, scrolled};
use crate::drift::Who;
use crate::report::who::{facts, line};
use crate::safety::Tainted;
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Columns before a fact.
const LEAD: usize = 10;

pub fn draw(canvas: &mut Canvas<'_>) {
    let Some(view) = &canvas.model.who else { return };
    let area = canvas.area();
    let width = area.width.saturating_sub(if area.width < 60 { 0 } else { 4 }).min(110);
    let room = usize::from(width).saturating_sub(5);
    let title = text::cut(&format!("who changed {}", view.title), room);
    let keys = format!("{} close", key(canvas, "overlay", "back"));
    let lines = match &view.answer {
        None => said(canvas, Role::Dim, "asking CloudTrail; it answers two questions a second", room),
        Some(Err(why)) => said(canvas, Role::Error, why, room),
        Some(Ok(who)) => lines(canvas, who, room),
    };
    let height = lines.len().min(usize::from(area.height).saturating_sub(4)).max(1);
    let scroll = view.scroll;
    let inner = frame(canvas, width, height, &title, &keys);
    scrolled(canvas, inner, &lines, scroll);
}

fn lines(canvas: &Canvas<'_>, who: &Who, room: usize) -> Vec<Line<'static>> {
    let zone = canvas.model.zone.clone();
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let mut lines = vec![];
    for (name, fact) in who.culprit().map_or(vec![], |one| facts(one, clock)) {
        let role = if name == "who" { Role::Title } else { Role::Text };
        for (row, words) in wrap(&fact, room.saturating_sub(LEAD)).into_iter().enumerate() {
            let lead = text::fit(if row == 0 { name } else { "" }, LEAD);
            lines.push(Line::from(vec![canvas.span(Role::Dim, lead), canvas.span(role, words)]));
        }
    }
    if !who.others().is_empty() {
        let gap = (!lines.is_empty()).then(Line::default);
        lines.extend(gap.into_iter().chain([Line::from(canvas.span(Role::Title, "also wrote to it"))]));
    }
    for other in who.others() {
        lines.push(Line::from(canvas.span(Role::Text, text::cut(&format!("  {}", line(other, clock)), room))));
    }
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    for remark in who.remarks(clock) {
        lines.extend(said(canvas, Role::Unverified, &remark, room));
    }
    let asked: Vec<String> = who.asked.iter().map(Tainted::line).collect();
    let asked = format!("asked for {}, {} to {}", asked.join(", "), clock(who.from), clock(who.until));
    lines.extend(said(canvas, Role::Dim, &asked, room));
    lines
}

fn said(canvas: &Canvas<'_>, role: Role, words: &str, room: usize) -> Vec<Line<'static>> {
    wrap(words, room).into_iter().map(|words| Line::from(canvas.span(role, words))).collect()
}
