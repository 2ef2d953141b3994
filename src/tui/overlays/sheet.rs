//! Two bodies beside each other, on the whole screen but its last row, which says what keys do.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{frame, key};
use crate::tui::app::sheet::Sheet;
use crate::tui::panes::{Canvas, diff, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::diff::{DiffMode, DiffState, Fold};

/// Rows of all of it, for scrolling.
pub fn length(sheet: &Sheet, mode: DiffMode) -> usize {
    let view = sheet.answer.as_ref().and_then(|answer| answer.as_ref().ok()).and_then(|body| body.view.as_ref());
    view.map_or(0, |view| view.rows(mode, Fold::Quiet).len())
}

pub fn draw(canvas: &mut Canvas<'_>) {
    let Some(sheet) = &canvas.model.sheet else { return };
    let area = canvas.area();
    let keys = format!("{} close", key(canvas, "overlay", "back"));
    let inner = frame(canvas, area.width, area.height.saturating_sub(3).into(), &sheet.title, &keys);
    let (role, says) = match &sheet.answer {
        None => (Role::Dim, vec!["loading".to_owned()]),
        Some(Err(why)) => (Role::Error, vec![why.clone()]),
        Some(Ok(body)) => (Role::Text, body.says.clone()),
    };
    let lines: Vec<String> = says.iter().flat_map(|words| wrap(words, inner.width.into())).collect();
    for (row, words) in lines.iter().enumerate() {
        let line = Line::from(canvas.span(role, words.clone()));
        canvas.line(inner, row, &line);
    }
    let Some(view) = sheet.answer.as_ref().and_then(|answer| answer.as_ref().ok()).and_then(|body| body.view.as_ref())
    else {
        return;
    };
    let used = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX).min(inner.height);
    let below = Rect { y: inner.y + used, height: inner.height - used, ..inner };
    let mode = diff::mode(canvas.model);
    let total = view.rows(mode, Fold::Quiet).len();
    if total == 0 && !below.is_empty() {
        let line = Line::from(canvas.span(Role::Dim, "there is nothing of it to show"));
        return canvas.line(below, 0, &line);
    }
    let scroll = sheet.scroll.min(total.saturating_sub(1));
    let state = DiffState { scroll, mode, fold: Fold::Quiet, wrap: canvas.model.detail.wrap, selected_change: None };
    let body = Rect { width: below.width.saturating_sub(1), ..below };
    view.render(body, canvas.buf, canvas.theme, &state);
    canvas.scrollbar(below, scroll, total.min(below.height.into()), total);
}
