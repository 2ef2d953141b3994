//! Several lines to type in. Each is a [`Line`], so that editing goes by graphemes here too; nothing in it but newlines controls.

use super::input::Line;
use crate::tui::widgets::text::width;

/// What a text takes at most, in bytes.
const LONGEST: usize = 16 * 1024;

/// Lines with a cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Editor {
    /// Never empty.
    lines: Vec<Line>,
    row: usize,
    /// Columns where up and down want to be, as long as they follow each other.
    column: Option<usize>,
    /// Leaving was asked for with something typed: what now?
    pub asks: bool,
}

impl Default for Editor {
    fn default() -> Self {
        Self { lines: vec![Line::default()], row: 0, column: None, asks: false }
    }
}

impl Editor {
    /// As if the text were typed.
    pub fn typed(text: &str) -> Self {
        let mut editor = Self::default();
        editor.paste(text);
        editor
    }

    pub fn text(&self) -> String {
        self.lines.iter().map(Line::text).collect::<Vec<_>>().join("\n")
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The row of the cursor.
    pub fn row(&self) -> usize {
        self.row
    }

    /// The line the cursor is in.
    pub fn line(&mut self) -> &mut Line {
        self.column = None;
        &mut self.lines[self.row]
    }

    fn len(&self) -> usize {
        self.lines.iter().map(|line| line.text().len() + 1).sum()
    }

    pub fn insert(&mut self, c: char) {
        if self.len() + c.len_utf8() <= LONGEST {
            self.line().insert(c);
        }
    }

    pub fn newline(&mut self) {
        if self.len() < LONGEST {
            let rest = self.line().split();
            self.lines.insert(self.row + 1, rest);
            self.row += 1;
        }
    }

    /// Takes every line of a paste; tabs become spaces, other controls are left out.
    pub fn paste(&mut self, pasted: &str) {
        for c in pasted.replace("\r\n", "\n").chars() {
            match c {
                '\n' | '\r' => self.newline(),
                '\t' => self.insert(' '),
                c => self.insert(c),
            }
        }
    }

    /// Up or down, to where the cursor stood before.
    pub fn move_by(&mut self, rows: isize) {
        let column = self.column.unwrap_or_else(|| width(self.lines[self.row].halves().0));
        self.row = self.row.saturating_add_signed(rows).min(self.lines.len() - 1);
        self.lines[self.row].go_to_column(column);
        self.column = Some(column);
    }

    /// Left over the start of a line, or right over its end.
    pub fn left(&mut self) {
        if self.line().halves().0.is_empty() && self.row > 0 {
            self.row -= 1;
            return self.line().end();
        }
        self.line().left();
    }

    pub fn right(&mut self) {
        if self.line().halves().1.is_empty() && self.row + 1 < self.lines.len() {
            self.row += 1;
            return self.line().start();
        }
        self.line().right();
    }

    /// At the start of a line it joins the one before.
    pub fn delete_back(&mut self) {
        if self.line().halves().0.is_empty() && self.row > 0 {
            let joined = self.lines.remove(self.row);
            self.row -= 1;
            return self.line().join(&joined);
        }
        self.line().delete_back();
    }

    /// At the end of a line the next one joins.
    pub fn delete(&mut self) {
        if self.line().halves().1.is_empty() && self.row + 1 < self.lines.len() {
            let next = self.lines.remove(self.row + 1);
            return self.line().join(&next);
        }
        self.line().delete();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_and_joined_where_the_cursor_is() {
        let mut editor = Editor::typed("first second");
        (0..6).for_each(|_| editor.left());
        editor.newline();
        assert_eq!(editor.text(), "first \nsecond");
        editor.delete_back();
        assert_eq!(editor.text(), "first second");
        editor.newline();
        editor.move_by(-1);
        editor.line().end();
        editor.delete();
        assert_eq!(editor.text(), "first second");
    }

    #[test]
    fn up_and_down_keep_the_column_in_wide_letters_too() {
        let mut editor = Editor::typed("日本語\nab\nabcdefg");
        (0..2).for_each(|_| editor.left());
        assert_eq!(editor.line().halves().0, "abcde");
        editor.move_by(-1);
        assert_eq!(editor.lines()[editor.row()].halves().0, "ab");
        editor.move_by(-1);
        assert_eq!(editor.lines()[editor.row()].halves().0, "日本", "a wide letter is not split");
        editor.move_by(2);
        assert_eq!(editor.lines()[editor.row()].halves().0, "abcde", "back where it was");
    }

    #[test]
    fn a_letter_with_its_marks_is_one_letter() {
        let mut editor = Editor::typed("x\ne\u{301}");
        editor.delete_back();
        assert_eq!(editor.text(), "x\n");
        editor.delete_back();
        assert_eq!(editor.text(), "x");
    }

    #[test]
    fn a_paste_keeps_its_lines_and_no_controls_and_ends_somewhere() {
        let editor = Editor::typed("one\r\ntwo\u{1b}[2J\rthree\tfour");
        assert_eq!(editor.text(), "one\ntwo[2J\nthree four");
        assert!(Editor::typed(&"é\n".repeat(20_000)).text().len() <= LONGEST);
    }
}
