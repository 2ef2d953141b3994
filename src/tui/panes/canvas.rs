//! What panes draw on: a buffer that cannot be left, and a note of when the picture grows old.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Drawn;
use crate::tui::app::model::Pane;
use crate::tui::app::{Model, age};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{line, scroll, text};

/// The frame being drawn.
pub struct Canvas<'a> {
    pub model: &'a Model,
    pub theme: &'a Theme,
    pub buf: &'a mut Buffer,
    drawn: Drawn,
}

impl<'a> Canvas<'a> {
    pub fn new(model: &'a Model, buf: &'a mut Buffer) -> Self {
        Self { model, theme: model.theme(), buf, drawn: Drawn::default() }
    }

    pub fn done(self) -> Drawn {
        self.drawn
    }

    pub fn area(&self) -> Rect {
        self.buf.area
    }

    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// A span of text that is safe to show.
    pub fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.style(role))
    }

    /// How long ago; the frame is drawn again when that changes.
    pub fn age(&mut self, then: Timestamp) -> String {
        self.wake_at(age::next_change(then, self.model.now));
        age::age(then, self.model.now)
    }

    /// How long until; the frame is drawn again when that changes.
    pub fn until(&mut self, then: Timestamp) -> String {
        if let Some(at) = age::until_change(then, self.model.now) {
            self.wake_at(at);
        }
        age::until(then, self.model.now)
    }

    /// Draw again at this time at the latest.
    pub fn wake_at(&mut self, at: Timestamp) {
        self.drawn.wake = Some(self.drawn.wake.map_or(at, |wake| wake.min(at)));
    }

    /// What is shown of an overlay can begin this far down.
    pub fn end_at(&mut self, line: usize) {
        self.drawn.end = line;
    }

    /// Puts the terminal's cursor there.
    pub fn cursor(&mut self, x: u16, y: u16) {
        self.drawn.cursor = self.area().contains(Position::new(x, y)).then_some(Position::new(x, y));
    }

    /// Draws a line into row `row` of `area`, cut with `…` at its right edge; rows below the area are left out.
    pub fn line(&mut self, area: Rect, row: usize, line: &Line<'_>) {
        let Ok(row) = u16::try_from(row) else { return };
        let area = area.intersection(self.area());
        if row < area.height {
            let line = line::cut(line, area.width.into());
            self.buf.set_line(area.x, area.y + row, &line, area.width);
        }
    }

    /// As [`Canvas::line`], ending at the right edge.
    pub fn line_right(&mut self, area: Rect, row: usize, line: &Line<'_>) {
        let width = u16::try_from(line.width()).unwrap_or(u16::MAX).min(area.width);
        self.line(Rect { x: area.right() - width, width, ..area }, row, line);
    }

    /// Lays a style over row `row` of `area`.
    pub fn tint(&mut self, area: Rect, row: usize, role: Role) {
        let Ok(row) = u16::try_from(row) else { return };
        if row < area.height {
            self.buf.set_style(Rect { y: area.y + row, height: 1, ..area }, self.theme.style(role));
        }
    }

    /// The cursor of a list: a sign, and a ground under `named`, the columns that say what the row is, and a space before them.
    /// Not under the whole row: that is more than a slow line carries with every key.
    pub fn select(&mut self, named: Rect, row: usize) {
        let sign = Line::styled(">", Style::reset().patch(self.style(Role::Text)));
        self.line(Rect { width: named.width.min(1), ..named }, row, &sign);
        self.tint(named, row, Role::Selection);
    }

    /// A thumb in the last column of `area` that shows which of `total` rows are seen; nothing when all are.
    pub fn scrollbar(&mut self, area: Rect, first: usize, shown: usize, total: usize) {
        let Some((start, length)) = scroll::thumb(first, shown, total, area.height.into()) else { return };
        let sign = if self.theme.is_ascii() { "#" } else { "▐" };
        for row in start..start + length {
            let thumb = Line::from(self.span(Role::Border, sign));
            self.line_right(area, row, &thumb);
        }
    }

    /// The rule with the pane's title, and the line to its left neighbour. Returns what is left for content.
    pub fn frame(&mut self, area: Rect, pane: Pane, title: &str, info: Line<'static>) -> Rect {
        let focused = self.model.focus == pane;
        let ascii = self.theme.is_ascii();
        let (rule, wall, mark) = if ascii { ("-", "|", ">") } else { ("─", "│", "▸") };
        let border = self.style(if focused { Role::BorderFocus } else { Role::Border });
        let top = Rect { height: 1, ..area };
        self.line(top, 0, &Line::styled(rule.repeat(area.width.into()), border));
        let name = if focused {
            self.span(Role::Title, format!(" {mark} {title} "))
        } else {
            self.span(Role::Dim, format!("   {title} "))
        };
        let taken = u16::try_from(name.width()).unwrap_or(u16::MAX);
        self.line(Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..top }, 0, &Line::from(name));
        if info.width() > 0 && usize::from(area.width) >= usize::from(taken) + info.width() + 5 {
            let mut spans = vec![Span::raw(" ")];
            spans.extend(info.spans);
            spans.push(Span::raw(" "));
            let info = Line::from(spans).style(Style::reset().patch(self.style(Role::Text)));
            self.line_right(Rect { width: area.width - 1, ..top }, 0, &info);
        }
        let mut inner = Rect { y: area.y + 1, height: area.height - 1, ..area };
        if area.x > 0 && area.width > 2 {
            for row in 0..inner.height {
                self.line(Rect { width: 1, ..inner }, row.into(), &Line::styled(wall, self.style(Role::Border)));
            }
            inner = Rect { x: area.x + 2, width: area.width - 2, ..inner };
        }
        inner
    }
}

/// `width` columns of an area, or what there is of them.
pub fn from_column(area: Rect, column: usize, width: usize) -> Rect {
    let [column, width] = [column, width].map(|n| u16::try_from(n).unwrap_or(u16::MAX));
    Rect { x: area.x.saturating_add(column), width, ..area }.intersection(area)
}

/// Breaks sanitised text into lines of at most `width` columns, at spaces where there are any.
pub fn wrap(words: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![];
    let mut line = String::new();
    for word in words.split(' ') {
        let mut word = word.to_owned();
        if !line.is_empty() && text::width(&line) + 1 + text::width(&word) > width {
            lines.push(std::mem::take(&mut line));
        }
        while line.is_empty() && text::width(&word) > width {
            let (head, tail) = split_at_width(&word, width);
            if tail.is_empty() {
                break;
            }
            lines.push(head);
            word = tail;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

fn split_at_width(word: &str, width: usize) -> (String, String) {
    use unicode_segmentation::UnicodeSegmentation;
    let mut used = 0;
    let mut end = 0;
    for (at, grapheme) in word.grapheme_indices(true) {
        used += text::width(grapheme);
        // At least one, so that it comes to an end.
        if used > width && at > 0 {
            break;
        }
        end = at + grapheme.len();
    }
    (word[..end].to_owned(), word[end..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_long_ones_broken() {
        assert_eq!(wrap("put it back to the code", 10), ["put it", "back to", "the code"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("日本語", 1), ["日", "本", "語"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("a b", 0), ["a", "b"]);
    }
}
