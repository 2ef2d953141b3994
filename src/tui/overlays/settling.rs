//! Every decision where somebody else was faster, mine above theirs, before they are all settled in one way.

use ratatui::text::Line;
use ulid::Ulid;

use super::waiting::{line, theirs};
use super::{enter_or_back, frame, scrolled};
use crate::service::{Settle, Standing, Waiting};
use crate::tui::app::notice::count;
use crate::tui::panes::Canvas;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

pub fn draw(canvas: &mut Canvas<'_>, how: Settle, ids: &[Ulid], scroll: usize) {
    let width = canvas.area().width.saturating_sub(4).min(100);
    let room = usize::from(width).saturating_sub(4);
    let listed: Vec<Waiting> =
        canvas.model.waiting.all().iter().filter(|one| ids.contains(&one.id)).cloned().collect();
    let mut lines = vec![];
    for one in &listed {
        lines.push(line(canvas, one, room));
        if let Standing::Asks(newer) = &one.stands {
            let words = text::cut(&format!("  theirs: {}", theirs(canvas, newer)), room);
            lines.push(Line::from(canvas.span(Role::Dim, words)));
        }
    }
    let decisions = count(listed.len(), "decision");
    let (title, does) = match how {
        Settle::OnTop => (format!("all mine: {decisions} on top of theirs"), "apply all mine"),
        Settle::TakeBack => (format!("all theirs: {decisions} of mine not sent"), "keep all theirs"),
    };
    let keys = enter_or_back(canvas, "overlay", does);
    let height = lines.len().clamp(1, usize::from(canvas.area().height).saturating_sub(4).max(1));
    let inner = frame(canvas, width, height, &title, &keys);
    scrolled(canvas, inner, &lines, scroll);
}
