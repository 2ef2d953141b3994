//! What lies over the panes.

mod confirm;
mod decisions;
mod editor;
mod form;
mod history;
mod lists;
pub mod models;
mod narrative;
mod offers;
mod palette;
mod preview;
mod query;
mod question;
mod resource;
mod rules;
mod said;
mod settling;
pub mod sheet;
mod themes;
mod trends;
pub mod tutorial;
mod untold;
mod views;
mod waiting;
mod which_key;
mod who;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::app::Model;
use super::app::overlay::Overlay;
use super::panes::{Canvas, incident};
use super::theme::Role;
use super::widgets::line;

/// Draws the overlay, if there is one.
pub fn draw(canvas: &mut Canvas<'_>) {
    match &canvas.model.overlay {
        None => {}
        Some(Overlay::Query(line)) => query::draw(canvas, line),
        Some(Overlay::Views { at }) => views::draw(canvas, *at),
        Some(Overlay::Help { scroll }) => lists::help(canvas, *scroll),
        Some(Overlay::Notices { scroll }) => lists::notices(canvas, *scroll),
        Some(Overlay::Trends { scroll }) => trends::draw(canvas, *scroll),
        Some(Overlay::Palette(state)) => palette::draw(canvas, state),
        Some(Overlay::Form(form)) => form::draw(canvas, form),
        Some(Overlay::Rules) => rules::draw(canvas),
        Some(Overlay::Decisions { at }) => decisions::draw(canvas, *at),
        Some(Overlay::Waiting) => waiting::draw(canvas),
        Some(Overlay::Collision) => waiting::collide(canvas),
        Some(Overlay::SettleAll { how, ids, scroll }) => settling::draw(canvas, *how, ids, *scroll),
        Some(Overlay::Untold) => untold::draw(canvas),
        Some(Overlay::Offers) => offers::draw(canvas),
        Some(Overlay::Incident) => incident::draw(canvas),
        Some(Overlay::Resource) => resource::draw(canvas),
        Some(Overlay::History) => history::draw(canvas),
        Some(Overlay::Who) => who::draw(canvas),
        Some(Overlay::Models) => models::draw(canvas),
        Some(Overlay::Narrative) => narrative::draw(canvas),
        Some(Overlay::Question) => question::draw(canvas),
        Some(Overlay::Sheet) => sheet::draw(canvas),
        Some(Overlay::Confirm { plan, scroll }) => confirm::draw(canvas, plan, *scroll),
        Some(Overlay::Themes { .. }) => themes::draw(canvas),
        Some(Overlay::Tutorial(at)) => tutorial::draw(canvas, *at),
    }
    if !canvas.model.typed.is_empty() {
        which_key::draw(canvas);
    }
}

/// Takes away what was drawn there.
pub fn clear(canvas: &mut Canvas<'_>, area: Rect) {
    let area = area.intersection(canvas.area());
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            canvas.buf[(x, y)].reset();
        }
    }
    canvas.buf.set_style(area, canvas.style(Role::Text));
}

/// A cleared box in the middle, of at most the size wanted, with a title and a last line saying which keys there are.
/// Returns what is left inside.
pub fn frame(canvas: &mut Canvas<'_>, width: u16, height: usize, title: &str, keys: &str) -> Rect {
    let screen = canvas.area();
    let height = u16::try_from(height).unwrap_or(u16::MAX).saturating_add(2).min(screen.height);
    let width = width.min(screen.width);
    let area = Rect::new((screen.width - width) / 2, (screen.height - height) / 2, width, height);
    frame_at(canvas, area, title, keys)
}

/// The same box where it is wanted.
fn frame_at(canvas: &mut Canvas<'_>, area: Rect, title: &str, keys: &str) -> Rect {
    clear(canvas, area);
    if area.height < 3 || area.width < 4 {
        return area;
    }
    let border = canvas.style(Role::BorderFocus);
    let set = if canvas.theme.is_ascii() {
        ["+", "-", "+", "|", "+", "+"]
    } else {
        ["┌", "─", "┐", "│", "└", "┘"]
    };
    let between = usize::from(area.width - 2);
    let top = format!("{}{}{}", set[0], set[1].repeat(between), set[2]);
    let bottom = format!("{}{}{}", set[4], set[1].repeat(between), set[5]);
    canvas.line(area, 0, &Line::styled(top, border));
    for row in 1..area.height - 1 {
        canvas.line(area, row.into(), &Line::styled(set[3], border));
        canvas.line_right(area, row.into(), &Line::styled(set[3], border));
    }
    canvas.line(area, usize::from(area.height - 1), &Line::styled(bottom, border));
    let inside = Rect { x: area.x + 2, width: area.width - 4, ..area };
    let name = Line::from(canvas.span(Role::Title, format!(" {title} ")));
    canvas.line(inside, 0, &name);
    let keys = line::hints(keys, usize::from(inside.width).saturating_sub(2));
    let keys = Line::from(canvas.span(Role::Dim, format!(" {keys} ")));
    canvas.line(inside, usize::from(area.height - 1), &keys);
    Rect { y: area.y + 1, height: area.height - 2, ..inside }
}

/// The first key of an action in a scope.
pub fn key(canvas: &Canvas<'_>, scope: &str, action: &str) -> String {
    canvas.model.keymap().keys_for(scope, action).into_iter().next().unwrap_or_default()
}

/// `enter apply  esc leave`
fn enter_or_back(canvas: &Canvas<'_>, scope: &str, enter: &str) -> String {
    format!("{} {enter}  {} leave", key(canvas, scope, "enter"), key(canvas, scope, "back"))
}

/// How far down the overlay can begin: where its lines break is known when it is drawn.
pub fn end(model: &Model) -> usize {
    let mut nowhere = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    let mut canvas = Canvas::new(model, &mut nowhere);
    draw(&mut canvas);
    canvas.done().end
}

/// Draws lines from `scroll` on, never past the end, and says when there are more.
fn scrolled(canvas: &mut Canvas<'_>, inner: Rect, lines: &[Line<'_>], scroll: usize) {
    let height = usize::from(inner.height);
    let end = lines.len().saturating_sub(height);
    canvas.end_at(end);
    let from = scroll.min(end);
    for (row, line) in lines.iter().skip(from).take(height).enumerate() {
        canvas.line(inner, row, line);
    }
    let below = lines.len().saturating_sub(from + height);
    if below > 0 && height > 1 {
        let more = Line::from(canvas.span(Role::Key, format!(" {below} more ")));
        // On the frame, where the keys leave it free: what is read is not written over.
        let row = if is_free(canvas, inner, more.width()) { height } else { height - 1 };
        canvas.line_right(Rect { height: inner.height + 1, ..inner }, row, &more);
    }
}

/// Whether so many columns of the frame below, up to its corner, are the frame's own.
fn is_free(canvas: &Canvas<'_>, inner: Rect, columns: usize) -> bool {
    let first = inner.right().saturating_sub(u16::try_from(columns).unwrap_or(u16::MAX));
    (first..inner.right())
        .all(|x| canvas.buf.cell((x, inner.bottom())).is_some_and(|cell| matches!(cell.symbol(), "─" | "-")))
}
