//! Frames as bytes: only what changed, in one write, so that the terminal never shows half a frame.

use std::io;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::ResetColor;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::pen;

/// What the terminal shows now.
pub struct Output {
    shown: Buffer,
    cursor: Option<Position>,
    /// What it shows is not known.
    lost: bool,
}

impl Default for Output {
    fn default() -> Self {
        Self { shown: Buffer::empty(Rect::default()), cursor: None, lost: true }
    }
}

impl Output {
    /// The next frame is drawn from nothing.
    pub fn forget(&mut self) {
        self.lost = true;
    }

    /// Bytes that turn what is shown into `next`; none when nothing differs. `next` is taken, an old buffer left for reuse.
    pub fn frame(&mut self, next: &mut Buffer, cursor: Option<Position>) -> io::Result<Vec<u8>> {
        let mut bytes = vec![];
        let anew = self.lost || self.shown.area != next.area;
        if anew {
            self.shown = Buffer::empty(next.area);
        }
        let cells = pen::differing(&self.shown, next);
        if !anew && cells.is_empty() && cursor == self.cursor {
            return Ok(bytes);
        }
        queue!(bytes, BeginSynchronizedUpdate)?;
        if anew {
            queue!(bytes, ResetColor, Clear(ClearType::All), Hide)?;
        }
        bytes.extend(pen::draw(next, &cells));
        match cursor {
            Some(at) => queue!(bytes, MoveTo(at.x, at.y), Show)?,
            None if self.cursor.is_some() => queue!(bytes, Hide)?,
            None => {}
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        std::mem::swap(&mut self.shown, next);
        (self.cursor, self.lost) = (cursor, false);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn screen(text: &str) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 2));
        buf.set_string(0, 0, text, Style::new());
        buf
    }

    #[test]
    fn a_frame_that_changes_nothing_is_no_bytes() {
        let mut output = Output::default();
        assert!(!output.frame(&mut screen("drift"), None).unwrap().is_empty());
        assert_eq!(output.frame(&mut screen("drift"), None).unwrap(), b"");
    }

    #[test]
    fn a_frame_is_synchronised_and_holds_only_what_changed() {
        let mut output = Output::default();
        output.frame(&mut screen("drift 1"), None).unwrap();
        let bytes = String::from_utf8(output.frame(&mut screen("drift 2"), None).unwrap()).unwrap();
        assert!(bytes.starts_with("\x1b[?2026h") && bytes.ends_with("\x1b[?2026l"), "{bytes:?}");
        assert!(bytes.contains('2') && !bytes.contains("drift"), "{bytes:?}");
    }

    #[test]
    fn the_cursor_is_shown_only_where_text_is_typed() {
        let mut output = Output::default();
        let with = output.frame(&mut screen("/"), Some(Position::new(1, 0))).unwrap();
        assert!(String::from_utf8(with).unwrap().contains("\x1b[?25h"));
        let without = output.frame(&mut screen("/"), None).unwrap();
        assert!(String::from_utf8(without).unwrap().contains("\x1b[?25l"));
    }
}
