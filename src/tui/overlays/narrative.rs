//! What happened, in a few sentences, and below what they rest on.

use ratatui::text::Line;

use super::{frame, key, scrolled};
use crate::analysis::narrative::Narrative;
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

pub fn draw(canvas: &mut Canvas<'_>) {
    let Some(view) = &canvas.model.narrative else { return };
    let area = canvas.area();
    let width = area.width.saturating_sub(if area.width < 60 { 0 } else { 4 }).min(110);
    let room = usize::from(width).saturating_sub(5);
    let title = text::cut(&format!("what happened to {}", view.title), room);
    let ask =
        canvas.model.gemini.spec.is_some().then(|| format!("{} ask Gemini  ", key(canvas, "resource", "ask-gemini")));
    let keys = format!("{}{} close", ask.unwrap_or_default(), key(canvas, "overlay", "back"));
    let lines = match &view.answer {
        None => said(canvas, Role::Dim, "looking it up", room),
        Some(Err(why)) => said(canvas, Role::Error, why, room),
        Some(Ok(narrative)) => lines(canvas, narrative, room),
    };
    let height = lines.len().min(usize::from(area.height).saturating_sub(4)).max(1);
    let scroll = view.scroll;
    let inner = frame(canvas, width, height, &title, &keys);
    scrolled(canvas, inner, &lines, scroll);
}

fn lines(canvas: &Canvas<'_>, narrative: &Narrative, room: usize) -> Vec<Line<'static>> {
    let told = narrative.sentences.iter().flat_map(|one| said(canvas, Role::Text, &Narrative::numbered(one), room));
    let rests = narrative.references().flat_map(|one| said(canvas, Role::Dim, &one, room)).collect::<Vec<_>>();
    told.chain([Line::default()]).chain(rests).collect()
}

fn said(canvas: &Canvas<'_>, role: Role, words: &str, room: usize) -> Vec<Line<'static>> {
    wrap(words, room).into_iter().map(|words| Line::from(canvas.span(role, words))).collect()
}
