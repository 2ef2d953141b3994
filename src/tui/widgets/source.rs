//! Where in a configuration file something stands, for messages that name the place.

use crate::safety::sanitise;

/// A file as it was read.
pub struct Source<'a> {
    /// As people know the file; a path, or `built-in theme dark`.
    pub name: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    /// `file:line:column` of a byte offset; line and column count from 1, columns in characters.
    pub fn at(&self, offset: usize) -> String {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", sanitise::line(self.name))
    }

    /// A message about what stands at `offset`.
    pub fn problem(&self, offset: usize, message: &str) -> String {
        format!("{}: {message}", self.at(offset))
    }
}

/// ` (did you mean “filter”?)` when one of `known` is close to `word`, else nothing.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    let word: String = word.chars().take(40).collect();
    match similar::get_close_matches(word.as_str(), known, 1, 0.6).first() {
        Some(close) => format!(" (did you mean “{close}”?)"),
        None => String::new(),
    }
}

/// What the user wrote, fit to stand in a message.
pub fn quoted(text: &str) -> String {
    format!("“{}”", sanitise::cell(text, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let source = Source { name: "keys.toml", text: "äb = 1\nüc = 2" };
        assert_eq!(source.at(0), "keys.toml:1:1");
        assert_eq!(source.at(source.text.find('c').unwrap()), "keys.toml:2:2");
        assert_eq!(source.at(1), "keys.toml:1:1", "inside a character counts as before it");
        assert_eq!(source.at(999), "keys.toml:2:7");
    }

    #[test]
    fn only_a_close_word_is_suggested() {
        assert_eq!(did_you_mean("fliter", &["filter", "quit"]), " (did you mean “filter”?)");
        assert_eq!(did_you_mean("banana", &["filter", "quit"]), "");
    }
}
