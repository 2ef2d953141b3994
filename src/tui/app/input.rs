//! One line to type in.

use unicode_segmentation::UnicodeSegmentation;

use crate::tui::widgets::text;

/// What a field takes at most, in bytes.
const LONGEST: usize = 4096;

/// Text with a cursor; both are counted in graphemes for people and kept in bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Line {
    text: String,
    /// A grapheme border.
    cursor: usize,
}

impl Line {
    /// With the cursor at the end.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text }
    }

    /// As if the text were typed: without controls, and no longer than a field takes.
    pub fn typed(text: &str) -> Self {
        let mut line = Self::default();
        text.chars().for_each(|c| line.insert(c));
        line
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before and after the cursor.
    pub fn halves(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    pub fn insert(&mut self, c: char) {
        if !c.is_control() && self.text.len() + c.len_utf8() <= LONGEST {
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    /// Takes a paste. Controls are left out; several lines are refused, since a newline may hide what the first line hides.
    pub fn paste(&mut self, pasted: &str) -> Result<(), &'static str> {
        let pasted = pasted.trim_end_matches(['\r', '\n']);
        if pasted.contains(['\r', '\n']) {
            return Err("a field takes one line, the paste has several: nothing was taken");
        }
        pasted.chars().for_each(|c| self.insert(c));
        Ok(())
    }

    /// Puts `text` in the place of a range of bytes, the cursor after it; what is no range of the text is left alone.
    pub fn replace(&mut self, range: std::ops::Range<usize>, text: &str) {
        let is_range = self.text.get(range.clone()).is_some();
        if is_range && self.text.len() - range.len() + text.len() <= LONGEST && !text.contains(char::is_control) {
            self.text.replace_range(range.clone(), text);
            self.cursor = range.start + text.len();
        }
    }

    /// Takes away what stands after the cursor, as a line with the cursor at its start.
    pub fn split(&mut self) -> Self {
        Self { text: self.text.split_off(self.cursor), cursor: 0 }
    }

    /// Puts another line behind this one; the cursor stands between them.
    pub fn join(&mut self, other: &Self) {
        self.end();
        self.text.push_str(&other.text);
    }

    /// As far to the right as `column`, but not beyond the end nor into a letter.
    pub fn go_to_column(&mut self, column: usize) {
        let mut columns = 0;
        let fits = self.text.grapheme_indices(true).take_while(|(_, grapheme)| {
            columns += text::width(grapheme);
            columns <= column
        });
        self.cursor = fits.last().map_or(0, |(at, grapheme)| at + grapheme.len());
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.cursor, |g| self.cursor + g.len())
    }

    pub fn left(&mut self) {
        self.cursor = self.before();
    }

    pub fn right(&mut self) {
        self.cursor = self.after();
    }

    pub fn start(&mut self) {
        self.cursor = 0;
    }

    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }

    pub fn delete_back(&mut self) {
        let from = self.before();
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }

    pub fn delete(&mut self) {
        let to = self.after();
        self.text.drain(self.cursor..to);
    }

    pub fn delete_word(&mut self) {
        let kept = self.text[..self.cursor].trim_end().rfind(char::is_whitespace);
        let from = kept.map_or(0, |at| at + self.text[at..].chars().next().map_or(1, char::len_utf8));
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }

    pub fn delete_line(&mut self) {
        self.text.drain(..self.cursor);
        self.cursor = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editing_goes_by_graphemes() {
        let mut line = Line::new("ae\u{301}👩‍🚒");
        line.delete_back();
        assert_eq!(line.text(), "ae\u{301}");
        line.left();
        assert_eq!(line.halves(), ("a", "e\u{301}"));
        line.delete();
        assert_eq!(line.text(), "a");
        let mut line = Line::new("two wörds ");
        line.delete_word();
        assert_eq!(line.text(), "two ");
    }

    #[test]
    fn a_paste_of_several_lines_is_refused_and_controls_are_left_out() {
        let mut line = Line::default();
        assert!(line.paste("rm -rf /\nyes").is_err());
        assert_eq!(line.text(), "");
        line.paste("a\u{1b}[2Jb\n").unwrap();
        assert_eq!(line.text(), "a[2Jb");
    }
}
